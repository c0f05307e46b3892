"""Every list is given as a file: what answers its filters, or what was ticked, in the columns of the screen."""

import csv
import io
import zipfile
from xml.etree import ElementTree

import pytest
from django.test import Client

from obole.audit_log.models import Access
from obole.directory.models import Citizen
from obole.directory.rules import Profile
from tests.crm.desk import browser, get, pay, url
from tests.world import Town, make_agent, make_citizen, make_invoice

pytestmark = pytest.mark.django_db
LISTS = ("invoices", "dossiers", "attempts", "citizens", "messages")
TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"


def file_of(client: Client, name: str, kind: str, **query: str) -> bytes:
    answer = client.get(url(f"{name}_file", kind), query)
    assert answer.status_code == 200
    return answer.getvalue()


def lines(client: Client, name: str, **query: str) -> list[list[str]]:
    text = file_of(client, name, "csv", **query).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text), delimiter=";"))


@pytest.mark.parametrize("name", LISTS)
def test_a_list_is_given_in_each_format(town: Town, client: Client, name: str) -> None:
    pay(make_invoice(town))
    titles, *rows = lines(client, name)
    assert len(titles) > 3 and rows
    for kind, document in (("xlsx", "xl/worksheets/sheet1.xml"), ("ods", "content.xml")):
        with zipfile.ZipFile(io.BytesIO(file_of(client, name, kind))) as book:
            ElementTree.fromstring(book.read(document))
    assert Access.objects.filter(verb=Access.Verb.EXPORT).count() == 3
    assert client.get(url(f"{name}_file", "pdf")).status_code == 404


@pytest.mark.parametrize("name", LISTS)
def test_the_rows_that_were_ticked_are_given(town: Town, client: Client, name: str) -> None:
    for number in range(3):
        pay(make_invoice(town, citizen=make_citizen(f"usager{number}@example.org")))
    page = get(client, name).content.decode()
    chosen = page.split('name="chosen" value="')[1].split('"')[0]
    led = client.post(url(f"{name}_selection"), {"verb": "csv", "scope": "chosen", "chosen": [chosen]})
    assert len(client.get(led["Location"]).getvalue().splitlines()) == 2


def test_a_spreadsheet_keeps_zeros_dates_and_amounts_and_runs_nothing(town: Town, client: Client) -> None:
    pay(make_invoice(town))
    Citizen.objects.filter(pk=town.citizen.pk).update(phone="0612345678", last_name="=1+1", first_name="", sort_key="a")
    with zipfile.ZipFile(io.BytesIO(file_of(client, "citizens", "ods"))) as book:
        content = ElementTree.fromstring(book.read("content.xml"))
    cells = [cell for cell in content.iter(f"{TABLE}table-cell") if "".join(cell.itertext()) in ("=1+1", "0612345678")]
    assert [cell.get(f"{OFFICE}value-type") for cell in cells] == ["string", "string"]
    with zipfile.ZipFile(io.BytesIO(file_of(client, "attempts", "ods"))) as book:
        content = ElementTree.fromstring(book.read("content.xml"))
    typed = [cell for cell in content.iter(f"{TABLE}table-cell") if cell.get(f"{OFFICE}value-type") != "string"]
    assert [cell.get(f"{OFFICE}date-value") or cell.get(f"{OFFICE}value") for cell in typed] == [
        "2026-11-25T12:01:00",
        "52.00",
    ]


def test_a_file_holds_no_column_that_the_list_does_not_show(town: Town) -> None:
    pay(make_invoice(town))
    agent = make_agent(Profile.REVIEWER, email="instruction@example.org")
    client = browser(agent)
    for name in ("invoices", "attempts"):
        assert "Régie" not in lines(client, name)[0]
    layout = {"list": "attempts", "rows": "25", "columns": ["reference", "state"]}
    client.post(url("list_layout"), layout)
    assert lines(client, "attempts")[0] == ["Référence, et celles de la banque", "Statut"]
