"""Remises: cash out of a drawer or the safe, cheques, CESU; each once, credited or cancelled, to the cent."""

from io import BytesIO

import pytest
from django.db import IntegrityError, transaction
from pypdf import PdfReader

from obole.billing.models import InvoiceType
from obole.cash_desk import operations as cash_desk, pdf_documents, queries
from obole.cash_desk.models import Deposit, DepositLine, DepositPdf
from obole.cash_desk.operations import (
    NoOpenSession,
    NotEnoughCash,
    NothingToDeposit,
    ReasonMissing,
    ReceiptsChanged,
    ReferenceMissing,
)
from obole.lib.states import ForbiddenTransition
from obole.payments import operations as payments
from obole.payments.models import Receipt, Reversal
from tests.cash_desk.steps import (
    Desk,
    M,
    balances,
    cash_deposit,
    cheque_deposit,
    closed,
    coins,
    credited,
    given_back,
    opened,
    position,
    taken,
)
from tests.world import WHO, later, make_invoice, make_regie, run_tasks

pytestmark = pytest.mark.django_db


def cancelled(desk: Desk, deposit: Deposit, reason: str = "Transporteur non venu") -> Deposit:
    return cash_desk.cancel_deposit(deposit_id=deposit.pk, reason=reason, actor=desk.agent.actor, at=later(60))


def text_of(deposit: Deposit) -> str:
    """Return the words of its bordereau."""
    content = pdf_documents.read_pdf(DepositPdf.objects.get(deposit=deposit))
    return " ".join(" ".join(page.extract_text() for page in PdfReader(BytesIO(content)).pages).split())


def test_cheques_go_to_the_bank_and_are_credited_once(desk: Desk) -> None:
    first, second = taken(desk, 40_00, M.CHEQUE), taken(desk, 25_50, M.CHEQUE)
    deposit = cheque_deposit(desk, [first, second])
    assert (deposit.number, deposit.cents, deposit.pieces, deposit.state) == ("ENF-R-2026-000001", 65_50, 2, "prepared")
    assert balances(desk) == (0, 65_50, 0, 0), "a bordereau is not yet money on the account"

    done = credited(desk, deposit)
    credited(desk, deposit)

    assert (done.state, done.reference) == ("credited", "DFT 118")
    assert balances(desk) == (0, 0, 65_50, 0)
    with pytest.raises(ForbiddenTransition):
        credited(desk, deposit, reference="DFT 119")
    with pytest.raises(ForbiddenTransition):
        cancelled(desk, deposit)


def test_a_cheque_is_in_one_live_remise(desk: Desk) -> None:
    first, second = taken(desk, 40_00, M.CHEQUE), taken(desk, 25_50, M.CHEQUE)
    deposit = cheque_deposit(desk, [first])
    assert list(queries.depositable(desk.regie.pk, Deposit.Kind.CHEQUE)) == [second]
    for chosen in ([first], [first, second], [], [taken(desk, 10_00, M.TERMINAL)]):
        with pytest.raises(NothingToDeposit):
            cheque_deposit(desk, chosen)
    with pytest.raises(IntegrityError), transaction.atomic():
        other = cheque_deposit(desk, [second])
        DepositLine.objects.create(deposit=other, receipt=first)
    with pytest.raises(ReasonMissing):
        cancelled(desk, deposit, " ")
    assert cancelled(desk, deposit).reason == "Transporteur non venu"
    again = cheque_deposit(desk, [first, second])
    assert (again.number, again.cents) == ("ENF-R-2026-000002", 65_50)
    credited(desk, again)


def test_the_same_form_sent_twice_makes_one_remise(desk: Desk) -> None:
    cheque = taken(desk, 40_00, M.CHEQUE)
    assert cheque_deposit(desk, [cheque], key="k") == cheque_deposit(desk, [cheque], key="k")
    opened(desk)
    taken(desk, 40_00)
    assert cash_deposit(desk, 30_00, from_drawer=True, key="c") == cash_deposit(desk, 30_00, from_drawer=True, key="c")
    assert Deposit.objects.count() == 2


def test_a_cesu_bundle_is_of_cesu_alone(desk: Desk) -> None:
    cheque, invoice = taken(desk, 40_00, M.CHEQUE), make_invoice(desk.town)
    InvoiceType.objects.update(accepts_cesu=True)
    cesu = cash_desk.take_money(
        invoice_id=invoice.pk,
        money=payments.Money(cents=20_00, means=M.CESU),
        request_key="cesu",
        actor=desk.agent.actor,
        at=later(3),
    )
    for kind, chosen in (("cesu", [cheque]), ("cheque", [cesu]), ("cesu", [cesu, cheque])):
        with pytest.raises(NothingToDeposit):
            cheque_deposit(desk, chosen, kind=kind)
    credited(desk, cheque_deposit(desk, [cesu], kind="cesu"))
    assert balances(desk) == (0, 40_00, 20_00, 0)


def test_a_cheque_taken_back_before_it_is_credited_is_named(desk: Desk) -> None:
    cheque, other = taken(desk, 40_00, M.CHEQUE), taken(desk, 10_00, M.CHEQUE)
    deposit = cheque_deposit(desk, [cheque, other])
    given_back(desk, cheque)
    with pytest.raises(ReceiptsChanged) as refused:
        credited(desk, deposit)
    assert refused.value.receipts == [cheque]
    assert balances(desk) == (0, 10_00, 0, 0)
    cancelled(desk, deposit)
    credited(desk, cheque_deposit(desk, [other]))
    assert balances(desk) == (0, 0, 10_00, 0)


def test_a_cheque_that_bounces_after_it_was_credited_leaves_the_account(desk: Desk) -> None:
    cheque = taken(desk, 40_00, M.CHEQUE)
    credited(desk, cheque_deposit(desk, [cheque]))
    payments.reverse_receipt(
        receipt_id=cheque.pk,
        kind=Reversal.Kind.BOUNCED,
        reason="Sans provision",
        actor=desk.agent.actor,
        at=later(days=3),
    )
    assert balances(desk) == (0, 0, 0, 0)


def test_cash_leaves_the_drawer_at_once_and_the_books_when_it_is_credited(desk: Desk) -> None:
    session = opened(desk)
    taken(desk, 80_00)
    deposit = cash_deposit(desk, 50_00, from_drawer=True)
    assert queries.expected_cents(session) == 130_00
    assert (balances(desk)[0], position(desk).prepared, position(desk).safe) == (80_00, 50_00, 0)
    for cents in (30_01, 130_00):
        with pytest.raises(NotEnoughCash) as refused:
            cash_deposit(desk, cents, from_drawer=True)
        assert refused.value.cents == 30_00, "the fonds de caisse stays"
    with pytest.raises(NotEnoughCash):
        cash_deposit(desk, 1)

    credited(desk, deposit)

    assert balances(desk) == (30_00, 0, 50_00, 0)
    closed(desk, session, 130_00, minutes=95)


def test_the_fonds_de_caisse_stays_in_its_drawer_whatever_the_safe_holds(desk: Desk) -> None:
    session = opened(desk)
    taken(desk, 60_00)
    closed(desk, session, 160_00)
    opened(desk, minutes=11)
    taken(desk, 20_00, minutes=12)
    with pytest.raises(NotEnoughCash) as refused:
        cash_deposit(desk, 50_00, from_drawer=True)
    assert refused.value.cents == 20_00
    cash_deposit(desk, 60_00)


def test_the_safe_holds_what_the_closed_drawers_left(desk: Desk) -> None:
    closed(desk, opened(desk), 100_00)
    session = opened(desk, minutes=11)
    taken(desk, 60_00, minutes=12)
    with pytest.raises(NotEnoughCash) as refused:
        cash_deposit(desk, 10_00)
    assert refused.value.cents == 0
    closed(desk, session, 160_00, minutes=15)
    deposit = cash_deposit(desk, 60_00)
    with pytest.raises(NotEnoughCash):
        cash_deposit(desk, 1)
    cancelled(desk, deposit)
    assert position(desk).safe == 60_00
    credited(desk, cash_deposit(desk, 45_00))
    assert (balances(desk), position(desk).safe) == ((15_00, 0, 45_00, 0), 15_00)


def test_cash_set_aside_out_of_a_drawer_and_cancelled_is_in_the_safe(desk: Desk) -> None:
    session = opened(desk)
    taken(desk, 80_00)
    cancelled(desk, cash_deposit(desk, 80_00, from_drawer=True))
    assert (queries.expected_cents(session), position(desk).safe) == (100_00, 80_00)
    closed(desk, session, 100_00, minutes=70)


def test_what_is_refused_leaves_no_number(desk: Desk) -> None:
    with pytest.raises(NothingToDeposit):
        cash_deposit(desk, 0)
    with pytest.raises(NotEnoughCash):
        cash_deposit(desk, 10_00)
    with pytest.raises(NoOpenSession):
        cash_deposit(desk, 10_00, from_drawer=True)
    deposit = cheque_deposit(desk, [taken(desk, 40_00, M.CHEQUE)])
    assert deposit.sequence == 1
    with pytest.raises(ReferenceMissing):
        credited(desk, deposit, reference=" ")


def test_cheques_of_another_regie_are_not_there(desk: Desk) -> None:
    cheque = taken(desk, 40_00, M.CHEQUE)
    other = make_regie("DOM", "Régie Domaine")
    with pytest.raises(NothingToDeposit):
        cash_desk.prepare_deposit(
            regie_id=other.pk,
            kind=Deposit.Kind.CHEQUE,
            receipt_ids=[cheque.pk],
            request_key="k",
            actor=WHO,
            at=later(9),
        )
    assert not DepositLine.objects.exists()


def test_the_bordereau_is_made_once_and_says_each_cheque(desk: Desk) -> None:
    first, second = taken(desk, 40_00, M.CHEQUE), taken(desk, 1225_50, M.CHEQUE)
    deposit = cheque_deposit(desk, [first, second])
    run_tasks()
    paper = DepositPdf.objects.get(deposit=deposit)
    assert pdf_documents.ensure_deposit_pdf(deposit_id=deposit.pk, at=later(99)) == paper
    said = text_of(deposit)
    for words in (deposit.number, first.number, "0001234", "1 265,50 €", "Date et signature", "Régie Enfance"):
        assert words in said.replace("\u202f", " ").replace("\u00a0", " "), words


def test_the_bordereau_of_cash_says_each_coin(desk: Desk) -> None:
    opened(desk)
    taken(desk, 80_00)
    deposit = cash_deposit(desk, 77_00, from_drawer=True)
    run_tasks()
    said = text_of(deposit).replace("\u202f", " ").replace("\u00a0", " ")
    for words in ("Bordereau de remise d’espèces", "50,00 € 1 50,00 €", "77,00 €", "Guichet"):
        assert words in said, words


def test_numbers_have_no_gap_and_facts_never_change(desk: Desk) -> None:
    deposits = [cheque_deposit(desk, [taken(desk, 10_00 + n, M.CHEQUE)]) for n in range(3)]
    assert [deposit.sequence for deposit in deposits] == [1, 2, 3]
    assert coins(77_00) == {5000: 1, 2000: 1, 500: 1, 200: 1}
    for change in ({"cents": 1}, {"sequence": 9}, {"kind": "cesu"}):
        with pytest.raises(Exception, match="[Cc]annot update"), transaction.atomic():
            Deposit.objects.filter(pk=deposits[0].pk).update(**change)
    assert Receipt.objects.count() == 3
