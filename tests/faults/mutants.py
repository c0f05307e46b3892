"""Guards of the money taken away, one by one: the machine must see each of them in its story."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.db.models import CharField, Value

from obole.billing import operations as billing
from obole.billing.models import Invoice
from obole.billing.operations import pricing, transfers
from obole.cash_desk.operations import counter, deposits, sessions
from obole.lib.actors import Actor
from obole.payments import operations as payments
from obole.payments.models import Refund
from obole.payments.operations import booking, circuit_breaker, refunds, reversals, starting, suspense
from obole.recovery.operations import lines as recovery_lines, returns
from obole.regies import ledger
from obole.regies.accounts import Account
from obole.regies.models import Entry
from obole.reminders.operations import deciding
from obole.remittances import operations as remittances, queries as remittance_queries


def settles_without_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suspense, "_guard", lambda *_args, **_values: None)


def forgets_to_unsettle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(billing, "unsettle_invoice", lambda **_values: None)


def forgets_what_was_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reversals.queries, "cents_by_invoice", lambda _receipt: {})


def books_in_a_closed_period(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "_require_new_and_open", lambda *_args, **_values: None)


def asks_a_bank_that_is_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(circuit_breaker, "may_ask", lambda **_values: True)


def never_opens_the_circuit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(circuit_breaker, "record_failure", lambda **_values: None)


def sweeps_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(payments, "sweep", lambda **_values: None)


def reminds_whoever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deciding, "_still_due", lambda invoices, **_today: {one.pk for one in invoices})


def claims_what_was_handed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(booking, "InvoiceState", SimpleNamespace(TRANSFERRED=""))


def corrects_what_was_issued(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pricing, "lock_draft", lambda pk, **_who: Invoice.objects.locked().get(pk=pk))


def bills_again_what_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suspense.queries, "invoices_paid_by", lambda _receipt: Everything())


def leaves_while_somebody_is_at_the_bank(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(starting, "_guard", lambda *_args, **_values: None)


class Everything:
    def __contains__(self, _one: object) -> bool:
        return True


def forgets_what_was_paid_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(booking.queries, "remitted_by_invoice", lambda _receipt: {})


def signs_without_looking_at_the_account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remittances, "reason_not_to_sign", lambda *_args, **_values: "")


def pays_over_what_the_bank_has_not_credited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remittance_queries, "ready", lambda entries, **_values: entries)


def takes_from_an_empty_account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(booking, "require_funds", lambda **_values: None)


def hands_over_what_is_contested(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recovery_lines.queries, "with_obstacle", without_obstacle)


def without_obstacle(invoices: Any, _today: object) -> Any:
    return invoices.annotate(obstacle=Value("", output_field=CharField()))


def hands_over_the_whole_of_what_was_partly_paid(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfers, "_post", post_the_total(transfers._post))


def post_the_total(post: Callable[..., Any]) -> Callable[..., Any]:
    return lambda invoice, kind, **how: post(invoice, kind, **{**how, "cents": invoice.total_cents})


def comes_back_to_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(returns.billing, "return_invoice", lambda **_values: Entry.objects.latest("pk"))


def one_person_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Actor, "is_same_as", lambda _self, _other: False)


def pays_the_comptable_through_recettes_versees(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refunds, "_leaves_from", as_a_refund_by_mandat)


def as_a_refund_by_mandat(refund: Refund) -> Any:
    return Refund.Payer.REGIE, 0, [ledger.Posting(account=Account.REMITTED, credit=refund.cents)]


def keeps_what_lacks_out_of_the_books(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions.rules, "booked_cents", lambda **_values: 0)


def books_what_lacks_beyond_the_takings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions.rules, "booked_cents", lambda *, difference, takings: difference)


def books_a_difference_upside_down(monkeypatch: pytest.MonkeyPatch) -> None:
    upside_down = SimpleNamespace(CASH=Account.CASH_DIFFERENCES, CASH_DIFFERENCES=Account.CASH)
    monkeypatch.setattr(sessions, "Account", upside_down)


def credits_cash_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deposits, "_book", book_the_double(deposits._book))


def book_the_double(book: Callable[..., Any]) -> Callable[..., Any]:
    def double(deposit: Any, **who: Any) -> Any:
        deposit.cents *= 2
        return book(deposit, **who)

    return double


def takes_from_an_empty_safe(monkeypatch: pytest.MonkeyPatch) -> None:
    for room in (counter, deposits):
        monkeypatch.setattr(room, "require_cash", lambda *_args, **_values: None)


def moves_nothing_in_the_drawer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counter, "keep_movement", lambda *_args, **_values: None)


def credits_no_cheque(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deposits.payments, "clear_receipts", lambda **_values: Entry.objects.latest("pk"))
