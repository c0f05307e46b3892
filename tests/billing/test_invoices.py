"""Invoices: what they amount to, which number they take, what is refused, what never changes."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction

from obole.billing import operations as billing, queries, rules
from obole.billing.models import Invoice, InvoiceType
from obole.catalogue.models import Scheme
from obole.dossiers import operations as dossiers
from obole.dossiers.models import Dossier
from obole.lib import dates
from obole.lib.dates import PARIS
from obole.lib.states import ForbiddenTransition
from obole.mailing.models import Message
from obole.pricing.model.parts import AskedOf, Pricing
from obole.pricing.model.problems import Refused
from obole.pricing.simple import Counted, Sold, with_amount, with_quantity
from obole.regies.models import Regie, Series
from obole.regies.queries import balances
from tests.books import check_books, count_everything
from tests.world import (
    NOON,
    WHO,
    Town,
    answered_by,
    bill_dossier,
    canteen,
    correct,
    later,
    make_dossier,
    make_invoice,
    make_old_draft,
    make_regie,
    make_town,
    make_type,
    publish,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def town(db: None) -> Town:
    return make_town()


@pytest.fixture(autouse=True)
def _books(db: None) -> Iterator[None]:
    yield
    check_books()


def bill(
    town: Town, dossier: Dossier, *, key: str = "", type_id: int = 0, at: datetime = NOON, **answers: object
) -> Invoice:
    kind = InvoiceType.objects.get(pk=type_id or town.type.pk)
    return bill_dossier(dossier, kind, key=key, at=at, **answers)


def test_a_family_of_three_pays_158_88(town: Town) -> None:
    """Each line is rounded once: the price of the second child is voted at 2,93, so 16 meals are 46,88."""
    rows = [
        ("Enfant 2 — repas", 16, 293, 4688),
        ("Enfant 3 — repas", 14, 260, 3640),
        ("Enfant 1 — majoration", 1, 200, 200),
        ("Enfant 1 — accueil du soir", 24, 90, 2160),
    ]
    pricing = canteen()
    for n, (name, _quantity, price, _cents) in enumerate(rows):
        counted = Counted(asked_of=AskedOf.AGENT, maximum=Decimal(99))
        pricing = with_quantity(pricing, Sold(label=name, cents=price), counted, key=f"ligne_{n}")
    publish(town.scheme, pricing)
    counts = {f"ligne_{n}": row[1] for n, row in enumerate(rows)}
    invoice = bill(town, make_dossier(town, meals=16), **counts)

    amounts = list(invoice.lines.values_list("amount_cents", flat=True))
    assert amounts == [5200, *(row[3] for row in rows)]
    assert invoice.total_cents == sum(amounts) == 15888


@pytest.mark.parametrize(
    ("quantity", "price", "cents"),
    [
        ("18.5", 2240, 41440),
        ("19", 2240, 42560),
        ("0.125", 100, 13),
        ("0.005", 100, 1),
        ("0.004", 100, 0),
        ("2.5", 1, 3),
        ("1000", 9_999_999, 9_999_999_000),
    ],
)
def test_a_line_is_rounded_half_up_once(quantity: str, price: int, cents: int) -> None:
    line = rules.DraftLine(label="", quantity=Decimal(quantity), unit="", unit_price_cents=price, nature="")
    assert line.amount_cents == cents


def test_a_terrace_with_its_fixed_costs_is_436_20(town: Town) -> None:
    terrace = Sold(label="Terrasse", cents=320, unit="m² × mois")
    pricing = with_quantity(Pricing(), terrace, Counted(asked_of=AskedOf.AGENT, decimals=1), key="terrasse")
    publish(town.scheme, with_amount(pricing, Sold(label="Frais fixes", cents=1060)))
    assert bill(town, make_dossier(town), terrasse="133").total_cents == 42560 + 1060 == 43620


def test_lines_of_zero_are_left_out(town: Town) -> None:
    invoice = make_invoice(town, meals=3)
    assert list(invoice.lines.values_list("label", flat=True)) == ["Repas"]


def test_the_agent_gives_the_quantities_that_are_hers(town: Town) -> None:
    dossier = make_dossier(town, meals=2)
    invoice = bill(town, dossier, majoration=3)
    assert list(invoice.lines.values_list("quantity", "amount_cents")) == [(2, 650), (3, 600)]


def test_a_quantity_out_of_bounds_is_refused_and_takes_no_number(town: Town) -> None:
    dossier = make_dossier(town)
    before = count_everything()
    for wrong in ("101", "-1", "1,5"):
        with pytest.raises(Refused):
            bill(town, dossier, majoration=wrong)
    assert (count_everything(), Series.objects.count()) == (before, 0)


def test_a_fixed_amount_asks_for_nothing_and_takes_the_imputation_of_its_type(town: Town) -> None:
    publish(town.scheme, with_amount(Pricing(), Sold(label="Adhésion 2026", cents=1500)))
    fixed = make_type(town.regie, [town.scheme], name="Adhésion", nature="7062")
    invoice = bill(town, make_dossier(town, meals=0), type_id=fixed.pk)
    (line,) = invoice.lines.all()
    assert (invoice.total_cents, line.label, line.quantity, line.nature) == (1500, "Adhésion 2026", 1, "7062")


def test_a_dispositif_without_a_pricing_bills_nothing(town: Town) -> None:
    dossier, asked = make_dossier(town), answered_by(make_dossier(town))
    scheme = Scheme.objects.create(service=town.scheme.service, name="Sans prix")
    Dossier.objects.filter(pk=dossier.pk).update(scheme=scheme)
    town.type.schemes.add(scheme)
    with pytest.raises(billing.PricingChanged):
        billing.generate_invoice(
            dossier_id=dossier.pk, type_id=town.type.pk, answered=asked, period="", request_key="k", actor=WHO, at=NOON
        )
    assert not Invoice.objects.exists()


def test_a_draft_that_no_pricing_made_is_issued_as_it_is_or_priced_anew(town: Town) -> None:
    kept, mended = make_old_draft(town), make_old_draft(town)
    assert billing.issue_invoice(invoice_id=kept.pk, actor=WHO, at=NOON).total_cents == 16 * 310
    assert queries.explanation_of(kept) is None
    assert correct(mended, repas=10).total_cents == 3250
    assert queries.explanation_of(mended) is not None
    assert billing.issue_invoice(invoice_id=mended.pk, actor=WHO, at=NOON).total_cents == 3250


def test_an_invoice_that_no_pricing_made_is_done_again_with_its_lines(town: Town) -> None:
    old = billing.issue_invoice(invoice_id=make_old_draft(town).pk, actor=WHO, at=NOON)
    billing.cancel_invoice(invoice_id=old.pk, code="payer", comment="", actor=WHO, at=NOON)
    draft = billing.redo_invoice(invoice_id=old.pk, actor=WHO, at=NOON)
    names = ("label", "quantity", "unit_price_cents", "amount_cents")
    lines = [list(item.lines.values_list(*names)) for item in (old, draft)]
    assert lines[0] == lines[1] == [("Repas", 16, 310, 4960)]
    assert billing.issue_invoice(invoice_id=draft.pk, actor=WHO, at=NOON).total_cents == 4960


def test_numbers_follow_each_other_in_each_regie_and_year(town: Town) -> None:
    other = make_type(make_regie("CUL", "Culture"), [town.scheme], name="Culture")
    last_evening = datetime(2026, 12, 31, 22, 59, tzinfo=UTC)
    first_minute = datetime(2026, 12, 31, 23, 0, tzinfo=UTC)
    numbers = [
        bill(town, make_dossier(town)).number,
        bill(town, make_dossier(town), at=last_evening).number,
        bill(town, make_dossier(town), type_id=other.pk).number,
        bill(town, make_dossier(town), at=first_minute).number,
    ]
    assert numbers == ["ENF-2026-000001", "ENF-2026-000002", "CUL-2026-000001", "ENF-2027-000001"]


@pytest.mark.parametrize(
    ("issued", "term", "due"),
    [
        (datetime(2026, 11, 25, 22, 59, tzinfo=UTC), 20, date(2026, 12, 15)),
        (datetime(2026, 11, 25, 23, 0, tzinfo=UTC), 20, date(2026, 12, 16)),
        (datetime(2026, 3, 28, 22, 59, tzinfo=UTC), 1, date(2026, 3, 29)),
        (datetime(2026, 3, 29, 21, 59, tzinfo=UTC), 1, date(2026, 3, 30)),
        (datetime(2026, 10, 25, 2, 30, fold=0, tzinfo=PARIS), 0, date(2026, 10, 25)),
        (datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=PARIS), 0, date(2026, 10, 25)),
        (datetime(2028, 1, 30, 12, tzinfo=UTC), 30, date(2028, 2, 29)),
        (datetime(2026, 12, 31, 23, 30, tzinfo=UTC), 30, date(2027, 1, 31)),
    ],
)
def test_the_last_day_to_pay_is_counted_in_paris(issued: datetime, term: int, due: date) -> None:
    assert dates.due_date(issued, term_days=term) == due


def test_an_issued_invoice_is_due_deposited_and_announced(town: Town) -> None:
    invoice = make_invoice(town)
    assert (invoice.state, invoice.due_date, invoice.remaining_cents) == ("due", date(2026, 12, 15), 5200)
    message = Message.objects.get(kind="invoice_deposited")
    assert (message.to, message.about_id) == ("usager@example.org", invoice.pk)
    assert "52,00\u00a0€" in message.text
    held = balances(town.regie)
    assert (held["receivable"], held["claims"]) == (5200, 5200)
    assert not invoice.is_late(date(2026, 12, 15))
    assert invoice.is_late(date(2026, 12, 16))


def test_a_payer_without_an_address_is_invoiced_without_a_mail(town: Town) -> None:
    type(town.citizen).objects.update(email="")
    make_invoice(town)
    assert not Message.objects.filter(kind="invoice_deposited").exists()


def test_the_same_form_twice_makes_one_invoice(town: Town) -> None:
    dossier = make_dossier(town)
    assert bill(town, dossier, key="form") == bill(town, dossier, key="form")
    assert Invoice.objects.count() == 1


def _not_billable(town: Town) -> dict[str, tuple[Dossier, int]]:
    other_scheme = make_type(town.regie, [], name="Ailleurs")
    off = make_type(town.regie, [town.scheme], name="Éteint", enabled=False)
    nowhere = make_type(None, [town.scheme], name="Sans régie")
    closed_regie = make_regie("OFF", "Éteinte")
    Regie.objects.filter(pk=closed_regie.pk).update(enabled=False)
    closed = make_type(closed_regie, [town.scheme], name="Régie éteinte")
    rejected, withdrawn = make_dossier(town), make_dossier(town)
    dossiers.reject(dossier_id=rejected.pk, reason="non", actor=WHO, at=NOON)
    dossiers.withdraw(dossier_id=withdrawn.pk, actor=WHO, at=NOON)
    fine = make_dossier(town)
    return {
        "ne s’applique pas": (fine, other_scheme.pk),
        "choisissez-en un autre": (fine, off.pk),
        "pas de régie": (fine, nowhere.pk),
        "désactivée": (fine, closed.pk),
        "instruction": (rejected, town.type.pk),
        "en charge": (withdrawn, town.type.pk),
        "de zéro": (make_dossier(town, meals=0), town.type.pk),
    }


def test_what_cannot_be_billed_is_refused_with_a_sentence_and_nothing_happens(town: Town) -> None:
    cases = _not_billable(town)
    before = count_everything()
    for sentence, (dossier, type_id) in cases.items():
        with pytest.raises(billing.NotBillable, match=sentence):
            bill(town, dossier, type_id=type_id)
    assert (count_everything(), Invoice.objects.count()) == (before, 0)
    assert not Series.objects.filter(last__gt=0).exists()


@pytest.mark.parametrize(
    "values",
    [
        {"state": "lost"},
        {"state": "paid"},
        {"received_cents": 5201},
        {"state": "paid", "paid_at": NOON, "received_cents": 5199},
        {"state": "draft"},
        {"paid_at": NOON},
        {"received_cents": -1},
        {"due_date": None},
    ],
)
def test_the_database_refuses_impossible_invoices(town: Town, values: dict[str, object]) -> None:
    make_invoice(town)
    with pytest.raises(DatabaseError), transaction.atomic():
        Invoice.objects.update(**values)
    assert Invoice.objects.get().state == "due"


def test_a_cancelled_invoice_leaves_no_claim_and_says_why(town: Town) -> None:
    invoice = make_invoice(town)
    billing.cancel_invoice(invoice_id=invoice.pk, code="other", comment="  saisie en double ", actor=WHO, at=later(1))
    invoice.refresh_from_db()
    assert (invoice.state, invoice.reason, invoice.remaining_cents) == ("cancelled", "saisie en double", 0)
    assert invoice.number == "ENF-2026-000001"
    assert (balances(town.regie)["receivable"], balances(town.regie)["claims"]) == (0, 0)
    before = count_everything()
    for again in (
        lambda: billing.cancel_invoice(invoice_id=invoice.pk, code="twice", comment="", actor=WHO, at=later(2)),
        lambda: billing.transfer_invoice(invoice_id=invoice.pk, actor=WHO, at=later(2)),
        lambda: billing.issue_invoice(invoice_id=invoice.pk, actor=WHO, at=later(2)),
    ):
        with pytest.raises(ForbiddenTransition):
            again()
    assert count_everything() == before


def test_an_invoice_handed_over_leaves_the_regie(town: Town) -> None:
    invoice = make_invoice(town)
    entry = billing.transfer_invoice(invoice_id=invoice.pk, actor=WHO, at=later(1))
    invoice.refresh_from_db()
    assert (entry.cause_kind, entry.cause_key) == ("transfer", str(invoice.pk))
    assert (invoice.state, invoice.remaining_cents) == ("transferred", 0)
    assert (balances(town.regie)["receivable"], balances(town.regie)["claims"]) == (0, 0)


@pytest.mark.parametrize("cents", [0, -1, 5201])
def test_money_that_does_not_fit_does_not_settle(town: Town, cents: int) -> None:
    invoice = make_invoice(town)
    with pytest.raises(ValueError, match="still needs"), transaction.atomic():
        billing.settle_invoice(invoice=invoice, cents=cents, actor=WHO, at=later(1))
    assert Invoice.objects.get().received_cents == 0
