"""The drafts of a campaign: one for each family, and what is odd in them."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from django.db.utils import IntegrityError

from obole.billing.models import Invoice
from obole.billing.states import InvoiceState
from obole.campaigns import operations, queries
from obole.campaigns.models import Campaign, CampaignRow, Oddity, Outcome
from obole.campaigns.states import CampaignState
from obole.directory.models import Citizen
from obole.dossiers import operations as dossiers
from obole.dossiers.models import Dossier
from obole.lib.states import ForbiddenTransition
from obole.mailing.models import Message
from obole.personal_data import operations as personal_data
from obole.personal_data.operations import forgetting
from tests.campaigns.steps import FIRST, correct, count_meals, deposit, family, open_november, outcomes, row
from tests.spaces import plain
from tests.world import WHO, Town, bill_dossier, canteen, later, make_dossier, make_town, publish, run_tasks

pytestmark = pytest.mark.django_db
PRICE = 325


@pytest.fixture
def town(time_machine: Any) -> Town:
    time_machine.move_to(FIRST, tick=False)
    return make_town()


def test_each_family_has_a_draft_of_what_was_counted(town: Town) -> None:
    martin, petit = family(town, "Martin", 1, 1), family(town, "Petit", 2, 1, 1)
    campaign = open_november(town)
    assert campaign.state == CampaignState.READY
    assert outcomes(campaign) == {Outcome.DRAFTED: 2}
    drafts = [row(campaign, one).invoice for one in (martin, petit)]
    assert [draft and (draft.total_cents, draft.state, draft.period) for draft in drafts] == [
        (2 * PRICE, InvoiceState.DRAFT, "novembre 2026"),
        (4 * PRICE, InvoiceState.DRAFT, "novembre 2026"),
    ]
    assert not Message.objects.filter(kind="invoice_deposited").exists(), "nothing leaves before the deposit"
    assert drafts[0] and drafts[0].lines.get().quantity == 2


def test_what_is_odd_is_said(town: Town) -> None:
    nothing = family(town, "Absent")
    review = family(town, "Attente", 1, accepted=False)
    closed = family(town, "Clos", 1)
    dossiers.close(dossier_id=closed.pk, actor=WHO, at=later())
    unreached = family(town, "Muet", 1)
    Citizen.objects.filter(pk=unreached.citizen_id).update(email="", address="")
    billed = family(town, "Déjà", 1)
    bill_dossier(billed, town.type, repas="1")
    campaign = open_november(town)
    said = {one.dossier_id: (one.outcome, one.oddities) for one in CampaignRow.objects.filter(campaign=campaign)}
    assert said == {
        nothing.pk: (Outcome.NOTHING, [Oddity.NOTHING_COUNTED]),
        review.pk: (Outcome.DRAFTED, [Oddity.NOT_ACCEPTED]),
        closed.pk: (Outcome.REFUSED, [Oddity.CLOSED]),
        unreached.pk: (Outcome.DRAFTED, [Oddity.NO_ADDRESS]),
        billed.pk: (Outcome.NOTHING, [Oddity.BILLED]),
    }
    assert "du 01/11/2026 au 30/11/2026" in row(campaign, nothing).reason
    assert plain(row(campaign, billed).reason) == "Déjà facturé : ENF-2026-000001."
    assert queries.oddities(campaign)[Oddity.CLOSED] == 1


def test_an_amount_that_moved_by_more_than_half_is_said_with_both(town: Town) -> None:
    same, far = family(town, "Même", 3), family(town, "Loin", 9)
    for dossier in (same, far):
        bill_dossier(dossier, town.type, period="octobre 2026", repas="4")
    campaign = open_november(town)
    assert (row(campaign, same).oddities, row(campaign, far).oddities) == ([], [Oddity.JUMP])
    assert (row(campaign, far).before_cents, row(campaign, far).cents) == (4 * PRICE, 9 * PRICE)
    (summed,) = queries.sums_by_scheme(campaign)
    assert (summed.cents, summed.before_cents) == (12 * PRICE, 8 * PRICE)


def test_a_day_that_was_forgotten_is_said(town: Town) -> None:
    # Two weeks of lunches, but the second Thursday.
    family(town, "Martin", 1, 1, 0, 1, 1, 0, 0, 1, 1, 0)
    count_meals(Dossier.objects.get(), town, 1, first=date(2026, 11, 13))
    count_meals(Dossier.objects.get(), town, 1, 1, first=date(2026, 11, 16))
    count_meals(Dossier.objects.get(), town, 1, 1, first=date(2026, 11, 19))
    count_meals(Dossier.objects.get(), town, 1, 1, first=date(2026, 11, 23))
    count_meals(Dossier.objects.get(), town, 1, 1, first=date(2026, 11, 26))
    (gap,) = open_november(town).gaps
    assert gap["question"] == "repas" and "2026-11-12" in gap["days"]
    assert "2026-11-11" not in gap["days"], "a public holiday"
    assert "2026-11-05" not in gap["days"], "counted"


def test_one_family_that_cannot_be_priced_stops_no_other(town: Town) -> None:
    family(town, "Martin", 1)
    bad = family(town, "Trop", *[9] * 5)
    campaign = open_november(town)
    assert outcomes(campaign) == {Outcome.DRAFTED: 1, Outcome.REFUSED: 1}
    assert row(campaign, bad).oddities == [Oddity.ANSWERS] and "31" in row(campaign, bad).reason
    campaign = deposit(campaign, town)
    assert outcomes(campaign) == {Outcome.ISSUED: 1, Outcome.REFUSED: 1}
    # It is mended, and taken up again alone.
    count_meals(bad, town, *[1] * 5)
    assert operations.compute_again(campaign_id=campaign.pk, actor=town.agent.actor, at=FIRST) == 1
    run_tasks()
    campaign = deposit(Campaign.objects.get(), town)
    assert outcomes(campaign) == {Outcome.ISSUED: 2}
    assert Invoice.objects.filter(state=InvoiceState.DUE).count() == 2


def test_computing_again_keeps_what_somebody_corrected_by_hand(town: Town) -> None:
    dossier, other = family(town, "Martin", 1), family(town, "Petit", 1)
    campaign = open_november(town)
    correct(row(campaign, dossier), repas="9")
    count_meals(other, town, 3)
    assert operations.compute_again(campaign_id=campaign.pk, actor=town.agent.actor, at=FIRST) == 1
    run_tasks()
    assert queries.to_deposit(campaign).cents == 12 * PRICE
    assert row(campaign, dossier).oddities == [Oddity.CORRECTED]


def test_who_is_put_aside_gets_nothing_until_they_are_taken_back(town: Town) -> None:
    dossier, other = family(town, "Martin", 1), family(town, "Petit", 1)
    campaign = open_november(town)
    ids = [row(campaign, dossier).pk]
    asked = {"campaign_id": campaign.pk, "row_ids": ids, "actor": town.agent.actor, "at": FIRST}
    assert operations.leave_rows(**asked) == 1
    assert Invoice.objects.get().dossier == other
    assert operations.take_back_rows(**asked) == 1
    run_tasks()
    assert outcomes(campaign) == {Outcome.DRAFTED: 2}


def test_a_campaign_that_is_given_up_leaves_no_draft(town: Town) -> None:
    family(town, "Martin", 1)
    campaign = open_november(town)
    operations.give_up_campaign(campaign_id=campaign.pk, actor=town.agent.actor, at=FIRST)
    run_tasks()
    assert Campaign.objects.get().state == CampaignState.GIVEN_UP
    assert outcomes(campaign) == {Outcome.LEFT: 1}
    assert not Invoice.objects.exists()
    with pytest.raises(ForbiddenTransition):
        deposit(campaign, town)
    assert open_november(town).state == CampaignState.READY, "another may be opened"


def test_given_up_while_it_is_computed_it_makes_nothing_more(town: Town) -> None:
    family(town, "Martin", 1)
    campaign = open_november(town, work=False)
    operations.give_up_campaign(campaign_id=campaign.pk, actor=town.agent.actor, at=FIRST)
    run_tasks()
    assert outcomes(campaign) == {Outcome.LEFT: 1}
    assert not Invoice.objects.exists()


def test_a_price_under_the_threshold_is_carried_over_and_billed_next_time(town: Town) -> None:
    pricing = canteen()
    publish(town.scheme, replace(pricing, terms=replace(pricing.terms, carry_below=1_000)))
    dossier = family(town, "Martin", 1)
    campaign = open_november(town)
    assert row(campaign, dossier).outcome == Outcome.CARRY
    campaign = deposit(campaign, town)
    assert (row(campaign, dossier).outcome, campaign.state) == (Outcome.CARRIED, CampaignState.DEPOSITED)
    assert dossier.carried.get().cents == PRICE
    count_meals(dossier, town, 4, first=date(2026, 12, 1))
    december = open_november(town, period="décembre 2026")
    assert queries.to_deposit(december).cents == 5 * PRICE
    operations.give_up_campaign(campaign_id=december.pk, actor=town.agent.actor, at=FIRST)
    run_tasks()
    assert dossier.carried.get().invoice is None, "it waits again"


def test_a_family_merged_meanwhile_is_billed_under_the_file_that_stays(town: Town) -> None:
    dossier = family(town, "Martin", 1)
    campaign = open_november(town)
    Citizen.objects.filter(pk=dossier.citizen_id).update(user=None)
    personal_data.merge_citizens(
        kept_id=town.citizen.pk, merged_id=dossier.citizen_id, reason="Doublon.", actor=town.admin.actor, at=FIRST
    )
    deposit(campaign, town)
    assert Invoice.objects.get().payer == town.citizen


def test_a_row_is_once_in_its_campaign(town: Town) -> None:
    dossier = family(town, "Martin", 1)
    campaign = open_november(town)
    with pytest.raises(IntegrityError):
        CampaignRow.objects.create(campaign=campaign, dossier=dossier)


def test_a_price_to_be_paid_in_several_times_is_billed_from_its_dossier(town: Town) -> None:
    pricing = canteen()
    publish(town.scheme, replace(pricing, terms=replace(pricing.terms, instalments=3)))
    dossier = family(town, "Martin", 3)
    campaign = open_november(town)
    assert row(campaign, dossier).oddities == [Oddity.ALONE]
    assert "depuis sa page" in row(campaign, dossier).reason


def test_the_number_of_queries_does_not_grow_with_the_families(town: Town, django_assert_max_num_queries: Any) -> None:
    for n in range(6):
        family(town, f"Famille{n}", 1)
    campaign = open_november(town, work=False)
    with django_assert_max_num_queries(25):
        operations.compute_next(campaign_id=campaign.pk, at=FIRST)
    assert outcomes(campaign) == {Outcome.DRAFTED: 6}


def test_a_dossier_that_nobody_counts_for_keeps_its_flat_rate(town: Town) -> None:
    kind, dossier = town.type, make_dossier(town, meals=7)
    assert kind.pk and dossier.pk
    campaign = open_november(town)
    assert row(campaign, dossier).cents == 7 * PRICE, "what the citizen answered, where nothing was counted"


def test_whose_dossier_is_blanked_leaves_no_reason(town: Town) -> None:
    dossier = family(town, "Trop", *[9] * 5)
    campaign = open_november(town)
    assert row(campaign, dossier).reason
    forgetting._blank_dossiers([dossier.pk], FIRST)
    assert row(campaign, dossier).reason == ""
