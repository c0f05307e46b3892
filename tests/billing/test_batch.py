"""Many drafts issued at once: numbers without a gap, all or nothing, and every payer told."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from procrastinate.contrib.django.models import ProcrastinateJob

from obole.audit_log.models import Record
from obole.billing import emails, operations as billing
from obole.billing.models import Invoice, InvoiceLine, InvoicePdf
from obole.billing.operations import batch, issuing
from obole.lib import texts
from obole.lib.states import ForbiddenTransition
from obole.mailing.models import Message
from obole.regies import ledger, numbering
from obole.regies.models import Closing, Entry, Regie, Series
from tests.books import check_books, count_everything
from tests.world import NOON, WHO, Town, make_invoice, make_regie, make_town, make_type, run_tasks

pytestmark = pytest.mark.django_db


@pytest.fixture
def town(db: None) -> Town:
    return make_town()


def drafts(town: Town, count: int, *, cents: int = 325, **values: Any) -> list[int]:
    made = []
    for _rank in range(count):
        fields = {"type": town.type, "regie": town.regie, "payer": town.citizen, "label": "Cantine", "created_at": NOON}
        draft = Invoice.objects.create(request_key=texts.token(), total_cents=cents, **{**fields, **values})
        InvoiceLine.objects.create(
            invoice=draft, position=1, label="Repas", quantity=1, unit_price_cents=cents, amount_cents=cents
        )
        made.append(draft.pk)
    return made


def issue(ids: list[int]) -> list[Invoice]:
    return billing.issue_batch(invoice_ids=ids, actor=WHO, at=NOON)


def test_numbers_follow_each_other_and_those_given_one_by_one(town: Town) -> None:
    before = make_invoice(town)
    issued = issue(drafts(town, 7)[::-1])
    after = make_invoice(town)

    assert [item.pk for item in issued] == sorted(item.pk for item in issued)
    assert [before.sequence, *(item.sequence for item in issued), after.sequence] == list(range(1, 10))
    kept = list(Invoice.objects.order_by("sequence").values_list("number", flat=True))
    assert kept == [f"ENF-2026-{rank:06d}" for rank in range(1, 10)]
    check_books()


def test_an_invoice_of_a_batch_is_what_it_would_be_alone(town: Town) -> None:
    together, alone = drafts(town, 2)
    issue([together])
    billing.issue_invoice(invoice_id=alone, actor=WHO, at=NOON)

    said = [Invoice.objects.values().get(pk=pk) for pk in (together, alone)]
    for item in said:
        for own in ("id", "public_id", "request_key", "number", "sequence"):
            del item[own]
        assert item["wording"].pop("pay_url").startswith("http")
    assert said[0] == said[1]
    trail = [
        Record.objects.get(subject_kind="billing.invoice", subject_id=pk, verb="invoice.issue")
        for pk in (together, alone)
    ]
    assert [(item.source, item.target, item.actor, item.details["cents"]) for item in trail] == [
        ("draft", "due", WHO, 325)
    ] * 2


def test_every_payer_is_told_and_every_document_made(town: Town) -> None:
    ids = drafts(town, batch.DEPOSITED_AT_ONCE + 3)
    issue(ids)
    assert list(ProcrastinateJob.objects.filter(status="todo").values_list("task_name", flat=True)) == [
        "billing.deposit"
    ]

    done = run_tasks()

    assert done.count("billing.deposit") == 2
    assert set(InvoicePdf.objects.values_list("invoice", flat=True)) == set(ids)
    told = Message.objects.filter(kind="invoice_deposited").values_list("about_id", flat=True)
    assert sorted(told) == sorted(ids)


def test_a_deposit_done_twice_tells_nobody_twice(town: Town) -> None:
    issue(drafts(town, 3))
    for _time in range(2):
        billing.deposit_batch(regie_id=town.regie.pk, year=2026, first=1, last=3, at=NOON)
    run_tasks()

    assert Message.objects.filter(kind="invoice_deposited").count() == InvoicePdf.objects.count() == 3


def test_who_was_cancelled_before_the_deposit_is_not_told_to_pay(town: Town) -> None:
    issue(drafts(town, 2))
    gone = Invoice.objects.order_by("sequence")[0]
    billing.cancel_invoice(invoice_id=gone.pk, code="twice", comment="", actor=WHO, at=NOON)
    run_tasks()
    told = Message.objects.filter(about_id=gone.pk).values_list("kind", flat=True)
    assert list(told) == ["invoice_cancelled"]
    assert Message.objects.filter(kind="invoice_deposited").count() == 1


def test_a_deposit_that_is_interrupted_leaves_nothing_half_asked(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    issue(drafts(town, 3))
    jobs, announce, told = ProcrastinateJob.objects.count(), emails.send_invoice_notice, []

    def die_at_the_second(invoice: Invoice, **rest: Any) -> None:
        told.append(announce(invoice, **rest))
        if len(told) == 2:
            raise ConnectionError

    monkeypatch.setattr(emails, "send_invoice_notice", die_at_the_second)
    with pytest.raises(ConnectionError):
        billing.deposit_batch(regie_id=town.regie.pk, year=2026, first=1, last=3, at=NOON)

    assert (Message.objects.filter(kind="invoice_deposited").count(), ProcrastinateJob.objects.count()) == (0, jobs)


def issued_already(town: Town) -> list[int]:
    return [make_invoice(town).pk]


def of_another_regie(town: Town) -> list[int]:
    other = make_regie("SPO", "Régie Sports")
    return drafts(town, 1, regie=other, type=make_type(other, [], name="Sports"))


def for_nothing(town: Town) -> list[int]:
    return drafts(town, 1, cents=0)


def unknown(town: Town) -> list[int]:
    return [987654]


@pytest.mark.parametrize(
    ("spoiling", "refusal"),
    [
        (issued_already, ForbiddenTransition),
        (of_another_regie, billing.NotBillable),
        (for_nothing, billing.EmptyInvoice),
        (unknown, Invoice.DoesNotExist),
    ],
)
def test_one_that_cannot_be_issued_keeps_all_the_others_drafts(
    town: Town, spoiling: Callable[[Town], list[int]], refusal: type[Exception]
) -> None:
    spoilt = spoiling(town)
    ids = drafts(town, 3)
    before, jobs = count_everything(), ProcrastinateJob.objects.count()

    with pytest.raises(refusal):
        issue([*ids, *spoilt])

    assert count_everything() == before
    assert ProcrastinateJob.objects.count() == jobs
    assert set(Invoice.objects.filter(pk__in=ids).values_list("state", "number")) == {("draft", None)}
    assert [item.sequence for item in issue(ids)] == ([2, 3, 4] if spoiling is issued_already else [1, 2, 3])
    if spoiling is for_nothing:
        billing.discard_draft(invoice_id=spoilt[0], actor=WHO, at=NOON)
    check_books()


def test_a_rollback_leaves_no_gap(town: Town) -> None:
    ids = drafts(town, 4)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        issue(ids)
        raise ZeroDivisionError

    assert (
        not Series.objects.exists()
        and not Entry.objects.exists()
        and not ProcrastinateJob.objects.filter(task_name="billing.deposit").exists()
    )
    assert [item.sequence for item in issue(ids)] == [1, 2, 3, 4]
    check_books()


def test_nothing_is_booked_in_a_closed_period(town: Town) -> None:
    Closing.objects.create(regie=town.regie, until=NOON.date(), entry_number=0, closed_by=WHO, closed_at=NOON)
    with pytest.raises(ledger.PeriodClosed):
        issue(drafts(town, 2))
    assert not Entry.objects.exists()


def test_a_cause_twice_in_one_call_is_refused(town: Town) -> None:
    event = issuing._event(Invoice.objects.get(pk=drafts(town, 1)[0]))
    with pytest.raises(ledger.AlreadyPosted), transaction.atomic():
        ledger.post_many(regie_id=town.regie.pk, events=[event, event], at=NOON)


def test_no_draft_is_no_work(town: Town) -> None:
    before = count_everything()
    assert issue([]) == []
    assert count_everything() == before


def test_neg_a_series_that_advances_by_one_gives_numbers_twice(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    def take_many(*, regie: Regie, kind: Series.Kind, year: int, count: int) -> range:
        first = numbering.take_number(regie=regie, kind=kind, year=year)
        return range(first, first + count)

    issue(drafts(town, 1))
    assert [item.sequence for item in issue(drafts(town, 2))] == [2, 3]
    real = numbering.take_numbers
    monkeypatch.setattr(numbering, "take_number", lambda **given: real(count=1, **given)[0])
    monkeypatch.setattr(numbering, "take_numbers", take_many)
    issue(drafts(town, 2))
    with pytest.raises(Exception, match="invoice_sequence_once|billing_invoice_number"):
        issue(drafts(town, 2))
