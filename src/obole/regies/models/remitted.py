"""Which entries of the ledger were paid over to the comptable: each once."""

import pgtrigger
from django.db import models


class RemittedEntry(models.Model):
    """An entry that a bordereau de versement holds, whole: what takes its money back later is owed by the comptable."""

    entry = models.OneToOneField("regies.Entry", on_delete=models.PROTECT, primary_key=True, related_name="remitted")
    remittance = models.CharField(max_length=24, db_index=True)
    """The number of the bordereau, which a room above knows."""

    class Meta:
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.entry_id} in {self.remittance}"
