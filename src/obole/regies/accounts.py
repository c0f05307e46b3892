"""
The accounts of a régie de recettes.

They follow the instruction on régies (06-031-A-B-M of 21 April 2006, title 12): caisse, compte DFT, chèques à
l'encaissement, recettes à verser, recettes versées, recettes à classer, dépenses à régulariser, and the déficits and
excédents of caisse; and, for what is billed before it is received, factures émises with droits émis as its counterpart.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Account(models.TextChoices):
    """An account of the ledger."""

    RECEIVABLE = "receivable", _("factures émises")
    CLAIMS = "claims", _("droits émis")
    CARD_CLEARING = "card_clearing", _("cartes en instance")
    DEBIT_CLEARING = "debit_clearing", _("prélèvements en instance")
    TREASURY_DEPOSIT = "treasury_deposit", _("compte DFT")
    CASH = "cash", _("caisse")
    CHEQUES = "cheques", _("chèques à l’encaissement")
    REVENUE_DUE = "revenue_due", _("recettes à verser")
    SUSPENSE = "suspense", _("recettes à classer")
    REMITTED = "remitted", _("recettes versées")
    FEES = "fees", _("dépenses à régulariser")
    CASH_DIFFERENCES = "cash_differences", _("différences de caisse")
    """What lacked when a drawer was counted, less what was too much: until it is repaid, or paid over."""

    @property
    def is_debit(self) -> bool:
        """Whether the account normally has a debit balance (what the régie holds or is owed)."""
        return self in {
            Account.RECEIVABLE,
            Account.CARD_CLEARING,
            Account.DEBIT_CLEARING,
            Account.TREASURY_DEPOSIT,
            Account.CASH,
            Account.CHEQUES,
            Account.FEES,
            Account.CASH_DIFFERENCES,
        }
