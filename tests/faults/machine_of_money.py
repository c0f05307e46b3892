"""The machine's money: at the bank, at the counter, in recettes à classer, given back."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.test import Client
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from obole.billing import operations as billing
from obole.cash_desk import operations as cash_desk
from obole.lib import texts
from obole.lib.states import ForbiddenTransition
from obole.payments import operations as payments
from obole.payments.models import Anomaly, Attempt, Receipt, Reversal
from obole.regies.ledger import PeriodClosed
from tests.actors import somebody
from tests.books import check_books
from tests.faults.machine import AWAY, OTHER, REGISSEUR, SCENE, STATUS, Crash, crashes, dying_at, index
from tests.faults.machine_of_cash import REFUSED, CashDesk
from tests.faults.model import FINAL, Bill, Money, Promise, Try
from tests.faults.steps import NOTIFICATION
from tests.world import RIB, handed as make_handed

QUESTIONS = ("payments.resolve", "payments.probe")
PAID = ("card", "debit")
SOON = timedelta(seconds=4)


class Machine(CashDesk):
    """Everything."""

    # Leaving for the bank, and what the bank says.

    @precondition(lambda self: self.model.bills)
    @rule(n=index, crash=crashes)
    def start(self, n: int, crash: int) -> None:
        bill, key = self._bill(n), texts.token()
        crash = 0 if self._line_is_bad(bill.regie) else crash
        try:
            attempt = self._leave(bill, key, crash)
        except (payments.NotPayableOnline, payments.AlreadyInProgress) as error:
            why = self.model.why_not_online(bill, SCENE.now, money_waits=self._money_waits(bill))
            assert why == ("in_progress" if isinstance(error, payments.AlreadyInProgress) else error.obstacle)
            return
        if attempt is None:
            return
        assert not self.model.why_not_online(bill, SCENE.now, money_waits=self._money_waits(bill))
        assert attempt.amount_cents == bill.left
        one = Try(attempt.pk, bill.pk, bill.regie, attempt.amount_cents, opened=SCENE.now)
        if attempt.state == "opening":
            one.state = "opening"
        else:
            self.model.start(one, SCENE.now)
        self.model.tries[one.pk] = one

    @precondition(lambda self: self.model.bills)
    @rule(
        n=index,
        word=st.sampled_from([*PAID, *PAID, *STATUS]),
        door=st.sampled_from(["ring", "return", "sweep"]),
        crash=crashes,
    )
    def pay_online(self, n: int, word: str, door: str, crash: int) -> None:
        """Leave, act at the bank, and let one of the three doors learn of it."""
        before = len(self.model.tries)
        self.start(n, 0)
        if len(self.model.tries) == before:
            return
        last = len(self.model.tries) - 1
        self.payer_acts_at_the_bank(last, word, 0)
        if door == "ring":
            self.bank_rings(last, 2, crash)
        elif door == "return":
            self.payer_comes_back(last)
        else:
            self.tick(3)
            self.sweep(crash)

    def _leave(self, bill: Bill, key: str, crash: int) -> Attempt | None:
        """Press the button; where the process dies between the row and the bank's page, return what is left behind."""

        def leave() -> Attempt:
            return payments.start_payment(
                invoice_id=bill.pk, email="u@example.org", request_key=key, actor=somebody("u"), at=SCENE.now
            )

        if not crash:
            return leave()
        try:
            with dying_at(crash, cut=crash % 2 == 0):
                return leave()
        except (Crash, *AWAY):
            return Attempt.objects.filter(request_key=key).first()

    def _line_is_bad(self, regie: int) -> bool:
        """Whether asking moves the circuit, which is on purpose not undone with the rest."""
        return not self.model.bank_is_up or self.model.lines[regie].failures > 0

    @precondition(lambda self: self.model.tries)
    @rule(n=index, copies=st.integers(1, 4), crash=crashes)
    def bank_rings(self, n: int, copies: int, crash: int) -> None:
        one = self._try(n)
        reference = Attempt.objects.values_list("gateway_reference", flat=True).get(pk=one.pk)
        for _copy in range(copies):
            answer = Client().post(NOTIFICATION, {"idop": reference or texts.token(), "resultrans": "P"})
            assert (answer.status_code, answer.content) == (200, b"OK")
        asked = [reference is not None and self.model.rings(one, SCENE.now) for _copy in range(copies)]
        self._work([("attempt", one.pk)] if any(asked) else [], crash)

    @precondition(lambda self: self.model.tries)
    @rule(n=index)
    def payer_comes_back(self, n: int) -> None:
        one = self._try(n)
        if one.asked is not None and SCENE.now - one.asked < SOON:
            return
        page = f"/paiements/retour/{Attempt.objects.values_list('public_id', flat=True).get(pk=one.pk)}/"
        self._question(one, lambda: Client().get(page).status_code == 200)

    @rule(crash=crashes)
    def sweep(self, crash: int) -> None:
        asked, probes = self.model.due_questions(SCENE.now)
        payments.sweep(at=SCENE.now)
        self.model.give_up_openings(SCENE.now)
        self._work([*[("attempt", pk) for pk in asked], *probes], crash)

    def _work(self, expected: list[tuple[str, int]], crash: int) -> None:
        """Do what the worker would; the other tasks are papers and mails, which are not the machine's."""
        jobs = list(ProcrastinateJob.objects.filter(task_name__in=QUESTIONS, status="todo").order_by("id"))
        found = [
            ("attempt", job.args["attempt_id"]) if "attempt_id" in job.args else ("probe", job.args["regie_id"])
            for job in jobs
        ]
        assert sorted(found) == sorted(expected)
        ProcrastinateJob.objects.order_by("id")._raw_delete("default")
        for job, (kind, pk) in zip(jobs, found, strict=True):
            if kind == "probe":
                app.tasks[job.task_name].func(**job.args)
                self.model.probe(pk, SCENE.now)
                continue
            one = self.model.tries[pk]
            if crash and not self._line_is_bad(one.regie):
                self._dies(job, crash)
            self._question(one, lambda job=job: app.tasks[job.task_name].func(**job.args))

    def _dies(self, job: Any, crash: int) -> None:
        """Die in the middle, or at the very end: nothing is half done."""
        before = Attempt.objects.values_list("state", flat=True).get(pk=job.args["attempt_id"])
        try:
            with transaction.atomic(), dying_at(crash, cut=False):
                payments.apply_gateway_status(
                    attempt_id=job.args["attempt_id"], outcome=self._outcome(job), actor=somebody("x"), at=SCENE.now
                )
                raise Crash
        except (Crash, PeriodClosed):
            assert Attempt.objects.values_list("state", flat=True).get(pk=job.args["attempt_id"]) == before

    def _outcome(self, job: Any) -> Any:
        reference = Attempt.objects.values_list("gateway_reference", flat=True).get(pk=job.args["attempt_id"])
        return SCENE.bank.ask(reference or "")

    def _question(self, item: Try, ask: Callable[[], Any]) -> None:
        """Let the bank be asked about an attempt, and do in the model what its word does."""
        heard = self.model.asks(item, SCENE.now)
        is_new_money = heard and item.state not in FINAL and item.word in PAID
        try:
            assert ask() in (None, True)
        except PeriodClosed:
            assert is_new_money and self.model.is_closed(item.regie, self.today)
            return
        assert not (is_new_money and self.model.is_closed(item.regie, self.today))
        if heard and self.model.hear(item, SCENE.now):
            receipt = Receipt.objects.get(attempt=item.pk)
            self.model.bank_money(item, receipt.pk)

    def _money_waits(self, bill: Bill) -> bool:
        """Whether a person still looks at money that was sent for a bill."""
        return Anomaly.objects.filter(receipt__in=self.model.sent_for(bill), closed_at=None).exists()

    # At the counter.

    @precondition(lambda self: self.model.bills)
    @rule(n=index, share=st.integers(1, 4), means=st.sampled_from(["cash", "cheque", "transfer"]), crash=crashes)
    def take_at_the_counter(self, n: int, share: int, means: str, crash: int) -> None:
        bill, key = self._bill(n), texts.token()
        cents = max(1, bill.total // share)
        handed = make_handed(cents, Receipt.Means(means))
        receipt = self.booked(
            bill.regie,
            lambda: cash_desk.take_money(
                invoice_id=bill.pk, money=handed, request_key=key, actor=self.cashier, at=SCENE.now
            ),
            why=self._why_not_by_hand(bill.regie, means) or self.model.why_not_at_the_counter(bill, cents, means),
            refusal=(payments.MoneyNotTaken, *REFUSED),
            crash=crash,
        )
        if receipt is not None:
            money = Money(receipt.pk, bill.regie, cents, means, bill.pk, bill.payer)
            self.model.money[receipt.pk] = money
            self.model.settle(bill, money, cents)
            self._moves(bill.regie, cents if means == "cash" else 0)

    @rule(n=st.integers(0, 1), cents=st.integers(1, 5000), crash=crashes)
    def take_what_nobody_knows(self, n: int, cents: int, crash: int) -> None:
        regie, key = SCENE.towns[n].regie.pk, texts.token()
        handed = payments.Money(cents=cents, means=Receipt.Means.TRANSFER)
        receipt = self.booked(
            regie,
            lambda: payments.take_unmatched(
                regie_id=regie, money=handed, request_key=key, actor=REGISSEUR, at=SCENE.now
            ),
            crash=crash,
        )
        if receipt is not None:
            self.model.money[receipt.pk] = Money(receipt.pk, regie, cents, "transfer", None, None)

    @precondition(lambda self: self.model.money)
    @rule(n=index, kind=st.sampled_from(Reversal.Kind), crash=crashes)
    def take_back(self, n: int, kind: Reversal.Kind, crash: int) -> None:
        money = self._money(n)

        def act() -> Reversal:
            return cash_desk.reverse_receipt(
                receipt_id=money.pk, kind=kind, reason="x", actor=self.cashier, at=SCENE.now
            )

        if money.gone:
            act()
            return
        why = self._why_not_by_hand(money.regie, money.means)
        why = why or ("" if self.model.may_take_back(money, kind) else "not reversible")
        if money.means == "cash":
            why = why or self._why_no_cash_leaves(money.regie, money.cents)
        if money.is_on_the_account and self._on_the_account(money.regie) < money.cents:
            why = why or "too low"
        refusal = (payments.NotReversible, payments.AccountTooLow, *REFUSED)
        if self.booked(money.regie, act, why=why, refusal=refusal, crash=crash) is None:
            return
        self.model.take_back(money)
        self._moves(money.regie, -money.cents if money.means == "cash" else 0)
        attempt = Receipt.objects.values_list("attempt", flat=True).get(pk=money.pk)
        if attempt is not None:
            self.model.tries[attempt].state = "reversed"

    # In recettes à classer.

    @precondition(lambda self: self.model.money and self.model.bills)
    @rule(m=index, n=index, crash=crashes)
    def apply(self, m: int, n: int, crash: int) -> None:
        money, bill = self._money(m), self._bill(n)
        counted = self.booked(
            money.regie,
            lambda: payments.apply_receipt(
                receipt_id=money.pk, invoice_id=bill.pk, reason="x", actor=OTHER, at=SCENE.now
            ),
            why=self.model.why_not_apply(money, bill),
            refusal=payments.NotApplicable,
            crash=crash,
        )
        if counted is not None:
            assert counted == self.model.most(money, bill)
            self.model.settle(bill, money, counted)

    @precondition(lambda self: self.model.money and self.model.bills)
    @rule(m=index, n=index, own=st.booleans(), crash=crashes)
    def bill_again_what_was_paid(self, m: int, n: int, own: bool, crash: int) -> None:
        money, bill = self._money(m), self._bill(n)
        if own and money.sent_for is not None:
            bill = self.model.bills[money.sent_for]
        why = self.model.why_not_rebill(money, bill)
        again = self.model.bills.get(bill.again or 0)
        if not why and again is not None and again.state == "draft" and not again.total:
            why = "empty"
        elif not why and again is not None and again.state != "draft":
            why = self.model.why_not_apply(money, again)
        draft = self.booked(
            bill.regie,
            lambda: payments.rebill_receipt(
                receipt_id=money.pk, invoice_id=bill.pk, reason="x", actor=OTHER, at=SCENE.now
            ),
            why=why,
            refusal=(payments.NotApplicable, billing.EmptyInvoice),
            crash=crash,
        )
        if draft is None:
            return
        if again is None:
            bill.again, again = draft.pk, Bill(draft.pk, bill.regie, bill.payer, bill.total)
            self.model.bills[draft.pk] = again
        again.state = "due"
        self.model.settle(again, money, self.model.most(money, again))

    @rule(n=index, keep=st.booleans())
    def close_a_task(self, n: int, keep: bool) -> None:
        ours = Anomaly.objects.filter(closed_at=None, attempt__in=self.model.tries) | Anomaly.objects.filter(
            closed_at=None, receipt__in=self.model.money
        )
        tasks = list(ours.order_by("id"))
        if not tasks:
            return
        task = tasks[n % len(tasks)]
        waits = task.receipt_id is not None and self.model.money[task.receipt_id].free > 0
        try:
            payments.close_anomaly(anomaly_id=task.pk, note="x", actor=OTHER, at=SCENE.now, keep=keep)
        except payments.MoneyWaits:
            assert waits and not keep
            return
        assert keep or not waits
        if task.kind == "unknown" and task.attempt_id is not None:
            one = self.model.tries[task.attempt_id]
            one.released = one.released or one.holds

    # Giving back.

    @precondition(lambda self: any(item.free for item in self.model.money.values()))
    @rule(n=index, share=st.integers(1, 3), crash=crashes)
    def ask_for_a_refund(self, n: int, share: int, crash: int) -> None:
        waiting = [item for item in self.model.money.values() if item.free]
        money, key = waiting[n % len(waiting)], texts.token()
        cents = max(1, money.free // share)
        refund = self.done(
            lambda: payments.request_refund(
                receipt_id=money.pk, cents=cents, reason="x", account=RIB, request_key=key, actor=OTHER, at=SCENE.now
            ),
            crash,
        )
        money.promised += cents
        self.model.refunds[refund.pk] = Promise(money, cents, OTHER)

    @precondition(lambda self: self.model.refunds)
    @rule(n=index, by=st.sampled_from([REGISSEUR, REGISSEUR, OTHER]), crash=crashes)
    def approve_a_refund(self, n: int, by: str, crash: int) -> None:
        pk = list(self.model.refunds)[n % len(self.model.refunds)]
        promise = self.model.refunds[pk]
        try:
            self.done(lambda: payments.approve_refund(refund_id=pk, actor=by, at=SCENE.now), crash)
        except payments.SamePerson:
            assert by == promise.asked_by
            return
        except ForbiddenTransition:
            assert promise.state != "requested"
            return
        assert by != promise.asked_by and promise.state == "requested"
        promise.state = "approved"

    @precondition(lambda self: self.model.refunds)
    @rule(n=index, gives_up=st.booleans(), crash=crashes)
    def end_a_refund(self, n: int, gives_up: bool, crash: int) -> None:
        pk = list(self.model.refunds)[n % len(self.model.refunds)]
        promise = self.model.refunds[pk]
        if gives_up:
            if promise.state in {"requested", "approved"}:
                self.done(lambda: payments.give_up_refund(refund_id=pk, reason="x", actor=OTHER, at=SCENE.now), crash)
                promise.state = "given_up"
                promise.money.promised -= promise.cents
            return
        why = "" if promise.state == "approved" else promise.state
        if promise.to_comptable and self._may_leave(promise.money.regie) < promise.cents:
            why = why or "too low"
        done = self.booked(
            promise.money.regie,
            lambda: payments.complete_refund(refund_id=pk, mandate="M", actor=REGISSEUR, at=SCENE.now),
            why=why,
            refusal=(ForbiddenTransition, payments.AccountTooLow),
            crash=crash,
        )
        if done is not None:
            promise.state = "done"
            self.model.pay_back(promise)

    # At the end, the bank is up again and everybody asks: what it took is known.

    def teardown(self) -> None:
        self.model.bank_is_up, SCENE.now = True, self.latest + timedelta(days=2)
        for _round in range(4):
            SCENE.now += timedelta(minutes=3)
            self.sweep(0)
        for n in range(len(self.model.tries)):
            self.payer_comes_back(n)
        took = {item.pk for item in self.model.tries.values() if item.word in PAID}
        know = Attempt.objects.filter(pk__in=took, state__in=["paid", "reversed"]).order_by("pk")
        assert took == set(know.values_list("pk", flat=True)), "the bank took money that nobody knows of"
        self.is_what_the_model_says()
        check_books()
