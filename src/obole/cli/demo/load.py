"""Loading the town, once, into an empty database."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta

from django.core.management import call_command
from django.db import transaction

from obole.billing.models import Invoice
from obole.billing.states import InvoiceState
from obole.cli.demo import chapters, people, town
from obole.cli.demo.past import PastBank, past_worker, without_waiting_for_the_disk
from obole.cli.demo.story import Story
from obole.directory.models import Authority
from obole.payments import operations as payments
from obole.trail import operations as trail
from obole.trail.models import Record

LOADED = "demo.loaded"
SEED = 1864
"""The same town every time: only its dates move with today."""


def is_loaded() -> bool:
    """Tell whether this database has its town, whole."""
    return Record.objects.filter(verb=LOADED).exists()


def forget_interrupted() -> bool:
    """Empty a database whose story was interrupted, so that it can be told again; say whether there was one."""
    if is_loaded() or not Authority.objects.exists():
        return False
    call_command("flush", interactive=False, verbosity=0)
    return True


def load(*, simulator_url: str, now: datetime, told: Callable[[int], None]) -> None:
    """
    Configure the town and live its last five months.

    :param told: called after each invoice, with how many there are.
    """
    without_waiting_for_the_disk()
    bank, dice = PastBank(simulator_url), random.Random(SEED)
    with past_worker() as worker:
        made = town.configure(simulator_url=simulator_url, at=now - timedelta(days=165))
        citizens = people.settle(dice=dice, at=now - timedelta(days=164))
        story = Story(made, bank, worker, dice, now, told)
        chapters.write(story, citizens)
        story.tell()
        bank.set_clock(None)
        _leave_some_at_the_bank(story, now)
    with transaction.atomic():
        trail.note(LOADED, subject=Authority.objects.get(only=True), actor=town.ADMIN, at=now)


def _leave_some_at_the_bank(story: Story, now: datetime) -> None:
    """Three payers are typing the number of their card right now."""
    due = Invoice.objects.filter(state=InvoiceState.DUE, due_date__gte=now.date()).exclude(payer__email="")
    for invoice in due.exclude(payer__email=people.USAGER).select_related("payer").order_by("-issued_at", "id")[:3]:
        payments.start_payment(
            invoice_id=invoice.pk,
            email=invoice.payer.email,
            request_key=f"demo-{invoice.pk}",
            actor=invoice.payer.email,
            at=now,
        )
    story.worker.catch_up(now)
