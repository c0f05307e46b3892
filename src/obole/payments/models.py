"""Attempts at the bank, what was received, every word exchanged with the bank, and what a person must look at."""

from typing import ClassVar

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from obole.billing.models import Invoice
from obole.lib import words
from obole.payments.states import AttemptState
from obole.regies.models import Entry, Regie

OPEN = (AttemptState.OPENING, AttemptState.WAITING)


class AttemptQuerySet(models.QuerySet["Attempt"]):
    """Attempts, how they are locked and which hold their invoice."""

    def locked(self) -> "AttemptQuerySet":
        return self.select_for_update(of=("self",))

    def open(self) -> "AttemptQuerySet":
        """Return the attempts that keep their invoice « En cours de paiement »."""
        return self.filter(state__in=OPEN, released_at=None)


class Attempt(models.Model):
    """One try to pay one invoice at the bank, with what was sent and what the bank said."""

    public_id = models.CharField(max_length=22, unique=True, default=words.token, editable=False)
    request_key = models.CharField(max_length=64, unique=True, editable=False)
    """Comes with the button: the same button pressed twice makes one attempt."""
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="attempts", verbose_name=_("facture"))
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
                condition=~models.Q(state="paid") | models.Q(ended_at__isnull=False, next_ask_at=None),
                name="attempt_paid_is_final",
            ),
            models.UniqueConstraint(
                fields=["invoice"],
                condition=models.Q(state__in=["opening", "waiting"], released_at=None),
                name="attempt_open_once",
            ),
        ]
        indexes = [
            models.Index(fields=["next_ask_at"], name="attempt_to_ask", condition=models.Q(next_ask_at__isnull=False)),
            models.Index(fields=["-opened_at", "-id"], name="attempt_by_date"),
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def is_open(self) -> bool:
        """Whether it keeps its invoice « En cours de paiement »."""
        return self.state in OPEN and self.released_at is None


class Receipt(models.Model):
    """Money received: how much, by which means, and for which invoice when it is known."""

    class Means(models.TextChoices):
        CARD = "card", _("carte bancaire en ligne")
        DEBIT = "debit", _("prélèvement en ligne")

    public_id = models.CharField(max_length=22, unique=True, default=words.token, editable=False)
    number = models.CharField(_("numéro"), max_length=24, unique=True)
    regie = models.ForeignKey(Regie, on_delete=models.PROTECT, related_name="receipts")
    attempt = models.OneToOneField(Attempt, on_delete=models.PROTECT, related_name="receipt")
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, null=True, related_name="receipts")
    """Empty when the money went to recettes à classer."""
    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, related_name="receipt")
    means = models.CharField(max_length=10, choices=Means.choices)
    cents = models.PositiveBigIntegerField()
    received_at = models.DateTimeField()
    remaining_cents = models.PositiveBigIntegerField(default=0)
    """What was still due of the invoice after it."""

    class Meta:
        ordering = ["-received_at", "-id"]
        constraints = [models.CheckConstraint(condition=models.Q(cents__gt=0), name="receipt_positive")]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return self.number


class ReceiptPaper(models.Model):
    """The PDF of a receipt: rendered once, served as it is for ever."""

    receipt = models.OneToOneField(Receipt, on_delete=models.PROTECT, related_name="paper")
    digest = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    rendered_at = models.DateTimeField()

    class Meta:
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return self.digest


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


class Anomaly(models.Model):
    """Something about money that a person must look at (« À traiter »)."""

    class Kind(models.TextChoices):
        INVOICE_NOT_DUE = "not_due", _("Paiement d’une facture déjà payée, annulée ou transmise")
        DIFFERENT = "different", _("La banque répond autre chose que ce qui lui a été envoyé")
        UNKNOWN_ANSWER = "unknown", _("Réponse inconnue de la banque")
        NO_ANSWER = "no_answer", _("Sans réponse de la banque depuis sept jours")

    kind = models.CharField(max_length=10, choices=Kind.choices)
    attempt = models.ForeignKey(Attempt, on_delete=models.PROTECT, related_name="anomalies")
    regie = models.ForeignKey(Regie, on_delete=models.PROTECT, related_name="anomalies")
    details = models.CharField(max_length=300, blank=True)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=254, blank=True)
    note = models.TextField(_("ce qui a été fait"), blank=True)

    class Meta:
        ordering = ["-opened_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "attempt"], name="anomaly_once"),
            models.CheckConstraint(
                condition=models.Q(closed_at=None, closed_by="")
                | (models.Q(closed_at__isnull=False) & ~models.Q(closed_by="")),
                name="anomaly_closed_by_somebody",
            ),
        ]
        indexes = [models.Index(fields=["-opened_at"], name="anomaly_open", condition=models.Q(closed_at=None))]

    def __str__(self) -> str:
        return f"{self.kind} {self.attempt_id}"


class Sweep(models.Model):
    """One round of the worker over the attempts to ask about; the health page tells how old the last one is."""

    at = models.DateTimeField()
    queued = models.PositiveIntegerField()
    failed_openings = models.PositiveIntegerField()

    class Meta:
        ordering = ["-at"]
        indexes = [models.Index(fields=["-at"], name="sweep_by_date")]

    def __str__(self) -> str:
        return f"{self.at}: {self.queued}"


class Verification(models.Model):
    """One recomputation of the books: when, how many entries, and the first difference if there was one."""

    at = models.DateTimeField()
    entries = models.PositiveBigIntegerField(default=0)
    difference = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-at"]
        indexes = [models.Index(fields=["-at"], name="verification_by_date")]

    def __str__(self) -> str:
        return self.difference or f"{self.entries} entries"

    @property
    def is_right(self) -> bool:
        return not self.difference


class Circuit(models.Model):
    """
    Whether a régie's bank answers. Too many calls in vain, one after the other, open it, and the bank is left in peace.

    A régie has no row until its bank fails for the first time.
    """

    regie = models.OneToOneField(Regie, on_delete=models.PROTECT, related_name="circuit")
    failures = models.PositiveIntegerField(default=0)
    """Calls in vain since the bank's last answer."""
    failing_since = models.DateTimeField(null=True)
    down_since = models.DateTimeField(null=True)
    """Not empty while the circuit is open: when the first of the calls in vain was made."""
    probed_at = models.DateTimeField(null=True)
    """While it is open: when the last question was let through."""
    recovered_at = models.DateTimeField(null=True)
    """When it last closed after an outage long enough to count."""

    class Meta:
        ordering = ["regie"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(down_since=None)
                | models.Q(failures__gt=0, failing_since__isnull=False, probed_at__isnull=False),
                name="circuit_open_after_failures",
            )
        ]

    def __str__(self) -> str:
        return f"{self.regie_id} down since {self.down_since}" if self.down_since else f"{self.regie_id} up"
