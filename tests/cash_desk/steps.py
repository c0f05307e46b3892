"""What the tests of cash do: open, take, give back, count, hand in; and what they look at."""

from collections.abc import Sequence
from dataclasses import dataclass

from obole.cash_desk import operations as cash_desk, queries
from obole.cash_desk.models import CashSession, Deposit, Drawer
from obole.cash_desk.queries import CashPosition
from obole.directory.models import Agent
from obole.directory.rules import Profile
from obole.lib import texts
from obole.payments.models import Receipt, Reversal
from obole.regies import operations as regies
from obole.regies.models import Regie
from tests.payments.steps import held
from tests.world import WHO, Town, handed, later, make_agent, make_fixed_invoice, make_town

M = Receipt.Means
FLOAT = {20_00: 3, 10_00: 3, 1_00: 10}
"""A hundred euros."""
ACCOUNTS = ("cash", "cheques", "treasury_deposit", "cash_differences")


@dataclass
class Desk:
    """A town whose régie has a drawer, and two people who answer for it."""

    town: Town
    drawer: Drawer
    other: Agent

    @property
    def regie(self) -> Regie:
        return self.town.regie

    @property
    def agent(self) -> Agent:
        return self.town.regisseur


def make_desk() -> Desk:
    town = make_town()
    other = make_agent(Profile.REGISSEUR, email="suppleant@valbourg.example")
    terms = {town.regie.pk: regies.MandateTerms()}
    regies.configure_mandates(agent_id=other.pk, terms=terms, actor=WHO, at=later())
    return Desk(town, make_drawer(town.regie), other)


def make_drawer(regie: Regie, name: str = "Guichet") -> Drawer:
    values = {"regie": regie, "name": name}
    return cash_desk.configure_drawer(drawer_id=None, values=values, actor=WHO, at=later())


def opened(
    desk: Desk,
    *,
    drawer: Drawer | None = None,
    agent: Agent | None = None,
    count: dict[int, int] | None = None,
    reason: str = "",
    minutes: float = 1,
) -> CashSession:
    return cash_desk.open_session(
        drawer_id=(drawer or desk.drawer).pk,
        count=FLOAT if count is None else count,
        reason=reason,
        actor=(agent or desk.agent).actor,
        at=later(minutes),
    )


def taken(
    desk: Desk, cents: int, means: Receipt.Means = M.CASH, *, agent: Agent | None = None, minutes: float = 2
) -> Receipt:
    """Take money for an invoice of that amount."""
    invoice = make_fixed_invoice(desk.town, cents, name=f"Forfait {texts.token()}")
    money = handed(cents, means, reference="" if means == M.CASH else "0001234")
    return cash_desk.take_money(
        invoice_id=invoice.pk,
        money=money,
        request_key=texts.token(),
        actor=(agent or desk.agent).actor,
        at=later(minutes),
    )


def given_back(desk: Desk, receipt: Receipt, *, agent: Agent | None = None, minutes: float = 5) -> Reversal:
    return cash_desk.reverse_receipt(
        receipt_id=receipt.pk,
        kind=Reversal.Kind.MISTAKE,
        reason="Saisi deux fois",
        actor=(agent or desk.agent).actor,
        at=later(minutes),
    )


def closed(
    desk: Desk,
    session: CashSession,
    cents: int,
    *,
    explanation: str = "",
    agent: Agent | None = None,
    minutes: float = 10,
) -> CashSession:
    """Close with so many cents in the drawer, all in the smallest coins that make it."""
    return cash_desk.close_session(
        session_id=session.pk,
        count=coins(cents),
        expected_cents=queries.expected_cents(session),
        explanation=explanation,
        actor=(agent or desk.agent).actor,
        at=later(minutes),
    )


def coins(cents: int) -> dict[int, int]:
    """Return notes and coins that come to an amount."""
    count = {}
    for value in (50_00, 20_00, 10_00, 5_00, 2_00, 1_00, 50, 20, 10, 5, 2, 1):
        count[value], cents = divmod(cents, value)
    return {value: number for value, number in count.items() if number}


def cash_deposit(desk: Desk, cents: int, *, from_drawer: bool = False, key: str = "", minutes: float = 20) -> Deposit:
    return cash_desk.prepare_cash_deposit(
        regie_id=desk.regie.pk,
        count=coins(cents),
        from_drawer=from_drawer,
        request_key=key or texts.token(),
        actor=desk.agent.actor,
        at=later(minutes),
    )


def cheque_deposit(desk: Desk, receipts: Sequence[Receipt], *, key: str = "", kind: str = "cheque") -> Deposit:
    return cash_desk.prepare_deposit(
        regie_id=desk.regie.pk,
        kind=Deposit.Kind(kind),
        receipt_ids=[receipt.pk for receipt in receipts],
        request_key=key or texts.token(),
        actor=desk.agent.actor,
        at=later(20),
    )


def credited(desk: Desk, deposit: Deposit, *, reference: str = "DFT 118", minutes: float = 90) -> Deposit:
    return cash_desk.credit_deposit(
        deposit_id=deposit.pk, actor=desk.agent.actor, at=later(minutes), reference=reference
    )


def balances(desk: Desk) -> tuple[int, ...]:
    """Return what caisse, chèques, compte DFT and différences hold."""
    return held(desk.regie, *ACCOUNTS)


def position(desk: Desk) -> CashPosition:
    return queries.cash_position(desk.regie)
