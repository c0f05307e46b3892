"""The machine's comptable: transmissions asked for, sent row by row, given up; titres, returns, what payers contest."""

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from obole.billing.models import Invoice
from obole.lib import dates, texts
from obole.lib.states import ForbiddenTransition
from obole.payments import operations as payments
from obole.payments.models import Refund
from obole.recovery import operations as recovery
from obole.recovery.models import TransmissionLine
from obole.regies.queries import balances
from tests.faults.machine import OTHER, REGISSEUR, SCENE, crashes, index
from tests.faults.machine_of_remittances import Treasury
from tests.faults.model import Handed, Promise, Sending

people = st.sampled_from([REGISSEUR, OTHER])
AGAIN = timedelta(days=2)
"""What a payer is given when an invoice comes back."""


class Comptable(Treasury):
    """What is handed over to the comptable, and what comes back."""

    def __init__(self) -> None:
        super().__init__()
        self.sendings: dict[int, Sending] = {}

    # A transmission: asked for, sent by who may, its rows one by one.

    @rule(n=index, many=st.booleans(), by=people, crash=crashes)
    def request_transmission(self, n: int, many: bool, by: Any, crash: int) -> None:
        one, key = self._bill(n), texts.token()
        chosen = [bill for bill in self.model.bills.values() if many and bill.regie == one.regie] or [one]
        due = [bill for bill in chosen if bill.state == "due"]
        try:
            asked = self.done(
                lambda: recovery.request_transmission(
                    regie_id=one.regie,
                    invoice_ids=[bill.pk for bill in chosen],
                    request_key=key,
                    actor=by,
                    at=SCENE.now,
                ),
                crash,
            )
        except recovery.NothingToHandOver:
            assert not due
            return
        rows = {row.invoice_id: row for row in asked.lines.all()}
        assert rows.keys() == {bill.pk for bill in due}
        assert all(rows[bill.pk].cents == bill.left for bill in due)
        handed = [Handed(rows[bill.pk].pk, bill) for bill in due]
        self.sendings[asked.pk] = Sending(
            asked.pk, one.regie, by, by_two=one.regie == SCENE.towns[1].regie.pk, rows=handed
        )

    @rule(n=index, by=people, crash=crashes)
    def send_transmission(self, n: int, by: Any, crash: int) -> None:
        sending = self._sending(n)
        if sending is None:
            return
        try:
            self.done(lambda: recovery.send_transmission(transmission_id=sending.pk, actor=by, at=SCENE.now), crash)
        except recovery.SamePerson:
            assert sending.by_two and by == sending.by and sending.state == "requested"
            return
        except ForbiddenTransition:
            assert sending.state != "requested"
        else:
            assert sending.state == "requested" and not (sending.by_two and by == sending.by)
            sending.state = "sending"
        if sending.state == "sending":
            self._work_on(sending, crash)

    @rule(n=index)
    def give_up_transmission(self, n: int) -> None:
        sending = self._sending(n)
        if sending is None:
            return
        try:
            recovery.give_up_transmission(transmission_id=sending.pk, reason="x", actor=OTHER, at=SCENE.now)
        except ForbiddenTransition:
            assert sending.state != "requested"
            return
        assert sending.state == "requested"
        sending.state = "given_up"

    def _work_on(self, sending: Sending, crash: int) -> None:
        """Do what the worker does: each row that waits, then the end."""
        for row in [row for row in sending.rows if row.state == "waiting"]:
            obstacle = self._obstacle(row)
            if obstacle:
                line = self.done(lambda pk=row.pk: recovery.send_line(line_id=pk, at=SCENE.now), crash)
                assert (line.state, line.obstacle) == ("refused", obstacle)
                row.state = "refused"
                continue
            left = row.bill.left
            line = self.booked(
                sending.regie, lambda pk=row.pk: recovery.send_line(line_id=pk, at=SCENE.now), crash=crash
            )
            if line is not None:
                assert (line.state, line.cents) == ("sent", left)
                row.state, row.bill.state = "sent", "transferred"
        done = recovery.finish_transmission(transmission_id=sending.pk, at=SCENE.now)
        if all(row.state != "waiting" for row in sending.rows):
            sending.state = "sent"
        assert done.state == sending.state

    def _obstacle(self, row: Handed) -> str:
        bill = row.bill
        until = Invoice.objects.values_list("payable_until", flat=True).get(pk=bill.pk)
        reminded = bill.regie == SCENE.towns[1].regie.pk or bill.reminders == 3
        if bill.state != "due":
            return "not_due"
        if self.model.status(bill):
            return "paying"
        if bill.contested is not None:
            return "disputed"
        if until is None or until >= self.today:
            return "too_soon"
        return "" if reminded else "not_reminded"

    def _sending(self, n: int) -> Sending | None:
        known = list(self.sendings.values())
        return known[n % len(known)] if known else None

    def _sent(self, n: int) -> Handed | None:
        rows = [row for sending in self.sendings.values() for row in sending.rows if row.state in {"sent", "returned"}]
        return rows[n % len(rows)] if rows else None

    # What the comptable says.

    @rule(n=index, crash=crashes)
    def invoice_comes_back(self, n: int, crash: int) -> None:
        row = self._sent(n)
        if row is None:
            return
        back = self.booked(
            row.bill.regie,
            lambda: recovery.return_line(
                line_id=row.pk,
                due_date=dates.day_of(SCENE.now + AGAIN),
                reason="x",
                reference="R",
                actor=REGISSEUR,
                at=SCENE.now,
            ),
            why="" if row.state == "sent" else row.state,
            refusal=ForbiddenTransition,
            crash=crash,
        )
        if back is not None:
            row.state, row.bill.state = "returned", "due"

    @rule(n=index, number=st.integers(1, 9))
    def comptable_numbers(self, n: int, number: int) -> None:
        row = self._sent(n)
        if row is None:
            return
        sending = next(one for one in self.sendings.values() if row in one.rows)
        try:
            recovery.record_titres(
                transmission_id=sending.pk, titres={row.pk: (2027, str(number))}, actor=REGISSEUR, at=SCENE.now
            )
        except recovery.NotWithTheComptable:
            assert row.state != "sent"
            return
        assert row.state == "sent"
        row.titre = str(number)

    # What payers say.

    @rule(n=index, crash=crashes)
    def payer_contests(self, n: int, crash: int) -> None:
        bill = self._bill(n)
        try:
            opened = self.done(
                lambda: recovery.open_dispute(invoice_id=bill.pk, reason="x", actor=OTHER, at=SCENE.now), crash
            )
        except recovery.AlreadyDisputed:
            assert bill.state != "due" or bill.contested is not None
            return
        assert bill.state == "due" and bill.contested is None
        bill.contested = opened.pk

    @rule(n=index)
    def payer_is_answered(self, n: int) -> None:
        contested = [bill for bill in self.model.bills.values() if bill.contested is not None]
        if contested:
            bill = contested[n % len(contested)]
            recovery.close_dispute(dispute_id=bill.contested or 0, answer="x", actor=OTHER, at=SCENE.now)
            bill.contested = None

    # What came too late for the régie goes where its invoice is.

    @rule(n=index, crash=crashes)
    def late_money_is_paid_over(self, n: int, crash: int) -> None:
        waiting = [item for item in self.model.money.values() if item.free]
        if not waiting:
            return
        money, key = waiting[n % len(waiting)], texts.token()
        sent_for = money.counted_for | {money.sent_for}
        try:
            refund = self.done(
                lambda: payments.request_refund(
                    receipt_id=money.pk,
                    cents=money.free,
                    reason="x",
                    request_key=key,
                    actor=OTHER,
                    at=SCENE.now,
                    payee=Refund.Payee.TREASURY,
                ),
                crash,
            )
        except payments.NotTheComptables:
            assert all(bill.state != "transferred" for bill in self.model.bills.values() if bill.pk in sent_for)
            return
        assert any(bill.state == "transferred" for bill in self.model.bills.values() if bill.pk in sent_for)
        self.model.refunds[refund.pk] = Promise(money, money.free, OTHER, to_comptable=True)
        money.promised += money.free

    def is_paid_over_as_the_model_says(self) -> None:
        super().is_paid_over_as_the_model_says()
        rows = [row for sending in self.sendings.values() for row in sending.rows]
        known = TransmissionLine.objects.filter(pk__in=[row.pk for row in rows])
        assert {pk: (state, titre) for pk, state, titre in known.values_list("pk", "state", "titre_number")} == {
            row.pk: (row.state, row.titre) for row in rows
        }
        for town in SCENE.towns[:2]:
            claims = balances(town.regie)["claims"] - self.before[town.regie.pk]["claims"]
            assert claims == self.model.due(town.regie.pk), "droits émis are what is due here"
