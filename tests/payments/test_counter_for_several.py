"""One sum at the counter for several invoices: one quittance, what it pays of each, and what is refused."""

from dataclasses import replace
from io import BytesIO

import pytest
from pypdf import PdfReader

from obole.audit_log.models import Record
from obole.billing.models import Invoice
from obole.directory.rules import NotAllowed
from obole.lib import dates, texts
from obole.payments import operations as payments, queries, rules
from obole.payments.models import Allocation, Receipt
from obole.payments.operations import CounterObstacle, Money, MoneyNotTaken
from obole.payments.pdf_documents import ensure_receipt_pdf, read_pdf
from obole.regies.models import Regie
from tests.actors import somebody
from tests.books import check_books
from tests.payments.steps import held, mails, state_of
from tests.world import (
    Town,
    canteen,
    later,
    make_citizen,
    make_invoice,
    make_regie,
    make_town,
    make_type,
    publish,
    run_tasks,
)

pytestmark = pytest.mark.django_db

M = Receipt.Means
WHO = somebody("guichet@valbourg.example")
CHEQUE = Money(cents=0, means=M.CHEQUE, payer_name="M. Lefèvre", reference="0001234", bank="Banque postale")


@pytest.fixture
def town() -> Town:
    return make_town()


@pytest.fixture
def three(town: Town) -> list[Invoice]:
    """Return three invoices of one family: 6,50, 52,00 and 16,25; the second is due first."""
    return [make_invoice(town, meals=2), make_invoice(town, at=later(days=-3)), make_invoice(town, meals=5)]


def pdf_text(content: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(BytesIO(content)).pages).split())


def take(invoices: list[Invoice], money: Money, *, key: str = "") -> Receipt:
    return payments.take_for_invoices(
        invoice_ids=[invoice.pk for invoice in invoices],
        money=money,
        request_key=key or texts.token(),
        actor=WHO,
        at=later(1),
    )


def test_one_cheque_pays_three_invoices_with_one_quittance_and_one_entry(town: Town, three: list[Invoice]) -> None:
    receipt = take(three, replace(CHEQUE, cents=7475))
    run_tasks()

    assert (receipt.number, receipt.cents, receipt.remaining_cents) == ("ENF-Q-2026-000001", 7475, 0)
    assert (receipt.reference, receipt.bank, receipt.valued_on) == ("0001234", "Banque postale", None)
    assert [state_of(invoice) for invoice in three] == ["paid"] * 3
    assert queries.cents_by_invoice(receipt) == {three[0].pk: 650, three[1].pk: 5200, three[2].pk: 1625}
    assert Receipt.objects.count() == 1 and receipt.entry.lines.count() > 0
    assert held(town.regie, "cheques", "revenue_due", "receivable", "suspense") == (7475, 7475, 0, 0)
    assert mails() == ["payment_receipt"]
    told = Record.objects.filter(verb="receipt.take").order_by("subject_id")
    assert [(row.subject_id, row.details["cents"]) for row in told] == [
        (invoice.pk, cents) for invoice, cents in zip(three, (650, 5200, 1625), strict=True)
    ]
    check_books()


def test_the_paper_names_every_invoice_that_it_pays_the_cheque_and_its_bank(three: list[Invoice]) -> None:
    receipt = take(three, replace(CHEQUE, cents=7475))
    said = pdf_text(read_pdf(ensure_receipt_pdf(receipt_id=receipt.pk, at=later(2))))
    for part in (*(invoice.number or "" for invoice in three), "6,50", "52,00", "16,25", "0001234", "Banque postale"):
        assert part in said


def test_a_transfer_keeps_its_day_of_value(three: list[Invoice]) -> None:
    day = dates.day_of(later(days=-2))
    receipt = take(three, Money(cents=7475, means=M.TRANSFER, reference="VIR 12", valued_on=day))
    assert receipt.valued_on == day
    assert "23 novembre 2026" in pdf_text(read_pdf(ensure_receipt_pdf(receipt_id=receipt.pk, at=later(2))))


def test_less_than_the_whole_pays_the_first_due_first(town: Town, three: list[Invoice]) -> None:
    receipt = take(three, Money(cents=5500, means=M.CASH))
    assert queries.cents_by_invoice(receipt) == {three[1].pk: 5200, three[0].pk: 300}
    assert [state_of(invoice) for invoice in three] == ["due", "paid", "due"]
    assert receipt.invoice == three[1] and receipt.remaining_cents == 350
    check_books()
    assert rules.spread_over([5200, 650, 1625], cents=5500) == [5200, 300, 0]


@pytest.mark.parametrize(
    ("money", "hindrance", "could"),
    [
        (Money(cents=7476, means=M.CASH), CounterObstacle.TOO_MUCH, 7475),
        (replace(CHEQUE, cents=7475, reference=""), CounterObstacle.CHEQUE, 0),
        (replace(CHEQUE, cents=7475, bank=""), CounterObstacle.CHEQUE, 0),
        (Money(cents=7475, means=M.CESU), CounterObstacle.CESU, 0),
        (Money(cents=7475, means=M.TRANSFER, valued_on=dates.day_of(later(days=1))), CounterObstacle.VALUE_DATE, 0),
    ],
)
def test_what_is_refused_takes_nothing_and_leaves_no_number(
    three: list[Invoice], money: Money, hindrance: CounterObstacle, could: int
) -> None:
    with pytest.raises(MoneyNotTaken) as refused:
        take(three, money)
    assert (refused.value.hindrance, refused.value.cents) == (hindrance, could)
    assert not Receipt.objects.exists() and not Allocation.objects.exists()


def test_the_limit_of_cash_is_over_the_whole(town: Town) -> None:
    publish(town.scheme, canteen(most=200))
    big = [make_invoice(town, meals=60), make_invoice(town, meals=60)]
    payments.take_money(
        invoice_id=big[0].pk, money=Money(cents=9000, means=M.CASH), request_key="a", actor=WHO, at=later(1)
    )
    with pytest.raises(MoneyNotTaken) as refused:
        take(big, Money(cents=21001, means=M.CASH))
    assert (refused.value.hindrance, refused.value.cents) == (CounterObstacle.CASH_LIMIT, 21000)
    assert take(big, Money(cents=21000, means=M.CASH)).cents == 21000


def test_all_are_due_or_nothing_is_taken(town: Town, three: list[Invoice]) -> None:
    take(three[:1], Money(cents=650, means=M.CASH))
    with pytest.raises(MoneyNotTaken) as refused:
        take(three, Money(cents=100, means=M.CASH))
    assert refused.value.hindrance == CounterObstacle.NOT_DUE
    Regie.objects.update(enabled=False)
    with pytest.raises(MoneyNotTaken) as refused:
        take(three[1:], Money(cents=100, means=M.CASH))
    assert refused.value.hindrance == CounterObstacle.REGIE_CLOSED
    assert Receipt.objects.count() == 1


def test_invoices_of_two_payers_or_of_two_regies_are_paid_apart(town: Town, three: list[Invoice]) -> None:
    stranger = make_invoice(town, citizen=make_citizen("autre@example.org", last_name="Autre"))
    other = make_regie("MUS", "Régie Musique")
    town.type = make_type(other, [town.scheme], name="Musique")
    abroad = make_invoice(town)
    for mixed in ([three[0], stranger], [three[0], abroad], []):
        with pytest.raises(MoneyNotTaken) as refused:
            take(mixed, Money(cents=100, means=M.CASH))
        assert refused.value.hindrance == CounterObstacle.APART
    assert not Receipt.objects.exists()


def test_the_same_form_sent_twice_takes_once_whatever_is_ticked_the_second_time(three: list[Invoice]) -> None:
    money = Money(cents=650, means=M.CASH)
    first = take(three[:1], money, key="form")
    assert take(three[:1], money, key="form") == take(three[1:], money, key="form") == first
    assert Allocation.objects.count() == 1


def test_who_has_no_mandate_takes_nothing(town: Town, three: list[Invoice]) -> None:
    ids = [invoice.pk for invoice in three]
    for actor in (town.agent.actor, town.admin.actor, town.citizen.actor):
        with pytest.raises(NotAllowed):
            payments.take_for_invoices(
                invoice_ids=ids, money=Money(cents=100, means=M.CASH), request_key="k", actor=actor, at=later(1)
            )
    with pytest.raises(Invoice.DoesNotExist):
        take([*three, Invoice(pk=999_999)], Money(cents=100, means=M.CASH))
    assert not Receipt.objects.exists()


def test_taken_back_it_makes_all_of_them_due_again(town: Town, three: list[Invoice]) -> None:
    receipt = take(three, replace(CHEQUE, cents=7475))
    payments.reverse_receipt(receipt_id=receipt.pk, kind="bounced", reason="Sans provision", actor=WHO, at=later(5))
    assert [state_of(invoice) for invoice in three] == ["due"] * 3
    assert held(town.regie, "cheques", "revenue_due", "suspense") == (0, 0, 0)
    check_books()
