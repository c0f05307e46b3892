"""What is too small to be invoiced alone waits for the payer's next invoice of the same type, and is billed once."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from obole.audit_log.models import Record
from obole.billing import operations as billing, queries
from obole.billing.models import CarryOver, CreditNote, Invoice
from obole.billing.operations import carry_overs
from obole.dossiers.models import Dossier
from obole.payments.models import Receipt
from obole.pricing.model import parts as p
from obole.regies.models import Line
from tests.billing.priced import COPIES, answered, bill, publish
from tests.books import check_books
from tests.payments.test_counter import take
from tests.world import NOON, WHO, Town, make_citizen, make_dossier, make_town, make_type

pytestmark = pytest.mark.django_db


@pytest.fixture
def town() -> Town:
    return make_town()


def carry(
    town: Town, version: Any, pages: int = 21, *, dossier: Dossier | None = None, key: str = "c", **more: Any
) -> CarryOver:
    asked = {"pages": str(pages), **more.pop("also", {})}
    return billing.carry_price(
        dossier_id=(dossier or make_dossier(town)).pk,
        type_id=more.get("type_id", town.type.pk),
        answered=answered(version, asked),
        period="octobre 2026",
        request_key=key,
        confirmed=billing.Confirmed(again=True),
        actor=WHO,
        at=NOON,
    )


def rows(invoice: Invoice) -> list[tuple[str, int, str]]:
    return list(invoice.lines.order_by("position").values_list("label", "amount_cents", "nature"))


def test_a_small_price_is_carried_to_the_next_invoice(town: Town) -> None:
    version = publish(town, COPIES)
    carried = carry(town, version)
    assert (carried.cents, carried.payer, carried.invoice) == (420, town.citizen, None)
    assert not Invoice.objects.exists()
    invoice = bill(town, version, {"pages": "100"})
    said = f"Report de octobre 2026, {carried.dossier.reference}"
    assert rows(invoice) == [("Pages", 2000, "7062"), (said, 420, "7062")]
    assert invoice.total_cents == 2420
    carried.refresh_from_db()
    assert carried.invoice == invoice
    assert bill(town, version, {"pages": "100"}, key="again").total_cents == 2000
    check_books()


def test_its_vat_and_its_imputations_are_billed_with_it(town: Town) -> None:
    version = publish(town, COPIES)
    carry(town, version, 10, also={"livres": "2"})
    invoice = bill(town, version, {"pages": "100", "livres": "1"}, key="n")
    assert [cents for _label, cents, _nature in rows(invoice)] == [2000, 500, 200, 1000]
    assert invoice.explanation.added_tax_cents == 300 and invoice.total_cents == 4000
    why = queries.explanation_of(invoice)
    assert why is not None and len(queries.lines_of(invoice, why)) == 4
    assert [cents for _label, cents in why.taxes] == [3700, 300]
    assert "Total : 14,00 €." in " ".join(why.whys[3]).replace("\u00a0", " ")
    take(invoice.pk, 4000, Receipt.Means.CHEQUE)
    held: dict[str, int] = {}
    for item in Line.objects.filter(account="revenue_due").order_by("id"):
        held[item.nature] = held.get(item.nature, 0) + item.credit
    assert held == {"7062": 2200, "7088": 1500, "44571": 300}
    check_books()


def test_what_waits_adds_up_until_the_threshold(town: Town) -> None:
    version, dossier = publish(town, COPIES), make_dossier(town)
    carry(town, version, 70, dossier=dossier)
    with pytest.raises(billing.NotBillable, match="n’est pas sous le seuil"):
        carry(town, version, 5, dossier=dossier, key="d")
    assert carry(town, version, 4, dossier=dossier, key="e").cents == 80
    assert bill(town, version, {"pages": "5"}, dossier=dossier).total_cents == 1400 + 80 + 100


@pytest.mark.parametrize("pages", [0, 75, 76])
def test_nothing_and_what_reaches_the_threshold_are_not_carried(town: Town, pages: int) -> None:
    with pytest.raises(billing.NotBillable, match="n’est pas sous le seuil"):
        carry(town, publish(town, COPIES), pages)
    assert not CarryOver.objects.exists()


def test_without_a_threshold_nothing_is_carried(town: Town) -> None:
    version = publish(town, p.Pricing(**{**{f: getattr(COPIES, f) for f in COPIES.__slots__}, "terms": p.Terms()}))
    with pytest.raises(billing.NotBillable, match="n’est pas sous le seuil"):
        carry(town, version)


def test_it_goes_to_the_same_payer_and_the_same_type_only(town: Town) -> None:
    version, other = publish(town, COPIES), make_type(town.regie, [town.scheme], name="Autre")
    carry(town, version)
    stranger = make_dossier(town, citizen=make_citizen("autre@example.org"))
    assert bill(town, version, {"pages": "100"}, dossier=stranger, key="s").total_cents == 2000
    of_other_type = billing.generate_invoice(
        dossier_id=make_dossier(town).pk,
        type_id=other.pk,
        answered=answered(version, {"pages": "100"}),
        period="",
        request_key="o",
        actor=WHO,
        at=NOON,
    )
    assert of_other_type.total_cents == 2000 and CarryOver.objects.waiting().count() == 1


def test_the_same_form_twice_carries_once(town: Town) -> None:
    version, dossier = publish(town, COPIES), make_dossier(town)
    assert carry(town, version, dossier=dossier) == carry(town, version, dossier=dossier)
    assert Record.objects.filter(verb="carried.keep").count() == 1


def test_an_invoice_done_again_bills_it_again_and_other_answers_keep_it(town: Town) -> None:
    version = publish(town, COPIES)
    carry(town, version)
    invoice = bill(town, version, {"pages": "100"})
    billing.cancel_invoice(invoice_id=invoice.pk, code=CreditNote.Reason.QUANTITY, comment="", actor=WHO, at=NOON)
    draft = billing.redo_invoice(invoice_id=invoice.pk, actor=WHO, at=NOON)
    corrected = billing.correct_draft(
        invoice_id=draft.pk, answered=answered(version, {"pages": "200"}), period="", actor=WHO, at=NOON
    )
    assert corrected.total_cents == 4420 and len(rows(corrected)) == 2
    billing.issue_invoice(invoice_id=draft.pk, actor=WHO, at=NOON)
    assert bill(town, version, {"pages": "100"}, key="next").total_cents == 2000
    check_books()


def test_it_is_given_up_with_a_reason(town: Town) -> None:
    version = publish(town, COPIES)
    carried = carry(town, version)
    with pytest.raises(billing.ReasonMissing):
        billing.give_up_carry_over(carried_id=carried.pk, reason=" ", actor=WHO, at=NOON)
    billing.give_up_carry_over(carried_id=carried.pk, reason="Erreur", actor=WHO, at=NOON)
    with pytest.raises(billing.NotBillable, match="n’attend plus"):
        billing.give_up_carry_over(carried_id=carried.pk, reason="Erreur", actor=WHO, at=NOON)
    assert bill(town, version, {"pages": "100"}).total_cents == 2000


def test_a_price_in_several_times_leaves_it_waiting(town: Town) -> None:
    carry(town, publish(town, COPIES))
    twice = p.Pricing(**{**{f: getattr(COPIES, f) for f in COPIES.__slots__}, "terms": p.Terms(instalments=2)})
    first = bill(town, publish(town, twice), {"pages": "100"}, later=[NOON.date() + timedelta(days=5)])
    assert first.total_cents == 1000 and CarryOver.objects.waiting().count() == 1


def test_the_database_keeps_it(town: Town) -> None:
    carried = CarryOver.objects.filter(pk=carry(town, publish(town, COPIES)).pk)
    for write in (lambda: carried.update(cents=1), carried.delete):
        with pytest.raises(DatabaseError), transaction.atomic():
            write()


def test_neg_without_counting_it_is_billed_twice(town: Town, monkeypatch: Any) -> None:
    monkeypatch.setattr(carry_overs, "bill_carry_overs", lambda *_a, **_k: None)
    version = publish(town, COPIES)
    carry(town, version)
    totals = [bill(town, version, {"pages": "100"}, key=key).total_cents for key in "ab"]
    assert totals == [2420, 2420]
