"""The files of the bank, as they came."""

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from obole.lib.actors import ActorField
from obole.regies.models import Regie

WHAT_WAS_READ = pgtrigger.UpdateOf(  # type: ignore[no-untyped-call]
    "regie_id", "kind", "form", "account", "digest", "position", "first_day", "last_day", "opening_cents",
    "closing_cents", "net_cents", "line_count", "new_count", "new_cents"
)  # fmt: skip


class Statement(models.Model):
    """
    One statement of the account, or one list of PayFiP's payments: what its file said, and what it added.

    One imported by mistake is withdrawn with its lines, as long as none of them is matched; it stays to be seen.
    """

    class Kind(models.TextChoices):
        ACCOUNT = "account", _("Relevé du compte DFT")
        PAYFIP = "payfip", _("Liste des paiements PayFiP")

    class Form(models.TextChoices):
        CSV = "csv", _("CSV")
        CAMT = "camt", _("CAMT.053")

    regie = models.ForeignKey(Regie, on_delete=models.PROTECT, related_name="statements")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    form = models.CharField(max_length=4, choices=Form.choices)
    account = models.CharField(max_length=34, blank=True)
    """The IBAN that the file names; empty when it names none."""
    name = models.CharField(max_length=200)
    digest = models.CharField(max_length=64)
    position = models.PositiveSmallIntegerField(default=0)
    """Its place in a file that holds several."""
    first_day = models.DateField()
    last_day = models.DateField()
    opening_cents = models.BigIntegerField(null=True)
    closing_cents = models.BigIntegerField(null=True)
    net_cents = models.BigIntegerField()
    """What all the lines of the file come to, those known already included."""
    line_count = models.PositiveIntegerField()
    new_count = models.PositiveIntegerField()
    new_cents = models.BigIntegerField()
    gap_cents = models.BigIntegerField(null=True)
    """By how much its opening balance differs from what the statements before come to; empty when nobody knows."""
    imported_by = ActorField()
    imported_at = models.DateTimeField()
    withdrawn_by = ActorField(null=True)  # type: ignore[misc]
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-last_day", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["digest", "position", "kind"],
                condition=models.Q(withdrawn_at=None),
                name="statement_imported_once",
            ),
            models.CheckConstraint(condition=models.Q(kind__in=["account", "payfip"]), name="statement_kind_known"),
            models.CheckConstraint(
                condition=models.Q(opening_cents=None, closing_cents=None)
                | models.Q(
                    opening_cents__isnull=False, closing_cents=models.F("opening_cents") + models.F("net_cents")
                ),
                name="statement_adds_up",
            ),
            models.CheckConstraint(
                condition=models.Q(first_day__lte=models.F("last_day")), name="statement_days_in_order"
            ),
            models.CheckConstraint(
                condition=models.Q(withdrawn_at=None, withdrawn_by=None, withdrawn_reason="")
                | (models.Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False) & ~models.Q(withdrawn_reason="")),
                name="statement_withdrawn_whole",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Protect(name="never_changed", operation=WHAT_WAS_READ),
        ]

    def __str__(self) -> str:
        return self.name


class ListedPayment(models.Model):
    """A payment that PayFiP lists: what it calls it, when it was paid, and in which credit it came."""

    regie = models.ForeignKey(Regie, on_delete=models.PROTECT, related_name="listed_payments")
    statement = models.ForeignKey(Statement, on_delete=models.PROTECT, related_name="payments")
    key = models.CharField(max_length=64)
    rank = models.PositiveIntegerField()
    reference = models.CharField(max_length=64)
    day = models.DateField()
    credited_on = models.DateField(null=True)
    remittance = models.CharField(max_length=64, blank=True)
    """What the list calls the credit that it came in, when it says so."""
    cents = models.PositiveBigIntegerField()
    authorisation = models.CharField(max_length=64, blank=True)
    withdrawn = models.BooleanField(default=False)

    class Meta:
        ordering = ["day", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["regie", "key", "rank"], condition=models.Q(withdrawn=False), name="listed_payment_once"
            ),
            models.CheckConstraint(condition=models.Q(cents__gt=0), name="listed_payment_positive"),
        ]
        triggers = [pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete)]

    def __str__(self) -> str:
        return self.reference


class FileLayout(models.Model):
    """How the columns of a régie's CSV files are read: said once, remembered for the next file."""

    regie = models.ForeignKey(Regie, on_delete=models.PROTECT, related_name="file_layouts")
    kind = models.CharField(max_length=8, choices=Statement.Kind.choices)
    columns = models.JSONField(default=dict)
    """``{fact: title of its column}``."""
    changed_by = ActorField()
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["regie", "kind"], name="file_layout_once")]

    def __str__(self) -> str:
        return f"{self.regie_id} {self.kind}"
