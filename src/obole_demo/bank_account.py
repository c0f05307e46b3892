"""What the bank does with the money of a régie: the lines of its account, made from what was really received."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from obole.cash_desk.deposit_states import DepositState
from obole.cash_desk.models import Deposit
from obole.lib import dates
from obole.payments.models import Receipt, Refund
from obole.payments.refund_states import RefundState
from obole.regies.models import Regie
from obole.remittances.models import Remittance
from obole_demo import office

M = Receipt.Means
TOGETHER = {M.CARD: ("VIR DGFIP PAYFIP CB", 1), M.DEBIT: ("VIR DGFIP PAYFIP PRLV", 2), M.TERMINAL: ("REMISE CB TPE", 1)}
"""What the bank credits at once, how it calls it, and after how many open days."""
UNKNOWN = {
    ("ENF", 2): (45_00, "VIR M OU MME ROUSSET SANS REFERENCE", "M. ou Mme Rousset"),
    ("DOM", 1): (38_40, "VIR BOULANGERIE ROY DOUBLE PAIEMENT", "Boulangerie Roy"),
}
"""Transfers that nobody knows, by régie and by rank of the statement: how much, the label, who."""
FEES = {("ENF", 3): (4_27, "COMMISSION CARTES TERMINAL")}
REJECTED_AFTER = timedelta(days=9)
SLOWEST = timedelta(days=20)


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A line of the account, and what it is."""

    day: date
    cents: int
    label: str
    receipts: tuple[int, ...] = ()
    slip: int | None = None
    payer: str = ""
    """Who sent money that nobody knows."""

    @property
    def key(self) -> tuple[date, int, str]:
        """What tells it from the others once it was imported."""
        return self.day, self.cents, self.label


@dataclass
class BankAccount:
    """The account of a régie, statement after statement."""

    regie: Regie
    first: date
    """The first day that no statement covers yet."""
    may_come_back: set[int]
    """The invoices whose direct debit the payer's bank may send back."""
    balance: int = 0
    statements: int = 0

    def statement(self, last: date, *, also: Sequence[Shown] = ()) -> list[Shown]:
        """Return the lines up to a day, with some that only the bank knows, and turn the page."""
        lines = sorted([*self._lines(last), *also], key=lambda line: (line.day, -line.cents, line.label))
        self.first, self.statements = last + timedelta(days=1), self.statements + 1
        return lines

    def as_csv(self, lines: Sequence[Shown]) -> bytes:
        """Return a statement as the bank's site gives it, and remember its balance."""
        text = io.StringIO()
        rows = csv.writer(text, delimiter=";")
        rows.writerow(["Date opération", "Libellé", "Débit", "Crédit", "Solde"])
        for line in lines:
            self.balance += line.cents
            debit, credit = ("", _euros(line.cents)) if line.cents > 0 else (_euros(-line.cents), "")
            rows.writerow([f"{line.day:%d/%m/%Y}", line.label, debit, credit, _euros(self.balance)])
        return text.getvalue().encode("cp1252")

    def _lines(self, last: date) -> Iterator[Shown]:
        key = (self.regie.code, self.statements)
        for line in (*self._received(), *self._handed_in(), *self._left(), *self._rejects(last)):
            if self.first <= line.day <= last:
                yield line
        if key in UNKNOWN:
            cents, label, payer = UNKNOWN[key]
            yield Shown(day=office.last_open(last), cents=cents, label=label, payer=payer)
        if key in FEES:
            cents, label = FEES[key]
            yield Shown(day=office.last_open(last), cents=-cents, label=label)

    def _received(self) -> Iterator[Shown]:
        since = self.first - SLOWEST
        rows = Receipt.objects.filter(regie=self.regie, received_at__date__gte=since).exclude(reversal__kind="mistake")
        credited: dict[tuple[str, date], list[Receipt]] = {}
        for receipt in rows.order_by("received_at", "id"):
            day = dates.day_of(receipt.received_at)
            if receipt.means == M.TRANSFER:
                # The agent writes what the bank's site shows; the money that nobody knew has its line already.
                if receipt.invoice_id is not None:
                    label = f"VIR DE {receipt.payer_name.upper()} {receipt.reference}"
                    yield Shown(day=office.last_open(day), cents=receipt.cents, label=label, receipts=(receipt.pk,))
            elif receipt.means in TOGETHER:
                _label, delay = TOGETHER[M(receipt.means)]
                credited.setdefault((receipt.means, office.next_open(day, after=delay)), []).append(receipt)
        for (means, day), receipts in credited.items():
            label = f"{TOGETHER[M(means)][0]} {day:%d%m%y}"
            cents = sum(receipt.cents for receipt in receipts)
            yield Shown(day=day, cents=cents, label=label, receipts=tuple(receipt.pk for receipt in receipts))

    def _handed_in(self) -> Iterator[Shown]:
        names = {Deposit.Kind.CASH: "VERSEMENT ESPECES", Deposit.Kind.CHEQUE: "REMISE CHEQUES"}
        for deposit in Deposit.objects.filter(regie=self.regie).exclude(state=DepositState.CANCELLED).order_by("id"):
            day = office.next_open(dates.day_of(deposit.prepared_at), after=2)
            label = f"{names[Deposit.Kind(deposit.kind)]} {deposit.number}"
            yield Shown(day=day, cents=deposit.cents, label=label, slip=deposit.pk)

    def _left(self) -> Iterator[Shown]:
        for one in Remittance.objects.filter(regie=self.regie).order_by("id"):
            day = office.next_open(dates.day_of(one.signed_at), after=1)
            yield Shown(day=day, cents=-one.total_cents, label=f"VIR SGC VALBOURG {one.number}", slip=one.pk)
        paid = Refund.objects.filter(regie=self.regie, state=RefundState.DONE, paid_by=Refund.Payer.REGIE)
        for refund in paid.order_by("id"):
            day = office.next_open(dates.day_of(refund.done_at or refund.requested_at))
            yield Shown(day=day, cents=-refund.cents, label=f"VIR EMIS {refund.mandate}")

    def _rejects(self, last: date) -> Iterator[Shown]:
        """Once, a debit comes back nine days later, on the statement that credits it."""
        debits = Receipt.objects.filter(regie=self.regie, means=M.DEBIT, invoice__in=self.may_come_back)
        if debits.exclude(reversal=None).exists():
            return
        for receipt in debits.select_related("attempt").order_by("received_at", "id"):
            received = dates.day_of(receipt.received_at)
            day = office.next_open(received + REJECTED_AFTER)
            if self.first <= received and day <= last:
                reference = receipt.attempt.reference if receipt.attempt else receipt.number
                label = f"REJET PRLV {reference} PROVISION INSUFFISANTE"
                yield Shown(day=day, cents=-receipt.cents, label=label, receipts=(receipt.pk,))
                return


def _euros(cents: int) -> str:
    return f"{cents / 100:.2f}".replace(".", ",")
