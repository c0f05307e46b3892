"""« Feuille de présence »: a week typed, corrected, refused where it is wrong, and billed."""

from datetime import date
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from lxml import html
from pytest_django.fixtures import DjangoAssertNumQueries

from obole.billing.models import Invoice
from obole.catalogue import operations as catalogue
from obole.catalogue.fields import FieldKind, FormField
from obole.consumption.models import Consumption
from obole.directory.rules import Profile
from obole.dossiers.models import Dossier
from tests.billing.priced import publish
from tests.crm.desk import browser, get, text_of, url
from tests.crm.dossiers.test_generate_priced import panel, send
from tests.world import WHO, Town, later, make_agent, make_citizen, make_dossier, make_town

pytestmark = pytest.mark.django_db


@pytest.fixture
def town(time_machine: Any) -> Town:
    time_machine.move_to(later(30), tick=False)
    return make_town()


@pytest.fixture
def client(town: Town) -> Client:
    return browser(town.agent)


@pytest.fixture
def dossier(town: Town) -> Dossier:
    return make_dossier(town)


def sheet(client: Client, town: Town, **asked: str) -> HttpResponse:
    answer: HttpResponse = client.get(url("attendance", town.scheme.pk), {"semaine": "2026-11-23", **asked})
    assert answer.status_code == 200
    return answer


def typed(client: Client, answer: HttpResponse, **cells: str) -> HttpResponse:
    """Send the form of a sheet with some of its cells typed: ``d9__20261123`` for dossier 9."""
    page = html.fromstring(answer.content.decode())
    (form,) = (form for form in page.forms if form.method == "POST" and form.xpath(".//input[@name='seen']"))
    sent = dict(form.form_values()) | cells
    return client.post(form.action, sent)


def cell(dossier: Dossier, day: str, row: str = "") -> str:
    return f"c-{dossier.pk}-{row}-{day}"


def kept() -> list[tuple[int, str, date, str]]:
    rows = Consumption.objects.order_by("id").values_list("dossier", "question", "day", "quantity")
    return [(pk, question, day, f"{quantity.normalize():f}") for pk, question, day, quantity in rows]


def test_a_week_is_typed_then_corrected(client: Client, town: Town, dossier: Dossier) -> None:
    done = typed(client, sheet(client, town), **{cell(dossier, "20261123"): "1", cell(dossier, "20261124"): "2"})
    assert "2 quantités sont enregistrées" in text_of(client.get(done["Location"]))
    again = sheet(client, town)
    page = html.fromstring(again.content.decode())
    assert page.xpath(f"//input[@name='{cell(dossier, '20261124')}']")[0].get("value") == "2"
    assert "3" in page.xpath("string(//tbody/tr[1]/td[last()])")
    typed(client, again, **{cell(dossier, "20261124"): "0"})
    assert kept() == [
        (dossier.pk, "repas", date(2026, 11, 23), "1"),
        (dossier.pk, "repas", date(2026, 11, 24), "2"),
        (dossier.pk, "repas", date(2026, 11, 24), "0"),
    ]


def test_a_wrong_cell_is_named_and_the_other_families_are_written(client: Client, town: Town, dossier: Dossier) -> None:
    other = make_dossier(town, citizen=make_citizen("zoe@example.org", last_name="Zidane"))
    answer = typed(client, sheet(client, town), **{cell(dossier, "20261123"): "beaucoup", cell(other, "20261123"): "1"})
    page = text_of(answer)
    assert (
        "Rien n’est enregistré pour ces dossiers, les autres le sont. À corriger :" in page
        and "Écrivez un nombre, par exemple 1." in page
    )
    assert 'value="beaucoup"' in answer.content.decode(), "nothing typed is lost"
    assert kept() == [(other.pk, "repas", date(2026, 11, 23), "1")]


def test_two_agents_on_one_sheet(client: Client, town: Town, dossier: Dossier) -> None:
    mine, theirs = sheet(client, town), sheet(browser(town.admin), town)
    typed(browser(town.admin), theirs, **{cell(dossier, "20261123"): "1", cell(dossier, "20261124"): "1"})
    page = text_of(typed(client, mine, **{cell(dossier, "20261123"): "2"}))
    assert "quelqu’un a saisi 1 entre-temps" in page
    done = typed(client, mine, **{cell(dossier, "20261125"): "1"})
    assert done.status_code == 302, "another day is nobody else's"
    assert [row[3] for row in kept()] == ["1", "1", "1"]


def test_an_emptied_cell_asks_for_a_zero(client: Client, town: Town, dossier: Dossier) -> None:
    typed(client, sheet(client, town), **{cell(dossier, "20261123"): "1"})
    assert "Écrivez 0 pour retirer" in text_of(typed(client, sheet(client, town), **{cell(dossier, "20261123"): ""}))
    assert len(kept()) == 1


def test_each_child_has_its_line_and_each_thing_its_sheet(client: Client, town: Town) -> None:
    publish(town)
    children = FormField(key="enfants", label="Enfants", kind=FieldKind.GROUP, row_name="enfant")
    names = FormField(key="prenom", label="Prénom", group="enfants")
    form = catalogue.publish_form(scheme_id=town.scheme.pk, fields=[children, names], actor=WHO, at=later())
    dossier = make_dossier(town, citizen=make_citizen("lea@example.org"))
    given = {"enfants": [{"prenom": "Léa"}, {"prenom": "Hugo"}]}
    Dossier.objects.filter(pk=dossier.pk).update(form=form, answers=given)

    shown = sheet(client, town, quoi="repas")
    page = text_of(shown)
    assert page.index("Léa") < page.index("Hugo") and "dimanche" in page
    assert "Repas" in text_of(get(client, "attendance_schemes"))
    typed(client, shown, **{cell(dossier, "20261123", "1"): "1"})
    typed(client, sheet(client, town, quoi="soirs"), **{cell(dossier, "20261123", "0"): "2"})
    facts = Consumption.objects.order_by("id").values_list("row", "question", "quantity")
    assert list(facts) == [(1, "repas", 1), (0, "soirs", 2)]


@pytest.mark.parametrize(
    "asked",
    [{"semaine": "demain"}, {"semaine": "0001-01-01"}, {"semaine": "9999-12-31"}, {"quoi": "nope"}, {"page": "x"}],
)
def test_an_odd_address_shows_a_week(client: Client, town: Town, dossier: Dossier, asked: dict[str, str]) -> None:
    assert client.get(url("attendance", town.scheme.pk), asked).status_code == 200


def test_who_handles_nothing_there_finds_nothing(town: Town, dossier: Dossier) -> None:
    stranger = make_agent(Profile.REVIEWER, email="ailleurs@example.org", all_services=False)
    client = browser(stranger)
    assert client.get(url("attendance", town.scheme.pk)).status_code == 404
    assert town.scheme.name not in text_of(get(client, "attendance_schemes"))


def test_a_sheet_costs_the_same_however_many_dossiers(
    client: Client, town: Town, dossier: Dossier, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    costs = []
    sheet(client, town)
    for times in (1, 6):
        for n in range(times):
            make_dossier(town, citizen=make_citizen(f"p{times}{n}@example.org", last_name=f"P{n}"))
        with django_assert_max_num_queries(25) as counted:
            sheet(client, town)
        costs.append(len(counted))
    assert costs[0] == costs[1]


def test_the_last_month_is_offered_with_what_was_counted_then_billed(
    client: Client, town: Town, dossier: Dossier, time_machine: Any
) -> None:
    typed(client, sheet(client, town), **{cell(dossier, f"202611{day}"): "1" for day in (23, 24, 26)})
    time_machine.move_to(later(days=10), tick=False)
    client = browser(town.agent)
    offered = panel(client, dossier)
    assert (offered["period"], offered["r-repas"]) == ("novembre 2026", "3")
    send(client, dossier, offered)
    assert Invoice.objects.get().total_cents == 3 * 325
    assert panel(client, dossier)["period"] == "décembre 2026", "billed already"


def test_the_counted_quantities_of_another_period_are_taken_and_nothing_else_is_lost(
    client: Client, town: Town, dossier: Dossier
) -> None:
    typed(client, sheet(client, town), **{cell(dossier, "20261123"): "4"})
    begun = {**panel(client, dossier), "r-repas": "9", "r-majoration": "2", "period": "novembre 2026"}
    page = text_of(send(client, dossier, begun, recalculer="1"))
    assert "Des présences sont comptées pour cette période." in page
    taken = client.post(url("generate_invoice", dossier.pk), {**begun, "presences": "1"})
    form = html.fromstring(taken.content.decode())
    assert form.xpath("//input[@name='r-repas']")[0].get("value") == "4"
    assert form.xpath("//input[@name='r-majoration']")[0].get("value") == "2"
    assert not Invoice.objects.exists()
