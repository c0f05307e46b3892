"""
One price in several invoices: each issued once, together the price, in the ledger by imputation and in VAT; or
abandoned.
"""

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from io import BytesIO
from typing import Any

import pytest
import time_machine
from django.db import DatabaseError, transaction
from pypdf import PdfReader

from obole.audit_log.models import Record
from obole.billing import operations as billing, pdf_documents, queries, tasks
from obole.billing.models import BillingPlan, CreditNote, Invoice, InvoiceExplanation, PlannedInstalment
from obole.billing.operations import instalments
from obole.books import verification
from obole.dossiers import operations as dossiers
from obole.dossiers.models import Dossier
from obole.lib.states import ForbiddenTransition
from obole.payments import operations as payments
from obole.payments.models import Receipt, Reversal
from obole.pricing.model import parts as p
from obole.pricing.model.parts import Pricing
from obole.regies import operations as regies
from obole.regies.models import Line
from tests.billing.priced import HALL_ASKED, MUSIC_ASKED, bill, publish
from tests.books import check_books
from tests.payments.test_counter import take
from tests.pricing.build import d
from tests.pricing.dispositifs import HALL, MUSIC, TAXED_HALL
from tests.spaces import plain
from tests.world import NOON, WHO, Town, make_dossier, make_town, run_tasks

pytestmark = pytest.mark.django_db
TODAY = NOON.date()
SOLDE_ON = TODAY + timedelta(days=10)
NATURES = {"location": "752", "cuisine": "752", "vaisselle": "7588", "chauffage": "70878"}
SORTED_HALL = replace(
    HALL, products=tuple(replace(product, nature=NATURES.get(product.key, "")) for product in HALL.products)
)
TAXED = replace(TAXED_HALL, terms=p.Terms(acompte=d(30)))


@pytest.fixture
def town() -> Town:
    return make_town()


def plan_hall(town: Town, pricing: Pricing = SORTED_HALL, answers: Any = None, **more: Any) -> Invoice:
    answers = HALL_ASKED if answers is None else answers
    return bill(town, publish(town, pricing), answers, later=[SOLDE_ON], **more)


def plan_music(town: Town) -> Invoice:
    return bill(town, publish(town, MUSIC), MUSIC_ASKED, later=[TODAY + timedelta(days=30), TODAY + timedelta(days=61)])


def solde() -> PlannedInstalment:
    return PlannedInstalment.objects.get(kind="balance")


def at_day(day: date) -> Any:
    return NOON + (day - TODAY)


def let_days_pass(day: date) -> None:
    """Let the worker's clock ring on that day, and do what it asks for."""
    with time_machine.travel(at_day(day)):
        tasks.bill_parts(timestamp=0)
        run_tasks()


def rows(invoice: Invoice) -> list[tuple[str, int, str]]:
    return list(invoice.lines.order_by("position").values_list("label", "amount_cents", "nature"))


def printed(invoice: Invoice) -> str:
    document = pdf_documents.ensure_invoice_pdf(invoice_id=invoice.pk, at=NOON)
    text = " ".join(page.extract_text() for page in PdfReader(BytesIO(pdf_documents.read_pdf(document))).pages)
    return " ".join(text.replace("\u202f", " ").replace("\u00a0", " ").split())


def revenue() -> Counter[str]:
    """Return what the ledger holds of revenue, by imputation."""
    held: Counter[str] = Counter()
    for item in Line.objects.filter(account="revenue_due").order_by("id"):
        held[item.nature] += item.credit - item.debit
    return held


def pay_all() -> None:
    for item in Invoice.objects.filter(state="due").order_by("id"):
        for cents in (item.total_cents // 3, item.total_cents - item.total_cents // 3):
            take(item.pk, cents, Receipt.Means.CHEQUE)


def test_the_acompte_is_issued_and_the_solde_waits_for_its_day(town: Town) -> None:
    acompte = plan_hall(town)
    assert (acompte.state, acompte.total_cents, acompte.label) == (
        "due",
        15780,
        "Cantine et périscolaire – acompte de 30 %",
    )
    assert [line.amount_cents for line in acompte.lines.order_by("position")] == [11400, 2880, 1500]
    part = solde()
    assert (part.state, part.cents, part.issue_on, part.invoice) == ("planned", 36820, SOLDE_ON, None)
    for day in (TODAY, SOLDE_ON - timedelta(days=1)):
        let_days_pass(day)
        assert Invoice.objects.count() == 1
    let_days_pass(SOLDE_ON)
    part.refresh_from_db()
    assert part.state == "billed" and part.invoice is not None
    assert (part.invoice.state, part.invoice.total_cents) == ("due", 36820)
    assert part.invoice.due_date == SOLDE_ON + timedelta(days=20)
    let_days_pass(SOLDE_ON)
    assert Invoice.objects.count() == 2
    check_books()


def test_the_solde_prints_the_whole_and_takes_the_acompte_away(town: Town) -> None:
    acompte = plan_hall(town)
    last = billing.bill_instalment(part_id=solde().pk, actor=WHO, at=NOON)
    whole = [
        ("Location", 32000, "752"),
        ("Cuisine", 6000, "752"),
        ("Vaisselle", 9600, "7588"),
        ("Chauffage", 5000, "70878"),
    ]
    took = f"Acompte déjà facturé, facture n° {acompte.number}"
    assert rows(last) == [*whole, (took, -11400, "752"), (took, -2880, "7588"), (took, -1500, "70878")]
    text = printed(last)
    assert "Net à payer 368,20 €" in text and f"facture n° {acompte.number}" in text and "−114,00 €" in text
    assert "Acompte de 30 % sur 526,00 €" in printed(acompte) and "Net à payer 157,80 €" in printed(acompte)
    for invoice in (acompte, last):
        why = queries.explanation_of(invoice)
        assert why is not None and len(queries.lines_of(invoice, why)) == invoice.lines.count()
        assert "Acompte de 30 % : 157,80 € ; solde : 368,20 €." in plain(" ".join(why.whys[-1]))
        kept = InvoiceExplanation.objects.get(invoice=invoice)
        assert kept.result["total_cents"] == 52600 and kept.part["cents"] == invoice.total_cents
    verification.verify()


def test_revenue_by_imputation_is_that_of_the_whole(town: Town) -> None:
    plan_hall(town)
    billing.bill_instalment(part_id=solde().pk, actor=WHO, at=NOON)
    pay_all()
    assert revenue() == {"752": 38000, "7588": 9600, "70878": 5000}
    check_books()


def test_vat_is_billed_with_the_acompte_and_the_rest_with_the_solde(town: Town) -> None:
    acompte = plan_hall(town, TAXED, {})
    last = billing.bill_instalment(part_id=solde().pk, actor=WHO, at=NOON)
    assert (acompte.total_cents, last.total_cents) == (16200, 37800)
    assert [line.amount_cents for line in last.lines.order_by("position")] == [45000, -13500]
    assert [item.explanation.added_tax_cents for item in (acompte, last)] == [2700, 6300]
    assert "TVA 20 % sur 135,00 € 27,00 €" in printed(acompte) and "Total HT 135,00 €" in printed(acompte)
    assert "TVA 20 % sur 315,00 € 63,00 €" in printed(last) and "Net à payer 378,00 €" in printed(last)
    pay_all()
    assert revenue() == {"": 45000, "44571": 9000}
    check_books()


def test_neg_without_netting_the_imputations_are_not_those_of_the_whole(town: Town, monkeypatch: Any) -> None:
    monkeypatch.setattr(queries.rules, "offset_negatives", lambda amounts: list(amounts))
    plan_hall(town)
    billing.bill_instalment(part_id=solde().pk, actor=WHO, at=NOON)
    pay_all()
    assert revenue() != {"752": 38000, "7588": 9600, "70878": 5000}


def test_a_year_in_three_invoices(town: Town) -> None:
    first = plan_music(town)
    assert rows(first) == [
        ("Frais de dossier", 3800, ""),
        ("Échéance 1 sur 3, pour un total de 1\u202f258,40\u00a0€", 40680, ""),
    ]
    let_days_pass(TODAY + timedelta(days=90))
    invoices = list(Invoice.objects.order_by("id"))
    assert [invoice.total_cents for invoice in invoices] == [44480, 40680, 40680]
    assert invoices[2].label == "Cantine et périscolaire – échéance 3 sur 3"
    pay_all()
    assert revenue() == {"": 125840}
    check_books()


def test_the_same_form_twice_makes_one_plan(town: Town) -> None:
    dossier, version = make_dossier(town), publish(town, SORTED_HALL)
    once, again = (bill(town, version, HALL_ASKED, dossier=dossier, later=[SOLDE_ON]) for _ in range(2))
    assert once == again and BillingPlan.objects.count() == 1 and PlannedInstalment.objects.count() == 2


def test_without_days_the_whole_is_one_invoice(town: Town) -> None:
    assert bill(town, publish(town, SORTED_HALL), HALL_ASKED).total_cents == 52600
    assert not BillingPlan.objects.exists()


@pytest.mark.parametrize(
    ("later", "said"),
    [
        ([], "nombre de parts"),
        ([SOLDE_ON, SOLDE_ON], "nombre de parts"),
        ([TODAY], "à venir"),
        ([TODAY - timedelta(days=1)], "à venir"),
        ([TODAY + timedelta(days=3 * 365 + 1)], "trop lointaine"),
        ([date.max], "trop lointaine"),
    ],
)
def test_days_that_no_part_can_have_leave_nothing_behind(town: Town, later: list[date], said: str) -> None:
    dossier, version = make_dossier(town), publish(town, SORTED_HALL)
    before = Record.objects.count()
    with pytest.raises(billing.BadDays, match=said):
        bill(town, version, HALL_ASKED, dossier=dossier, later=later)
    assert (Invoice.objects.count(), PlannedInstalment.objects.count(), Record.objects.count()) == (0, 0, before)


def test_days_follow_each_other(town: Town) -> None:
    with pytest.raises(billing.BadDays, match="se suivent"):
        bill(town, publish(town, MUSIC), MUSIC_ASKED, later=[SOLDE_ON, SOLDE_ON - timedelta(days=1)])


def test_a_part_gets_another_day(town: Town) -> None:
    plan_music(town)
    second, third = PlannedInstalment.objects.filter(state="planned").order_by("rank")
    billing.reschedule_instalment(part_id=second.pk, issue_on=third.issue_on, actor=WHO, at=NOON)
    for day, said in ((third.issue_on + timedelta(days=1), "se suivent"), (TODAY, "à venir")):
        with pytest.raises(billing.BadDays, match=said):
            billing.reschedule_instalment(part_id=second.pk, issue_on=day, actor=WHO, at=NOON)
    let_days_pass(third.issue_on - timedelta(days=1))
    assert Invoice.objects.count() == 1
    billing.bill_instalment(part_id=second.pk, actor=WHO, at=NOON)
    with pytest.raises(billing.NotBillable, match="plus prévue"):
        billing.reschedule_instalment(part_id=second.pk, issue_on=third.issue_on, actor=WHO, at=NOON)
    assert Record.objects.get(verb="part.move").details["after"] == third.issue_on.isoformat()


def test_what_remains_is_abandoned_with_a_reason(town: Town) -> None:
    plan_music(town)
    second, third = PlannedInstalment.objects.filter(state="planned").order_by("rank")
    for reason in ("", " \n"):
        with pytest.raises(billing.ReasonMissing):
            billing.abandon_instalments(part_id=second.pk, reason=reason, actor=WHO, at=NOON)
    gone = billing.abandon_instalments(part_id=second.pk, reason="Départ en janvier", actor=WHO, at=NOON)
    assert [item.pk for item in gone] == [second.pk, third.pk]
    let_days_pass(TODAY + timedelta(days=400))
    assert Invoice.objects.count() == 1
    for call in (billing.bill_instalment, lambda **k: billing.abandon_instalments(reason="encore", **k)):
        with pytest.raises(ForbiddenTransition):
            call(part_id=third.pk, actor=WHO, at=NOON)
    check_books()


def test_a_solde_without_its_acompte_waits_for_somebody(town: Town) -> None:
    acompte = plan_hall(town)
    billing.cancel_invoice(invoice_id=acompte.pk, code=CreditNote.Reason.PRICE, comment="", actor=WHO, at=NOON)
    let_days_pass(SOLDE_ON)
    assert Invoice.objects.count() == 1
    with pytest.raises(billing.NotBillable, match=f"{acompte.number}, est annulé"):
        billing.bill_instalment(part_id=solde().pk, actor=WHO, at=NOON)
    draft = billing.redo_invoice(invoice_id=acompte.pk, actor=WHO, at=NOON)
    let_days_pass(SOLDE_ON)
    assert solde().state == "planned"
    again = billing.issue_invoice(invoice_id=draft.pk, actor=WHO, at=NOON)
    let_days_pass(SOLDE_ON)
    last = solde().invoice
    assert last is not None and f"n° {again.number}" in rows(last)[-1][0]
    assert f"n° {acompte.number}" not in rows(last)[-1][0]
    check_books()


def test_neg_a_solde_would_take_away_an_acompte_that_is_gone(town: Town, monkeypatch: Any) -> None:
    acompte = plan_hall(town)
    billing.cancel_invoice(invoice_id=acompte.pk, code=CreditNote.Reason.PRICE, comment="", actor=WHO, at=NOON)
    monkeypatch.setattr(queries, "is_cancelled_for_good", lambda _invoice: False)
    let_days_pass(SOLDE_ON)
    last = solde().invoice
    assert last is not None and last.total_cents == 36820


def test_after_a_cancelled_instalment_the_next_is_not_issued_by_itself(town: Town) -> None:
    first = plan_music(town)
    billing.cancel_invoice(invoice_id=first.pk, code=CreditNote.Reason.PAYER, comment="", actor=WHO, at=NOON)
    let_days_pass(TODAY + timedelta(days=400))
    assert Invoice.objects.count() == 1
    second = PlannedInstalment.objects.get(rank=2)
    assert f"{first.number} est annulée" in queries.reason_for_hold(second)
    assert billing.bill_instalment(part_id=second.pk, actor=WHO, at=NOON).total_cents == 40680


def test_the_redone_draft_of_a_part_is_not_priced_again_alone(town: Town) -> None:
    acompte = plan_hall(town)
    billing.cancel_invoice(invoice_id=acompte.pk, code=CreditNote.Reason.PRICE, comment="", actor=WHO, at=NOON)
    draft = billing.redo_invoice(invoice_id=acompte.pk, actor=WHO, at=NOON)
    version = BillingPlan.objects.get().version
    answered = billing.PricingAnswers(version_id=version.pk, answers=HALL_ASKED, on=TODAY)
    with pytest.raises(billing.IsInstalment):
        billing.correct_draft(invoice_id=draft.pk, answered=answered, period="", actor=WHO, at=NOON)
    assert Invoice.objects.get(pk=draft.pk).total_cents == 15780


def ended(dossier: Dossier, how: str) -> None:
    reason = {} if how == "close" else {"reason": "non"}
    getattr(dossiers, how)(dossier_id=dossier.pk, actor=WHO, at=NOON, **reason)


@pytest.mark.parametrize(("ways", "by_hand"), [(("reject",), False), (("accept", "close"), True)])
def test_a_dossier_that_is_over_issues_nothing_by_itself(town: Town, ways: tuple[str, ...], by_hand: bool) -> None:
    dossier = make_dossier(town)
    plan_hall(town, dossier=dossier)
    for how in ways:
        ended(dossier, how)
    let_days_pass(SOLDE_ON)
    part = solde()
    assert part.state == "planned" and queries.reason_for_hold(part)
    if by_hand:
        assert billing.bill_instalment(part_id=part.pk, actor=WHO, at=NOON).total_cents == 36820
    else:
        with pytest.raises(billing.NotBillable, match="Refusé"):
            billing.bill_instalment(part_id=part.pk, actor=WHO, at=NOON)
    check_books()


def test_a_regie_that_is_off_issues_no_part(town: Town) -> None:
    plan_hall(town)
    regies.configure_regie(regie_id=town.regie.pk, values={"enabled": False}, actor=WHO, at=NOON)
    let_days_pass(SOLDE_ON)
    assert Invoice.objects.count() == 1 and "désactivée" in queries.reason_for_hold(solde())
    regies.configure_regie(regie_id=town.regie.pk, values={"enabled": True}, actor=WHO, at=NOON)
    let_days_pass(SOLDE_ON + timedelta(days=1))
    assert Invoice.objects.count() == 2


def test_a_pricing_published_since_changes_no_part(town: Town) -> None:
    plan_hall(town)
    publish(town, TAXED)
    last = billing.bill_instalment(part_id=solde().pk, actor=WHO, at=NOON)
    assert last.total_cents == 36820


def test_the_database_keeps_amounts_parts_and_reasons(town: Town) -> None:
    acompte = plan_hall(town)
    part = PlannedInstalment.objects.filter(pk=solde().pk)
    for wrong in (
        {"cents": 1},
        {"share": {}},
        {"state": "billed"},
        {"state": "abandoned"},
        {"invoice": acompte},
        {"reason": "x"},
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            part.update(**wrong)
    for write in (part.delete, lambda: BillingPlan.objects.update(total_cents=1)):
        with pytest.raises(DatabaseError), transaction.atomic():
            write()


def test_neg_one_invoice_a_part_even_without_the_look_at_its_state(town: Town, monkeypatch: Any) -> None:
    plan_hall(town)
    part = solde()
    billing.bill_instalment(part_id=part.pk, actor=WHO, at=NOON)
    monkeypatch.setattr(instalments.states.BILL.__class__, "apply", lambda _self, _thing: None)
    with pytest.raises(DatabaseError), transaction.atomic():
        instalments._bill(PlannedInstalment.objects.get(pk=part.pk), request_key=f"part:{part.pk}", actor=WHO, at=NOON)
    assert Invoice.objects.count() == 2


def test_money_of_a_solde_is_taken_back_imputation_by_imputation(town: Town) -> None:
    plan_hall(town)
    last = billing.bill_instalment(part_id=solde().pk, actor=WHO, at=NOON)
    receipts = [take(last.pk, cents, Receipt.Means.CHEQUE) for cents in (30000, 6820)]
    assert revenue() == {"752": 26600, "7588": 6720, "70878": 3500}
    for receipt in reversed(receipts):
        payments.reverse_receipt(
            receipt_id=receipt.pk, kind=Reversal.Kind.BOUNCED, reason="sans provision", actor=WHO, at=NOON
        )
    assert not +revenue()
    check_books()


def test_a_paid_acompte_that_is_cancelled_frees_its_money_and_holds_the_solde(town: Town) -> None:
    acompte = plan_hall(town)
    take(acompte.pk, 15780, Receipt.Means.CHEQUE)
    payments.cancel_invoice(invoice_id=acompte.pk, code=CreditNote.Reason.GESTURE, comment="", actor=WHO, at=NOON)
    let_days_pass(SOLDE_ON)
    assert solde().state == "planned" and "annulé" in queries.reason_for_hold(solde())
    check_books()


def test_a_task_that_comes_too_soon_or_too_late_issues_nothing(town: Town) -> None:
    plan_music(town)
    second, third = PlannedInstalment.objects.filter(state="planned").order_by("rank")
    assert billing.bill_due_instalment(part_id=second.pk, at=at_day(second.issue_on - timedelta(days=1))) is None
    billing.reschedule_instalment(part_id=third.pk, issue_on=third.issue_on + timedelta(days=30), actor=WHO, at=NOON)
    assert billing.bill_due_instalment(part_id=third.pk, at=at_day(third.issue_on)) is None
    billing.abandon_instalments(part_id=second.pk, reason="Départ", actor=WHO, at=NOON)
    assert billing.bill_due_instalment(part_id=second.pk, at=at_day(second.issue_on)) is None
    assert Invoice.objects.count() == 1


def cancelled(invoice: Invoice) -> None:
    billing.cancel_invoice(invoice_id=invoice.pk, code=CreditNote.Reason.PRICE, comment="", actor=WHO, at=NOON)


def again(invoice: Invoice) -> Invoice:
    draft = billing.redo_invoice(invoice_id=invoice.pk, actor=WHO, at=NOON)
    return billing.issue_invoice(invoice_id=draft.pk, actor=WHO, at=NOON)


def test_an_acompte_is_not_cancelled_while_its_solde_takes_it_away(town: Town) -> None:
    acompte = plan_hall(town)
    last = billing.bill_instalment(part_id=solde().pk, actor=WHO, at=NOON)
    with pytest.raises(billing.NotBillable, match=f"Le solde, facture {last.number}, déduit cet acompte"):
        cancelled(acompte)
    cancelled(last)
    draft = billing.redo_invoice(invoice_id=last.pk, actor=WHO, at=NOON)
    with pytest.raises(billing.NotBillable, match="en brouillon, déduit cet acompte"):
        cancelled(acompte)
    billing.discard_draft(invoice_id=draft.pk, actor=WHO, at=NOON)
    cancelled(acompte)
    assert [item.state for item in Invoice.objects.order_by("id")] == ["cancelled", "cancelled"]
    check_books()


def test_a_solde_that_is_done_again_takes_away_the_acompte_that_stands(town: Town) -> None:
    acompte = plan_hall(town)
    last = billing.bill_instalment(part_id=solde().pk, actor=WHO, at=NOON)
    cancelled(last)
    cancelled(acompte)
    with pytest.raises(billing.NotBillable, match=f"{acompte.number}, est annulé"):
        billing.redo_invoice(invoice_id=last.pk, actor=WHO, at=NOON)
    other = again(acompte)

    redone = again(last)

    assert f"n° {other.number}" in rows(redone)[-1][0] and f"n° {acompte.number}" not in rows(redone)[-1][0]
    assert redone.total_cents == last.total_cents
    with pytest.raises(billing.NotBillable, match=f"{redone.number}, déduit cet acompte"):
        cancelled(other)
    check_books()
