"""The cautions of the régies that an agent sees: held, since when, for whom; and the totals that open their lists."""

import csv
import io
import zipfile
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from lxml import etree, html

from obole.audit_log.models import Access
from obole.billing import operations as billing
from obole.billing.models import SecurityDeposit
from obole.directory.rules import Profile
from obole.regies import operations as regies
from tests.billing.priced import HALL_ASKED, bill, publish
from tests.crm.desk import HOSTILE, browser, get, rows_of, text_of, url
from tests.pricing.dispositifs import HALL
from tests.world import NOON, WHO, Town, later, make_agent, make_dossier, make_town

pytestmark = pytest.mark.django_db
HELD = {"state": "received"}


@pytest.fixture
def town() -> Town:
    made = make_town()
    regies.configure_regie(regie_id=made.regie.pk, values={"holds_cautions": True}, actor=WHO, at=NOON)
    bill(made, publish(made, HALL), HALL_ASKED)
    bill(made, publish(made, HALL), HALL_ASKED, dossier=make_dossier(made), key="second")
    return made


@pytest.fixture
def cautions(town: Town) -> list[SecurityDeposit]:
    """Two of 800 € and two of 150 €: one held for 40 days, one for a day, one given back, one asked."""
    made = list(SecurityDeposit.objects.order_by("-cents", "id"))
    receive(made[0], "cheque", days=1)
    receive(made[1], "cash", days=40)
    receive(made[2], "cheque", days=2)
    billing.return_security_deposit(caution_id=made[2].pk, actor=WHO, at=later(days=5))
    return made


@pytest.fixture
def client(town: Town, cautions: list[SecurityDeposit], time_machine: Any) -> Client:
    time_machine.move_to(later(days=41), tick=False)
    return browser(town.regisseur)


def receive(one: SecurityDeposit, means: str, *, days: int) -> None:
    billing.receive_security_deposit(caution_id=one.pk, means=means, reference="=1+1", actor=WHO, at=later(days=days))


def parts(answer: Any) -> list[tuple[str, str, str, str]]:
    """Return the totals under the list: label, address, number, amount."""
    page = html.fromstring(answer.content.decode())
    rows = page.xpath("//section[starts-with(@aria-labelledby, 'detenu')]//tbody/tr")
    return [
        (row.xpath(".//a")[0].text_content(), row.xpath(".//a/@href")[0], *(c.text_content() for c in row.xpath("td")))
        for row in rows
    ]


def rows_of_csv(client: Client, **query: Any) -> list[list[str]]:
    answer = client.get(url("cautions_file", "csv"), query)
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text), delimiter=";"))


def test_what_is_held_since_when_and_for_whom(client: Client, town: Town, cautions: list[SecurityDeposit]) -> None:
    page = get(client, "cautions", **HELD)
    assert "2 cautions détenues, 1 600,00 €" in text_of(page)
    assert [(row[0], row[3], row[5], row[7]) for row in rows_of(page)] == [
        ("Dégâts", "Chèque, non encaissé =1+1", "40 jours", "800,00"),
        ("Dégâts", "Espèces =1+1", "1 jour", "800,00"),
    ]
    assert str(town.citizen.display_name) in text_of(page) and cautions[0].dossier.reference in text_of(page)
    assert len(rows_of(get(client, "cautions"))) == 4
    given_back = rows_of(get(client, "cautions", state="returned"))
    assert [row[5] for row in given_back] == ["3 jours"], "it is not held any more"


def test_each_total_opens_the_list_that_comes_to_it(client: Client) -> None:
    shown = parts(get(client, "cautions"))
    assert [(label, count, cents) for label, _url, count, cents in shown] == [
        ("30 jours au plus", "1", "800,00"),
        ("31 à 90 jours", "1", "800,00"),
        ("91 jours à un an", "0", "0,00"),
        ("plus d’un an", "0", "0,00"),
        ("Espèces", "1", "800,00"),
        ("Chèque, non encaissé", "1", "800,00"),
    ]
    for label, address, count, cents in shown:
        opened = client.get(url("cautions") + address)
        assert f"{count} caution" in text_of(opened) or count == "0", label
        assert f"{cents} €" in text_of(opened) or count == "0", label
        assert len([row for row in rows_of(opened) if len(row) > 1]) == int(count), label


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        ({"au": later(days=3).date().isoformat()}, 2),
        ({"au": later(days=5).date().isoformat()}, 1),
        ({"au": later(days=40).date().isoformat()}, 2),
        ({"q": "dégâts"}, 2),
        ({"q": "rien de tel"}, 0),
        ({"q": HOSTILE}, 0),
        ({"means": "cash"}, 1),
        ({"least": "150,01"}, 2),
        ({"ended_from": later(days=5).date().isoformat()}, 1),
        ({"received_from": "9999-12-31"}, 0),
        ({"state": "nothing", "au": "demain", "regie": "x"}, 0),
    ],
)
def test_the_list_is_narrowed(client: Client, asked: dict[str, str], count: int) -> None:
    shown = [row for row in rows_of(get(client, "cautions", **asked)) if len(row) > 1]
    assert len(shown) == count


def test_the_files_say_what_the_screen_says(client: Client) -> None:
    lines = rows_of_csv(client, **HELD)
    assert [line[-1] for line in lines[1:]] == ["800,00", "800,00"]
    assert lines[1][6] == "'=1+1", "no cell is a formula"
    book = zipfile.ZipFile(io.BytesIO(client.get(url("cautions_file", "xlsx")).content))
    sheet = etree.fromstring(book.read("xl/worksheets/sheet1.xml"))
    totals = [float(cell.text) for cell in sheet.findall(".//{*}row")[-1].findall("{*}c/{*}v")]
    assert totals[-3:] == [1900.0, 0.0, 1600.0] and not sheet.findall(".//{*}f")
    assert client.get(url("cautions_file", "exe")).status_code == 404
    assert Access.objects.filter(verb="export", details__what="security_deposits").count() == 2


def test_nobody_sees_those_of_another_regie(town: Town, cautions: list[SecurityDeposit]) -> None:
    stranger = browser(make_agent(Profile.REGISSEUR, email="autre@valbourg.example"))
    assert "aucune caution détenue" in text_of(get(stranger, "cautions", regie=town.regie.pk))
    assert len(rows_of_csv(stranger)) == 1
    assert browser(town.agent).get(url("cautions")).status_code == 403


def test_a_reader_is_not_led_to_pages_that_are_not_theirs(town: Town, cautions: list[SecurityDeposit]) -> None:
    reader = make_agent(Profile.READER, email="comptable@valbourg.example", all_services=False)
    terms = {town.regie.pk: regies.MandateTerms("reader")}
    regies.configure_mandates(agent_id=reader.pk, terms=terms, actor=WHO, at=NOON)
    shown = html.fromstring(get(browser(reader), "cautions").content.decode())
    leads = [link for link in shown.xpath("//tbody//a/@href") if "?" not in link]
    assert leads and all("/usagers/" in link for link in leads)


def test_a_hundred_cost_what_four_do(client: Client, town: Town) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as asked:
            get(client, "cautions")
        return len(asked)

    _first, few = cost(), cost()
    for n in range(6):
        bill(town, publish(town, HALL), HALL_ASKED, dossier=make_dossier(town), key=f"more {n}")
    assert cost() == few


def test_the_way_from_the_regie(client: Client, town: Town, cautions: list[SecurityDeposit]) -> None:
    assert url("cautions") in get(client, "regie", town.regie.pk).content.decode()
    dossier = client.get(url("dossier", cautions[0].dossier_id), {"panneau": "factures"})
    assert url("cautions") in dossier.content.decode()
