"""A month billed in one go: drafts of all, what is odd in them, and a deposit that repeats nothing."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.db.utils import IntegrityError
from procrastinate.contrib.django.models import ProcrastinateJob

from obole.audit_log.models import Record
from obole.billing import operations as billing
from obole.billing.models import Invoice, InvoicePdf
from obole.billing.states import InvoiceState
from obole.campaigns import operations, queries
from obole.campaigns.models import Campaign, CampaignRow, Oddity, Outcome
from obole.campaigns.states import CampaignState
from obole.directory import operations as directory
from obole.directory.models import Citizen
from obole.directory.rules import NotAllowed, Profile
from obole.dossiers import operations as dossiers
from obole.dossiers.models import Dossier
from obole.lib.states import ForbiddenTransition
from obole.mailing.models import Message
from obole.personal_data import operations as personal_data
from obole.personal_data.operations import forgetting
from obole.regies import operations as regies
from tests.campaigns.steps import FIRST, count_meals, deposit, family, open_november, outcomes, row
from tests.spaces import plain
from tests.world import (
    WHO,
    Town,
    answered_by,
    bill_dossier,
    canteen,
    later,
    make_agent,
    make_dossier,
    make_town,
    make_type,
    publish,
    run_tasks,
)

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


def test_the_deposit_numbers_them_and_tells_each_payer_once(town: Town) -> None:
    dossier = family(town, "Martin", 1, 1)
    family(town, "Petit", 2)
    campaign = deposit(open_november(town), town)
    assert campaign.state == CampaignState.DEPOSITED
    assert outcomes(campaign) == {Outcome.ISSUED: 2}
    numbers = Invoice.objects.order_by("number").values_list("number", flat=True)
    assert list(numbers) == ["ENF-2026-000001", "ENF-2026-000002"]
    assert Message.objects.filter(kind="invoice_deposited").count() == 2
    issued = row(campaign, dossier).invoice
    assert issued and issued.state == InvoiceState.DUE and InvoicePdf.objects.filter(invoice=issued).exists()
    verbs = Record.objects.filter(verb__startswith="campaign.").order_by("id").values_list("verb", flat=True)
    assert list(verbs) == ["campaign.open", "campaign.computed", "campaign.deposit", "campaign.deposited"]


def test_a_task_that_runs_again_repeats_nothing(town: Town) -> None:
    family(town, "Martin", 1)
    campaign = open_november(town)
    for _time in range(2):
        assert not operations.compute_next(campaign_id=campaign.pk, at=FIRST)
        assert not operations.finish_computing(campaign_id=campaign.pk, at=FIRST)
    campaign = deposit(campaign, town)
    for _time in range(2):
        assert not operations.deposit_next(campaign_id=campaign.pk, at=FIRST)
    assert Invoice.objects.count() == 1


def test_a_deposit_goes_on_where_it_stopped(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("obole.campaigns.operations.depositing.LOT", 1)
    for name in ("Martin", "Petit", "Roux"):
        family(town, name, 1)
    campaign = deposit(open_november(town), town, work=False)
    assert operations.deposit_next(campaign_id=campaign.pk, at=FIRST)
    assert outcomes(campaign) == {Outcome.ISSUED: 1, Outcome.DRAFTED: 2}
    run_tasks()
    assert outcomes(campaign) == {Outcome.ISSUED: 3}
    assert Invoice.objects.filter(state=InvoiceState.DUE).count() == 3


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


def test_drafts_are_deposited_as_they_were_shown_or_not_at_all(town: Town) -> None:
    dossier = family(town, "Martin", 1)
    campaign = open_november(town)
    shown = queries.to_deposit(campaign)
    assert shown == queries.ToDeposit(1, PRICE)
    correct(row(campaign, dossier), repas="2")
    with pytest.raises(operations.NotShown, match="ont changé"):
        deposit(campaign, town, shown=shown)
    assert deposit(campaign, town).state == CampaignState.DEPOSITED
    assert Invoice.objects.get().total_cents == 2 * PRICE


def correct(row: CampaignRow, **answers: str) -> None:
    """Correct a draft by hand."""
    draft = Invoice.objects.select_related("dossier__scheme", "dossier__form").get(pk=row.invoice_id)
    assert draft.dossier
    billing.correct_draft(
        invoice_id=draft.pk, answered=answered_by(draft.dossier, **answers), period="novembre 2026", actor=WHO, at=FIRST
    )


def test_a_draft_that_changes_once_the_deposit_is_asked_for_is_left_with_its_reason(town: Town) -> None:
    dossier, other = family(town, "Martin", 1), family(town, "Petit", 1)
    gone = family(town, "Roux", 1)
    campaign = deposit(open_november(town), town, work=False)
    correct(row(campaign, dossier), repas="9")
    billing.discard_draft(invoice_id=row(campaign, gone).invoice_id or 0, actor=WHO, at=FIRST)
    run_tasks()
    assert row(campaign, other).outcome == Outcome.ISSUED
    assert row(campaign, dossier).oddities == [Oddity.CORRECTED] and row(campaign, dossier).outcome == Outcome.REFUSED
    assert row(campaign, gone).oddities == [Oddity.GONE]
    assert Invoice.objects.filter(state=InvoiceState.DUE).count() == 1


def test_a_price_published_before_the_deposit_wants_another_look(town: Town) -> None:
    family(town, "Martin", 1)
    campaign = open_november(town)
    publish(town.scheme, canteen(meal_cents=400), at=FIRST)
    with pytest.raises(operations.NotShown, match=r"tarification a changé.*Inscription cantine"):
        deposit(campaign, town)
    operations.compute_again(campaign_id=campaign.pk, actor=town.agent.actor, at=FIRST)
    run_tasks()
    assert queries.to_deposit(campaign) == queries.ToDeposit(1, 400)


def test_a_price_published_during_the_deposit_leaves_the_rest(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("obole.campaigns.operations.depositing.LOT", 1)
    family(town, "Martin", 1)
    last = family(town, "Petit", 1)
    campaign = deposit(open_november(town), town, work=False)
    operations.deposit_next(campaign_id=campaign.pk, at=FIRST)
    publish(town.scheme, canteen(meal_cents=400), at=FIRST)
    run_tasks()
    assert row(campaign, last).oddities == [Oddity.PRICE_CHANGED]
    assert Invoice.objects.filter(state=InvoiceState.DUE).get().total_cents == PRICE


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


def test_a_regie_may_want_two_people(town: Town) -> None:
    regies.configure_regie(regie_id=town.regie.pk, values={"campaigns_by_two": True}, actor=WHO, at=later())
    family(town, "Martin", 1)
    campaign = open_november(town)
    with pytest.raises(operations.NeedsAnother, match="une autre que vous"):
        deposit(campaign, town)
    assert deposit(campaign, town, actor=town.admin.actor).state == CampaignState.DEPOSITED


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


def test_who_lost_the_right_meanwhile_deposits_nothing(town: Town) -> None:
    family(town, "Martin", 1)
    campaign = deposit(open_november(town), town, work=False)
    rights = {"all_services": False}
    directory.configure_agent(agent_id=town.agent.pk, values=rights, active=True, actor=WHO, at=FIRST)
    run_tasks()
    assert outcomes(campaign) == {Outcome.REFUSED: 1}
    assert not Invoice.objects.exclude(state=InvoiceState.DRAFT).exists()


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


def test_a_month_that_nobody_deposited_is_late(town: Town) -> None:
    kind = make_type(town.regie, [town.scheme], name="Mensuel", campaign_day=5)
    family(town, "Martin", 1)
    deposit(open_november(town, type_id=kind.pk), town)
    assert queries.late_campaigns(town.agent, today=date(2026, 12, 6)) == []
    assert queries.late_campaigns(town.agent, today=date(2027, 1, 5)) == []
    (late,) = queries.late_campaigns(town.agent, today=date(2027, 1, 6))
    assert (late.name, late.month, late.day) == ("Mensuel", "décembre 2026", date(2027, 1, 5))


def test_what_became_of_a_campaign_is_followed(town: Town) -> None:
    paper = family(town, "Papier", 1)
    Citizen.objects.filter(pk=paper.citizen_id).update(email="")
    family(town, "Martin", 1)
    campaign = deposit(open_november(town), town)
    found = queries.follow(campaign, today=FIRST.date())
    assert (found.issued, found.cents, found.delivered, found.letters, found.late) == (2, 2 * PRICE, 1, 1, 0)
    assert queries.follow(campaign, today=date(2027, 3, 1)).late == 2


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
    with django_assert_max_num_queries(24):
        operations.compute_next(campaign_id=campaign.pk, at=FIRST)
    assert outcomes(campaign) == {Outcome.DRAFTED: 6}


def test_a_dossier_that_nobody_counts_for_keeps_its_flat_rate(town: Town) -> None:
    kind, dossier = town.type, make_dossier(town, meals=7)
    assert kind.pk and dossier.pk
    campaign = open_november(town)
    assert row(campaign, dossier).cents == 7 * PRICE, "what the citizen answered, where nothing was counted"


def test_what_a_database_that_was_away_left_goes_on(town: Town) -> None:
    family(town, "Martin", 1)
    campaign = open_november(town, work=False)
    ProcrastinateJob.objects.all()._raw_delete("default")
    assert operations.resume(at=FIRST) == 0, "it has just begun"
    assert operations.resume(at=FIRST + timedelta(hours=1)) == 1
    run_tasks()
    campaign = deposit(Campaign.objects.get(), town, work=False)
    ProcrastinateJob.objects.all()._raw_delete("default")
    operations.resume(at=FIRST + timedelta(hours=1))
    run_tasks()
    assert outcomes(campaign) == {Outcome.ISSUED: 1}


def test_whose_dossier_is_blanked_leaves_no_reason(town: Town) -> None:
    dossier = family(town, "Trop", *[9] * 5)
    campaign = open_november(town)
    assert row(campaign, dossier).reason
    forgetting._blank_dossiers([dossier.pk], FIRST)
    assert row(campaign, dossier).reason == ""
