"""What is refused before the bank is called, and what pressing twice does."""

from unittest.mock import Mock, create_autospec

import pytest
from django.db import transaction

from obole.billing import operations as billing
from obole.billing.models import Invoice
from obole.gateways.sandbox.gateway import Sandbox
from obole.lib.transactions import TransactionOpen
from obole.payments import operations as payments
from obole.payments.models import Attempt, BankExchange
from obole.payments.operations.starting import OnlineObstacle
from obole.regies.models import Regie
from tests.actors import somebody
from tests.books import count_everything
from tests.payments.steps import come_back, pay, state_of, verbs
from tests.world import WHO, Town, later, make_fixed_invoice, make_invoice, make_type

pytestmark = pytest.mark.django_db


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch) -> Mock:
    """Watch the door of the bank."""
    start: Mock = create_autospec(Sandbox.start, side_effect=Sandbox.start)
    monkeypatch.setattr(Sandbox, "start", start)
    return start


def invoice_of(town: Town, cents: int) -> Invoice:
    """Issue an invoice of this exact amount."""
    return make_fixed_invoice(town, cents, name=f"À {cents}")


def assert_refused(
    invoice: Invoice, obstacle: OnlineObstacle, start: Mock, *, email: str = "usager@example.org"
) -> None:
    before = count_everything()
    with pytest.raises(payments.NotPayableOnline) as refusal:
        pay(invoice, email=email)
    assert refusal.value.obstacle == obstacle
    assert (count_everything(), start.call_count, Attempt.objects.count()) == (before, 0, 0)


def test_the_largest_amount_is_sent_and_one_cent_more_is_not(town: Town, start: Mock) -> None:
    assert pay(invoice_of(town, 9_999_999)).state == "waiting"
    start.reset_mock()
    invoice = invoice_of(town, 10_000_000)
    with pytest.raises(payments.NotPayableOnline, match="too_large"):
        pay(invoice)
    assert (start.call_count, Attempt.objects.filter(invoice=invoice).count()) == (0, 0)


@pytest.mark.parametrize("email", ["", "a@b.c", "é@example.org", "deux@@example.org", "x" * 75 + "@e.org"])
def test_an_address_that_the_bank_would_refuse_is_not_sent(town: Town, start: Mock, email: str) -> None:
    assert_refused(make_invoice(town), OnlineObstacle.EMAIL, start, email=email)


def test_a_regie_that_is_off_takes_nothing(town: Town, start: Mock) -> None:
    invoice = make_invoice(town)
    Regie.objects.update(enabled=False)
    assert_refused(invoice, OnlineObstacle.REGIE_CLOSED, start)


@pytest.mark.parametrize("spoilt", [{"mode": "Z"}, {"mode": 3}, {"mode": ["W"]}])
def test_bad_settings_take_nothing(town: Town, start: Mock, spoilt: dict[str, object]) -> None:
    invoice = make_invoice(town)
    Regie.objects.update(gateway_settings=spoilt)
    assert_refused(invoice, OnlineObstacle.REGIE_CLOSED, start)


@pytest.mark.parametrize("ending", ["cancelled", "transferred"])
def test_an_invoice_that_is_not_due_takes_nothing(town: Town, start: Mock, ending: str) -> None:
    invoice = make_invoice(town)
    if ending == "cancelled":
        billing.cancel_invoice(invoice_id=invoice.pk, code="other", comment="erreur", actor=WHO, at=later(1))
    else:
        billing.transfer_invoice(invoice_id=invoice.pk, actor=WHO, at=later(1))
    assert_refused(invoice, OnlineObstacle.NOT_DUE, start)


def test_the_same_button_pressed_twice_makes_one_attempt(town: Town, start: Mock) -> None:
    invoice = make_invoice(town)
    first, again = pay(invoice, key="button"), pay(invoice, 1, key="button")
    come_back(first, 2)
    after = pay(invoice, 3, key="button")

    assert first.pk == again.pk == after.pk
    assert (after.state, start.call_count, Attempt.objects.count()) == ("paid", 1, 1)


def test_a_second_tab_is_told_that_a_payment_is_in_progress(town: Town, start: Mock) -> None:
    invoice = make_invoice(town)
    attempt = pay(invoice)
    before = count_everything()
    with pytest.raises(payments.AlreadyInProgress) as busy:
        pay(invoice, 1)
    assert busy.value.attempt == attempt
    assert (count_everything(), start.call_count) == (before, 1)


def test_the_bank_is_never_called_inside_a_transaction(town: Town, start: Mock) -> None:
    invoice = make_invoice(town)
    before = count_everything()
    with pytest.raises(TransactionOpen):
        _pay_inside(invoice)
    assert (count_everything(), start.call_count) == (before, 0)


def _pay_inside(invoice: Invoice) -> None:
    with transaction.atomic():
        pay(invoice)


def test_a_process_that_dies_while_opening_is_closed_by_the_sweep(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    invoice = make_invoice(town)
    attempt, is_new = payments.open_attempt(
        invoice_id=invoice.pk, email="usager@example.org", request_key="k", actor=somebody("usager"), at=later(0)
    )
    assert is_new
    payments.sweep(at=later(4))
    assert state_of(attempt) == "opening", "its process may still be at the bank"
    with pytest.raises(payments.AlreadyInProgress):
        pay(invoice, 4)

    swept = payments.sweep(at=later(6))

    assert (swept.failed_openings, swept.queued) == (1, 0)
    assert (state_of(attempt), state_of(invoice)) == ("failed", "due")
    assert verbs(attempt) == ["attempt.open", "attempt.fail"]
    assert pay(invoice, 7).state == "waiting"
    assert payments.sweep(at=later(8)).failed_openings == 0


def test_a_bank_that_answers_after_the_sweep_gave_up_sends_the_payer_nowhere(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    invoice = make_invoice(town)
    original = Sandbox.start

    def slow(self: Sandbox, order: object) -> object:
        payments.sweep(at=later(10))
        return original(self, order)  # type: ignore[arg-type]

    monkeypatch.setattr(Sandbox, "start", slow)
    attempt = pay(invoice)

    assert (attempt.state, attempt.gateway_url, attempt.gateway_reference) == ("failed", "", None)
    assert BankExchange.objects.get(attempt=attempt).outcome == "created", "the bank's word is kept all the same"


def test_another_type_with_another_regie_does_not_lend_its_bank(town: Town, start: Mock) -> None:
    """The client number comes from the régie of the invoice, never from what a payer sends."""
    make_type(None, [town.scheme], name="Sans régie")
    attempt = pay(make_invoice(town))
    assert (attempt.regie_id, attempt.sent["client"]) == (town.regie.pk, "sandbox")
