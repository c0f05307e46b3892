"""Two payers of one child: it is counted once, and each is billed their weeks."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from obole.billing.models import Invoice
from obole.billing.queries import explanation_of
from obole.campaigns import operations
from obole.campaigns.models import Campaign, Outcome
from obole.catalogue import operations as catalogue
from obole.catalogue.fields import FieldKind, FormField
from obole.consumption import operations as consumption, queries
from obole.consumption.models import Sharing
from obole.consumption.queries import sharing
from obole.consumption.rules import Beneficiary, weeks
from obole.directory.models import Citizen
from obole.directory.rules import NotAllowed, Profile
from obole.dossiers import operations as dossiers
from obole.dossiers.models import Dossier
from obole.lib import texts
from obole.pricing.model.parts import Pricing
from obole.pricing.simple import Sold, with_amount
from tests.campaigns.children import CHILDREN
from tests.campaigns.steps import FIRST, MONDAY, count_meals, deposit, family, open_november, row
from tests.spaces import plain
from tests.world import WHO, Town, canteen, make_agent, make_citizen, make_dossier, make_town, publish, run_tasks

pytestmark = pytest.mark.django_db
PRICE = 325
NOVEMBER = date(2026, 11, 1)
LATER = FIRST + timedelta(hours=1)


@pytest.fixture
def town(time_machine: Any) -> Town:
    time_machine.move_to(FIRST, tick=False)
    return make_town()


def share(town: Town, host: Dossier, other: Citizen, **more: Any) -> Sharing:
    """Share the child of a dossier: the other payer has the even weeks."""
    given = {"odd": False, "first": NOVEMBER, "host_row": None, "request_key": texts.token(), **more}
    at = given.pop("at", FIRST)
    asked = consumption.SharingRequest(host_id=host.pk, citizen_id=other.pk, **given)
    return consumption.share(asked=asked, actor=town.agent.actor, at=at)


def accept(dossier: Dossier) -> Dossier:
    return dossiers.accept(dossier_id=dossier.pk, reason="", actor=WHO, at=FIRST)


@pytest.fixture
def mother(town: Town) -> Dossier:
    """Return a dossier of which two meals of the 45th week (odd), and three of the 46th, were counted."""
    mother = family(town, "Martin", 1, 1)
    count_meals(mother, town, 1, 1, 1, first=MONDAY + timedelta(days=7))
    return mother


@pytest.fixture
def father(town: Town) -> Citizen:
    return make_citizen("pere@example.org", last_name="Durand")


def lines(campaign: Campaign, dossier: Dossier) -> list[tuple[str, str, int]]:
    made = row(campaign, dossier).invoice
    assert made, row(campaign, dossier).reason
    return [(plain(line.label), plain(line.detail), line.amount_cents) for line in made.lines.order_by("position")]


def test_each_payer_is_billed_their_weeks_once(town: Town, mother: Dossier, father: Citizen) -> None:
    one = share(town, mother, father)
    assert one.guest.state == "in_review" and one.guest.answers == {"enfant": "Zoé", "ecole": "Jules-Ferry"}
    accept(one.guest)
    campaign = open_november(town)
    assert lines(campaign, mother) == [("Repas", "Zoé, semaines impaires", 2 * PRICE)]
    assert lines(campaign, one.guest) == [("Repas", "Zoé, semaines paires", 3 * PRICE)]
    made = row(campaign, one.guest).invoice
    assert made and made.payer == father and (why := explanation_of(made))
    assert any("Garde partagée : Zoé, semaines paires" in plain(said) for said in why.whys[0])


def test_none_in_their_weeks_is_none_whatever_their_form_said(town: Town, father: Citizen) -> None:
    mother = family(town, "Martin", 1, 1)
    guest = accept(make_dossier(town, citizen=father, meals=16))
    share(town, mother, father, guest_id=guest.pk)
    campaign = open_november(town)
    assert row(campaign, guest).outcome == Outcome.NOTHING
    assert lines(campaign, mother)[0][2] == 2 * PRICE


def test_days_before_and_after_are_the_first_payer_s_alone(town: Town, mother: Dossier, father: Citizen) -> None:
    one = share(town, mother, father, first=MONDAY + timedelta(days=8))
    accept(one.guest)
    consumption.end_sharing(sharing_id=one.pk, last=MONDAY + timedelta(days=8), actor=town.agent.actor, at=FIRST)
    campaign = open_november(town)
    assert [lines(campaign, each)[0][2] for each in (mother, one.guest)] == [4 * PRICE, PRICE]


def test_a_sharing_that_was_a_mistake_never_was(town: Town, mother: Dossier, father: Citizen) -> None:
    one = share(town, mother, father)
    consumption.end_sharing(sharing_id=one.pk, last=date(2026, 10, 31), actor=town.agent.actor, at=FIRST)
    accept(one.guest)
    campaign = open_november(town)
    assert lines(campaign, mother) == [("Repas", "", 5 * PRICE)] and row(campaign, one.guest).invoice is None
    assert not sharing.weeks_told([mother], date(2026, 10, 1), date(2026, 12, 31)), "nor in the weeks around"
    assert share(town, mother, make_citizen("autre@example.org"), odd=True).odd


def test_a_second_payer_who_is_refused_pays_nothing(town: Town, mother: Dossier, father: Citizen) -> None:
    one = share(town, mother, father)
    dossiers.reject(dossier_id=one.guest_id, reason="Non", actor=WHO, at=FIRST)
    assert lines(open_november(town), mother)[0][2] == 5 * PRICE


def test_one_whose_dossier_is_closed_is_told_and_not_forgotten(town: Town, mother: Dossier, father: Citizen) -> None:
    one = share(town, mother, father)
    accept(one.guest)
    dossiers.close(dossier_id=one.guest_id, actor=WHO, at=FIRST)
    left = row(open_november(town), one.guest)
    assert left.outcome == Outcome.REFUSED and "clos" in left.reason


def test_what_is_counted_late_is_regularised_to_whose_week_it_is(town: Town, mother: Dossier, father: Citizen) -> None:
    one = share(town, mother, father)
    accept(one.guest)
    deposit(open_november(town), town)
    count_meals(mother, town, 1, 1, 1, first=MONDAY, at=LATER)
    count_meals(mother, town, 1, 1, 1, 1, first=MONDAY + timedelta(days=7), at=LATER)
    count_meals(mother, town, 1, first=date(2026, 12, 1), at=LATER)
    count_meals(mother, town, 1, first=date(2026, 12, 7), at=LATER)
    campaign = open_november(town, period="décembre 2026")
    assert [line[::2] for line in lines(campaign, mother)][1:] == [("Régularisation novembre 2026 (04/11)", PRICE)]
    assert [line[::2] for line in lines(campaign, one.guest)][1:] == [("Régularisation novembre 2026 (12/11)", PRICE)]


def test_a_sharing_said_late_regularises_both(town: Town, mother: Dossier, father: Citizen) -> None:
    guest = accept(make_dossier(town, citizen=father, meals=0))
    count_meals(guest, town, 1, first=date(2026, 10, 30))
    deposit(open_november(town), town)
    one = share(town, mother, father, guest_id=guest.pk, guest_row=None, at=LATER)
    count_meals(mother, town, *[1] * 5, first=date(2026, 12, 7), at=LATER)
    count_meals(mother, town, *[1] * 5, first=date(2026, 12, 14), at=LATER)
    campaign = open_november(town, period="décembre 2026")
    taken = [line[::2] for line in lines(campaign, mother)][1:]
    assert taken == [("Régularisation novembre 2026 (garde partagée)", -3 * PRICE)]
    assert one.guest == guest and lines(campaign, guest)[0][2] == 5 * PRICE


def test_what_is_done_again_follows(town: Town, mother: Dossier, father: Citizen) -> None:
    campaign = deposit(open_november(town), town)
    accept(share(town, mother, father, at=LATER).guest)
    old = row(campaign, mother).invoice
    assert old and old.total_cents == 5 * PRICE
    new = operations.redo_invoice(invoice_id=old.pk, code="quantity", comment="", actor=town.agent.actor, at=LATER)
    assert new.total_cents == 2 * PRICE


def test_children_of_one_dossier_are_shared_by_themselves(town: Town, father: Citizen) -> None:
    group = FormField(key="enfants", label="Enfants", kind=FieldKind.GROUP, row_name="enfant")
    inside = [
        FormField(key="prenom", label="Prénom", group="enfants"),
        FormField(key="contact", label="Personne à prévenir", group="enfants", required=False),
        FormField(key="ecole", label="École", kind=FieldKind.CHOICE, choices=("A", "B"), group="enfants"),
    ]
    town.form = catalogue.publish_form(scheme_id=town.scheme.pk, fields=[group, *inside], actor=WHO, at=FIRST)
    publish(town.scheme, CHILDREN, at=FIRST)
    rows = [{"prenom": name, "contact": "Mamie Martin", "ecole": "A"} for name in ("Léa", "Tom")]
    mother = dossiers.submit(
        citizen_id=town.citizen.pk,
        form_id=town.form.pk,
        request_key="m",
        filled=dossiers.Application(answers={"enfants": rows}),
        actor=WHO,
        at=FIRST,
    )
    dossiers.take(dossier_id=mother.pk, agent_id=town.agent.pk, actor=WHO, at=FIRST)
    for n in range(2):
        counted = [
            consumption.DayCount(Beneficiary(n, ""), MONDAY + timedelta(days=7 * week), Decimal(1), None)
            for week in range(2)
        ]
        consumption.record(dossier_id=mother.pk, question="repas", counted=counted, actor=town.agent.actor, at=FIRST)
    one = share(town, mother, father, host_row=1)
    assert one.guest.answers == {"enfants": [{"prenom": "Tom", "ecole": "A"}]} and one.guest_row == 0
    campaign = open_november(town)
    assert lines(campaign, mother) == [("Léa — Repas", "", 2 * PRICE), ("Tom — Repas", "semaines impaires", PRICE)]
    assert lines(campaign, one.guest) == [("Tom — Repas", "semaines paires", PRICE)]


def test_a_price_that_is_not_counted_is_not_shared_by_weeks(town: Town, father: Citizen) -> None:
    publish(town.scheme, with_amount(canteen(), Sold(label="Forfait", cents=1000)), at=FIRST)
    with pytest.raises(consumption.CannotShare, match="ne se partage pas par semaines"):
        share(town, family(town, "Martin", 1), father)
    publish(town.scheme, with_amount(Pricing(), Sold(label="Forfait", cents=1000)), at=FIRST)
    with pytest.raises(consumption.CannotShare, match="jour par jour"):
        share(town, Dossier.objects.latest("pk"), father)


def test_what_cannot_be_shared_is_refused(town: Town, mother: Dossier, father: Citizen) -> None:
    one = share(town, mother, father)
    assert share(town, mother, father) == one, "sent twice"
    other = make_citizen("autre@example.org", last_name="Autre")
    for why, more in (
        ("déjà partagé ces jours-là", {"odd": True}),
        ("Choisissez un jour", {"first": date(2024, 1, 1)}),
        ("jour par jour pour cet enfant", {"host_row": 3}),
    ):
        with pytest.raises(consumption.CannotShare, match=why):
            share(town, mother, other, **more)
    with pytest.raises(consumption.CannotShare, match="déjà partagé"):
        share(town, accept(one.guest), other)
    mine = accept(make_dossier(town, citizen=mother.citizen, meals=0))
    third = family(town, "Trois", 1)
    elsewhere = family(town, "Quatre")
    for why, guest, citizen in (
        ("même payeur", mine, mother.citizen),
        ("Choisissez un dossier ouvert", third, elsewhere.citizen),
        ("déjà compté dans l’autre dossier", third, third.citizen),
    ):
        host = mother if guest == mine else elsewhere
        consumption.end_sharing(sharing_id=one.pk, last=date(2026, 10, 31), actor=town.agent.actor, at=FIRST)
        with pytest.raises(consumption.CannotShare, match=why):
            share(town, host, citizen, guest_id=guest.pk)
    with pytest.raises(consumption.CannotShare, match="la veille"):
        consumption.end_sharing(sharing_id=one.pk, last=date(2026, 10, 1), actor=town.agent.actor, at=FIRST)
    with pytest.raises(consumption.CannotShare, match="finit déjà"):
        consumption.end_sharing(sharing_id=one.pk, last=date(2026, 12, 1), actor=town.agent.actor, at=FIRST)


def test_who_does_not_handle_the_prestation_shares_nothing(town: Town, mother: Dossier, father: Citizen) -> None:
    other = make_agent(Profile.REVIEWER, email="autre@valbourg.example", all_services=False)
    one = share(town, mother, father)
    asked = consumption.SharingRequest(
        host_id=mother.pk, host_row=None, citizen_id=father.pk, odd=True, first=date(2027, 1, 1), request_key="x"
    )
    with pytest.raises(NotAllowed):
        consumption.share(asked=asked, actor=other.actor, at=FIRST)
    with pytest.raises(NotAllowed):
        consumption.end_sharing(sharing_id=one.pk, last=NOVEMBER, actor=other.actor, at=FIRST)


def test_the_database_refuses_what_cannot_be(town: Town, mother: Dossier, father: Citizen) -> None:
    one = share(town, mother, father)
    third = family(town, "Trois")
    values = {"odd": True, "made_by": WHO, "made_at": FIRST}
    for host, guest, first in (
        (mother, third, date(2027, 1, 1)),
        (third, one.guest, NOVEMBER),
        (third, third, NOVEMBER),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Sharing.objects.create(host=host, guest=guest, first=first, **values)
    for act in (
        lambda: Sharing.objects.update(odd=True),
        lambda: Sharing.objects.update(guest=third),
        lambda: Sharing.objects.all().delete(),
        lambda: Sharing.objects.update(last=date(2026, 1, 1)),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            act()


def test_nothing_is_counted_on_the_row_of_the_second_payer(town: Town, mother: Dossier, father: Citizen) -> None:
    one = share(town, mother, father)
    found = queries.countable_with_people(town.scheme)
    assert found and [person.dossier_id for person in found.roster.find("", "zoe", "")] == [mother.pk]
    with pytest.raises(consumption.CannotRecord, match="autre payeur"):
        count_meals(one.guest, town, 1)


def test_a_lot_reads_them_with_the_same_number_of_queries(town: Town) -> None:
    def queries_of(*names: str) -> int:
        for name in names:
            host = family(town, name, 1, 1, 0, 0, 0, 0, 0, 1)
            accept(share(town, host, make_citizen(f"p{texts.fold(name)}@example.org")).guest)
        campaign = open_november(town, work=False)
        with CaptureQueriesContext(connection) as seen:
            operations.compute_next(campaign_id=campaign.pk, at=FIRST)
        assert Invoice.objects.filter(state="draft").count() == Dossier.objects.count()
        operations.give_up_campaign(campaign_id=campaign.pk, actor=town.agent.actor, at=FIRST)
        run_tasks()
        return len(seen)

    assert queries_of("A") == queries_of("B", "C", "D")


def test_weeks_are_those_of_the_calendar() -> None:
    # 2026 has 53 weeks: two odd ones follow each other.
    found = list(weeks.weeks(date(2026, 12, 26), date(2027, 1, 12), odd=True))
    assert found == [(date(2026, 12, 28), date(2027, 1, 3)), (date(2027, 1, 4), date(2027, 1, 10))]
    assert list(weeks.weeks(date(2026, 11, 11), date(2026, 11, 12), odd=False)) == [
        (date(2026, 11, 11), date(2026, 11, 12))
    ]
