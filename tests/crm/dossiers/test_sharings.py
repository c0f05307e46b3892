"""« Partager avec un autre payeur »: found, shared, billed by weeks; and nothing of one is shown to the other."""

import re
from datetime import date, timedelta
from io import BytesIO
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from pypdf import PdfReader
from pytest_django.fixtures import DjangoAssertNumQueries

from obole.billing import pdf_documents
from obole.billing.models import Invoice
from obole.consumption.models import Sharing
from obole.directory.models import Citizen
from obole.directory.rules import Profile
from obole.dossiers.models import Dossier
from obole.lib import texts
from obole.mailing.models import Message
from obole.personal_data.queries import files_of
from tests.accounts.browsers import sign_in
from tests.campaigns.steps import FIRST, MONDAY, count_meals, deposit, family, open_november
from tests.campaigns.test_sharings import accept, share
from tests.crm.desk import browser, get, text_of, url
from tests.crm.dossiers.test_generate_priced import panel, send
from tests.world import Town, make_agent, make_citizen, make_town, run_tasks

pytestmark = pytest.mark.django_db
PRICE = 325
SAID = {"child": "x", "guest": "nouveau", "weeks": "even", "first": "2026-11-01"}


@pytest.fixture
def town(time_machine: Any) -> Town:
    time_machine.move_to(FIRST, tick=False)
    return make_town()


@pytest.fixture
def client(town: Town) -> Client:
    return browser(town.agent)


@pytest.fixture
def mother(town: Town) -> Dossier:
    mother = family(town, "Canarimere", 1, 1)
    count_meals(mother, town, 1, 1, 1, first=MONDAY + timedelta(days=7))
    return mother


@pytest.fixture
def father(town: Town) -> Citizen:
    return make_citizen("canaripere@example.org", last_name="Canaripere")


def say(client: Client, dossier: Dossier, citizen: Citizen, **changes: str) -> HttpResponse:
    address = f"{url('dossier_sharings', dossier.pk)}?payeur={citizen.pk}"
    answer: HttpResponse = client.post(address, {**SAID, "request_key": texts.token(), **changes})
    return answer


def test_the_other_payer_is_found_and_the_child_is_shared(client: Client, mother: Dossier, father: Citizen) -> None:
    assert "Partager avec un autre payeur" in text_of(get(client, "dossier", mother.pk))
    found = get(client, "dossier_sharings", mother.pk, q="canaripere")
    assert f"payeur={father.pk}" in found.content.decode()
    form = text_of(get(client, "dossier_sharings", mother.pk, payeur=father.pk))
    assert "Zoé" in form and "un nouveau dossier" in form
    assert say(client, mother, father).status_code == 302
    one = Sharing.objects.select_related("guest").get()
    assert (one.host_id, one.guest.citizen, one.odd, one.first) == (mother.pk, father, False, date(2026, 11, 1))
    page = text_of(get(client, "dossier_sharings", mother.pk))
    assert "Zoé : semaines impaires à ce dossier" in page and one.guest.reference in page
    theirs = text_of(get(client, "dossier_sharings", one.guest_id))
    assert "Zoé : semaines paires à ce dossier" in theirs and "se compte sur l’autre dossier" in theirs


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"weeks": ""}, "Choisissez les semaines de l’autre payeur."),
        ({"first": "2020-01-01"}, "Choisissez un jour du"),
        ({"first": "x"}, "date"),
        ({"guest": "99:x"}, "Dossier de l’autre payeur"),
    ],
)
def test_what_is_wrong_is_said_and_shares_nothing(
    client: Client, mother: Dossier, father: Citizen, wrong: dict[str, str], sentence: str
) -> None:
    answer = say(client, mother, father, **wrong)
    assert answer.status_code == 200 and sentence in text_of(answer)
    assert not Sharing.objects.exists() and Dossier.objects.count() == 1


def test_it_ends_on_a_day(client: Client, town: Town, mother: Dossier, father: Citizen) -> None:
    one = share(town, mother, father)
    assert "Terminer le partage" in text_of(get(client, "dossier_sharing_end", mother.pk, one.pk))
    address = url("dossier_sharing_end", mother.pk, one.pk)
    assert "la veille du partage" in text_of(client.post(address, {"last": "2026-01-01"}))
    assert client.post(address, {"last": "2026-11-30"}).status_code == 302
    one.refresh_from_db()
    assert one.last == date(2026, 11, 30)
    assert "du 01/11/2026 au 30/11/2026" in text_of(get(client, "dossier_sharings", mother.pk))


def test_who_is_not_theirs_to_know_is_not_there(client: Client, town: Town, mother: Dossier, father: Citizen) -> None:
    for payer in (mother.citizen_id, 0, 999_999):
        assert client.get(url("dossier_sharings", mother.pk), {"payeur": payer}).status_code == 404
    one = share(town, mother, father)
    stranger = family(town, "Autre", 1)
    assert client.get(url("dossier_sharing_end", stranger.pk, one.pk)).status_code == 404
    other = browser(make_agent(Profile.REVIEWER, email="autre@valbourg.example", all_services=False))
    assert other.get(url("dossier_sharings", mother.pk)).status_code == 404


def test_the_sheet_shows_the_child_once(client: Client, town: Town, mother: Dossier, father: Citizen) -> None:
    one = share(town, mother, father)
    accept(one.guest)
    sheet = client.get(url("attendance", town.scheme.pk), {"semaine": "2026-11-02"}).content.decode()
    assert f"c-{mother.pk}-" in sheet and f"c-{one.guest_id}-" not in sheet


def test_the_form_of_an_invoice_bills_the_weeks_of_its_payer(
    client: Client, town: Town, mother: Dossier, father: Citizen
) -> None:
    one = share(town, mother, father)
    accept(one.guest)
    sent = panel(client, one.guest)
    assert (sent["period"], sent["r-repas"]) == ("novembre 2026", "3")
    send(client, one.guest, sent)
    made = Invoice.objects.get()
    assert made.total_cents == 3 * PRICE and "semaines paires" in made.lines.get().detail
    assert panel(client, mother)["r-repas"] == "2"


def crawled(citizen: Citizen) -> dict[str, str]:
    """Return every page of the portal that somebody signed in reaches, by its address."""
    client = Client()
    user = Citizen.objects.get(pk=citizen.pk).user
    assert user
    sign_in(client, user)
    pages: dict[str, str] = {}
    waiting = ["/", "/mes-demarches/", "/mes-factures/", "/mon-compte/", "/mes-donnees/"]
    while waiting:
        address = waiting.pop().split("#")[0].replace("&amp;", "&")
        if address in pages or "deconnexion" in address or "/logout" in address or len(pages) > 200:
            continue
        answer = client.get(address)
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        pages[address] = body.decode("utf-8", "replace")
        if answer.get("Content-Type", "").startswith("text/html"):
            waiting += re.findall(r'href="(/[^"/][^"]*|/)"', pages[address])
            waiting += [answer["Location"]] if answer.has_header("Location") else []
    return pages


def text_in(paper: bytes) -> str:
    return " ".join(page.extract_text() for page in PdfReader(BytesIO(paper)).pages)


def test_nothing_of_one_payer_is_shown_to_the_other(town: Town, mother: Dossier, father: Citizen) -> None:
    one = share(town, mother, father)
    accept(one.guest)
    deposit(open_november(town), town)
    run_tasks()
    for citizen, canary, hers in ((mother.citizen, "canaripere", mother), (father, "canarimere", one.guest)):
        other = one.guest if hers == mother else mother
        bill = Invoice.objects.get(dossier=hers)
        pages = crawled(citizen)
        assert any(f"/mes-demarches/{hers.public_id}/" in at for at in pages), sorted(pages)
        assert any(f"/mes-factures/{bill.public_id}/" in at for at in pages), sorted(pages)
        elsewhere = Invoice.objects.get(dossier=other)
        secrets = (canary, other.reference, other.public_id, elsewhere.public_id, str(elsewhere.number))
        paper = pdf_documents.ensure_invoice_pdf(invoice_id=bill.pk, at=FIRST)
        read = {
            **pages,
            "paper": text_in(pdf_documents.read_pdf(paper)),
            **{
                name: text_in(content) if name.endswith(".pdf") else content.decode()
                for name, content in files_of(citizen)
            },
            **{
                f"mail {mail.pk}": f"{mail.subject} {mail.text} {mail.html}"
                for mail in Message.objects.filter(to=citizen.email)
            },
        }
        assert "semaines" in read["paper"] and any(name.startswith("mail") for name in read)
        leaks = [(at, word) for at, body in read.items() for word in secrets if word.lower() in body.lower()]
        assert not leaks


def test_the_page_costs_the_same_whatever_is_shared(
    client: Client, town: Town, mother: Dossier, father: Citizen, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    share(town, mother, father)
    with django_assert_max_num_queries(30):
        get(client, "dossier_sharings", mother.pk, payeur=father.pk)
