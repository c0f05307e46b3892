"""Numbers without a hole, one row for one form, one attempt for one invoice, one reminder for one step: eight at once."""

import random
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from obole.billing import operations as billing
from obole.billing.models import Invoice, InvoiceQuerySet
from obole.dossiers import operations as dossiers
from obole.dossiers.models import Dossier
from obole.gateways.sandbox.gateway import Sandbox
from obole.lib import days, words
from obole.mailing.models import Message
from obole.payments import operations as payments
from obole.payments.models import Attempt
from obole.payments.operations import opening
from obole.regies.models import Series
from obole.reminders import operations as reminders
from obole.reminders import queries
from obole.reminders.models import Reminder
from obole.trail.models import Record
from tests.books import check_books
from tests.races.crowd import EIGHT, Meeting, at_once, eight, given, without_lock
from tests.world import NOON, WHO, Town, later, make_dossier, make_invoice, make_town, run_tasks

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]
LATE = later(days=28)


class Rolled(Exception):
    """The transaction does not reach its end."""


@pytest.fixture
def town(transactional_db: None) -> Town:
    return make_town()


def generate(town: Town, dossier: Dossier, key: str = "") -> Callable[[], Invoice]:
    request_key = key or words.token()
    return lambda: billing.generate_invoice(
        dossier_id=dossier.pk, type_id=town.type.pk, quantities={}, period="", request_key=request_key, actor=WHO, at=NOON
    )  # fmt: skip


def sequences() -> list[int | None]:
    return list(Invoice.objects.order_by("sequence").values_list("sequence", flat=True))


def test_eight_invoices_at_once_take_numbers_one_to_eight(town: Town) -> None:
    made = [make_dossier(town) for _n in range(EIGHT)]

    given(at_once(*[generate(town, dossier) for dossier in made]), Invoice)

    assert sequences() == list(range(1, EIGHT + 1))
    check_books()


def test_rollbacks_among_them_leave_no_gap(town: Town) -> None:
    luck = random.Random(11)
    dossiers_left = [make_dossier(town) for _n in range(2 * EIGHT)]

    def unlucky(dossier: Dossier, fails: bool) -> Callable[[], Invoice]:
        def act() -> Invoice:
            with transaction.atomic():
                invoice = generate(town, dossier)()
                if fails:
                    raise Rolled
                return invoice

        return act

    fates = [luck.random() < 0.5 for _dossier in dossiers_left]
    acts = [unlucky(dossier, fails) for dossier, fails in zip(dossiers_left, fates, strict=True)]
    results = at_once(*acts[:EIGHT]) + at_once(*acts[EIGHT:])

    assert [isinstance(one, Rolled) for one in results] == fates
    assert sequences() == list(range(1, fates.count(False) + 1))
    check_books()


@pytest.mark.parametrize("guard", ["lock", "none"])
def test_neg_without_the_lock_of_the_series_two_invoices_take_one_number(
    town: Town, monkeypatch: pytest.MonkeyPatch, guard: str
) -> None:
    both, meeting = [make_dossier(town), make_dossier(town)], Meeting(guard)
    Series.objects.create(regie=town.regie, kind="invoice", year=2026)
    save, lock = Series.save, QuerySet.select_for_update

    def slowly(series: Series, **options: Any) -> None:
        meeting.wait()
        save(series, **options)

    def unlocked(queryset: QuerySet[Any], **options: Any) -> QuerySet[Any]:
        return without_lock(queryset) if queryset.model is Series else lock(queryset, **options)

    monkeypatch.setattr(Series, "save", slowly)
    if guard == "none":
        monkeypatch.setattr(QuerySet, "select_for_update", unlocked)

    results = at_once(*[generate(town, dossier) for dossier in both])

    # The database is the second line: no number is given twice, but one agent gets an error instead of an invoice.
    broken = [one for one in results if isinstance(one, IntegrityError)]
    assert (len(broken), sequences()) == ((1, [1]) if guard == "none" else (0, [1, 2]))


def test_the_same_form_sent_eight_times_makes_one_invoice(town: Town) -> None:
    made = given(eight(generate(town, make_dossier(town), "form")), Invoice)

    assert len({invoice.pk for invoice in made}) == Invoice.objects.count() == 1
    check_books()


def test_the_same_application_sent_eight_times_makes_one_dossier(town: Town) -> None:
    filled = dossiers.Filled(answers={"enfant": "Zoé", "ecole": "Jules-Ferry"}, quantities={town.meal.pk: Decimal(3)})

    def send() -> Dossier:
        return dossiers.submit(
            citizen_id=town.citizen.pk, form_id=town.form.pk, request_key="form", filled=filled, actor=WHO, at=NOON
        )

    made = given(eight(send), Dossier)

    assert len({dossier.pk for dossier in made}) == Dossier.objects.count() == 1
    assert Message.objects.filter(kind="dossier_received").count() == 1


def test_eight_applications_at_once_take_numbers_one_to_eight(town: Town) -> None:
    filled = dossiers.Filled(answers={"enfant": "Zoé", "ecole": "Jules-Ferry"}, quantities={})

    def send(key: str) -> Callable[[], Dossier]:
        return lambda: dossiers.submit(
            citizen_id=town.citizen.pk, form_id=town.form.pk, request_key=key, filled=filled, actor=WHO, at=NOON
        )

    given(at_once(*[send(f"form{n}") for n in range(EIGHT)]), Dossier)

    assert sorted(Dossier.objects.values_list("number", flat=True)) == list(range(1, EIGHT + 1))


def start(invoice: Invoice, key: str) -> Callable[[], Attempt]:
    return lambda: payments.start_payment(
        invoice_id=invoice.pk, email="usager@example.org", request_key=key, actor="usager", at=NOON
    )


def test_eight_tabs_that_pay_one_invoice_open_one_attempt(town: Town) -> None:
    invoice = make_invoice(town)

    results = at_once(*[start(invoice, f"tab{n}") for n in range(EIGHT)])

    assert sum(isinstance(one, Attempt) for one in results) == 1
    assert sum(isinstance(one, payments.AlreadyInProgress) for one in results) == EIGHT - 1
    assert Attempt.objects.get().state == "waiting"
    check_books()


def test_one_button_pressed_eight_times_calls_the_bank_once(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    invoice, called = make_invoice(town), []
    original = Sandbox.start

    def watched(self: Sandbox, order: Any) -> Any:
        called.append(order.reference)
        return original(self, order)

    monkeypatch.setattr(Sandbox, "start", watched)

    given(eight(start(invoice, "button")), Attempt)

    assert called == [Attempt.objects.get().reference]


@pytest.mark.parametrize("guard", ["lock", "none"])
def test_neg_without_the_lock_of_the_invoice_two_tabs_collide(
    town: Town, monkeypatch: pytest.MonkeyPatch, guard: str
) -> None:
    invoice, meeting = make_invoice(town), Meeting(guard)
    order = opening._order

    def slowly(attempt: Attempt) -> Any:
        meeting.wait()
        return order(attempt)

    monkeypatch.setattr(opening, "_order", slowly)
    if guard == "none":
        monkeypatch.setattr(InvoiceQuerySet, "locked", without_lock)

    results = at_once(start(invoice, "one"), start(invoice, "two"))

    # The database is the second line: never two open attempts, but an error where a sentence was due.
    expected = IntegrityError if guard == "none" else payments.AlreadyInProgress
    assert sum(isinstance(one, expected) for one in results) == 1
    assert Attempt.objects.open().count() == 1


def remind_all() -> list[int]:
    """Do what one run of the schedule does."""
    found = list(queries.candidates(days.day_of(LATE)))
    for invoice_id in found:
        reminders.remind(invoice_id=invoice_id, at=LATE)
    return found


def test_eight_runs_of_the_reminders_send_each_once(town: Town) -> None:
    invoices = [make_invoice(town) for _n in range(3)]

    given(eight(remind_all), list)

    assert sorted(Reminder.objects.values_list("invoice_id", "step")) == sorted((one.pk, 1) for one in invoices)
    assert Message.objects.filter(kind="reminder_1").count() == 3
    assert run_tasks().count("reminders.deliver") == 3
    assert Record.objects.filter(verb="reminder.send").count() == 3


@pytest.mark.parametrize("guard", ["lock", "none"])
def test_neg_without_the_lock_two_runs_decide_the_same_reminder(
    town: Town, monkeypatch: pytest.MonkeyPatch, guard: str
) -> None:
    invoice, meeting, decided = make_invoice(town), Meeting(guard), []
    fill = reminders._words

    def slowly(one: Invoice, kind: str) -> Any:
        decided.append(kind)
        meeting.wait()
        return fill(one, kind)

    monkeypatch.setattr(reminders, "_words", slowly)
    if guard == "none":
        monkeypatch.setattr(InvoiceQuerySet, "locked", without_lock)

    at_once(*[lambda: reminders.remind(invoice_id=invoice.pk, at=LATE)] * 2)

    # The outbox is the second line: its cause is unique, so even then one mail leaves.
    assert decided == ["reminder_1"] * (2 if guard == "none" else 1)
    assert Message.objects.filter(kind="reminder_1").count() == Reminder.objects.count() == 1
