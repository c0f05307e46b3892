"""The deposit of a campaign: what was shown, once, by who may; and what becomes of it."""

from datetime import date, timedelta
from typing import Any

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob

from obole.audit_log.models import Record
from obole.billing import operations as billing
from obole.billing.models import Invoice, InvoicePdf
from obole.billing.states import InvoiceState
from obole.campaigns import operations, queries
from obole.campaigns.models import Campaign, Oddity, Outcome
from obole.campaigns.states import CampaignState
from obole.directory import operations as directory
from obole.directory.models import Citizen
from obole.mailing.models import Message
from obole.regies import operations as regies
from tests.campaigns.steps import FIRST, correct, deposit, family, open_november, outcomes, row
from tests.world import WHO, Town, canteen, later, make_town, make_type, publish, run_tasks

pytestmark = pytest.mark.django_db
PRICE = 325


@pytest.fixture
def town(time_machine: Any) -> Town:
    time_machine.move_to(FIRST, tick=False)
    return make_town()


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


def test_a_regie_may_want_two_people(town: Town) -> None:
    regies.configure_regie(regie_id=town.regie.pk, values={"campaigns_by_two": True}, actor=WHO, at=later())
    family(town, "Martin", 1)
    campaign = open_november(town)
    with pytest.raises(operations.NeedsAnother, match="une autre que vous"):
        deposit(campaign, town)
    assert deposit(campaign, town, actor=town.admin.actor).state == CampaignState.DEPOSITED


def test_who_lost_the_right_meanwhile_deposits_nothing(town: Town) -> None:
    family(town, "Martin", 1)
    campaign = deposit(open_november(town), town, work=False)
    rights = {"all_services": False}
    directory.configure_agent(agent_id=town.agent.pk, values=rights, active=True, actor=WHO, at=FIRST)
    run_tasks()
    assert outcomes(campaign) == {Outcome.REFUSED: 1}
    assert not Invoice.objects.exclude(state=InvoiceState.DRAFT).exists()


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
