"""
A bank that is down gets one question, however many ask at the moment when one may be put; and what happens without the
guard.
"""

from datetime import timedelta

import pytest

from obole.audit_log.models import Record
from obole.lib import actors
from obole.payments import operations as payments, rules
from obole.payments.models import Attempt, Circuit
from obole.payments.operations import circuit_breaker
from tests.actors import somebody
from tests.payments.wire import Wire, tap
from tests.races.crowd import EIGHT, eight, given
from tests.world import NOON, Town, later, make_invoice, make_town

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]


@pytest.fixture
def town(transactional_db: None) -> Town:
    return make_town()


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Wire:
    return tap(monkeypatch)


def go_down(town: Town) -> None:
    Circuit.objects.create(
        regie=town.regie, failures=rules.FAILURES, failing_since=NOON, down_since=NOON, probed_at=NOON
    )


@pytest.mark.parametrize("guard", ["spacing", "none"])
def test_neg_eight_who_may_ask_at_once_are_one(town: Town, guard: str) -> None:
    go_down(town)
    spacing = rules.PROBE_EVERY if guard == "spacing" else timedelta(0)

    allowed = given(eight(lambda: circuit_breaker.may_ask(regie_id=town.regie.pk, at=later(1), spacing=spacing)), bool)

    assert sum(allowed) == (1 if guard == "spacing" else EIGHT)


def test_eight_workers_put_one_question(town: Town, wire: Wire) -> None:
    invoice = make_invoice(town)
    attempt = payments.start_payment(
        invoice_id=invoice.pk, email="usager@example.org", request_key="k", actor=somebody("usager"), at=NOON
    )
    go_down(town)
    wire.up = False

    given(eight(lambda: payments.resolve_attempt(attempt_id=attempt.pk, actor=actors.WORKER, at=later(1))), Attempt)

    assert wire.calls["ask"] == 1


def test_eight_failures_at_once_open_it_once_and_eight_answers_close_it_once(town: Town, wire: Wire) -> None:
    invoices = [make_invoice(town, meals=2) for _n in range(EIGHT)]
    attempts = [
        payments.start_payment(
            invoice_id=invoice.pk,
            email="usager@example.org",
            request_key=f"k{invoice.pk}",
            actor=somebody("usager"),
            at=NOON,
        )
        for invoice in invoices
    ]
    wire.up = False

    given(
        eight(lambda: payments.resolve_attempt(attempt_id=attempts.pop().pk, actor=actors.WORKER, at=later(1))), Attempt
    )
    assert Circuit.objects.get().failures >= rules.FAILURES
    given(eight(lambda: circuit_breaker.record_answer(regie_id=town.regie.pk, at=later(2)) is None), bool)

    verbs = list(Record.objects.filter(verb__startswith="circuit.").order_by("id").values_list("verb", flat=True))
    assert verbs == ["circuit.open", "circuit.close"]
