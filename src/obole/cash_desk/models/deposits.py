"""What is handed in to the bank: cash, cheques, CESU."""

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from obole.cash_desk.deposit_states import DepositState
from obole.cash_desk.models.sessions import CashSession
from obole.lib.actors import ActorField
from obole.payments.models import Receipt
from obole.regies.models import Entry, Regie

WHAT_WAS_PREPARED = pgtrigger.UpdateOf(  # type: ignore[no-untyped-call]
    "number",
    "sequence",
    "year",
    "regie_id",
    "kind",
    "request_key",
    "session_id",
    "count",
    "cents",
    "pieces",
    "prepared_by",
    "prepared_at",
)
LET_GO = """
    UPDATE cash_desk_depositline SET holds = false WHERE deposit_id = NEW.id AND holds;
    RETURN NULL;
"""
"""Kept by the database: no operation that cancels a remise can forget its receipts."""


class Deposit(models.Model):
    """A remise: what a person hands in to the bank at once, with its numbered bordereau."""

    class Kind(models.TextChoices):
        CASH = "cash", _("espèces")
        CHEQUE = "cheque", _("chèques")
        CESU = "cesu", _("CESU")

    number = models.CharField(_("numéro"), max_length=24, unique=True)
    sequence = models.PositiveIntegerField()
    year = models.PositiveSmallIntegerField()
    regie = models.ForeignKey(Regie, on_delete=models.PROTECT, related_name="deposits")
    kind = models.CharField(_("nature"), max_length=6, choices=Kind.choices)
    state = models.CharField(_("statut"), max_length=9, choices=DepositState.choices, default=DepositState.PREPARED)
    request_key = models.CharField(max_length=64, unique=True, editable=False)
    session = models.ForeignKey(CashSession, on_delete=models.PROTECT, null=True, related_name="deposits")
    """The drawer that cash was taken out of; empty when it came from the safe."""
    count = models.JSONField(null=True)
    """Of cash, by coin and note."""
    cents = models.PositiveBigIntegerField(_("montant"))
    pieces = models.PositiveIntegerField(default=0)
    """How many cheques or CESU."""
    prepared_by = ActorField()
    prepared_at = models.DateTimeField()
    credited_by = ActorField(null=True)  # type: ignore[misc]
    credited_at = models.DateTimeField(null=True)
    reference = models.CharField(_("référence de la banque"), max_length=60, blank=True)
    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, null=True, related_name="deposit")
    cancelled_by = ActorField(null=True)  # type: ignore[misc]
    cancelled_at = models.DateTimeField(null=True)
    reason = models.CharField(_("motif"), max_length=300, blank=True)

    class Meta:
        ordering = ["-prepared_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=DepositState.values), name="deposit_state_known"),
            models.UniqueConstraint(fields=["regie", "year", "sequence"], name="deposit_numbered_once"),
            models.CheckConstraint(condition=models.Q(cents__gt=0, sequence__gt=0), name="deposit_positive"),
            models.CheckConstraint(
                condition=models.Q(kind="cash", count__isnull=False, pieces=0)
                | models.Q(kind__in=["cheque", "cesu"], count__isnull=True, session=None, pieces__gt=0),
                name="deposit_of_cash_or_of_pieces",
            ),
            models.CheckConstraint(
                condition=models.Q(state="credited", credited_by__isnull=False, credited_at__isnull=False)
                & models.Q(entry__isnull=False)
                & ~models.Q(reference="")
                | ~models.Q(state="credited")
                & models.Q(credited_by__isnull=True, credited_at=None, entry=None, reference=""),
                name="deposit_credited_whole",
            ),
            models.CheckConstraint(
                condition=models.Q(state="cancelled", cancelled_by__isnull=False, cancelled_at__isnull=False)
                & ~models.Q(reason="")
                | ~models.Q(state="cancelled") & models.Q(cancelled_by__isnull=True, cancelled_at=None, reason=""),
                name="deposit_cancelled_whole",
            ),
        ]
        indexes = [
            models.Index(fields=["regie", "-prepared_at", "-id"], name="deposit_by_regie"),
            models.Index(fields=["regie"], name="deposit_waiting", condition=models.Q(state="prepared")),
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Protect(name="prepared_once", operation=WHAT_WAS_PREPARED),
            pgtrigger.Protect(
                name="ended_once",
                operation=pgtrigger.Update,
                condition=~pgtrigger.Q(old__state="prepared")
                & ~pgtrigger.Q(old__state="credited", new__state="prepared"),
            ),
            pgtrigger.Trigger(
                name="lets_go_of_its_receipts",
                operation=pgtrigger.Update,
                when=pgtrigger.After,
                func=LET_GO,
                condition=pgtrigger.Q(new__state="cancelled"),
            ),
        ]

    def __str__(self) -> str:
        return self.number


class UndoneCredit(models.Model):
    """A credit that the bank had not made: what it had booked, and what books it the other way round."""

    deposit = models.ForeignKey(Deposit, on_delete=models.PROTECT, related_name="undone_credits")
    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, related_name="undone_credit")
    undone_entry = models.OneToOneField(Entry, on_delete=models.PROTECT, related_name="credit_undone")
    reference = models.CharField(max_length=60)
    reason = models.CharField(max_length=300)
    at = models.DateTimeField()
    actor = ActorField()

    class Meta:
        ordering = ["at", "id"]
        constraints = [models.CheckConstraint(condition=~models.Q(reason=""), name="credit_undone_with_a_reason")]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.deposit_id} {self.reference}"


class DepositLine(models.Model):
    """A cheque or a CESU of a remise."""

    deposit = models.ForeignKey(Deposit, on_delete=models.PROTECT, related_name="lines")
    receipt = models.ForeignKey(Receipt, on_delete=models.PROTECT, related_name="deposit_lines")
    holds = models.BooleanField(default=True)
    """Whether no other remise may have it: until this one is cancelled."""

    class Meta:
        ordering = ["deposit", "receipt"]
        constraints = [
            models.UniqueConstraint(fields=["deposit", "receipt"], name="deposit_line_once"),
            models.UniqueConstraint(
                fields=["receipt"], condition=models.Q(holds=True), name="receipt_in_one_live_deposit"
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="never_changed",
                operation=pgtrigger.UpdateOf("deposit_id", "receipt_id"),  # type: ignore[no-untyped-call]
            ),
        ]

    def __str__(self) -> str:
        return f"{self.deposit_id}: {self.receipt_id}"


class DepositPdf(models.Model):
    """The bordereau of a remise: rendered once, served as it is for ever."""

    deposit = models.OneToOneField(Deposit, on_delete=models.PROTECT, related_name="paper")
    digest = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    rendered_at = models.DateTimeField()

    class Meta:
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return self.digest
