"""What was billed already: the same thing is not billed twice without a word."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from obole.billing.models import CarryOver, Invoice
from obole.billing.states import InvoiceState
from obole.dossiers.models import Dossier
from obole.lib import money


@dataclass(frozen=True)
class BilledBefore:
    """The invoices of the same thing, and what of it was carried over to another."""

    period: str
    invoices: Sequence[Invoice]
    carried: Sequence[CarryOver]

    def __bool__(self) -> bool:
        return bool(self.invoices or self.carried)

    @property
    def title(self) -> str:
        """What is billed already, as a sentence begins."""
        if self.period:
            return _("%(period)s est déjà facturé :") % {"period": self.period}
        return _("Déjà facturé, sans période :")

    def __str__(self) -> str:
        found = [f"{one.number}, {money.euros(one.total_cents)}" for one in self.invoices]
        found += [_("report, %(amount)s") % {"amount": money.euros(one.cents)} for one in self.carried]
        return f"{self.title} {' ; '.join(found)}."


def billed_before(dossier: Dossier, *, type_id: int, period: str) -> BilledBefore:
    """
    Return what stands of a type for a period: of this dossier, or of another of the same payer and dispositif.

    A draft is not billed, a cancelled invoice is no more, and what an invoice of both took over is told once.
    """
    said = " ".join(period.split())
    same = Q(dossier=dossier.pk) | Q(payer=dossier.citizen_id, dossier__scheme=dossier.scheme_id)
    ended = (InvoiceState.DRAFT, InvoiceState.CANCELLED)
    invoices = Invoice.objects.filter(same, type=type_id, period__iexact=said).exclude(state__in=ended)
    return BilledBefore(said, list(_shown(invoices)), list(_carried(same, type_id, said)))


def _shown(invoices: QuerySet[Invoice]) -> QuerySet[Invoice]:
    return invoices.select_related("dossier").order_by("issued_at", "id")


def _carried(same: Q, type_id: int, said: str) -> QuerySet[CarryOver]:
    rows = CarryOver.objects.filter(same, type=type_id, period__iexact=said, reason="")
    return rows.exclude(invoice__state=InvoiceState.CANCELLED).select_related("dossier", "invoice").order_by("id")
