"""What becomes of a difference that was booked."""

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from obole.cash_desk.models.sessions import CashSession
from obole.lib.actors import ActorField
from obole.regies.models import Entry

NEVER_ABOVE = """
    IF (SELECT abs(booked_cents) FROM cash_desk_cashsession WHERE id = NEW.session_id)
        < (SELECT sum(cents) FROM cash_desk_differencesettlement WHERE session_id = NEW.session_id)
    THEN
        RAISE EXCEPTION 'more than the difference of session %', NEW.session_id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
"""


class DifferenceSettlement(models.Model):
    """What lacked is repaid by the régisseur, or what was too much is paid over to the comptable; whole or in part."""

    class Kind(models.TextChoices):
        REPAID = "repaid", _("Reversé par le régisseur")
        PAID_OVER = "paid_over", _("Remis au comptable")

    session = models.ForeignKey(CashSession, on_delete=models.PROTECT, related_name="settlements")
    """The one whose difference it is."""
    kind = models.CharField(max_length=9, choices=Kind.choices)
    cents = models.PositiveBigIntegerField()
    reference = models.CharField(_("référence"), max_length=60)
    request_key = models.CharField(max_length=64, unique=True, editable=False)
    at = models.DateTimeField()
    actor = ActorField()
    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, related_name="cash_settlement")

    class Meta:
        ordering = ["at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(cents__gt=0, kind__in=["repaid", "paid_over"]) & ~models.Q(reference=""),
                name="difference_settlement_says_how",
            )
        ]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            pgtrigger.Trigger(name="never_above", operation=pgtrigger.Insert, when=pgtrigger.After, func=NEVER_ABOVE),
        ]

    def __str__(self) -> str:
        return f"{self.session_id}: {self.cents} {self.kind}"
