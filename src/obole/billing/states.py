"""
The life of an invoice. « En cours de paiement », « En retard », « Partiellement payée » are derived, never stored.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from obole.lib.states import Transition


class InvoiceState(models.TextChoices):
    """Where an invoice stands."""

    DRAFT = "draft", _("Brouillon")
    DUE = "due", _("À payer")
    PAID = "paid", _("Payée")
    CANCELLED = "cancelled", _("Annulée")
    TRANSFERRED = "transferred", _("Transmise au comptable public")


class Standing(models.IntegerChoices):
    """
    Where an invoice stands, its payments considered: what lists filter and sort by, in the order in which they show it.

    The database computes it from the state and from two facts that ``payments`` keeps on the invoice. « En retard » and
    « Partiellement payée » are due ones: the day and the cents tell them apart.
    """

    DRAFT = 0
    IN_PROGRESS = 1
    DUE = 2
    PAID = 3
    TRANSFERRED = 4
    REFUNDED = 5
    CANCELLED = 6


S = InvoiceState
ISSUE = Transition("invoice.issue", frozenset({S.DRAFT}), S.DUE)
SETTLE = Transition("invoice.settle", frozenset({S.DUE}), S.PAID)
CANCEL = Transition("invoice.cancel", frozenset({S.DUE}), S.CANCELLED)
TRANSFER = Transition("invoice.transfer", frozenset({S.DUE}), S.TRANSFERRED)
UNSETTLE = Transition("invoice.unsettle", frozenset({S.PAID}), S.DUE)
"""Its money was taken back: a rejected debit, a bounced cheque, a wrong entry at the counter, an avoir."""
RETURN = Transition("invoice.return", frozenset({S.TRANSFERRED}), S.DUE)
"""It was handed over wrongly, and the comptable sent it back."""

MOVES = (ISSUE, SETTLE, CANCEL, TRANSFER, UNSETTLE, RETURN)
