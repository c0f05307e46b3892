"""The régie, who answers for it, and its ledger: entries that are only ever added."""

from typing import ClassVar

import pgtrigger
from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from obole.directory.models import Agent
from obole.regies.accounts import Account
from obole.trail import history

SMALLEST_RELEASE_DELAY = 15
"""Minutes: PayFiP lets a payer open the payment page for as long as that."""


class RegieQuerySet(models.QuerySet["Regie"]):
    """Régies, and who may see which."""

    def locked(self) -> "RegieQuerySet":
        return self.select_for_update()

    def seen_by(self, agent: Agent) -> "RegieQuerySet":
        """Return the régies that this agent answers for; an administrator sees all."""
        if agent.profile == "admin":
            return self
        return self.filter(mandates__agent=agent)


# The bank may give a password; what use makes changes with every payment.
@history.kept(exclude=["gateway_settings", "entry_count", "entry_head"])
class Regie(models.Model):
    """A régie d'encaissement: what a bank account is to a shop. Collects for the comptable public."""

    code = models.CharField(
        _("code"), max_length=6, unique=True, validators=[RegexValidator(r"^[A-Z]{2,6}$", _("De 2 à 6 lettres majuscules, sans accent."))],
        help_text=_("Commence le numéro de chaque facture, par exemple ENF pour ENF-2026-000123. Ne change plus ensuite."),
    )  # fmt: skip
    name = models.CharField(_("nom"), max_length=120, unique=True)
    enabled = models.BooleanField(_("activée"), default=True)
    gateway = models.CharField(_("tiers bancaire"), max_length=20, default="payfip")
    gateway_settings = models.JSONField(_("réglages du tiers bancaire"), default=dict, blank=True)
    release_delay = models.PositiveSmallIntegerField(
        _("délai de déblocage (minutes)"), default=20, validators=[MinValueValidator(SMALLEST_RELEASE_DELAY)],
        help_text=_("Durée pendant laquelle une facture reste « En cours de paiement » avant un nouvel essai : 15 minutes au moins."),
    )  # fmt: skip
    holds_cautions = models.BooleanField(
        _("habilitée à garder des cautions"), default=False,
        help_text=_("Si son acte constitutif le prévoit. Une caution n’est pas une recette : elle n’entre dans aucun compte de la régie."),
    )  # fmt: skip
    description = models.TextField(_("description"), blank=True)
    entry_count = models.PositiveBigIntegerField(default=0, editable=False)
    entry_head = models.CharField(max_length=64, default="", blank=True, editable=False)
    """The hash of the last entry; the next one is chained to it."""

    objects: ClassVar[RegieQuerySet] = RegieQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(release_delay__gte=SMALLEST_RELEASE_DELAY), name="regie_release_delay_allowed"
            )
        ]

    def __str__(self) -> str:
        return self.name


@history.kept()
class Mandate(models.Model):
    """An agent answers for a régie: only those see its money."""

    regie = models.ForeignKey(Regie, on_delete=models.PROTECT, related_name="mandates")
    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="mandates")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["regie", "agent"], name="mandate_once")]

    def __str__(self) -> str:
        return f"{self.agent} / {self.regie}"


class Series(models.Model):
    """
    The last number given in a series of a régie and a year. A locked row, not a sequence: a rollback leaves no gap.

    Numbers of invoices, of avoirs and of quittances are continuous: a gap would have to be explained to the comptable.
    """

    class Kind(models.TextChoices):
        INVOICE = "invoice", _("factures")
        CREDIT_NOTE = "credit_note", _("avoirs")
        QUITTANCE = "quittance", _("quittances")

    regie = models.ForeignKey(Regie, on_delete=models.PROTECT, related_name="series")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["regie", "kind", "year"], name="regie_series_once")]

    def __str__(self) -> str:
        return f"{self.regie_id}/{self.kind}/{self.year}: {self.last}"


class Entry(models.Model):
    """One event of the ledger, numbered 1..n in its régie and chained to the one before."""

    regie = models.ForeignKey(Regie, on_delete=models.PROTECT, related_name="entries")
    number = models.PositiveBigIntegerField()
    cause_kind = models.CharField(max_length=30)
    cause_key = models.CharField(max_length=60)
    label = models.CharField(max_length=200)
    booked_at = models.DateTimeField()
    happened_at = models.DateTimeField(null=True)
    """The bank's time, when it says one; never used for order."""
    previous_hash = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)

    class Meta:
        ordering = ["regie", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["regie", "number"], name="entry_number_once"),
            models.UniqueConstraint(fields=["cause_kind", "cause_key"], name="entry_cause_once"),
        ]
        indexes = [models.Index(fields=["regie", "booked_at"], name="entry_by_day")]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            pgtrigger.Trigger(
                name="not_in_a_closed_period",
                operation=pgtrigger.Insert,
                when=pgtrigger.Before,
                func="""
                    IF EXISTS (
                        SELECT FROM regies_closing
                        WHERE regie_id = NEW.regie_id AND until >= (NEW.booked_at AT TIME ZONE 'Europe/Paris')::date
                    ) THEN
                        RAISE EXCEPTION 'the period of entry % is closed', NEW.number USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.regie_id}/{self.number} {self.label}"


class Line(models.Model):
    """One account moved by an entry: a debit or a credit, in cents."""

    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="lines")
    account = models.CharField(max_length=20, choices=Account.choices)
    nature = models.CharField(max_length=20, blank=True)
    """The accounting nature of the product, where the account is kept by nature."""
    debit = models.PositiveBigIntegerField(default=0)
    credit = models.PositiveBigIntegerField(default=0)

    class Meta:
        ordering = ["entry", "id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(debit__gt=0, credit=0) | models.Q(debit=0, credit__gt=0), name="line_debit_or_credit"
            ),
            models.CheckConstraint(condition=models.Q(account__in=Account.values), name="line_account_known"),
        ]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            pgtrigger.Trigger(
                name="kept_in_balance",
                operation=pgtrigger.Insert,
                when=pgtrigger.After,
                level=pgtrigger.Statement,
                referencing=pgtrigger.Referencing(new="added"),  # type: ignore[no-untyped-call]
                # One update of a balance for all the lines of a statement, in the same order for all. A join instead of the inner
                # SELECT would be planned once for a connection: after thousands of lines, it would read all entries for two.
                func="""
                    INSERT INTO regies_balance AS kept (regie_id, account, debit, credit)
                    SELECT moved.regie_id, moved.account, sum(moved.debit), sum(moved.credit)
                    FROM (
                        SELECT (SELECT regie_id FROM regies_entry WHERE id = added.entry_id), account, debit, credit FROM added
                    ) AS moved
                    GROUP BY moved.regie_id, moved.account
                    ORDER BY moved.regie_id, moved.account
                    ON CONFLICT (regie_id, account)
                    DO UPDATE SET debit = kept.debit + EXCLUDED.debit, credit = kept.credit + EXCLUDED.credit;
                    RETURN NULL;
                """,
            ),
            pgtrigger.Trigger(
                name="entry_sums_to_zero",
                operation=pgtrigger.Insert,
                when=pgtrigger.After,
                level=pgtrigger.Statement,
                referencing=pgtrigger.Referencing(new="added"),  # type: ignore[no-untyped-call]
                declare=[("odd", "bigint")],
                # The lines of an entry come in one statement: what was there before them sums to zero, or was nothing.
                func="""
                    SELECT entry_id INTO odd FROM added GROUP BY entry_id HAVING sum(debit) <> sum(credit) LIMIT 1;
                    IF FOUND THEN
                        RAISE EXCEPTION 'entry % does not sum to zero', odd USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NULL;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account} {self.debit} {self.credit}"


class Balance(models.Model):
    """
    What the lines of one account add up to, kept so that a page costs the same after ten years.

    The database itself keeps it, whenever a line is added: see the trigger ``kept_in_balance``.
    """

    regie = models.ForeignKey(Regie, on_delete=models.PROTECT, related_name="balances")
    account = models.CharField(max_length=20, choices=Account.choices)
    debit = models.PositiveBigIntegerField(default=0)
    credit = models.PositiveBigIntegerField(default=0)

    class Meta:
        ordering = ["regie", "account"]
        constraints = [
            models.UniqueConstraint(fields=["regie", "account"], name="balance_once"),
            models.CheckConstraint(condition=models.Q(account__in=Account.values), name="balance_account_known"),
        ]

    def __str__(self) -> str:
        return f"{self.account} {self.cents}"

    @property
    def cents(self) -> int:
        """The balance on the side where this account normally stands, in cents."""
        return self.debit - self.credit if Account(self.account).is_debit else self.credit - self.debit


class Closing(models.Model):
    """
    An arrêté: the entries booked up to a day, in Paris, are all there, and what they come to never changes again.

    Sums are ``{account: [debit, credit]}`` in cents, for the accounts that moved.
    """

    regie = models.ForeignKey(Regie, on_delete=models.PROTECT, related_name="closings")
    until = models.DateField(_("arrêté au"))
    entry_number = models.PositiveBigIntegerField()
    """The last entry booked on or before that day; 0 if there is none."""
    before = models.JSONField(default=dict)
    """What all the entries of the periods before come to."""
    totals = models.JSONField(default=dict)
    """What the entries of this period come to."""
    closed_by = models.CharField(max_length=254)
    closed_at = models.DateTimeField()

    class Meta:
        ordering = ["regie", "-until"]
        constraints = [models.UniqueConstraint(fields=["regie", "until"], name="closing_once")]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.regie_id} until {self.until}"
