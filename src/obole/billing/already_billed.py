"""What was billed already: the same thing is not billed twice without a word."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q
from django.utils.translation import gettext as _

from obole.billing.models import Invoice
from obole.billing.states import InvoiceState
from obole.dossiers.models import Dossier
from obole.lib import money


@dataclass(frozen=True)
class BilledBefore:
    """The invoices of the same thing that stand."""

    period: str
    invoices: Sequence[Invoice]

    def __bool__(self) -> bool:
        return bool(self.invoices)

    @property
    def title(self) -> str:
        """What is billed already, as a sentence begins."""
        if self.period:
            return _("%(period)s est déjà facturé :") % {"period": self.period}
        return _("Déjà facturé, sans période :")

    def __str__(self) -> str:
        found = " ; ".join(f"{one.number}, {money.euros(one.total_cents)}" for one in self.invoices)
        return f"{self.title} {found}."


def billed_before(dossier: Dossier, *, type_id: int, period: str) -> BilledBefore:
    """
    Return what stands of a type for a period: of this dossier, or of another of the same payer and dispositif.

    A draft is not billed, and a cancelled invoice is no more. What was carried over is shown with the amount, and adds
    up on purpose.
    """
    said = " ".join(period.split())
    same = Q(dossier=dossier.pk) | Q(payer=dossier.citizen_id, dossier__scheme=dossier.scheme_id)
    ended = (InvoiceState.DRAFT, InvoiceState.CANCELLED)
    rows = Invoice.objects.filter(same, type=type_id, period__iexact=said).exclude(state__in=ended)
    return BilledBefore(said, list(rows.order_by("issued_at", "id")))
