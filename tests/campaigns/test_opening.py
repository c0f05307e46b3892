"""A campaign as it is opened: of what, by whom, and not twice."""

from datetime import date
from typing import Any

import pytest

from obole.campaigns import operations, queries
from obole.campaigns.models import Campaign
from obole.directory.rules import NotAllowed, Profile
from obole.dossiers.models import Dossier
from tests.campaigns.steps import FIRST, family, open_november, row
from tests.world import Town, make_agent, make_town

pytestmark = pytest.mark.django_db


@pytest.fixture
def town(time_machine: Any) -> Town:
    time_machine.move_to(FIRST, tick=False)
    return make_town()


def test_the_same_is_not_opened_twice(town: Town) -> None:
    family(town, "Martin", 1)
    open_november(town)
    with pytest.raises(operations.CannotOpen, match="novembre 2026.* est ouverte"):
        open_november(town)
    with pytest.raises(operations.CannotOpen):
        open_november(town, period="T4 2026")
    assert open_november(town, period="octobre 2026").first == date(2026, 10, 1)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"period": "stage de printemps"}, "dit ses jours"),
        ({"scheme_ids": []}, "Choisissez des dispositifs"),
        ({"period": "août 2026", "only_field": "ecole", "only_value": "Ailleurs"}, "Aucun dossier"),
    ],
)
def test_what_cannot_be_opened_says_why(town: Town, given: dict[str, Any], said: str) -> None:
    family(town, "Martin", 1)
    with pytest.raises(operations.CannotOpen, match=said):
        open_november(town, **given)
    assert not Campaign.objects.exists()


def test_the_same_form_sent_twice_opens_one(town: Town) -> None:
    family(town, "Martin", 1)
    asked = operations.CampaignRequest(type_id=town.type.pk, scheme_ids=[town.scheme.pk], period="novembre 2026")
    both = [
        operations.open_campaign(asked=asked, request_key="same", actor=town.agent.actor, at=FIRST) for _n in range(2)
    ]
    assert both[0] == both[1]


def test_one_school_is_billed_alone(town: Town) -> None:
    ferry, tilleuls = family(town, "Martin", 1), family(town, "Petit", 1)
    Dossier.objects.filter(pk=tilleuls.pk).update(answers={**tilleuls.answers, "ecole": "Les Tilleuls"})
    campaign = open_november(town, only_field="ecole", only_value="Jules-Ferry")
    assert list(campaign.rows.values_list("dossier", flat=True)) == [ferry.pk]


def test_only_who_handles_every_prestation_works_on_it(town: Town) -> None:
    stranger = make_agent(Profile.REVIEWER, email="ailleurs@example.org", all_services=False)
    dossier = family(town, "Martin", 1)
    with pytest.raises(NotAllowed):
        operations.open_campaign(
            asked=operations.CampaignRequest(type_id=town.type.pk, scheme_ids=[town.scheme.pk], period="mai 2026"),
            request_key="x",
            actor=stranger.actor,
            at=FIRST,
        )
    campaign = open_november(town)
    asked: dict[str, Any] = {"campaign_id": campaign.pk, "actor": stranger.actor, "at": FIRST}
    rows = {"row_ids": [row(campaign, dossier).pk]}
    for act in (
        lambda: operations.compute_again(**asked),
        lambda: operations.leave_rows(**asked, **rows),
        lambda: operations.take_back_rows(**asked, **rows),
        lambda: operations.give_up_campaign(**asked),
        lambda: operations.deposit_campaign(**asked, shown=queries.to_deposit(campaign)),
    ):
        with pytest.raises(NotAllowed):
            act()
    assert not Campaign.objects.handled_by(stranger).exists()
    assert Campaign.objects.handled_by(town.agent).get() == campaign
