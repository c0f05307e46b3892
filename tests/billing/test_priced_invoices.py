"""Invoices that a pricing makes of answers: their lines, their reasons, what is refused, and what stays."""

from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from pypdf import PdfReader

from obole.audit_log.models import Record
from obole.billing import operations as billing, pdf_documents, queries
from obole.billing.models import Invoice, InvoiceExplanation, InvoiceLine
from obole.books import verification
from obole.pricing.model.problems import Refused
from obole.pricing.text.codec import parse_result
from tests.billing.priced import FAMILY, answered, bill, publish
from tests.pricing.build import fixed, line, product, shop
from tests.pricing.dispositifs import GRAVE_GIVEN_BACK, TAXED_HALL, TEN, TIP, TWENTY, p, t
from tests.world import NOON, WHO, Town, make_dossier, make_old_draft, make_town

pytestmark = pytest.mark.django_db


@pytest.fixture
def town() -> Town:
    return make_town()


def rows(invoice: Invoice) -> list[tuple[str, str, Decimal, int, int, str]]:
    fields = ("label", "detail", "quantity", "unit_price_cents", "amount_cents", "nature")
    return list(invoice.lines.order_by("position").values_list(*fields))


def text_of(invoice: Invoice) -> str:
    """Return what the invoice's document prints, with plain spaces."""
    document = pdf_documents.ensure_invoice_pdf(invoice_id=invoice.pk, at=NOON)
    pages = PdfReader(BytesIO(pdf_documents.read_pdf(document))).pages
    text = " ".join(page.extract_text() for page in pages)
    return " ".join(text.replace("\u202f", " ").replace("\u00a0", " ").split())


def nothing_was_made() -> bool:
    return not Invoice.objects.exists() and not InvoiceExplanation.objects.exists()


def test_the_canteen_of_a_family_is_billed_and_explained(town: Town) -> None:
    invoice = bill(town, publish(town))
    assert (invoice.number, invoice.state, invoice.total_cents) == ("ENF-2026-000001", "due", 158_88)
    d = "tranche 701–1000"
    assert rows(invoice) == [
        ("Léa — Repas", d, Decimal(16), 325, 5200, "7067"),
        ("Enfant 2 — Repas", f"{d}\u202f; 2ᵉ enfant −10\u00a0%", Decimal(16), 293, 4688, "7067"),
        ("Enfant 3 — Repas", f"{d}\u202f; 3ᵉ enfant et suivants −20\u00a0%", Decimal(14), 260, 3640, "7067"),
        ("Léa — Majoration réservation hors délai", "", Decimal(1), 200, 200, "7067"),
        ("Léa — Accueil du soir", d, Decimal(24), 90, 2160, "7067"),
    ]
    kept = InvoiceExplanation.objects.get(invoice=invoice)
    assert kept.answers == FAMILY and parse_result(kept.result).total_cents == 158_88 and kept.added_tax_cents == 0
    why = queries.explanation_of(invoice)
    assert why is not None and len(why.whys) == 5
    assert "−10 % = 2,925 €, arrondi à 2,93 €." in " ".join(why.whys[1]).replace("\u00a0", " ")
    assert why.votes == "Tarifs\u00a0: délibération n° 2026-41 du 12/06/2026 (Enfance, Hors delai)."
    assert why.taxes == [] and why.vat_mention == "Exonération – article 261, 4, 4° du CGI"
    verification.verify()


@pytest.mark.django_db
def test_its_document_prints_the_rule_of_each_line_and_the_vote(town: Town) -> None:
    invoice = bill(town, publish(town))
    with translation.override("en"):
        text = text_of(invoice)
    for said in (
        "158,88 €",
        "Enfant 2 — Repas",
        "2ᵉ enfant −10 %",
        "46,88 €",
        "Exonération – article 261, 4, 4° du CGI",
    ):
        assert said in text, said
    assert "Tarifs : délibération n° 2026-41 du 12/06/2026 (Enfance, Hors delai)." in text


def test_an_agent_who_reads_english_keeps_french_lines(town: Town) -> None:
    with translation.override("en"):
        invoice = bill(town, publish(town))
    assert rows(invoice)[0][1] == "tranche 701–1000"


@pytest.mark.django_db
def test_prices_voted_without_vat_are_billed_with_it(town: Town) -> None:
    invoice = bill(town, publish(town, TAXED_HALL), {})
    assert invoice.total_cents == 540_00
    assert [row[1:5] for row in rows(invoice)] == [("prix HT, TVA 20 %", Decimal(1), 450_00, 450_00)]
    assert InvoiceExplanation.objects.get().added_tax_cents == 90_00
    text = text_of(invoice)
    assert "Total HT 450,00 €" in text and "TVA 20 % sur 450,00 € 90,00 €" in text and "Total TTC 540,00 €" in text
    verification.verify()


def test_the_books_see_a_total_that_is_not_lines_and_tax(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """The guard bites: with the tax kept wrong, the total is no more what the lines come to."""
    monkeypatch.setattr("obole.billing.rules.added_tax", lambda _result: 89_99)
    bill(town, publish(town, TAXED_HALL), {})
    with pytest.raises(verification.BooksDiffer, match="not the sum of its lines"):
        verification.verify()


def test_vat_is_on_the_sum_of_each_rate(town: Town) -> None:
    answers = {
        "territoire": "territoire",
        "depots": [{"nature": "inertes", "volume": "1.01"}, {"nature": "bois traité", "volume": "0.1"}],
    }
    invoice = bill(town, publish(town, TIP), answers)
    net = sum(row[4] for row in rows(invoice))
    assert invoice.total_cents == net + (net * 10 + 50) // 100
    verification.verify()


def test_prices_with_and_without_vat_say_which_they_are(town: Town) -> None:
    mixed = p.Pricing(
        tariffs=(fixed("salle", 45000, vat=TEN), fixed("cuisine", 6000)),
        products=(product("salle"), product("cuisine")),
        lines=(line("salle"), line("cuisine")),
    )
    invoice = bill(town, publish(town, mixed), {})
    assert [row[1] for row in rows(invoice)] == ["TVA 10 %", "Hors champ de la TVA"]
    why = queries.explanation_of(invoice)
    assert why is not None and why.taxes == [("Total HT", 46909), ("TVA 10 % sur 409,09\u00a0€", 4091)]
    assert invoice.total_cents == 51000


@pytest.mark.django_db
def test_what_takes_away_has_a_negative_quantity(town: Town) -> None:
    answers = {**FAMILY, "enfants": [{"repas": "16", "absences": "2"}]}
    invoice = bill(town, publish(town), answers)
    assert rows(invoice)[-1][2:5] == (Decimal(-2), 325, -650)
    assert invoice.total_cents == 5200 - 650
    text = text_of(invoice)
    assert "−2 repas 3,25 € −6,50 €" in text
    verification.verify()


@pytest.mark.parametrize(
    "answers",
    [
        {},
        {"qf": "842", "resident": "peut-être", "enfants": [{"repas": "1"}]},
        {**FAMILY, "qf": "-1"},
        {**FAMILY, "enfants": "Léa"},
        {**FAMILY, "enfants": [{"repas": "1.5"}]},
        {**FAMILY, "enfants": [{"absences": "3"}]},
        {**FAMILY, "enfants": [{}] * 21},
    ],
)
def test_answers_that_cannot_be_priced_make_nothing(town: Town, answers: dict[str, Any]) -> None:
    version, dossier = publish(town), make_dossier(town)
    before = Record.objects.count()
    with pytest.raises((Refused, billing.EmptyInvoice)):
        bill(town, version, answers, dossier=dossier)
    assert nothing_was_made() and Record.objects.count() == before


def test_money_to_give_back_is_no_invoice(town: Town) -> None:
    answers = {"prix": "500", "duree": "30", "ecoulees": "10", "deux_tiers": "no"}
    with pytest.raises(billing.EmptyInvoice, match="négatif"):
        bill(town, publish(town, GRAVE_GIVEN_BACK), answers)
    assert nothing_was_made()


def test_the_same_form_makes_one_invoice(town: Town) -> None:
    version, dossier = publish(town), make_dossier(town)
    first, again = (bill(town, version, dossier=dossier) for _n in range(2))
    assert first.pk == again.pk and Invoice.objects.count() == 1


def test_a_pricing_that_changed_since_is_not_billed_blindly(town: Town) -> None:
    old = publish(town)
    publish(town, TAXED_HALL)
    with pytest.raises(billing.PricingChanged):
        bill(town, old)
    assert nothing_was_made()


def test_the_explanation_of_an_issued_invoice_never_changes(town: Town) -> None:
    invoice = bill(town, publish(town))
    acts = (
        lambda: InvoiceExplanation.objects.update(added_tax_cents=1),
        lambda: InvoiceExplanation.objects.all().delete(),
        lambda: InvoiceLine.objects.filter(invoice=invoice).update(amount_cents=-1),
    )
    for act in acts:
        with pytest.raises(DatabaseError, match="of an issued invoice stay"), transaction.atomic():
            act()
    assert InvoiceExplanation.objects.get().added_tax_cents == 0


def test_an_issued_invoice_is_given_no_explanation_afterwards(town: Town) -> None:
    version = publish(town)
    invoice = billing.issue_invoice(invoice_id=make_old_draft(town).pk, actor=WHO, at=NOON)
    assert queries.explanation_of(invoice) is None
    with pytest.raises(DatabaseError, match="of an issued invoice stays"), transaction.atomic():
        InvoiceExplanation.objects.create(invoice=invoice, version=version, answers={}, result={})


def redone(town: Town, invoice: Invoice) -> Invoice:
    billing.cancel_invoice(invoice_id=invoice.pk, code="quantity", comment="", actor=WHO, at=NOON)
    return billing.redo_invoice(invoice_id=invoice.pk, actor=WHO, at=NOON)


def test_an_invoice_is_cancelled_and_done_again_with_its_reasons(town: Town) -> None:
    invoice = bill(town, publish(town))
    draft = redone(town, invoice)
    assert (rows(draft), draft.total_cents) == (rows(invoice), 158_88)
    assert queries.explanation_of(draft) == queries.explanation_of(invoice)
    assert billing.issue_invoice(invoice_id=draft.pk, actor=WHO, at=NOON).number == "ENF-2026-000002"
    verification.verify()


def test_a_draft_is_corrected_by_other_answers(town: Town) -> None:
    version = publish(town)
    draft = redone(town, bill(town, version))
    fewer = {**FAMILY, "enfants": [{"prenom": "Léa", "repas": "16"}]}
    billing.correct_draft(invoice_id=draft.pk, answered=answered(version, fewer), period="octobre", actor=WHO, at=NOON)
    draft.refresh_from_db()
    assert (draft.total_cents, draft.period, len(rows(draft))) == (5200, "octobre", 1)
    assert InvoiceExplanation.objects.get(invoice=draft).answers == fewer
    with pytest.raises(Refused):
        billing.correct_draft(
            invoice_id=draft.pk, answered=answered(version, {"qf": "x"}), period="", actor=WHO, at=NOON
        )
    assert len(rows(draft)) == 1
    billing.issue_invoice(invoice_id=draft.pk, actor=WHO, at=NOON)
    with pytest.raises(billing.NotADraft):
        billing.correct_draft(invoice_id=draft.pk, answered=answered(version), period="", actor=WHO, at=NOON)
    verification.verify()


def test_a_draft_is_given_up_with_its_reasons(town: Town) -> None:
    draft = redone(town, bill(town, publish(town)))
    billing.discard_draft(invoice_id=draft.pk, actor=WHO, at=NOON)
    assert (Invoice.objects.count(), InvoiceExplanation.objects.count()) == (1, 1)


def test_twenty_children_cost_no_more_queries_than_one(town: Town) -> None:
    version = publish(town)
    dossiers = [make_dossier(town) for _n in range(3)]
    counts = []
    for dossier, children in zip(dossiers, (1, 1, 20), strict=True):
        with CaptureQueriesContext(connection) as asked:
            bill(
                town, version, {**FAMILY, "enfants": [{"repas": "1"}] * children}, dossier=dossier, key=str(dossier.pk)
            )
        counts.append(len(asked))
    # The first one also reads the pricing, once in a process.
    assert counts[1] == counts[2] <= counts[0]


def test_what_a_line_cannot_hold_is_refused_before_it_is_written(town: Town) -> None:
    version, dossier = publish(town, shop(1, 250)), make_dossier(town)
    for quantity in ("5000000", "0.0001", "9" * 30):
        with pytest.raises(Refused):
            bill(town, version, {"q0": quantity, "q1": "2"}, dossier=dossier)
    assert bill(town, version, {"q0": "999999", "q1": "0.001"}, dossier=dossier).total_cents == 999_999


def test_a_deduction_without_vat_may_take_tax_away(town: Town) -> None:
    both = p.Pricing(
        tariffs=(fixed("salle", 60000), fixed("remise", 10000, vat=TWENTY, typed=t.Typed.NET)),
        products=(product("salle"), product("remise")),
        lines=(line("salle"), line("remise", deduct=True)),
    )
    invoice = bill(town, publish(town, both), {})
    assert (invoice.total_cents, InvoiceExplanation.objects.get().added_tax_cents) == (480_00, -20_00)
    verification.verify()
