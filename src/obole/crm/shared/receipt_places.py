"""Where the money of a receipt is, in words."""

from django.utils.translation import gettext as _

from obole.lib.money import euros
from obole.payments.queries import Whereabouts


def in_words(where: Whereabouts, *, money: bool) -> str:
    """
    Say where the money of a receipt is; nothing of one that was taken back, which the row says.

    :param money: whether its reader sees the accounts of the régie.
    """
    if where.reversed:
        return ""
    said = []
    if where.free_cents > 0:
        said.append(_("%(amount)s en recettes à classer") % {"amount": euros(where.free_cents)})
    if where.refunded_cents:
        said.append(_("%(amount)s remboursés") % {"amount": euros(where.refunded_cents)})
    if money:
        said.append(_("versé au comptable") if where.remitted else str(where.account.label))
    return " · ".join(said)
