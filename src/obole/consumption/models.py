"""Facts of consumption: one for each thing, day and beneficiary, and another for each correction."""

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from obole.dossiers.models import Dossier
from obole.lib.actors import ActorField


class Consumption(models.Model):
    """
    How much was consumed on a day. It never changes: what was written wrong is corrected by a later fact, and the last
    one counts.
    """

    dossier = models.ForeignKey(Dossier, on_delete=models.PROTECT, related_name="consumptions")
    row = models.PositiveSmallIntegerField(null=True)
    """
    Which row of the repeated group of the question (a child: 0, 1…); none where the question is asked once. Its name
    stays in the answers of the dossier, where it can be forgotten.
    """
    question = models.CharField(max_length=60)
    """The question of the pricing that counts it, by its key."""
    day = models.DateField(_("jour"))
    quantity = models.DecimalField(_("quantité"), max_digits=9, decimal_places=3)
    recorded_at = models.DateTimeField()
    recorded_by = ActorField()

    class Meta:
        ordering = ["dossier", "question", "day", "id"]
        indexes = [models.Index(fields=["dossier", "question", "day", "id"], name="consumption_last")]
        constraints = [models.CheckConstraint(condition=models.Q(quantity__gte=0), name="consumption_not_negative")]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.dossier_id} {self.question} {self.day}: {self.quantity}"
