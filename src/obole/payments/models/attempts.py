"""Attempts at the bank, and every word exchanged about them."""

from typing import ClassVar

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from obole.billing.models import Invoice
from obole.lib import texts
from obole.payments.states import AttemptState
from obole.regies.models import Regie

OPEN = (AttemptState.OPENING, AttemptState.WAITING)


class AttemptQuerySet(models.QuerySet["Attempt"]):
    """Attempts, how they are locked and which hold their invoice."""

    def locked(self) -> "AttemptQuerySet":
        return self.select_for_update(of=("self",), no_key=True)

    def open(self) -> "AttemptQuerySet":
        """Return the attempts that keep their invoices « En cours de paiement »."""
        return self.filter(state__in=OPEN, released_at=None)


LET_GO = """
    UPDATE payments_attemptline SET holds = false WHERE attempt_id = NEW.id AND holds;
    RETURN NULL;
"""
"""Kept by the database, so that no operation that ends or releases an attempt can forget its invoices."""
SHOW_WHO_IS_AT_THE_BANK = """
    UPDATE billing_invoice SET is_in_progress = NEW.holds WHERE id = NEW.invoice_id;
    RETURN NULL;
"""
"""Lists of invoices filter and sort by it: one attempt at most holds an invoice."""
WHAT_WAS_ASKED = pgtrigger.UpdateOf("attempt_id", "invoice_id", "cents")  # type: ignore[no-untyped-call]


class Attempt(models.Model):
    """One try to pay at the bank, an invoice or several at once, with what was sent and what the bank said."""

    public_id = models.CharField(max_length=22, unique=True, default=texts.token, editable=False)
    request_key = models.CharField(max_length=64, unique=True, editable=False)
    """Comes with the button: the same button pressed twice makes one attempt."""
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="attempts", verbose_name=_("facture"))
    """The first of the invoices that it pays: its number makes the reference. What it pays of each is in its shares."""
    regie = models.ForeignKey(Regie, on_delete=models.PROTECT, related_name="attempts", verbose_name=_("régie"))
    state = models.CharField(_("statut"), max_length=10, choices=AttemptState.choices, default=AttemptState.OPENING)
    reference = models.CharField(_("référence"), max_length=30, unique=True)
    amount_cents = models.PositiveBigIntegerField(_("montant"))
    email = models.EmailField()
    fiscal_year = models.PositiveSmallIntegerField()
    gateway = models.CharField(max_length=20)
    mode = models.CharField(max_length=1, blank=True)
    sent = models.JSONField(default=dict)
    """The facts that the bank must echo: reference, amount, client, year, mode."""
    gateway_reference = models.CharField(max_length=120, null=True, unique=True)
    gateway_url = models.CharField(max_length=500, blank=True)
    opened_at = models.DateTimeField(_("ouverte le"))
    ended_at = models.DateTimeField(null=True)
    released_at = models.DateTimeField(null=True)
    """From then on the invoice may be tried again; this attempt goes on being watched."""
    asked_at = models.DateTimeField(null=True)
    next_ask_at = models.DateTimeField(null=True)
    """When to ask the bank again; nothing more to ask when empty."""
    bank_said = models.CharField(max_length=40, blank=True)
    authorisation = models.CharField(max_length=64, blank=True)
    bank_time = models.DateTimeField(null=True)
    bank_time_raw = models.CharField(max_length=40, blank=True)
    failure = models.CharField(max_length=300, blank=True)

    objects: ClassVar[AttemptQuerySet] = AttemptQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-opened_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=AttemptState.values), name="attempt_state_known"),
            models.CheckConstraint(condition=models.Q(amount_cents__gt=0), name="attempt_amount_positive"),
            models.CheckConstraint(
                condition=models.Q(state__in=["opening", "failed"]) | models.Q(gateway_reference__isnull=False),
                name="attempt_known_to_bank_once_started",
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=["paid", "reversed"])
                | models.Q(ended_at__isnull=False, next_ask_at=None),
                name="attempt_paid_is_final",
            ),
        ]
        indexes = [
            models.Index(fields=["next_ask_at"], name="attempt_to_ask", condition=models.Q(next_ask_at__isnull=False)),
            models.Index(fields=["-opened_at", "-id"], name="attempt_by_date"),
            models.Index(fields=["amount_cents", "id"], name="attempt_by_amount"),
            models.Index(fields=["state", "opened_at", "id"], name="attempt_by_state"),
            models.Index(fields=["regie", "id"], name="attempt_by_regie"),
            models.Index(fields=["state", "ended_at"], name="attempt_by_end"),
            models.Index(fields=["authorisation"], name="attempt_by_authorisation"),
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Trigger(
                name="lets_go_of_its_invoices",
                operation=pgtrigger.Update,
                when=pgtrigger.After,
                func=LET_GO,
                condition=pgtrigger.Condition("NEW.state NOT IN ('opening', 'waiting') OR NEW.released_at IS NOT NULL"),
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def is_open(self) -> bool:
        """Whether it keeps its invoices « En cours de paiement »."""
        return self.state in OPEN and self.released_at is None


class AttemptLine(models.Model):
    """What an attempt is to pay of one invoice: written before the bank is asked, and never changed."""

    attempt = models.ForeignKey(Attempt, on_delete=models.PROTECT, related_name="shares")
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="shares", verbose_name=_("facture"))
    cents = models.PositiveBigIntegerField(_("montant"))
    holds = models.BooleanField(default=True)
    """Whether it keeps the invoice « En cours de paiement »: as long as its attempt is open."""

    class Meta:
        ordering = ["attempt_id", "invoice_id"]
        constraints = [
            models.CheckConstraint(condition=models.Q(cents__gt=0), name="attempt_line_positive"),
            models.UniqueConstraint(fields=["attempt", "invoice"], name="attempt_line_once"),
            models.UniqueConstraint(fields=["invoice"], condition=models.Q(holds=True), name="attempt_line_holds_once"),
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Protect(name="never_changed", operation=WHAT_WAS_ASKED),
            pgtrigger.Trigger(
                name="holds_its_invoice",
                operation=pgtrigger.Insert,
                when=pgtrigger.After,
                func=SHOW_WHO_IS_AT_THE_BANK,
                condition=pgtrigger.Q(new__holds=True),
            ),
            pgtrigger.Trigger(
                name="lets_go_of_its_invoice",
                operation=pgtrigger.UpdateOf("holds"),  # type: ignore[no-untyped-call]
                when=pgtrigger.After,
                func=SHOW_WHO_IS_AT_THE_BANK,
                condition=pgtrigger.Q(old__holds__df=pgtrigger.F("new__holds")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.attempt_id} → {self.invoice_id}: {self.cents}"


class BankExchange(models.Model):
    """A question to the bank and its answer, or a notification, word for word."""

    class Kind(models.TextChoices):
        START = "start", _("création du paiement")
        ASK = "ask", _("interrogation")
        NOTIFICATION = "notification", _("notification reçue")
        RETURN = "return", _("retour de l’usager")

    attempt = models.ForeignKey(Attempt, on_delete=models.PROTECT, related_name="exchanges")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    at = models.DateTimeField()
    outcome = models.CharField(max_length=60, blank=True)
    request = models.TextField(blank=True)
    response = models.TextField(blank=True)

    class Meta:
        ordering = ["at", "id"]
        indexes = [models.Index(fields=["attempt", "at"], name="exchange_by_attempt")]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.kind} {self.outcome}"
