"""What who bills has looked at: no other amount is issued, and nothing is billed twice without a word."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q
from django.utils.translation import gettext as _

from obole.billing.models import CarryOver, Invoice
from obole.billing.operations.errors import AlreadyBilled, AmountNotShown
from obole.billing.states import InvoiceState
from obole.dossiers.models import Dossier
from obole.lib import money
from obole.pricing.model.results import Result


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
        found = "\u202f; ".join(f"{one.number}, {money.euros(one.total_cents)}" for one in self.invoices)
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


@dataclass(frozen=True, kw_only=True)
class Confirmed:
    """
    What was confirmed: a price of ``cents``, with carry-overs of ``beside`` cents, and whether it is billed once more.

    Without ``cents``, nobody was shown anything: who bills is not in front of a screen.
    """

    cents: int | None = None
    beside: int = 0
    again: bool = False

    def require_price(self, result: Result) -> None:
        """
        Refuse another price than the one that was shown.

        :raises AmountNotShown: if it is another.
        """
        if self.cents is not None and result.total_cents != self.cents:
            raise AmountNotShown(_not_shown())

    def require_beside(self, waited: Sequence[CarryOver]) -> None:
        """
        Refuse to bill carry-overs beside the price that were not shown.

        :raises AmountNotShown: if they come to something else.
        """
        if self.cents is not None and sum(item.cents for item in waited) != self.beside:
            raise AmountNotShown(_not_shown())

    def require_first(self, dossier: Dossier, *, type_id: int, period: str) -> None:
        """
        Refuse what is billed already, unless that was confirmed.

        :raises AlreadyBilled: with what it was billed by.
        """
        before = () if self.again else billed_before(dossier, type_id=type_id, period=period)
        if before:
            raise AlreadyBilled(str(before))


NOTHING_SHOWN = Confirmed()


def require_total(invoices: Sequence[Invoice], shown_cents: int | None) -> None:
    """
    Refuse to issue drafts that come to another total than the one that was shown.

    :raises AmountNotShown: if they do.
    """
    if shown_cents is not None and sum(invoice.total_cents for invoice in invoices) != shown_cents:
        raise AmountNotShown(_("Le montant n’est plus celui qui était affiché : vérifiez-le, puis émettez."))


def _not_shown() -> str:
    return _("Le montant n’est plus celui qui était affiché : vérifiez-le, puis générez.")
