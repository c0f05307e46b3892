"""One thing done to many rows: a bad one stops no other, a second click repeats nothing, a dead worker loses none."""

import io
import zipfile
from typing import Any

import pytest
from django.db import OperationalError, transaction
from procrastinate.contrib.django.models import ProcrastinateJob

from obole.audit_log.models import Record
from obole.billing import operations as billing
from obole.billing.models import CreditNote, Invoice
from obole.billing.operations import ReasonMissing
from obole.bulk_actions import operations, queries, tasks
from obole.bulk_actions.models import BulkAction, BulkRow, BulkVerb
from obole.bulk_actions.operations import BulkRequest, EmptySelection, TooManyRows, running
from obole.directory.models import Agent
from obole.directory.rules import NotAllowed, Profile
from obole.dossiers import operations as dossiers
from obole.dossiers.models import Dossier
from obole.lib import files, stored_files, texts
from obole.mailing.models import Message
from obole.recovery import operations as recovery
from obole.recovery.models import Hold
from obole.reminders import operations as reminders
from tests.books import check_books
from tests.crm.desk import pay, submit_with_file
from tests.spaces import plain
from tests.world import NOON, Town, later, make_agent, make_invoice, make_old_draft, make_town, run_tasks

pytestmark = pytest.mark.django_db
WHY = {"code": "quantity", "comment": ""}


@pytest.fixture
def town(db: None, time_machine: Any) -> Town:
    time_machine.move_to(later(30), tick=False)
    return make_town()


def ask(agent: Agent, ids: list[int], *, verb: BulkVerb = BulkVerb.CANCEL_INVOICES, key: str = "") -> BulkAction:
    asked = BulkRequest(verb, ids, WHY if verb == BulkVerb.CANCEL_INVOICES else {})
    return operations.start(asked=asked, request_key=key or texts.token(), actor=agent.actor, at=later(30))


def work(action: BulkAction) -> BulkAction:
    run_tasks()
    action.refresh_from_db()
    return action


def outcomes(action: BulkAction) -> list[str]:
    return list(action.rows.order_by("position").values_list("outcome", flat=True))


def reason(action: BulkAction) -> str:
    return plain(queries.unsuccessful_rows(action)[0].reason)


def test_a_bad_row_stops_no_other_and_says_why(town: Town) -> None:
    first, paid, last = (make_invoice(town, meals=meals) for meals in (1, 16, 2))
    pay(paid)
    action = work(ask(town.agent, [first.pk, paid.pk, last.pk]))

    assert outcomes(action) == ["done", "failed", "done"]
    assert (action.done, action.failed, action.total, action.ended_at) == (2, 1, 3, later(30))
    assert "« Payée »" in reason(action)
    assert set(CreditNote.objects.values_list("invoice", flat=True)) == {first.pk, last.pk}
    assert {note.issued_by.id for note in CreditNote.objects.all()} == {town.agent.actor.id}
    check_books()


def test_money_is_never_freed_by_the_hundred(town: Town) -> None:
    """The régisseur may cancel a paid invoice, from its page."""
    paid = make_invoice(town)
    pay(paid)
    action = work(ask(town.regisseur, [paid.pk]))
    paid.refresh_from_db()
    assert (outcomes(action), paid.state) == (["failed"], "paid")


def test_a_second_click_is_the_same_action(town: Town) -> None:
    one = make_invoice(town)
    first, second = ask(town.agent, [one.pk], key="k"), ask(town.agent, [one.pk], key="k")
    assert first == second
    assert ProcrastinateJob.objects.filter(task_name="bulk_actions.run").count() == 1
    assert outcomes(work(first)) == ["done"]
    assert outcomes(ask(town.agent, [one.pk], key="k")) == ["done"]
    run_tasks()
    assert CreditNote.objects.count() == 1
    with pytest.raises(NotAllowed):
        ask(town.regisseur, [one.pk], key="k")


def test_a_row_that_is_chosen_twice_is_done_once(town: Town) -> None:
    one = make_invoice(town)
    assert outcomes(ask(town.agent, [one.pk, one.pk])) == ["pending"]


def test_a_worker_that_dies_between_two_rows_goes_on_where_it_was(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = [make_invoice(town, meals=meals).pk for meals in (1, 2, 3)]
    action, calls, note = ask(town.agent, ids), [], running._note

    def dying(*given: Any) -> None:
        calls.append(given)
        note(*given)
        if len(calls) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(running, "_note", dying)
    with pytest.raises(KeyboardInterrupt):
        tasks.run.func(action_id=action.pk)
    # The second row was done in the transaction that died: neither its avoir nor its count is there.
    assert outcomes(action) == ["done", "pending", "pending"]
    assert CreditNote.objects.count() == 1

    monkeypatch.undo()
    tasks.run.func(action_id=action.pk)
    assert outcomes(action) == ["done"] * 3
    assert CreditNote.objects.count() == 3
    check_books()


def test_a_database_that_goes_away_fails_no_row(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    action = ask(town.agent, [make_invoice(town).pk])

    def away(**_given: Any) -> None:
        raise OperationalError("the connection is lost")

    monkeypatch.setattr(billing, "cancel_invoice", away)
    with pytest.raises(OperationalError):
        tasks.run.func(action_id=action.pk)
    assert outcomes(action) == ["pending"]
    monkeypatch.undo()
    assert outcomes(work(action)) == ["done"]


def test_what_nobody_foresaw_fails_one_row(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    bad, good = make_invoice(town), make_invoice(town)
    cancel = billing.cancel_invoice

    def failing(**given: Any) -> CreditNote:
        note = cancel(**given)
        if given["invoice_id"] == bad.pk:
            raise KeyError("a secret of ours")
        return note

    monkeypatch.setattr(billing, "cancel_invoice", failing)
    action = work(ask(town.agent, [bad.pk, good.pk]))
    assert outcomes(action) == ["failed", "done"]
    assert "secret" not in reason(action)
    assert list(CreditNote.objects.values_list("invoice", flat=True)) == [good.pk]


def test_it_is_stopped_between_two_rows(town: Town) -> None:
    ids = [make_invoice(town, meals=meals).pk for meals in (1, 2)]
    action = ask(town.agent, ids)
    assert operations.run_next(action_id=action.pk, at=later(31))
    with pytest.raises(NotAllowed):
        operations.cancel(action_id=action.pk, actor=town.regisseur.actor, at=later(31))
    for _click in range(2):
        operations.cancel(action_id=action.pk, actor=town.agent.actor, at=later(32))
    assert outcomes(work(action)) == ["done", "skipped"]
    assert (action.skipped, action.cancelled_at, action.ended_at) == (1, later(32), later(32))
    assert CreditNote.objects.count() == 1


def test_one_that_has_ended_is_not_stopped(town: Town) -> None:
    action = work(ask(town.agent, [make_invoice(town).pk]))
    operations.cancel(action_id=action.pk, actor=town.agent.actor, at=later(40))
    action.refresh_from_db()
    assert (action.cancelled_at, action.ended_at) == (None, later(30))


def test_each_row_is_looked_at_with_the_rights_of_the_agent_at_that_moment(town: Town) -> None:
    one = make_invoice(town)
    elsewhere = make_agent(Profile.REVIEWER, email="ailleurs@example.org", all_services=False)
    action = work(ask(elsewhere, [one.pk]))
    assert outcomes(action) == ["failed"]
    assert "droit" in reason(action)

    gone = ask(town.agent, [one.pk])
    Agent.objects.filter(pk=town.agent.pk).update(may_sign_in=False)
    assert outcomes(work(gone)) == ["failed"]
    one.refresh_from_db()
    assert one.state == "due"


def test_who_only_reads_prints_and_cancels_nothing(town: Town) -> None:
    one = make_invoice(town)
    reader = make_agent(Profile.READER, email="lecture@example.org")
    with pytest.raises(NotAllowed):
        ask(reader, [one.pk])
    assert outcomes(work(ask(reader, [one.pk], verb=BulkVerb.PRINT_INVOICES))) == ["done"]
    assert BulkAction.objects.count() == 1


def test_what_makes_no_sense_begins_nothing(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    one = make_invoice(town)
    with pytest.raises(EmptySelection):
        ask(town.agent, [])
    for parameters in ({}, {"code": "nonsense"}, {"code": "other", "comment": "  "}):
        with pytest.raises(ReasonMissing):
            operations.start(
                asked=BulkRequest(BulkVerb.CANCEL_INVOICES, [one.pk], parameters),
                request_key="k",
                actor=town.agent.actor,
                at=NOON,
            )
    with pytest.raises(TooManyRows) as refusal:
        ask(town.agent, list(range(1, 502)), verb=BulkVerb.PRINT_INVOICES)
    assert refusal.value.most == 500
    assert not BulkAction.objects.exists()


def test_printing_makes_one_archive_in_the_order_of_the_list(town: Town) -> None:
    invoices = [make_invoice(town, meals=meals) for meals in (1, 2, 3)]
    draft = make_old_draft(town)
    ids = [invoices[2].pk, draft.pk, invoices[0].pk]
    action = work(ask(town.agent, ids, verb=BulkVerb.PRINT_INVOICES))

    assert outcomes(action) == ["done", "failed", "done"]
    content = files.get(action.file_digest)
    assert len(content) == action.file_size
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.namelist() == [f"facture-{invoices[rank].number}.pdf" for rank in (2, 0)]
        assert all(archive.read(name).startswith(b"%PDF") for name in archive.namelist())
    assert not any(one.digest == action.file_digest for one in stored_files.orphans(at=later(days=60)))


def test_drafts_and_dossiers(town: Town) -> None:
    draft, issued = make_old_draft(town), make_invoice(town)
    action = work(ask(town.agent, [draft.pk, issued.pk], verb=BulkVerb.ISSUE_DRAFTS))
    assert outcomes(action) == ["done", "failed"]
    assert Invoice.objects.get(pk=draft.pk).state == "due"

    waiting = submit_with_file(town)
    taken = work(ask(town.agent, [waiting.pk], verb=BulkVerb.TAKE_DOSSIERS))
    assert outcomes(taken) == ["done"]
    assert Dossier.objects.get(pk=waiting.pk).agent == town.agent
    again = work(ask(town.agent, [waiting.pk], verb=BulkVerb.TAKE_DOSSIERS))
    assert "« En instruction »" in reason(again)


def test_reminders_are_sent_to_who_is_late_and_the_others_are_named(town: Town, time_machine: Any) -> None:
    late, paid, other = make_invoice(town), make_invoice(town, meals=2), make_invoice(town, meals=3)
    pay(paid)
    time_machine.move_to(later(days=30), tick=False)
    reminders.remind_now(invoice_id=other.pk, actor=town.agent.actor, at=later(days=30))
    ids = [late.pk, paid.pk, other.pk]
    seen = queries.forecast(BulkVerb.REMIND, ids, town.agent, today=later(days=30).date())
    assert (seen.taken, seen.cents) == (1, late.total_cents)
    assert seen.refused == {paid.pk: "Elle est payée.", other.pk: "Elle a déjà été relancée aujourd’hui."}

    for _click in range(2):
        action = work(ask(town.agent, ids, verb=BulkVerb.REMIND, key="form"))
    assert outcomes(action) == ["done", "failed", "failed"]
    assert {row.object_id: row.reason for row in queries.unsuccessful_rows(action)} == seen.refused
    assert Message.objects.filter(kind="reminder_1").count() == 2


def test_due_dates_are_put_off_together_and_a_day_that_cannot_be_begins_nothing(town: Town) -> None:
    due, paid = make_invoice(town), make_invoice(town, meals=2)
    pay(paid)
    given = {"due_date": "2027-01-14", "comment": "Vacances"}

    def put_off(**changes: str) -> BulkAction:
        asked = BulkRequest(BulkVerb.CHANGE_DUE_DATE, [due.pk, paid.pk], {**given, **changes})
        return operations.start(asked=asked, request_key=texts.token(), actor=town.agent.actor, at=later(30))

    with pytest.raises(billing.BadDays):
        put_off(due_date="2026-11-01")
    with pytest.raises(ReasonMissing):
        put_off(comment=" ")
    assert not BulkAction.objects.exists()

    seen = queries.forecast(BulkVerb.CHANGE_DUE_DATE, [due.pk, paid.pk], town.agent, today=later(30).date())
    assert (seen.taken, seen.cents, list(seen.refused)) == (1, due.total_cents, [paid.pk])
    action = work(put_off())
    assert outcomes(action) == ["done", "failed"]
    assert "« Payée »" in reason(action)
    assert str(Invoice.objects.get(pk=due.pk).due_date) == "2027-01-14"


def test_reminders_are_held_together_and_a_day_that_cannot_be_begins_nothing(town: Town) -> None:
    due, paid = make_invoice(town), make_invoice(town, meals=2)
    pay(paid)
    given = {"until": "2027-01-14", "reason": "difficulty", "comment": ""}

    def hold(**changes: str) -> BulkAction:
        asked = BulkRequest(BulkVerb.HOLD, [due.pk, paid.pk], {**given, **changes})
        return operations.start(asked=asked, request_key=texts.token(), actor=town.agent.actor, at=later(30))

    for wrong in ({"until": "2026-11-01"}, {"until": "2028-11-01"}, {"reason": "other"}, {"reason": "nope"}):
        with pytest.raises(recovery.CannotHold):
            hold(**wrong)
    assert not BulkAction.objects.exists()

    seen = queries.forecast(BulkVerb.HOLD, [due.pk, paid.pk], town.agent, today=later(30).date())
    assert (seen.taken, seen.cents, list(seen.refused)) == (1, due.total_cents, [paid.pk])
    action = work(hold())
    assert outcomes(action) == ["done", "failed"]
    held = Hold.objects.get()
    assert (held.invoice, str(held.until), held.placed_by.id) == (due, "2027-01-14", town.agent.actor.id)


def test_dossiers_are_put_in_the_hands_of_who_may_review_them(town: Town) -> None:
    waiting, ended = submit_with_file(town), submit_with_file(town)
    dossiers.withdraw(dossier_id=ended.pk, actor=town.citizen.actor, at=later(20))
    colleague = make_agent(Profile.REVIEWER, email="collegue@example.org")
    stranger = make_agent(Profile.REVIEWER, email="ailleurs@example.org", all_services=False)

    def give(agent: Agent) -> BulkAction:
        asked = BulkRequest(BulkVerb.ASSIGN_DOSSIERS, [waiting.pk, ended.pk], {"agent": str(agent.pk)})
        action = operations.start(asked=asked, request_key=texts.token(), actor=town.agent.actor, at=later(30))
        return work(action)

    seen = queries.forecast(BulkVerb.ASSIGN_DOSSIERS, [waiting.pk, ended.pk], town.agent, today=later(30).date())
    assert (seen.taken, list(seen.refused)) == (1, [ended.pk])
    refused = give(stranger)
    assert outcomes(refused) == ["failed", "failed"]
    assert [plain(row.reason) for row in queries.unsuccessful_rows(refused)] == [
        "Cet agent n’instruit pas cette prestation : confiez le dossier à un autre.",
        "Plus personne n’y travaille : il est refusé, abandonné ou clos.",
    ]
    assert Dossier.objects.get(pk=waiting.pk).agent is None
    assert outcomes(give(colleague)) == ["done", "failed"]
    assert Dossier.objects.get(pk=waiting.pk).agent == colleague


def test_a_long_selection_is_done_in_slices(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "AT_ONCE", 2)
    ids = [make_invoice(town, meals=meals).pk for meals in (1, 2, 3)]
    action = ask(town.agent, ids)
    assert run_tasks().count("bulk_actions.run") == 2
    assert outcomes(action) == ["done"] * 3


def test_what_was_left_goes_on_and_what_is_old_is_forgotten(town: Town) -> None:
    action = ask(town.agent, [make_invoice(town).pk])
    ProcrastinateJob.objects.filter(task_name="bulk_actions.run")._raw_delete("default")
    assert operations.resume(at=later(31)) == 0
    assert (operations.resume(at=later(60)), operations.resume(at=later(60))) == (1, 0)
    work(action)
    assert operations.forget_old(at=later(days=80)) == 0
    assert operations.forget_old(at=later(days=91)) > 0
    assert not BulkRow.objects.exists()


def test_the_trail_keeps_what_was_asked_and_how_it_ended(town: Town) -> None:
    action = work(ask(town.agent, [make_invoice(town).pk]))
    kept = Record.objects.filter(subject_kind="bulk_actions.bulkaction", subject_id=action.pk).order_by("pk")
    assert list(kept.values_list("verb", flat=True)) == ["bulk.start", "bulk.end"]


def test_rolled_back_with_what_asks_for_it(town: Town) -> None:
    with pytest.raises(KeyError), transaction.atomic():
        ask(town.agent, [make_invoice(town).pk])
        raise KeyError
    assert not ProcrastinateJob.objects.filter(task_name="bulk_actions.run").exists()


def test_the_forecast_says_what_will_be_refused_in_few_queries(town: Town, django_assert_max_num_queries: Any) -> None:
    paid, due = make_invoice(town), make_invoice(town, meals=2)
    pay(paid)
    many = [make_invoice(town, meals=3).pk for _rank in range(8)]
    with django_assert_max_num_queries(6):
        ids = [paid.pk, due.pk, *many, 999_999]
        seen = queries.forecast(BulkVerb.CANCEL_INVOICES, ids, town.agent, today=later(30).date())
    assert (seen.taken, len(seen.names), seen.cents) == (9, 10, 650 + 8 * 975)
    assert list(seen.refused) == [paid.pk]
