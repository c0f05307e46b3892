"""What was counted late or wrongly of a month that was billed enters the next invoice, once, with its days."""

from datetime import date
from typing import Any

import pytest

from obole.billing import operations as billing
from obole.billing.models import Invoice
from obole.campaigns import operations
from obole.campaigns.models import Adjustment, Campaign, Oddity, Outcome
from obole.dossiers.models import Dossier
from obole.payments import operations as payments
from tests.campaigns.steps import FIRST, count_meals, deposit, family, open_november, row
from tests.spaces import plain
from tests.world import WHO, Town, correct, make_town, run_tasks

pytestmark = pytest.mark.django_db
PRICE = 325
OCTOBER = date(2026, 10, 5)


@pytest.fixture
def town(time_machine: Any) -> Town:
    time_machine.move_to(FIRST, tick=False)
    return make_town()


@pytest.fixture
def dossier(town: Town) -> Dossier:
    """Bill two meals of October; three of November are counted."""
    dossier = family(town, "Martin", 1, 1, 1)
    count_meals(dossier, town, 1, 1, first=OCTOBER)
    deposit(open_november(town, period="octobre 2026"), town)
    return dossier


def late(dossier: Dossier, town: Town, *meals: int, first: date = OCTOBER) -> None:
    """Count after the invoice of October was made."""
    count_meals(dossier, town, *meals, first=first, at=FIRST.replace(hour=20))


def lines(invoice: Invoice) -> list[tuple[str, int]]:
    return [(plain(line.label), line.amount_cents) for line in invoice.lines.order_by("position")]


def november(town: Town, dossier: Dossier) -> Invoice:
    campaign = open_november(town)
    made = row(campaign, dossier).invoice
    assert made
    return made


def test_a_meal_counted_late_is_billed_with_the_next_month_and_its_day(town: Town, dossier: Dossier) -> None:
    late(dossier, town, 1, 1, 1)
    invoice = november(town, dossier)
    assert lines(invoice) == [("Repas", 3 * PRICE), ("Régularisation octobre 2026 (07/10)", PRICE)]
    assert invoice.total_cents == 4 * PRICE
    assert row(Campaign.objects.latest("id"), dossier).oddities == [Oddity.ADJUSTED]


def test_what_was_counted_too_much_is_taken_back(town: Town, dossier: Dossier) -> None:
    late(dossier, town, 0)
    invoice = november(town, dossier)
    assert lines(invoice) == [("Repas", 3 * PRICE), ("Régularisation octobre 2026 (05/10)", -PRICE)]
    assert invoice.total_cents == 2 * PRICE


def test_it_is_billed_once(town: Town, dossier: Dossier) -> None:
    late(dossier, town, 1, 1, 1)
    deposit(open_november(town), town)
    count_meals(dossier, town, 1, first=date(2026, 12, 1), at=FIRST.replace(hour=21))
    campaign = open_november(town, period="décembre 2026")
    made = row(campaign, dossier).invoice
    assert made and lines(made) == [("Repas", PRICE)]
    assert Adjustment.objects.get().cents == PRICE


def test_a_draft_that_is_computed_again_bills_it_still_once(town: Town, dossier: Dossier) -> None:
    late(dossier, town, 1, 1, 1)
    campaign = open_november(town)
    for _time in range(2):
        operations.compute_again(campaign_id=campaign.pk, actor=town.agent.actor, at=FIRST)
        run_tasks()
    made = row(campaign, dossier).invoice
    assert made and made.total_cents == 4 * PRICE
    assert Adjustment.objects.count() == 1


def test_one_whose_invoice_is_cancelled_is_billed_again(town: Town, dossier: Dossier) -> None:
    late(dossier, town, 1, 1, 1)
    campaign = deposit(open_november(town), town)
    billing.cancel_invoice(
        invoice_id=row(campaign, dossier).invoice_id or 0, code="quantity", comment="", actor=WHO, at=FIRST
    )
    count_meals(dossier, town, 1, first=date(2026, 12, 1), at=FIRST.replace(hour=21))
    made = row(open_november(town, period="décembre 2026"), dossier).invoice
    assert made and ("Régularisation octobre 2026 (07/10)", PRICE) in lines(made)


def test_a_credit_larger_than_the_invoice_waits_for_a_larger_one(town: Town, dossier: Dossier) -> None:
    late(dossier, town, 0, 0)
    count_meals(dossier, town, 1, 0, 0)
    campaign = open_november(town)
    one = row(campaign, dossier)
    assert one.invoice and one.invoice.total_cents == PRICE and one.oddities == [Oddity.CREDIT]
    deposit(campaign, town)
    count_meals(dossier, town, 5, first=date(2026, 12, 1), at=FIRST.replace(hour=21))
    made = row(open_november(town, period="décembre 2026"), dossier).invoice
    assert made and made.total_cents == 3 * PRICE, "five meals, less the two of October"


def test_what_was_corrected_before_its_invoice_is_no_adjustment(town: Town, dossier: Dossier) -> None:
    assert lines(november(town, dossier)) == [("Repas", 3 * PRICE)]


def test_a_cancelled_month_is_not_adjusted(town: Town, dossier: Dossier) -> None:
    october = Invoice.objects.get()
    payments.cancel_invoice(invoice_id=october.pk, code="quantity", comment="", actor=town.regisseur.actor, at=FIRST)
    late(dossier, town, 1, 1, 1)
    assert lines(november(town, dossier)) == [("Repas", 3 * PRICE)]


def test_the_books_of_an_adjusted_invoice_are_right(town: Town, dossier: Dossier) -> None:
    late(dossier, town, 0)
    campaign = deposit(open_november(town), town)
    assert row(campaign, dossier).outcome == Outcome.ISSUED
    issued = Invoice.objects.latest("id")
    assert sum(line.amount_cents for line in issued.lines.all()) == issued.total_cents == 2 * PRICE


def test_nothing_but_what_is_counted_is_priced_again(town: Town) -> None:
    dossier = family(town, "Petit", 1)
    count_meals(dossier, town, 1, first=OCTOBER)
    campaign = open_november(town, period="octobre 2026")
    draft = Invoice.objects.select_related("dossier__scheme", "dossier__form").get(pk=row(campaign, dossier).invoice_id)
    correct(draft, period="octobre 2026", at=FIRST, repas="1", majoration="1")
    deposit(campaign, town)
    late(dossier, town, 1, 1)
    assert lines(november(town, dossier))[1:] == [("Régularisation octobre 2026 (06/10)", PRICE)]
