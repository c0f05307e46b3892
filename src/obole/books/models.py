"""What the books keep of their own: the papers of the closings."""

import pgtrigger
from django.db import models

from obole.regies.models import Closing


class ClosingPdf(models.Model):
    """The paper of an arrêté, to sign: made once, served as it is for ever."""

    closing = models.OneToOneField(Closing, on_delete=models.PROTECT, related_name="paper")
    digest = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    rendered_at = models.DateTimeField()

    class Meta:
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return self.digest
