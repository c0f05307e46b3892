"""A dispositif that bills what is reserved: its campaign, an excused absence, and what is said after the draft."""

from datetime import date
from typing import Any

import pytest

from obole.billing.models import Invoice
from obole.campaigns import operations, queries
from obole.campaigns.models import Campaign, Oddity, Outcome
from obole.catalogue.models import BilledOn
from obole.consumption import operations as consumption
from obole.consumption.rules.planning import Stay
from obole.dossiers.models import Dossier
from tests.campaigns.steps import FIRST, count_meals, deposit, family, open_november, outcomes, row
from tests.consumption.planned import book, enrol, plan_by, say_absent
from tests.spaces import plain
from tests.world import Town, make_town

pytestmark = pytest.mark.django_db
PRICE = 325
OCTOBER = date(2026, 10, 5)
IN_OCTOBER, IN_NOVEMBER = 16, 17
"""School days from the 5th of October, and of November; the town has no school holidays."""
LATE = FIRST.replace(hour=20)


@pytest.fixture
def town(time_machine: Any) -> Town:
    time_machine.move_to(FIRST, tick=False)
    return plan_by(make_town())


@pytest.fixture
def dossier(town: Town) -> Dossier:
    dossier = family(town, "Martin")
    book(town, dossier, first=OCTOBER)
    return dossier


def lines(invoice: Invoice | None) -> list[tuple[str, int]]:
    assert invoice
    return [(plain(line.label), line.amount_cents) for line in invoice.lines.order_by("position")]


def november(town: Town, dossier: Dossier) -> list[tuple[str, int]]:
    return lines(row(open_november(town), dossier).invoice)


def october(town: Town) -> None:
    deposit(open_november(town, period="octobre 2026"), town)


def test_what_is_reserved_is_billed_without_an_excused_absence_and_what_was_counted_wins(
    town: Town, dossier: Dossier
) -> None:
    say_absent(town, dossier, days=5)
    count_meals(dossier, town, 2, first=date(2026, 11, 9))
    campaign = open_november(town)
    assert lines(row(campaign, dossier).invoice) == [("Repas", (IN_NOVEMBER - 3 + 1) * PRICE)]
    assert row(campaign, dossier).oddities == []
    why = row(campaign, dossier).invoice
    assert why and why.explanation.answers["repas"] == str(IN_NOVEMBER - 3 + 1)


def test_nobody_has_to_count_what_is_reserved(town: Town, dossier: Dossier) -> None:
    for monday in (2, 9, 16):
        count_meals(dossier, town, 2, first=date(2026, 11, monday))
    campaign = open_november(town)
    assert campaign.gaps == []
    operations.give_up_campaign(campaign_id=campaign.pk, actor=town.agent.actor, at=FIRST)
    plan_by(town, BilledOn.COUNTED)
    assert [gap["days"] for gap in open_november(town).gaps] == [["2026-11-23", "2026-11-30"]]


def test_a_month_away_is_nothing_whatever_the_dossier_answers(town: Town, dossier: Dossier) -> None:
    Dossier.objects.filter(pk=dossier.pk).update(answers={**dossier.answers, "repas": "20"})
    say_absent(town, dossier, days=30, reason="Grève")
    campaign = open_november(town)
    assert outcomes(campaign) == {Outcome.NOTHING: 1}


def test_an_absence_excused_after_the_draft_is_given_back_the_month_after(town: Town, dossier: Dossier) -> None:
    october(town)
    say_absent(town, dossier, first=OCTOBER, days=3, at=LATE)
    assert november(town, dossier) == [("Repas", IN_NOVEMBER * PRICE), ("Régularisation octobre 2026 (06/10)", -PRICE)]


def test_an_absence_that_is_cancelled_after_the_draft_is_billed_the_month_after(town: Town, dossier: Dossier) -> None:
    absence = say_absent(town, dossier, first=OCTOBER, days=3)
    october(town)
    consumption.cancel_absence(absence_id=absence.pk, actor=town.agent.actor, at=LATE)
    assert november(town, dossier)[1] == ("Régularisation octobre 2026 (06/10)", PRICE)


def test_a_reservation_recorded_late_is_billed_the_month_after(town: Town, dossier: Dossier) -> None:
    october(town)
    book(town, dossier, first=date(2026, 10, 26), quantities="1111100", at=LATE)
    assert november(town, dossier) == [
        ("Repas", (IN_NOVEMBER + 3) * PRICE),
        ("Régularisation octobre 2026 (28/10)", PRICE),
    ]


def test_a_reservation_that_ended_before_the_month_takes_what_was_reserved_in_it(town: Town, dossier: Dossier) -> None:
    october(town)
    book(town, dossier, first=date(2026, 9, 28), last=date(2026, 10, 2), at=LATE)
    book(town, dossier, at=LATE)
    (meals, late) = november(town, dossier)
    assert meals == ("Repas", IN_NOVEMBER * PRICE) and late[1] == -(IN_OCTOBER - 2) * PRICE, "the 1st and the 2nd"


def test_a_departure_told_late_is_given_back_the_month_after(town: Town, dossier: Dossier) -> None:
    october(town)
    enrol(town, dossier, Stay(None, date(2026, 11, 6)), at=LATE)
    assert november(town, dossier) == [("Repas", 4 * PRICE)], "October does not move"
    deposit(Campaign.objects.latest("id"), town)
    enrol(town, dossier, Stay(None, date(2026, 11, 3)), at=LATE.replace(hour=21))
    campaign = open_november(town, period="décembre 2026")
    assert row(campaign, dossier).outcome == Outcome.NOTHING, "a credit waits for a larger invoice"


def test_a_departure_that_is_put_off_is_billed_the_month_after(town: Town, dossier: Dossier) -> None:
    enrol(town, dossier, Stay(None, date(2026, 11, 6)))
    deposit(open_november(town), town)
    enrol(town, dossier, Stay(None, date(2026, 12, 18)), at=LATE)
    campaign = open_november(town, period="décembre 2026")
    (_meals, late) = lines(row(campaign, dossier).invoice)
    assert late[0].startswith("Régularisation novembre 2026 (09/11, 10/11, 12/11") and late[1] == 13 * PRICE


def test_who_had_left_a_dispositif_that_counts_is_given_back_what_the_dossier_answers(town: Town) -> None:
    plan_by(town, BilledOn.COUNTED)
    dossier = family(town, "Martin")
    Dossier.objects.filter(pk=dossier.pk).update(answers={**dossier.answers, "repas": "7"})
    october(town)
    enrol(town, dossier, Stay(None, date(2026, 9, 30)), at=LATE)
    enrol(town, dossier, Stay(date(2026, 11, 2), None), at=LATE)
    count_meals(dossier, town, 9)
    assert november(town, dossier) == [("Repas", 9 * PRICE), ("Régularisation octobre 2026", -7 * PRICE)]


def test_what_was_told_late_is_billed_once(town: Town, dossier: Dossier) -> None:
    october(town)
    say_absent(town, dossier, first=OCTOBER, days=3, at=LATE)
    deposit(open_november(town), town)
    december = open_november(town, period="décembre 2026")
    assert len(lines(row(december, dossier).invoice)) == 1


def test_an_invoice_is_done_again_with_the_absence(town: Town, dossier: Dossier) -> None:
    october(town)
    say_absent(town, dossier, first=OCTOBER, days=3, at=LATE)
    old = Invoice.objects.get(state="due")
    new = operations.redo_invoice(invoice_id=old.pk, code="quantity", comment="", actor=town.agent.actor, at=LATE)
    assert new.total_cents == old.total_cents - PRICE


def test_a_dossier_that_is_closed_is_looked_at_while_something_is_reserved(town: Town, dossier: Dossier) -> None:
    Dossier.objects.filter(pk=dossier.pk).update(state="closed")
    family(town, "Petit", 1)
    campaign = open_november(town)
    assert row(campaign, dossier).oddities == [Oddity.CLOSED]
    operations.give_up_campaign(campaign_id=campaign.pk, actor=town.agent.actor, at=FIRST)
    enrol(town, dossier, Stay(None, date(2026, 10, 30)))
    campaign = open_november(town)
    assert row(campaign, dossier).outcome == Outcome.NOTHING


def test_families_that_reserve_cost_no_more_queries(town: Town, django_assert_max_num_queries: Any) -> None:
    for n in range(6):
        one = family(town, f"Famille{n}")
        book(town, one)
        say_absent(town, one)
    campaign = open_november(town, work=False)
    # Those of a dispositif that is only counted, and the town's calendar.
    with django_assert_max_num_queries(26):
        operations.compute_next(campaign_id=campaign.pk, at=FIRST)
    assert queries.counts(campaign)[Outcome.DRAFTED] == 6
