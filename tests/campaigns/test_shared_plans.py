"""A child whom two payers share, and whose meals are reserved: each is billed what is planned in their weeks."""

from datetime import date, timedelta
from typing import Any

import pytest

from obole.campaigns.models import Campaign
from obole.consumption import operations as consumption
from obole.consumption.models import Sharing
from obole.consumption.rules.planning import Stay
from obole.dossiers import operations as dossiers
from obole.dossiers.models import Dossier
from tests.campaigns.steps import FIRST, deposit, family, open_november, row
from tests.consumption.planned import MONDAY, book, enrol, plan_by, say_absent
from tests.spaces import plain
from tests.world import WHO, Town, make_citizen, make_town

pytestmark = pytest.mark.django_db
PRICE = 325
ODD, EVEN = 9, 8
"""The school days of November in the weeks of each: 45, 47 and 49, then 46 (with a public holiday) and 48."""
LATE = FIRST.replace(hour=20)


@pytest.fixture
def town(time_machine: Any) -> Town:
    time_machine.move_to(FIRST, tick=False)
    return plan_by(make_town())


@pytest.fixture
def shared(town: Town) -> Sharing:
    mother = family(town, "Martin")
    book(town, mother)
    father = make_citizen("pere@example.org", last_name="Durand")
    asked = consumption.SharingRequest(
        host_id=mother.pk,
        citizen_id=father.pk,
        odd=False,
        first=date(2026, 10, 1),
        host_row=None,
        request_key="partage",
    )
    one = consumption.share(asked=asked, actor=town.agent.actor, at=FIRST)
    dossiers.accept(dossier_id=one.guest_id, reason="", actor=WHO, at=FIRST)
    return one


def billed(campaign: Campaign, dossier: Dossier) -> list[tuple[str, int]]:
    made = row(campaign, dossier).invoice
    assert made, row(campaign, dossier).reason
    return [(plain(line.label), line.amount_cents) for line in made.lines.order_by("position")]


def test_each_payer_is_billed_what_is_planned_in_their_weeks(town: Town, shared: Sharing) -> None:
    say_absent(town, shared.host, first=MONDAY + timedelta(days=7), reason="Grève")
    campaign = open_november(town)
    assert billed(campaign, shared.host) == [("Repas", ODD * PRICE)]
    assert billed(campaign, shared.guest) == [("Repas", (EVEN - 1) * PRICE)]


def test_who_has_left_is_billed_to_none_after(town: Town, shared: Sharing) -> None:
    enrol(town, shared.host, Stay(None, date(2026, 11, 14)))
    campaign = open_november(town)
    assert [billed(campaign, one)[0][1] for one in (shared.host, shared.guest)] == [4 * PRICE, 4 * PRICE]


def test_an_absence_excused_late_is_given_back_to_whose_week_it_is(town: Town, shared: Sharing) -> None:
    deposit(open_november(town), town)
    say_absent(town, shared.host, first=MONDAY + timedelta(days=7), reason="Grève", at=LATE)
    campaign = open_november(town, period="décembre 2026")
    assert [label for label, _cents in billed(campaign, shared.host)] == ["Repas"]
    (_meals, late) = billed(campaign, shared.guest)
    assert late == ("Régularisation novembre 2026", -PRICE)
