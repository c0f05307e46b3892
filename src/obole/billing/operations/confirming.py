"""What who bills has looked at: no other amount is issued, and nothing is billed twice without a word."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from obole.billing.already_billed import billed_before
from obole.billing.models import CarryOver, Invoice
from obole.billing.operations.errors import AlreadyBilled, AmountNotShown
from obole.dossiers.models import Dossier
from obole.pricing.model.results import Result


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
