"""`obole states`: every life, drawn from its table."""

from collections.abc import Sequence
from typing import Any

from django.core.management.base import BaseCommand
from django.db import models
from django.utils import translation

from obole.billing import caution_states, part_states
from obole.billing import states as billing
from obole.dossiers import states as dossiers
from obole.lib.states import Move
from obole.mailing import states as mailing
from obole.payments import refund_states as refunds
from obole.payments import states as payments

LIVES: tuple[tuple[str, type[models.TextChoices], Sequence[Move]], ...] = (
    ("Dossier", dossiers.DossierState, dossiers.MOVES),
    ("Facture", billing.InvoiceState, billing.MOVES),
    ("Part d’un prix facturé en plusieurs fois", part_states.PartState, part_states.MOVES),
    ("Caution", caution_states.CautionState, caution_states.MOVES),
    ("Tentative de paiement", payments.AttemptState, payments.MOVES),
    ("Remboursement", refunds.RefundState, refunds.MOVES),
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


def _draw(name: str, states: type[models.TextChoices], moves: Sequence[Move]) -> str:
    names = [f"    {state.value} : {state.label}" for state in states]
    edges = [f"    {source} --> {move.target} : {move.verb}" for move in moves for source in sorted(move.sources)]
    return "\n".join([f"## {name}", "", "```mermaid", "stateDiagram-v2", *names, *edges, "```"])
