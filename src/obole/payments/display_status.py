"""How an invoice is shown: its state, and what is derived from the attempts and from the day."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db import models
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext_lazy as _

from obole.billing.models import Invoice
from obole.billing.states import InvoiceState, Standing
from obole.payments import queries
from obole.payments.models import AttemptLine
from obole.payments.states import AttemptState


class DisplayStatus(models.TextChoices):
    """What people read in the column « Statut »."""

    DRAFT = "draft", _("Brouillon")
    DUE = "due", _("À payer")
    IN_PROGRESS = "in_progress", _("En cours de paiement")
    LATE = "late", _("En retard")
    PART_PAID = "part_paid", _("Partiellement payée")
    PAID = "paid", _("Payée")
    CANCELLED = "cancelled", _("Annulée")
    REFUNDED = "refunded", _("Remboursée")
    TRANSFERRED = "transferred", _("Transmise au comptable public")


_SAME = {
    DisplayStatus.DRAFT: Standing.DRAFT,
    DisplayStatus.IN_PROGRESS: Standing.IN_PROGRESS,
    DisplayStatus.PAID: Standing.PAID,
    DisplayStatus.CANCELLED: Standing.CANCELLED,
    DisplayStatus.REFUNDED: Standing.REFUNDED,
    DisplayStatus.TRANSFERRED: Standing.TRANSFERRED,
}
_OF_STANDING = {standing: status for status, standing in _SAME.items()}


@dataclass(frozen=True)
class Badge:
    """The colour and the icon of a status; the word is always there too."""

    tone: str
    icon: str


BADGES = {
    DisplayStatus.DRAFT: Badge("ended", "edit"),
    DisplayStatus.DUE: Badge("to_pay", "euro"),
    DisplayStatus.IN_PROGRESS: Badge("in_progress", "clock"),
    DisplayStatus.LATE: Badge("late", "alert"),
    DisplayStatus.PART_PAID: Badge("in_progress", "euro"),
    DisplayStatus.PAID: Badge("done", "check"),
    DisplayStatus.CANCELLED: Badge("ended", "ban"),
    DisplayStatus.REFUNDED: Badge("done", "check"),
    DisplayStatus.TRANSFERRED: Badge("ended", "document"),
}


@dataclass(frozen=True)
class InvoiceDisplay:
    """An invoice with its status, ready for a page."""

    invoice: Invoice
    status: DisplayStatus
    in_progress_since: datetime | None
    days_late: int
    money_waits: bool = False
    """Whether money that was sent for it waits for a person: nobody asks the payer for more until then."""
    unsettled_since: datetime | None = None
    """When a payment was begun that the bank still says nothing of, though the invoice may be tried again."""

    @property
    def badge(self) -> Badge:
        return BADGES[self.status]

    @property
    def can_be_paid(self) -> bool:
        """
        Whether a « Payer maintenant » button makes sense; the amount and the régie are checked when it is pressed.
        """
        return self.is_due and not self.money_waits

    @property
    def is_due(self) -> bool:
        """Whether it is to be paid and nobody is at the bank for it."""
        return self.status in {DisplayStatus.DUE, DisplayStatus.LATE, DisplayStatus.PART_PAID}


def with_progress(invoices: QuerySet[Invoice]) -> QuerySet[Invoice]:
    """Add ``in_progress_since``: when the open attempt of each invoice was opened, or None; and what else is shown."""
    lines = AttemptLine.objects.filter(invoice=OuterRef("pk"))
    held = lines.filter(holds=True).order_by("id").values("attempt__opened_at")[:1]
    watched = lines.filter(holds=False, attempt__state=AttemptState.WAITING).order_by("-id")
    return invoices.annotate(
        in_progress_since=Subquery(held),
        money_waits=queries.money_waits(),
        unsettled_since=Subquery(watched.values("attempt__opened_at")[:1]),
    )


def display(invoice: Invoice, *, today: date) -> InvoiceDisplay:
    """Return the status of an invoice that came through ``with_progress`` (or costs one query here)."""
    known = (
        invoice if hasattr(invoice, "in_progress_since") else with_progress(Invoice.objects.filter(pk=invoice.pk)).get()
    )
    since: datetime | None = known.in_progress_since  # type: ignore[attr-defined]  # annotated
    late = (today - invoice.due_date).days if invoice.due_date else 0
    return InvoiceDisplay(
        invoice,
        _status(invoice, since, today),
        since,
        late,
        money_waits=known.money_waits,  # type: ignore[attr-defined]
        unsettled_since=known.unsettled_since,  # type: ignore[attr-defined]
    )


def display_all(invoices: QuerySet[Invoice], *, today: date) -> list[InvoiceDisplay]:
    """Return the statuses of many invoices with one query."""
    return [display(invoice, today=today) for invoice in with_progress(invoices)]


def display_ended(invoices: QuerySet[Invoice], *, today: date) -> list[InvoiceDisplay]:
    """Return the statuses of invoices that are not to be paid any more: what goes on at a bank changes none of them."""
    return [InvoiceDisplay(invoice, _status(invoice, None, today), None, days_late=0) for invoice in invoices]


def filter_by(invoices: QuerySet[Invoice], statuses: Iterable[str], *, today: date) -> QuerySet[Invoice]:
    """Keep the invoices that are shown with one of these statuses."""
    conditions = _conditions(today)
    wanted = Q(pk__in=[])
    for name in statuses:
        wanted |= conditions[DisplayStatus(name)]
    return invoices.filter(wanted)


def status_of(standing: int, due_date: date | None, received_cents: int, *, today: date) -> DisplayStatus:
    """Return the status of an invoice from what is kept of it: what ``filter_by`` finds it by."""
    known = _OF_STANDING.get(Standing(standing))
    if known is not None:
        return known
    if due_date is not None and due_date < today:
        return DisplayStatus.LATE
    return DisplayStatus.PART_PAID if received_cents else DisplayStatus.DUE


def _conditions(today: date) -> dict[DisplayStatus, Q]:
    due, late = Q(standing=Standing.DUE), Q(due_date__lt=today)
    return {
        DisplayStatus.DUE: due & ~late & Q(received_cents=0),
        DisplayStatus.LATE: due & late,
        DisplayStatus.PART_PAID: due & ~late & Q(received_cents__gt=0),
        **{status: Q(standing=standing) for status, standing in _SAME.items()},
    }


def _status(invoice: Invoice, since: datetime | None, today: date) -> DisplayStatus:
    if invoice.state == InvoiceState.CANCELLED and invoice.is_refunded:
        return DisplayStatus.REFUNDED
    if invoice.state != InvoiceState.DUE:
        return DisplayStatus(invoice.state)
    if since is not None:
        return DisplayStatus.IN_PROGRESS
    if invoice.is_late(today):
        return DisplayStatus.LATE
    return DisplayStatus.PART_PAID if invoice.received_cents else DisplayStatus.DUE
