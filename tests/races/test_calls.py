"""A call of another software, sent eight times at once: one writes, and all are answered the same."""

from decimal import Decimal

import pytest

from obole.api_keys.models import ApiCall
from obole.api_keys.operations import OtherCall
from obole.audit_log.models import Record
from obole.consumption import operations
from obole.consumption.models import Consumption
from obole.consumption.rules.calls import Call, CalledFact, Outcome
from tests.api.keys import MONDAY, make_key
from tests.races.crowd import EIGHT, at_once, eight, given
from tests.world import Town, later, make_dossier, make_town

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]


@pytest.fixture
def town(transactional_db: None) -> Town:
    return make_town()


def test_the_same_call_sent_eight_times_writes_once_and_is_answered_the_same(town: Town) -> None:
    key, _token = make_key(town.scheme.service)
    call = Call("appel-1", (CalledFact(make_dossier(town).reference, None, "repas", MONDAY, "1"),))

    answers = given(eight(lambda: operations.receive_call(call=call, actor=key.actor, at=later())), list)

    assert answers == [[Outcome.WRITTEN]] * EIGHT
    assert (Consumption.objects.count(), ApiCall.objects.count()) == (1, 1)
    assert Record.objects.filter(verb="consumption.receive_call").count() == 1


def test_of_eight_calls_of_one_name_one_is_kept_and_the_others_are_told(town: Town) -> None:
    key, _token = make_key(town.scheme.service)
    number = make_dossier(town).reference
    calls = [Call("appel-1", (CalledFact(number, None, "repas", MONDAY, str(n)),)) for n in range(1, EIGHT + 1)]

    results = at_once(
        *[lambda call=call: operations.receive_call(call=call, actor=key.actor, at=later()) for call in calls]
    )

    assert sum(result == [Outcome.WRITTEN] for result in results) == 1
    assert sum(isinstance(result, OtherCall) for result in results) == EIGHT - 1
    assert Consumption.objects.count() == 1


def test_eight_calls_about_one_day_are_counted_one_after_the_other(town: Town) -> None:
    key, _token = make_key(town.scheme.service)
    number = make_dossier(town).reference
    calls = [Call(f"appel-{n}", (CalledFact(number, None, "repas", MONDAY, str(n % 2 + 1)),)) for n in range(EIGHT)]

    results = at_once(
        *[lambda call=call: operations.receive_call(call=call, actor=key.actor, at=later()) for call in calls]
    )

    outcomes = [outcome for answer in given(results, list) for outcome in answer]
    facts = list(Consumption.objects.order_by("id").values_list("quantity", flat=True))
    assert outcomes.count(Outcome.WRITTEN) == 1
    assert outcomes.count(Outcome.CORRECTED) == len(facts) - 1
    assert all(one != other for one, other in zip(facts, facts[1:], strict=False)), "what is known makes no fact"
    assert set(facts) <= {Decimal(1), Decimal(2)}
