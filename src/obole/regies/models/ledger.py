"""The ledger: entries that are only ever added, what they come to, and what was closed of it."""

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from obole.lib.actors import ActorField
from obole.regies.accounts import Account
from obole.regies.models.regies import Regie


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
        indexes = [
            models.Index(fields=["regie", "booked_at"], name="entry_by_day"),
            models.Index(fields=["booked_at", "id"], name="entry_by_date"),
        ]
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
                # One update of a sum for all the lines of a statement, in the same order for all. LIMIT keeps the
                # lateral from becoming a join, planned once for a connection: it would read all entries for two lines.
                func="""
                    WITH moved AS (
                        SELECT regie_id, day, account, cause_kind, debit, credit FROM added CROSS JOIN LATERAL (
                            SELECT regie_id, cause_kind, (booked_at AT TIME ZONE 'Europe/Paris')::date AS day
                            FROM regies_entry WHERE id = added.entry_id LIMIT 1
                        ) AS entry
                    ), daily AS (
                        INSERT INTO regies_dailytotal AS kept (regie_id, account, day, cause_kind, debit, credit, lines)
                        SELECT regie_id, account, day, cause_kind, sum(debit), sum(credit), count(*) FROM moved
                        GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
                        ON CONFLICT (regie_id, account, day, cause_kind) DO UPDATE SET
                            lines = kept.lines + EXCLUDED.lines, debit = kept.debit + EXCLUDED.debit,
                            credit = kept.credit + EXCLUDED.credit
                    )
                    INSERT INTO regies_balance AS kept (regie_id, account, debit, credit)
                    SELECT regie_id, account, sum(debit), sum(credit) FROM moved GROUP BY 1, 2 ORDER BY 1, 2
                    ON CONFLICT (regie_id, account) DO UPDATE SET
                        debit = kept.debit + EXCLUDED.debit, credit = kept.credit + EXCLUDED.credit;
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


class DailyTotal(models.Model):
    """
    What the lines of an account add up to by day (in Paris) and cause, kept as ``Balance``: any date costs the same.
    """

    regie = models.ForeignKey(Regie, on_delete=models.PROTECT, related_name="daily_totals")
    account = models.CharField(max_length=20, choices=Account.choices)
    day = models.DateField()
    cause_kind = models.CharField(max_length=30)
    debit = models.PositiveBigIntegerField(default=0)
    credit = models.PositiveBigIntegerField(default=0)
    lines = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["regie", "account", "day", "cause_kind"]
        constraints = [
            models.UniqueConstraint(fields=["regie", "account", "day", "cause_kind"], name="daily_total_once"),
            models.CheckConstraint(condition=models.Q(account__in=Account.values), name="daily_total_account_known"),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.account} {self.cause_kind}"


class Closing(models.Model):
    """
    An arrêté: the entries booked up to a day, in Paris, are all there, and what they come to never changes again.

    Sums are ``{account: [debit, credit]}`` in cents, for the accounts that moved.
    """

    regie = models.ForeignKey(Regie, on_delete=models.PROTECT, related_name="closings")
    until = models.DateField(_("arrêté au"))
    entry_number = models.PositiveBigIntegerField()
    """The last entry booked on or before that day; 0 if there is none."""
    entry_hash = models.CharField(max_length=64, blank=True, default="")
    """The hash of that entry: whoever keeps the paper can tell later that nothing before it was rewritten."""
    before = models.JSONField(default=dict)
    """What all the entries of the periods before come to."""
    totals = models.JSONField(default=dict)
    """What the entries of this period come to."""
    closed_by = ActorField()
    closed_at = models.DateTimeField()

    class Meta:
        ordering = ["regie", "-until"]
        constraints = [models.UniqueConstraint(fields=["regie", "until"], name="closing_once")]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.regie_id} until {self.until}"
