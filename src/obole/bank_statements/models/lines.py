"""The lines of the account's statements."""

import pgtrigger
from django.db import models

from obole.bank_statements.models.statements import Statement
from obole.bank_statements.states import LineState
from obole.regies.models import Regie

WHAT_THE_BANK_SAID = pgtrigger.UpdateOf(  # type: ignore[no-untyped-call]
    "regie_id", "statement_id", "key", "rank", "day", "value_day", "cents", "label", "details", "reason_code"
)


class BankLine(models.Model):
    """A credit or a debit of the régie's account: what the bank said never changes, what it is does."""

    regie = models.ForeignKey(Regie, on_delete=models.PROTECT, related_name="bank_lines")
    statement = models.ForeignKey(Statement, on_delete=models.PROTECT, related_name="lines")
    """The first that brought it."""
    key = models.CharField(max_length=64)
    """What it says, hashed: the same line in another file has the same."""
    rank = models.PositiveIntegerField()
    """Among the lines that say the same: two of one day are truly two."""
    day = models.DateField()
    value_day = models.DateField(null=True)
    cents = models.BigIntegerField()
    """Positive when the account is credited."""
    label = models.CharField(max_length=500)
    details = models.TextField(blank=True)
    """References that the bank gives besides, to be searched."""
    reason_code = models.CharField(max_length=4, blank=True)
    """Why the bank sends a payment back, in the codes of ISO 20022."""
    state = models.CharField(max_length=9, choices=LineState.choices, default=LineState.OPEN)
    ignored_reason = models.CharField(max_length=300, blank=True)
    proposal = models.JSONField(null=True)
    """What it seems to be, until a person decides."""
    proposed_at = models.DateTimeField(null=True)
    """Since when that is so; empty until it was looked for."""

    class Meta:
        ordering = ["day", "id"]
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=LineState.values), name="bankline_state_known"),
            models.CheckConstraint(condition=~models.Q(cents=0), name="bank_line_not_zero"),
            models.CheckConstraint(
                condition=models.Q(state="ignored") & ~models.Q(ignored_reason="")
                | ~models.Q(state="ignored") & models.Q(ignored_reason=""),
                name="bank_line_ignored_with_a_reason",
            ),
            models.CheckConstraint(
                condition=models.Q(proposal__isnull=True) | models.Q(state="open"), name="bank_line_proposed_while_open"
            ),
            models.UniqueConstraint(
                fields=["regie", "key", "rank"], condition=~models.Q(state="withdrawn"), name="bank_line_once"
            ),
        ]
        indexes = [
            models.Index(fields=["regie", "state", "day"], name="bank_line_by_state"),
            models.Index(fields=["regie", "day"], name="bank_line_by_day"),
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Protect(name="never_changed", operation=WHAT_THE_BANK_SAID),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.label}"
