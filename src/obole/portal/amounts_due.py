"""
What a citizen still has to pay for an application, and when; and the cautions that are asked beside: in plain words.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _, gettext_lazy

from obole.billing import queries
from obole.billing.instalment_states import InstalmentState
from obole.billing.models import SecurityDeposit
from obole.billing.security_deposit_states import SecurityDepositState
from obole.dossiers.models import Dossier
from obole.lib import dates, money
from obole.payments.display_status import InvoiceDisplay
from obole.portal import status_labels
from obole.ui.templatetags.ui import pill


@dataclass(frozen=True)
class DueLine:
    """A part of a price, or a caution: what it is, how much, where it stands in a word and in a sentence."""

    title: str
    cents: int
    said: str
    pill: SafeString
    invoice_id: str = ""
    """The public id of its invoice, if there is one."""


def instalments_due(dossier: Dossier, bills: Iterable[InvoiceDisplay]) -> list[DueLine]:
    """
    Return the parts of the dossier's prices that are billed in several times; ``bills`` are its invoices, as they are
    shown.
    """
    known = {bill.invoice.pk: bill for bill in bills}
    return [_part(part, known) for schedule in queries.schedules_of(dossier) for part in schedule.parts]


def deposits_due(dossier: Dossier) -> list[DueLine]:
    """Return the cautions of the dossier."""
    return [_caution(deposit) for deposit in queries.security_deposits_of(dossier)]


def carry_overs_due(dossier: Dossier) -> list[str]:
    """Return what waits for the citizen's next invoice, a sentence each."""
    text = _("%(amount)s seront ajoutés à votre prochaine facture%(period)s.")
    return [
        text % {"amount": money.euros(over.cents), "period": f" ({over.period})" if over.period else ""}
        for over in queries.carry_overs_of(dossier)
        if over.invoice_id is None and not over.reason
    ]


def _part(row: queries.InstalmentRow, known: dict[int, InvoiceDisplay]) -> DueLine:
    shown = known.get(row.invoice.pk) if row.invoice else None
    if shown is not None:
        badge, number = shown.badge, shown.invoice.number
        said = _("Facture n° %(number)s, à payer avant le %(day)s.") % {
            "number": number,
            "day": dates.format_short(row.due_on),
        }
        if not shown.invoice.remaining_cents:
            said = _("Facture n° %(number)s.") % {"number": number}
        drawn = pill(badge.tone, status_labels.invoice_status(shown), badge.icon)
        return DueLine(row.title, row.part.cents, said, drawn, shown.invoice.public_id)
    if row.part.state == InstalmentState.ABANDONED:
        said = _("Cette somme ne vous sera pas demandée : %(reason)s.") % {"reason": row.part.reason.rstrip(".")}
        return DueLine(row.title, row.part.cents, said, pill("ended", _("Abandonnée"), "ban"))
    said = _("Vous recevrez la facture le %(day)s, à payer avant le %(due)s.") % {
        "day": dates.format_short(row.part.issue_on),
        "due": dates.format_short(row.due_on),
    }
    if row.held:
        said = _("La date de cette facture sera précisée par le service.")
    return DueLine(row.title, row.part.cents, said, pill("in_progress", _("À venir"), "clock"))


def _caution(deposit: SecurityDeposit) -> DueLine:
    tone, label, sentence = _CAUTIONS[SecurityDepositState(deposit.state)]
    said = str(sentence) % {
        "received": _day(deposit.received_at),
        "ended": _day(deposit.ended_at),
        "kept": money.euros(deposit.kept_cents),
        "returned": money.euros(deposit.returned_cents),
        "reason": deposit.reason.rstrip("."),
    }
    return DueLine(deposit.label, deposit.cents, said, pill(tone, str(label)))


def _day(at: datetime | None) -> str:
    return dates.format_short(dates.day_of(at)) if at else ""


_CAUTIONS = {
    SecurityDepositState.ASKED: (
        "to_pay",
        gettext_lazy("Demandée"),
        gettext_lazy(
            "À remettre au service. Elle n’est pas dans le prix, et vous sera rendue s’il n’y a rien à réparer."
        ),
    ),
    SecurityDepositState.RECEIVED: (
        "in_progress",
        gettext_lazy("Reçue"),
        gettext_lazy("Reçue le %(received)s. Elle vous sera rendue s’il n’y a rien à réparer."),
    ),
    SecurityDepositState.RETURNED: ("done", gettext_lazy("Rendue"), gettext_lazy("Rendue le %(ended)s.")),
    SecurityDepositState.KEPT: (
        "late",
        gettext_lazy("Retenue"),
        gettext_lazy("%(kept)s retenus (%(reason)s), %(returned)s rendus. Ce qui est retenu vous est facturé."),
    ),
    SecurityDepositState.DROPPED: (
        "ended",
        gettext_lazy("Sans objet"),
        gettext_lazy("Elle ne vous est plus demandée : %(reason)s."),
    ),
}
