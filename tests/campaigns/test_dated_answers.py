"""A quotient that changes at a date: which one counts, what it regularises, and what is kept of it."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from obole.billing.models import Invoice
from obole.billing.queries import explanation_of
from obole.campaigns import operations
from obole.campaigns.models import Campaign, Oddity
from obole.directory.models import Citizen
from obole.directory.rules import NotAllowed, Profile
from obole.dossiers import operations as dossiers, queries
from obole.dossiers.models import Attachment, DatedAnswer, Dossier
from obole.dossiers.rules import MissingAnswer, UnknownQuestion, answers_to_keep
from obole.dossiers.uploads import StoredUpload
from obole.personal_data import operations as personal_data
from obole.personal_data.queries import known_of
from tests.campaigns.quotients import CHEAP, DEAR, MIDDLE, QF, by_quotient, change, lines, quotient_family
from tests.campaigns.steps import FIRST, count_meals, deposit, open_november, row
from tests.spaces import plain
from tests.world import WHO, Town, correct, make_agent, make_town, run_tasks

pytestmark = pytest.mark.django_db
NOVEMBER, OCTOBER = date(2026, 11, 1), date(2026, 10, 5)
PIECE = StoredUpload(field_key="qf", name="caf.pdf", content_type="application/pdf", size=9, digest="0" * 64)


@pytest.fixture
def town(time_machine: Any) -> Town:
    time_machine.move_to(FIRST, tick=False)
    town = make_town()
    by_quotient(town)
    return town


def billed(town: Town, dossier: Dossier, **more: Any) -> list[tuple[str, int]]:
    return [(plain(label), cents) for label, cents in lines(row(open_november(town, **more), dossier).invoice)]


def test_the_answer_in_force_on_the_last_day_of_the_period_counts(town: Town) -> None:
    before, on_it, after = (quotient_family(town, name, 500, 1, 1) for name in ("Avant", "Dernier", "Après"))
    change(before, town, 300, NOVEMBER)
    change(on_it, town, 300, date(2026, 11, 30))
    change(after, town, 300, date(2026, 12, 1))
    campaign = open_november(town)
    found = [lines(row(campaign, one).invoice)[0][1] for one in (before, on_it, after)]
    assert found == [2 * CHEAP, 2 * CHEAP, 2 * MIDDLE]


def test_the_reason_says_since_when(town: Town) -> None:
    dossier = quotient_family(town, "Martin", 500, 1)
    change(dossier, town, 300, NOVEMBER)
    made = row(open_november(town), dossier).invoice
    assert made and (why := explanation_of(made))
    assert "Quotient familial : 300 depuis le 01/11/2026." in [plain(said) for said in why.whys[0]]
    other = row(Campaign.objects.get(), dossier)
    assert other.oddities == []


def test_a_later_fact_of_the_same_day_corrects_the_first(town: Town) -> None:
    dossier = quotient_family(town, "Martin", 500, 1)
    change(dossier, town, 300, NOVEMBER)
    change(dossier, town, 600, NOVEMBER)
    assert billed(town, dossier) == [("Repas", MIDDLE)]
    assert DatedAnswer.objects.count() == 2


def test_zero_is_a_quotient_and_none_is_what_the_pricing_says(town: Town) -> None:
    zero, none = quotient_family(town, "Zéro", 500, 1), quotient_family(town, "Rien", 500, 1)
    change(zero, town, 0, NOVEMBER)
    change(none, town, None, NOVEMBER)
    campaign = open_november(town)
    assert lines(row(campaign, zero).invoice) == [("Repas", CHEAP)] and row(campaign, zero).oddities == []
    assert lines(row(campaign, none).invoice) == [("Repas", DEAR)]
    assert row(campaign, none).oddities == [Oddity.NO_QUOTIENT]


@pytest.fixture
def october(town: Town) -> Dossier:
    """Bill two meals of October to a family whose quotient is 500; one of November is counted."""
    dossier = quotient_family(town, "Martin", 500, 1, 1, first=OCTOBER)
    deposit(open_november(town, period="octobre 2026"), town)
    count_meals(dossier, town, 1)
    return dossier


LATER = FIRST + timedelta(hours=1)


def test_a_change_said_late_regularises_the_months_that_were_billed(town: Town, october: Dossier) -> None:
    count_meals(october, town, 1, 1, 1)
    change(october, town, 300, date(2026, 10, 1), at=LATER)
    assert billed(town, october) == [
        ("Repas", 3 * CHEAP),
        ("Régularisation octobre 2026 (Quotient familial depuis le 01/10/2026)", 2 * (CHEAP - MIDDLE)),
    ]


def test_a_change_said_late_of_more_is_billed_once(town: Town, october: Dossier) -> None:
    change(october, town, None, date(2026, 10, 1), at=LATER)
    label = "Régularisation octobre 2026 (Quotient familial depuis le 01/10/2026)"
    campaign = open_november(town)
    assert [(plain(said), cents) for said, cents in lines(row(campaign, october).invoice)] == [
        ("Repas", DEAR),
        (label, 2 * (DEAR - MIDDLE)),
    ]
    operations.compute_again(campaign_id=campaign.pk, actor=town.agent.actor, at=FIRST)
    run_tasks()
    assert len(lines(row(campaign, october).invoice)) == 2
    deposit(Campaign.objects.get(pk=campaign.pk), town)
    count_meals(october, town, 1, first=date(2026, 12, 1), at=LATER)
    assert billed(town, october, period="décembre 2026") == [("Repas", DEAR)]


def test_a_change_from_a_later_month_leaves_the_earlier_as_it_was(town: Town, october: Dossier) -> None:
    change(october, town, 300, NOVEMBER, at=LATER)
    assert billed(town, october) == [("Repas", CHEAP)]


def test_what_an_agent_corrected_by_hand_is_left_when_something_else_is_counted_late(town: Town) -> None:
    dossier = quotient_family(town, "Petit", 500, 1, first=OCTOBER)
    change(dossier, town, 300, OCTOBER)
    campaign = open_november(town, period="octobre 2026")
    draft = Invoice.objects.select_related("dossier__scheme", "dossier__form").get(pk=row(campaign, dossier).invoice_id)
    correct(draft, period="octobre 2026", at=FIRST, repas="1", qf="600")
    deposit(campaign, town)
    count_meals(dossier, town, 1, 1, first=OCTOBER, at=LATER)
    count_meals(dossier, town, 1)
    assert billed(town, dossier)[1:] == [("Régularisation octobre 2026 (06/10)", MIDDLE)]


def test_an_invoice_done_again_reads_the_same_answer(town: Town, october: Dossier) -> None:
    change(october, town, 300, date(2026, 10, 1), at=LATER)
    old = row(Campaign.objects.get(), october).invoice
    assert old
    new = operations.redo_invoice(invoice_id=old.pk, code="quantity", comment="", actor=town.agent.actor, at=LATER)
    assert new.total_cents == 2 * CHEAP


def test_a_lot_reads_them_with_one_query(town: Town) -> None:
    def queries_of(*names: str) -> int:
        for name in names:
            change(quotient_family(town, name, 500, 1), town, 300, NOVEMBER)
        campaign = open_november(town, work=False)
        with CaptureQueriesContext(connection) as seen:
            operations.compute_next(campaign_id=campaign.pk, at=FIRST)
        operations.give_up_campaign(campaign_id=campaign.pk, actor=town.agent.actor, at=FIRST)
        run_tasks()
        return len(seen)

    assert queries_of("A") == queries_of("B", "C", "D")


def test_what_is_said_is_kept_as_it_was_said(town: Town) -> None:
    fact = change(quotient_family(town, "Martin", 500), town, 300, NOVEMBER, proof=PIECE)
    assert fact.unproven == "" and Attachment.objects.get() == fact.proof
    for act in (lambda: DatedAnswer.objects.update(value=1), lambda: DatedAnswer.objects.all().delete()):
        with pytest.raises(DatabaseError), transaction.atomic():
            act()
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("TRUNCATE dossiers_datedanswer CASCADE")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"since": date(2025, 11, 1)}, "since"),
        ({"since": date(2028, 1, 1)}, "since"),
        ({"motive": "  "}, "motive"),
        ({"unproven": ""}, "unproven"),
    ],
)
def test_what_is_not_said_right_is_not_kept(town: Town, wrong: dict[str, Any], field: str) -> None:
    dossier = quotient_family(town, "Martin", 500)
    with pytest.raises(dossiers.BadChange) as refusal:
        change(dossier, town, 300, **{"since": NOVEMBER, **wrong})
    assert refusal.value.field == field and not DatedAnswer.objects.exists()


def test_a_piece_that_proves_a_number_is_no_answer_to_it(town: Town) -> None:
    by_quotient(town, replace(QF, key="parts", required=True))
    with pytest.raises(MissingAnswer):
        answers_to_keep(town.form.form_fields, {"enfant": "Zoé"}, known={}, attached=["parts"])


def test_only_what_makes_the_price_changes_at_a_date_and_by_who_handles_it(town: Town) -> None:
    dossier = quotient_family(town, "Martin", 500)
    assert [field.key for field in queries.fields_to_date(dossier)] == ["qf", "repas"]
    with pytest.raises(UnknownQuestion):
        change(dossier, town, 300, NOVEMBER, question="enfant")
    other = make_agent(Profile.REVIEWER, email="autre@valbourg.example", all_services=False)
    asked = dossiers.Change(question="qf", value=1, since=NOVEMBER, motive="x", unproven="x")
    with pytest.raises(NotAllowed):
        dossiers.date_answer(dossier_id=dossier.pk, change=asked, actor=other.actor, at=FIRST)
    dossiers.close(dossier_id=dossier.pk, actor=WHO, at=FIRST)
    with pytest.raises(dossiers.DossierEnded):
        change(dossier, town, 300, NOVEMBER)


def test_they_are_told_to_whom_they_are_about_and_forgotten_with_them(town: Town) -> None:
    dossier = quotient_family(town, "Martin", 500)
    change(dossier, town, 300, NOVEMBER, proof=PIECE)
    (application,) = known_of(Citizen.objects.get(pk=dossier.citizen_id))["applications"]
    assert [(said["question"], said["value"]) for said in application["dated_answers"]] == [("qf", 300)]
    dossiers.close(dossier_id=dossier.pk, actor=WHO, at=FIRST)
    personal_data.forget_citizen(citizen_id=dossier.citizen_id, actor=WHO, at=FIRST)
    fact = DatedAnswer.objects.get()
    assert (fact.value, fact.motive, fact.proof, fact.since) == (None, "", None, NOVEMBER)
    assert not Attachment.objects.exists()
