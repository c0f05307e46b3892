"""The trail's one table."""

import pgtrigger
from django.db import models


class Record(models.Model):
    """One thing that happened to one subject. Never changed, never deleted."""

    at = models.DateTimeField()
    actor = models.CharField(max_length=254)
    """An e-mail address, or what acted: ``payfip``, ``worker``."""
    verb = models.CharField(max_length=60)
    subject_kind = models.CharField(max_length=40)
    subject_id = models.BigIntegerField()
    source = models.CharField(max_length=20, blank=True)
    target = models.CharField(max_length=20, blank=True)
    details = models.JSONField(default=dict)

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["subject_kind", "subject_id", "-at"], name="trail_by_subject")]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.verb} {self.subject_kind} {self.subject_id}"
