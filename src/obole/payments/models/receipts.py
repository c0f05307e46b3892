"""Money received, what it is counted for, and what took it back."""

from typing import TypeAlias

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from obole.billing.models import Invoice
from obole.lib import texts
from obole.lib.actors import ActorField
from obole.lib.languages import Language
from obole.payments.models.attempts import Attempt
from obole.regies.accounts import Account
from obole.regies.models import Entry, Means as AnyMeans, Regie

NEVER_ABOVE = """
    IF (SELECT cents FROM payments_receipt WHERE id = NEW.receipt_id)
        < (SELECT coalesce(sum(cents), 0) FROM payments_allocation WHERE receipt_id = NEW.receipt_id)
        + (
            SELECT coalesce(sum(cents), 0) FROM payments_refund
            WHERE receipt_id = NEW.receipt_id AND state <> 'given_up'
        )
    THEN
        RAISE EXCEPTION 'more than receipt % holds', NEW.receipt_id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
"""
"""The second line behind the operations: what is counted and refunded of a receipt is never more than it holds."""


class Receipt(models.Model):
    """
    Money received: how much, by which means, online or at the counter. What it is counted for is in its allocations.
    """

    Means: TypeAlias = AnyMeans

    public_id = models.CharField(max_length=22, unique=True, default=texts.token, editable=False)
    request_key = models.CharField(max_length=64, unique=True, null=True, editable=False)
    """At the counter, comes with the form: the same form sent twice makes one receipt."""
    number = models.CharField(_("numéro"), max_length=24, unique=True)
    """At the counter, the number of the quittance, in a continuous series."""
    sequence = models.PositiveIntegerField(null=True)
    year = models.PositiveSmallIntegerField(null=True)
    regie = models.ForeignKey(Regie, on_delete=models.PROTECT, related_name="receipts")
    attempt = models.OneToOneField(Attempt, on_delete=models.PROTECT, null=True, related_name="receipt")
    """Empty when the money came otherwise than by the bank's page."""
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, null=True, related_name="receipts")
    """The invoice that it paid when it came; empty when all of it went to recettes à classer."""
    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, related_name="receipt")
    means = models.CharField(max_length=10, choices=Means.choices)
    cents = models.PositiveBigIntegerField()
    received_at = models.DateTimeField()
    remaining_cents = models.PositiveBigIntegerField(default=0)
    """What was still due of the invoice after it."""
    payer_name = models.CharField(_("payé par"), max_length=120, blank=True)
    reference = models.CharField(_("référence"), max_length=60, blank=True)
    """The number of the cheque, of the transfer…"""
    bank = models.CharField(_("banque"), max_length=80, blank=True)
    """The bank that a cheque is drawn on."""
    valued_on = models.DateField(_("date de valeur"), null=True)
    """The day from which a transfer counts, as the bank says it."""
    taken_by = ActorField(null=True)  # type: ignore[misc]
    """The agent at the counter."""

    class Meta:
        ordering = ["-received_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=models.Q(cents__gt=0), name="receipt_positive"),
            models.CheckConstraint(
                condition=models.Q(
                    attempt__isnull=False, means__in=["card", "debit"], request_key=None, sequence=None, year=None
                )
                | models.Q(attempt=None, request_key__isnull=False, sequence__gt=0, year__isnull=False)
                & ~models.Q(means__in=["card", "debit"])
                & models.Q(taken_by__isnull=False),
                name="receipt_online_or_counter",
            ),
            models.CheckConstraint(
                condition=models.Q(bank="") | models.Q(means="cheque"), name="receipt_bank_of_a_cheque"
            ),
            models.CheckConstraint(
                condition=models.Q(valued_on=None) | models.Q(means="transfer"), name="receipt_valued_if_transfer"
            ),
            models.UniqueConstraint(fields=["regie", "year", "sequence"], name="quittance_once"),
        ]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return self.number

    @property
    def is_reversed(self) -> bool:
        """Whether it was taken back: it counts for nothing any more."""
        return hasattr(self, "reversal")

    @property
    def is_quittance(self) -> bool:
        """Whether it was taken at the counter."""
        return self.attempt_id is None


class Allocation(models.Model):
    """
    Part of a receipt counted for an invoice; a negative one takes it back. What is not allocated is in recettes à
    classer.
    """

    receipt = models.ForeignKey(Receipt, on_delete=models.PROTECT, related_name="allocations")
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="allocations")
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="allocations")
    cents = models.BigIntegerField()
    from_remitted_cents = models.PositiveBigIntegerField(default=0)
    """
    Of what it takes back, what had been paid over already: that is in dépenses à régulariser until the comptable gives
    it back, or pays the refund.
    """
    at = models.DateTimeField()
    actor = ActorField()
    reason = models.CharField(max_length=300, blank=True)
    request_key = models.CharField(max_length=64, unique=True, null=True, editable=False)
    """Comes with the form that counts waiting money: the same form sent twice counts it once."""

    class Meta:
        ordering = ["at", "id"]
        constraints = [
            models.CheckConstraint(condition=~models.Q(cents=0), name="allocation_not_zero"),
            models.CheckConstraint(
                condition=models.Q(from_remitted_cents=0) | models.Q(from_remitted_cents__lte=-models.F("cents")),
                name="allocation_gives_back_what_it_takes",
            ),
            models.UniqueConstraint(fields=["receipt", "invoice", "entry"], name="allocation_once"),
        ]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            pgtrigger.Trigger(name="never_above", operation=pgtrigger.Insert, when=pgtrigger.After, func=NEVER_ABOVE),
        ]

    def __str__(self) -> str:
        return f"{self.receipt_id} → {self.invoice_id}: {self.cents}"


class Reversal(models.Model):
    """A receipt that was taken back whole: a rejected direct debit, a bounced cheque, a wrong entry at the counter."""

    class Kind(models.TextChoices):
        REJECTED = "rejected", _("Prélèvement rejeté")
        BOUNCED = "bounced", _("Chèque impayé")
        MISTAKE = "mistake", _("Erreur de saisie au guichet")

    class Code(models.TextChoices):
        """Why a bank sends a direct debit back: the reasons of the SEPA rulebook, as payers say them."""

        FUNDS = "funds", _("Provision insuffisante")
        CLOSED = "closed", _("Compte clos")
        OPPOSED = "opposed", _("Opposition ou contestation du payeur")
        DETAILS = "details", _("Coordonnées bancaires inexploitables")
        OTHER = "other", _("Autre motif")

    receipt = models.OneToOneField(Receipt, on_delete=models.PROTECT, related_name="reversal")
    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, related_name="reversal")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    code = models.CharField(_("motif de la banque"), max_length=8, choices=Code.choices, blank=True)
    """Of a rejected direct debit; empty for one that was noted before there were codes."""
    reason = models.CharField(_("motif"), max_length=300, blank=True)
    """In words: all of it where there is no code, else what the code does not say."""
    refunded_cents = models.PositiveBigIntegerField(default=0)
    """What the comptable had given back of it before: the payer owes it, and it stands in dépenses à régulariser."""
    at = models.DateTimeField()
    actor = ActorField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(code="") | models.Q(kind="rejected"), name="reversal_code_of_a_debit"
            ),
            models.CheckConstraint(
                condition=~models.Q(reason="") | ~models.Q(code__in=["", "other"]), name="reversal_says_why"
            ),
        ]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.kind} {self.receipt_id}"

    @property
    def why(self) -> str:
        """The reason as the payer reads it, in French whatever the agent's language."""
        return self.why_in(Language.FRENCH)

    def why_in(self, language: str) -> str:
        """Return the reason in the payer's language; what an agent typed stays as it is."""
        if self.code in ("", self.Code.OTHER):
            return self.reason
        label = texts.in_language(self.Code(self.code).label, language)
        return " – ".join(part for part in (label, self.reason) if part)


ACCOUNT_OF = {
    Receipt.Means.CARD: Account.CARD_CLEARING,
    Receipt.Means.TERMINAL: Account.CARD_CLEARING,
    Receipt.Means.DEBIT: Account.DEBIT_CLEARING,
    Receipt.Means.TRANSFER: Account.TREASURY_DEPOSIT,
    Receipt.Means.CASH: Account.CASH,
    Receipt.Means.CHEQUE: Account.CHEQUES,
    Receipt.Means.CESU: Account.CHEQUES,
}
"""Where money of each kind is held until it is paid over. A CESU is handed in to be paid, as a cheque is."""


class ReceiptPdf(models.Model):
    """The PDF of a receipt: rendered once, served as it is for ever."""

    receipt = models.OneToOneField(Receipt, on_delete=models.PROTECT, related_name="paper")
    digest = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    rendered_at = models.DateTimeField()

    class Meta:
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return self.digest
