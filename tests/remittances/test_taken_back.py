"""Money taken back after it was paid over is owed by the comptable, until they give it back or pay the refund of it."""

import pytest

from obole.directory.rules import NotAllowed
from obole.payments import operations as payments, queries
from obole.payments.models import Allocation, Receipt, Refund, Regularisation, Reversal
from obole.payments.operations import booking
from obole.regies.models import Line
from tests.actors import somebody
from tests.books import check_books
from tests.payments.steps import held
from tests.payments.test_reversals import debit, reject
from tests.remittances.steps import cancel, clear, paid, sign, total, transfer, write_act
from tests.world import RIB, WHO, Town, later, make_invoice, make_town

pytestmark = pytest.mark.django_db
ACCOUNTS = ("treasury_deposit", "revenue_due", "remitted", "fees", "suspense")
OTHER = somebody("autre")


@pytest.fixture
def town() -> Town:
    return make_town()


def give_back(receipt: Receipt, cents: int) -> Refund:
    refund = payments.request_refund(
        receipt_id=receipt.pk,
        cents=cents,
        reason="annulée",
        account=RIB,
        request_key=f"k{cents}",
        actor=WHO,
        at=later(201),
    )
    payments.approve_refund(refund_id=refund.pk, actor=OTHER, at=later(202))
    return payments.complete_refund(refund_id=refund.pk, mandate="M 7", actor=WHO, at=later(203))


def regularise(town: Town, *receipts: Receipt, reference: str = "VIR SGC 12") -> None:
    payments.regularise_receipts(
        regie_id=town.regie.pk,
        receipt_ids=[receipt.pk for receipt in receipts],
        reference=reference,
        actor=town.regisseur.actor,
        at=later(210),
    )


def test_a_debit_rejected_after_it_was_paid_over_is_owed_by_the_comptable(town: Town) -> None:
    direct, other = debit(town, make_invoice(town)), paid(town)
    clear(town, direct)
    transfer(sign(town))
    assert held(town.regie, *ACCOUNTS) == (0, 0, 0, 0, 0)

    with pytest.raises(payments.AccountTooLow, match="«.compte DFT.» ne porte que 0,00"):
        reject(direct)
    assert not Reversal.objects.exists()

    paid(town)
    reject(direct)
    assert held(town.regie, *ACCOUNTS) == (0, 5200, 0, 5200, 0)
    assert queries.owed_by_receipt(town.regie.pk) == {direct.pk: 5200}
    natures = Line.objects.filter(account="fees").values_list("nature", "debit")
    assert list(natures) == [("7067", 5200)]
    check_books()

    regularise(town, direct)
    assert held(town.regie, *ACCOUNTS) == (5200, 5200, 0, 0, 0)
    assert (queries.owed_by_receipt(town.regie.pk), other.is_reversed) == ({}, False)
    check_books()
    with pytest.raises(payments.NothingOwed):
        regularise(town, direct)
    assert total(town) == 5200


def test_part_paid_over_and_part_not_come_back_from_where_each_is(town: Town) -> None:
    invoice = make_invoice(town)
    spare = paid(town)
    receipt = payments.take_unmatched(
        regie_id=town.regie.pk,
        money=payments.Money(cents=5200, means=Receipt.Means.TRANSFER),
        request_key="u",
        actor=WHO,
        at=later(1),
    )
    count = {"receipt_id": receipt.pk, "invoice_id": invoice.pk, "reason": "x", "actor": WHO}
    payments.apply_receipt(cents=2000, at=later(2), **count)  # type: ignore[arg-type]
    signed = sign(town)
    assert signed.total_cents == 2000 + spare.cents
    payments.apply_receipt(cents=3200, at=later(130), **count)  # type: ignore[arg-type]
    cancel(invoice)

    back = Allocation.objects.get(cents__lt=0)
    assert (back.cents, back.from_remitted_cents) == (-5200, 2000)
    assert held(town.regie, "revenue_due", "fees", "suspense") == (0, 2000, 5200)
    assert total(town) == 0
    check_books()


def test_the_comptable_who_pays_the_refund_settles_what_they_owed(town: Town) -> None:
    receipt = paid(town)
    transfer(sign(town))
    assert receipt.invoice is not None
    cancel(receipt.invoice)
    assert held(town.regie, *ACCOUNTS) == (0, 0, 0, 5200, 5200)
    half = give_back(receipt, 2000)
    assert (half.paid_by, half.settled_cents) == ("comptable", 2000)
    assert held(town.regie, *ACCOUNTS) == (0, 0, 0, 3200, 3200)
    regularise(town, receipt)
    rest = give_back(receipt, 3200)
    assert (rest.settled_cents, held(town.regie, *ACCOUNTS)) == (0, (3200, 0, 3200, 0, 0))
    check_books()
    # What the comptable paid for the régie goes to them with the next bordereau, even where there is nothing else.
    remittance = sign(town)
    assert (remittance.revenue_cents, remittance.refund_cents, remittance.entry) == (0, 3200, None)
    check_books()
    transfer(remittance)
    assert held(town.regie, *ACCOUNTS) == (0, 0, 0, 0, 0)
    check_books()


def test_a_regie_that_pays_itself_gives_what_its_account_holds(town: Town) -> None:
    write_act(town.regie, pays_refunds=True)
    receipt = paid(town)
    transfer(sign(town))
    assert receipt.invoice is not None
    cancel(receipt.invoice)
    with pytest.raises(payments.AccountTooLow, match="ne porte que 0,00"):
        give_back(receipt, 5200)
    assert Refund.objects.get().state == "approved"
    regularise(town, receipt)
    done = payments.complete_refund(refund_id=Refund.objects.get().pk, mandate="V 1", actor=WHO, at=later(220))
    assert (done.paid_by, done.settled_cents, held(town.regie, *ACCOUNTS)) == ("regie", 0, (0, 0, 0, 0, 0))
    check_books()


def test_a_refund_never_takes_what_was_signed_over(town: Town) -> None:
    write_act(town.regie, pays_refunds=True)
    freed = paid(town)
    assert freed.invoice is not None
    cancel(freed.invoice)
    paid(town, meals=4)
    sign(town)
    payments.request_refund(
        receipt_id=freed.pk, cents=5200, reason="x", account=RIB, request_key="k", actor=WHO, at=later(201)
    )
    payments.approve_refund(refund_id=Refund.objects.get().pk, actor=OTHER, at=later(202))
    payments.complete_refund(refund_id=Refund.objects.get().pk, mandate="V", actor=WHO, at=later(203))
    assert held(town.regie, *ACCOUNTS) == (1300, 0, 1300, 0, 0)
    check_books()


def test_a_wrong_entry_of_cash_that_left_the_drawer_is_refused(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    cash = paid(town, Receipt.Means.CASH)
    monkeypatch.setattr(booking.regies, "balances", lambda _regie: {"cash": cash.cents - 1})
    with pytest.raises(payments.AccountTooLow, match="«.caisse.» ne porte que 51,99"):
        payments.reverse_receipt(receipt_id=cash.pk, kind=Reversal.Kind.MISTAKE, reason="x", actor=WHO, at=later(10))


def test_what_is_not_owed_is_not_given_back_and_a_reference_says_what_was(town: Town) -> None:
    receipt = paid(town)
    with pytest.raises(payments.NothingOwed):
        regularise(town, receipt)
    with pytest.raises(payments.NothingOwed):
        regularise(town)
    sign(town)
    assert receipt.invoice is not None
    cancel(receipt.invoice)
    with pytest.raises(payments.ReferenceMissing):
        regularise(town, receipt, reference="\u200b ")
    with pytest.raises(NotAllowed):
        payments.regularise_receipts(
            regie_id=town.regie.pk, receipt_ids=[receipt.pk], reference="x", actor=town.admin.actor, at=later(210)
        )
    assert not Regularisation.objects.exists()
    regularise(town, receipt)
    assert queries.entries_of_receipt(receipt).filter(cause_kind="regularisation").count() == 1
    check_books()


@pytest.mark.parametrize("iban", ["FR76 3000 6000 0112 3456 7890 188", "", "x", "٣٠٠"])
def test_a_refund_wants_an_account_that_can_be_paid_to(town: Town, iban: str) -> None:
    receipt = paid(town)
    assert receipt.invoice is not None
    cancel(receipt.invoice)
    asked = {"receipt_id": receipt.pk, "cents": 1, "reason": "x", "request_key": "k", "actor": WHO, "at": later(201)}
    with pytest.raises(payments.AccountUnusable):
        payments.request_refund(account=payments.PayeeAccount(iban=iban, holder="M. Dupont"), **asked)  # type: ignore[arg-type]
    with pytest.raises(payments.AccountUnusable):
        payments.request_refund(account=payments.PayeeAccount(iban=RIB.iban, holder="\u200b"), **asked)  # type: ignore[arg-type]
    kept = payments.request_refund(account=RIB, **asked)  # type: ignore[arg-type]
    assert (kept.iban, kept.account_holder) == ("FR7630006000011234567890189", "Maud Lefèvre")
