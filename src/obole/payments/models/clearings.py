"""Money that the bank has credited."""

import pgtrigger
from django.db import models

from obole.lib.actors import ActorField
from obole.payments.models.receipts import Receipt
from obole.regies.models import Entry


class Clearing(models.Model):
    """
    A receipt whose money has come to the régie's account: until then it is in instance, and cannot be paid over.

    One found wrong is undone by an entry of its own; the receipt may then be cleared again.
    """

    receipt = models.ForeignKey(Receipt, on_delete=models.PROTECT, related_name="clearings")
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="clearings")
    """One entry clears every receipt of a line of the bank's statement."""
    at = models.DateTimeField()
    actor = ActorField()
    undone_by_entry = models.ForeignKey(Entry, on_delete=models.PROTECT, null=True, related_name="undone_clearings")

    class Meta:
        ordering = ["at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["receipt"], condition=models.Q(undone_by_entry=None), name="receipt_cleared_once"
            )
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="undone_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__undone_by_entry__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.receipt_id} by {self.entry_id}"
