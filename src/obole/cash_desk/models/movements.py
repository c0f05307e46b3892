"""Every movement of the cash of a drawer."""

import pgtrigger
from django.db import models

from obole.cash_desk.models.deposits import Deposit
from obole.cash_desk.models.differences import DifferenceSettlement
from obole.cash_desk.models.sessions import CashSession
from obole.lib.actors import ActorField
from obole.payments.models import Receipt, Reversal

AT_AN_OPEN_DRAWER = """
    IF NOT EXISTS (SELECT FROM cash_desk_cashsession WHERE id = NEW.session_id AND state = 'open') THEN
        RAISE EXCEPTION 'session % is closed', NEW.session_id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
"""
NOTHING_ELSE = {"receipt": None, "reversal": None, "deposit": None, "settlement": None}


def _caused_by(name: str, **more: object) -> models.Q:
    others = {other: nothing for other, nothing in NOTHING_ELSE.items() if other != name}
    return models.Q(**others, **{f"{name}__isnull": False}, **more)


class CashMovement(models.Model):
    """
    Cash that came into a drawer or left it, once for what caused it: a receipt, what took it back, a remise, the
    settlement of a difference.
    """

    session = models.ForeignKey(CashSession, on_delete=models.PROTECT, related_name="movements")
    receipt = models.OneToOneField(Receipt, on_delete=models.PROTECT, null=True, related_name="cash_movement")
    reversal = models.OneToOneField(Reversal, on_delete=models.PROTECT, null=True, related_name="cash_movement")
    deposit = models.OneToOneField(Deposit, on_delete=models.PROTECT, null=True, related_name="cash_movement")
    settlement = models.OneToOneField(
        DifferenceSettlement, on_delete=models.PROTECT, null=True, related_name="cash_movement"
    )
    cents = models.BigIntegerField()
    handed_cents = models.PositiveBigIntegerField(null=True)
    """What the payer handed over, when it was said: the rest was given back at once, and is in no book."""
    at = models.DateTimeField()
    actor = ActorField()

    class Meta:
        ordering = ["at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=_caused_by("receipt", cents__gt=0)
                | _caused_by("reversal", cents__lt=0)
                | _caused_by("deposit", cents__lt=0)
                | _caused_by("settlement") & ~models.Q(cents=0),
                name="cash_movement_has_one_cause",
            ),
            models.CheckConstraint(
                condition=models.Q(handed_cents=None)
                | models.Q(receipt__isnull=False, handed_cents__gte=models.F("cents")),
                name="cash_movement_handed_enough",
            ),
        ]
        indexes = [models.Index(fields=["session", "at"], name="cash_movement_by_session")]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            pgtrigger.Trigger(
                name="at_an_open_drawer", operation=pgtrigger.Insert, when=pgtrigger.Before, func=AT_AN_OPEN_DRAWER
            ),
        ]

    def __str__(self) -> str:
        return f"{self.session_id}: {self.cents}"

    @property
    def change_cents(self) -> int:
        """What was given back of what the payer handed over."""
        return self.handed_cents - self.cents if self.handed_cents else 0
