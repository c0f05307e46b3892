"""« Relancer », pressed by two agents while the worker reminds: one mail, whoever comes first."""

from collections.abc import Callable

import pytest

from obole.billing.models import Invoice
from obole.mailing.models import Message
from obole.reminders import operations as reminders
from obole.reminders.models import Reminder
from tests.races.crowd import at_once, eight
from tests.world import WHO, Town, later, make_invoice, make_town

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]
LATE = later(days=27)
"""The day of the first reminder of the scenario too."""


@pytest.fixture
def town(transactional_db: None) -> Town:
    return make_town()


def by_hand(invoice: Invoice) -> Callable[[], Reminder | None]:
    return lambda: reminders.remind_now(invoice_id=invoice.pk, actor=WHO, at=LATE)


def test_asked_for_eight_times_at_once_one_mail_leaves(town: Town) -> None:
    results = eight(by_hand(make_invoice(town)))

    assert [type(result) for result in results].count(reminders.ReminderRefused) == 7
    assert Message.objects.filter(kind="reminder_1").count() == Reminder.objects.count() == 1


def test_the_worker_and_an_agent_at_once_send_one_mail(town: Town) -> None:
    invoice = make_invoice(town)

    def automatic() -> Reminder | None:
        return reminders.remind(invoice_id=invoice.pk, at=LATE)

    results = at_once(by_hand(invoice), automatic, automatic, by_hand(invoice))

    sent = [result for result in results if isinstance(result, Reminder)]
    others = [result for result in results if not isinstance(result, Reminder)]
    assert len(sent) == Reminder.objects.count() == 1
    assert all(result is None or isinstance(result, reminders.ReminderRefused) for result in others)
    assert Message.objects.filter(kind__startswith="reminder").count() == 1
