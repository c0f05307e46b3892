"""Loading the town, once, into an empty database."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta

from django.core.management import call_command
from django.db import connection, transaction

from obole.audit_log import operations as audit_log
from obole.bank_statements import operations as bank_statements
from obole.billing.models import Invoice
from obole.billing.states import InvoiceState
from obole.directory.models import Authority
from obole.payments import operations as payments
from obole.remittances import operations as remittances
from obole_demo import accounts, bookkeeping, chapters, ownership, people, town
from obole_demo.past import PastBank, past_worker, without_waiting_for_the_disk
from obole_demo.timeline import Story

SEED = 1864
"""The same town every time: only its dates move with today."""


def forget_interrupted() -> bool:
    """Empty the demonstration's own database if its story was interrupted; say whether it was."""
    if not ownership.is_begun() or ownership.is_loaded():
        return False
    # Its tables only grow, and refuse to be emptied: the demonstration alone begins anew, in a database of its own.
    with transaction.atomic():
        _let_triggers(rest=True)
        call_command("flush", interactive=False, verbosity=0)
        _let_triggers(rest=False)
    return True


def _let_triggers(*, rest: bool) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'refuse_truncate'")
        for (table,) in cursor.fetchall():
            cursor.execute(f"ALTER TABLE {table} {'DISABLE' if rest else 'ENABLE'} TRIGGER refuse_truncate")


def load(*, simulator_url: str, now: datetime, told: Callable[[int], None]) -> None:
    """
    Configure the town and live its last five months.

    :param told: called after each invoice, with how many there are.
    """
    ownership.begin(at=now)
    without_waiting_for_the_disk()
    bank, dice = PastBank(simulator_url), random.Random(SEED)
    with past_worker() as worker:
        made = town.configure(simulator_url=simulator_url, at=now - timedelta(days=165))
        citizens = people.settle(dice=dice, at=now - timedelta(days=164))
        story = Story(made, bank, worker, dice, now, told)
        chapters.write(story, citizens)
        bookkeeping.write(story)
        story.tell()
        bank.set_clock(None)
        _leave_some_at_the_bank(story, now)
        bank_statements.follow_sides(at=now)
        remittances.follow_limits(at=now)
    with transaction.atomic():
        audit_log.log_event(ownership.LOADED, subject=Authority.objects.get(only=True), actor=accounts.admin(), at=now)


def _leave_some_at_the_bank(story: Story, now: datetime) -> None:
    """Three payers are typing the number of their card right now."""
    due = Invoice.objects.filter(state=InvoiceState.DUE, due_date__gte=now.date()).exclude(payer__email="")
    for invoice in due.exclude(payer__email=people.USAGER).select_related("payer").order_by("-issued_at", "id")[:3]:
        payments.start_payment(
            invoice_id=invoice.pk,
            email=invoice.payer.email,
            request_key=f"demo-{invoice.pk}",
            actor=invoice.payer.actor,
            at=now,
        )
    story.worker.catch_up(now)
