"""What the régisseur does, day after day: drawers, remises, statements, versements, arrêtés."""

import hashlib
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from obole.bank_statements import operations as bank_statements, queries as bank_queries
from obole.bank_statements.models import BankLine
from obole.bank_statements.rules import csv_files, layouts
from obole.books import operations as books, rules as books_rules
from obole.cash_desk import operations as cash_desk, queries as cash_queries, rules as cash_rules
from obole.cash_desk.deposit_states import DepositState
from obole.cash_desk.models import CashSession, Deposit, Drawer
from obole.lib import dates, files, texts
from obole.payments import operations as payments
from obole.payments.models import Receipt, Refund
from obole.regies.models import Regie
from obole.remittances import operations as remittances, queries as remittance_queries
from obole.remittances.models import Remittance
from obole.remittances.states import RemittanceState
from obole_demo import accounts, office
from obole_demo.bank_account import TOGETHER, BankAccount, Shown
from obole_demo.timeline import Story

FLOAT = {20_00: 2, 10_00: 3, 5_00: 2, 2_00: 5, 1_00: 5, 50: 6, 20: 5, 10: 10}
"""A hundred euros."""
DRAWERS = {"ENF": "Guichet de l’hôtel de ville", "DOM": "Accueil des services techniques"}
LACKS = 2_00
LEFT_OPEN = timedelta(days=6)
"""What the bank showed last is for whoever comes by."""
NOBODY_KNOWS = {"ENF": (62_50, "VIR ASSOCIATION LES TROIS COLLINES"), "DOM": (180_00, "VIR SCI DES TILLEULS ACOMPTE")}
NOBODY_KNOWS_SINCE = timedelta(days=12)
PAYEE = "FR76 3000 6000 0112 3456 7890 189"


def write(story: Story) -> None:
    """Plan what the régisseur did in each régie, since the story began."""
    begins, today = dates.day_of(story.now - timedelta(days=160)), dates.day_of(story.now)
    for regie in Regie.objects.order_by("id"):
        drawer = cash_desk.configure_drawer(
            drawer_id=None,
            values={"regie": regie, "name": DRAWERS[regie.code]},
            actor=accounts.admin(),
            at=story.now - timedelta(days=164),
        )
        account = BankAccount(regie, begins, story.may_come_back)
        for day in office.open_days(begins, today):
            story.plan(office.moment(day, 8, 25), partial(_open, drawer))
            story.plan(office.moment(day, 17, 10), partial(_close, story, drawer))
        story.plan(story.now - timedelta(minutes=1), partial(_open, drawer))
        for month in _months(begins, today):
            _plan_month(story, account, month.last)
        story.plan(story.now - timedelta(days=1), partial(_ask_refund, regie))
        story.plan(story.now - timedelta(hours=2), partial(_hand_in_cheques, regie))
        story.plan(story.now - timedelta(hours=1), partial(_look_this_morning, account))


def _months(first: date, last: date) -> list[books_rules.Period]:
    months = [books_rules.month_of(first)]
    while months[-1].last < last:
        months.append(books_rules.month_of(months[-1].last + timedelta(days=1)))
    return months


def _plan_month(story: Story, account: BankAccount, last: date) -> None:
    """Hand in twice a month; once it is over, import its statement, sign it over, and close it."""
    regie = account.regie
    for day in (office.last_open(last.replace(day=15)), office.last_open(last)):
        story.plan(office.moment(day, 17, 30), partial(_hand_in_cash, regie))
        story.plan(office.moment(day, 17, 40), partial(_hand_in_cheques, regie))
    imported = office.next_open(last + timedelta(days=3))
    signed = office.next_open(last + timedelta(days=10))
    story.plan(office.moment(imported, 9, 40), partial(_reconcile, account, last))
    story.plan(office.moment(office.next_open(imported, after=1), 10), partial(_credit_cash, regie))
    story.plan(office.moment(signed, 10), partial(_sign, regie, last))
    story.plan(office.moment(office.next_open(signed, after=1), 11), partial(_note_transfer, regie))
    story.plan(office.moment(office.next_open(signed, after=2), 9), partial(_close_month, regie, last))


def _who(at: datetime) -> dict[str, Any]:
    return {"actor": accounts.regisseur(), "at": at}


def _open(drawer: Drawer, at: datetime) -> None:
    last = cash_queries.last_session(drawer)
    if last is None:
        cash_desk.open_session(drawer_id=drawer.pk, count=FLOAT, **_who(at))
    elif not last.is_open:
        cash_desk.open_session(drawer_id=drawer.pk, count=_coins(last.fund_cents), **_who(at))
        _repay(drawer, at + timedelta(minutes=3))


def _close(story: Story, drawer: Drawer, at: datetime) -> None:
    """Count the drawer and close it; the last one is still open this morning. Once, two euros lack."""
    session = cash_queries.last_session(drawer)
    if session is None or not session.is_open or office.next_open(dates.day_of(at), after=1) > dates.day_of(story.now):
        return
    expected, why = cash_queries.expected_cents(session), ""
    lacked = CashSession.objects.exclude(booked_cents=0).exists()
    if not lacked and story.now - at < timedelta(days=110) and expected - session.opening_cents >= LACKS:
        why = "2 € de trop rendus sur un billet de 20 € : usager non retrouvé"
    cash_desk.close_session(
        session_id=session.pk,
        count=_coins(expected - LACKS if why else expected),
        expected_cents=expected,
        explanation=why,
        **_who(at),
    )


def _repay(drawer: Drawer, at: datetime) -> None:
    """The régisseur repays what lacked the day before."""
    for session in cash_queries.unsettled(drawer.regie).filter(drawer=drawer):
        reference = f"Reversé par le régisseur le {dates.format_short(dates.day_of(at))}"
        cash_desk.settle_difference(
            session_id=session.pk, cents=LACKS, reference=reference, request_key=texts.token(), **_who(at)
        )


def _coins(cents: int) -> dict[int, int]:
    """Return notes and coins that come to an amount, as few as can be."""
    count = {}
    for value in cash_rules.VALUES[2:]:
        count[value], cents = divmod(cents, value)
    return count


def _hand_in_cash(regie: Regie, at: datetime) -> None:
    free = cash_queries.cash_position(regie).free
    if free > 0:
        cash_desk.prepare_cash_deposit(
            regie_id=regie.pk, count=_coins(free), from_drawer=False, request_key=texts.token(), **_who(at)
        )


def _hand_in_cheques(regie: Regie, at: datetime) -> None:
    cheques = list(cash_queries.depositable(regie.pk, Deposit.Kind.CHEQUE).values_list("pk", flat=True))
    if cheques:
        cash_desk.prepare_deposit(
            regie_id=regie.pk, kind=Deposit.Kind.CHEQUE, receipt_ids=cheques, request_key=texts.token(), **_who(at)
        )


def _credit_cash(regie: Regie, at: datetime) -> None:
    """The bank's site shows last month's cash: the régisseur does not wait for the statement."""
    waits = Deposit.objects.filter(regie=regie, kind=Deposit.Kind.CASH, state=DepositState.PREPARED)
    for deposit in waits.order_by("id"):
        if office.next_open(dates.day_of(deposit.prepared_at), after=2) <= dates.day_of(at):
            cash_desk.credit_deposit(deposit_id=deposit.pk, reference=f"Site DFT, {deposit.number}", **_who(at))


def _reconcile(account: BankAccount, last: date, at: datetime) -> None:
    """Import a month's statement, accept at once what is sure, then say what each other line is."""
    regie_id, lines = account.regie.pk, account.statement(last)
    if not lines:
        return
    _import(account, lines, at)
    sure = bank_queries.summed(bank_queries.sure_lines(regie_id))
    if sure.count:
        bank_statements.accept_all(regie_id=regie_id, seen=sure, **_who(at))
    _say(account.regie, lines, at + timedelta(minutes=15))


def _look_this_morning(account: BankAccount, at: datetime) -> None:
    """Import what the bank showed since; what is older than a few days is said, the rest waits for whoever comes by."""
    yesterday = dates.day_of(at) - timedelta(days=1)
    unknown = max(account.first, office.last_open(yesterday - NOBODY_KNOWS_SINCE))
    cents, label = NOBODY_KNOWS[account.regie.code]
    also = [Shown(day=unknown, cents=cents, label=label, payer="?")]
    lines = account.statement(yesterday, also=also if unknown <= yesterday else [])
    # The terminal's slips are late: they are only here.
    lines = [line for line in lines if not line.label.startswith(TOGETHER[Receipt.Means.TERMINAL][0])]
    if lines:
        _import(account, lines, at)
        until = dates.day_of(at) - LEFT_OPEN
        _say(account.regie, [line for line in lines if line.day <= until and not line.payer], at)


def _import(account: BankAccount, lines: Sequence[Shown], at: datetime) -> None:
    content = account.as_csv(lines)
    table = csv_files.read_table(content)
    columns = layouts.guess("account", table)
    reading = layouts.read("account", table, columns, today=dates.day_of(at))
    name = f"releve-{account.regie.code.lower()}-{reading.last_day:%Y-%m}.csv"
    source = bank_statements.Source(name=name, digest=hashlib.sha256(content).hexdigest())
    files.put(content)
    who: dict[str, Any] = {"regie_id": account.regie.pk, **_who(at)}
    bank_statements.keep_statements(kind="account", readings=[reading], source=source, **who)
    bank_statements.remember_layout(kind="account", columns=columns, **who)
    bank_statements.propose_matches(regie_id=account.regie.pk, at=at)


def _say(regie: Regie, lines: Sequence[Shown], at: datetime) -> None:
    known = {line.key: line for line in lines}
    for row in bank_queries.open_lines(regie):
        said = known.get((row.day, row.cents, row.label))
        if said is not None:
            _say_one(row, said, at)


def _say_one(row: BankLine, said: Shown, at: datetime) -> None:
    who: dict[str, Any] = {"line_id": row.pk, **_who(at)}
    if said.payer:
        receipt = bank_statements.classify_line(payer_name=said.payer, reference=said.label[:60], **who)
        if receipt.regie.code == "DOM":
            _give_back(_request(receipt, at), at)
    elif said.slip is not None:
        bank_statements.choose_slip(slip_id=said.slip, **who)
    elif said.receipts:
        bank_statements.choose_receipts(receipt_ids=said.receipts, **who)
    else:
        bank_statements.mark_fees(**who)


def _request(receipt: Receipt, at: datetime) -> Refund:
    return payments.request_refund(
        receipt_id=receipt.pk,
        cents=receipt.cents,
        reason="Facture payée deux fois",
        account=payments.PayeeAccount(iban=PAYEE, holder=receipt.payer_name),
        request_key=texts.token(),
        **_who(at),
    )


def _give_back(refund: Refund, at: datetime) -> None:
    """Where the régie may, money that nobody owes is given back from its account, by two people."""
    payments.approve_refund(refund_id=refund.pk, actor=accounts.substitute(), at=at + timedelta(minutes=5))
    mandate = f"VIR-{refund.regie.code}-{dates.day_of(at).year}-007"
    payments.complete_refund(refund_id=refund.pk, mandate=mandate, **_who(at + timedelta(minutes=9)))


def _ask_refund(regie: Regie, at: datetime) -> None:
    """Elsewhere the comptable will: since yesterday it waits for a second person."""
    for receipt in Receipt.objects.filter(regie=regie, regie__code="ENF", means=Receipt.Means.TRANSFER, invoice=None):
        _request(receipt, at)


def _sign(regie: Regie, until: date, at: datetime) -> None:
    """Sign the month over; where the bank took back what it had credited in it, up to the day before."""
    for last in (until, dates.day_of(at) - timedelta(days=1)):
        entries = remittance_queries.ready(remittance_queries.entries_to_remit(regie, until=last), until=last)
        total = sum(share.cents for share in remittance_queries.shares(remittance_queries.vouchers(entries)))
        try:
            remittances.sign_remittance(
                regie_id=regie.pk, until=last, expected_cents=total, request_key=texts.token(), **_who(at)
            )
        except remittances.NotRemittable:
            # Nothing came, or the account does not hold it yet: it goes with the next month.
            continue
        return


def _note_transfer(regie: Regie, at: datetime) -> None:
    """In one régie the transfer is written at once, in the other the bank's line says it."""
    if regie.code == "ENF":
        for one in Remittance.objects.filter(regie=regie, state=RemittanceState.SIGNED).order_by("id"):
            remittances.record_transfer(remittance_id=one.pk, reference=f"Ordre de virement {one.number}", **_who(at))


def _close_month(regie: Regie, until: date, at: datetime) -> None:
    books.close_period(regie_id=regie.pk, until=until, **_who(at))
