"""The first page: what waits for whoever looks, as links whose lists show exactly that many rows."""

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from lxml import html

from obole.directory.rules import Profile
from obole.dossiers import operations as dossiers
from obole.dossiers.models import Dossier
from obole.dossiers.operations import Application
from obole.mailing.models import Message
from tests.actors import somebody
from tests.crm.desk import Desk, browser, get, make_desk, text_of
from tests.payments.test_reversals import debit, reject
from tests.world import later, make_agent, make_dossier, make_invoice, make_old_draft

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(time_machine: object) -> Desk:
    desk = make_desk()
    time_machine.move_to(later(60), tick=False)  # type: ignore[attr-defined]
    return desk


@pytest.fixture
def client(desk: Desk) -> Client:
    return browser(desk.town.regisseur)


def waits(page: HttpResponse) -> dict[str, tuple[str, int]]:
    """Return where each thing that waits leads, and how many there are."""
    links = html.fromstring(page.content.decode()).xpath("//ul[contains(@class, 'waits')]//a")
    return {
        link.xpath("string(./span)").strip(): (link.get("href"), int(link.xpath("string(./strong)"))) for link in links
    }


def rows_at(client: Client, address: str) -> int:
    answer = client.get(address)
    assert answer.status_code == 200, address
    tree = html.fromstring(answer.content.decode())
    return len(tree.xpath("//main//tbody//tr[not(.//td[contains(@class, 'sheet-empty')])][not(ancestor::details)]"))


def something_waits(desk: Desk) -> None:
    town = desk.town
    mine = make_dossier(town)
    answered = make_dossier(town)
    dossiers.ask_complement(dossier_id=answered.pk, reason="RIB", actor=town.regisseur.actor, at=later(21))
    sent = Application(answers=answered.answers, uploads=[])
    dossiers.complete(dossier_id=answered.pk, filled=sent, actor=somebody("usager"), at=later(22))
    Dossier.objects.filter(pk__in=[mine.pk, answered.pk]).update(agent=town.regisseur)
    make_old_draft(town)
    Message.objects.filter(pk=desk.message.pk).update(state="failed", last_error="550 inconnu")


def test_each_thing_that_waits_opens_a_list_of_that_many(desk: Desk, client: Client) -> None:
    something_waits(desk)
    found = waits(get(client, "home"))
    assert {name: count for name, (_address, count) in found.items()} == {
        "Dossiers à prendre en charge": 1,
        "Vos dossiers en instruction": 2,
        "Complétés par l’usager, à reprendre": 1,
        "Brouillons à émettre": 1,
        "Courriels non remis": 1,
        "Cartes refusées depuis sept jours": 1,
        "Points à traiter": 1,
        "Remboursements à approuver": 1,
    }
    for name, (address, count) in found.items():
        assert rows_at(client, address) == count, name


def test_who_reads_is_not_told_to_work_and_an_agent_hears_nothing_of_money(desk: Desk) -> None:
    something_waits(desk)
    agent = waits(get(browser(desk.town.agent), "home"))
    assert "Dossiers à prendre en charge" in agent and "Complétés par l’usager, à reprendre" not in agent
    assert not {"Points à traiter", "Remboursements à approuver"} & set(agent)
    reader = waits(get(browser(make_agent(Profile.READER)), "home"))
    assert "Brouillons à émettre" not in reader and "Dossiers à prendre en charge" not in reader


def test_what_is_late_is_what_the_list_of_late_invoices_shows(desk: Desk, client: Client) -> None:
    page = get(client, "home")
    tree = html.fromstring(page.content.decode())
    [link] = tree.xpath("//dl//a[contains(@href, 'status=late') and not(contains(@href, 'status=due'))]")
    assert link.text_content().split()[0] == str(rows_at(client, link.get("href")))


def test_the_page_costs_the_same_whatever_waits(desk: Desk, client: Client) -> None:
    def cost() -> int:
        get(client, "home")
        with CaptureQueriesContext(connection) as queries:
            get(client, "home")
        return len(queries)

    few = cost()
    something_waits(desk)
    for _n in range(5):
        make_invoice(desk.town, meals=3)
    assert cost() == few <= 20
    assert "Rien ne vous attend" not in text_of(get(client, "home"))


def section(page: HttpResponse, key: str) -> list[tuple[str, list[str]]]:
    """Return the rows of a table of the page: each address, and what its line says beside."""
    tree = html.fromstring(page.content.decode())
    rows = tree.xpath(f"//section[@aria-labelledby='{key}']//tbody/tr")
    return [(row.xpath("string(.//a/@href)"), [cell.text_content().strip() for cell in row]) for row in rows]


def test_the_steps_of_invoices_open_lists_of_that_many(desk: Desk, client: Client) -> None:
    steps = section(get(client, "home"), "suites")
    assert [cells[0] for _address, cells in steps] == ["Émises", "Payées", "Relancées", "Transmises"]
    assert [rows_at(client, address) for address, _cells in steps] == [int(cells[1]) for _address, cells in steps]
    assert int(steps[0][1][1]) > int(steps[1][1][1]) > 0


def test_each_age_opens_what_it_comes_to(desk: Desk, client: Client) -> None:
    for address, (_age, cents) in section(get(client, "home"), "retards"):
        said = text_of(client.get(address))
        plain = cents.replace("\u202f", " ").replace("\u00a0", " ")
        assert f"dû {plain}" in said if plain != "0,00 €" else "aucune facture" in said


def test_what_was_taken_back_is_told_by_its_reason_and_opens_its_list(desk: Desk, client: Client) -> None:
    reject(debit(desk.town, make_invoice(desk.town, meals=4)))
    [(address, (reason, cents))] = section(get(client, "home"), "rejets")
    assert reason == "Prélèvement rejeté, Autre motif" and cents.startswith("13,00")
    assert "1 mouvements — net -13,00 €" in text_of(client.get(address)).replace("−", "-")


def test_the_month_of_each_regie_opens_what_it_comes_to(desk: Desk, client: Client) -> None:
    tree = html.fromstring(get(client, "home").content.decode())
    links = tree.xpath("//section[@aria-labelledby='mois']//td[contains(@class, 'num')]/a")
    assert len(links) == 4
    for link in links:
        said = link.text_content().replace("\u202f", " ").removesuffix("\u00a0€")
        assert said in text_of(client.get(link.get("href"))), link.get("href")
