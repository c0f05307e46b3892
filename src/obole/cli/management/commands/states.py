"""`obole states`: every life, drawn from its table."""

from collections.abc import Sequence
from typing import Any

from django.core.management.base import BaseCommand
from django.db import models
from django.utils import translation

from obole.bank_statements import states as bank_statements
from obole.billing import instalment_states, security_deposit_states, states as billing
from obole.books import states as books
from obole.campaigns import states as campaigns
from obole.cash_desk import deposit_states as deposits, states as cash_desk
from obole.consumption import states as consumption
from obole.dossiers import states as dossiers
from obole.lib.states import Transition
from obole.mailing import states as mailing
from obole.payments import refund_states as refunds, states as payments
from obole.recovery import agreement_states, line_states, states as recovery
from obole.remittances import states as remittances

LIVES: tuple[tuple[str, type[models.TextChoices], Sequence[Transition]], ...] = (
    ("Dossier", dossiers.DossierState, dossiers.MOVES),
    ("Fichier de présence", consumption.FileState, consumption.MOVES),
    ("Facture", billing.InvoiceState, billing.MOVES),
    ("Campagne de facturation", campaigns.CampaignState, campaigns.MOVES),
    ("Part d’un prix facturé en plusieurs fois", instalment_states.InstalmentState, instalment_states.MOVES),
    ("Caution", security_deposit_states.SecurityDepositState, security_deposit_states.MOVES),
    ("Tentative de paiement", payments.AttemptState, payments.MOVES),
    ("Remboursement", refunds.RefundState, refunds.MOVES),
    ("Session de caisse", cash_desk.SessionState, cash_desk.MOVES),
    ("Remise à la banque", deposits.DepositState, deposits.MOVES),
    ("Ligne du relevé de la banque", bank_statements.LineState, bank_statements.MOVES),
    ("Transmission au comptable public", recovery.TransmissionState, recovery.MOVES),
    ("Échéancier d’une facture émise", agreement_states.AgreementState, agreement_states.MOVES),
    ("Facture d’une transmission", line_states.LineState, line_states.MOVES),
    ("Bordereau de versement", remittances.RemittanceState, remittances.MOVES),
    ("Remise de service", books.HandoverState, books.MOVES),
    ("Courriel", mailing.MessageState, mailing.MOVES),
)
HEAD = "# Les états\n\nCette page est écrite par `obole states`, à partir des tables que le code applique."


class Command(BaseCommand):
    """Draw the tables of states, which is also docs/etats.md."""

    help = "Draw every life from its table."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        with translation.override("fr"):
            self.stdout.write("\n\n".join([HEAD, *(_draw(*life) for life in LIVES)]))


def _draw(name: str, states: type[models.TextChoices], moves: Sequence[Transition]) -> str:
    names = [f"    {state.value} : {state.label}" for state in states]
    edges = [f"    {source} --> {move.target} : {move.verb}" for move in moves for source in sorted(move.sources)]
    return "\n".join([f"## {name}", "", "```mermaid", "stateDiagram-v2", *names, *edges, "```"])
