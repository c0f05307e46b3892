"""A remise de service: counted, signed by two, over accounts that did not move; one mandate ends, another begins."""

from typing import Any

import pgtrigger
import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from obole.audit_log.models import Record
from obole.billing.models import SecurityDeposit
from obole.books import operations as books
from obole.books.models import Handover
from obole.books.operations import CannotHandOver, DifferenceUnexplained, SituationChanged
from obole.books.queries import handover_differences, handovers as queries
from obole.directory.rules import NotAllowed
from obole.lib import actors
from obole.lib.states import ForbiddenTransition
from obole.payments import operations as payments
from obole.regies.models import Mandate
from tests.cash_desk.steps import M, cash_deposit, cheque_deposit, closed, coins, given_back, opened, taken
from tests.handovers.steps import Change, countersign, days, give, handing, make_registrar, mandate, sign, today
from tests.world import WHO, later, make_dossier

H = Handover.Kind


def test_two_signatures_hand_a_regie_over(change: Change) -> None:
    handover = sign(change, present="Mme le Maire", remarks="Les clés du coffre sont remises.")
    held = queries.Holdings.of(handover)
    assert [(place.name, place.cents) for place in held.places] == [("Guichet", 100_00), ("", 30_00)]
    assert held.pieces == {"cheque": [1, 45_00], "cesu": [0, 0]}
    assert held.balances["cash"] == 30_00 and held.balances["treasury_deposit"] == 99_00
    assert handover.numbers[-1] == "ENF-Q-2026-000003" and not handover.differs
    change.desk.regie.refresh_from_db()
    assert (handover.entry_number, handover.entry_hash) == (change.desk.regie.entry_count, change.desk.regie.entry_head)
    done = countersign(handover, change.arriving, reservations="Un chèque est illisible.")
    assert (done.state, done.arrived_quality, done.arriving) == ("done", "holder", change.arriving.actor)
    assert mandate(change, change.leaving).ends_on == today(), "the titulaire who left is none any more"
    assert mandate(change, change.arriving).ends_on is None
    verbs = Record.objects.filter(subject_kind="books.handover").order_by("id").values_list("verb", flat=True)
    assert list(verbs) == ["handover.sign", "handover.countersign"]


def test_who_leaves_does_nothing_any_more_the_next_day(change: Change) -> None:
    countersign(sign(change), change.arriving)
    with pytest.raises(NotAllowed):
        sign(change, actor=change.leaving.actor, minutes=26 * 60, arriving_id=change.substitute.pk)
    assert Handover.objects.count() == 1


@pytest.mark.parametrize("start", [-10, 0, 5])
def test_a_mandate_that_was_prepared_begins_that_day_at_the_latest(change: Change, start: int) -> None:
    give(change.desk, change.arriving, Mandate.Kind.HOLDER, starts_on=days(start))
    handover = sign(change)
    assert mandate(change, change.arriving).starts_on == days(start), "nothing begins before the second signature"
    countersign(handover, change.arriving)
    assert mandate(change, change.arriving).starts_on == days(min(start, 0))


def test_an_absence_ends_no_mandate_and_comes_back(change: Change) -> None:
    away = sign(change, kind=H.ABSENCE, arriving_id=change.substitute.pk)
    countersign(away, change.substitute)
    assert mandate(change, change.leaving).ends_on is None
    back = sign(change, kind=H.ABSENCE, actor=change.substitute.actor, arriving_id=change.leaving.pk)
    assert countersign(back, change.leaving).arrived_quality == "holder"
    assert (back.left_quality, mandate(change, change.substitute).ends_on) == ("substitute", None)


def test_the_same_form_twice_signs_once_and_the_second_signature_too(change: Change) -> None:
    first, again = sign(change, key="k"), sign(change, key="k")
    assert first == again
    assert countersign(first, change.arriving).arrived_at == countersign(first, change.arriving, minutes=99).arrived_at
    assert Record.objects.filter(verb="handover.countersign").count() == 1


def test_who_signs_nothing_hands_nothing_over(change: Change) -> None:
    delegate = make_registrar("mandataire")
    give(change.desk, delegate, Mandate.Kind.DELEGATE)
    for actor in (delegate.actor, change.desk.town.admin.actor, actors.WORKER, actors.OPERATOR):
        with pytest.raises(NotAllowed):
            sign(change, actor=actor)
    for arriving in (delegate, change.leaving, change.desk.town.admin):
        with pytest.raises(CannotHandOver, match="Choisissez une autre personne"):
            sign(change, arriving_id=arriving.pk)
    assert not Handover.objects.exists()


def test_only_who_was_named_takes_over_and_while_they_may(change: Change) -> None:
    handover = sign(change)
    for other in (change.leaving, change.substitute, change.desk.town.admin):
        with pytest.raises(NotAllowed):
            countersign(handover, other)
    give(change.desk, change.arriving, Mandate.Kind.HOLDER, ends_on=days(-1))
    with pytest.raises(NotAllowed):
        countersign(handover, change.arriving)
    give(change.desk, change.arriving, Mandate.Kind.READER)
    with pytest.raises(NotAllowed):
        countersign(handover, change.arriving)
    handover.refresh_from_db()
    assert handover.state == "signed" and mandate(change, change.leaving).ends_on is None


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"kind": H.ABSENCE}, "choisissez le départ"),
        ({"kind": H.DEPARTURE, "leaves": "substitute"}, "Seul un titulaire part"),
    ],
)
def test_a_holder_departs_and_a_substitute_does_not(change: Change, said: dict[str, Any], sentence: str) -> None:
    actor = change.substitute.actor if said.pop("leaves", "") else change.leaving.actor
    with pytest.raises(CannotHandOver, match=sentence):
        sign(change, actor=actor, **said)


def test_drawers_are_closed_before_each_signature(change: Change) -> None:
    session = opened(change.desk, minutes=20)
    with pytest.raises(CannotHandOver, match="«.Guichet.» est ouverte"):
        sign(change)
    closed(change.desk, session, 100_00, minutes=25)
    handover = sign(change)
    again = opened(change.desk, minutes=61)
    with pytest.raises(CannotHandOver, match="«.Guichet.» est ouverte"):
        countersign(handover, change.arriving)
    closed(change.desk, again, 100_00, minutes=62)
    assert countersign(handover, change.arriving).state == "done", "nothing moved: it can be signed"


def test_what_is_counted_and_differs_is_explained(change: Change) -> None:
    places = {**handing(change).places, "safe": coins(29_00)}
    with pytest.raises(DifferenceUnexplained):
        sign(change, places=places, explanation=" \u200b")
    with pytest.raises(DifferenceUnexplained):
        sign(change, pieces={"cheque": (2, 45_00)})
    handover = sign(change, places=places, explanation="1 € manque au coffre")
    assert handover.differs and handover.holdings["balances"]["cash"] == 30_00, "no account is moved by it"


def test_what_is_signed_is_what_was_seen(change: Change) -> None:
    seen = queries.holdings(change.desk.regie).fingerprint
    taken(change.desk, 10_00, M.TRANSFER)
    with pytest.raises(SituationChanged):
        sign(change, seen=seen)
    with pytest.raises(SituationChanged, match="caisses ont changé"):
        sign(change, places={"safe": {}})


def test_money_that_comes_between_the_two_begins_it_again(change: Change) -> None:
    handover = sign(change)
    taken(change.desk, 10_00, M.TRANSFER, minutes=61)
    stopped = countersign(handover, change.arriving)
    assert stopped.state == "cancelled" and stopped.cancelled_by == change.arriving.actor
    assert stopped.reason == ("A changé depuis la première signature\u00a0: compte DFT, recettes à verser.")
    assert mandate(change, change.leaving).ends_on is None
    with pytest.raises(ForbiddenTransition):
        countersign(handover, change.arriving)
    assert countersign(sign(change, minutes=70), change.arriving, minutes=75).state == "done"


def test_entries_that_come_to_nothing_are_seen_too(change: Change) -> None:
    receipt = taken(change.desk, 10_00, M.TRANSFER)
    assert receipt.invoice is not None
    handover = sign(change)
    given_back(change.desk, receipt, minutes=61)
    payments.take_money(
        invoice_id=receipt.invoice.pk,
        money=payments.Money(cents=10_00, means=M.TRANSFER, reference="0001234"),
        request_key="again",
        actor=change.leaving.actor,
        at=later(62),
    )
    assert queries.holdings(change.desk.regie) == queries.Holdings.of(handover), "every balance is as it was"
    assert countersign(handover, change.arriving).reason == (
        "Des écritures ont été passées depuis la première signature."
    )


def test_what_is_in_no_account_does_not_move_unnoticed(change: Change) -> None:
    handover = sign(change)
    cash_deposit(change.desk, 20_00, minutes=61)
    assert "espèces à compter" in countersign(handover, change.arriving).reason
    handover = sign(change)
    cheque_deposit(change.desk, list(queries.cash_desk.depositable(change.desk.regie.pk, M.CHEQUE)))
    assert "chèques et CESU à remettre" in countersign(handover, change.arriving).reason
    handover = sign(change)
    hold(change, 800_00)
    assert "cautions détenues" in countersign(handover, change.arriving).reason


def hold(change: Change, cents: int) -> None:
    """Hold a caution: what its screens do is tried elsewhere."""
    dossier = make_dossier(change.desk.town)
    SecurityDeposit.objects.create(
        dossier=dossier,
        regie=change.desk.regie,
        payer=dossier.citizen,
        key="k",
        label="Dégâts",
        cents=cents,
        asked_at=dossier.created_at,
        received_at=dossier.created_at,
        means="cash",
        state="received",
    )


@pytest.mark.parametrize("turn", ["first", "second"])
def test_the_ledger_is_held_before_it_is_read(change: Change, turn: str) -> None:
    handover = sign(change) if turn == "second" else None
    with CaptureQueriesContext(connection) as asked:
        countersign(handover, change.arriving) if handover else sign(change)
    said = [query["sql"] for query in asked.captured_queries]
    if turn == "first":
        said = said[next(n for n, sql in enumerate(said) if "regies_mandate" in sql) :]
    held = next(n for n, sql in enumerate(said) if 'FROM "regies_regie"' in sql and "FOR NO KEY UPDATE" in sql)
    assert held < next(n for n, sql in enumerate(said) if "regies_balance" in sql)


def test_it_is_signed_twice_in_one_day(change: Change) -> None:
    stopped = countersign(sign(change), change.arriving, days=1)
    assert stopped.state == "cancelled" and "se signe dans la journée" in stopped.reason


def test_one_waits_at_a_time_and_is_given_up_with_a_reason(change: Change) -> None:
    handover = sign(change)
    with pytest.raises(CannotHandOver, match="attend déjà"):
        sign(change)
    with pytest.raises(CannotHandOver, match="pourquoi"):
        books.cancel_handover(
            handover_id=handover.pk, reason=" \u200b ", actor=change.leaving.actor, at=handover.left_at
        )
    with pytest.raises(NotAllowed):
        books.cancel_handover(
            handover_id=handover.pk, reason="x", actor=change.desk.town.admin.actor, at=handover.left_at
        )
    given_up = books.cancel_handover(
        handover_id=handover.pk, reason="L’arrivante est absente", actor=change.leaving.actor, at=handover.left_at
    )
    assert (given_up.state, given_up.reason) == ("cancelled", "L’arrivante est absente")
    with pytest.raises(ForbiddenTransition):
        books.cancel_handover(handover_id=handover.pk, reason="x", actor=change.leaving.actor, at=handover.left_at)
    assert Handover.objects.count() == 1, "nothing is dropped"
    assert sign(change).state == "signed"


def test_all_that_is_under_way_is_named(change: Change) -> None:
    said = {item.kind: (item.count, item.cents) for item in queries.waiting(change.desk.regie)}
    assert said["deposits"] == (0, 0)
    cash_deposit(change.desk, 20_00)
    hold(change, 150_00)
    said = {item.kind: (item.count, item.cents) for item in queries.waiting(change.desk.regie)}
    assert (said["deposits"], said["cautions"]) == ((1, 20_00), (1, 150_00))
    assert set(said) == set(queries.WaitingKind.values)
    assert [item.kind for item in queries.waiting_of(sign(change))] == list(said)


@pytest.mark.parametrize(
    "change_of",
    [
        {"arriving": WHO.as_json()},
        {"holdings": {}},
        {"counts": {}},
        {"entry_hash": "x"},
        {"left_by": WHO.as_json()},
        {"explanation": "autre"},
        {"present": "autre"},
    ],
)
def test_neg_what_was_signed_never_changes(change: Change, change_of: dict[str, Any]) -> None:
    handover = sign(change)
    with pytest.raises(DatabaseError), transaction.atomic():
        Handover.objects.filter(pk=handover.pk).update(**change_of)


def test_neg_the_database_wants_two_people_and_ends_once(change: Change) -> None:
    handover = sign(change)
    with pytest.raises(DatabaseError), transaction.atomic():
        handover.delete()
    twin = Handover.objects.get(pk=handover.pk)
    twin.pk, twin.request_key, twin.arriving = None, "other", twin.left_by
    twin.day = days(1)
    with pytest.raises(DatabaseError, match="handover_between_two_people"), transaction.atomic():
        twin.save(force_insert=True)
    countersign(handover, change.arriving)
    with pytest.raises(DatabaseError), transaction.atomic():
        Handover.objects.filter(pk=handover.pk).update(reservations="après coup")


def test_neg_a_ledger_that_is_not_what_was_signed_is_seen(change: Change) -> None:
    sign(change)
    assert list(handover_differences.differences()) == []
    with transaction.atomic():
        kept = queries.Holdings.of(Handover.objects.get())
        with pgtrigger.ignore("books.Handover:signed_once"):
            wrong = {**kept.as_json(), "balances": {**kept.balances, "cash": 1}}
            Handover.objects.update(holdings=wrong)
            assert "its balances are not the sums" in next(handover_differences.differences())
            Handover.objects.update(holdings=kept.as_json(), entry_hash="x")
            assert "its last entry is not the one" in next(handover_differences.differences())
        transaction.set_rollback(True)
