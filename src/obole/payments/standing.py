"""How an invoice is shown: its state, and what is derived from the attempts and from the day."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db import models
from django.db.models import Case, Exists, IntegerField, OuterRef, Q, QuerySet, Subquery, Value, When
from django.utils.translation import gettext_lazy as _

from obole.billing.models import Invoice
from obole.billing.states import InvoiceState
from obole.payments.models import Refund, Share
from obole.payments.refund_states import RefundState


class Standing(models.TextChoices):
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


@dataclass(frozen=True)
class Look:
    """The colour and the icon of a standing; the word is always there too."""

    tone: str
    icon: str


LOOKS = {
    Standing.DRAFT: Look("ended", "edit"),
    Standing.DUE: Look("to_pay", "euro"),
    Standing.IN_PROGRESS: Look("in_progress", "clock"),
    Standing.LATE: Look("late", "alert"),
    Standing.PART_PAID: Look("in_progress", "euro"),
    Standing.PAID: Look("done", "check"),
    Standing.CANCELLED: Look("ended", "ban"),
    Standing.REFUNDED: Look("done", "check"),
    Standing.TRANSFERRED: Look("ended", "document"),
}


@dataclass(frozen=True)
class Shown:
    """An invoice with its standing, ready for a page."""

    invoice: Invoice
    standing: Standing
    in_progress_since: datetime | None
    days_late: int

    @property
    def look(self) -> Look:
        return LOOKS[self.standing]

    @property
    def can_be_paid(self) -> bool:
        """Whether a « Payer maintenant » button makes sense; the amount and the régie are checked when it is pressed."""
        return self.standing in {Standing.DUE, Standing.LATE, Standing.PART_PAID}


def with_progress(invoices: QuerySet[Invoice]) -> QuerySet[Invoice]:
    """Add ``in_progress_since``: when the open attempt of each invoice was opened, or None."""
    held = Share.objects.filter(invoice=OuterRef("pk"), holds=True).order_by("id").values("attempt__opened_at")[:1]
    return invoices.annotate(in_progress_since=Subquery(held), was_refunded=_refunded())


def show(invoice: Invoice, *, today: date) -> Shown:
    """Return the standing of an invoice that came through ``with_progress`` (or costs one query here)."""
    known = (
        invoice if hasattr(invoice, "in_progress_since") else with_progress(Invoice.objects.filter(pk=invoice.pk)).get()
    )
    since: datetime | None = known.in_progress_since  # type: ignore[attr-defined]  # annotated
    late = (today - invoice.due_date).days if invoice.due_date else 0
    return Shown(invoice, _standing(invoice, since, today, refunded=known.was_refunded), since, late)  # type: ignore[attr-defined]


def show_all(invoices: QuerySet[Invoice], *, today: date) -> list[Shown]:
    """Return the standings of many invoices with one query."""
    return [show(invoice, today=today) for invoice in with_progress(invoices)]


def filter_by(invoices: QuerySet[Invoice], standings: Iterable[str], *, today: date) -> QuerySet[Invoice]:
    """Keep the invoices that are shown with one of these standings."""
    conditions = _conditions(today)
    wanted = Q(pk__in=[])
    for name in standings:
        wanted |= conditions[Standing(name)]
    return invoices.filter(wanted)


def with_rank(invoices: QuerySet[Invoice], *, today: date) -> QuerySet[Invoice]:
    """Add ``standing_rank``: sorts by what is shown, in the order of ``Standing``."""
    conditions = _conditions(today)
    cases = [When(conditions[standing], then=Value(rank)) for rank, standing in enumerate(Standing)]
    return invoices.annotate(standing_rank=Case(*cases, default=Value(len(cases)), output_field=IntegerField()))


def _conditions(today: date) -> dict[Standing, Q]:
    in_progress = Exists(Share.objects.filter(invoice=OuterRef("pk"), holds=True))
    due = Q(state=InvoiceState.DUE)
    late = due & Q(due_date__lt=today)
    return {
        Standing.DUE: due & ~Q(in_progress) & ~late & Q(received_cents=0),
        Standing.IN_PROGRESS: due & Q(in_progress),
        Standing.LATE: late & ~Q(in_progress),
        Standing.PART_PAID: due & ~Q(in_progress) & ~late & Q(received_cents__gt=0),
        Standing.CANCELLED: Q(state=InvoiceState.CANCELLED) & ~Q(_refunded()),
        Standing.REFUNDED: Q(state=InvoiceState.CANCELLED) & Q(_refunded()),
        **{Standing(state): Q(state=state) for state in ("draft", "paid", "transferred")},
    }


def _refunded() -> Exists:
    """Whether money that an invoice had received was given back by the comptable."""
    return Exists(Refund.objects.filter(receipt__invoice=OuterRef("pk"), state=RefundState.DONE))


def _standing(invoice: Invoice, since: datetime | None, today: date, *, refunded: bool) -> Standing:
    if invoice.state == InvoiceState.CANCELLED and refunded:
        return Standing.REFUNDED
    if invoice.state != InvoiceState.DUE:
        return Standing(invoice.state)
    if since is not None:
        return Standing.IN_PROGRESS
    if invoice.is_late(today):
        return Standing.LATE
    return Standing.PART_PAID if invoice.received_cents else Standing.DUE
