"""What a line of the bank is: decided by a person, and undone by an entry of its own."""

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from obole.bank_statements.models.lines import BankLine
from obole.cash_desk.models import Deposit
from obole.lib.actors import ActorField
from obole.payments.models import Receipt, Refund
from obole.regies.models import Entry, Regie
from obole.remittances.models import Remittance

WHAT_WAS_DECIDED = pgtrigger.UpdateOf(  # type: ignore[no-untyped-call]
    "line_id", "rank", "kind", "cents", "why", "entry_id", "refund_id", "remittance_id", "deposit_id", "at", "actor"
)


SUBJECTS = {"refund": "refund", "remitted": "remittance", "deposit": "deposit"}
"""The kinds of matches that are about one thing, and the field that names it."""


def _of_its_own(kind: str, field: str) -> models.CheckConstraint:
    is_kind = models.Q(kind=kind)
    return models.CheckConstraint(
        condition=is_kind & models.Q(**{f"{field}__isnull": False}) | ~is_kind & models.Q(**{field: None}),
        name=f"bank_match_of_a_{field}",
    )


class Match(models.Model):
    """
    What a person said that a line is. To know another kind, say how it is found (``rules.matching``) and what accepting
    it writes (``operations.settling``).
    """

    class Kind(models.TextChoices):
        ONLINE = "online", _("Crédit de paiements par carte ou prélèvement")
        CHEQUES = "cheques", _("Remise de chèques ou de CESU")
        TRANSFER = "transfer", _("Virement d’un usager")
        REVERSAL = "reversal", _("Rejet ou impayé")
        FEES = "fees", _("Commission ou frais de la banque")
        REFUND = "refund", _("Remboursement fait")
        UNMATCHED = "unmatched", _("Virement mis en recettes à classer")
        REMITTANCE = "remitted", _("Virement d’un bordereau de versement")
        DEPOSIT = "deposit", _("Remise à la banque")

    line = models.ForeignKey(BankLine, on_delete=models.PROTECT, related_name="matches")
    rank = models.PositiveIntegerField()
    """The how manieth of its line: those before were undone."""
    kind = models.CharField(max_length=9, choices=Kind.choices)
    cents = models.BigIntegerField()
    why = models.JSONField(default=dict)
    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, null=True, related_name="bank_match")
    """Empty where the ledger said it already, and the line only shows it."""
    refund = models.ForeignKey(Refund, on_delete=models.PROTECT, null=True, related_name="bank_matches")
    remittance = models.ForeignKey(Remittance, on_delete=models.PROTECT, null=True, related_name="bank_matches")
    deposit = models.ForeignKey(Deposit, on_delete=models.PROTECT, null=True, related_name="bank_matches")
    at = models.DateTimeField()
    actor = ActorField()
    undone_at = models.DateTimeField(null=True)
    undone_by = ActorField(null=True)  # type: ignore[misc]
    undone_reason = models.CharField(max_length=300, blank=True)
    undone_entry = models.OneToOneField(Entry, on_delete=models.PROTECT, null=True, related_name="undone_bank_match")

    class Meta:
        ordering = ["at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["line"], condition=models.Q(undone_at=None), name="bank_line_matched_once"),
            models.UniqueConstraint(fields=["line", "rank"], name="bank_match_rank_once"),
            models.UniqueConstraint(
                fields=["refund"],
                condition=models.Q(undone_at=None, refund__isnull=False),
                name="refund_on_one_bank_line",
            ),
            models.UniqueConstraint(
                fields=["remittance"],
                condition=models.Q(undone_at=None, remittance__isnull=False),
                name="remittance_on_one_bank_line",
            ),
            models.UniqueConstraint(
                fields=["deposit"],
                condition=models.Q(undone_at=None, deposit__isnull=False),
                name="deposit_on_one_bank_line",
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=["remitted", "deposit"])
                | models.Q(kind__in=["online", "cheques", "fees"], entry__isnull=False)
                | models.Q(kind__in=["transfer", "reversal", "refund", "unmatched"], entry=None),
                name="bank_match_booked_where_it_moves_money",
            ),
            *(_of_its_own(kind, field) for kind, field in SUBJECTS.items()),
            models.CheckConstraint(
                condition=models.Q(undone_at=None, undone_by=None, undone_reason="", undone_entry=None)
                | (
                    models.Q(undone_at__isnull=False, undone_by__isnull=False)
                    & ~models.Q(undone_reason="")
                    & (
                        models.Q(entry=None, undone_entry=None)
                        | models.Q(entry__isnull=False, undone_entry__isnull=False)
                    )
                ),
                name="bank_match_undone_whole",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Protect(name="never_changed", operation=WHAT_WAS_DECIDED),
            pgtrigger.Protect(
                name="undone_once", operation=pgtrigger.Update, condition=pgtrigger.Q(old__undone_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.line_id} {self.kind}"


class MatchedReceipt(models.Model):
    """
    A receipt that a line shows without an entry: a transfer, a rejection. Those that a line credits are in the entry's
    ``Clearing``.
    """

    match = models.ForeignKey(Match, on_delete=models.PROTECT, related_name="receipts")
    receipt = models.ForeignKey(Receipt, on_delete=models.PROTECT, related_name="bank_matches")
    standing = models.BooleanField(default=True)
    """False once its match was undone."""

    class Meta:
        ordering = ["match", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["receipt"], condition=models.Q(standing=True), name="receipt_on_one_bank_line"
            ),
            models.UniqueConstraint(fields=["match", "receipt"], name="matched_receipt_once"),
        ]
        triggers = [pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.match_id} {self.receipt_id}"


class AcceptanceRun(models.Model):
    """
    All the proposals that agree to the cent, accepted at once by a person who saw how many and how much: the worker
    goes through them.
    """

    regie = models.ForeignKey(Regie, on_delete=models.PROTECT, related_name="acceptance_runs")
    lines = models.JSONField(default=list)
    """Their ids, in order."""
    cents = models.BigIntegerField()
    """What they come to, as it was shown."""
    done = models.PositiveIntegerField(default=0)
    accepted = models.PositiveIntegerField(default=0)
    """Less than ``done`` where something changed meanwhile: those lines wait for a person."""
    asked_by = ActorField()
    asked_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-asked_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["regie"], condition=models.Q(ended_at=None), name="acceptance_run_one_at_a_time"
            ),
            models.CheckConstraint(
                condition=models.Q(accepted__lte=models.F("done")), name="acceptance_run_accepts_what_it_did"
            ),
        ]
        triggers = [pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.regie_id}: {self.done}/{len(self.lines)}"
