"""« Réponses qui changent »: the history of an answer, a change with its piece, and the forms of invoices."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from lxml import html
from pytest_django.fixtures import DjangoAssertNumQueries

from obole.billing import operations as billing
from obole.billing.models import Invoice
from obole.billing.queries import explanation_of
from obole.catalogue import operations as catalogue
from obole.directory.models import Citizen
from obole.directory.rules import Profile
from obole.dossiers import operations as dossiers
from obole.dossiers.models import DatedAnswer, Dossier
from tests.accounts.browsers import sign_in
from tests.campaigns.quotients import CHEAP, MIDDLE, QF, by_quotient, change, quotient_family
from tests.campaigns.steps import FIRST
from tests.crm.desk import PDF, browser, draft_form, get, rows_of, text_of, url
from tests.crm.dossiers.test_generate_priced import panel, send
from tests.spaces import plain
from tests.world import WHO, Town, make_agent, make_town

pytestmark = pytest.mark.django_db
NOVEMBER = date(2026, 11, 1)
SAID = {"value": "300", "since": "2026-11-01", "motive": "Nouveau quotient", "unproven": "Vu au guichet"}


@pytest.fixture
def town(time_machine: Any) -> Town:
    time_machine.move_to(FIRST, tick=False)
    town = make_town()
    by_quotient(town)
    return town


@pytest.fixture
def client(town: Town) -> Client:
    return browser(town.agent)


@pytest.fixture
def dossier(town: Town) -> Dossier:
    return quotient_family(town, "Martin", 500, 1)


def say(client: Client, dossier: Dossier, *, question: str = "qf", **changes: Any) -> HttpResponse:
    address = f"{url('dossier_changes', dossier.pk)}?question={question}"
    answer: HttpResponse = client.post(address, {**SAID, **changes})
    return answer


def test_a_change_is_said_with_its_piece_and_listed(client: Client, dossier: Dossier) -> None:
    answer = say(client, dossier, unproven="", proof=SimpleUploadedFile("caf.pdf", PDF, "application/pdf"))
    assert answer.status_code == 302
    fact = DatedAnswer.objects.get()
    assert (fact.value, fact.since, fact.motive) == (300, NOVEMBER, "Nouveau quotient")
    page = get(client, "dossier_changes", dossier.pk, question="qf")
    first, last = rows_of(page)
    assert first[:3] == ["01/11/2026 (en vigueur)", "300", "Nouveau quotient"] and "caf.pdf" in first[3]
    assert last[:2] == ["Au dépôt", "500"]
    shown = text_of(get(client, "dossier", dossier.pk))
    assert "300 depuis le 01/11/2026" in shown and "Réponses qui changent à une date" in shown
    assert "caf.pdf" in text_of(get(client, "dossier", dossier.pk, panneau="pieces"))
    assert "Réponse changée à une date" in text_of(get(client, "dossier", dossier.pk, panneau="historique"))


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"value": "-3"}, "nombre positif"),
        ({"value": "99999"}, "inférieur ou égal à 20000"),
        ({"since": "2024-01-01"}, "à partir du 26/11/2025"),
        ({"since": "2031-01-01"}, "jusqu’au 06/12/2027"),
        ({"since": ""}, "À partir du"),
        ({"motive": ""}, "Écrivez pourquoi la réponse change."),
        ({"unproven": ""}, "Joignez la pièce, ou écrivez pourquoi il n’y en a pas."),
        ({"proof": SimpleUploadedFile("virus.exe", b"MZ")}, "PDF"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_typed_is_lost(
    client: Client, dossier: Dossier, wrong: dict[str, Any], sentence: str
) -> None:
    answer = say(client, dossier, **wrong)
    assert answer.status_code == 200 and sentence in text_of(answer) and not DatedAnswer.objects.exists()
    (form,) = (one for one in html.fromstring(answer.content.decode()).forms if one.xpath(".//input[@name='motive']"))
    typed = {**SAID, **{name: value for name, value in wrong.items() if name != "proof"}}
    assert {name: form.fields[name] or "" for name in ("value", "since", "motive")} == {
        name: typed[name] for name in ("value", "since", "motive")
    }


def test_the_piece_is_kept_while_the_rest_is_mended(client: Client, dossier: Dossier) -> None:
    answer = say(client, dossier, motive="", proof=SimpleUploadedFile("caf.pdf", PDF, "application/pdf"))
    assert "Fichier reçu : caf.pdf" in text_of(answer)
    (token,) = html.fromstring(answer.content.decode()).xpath("//input[@name='proof_kept']/@value")
    say(client, dossier, unproven="", proof_kept=token)
    proof = DatedAnswer.objects.get().proof
    assert proof and proof.name == "caf.pdf"


def test_what_makes_no_price_or_is_not_theirs_is_not_there(client: Client, town: Town, dossier: Dossier) -> None:
    assert say(client, dossier, question="enfant").status_code == 404
    dossiers.close(dossier_id=dossier.pk, actor=WHO, at=FIRST)
    assert "ses réponses ne changent plus" in text_of(get(client, "dossier_changes", dossier.pk))
    assert say(client, dossier).status_code == 302 and not DatedAnswer.objects.exists()


def test_a_sensitive_answer_is_for_who_may_read_it(town: Town) -> None:
    town.form = catalogue.publish_form(
        scheme_id=town.scheme.pk, fields=[replace(QF, sensitive=True)], actor=WHO, at=FIRST
    )
    dossier = quotient_family(town, "Martin", 500)
    fact = change(dossier, town, 300, NOVEMBER)
    blind = make_agent(Profile.ADMINISTRATOR, email="x@valbourg.example")
    client = browser(blind)
    assert client.get(url("dossier_changes", dossier.pk), {"question": "qf"}).status_code == 404
    assert "300" not in text_of(get(client, "dossier", dossier.pk)) and fact.value == 300


def test_the_form_of_an_invoice_takes_the_answer_of_its_period(client: Client, town: Town, dossier: Dossier) -> None:
    change(dossier, town, 300, NOVEMBER)
    sent = panel(client, dossier)
    assert (sent["period"], sent["r-qf"]) == ("novembre 2026", "300")
    # Another period is typed: the page says what the dossier answers then, and takes it where it is asked to.
    october = {**sent, "period": "octobre 2026"}
    address = url("generate_invoice", dossier.pk)
    told = client.post(address, {**october, "recalculer": "1"})
    assert "Quotient familial : 500 ce jour-là, d’après le dossier." in text_of(told)
    taken = html.fromstring(client.post(address, {**october, "en_vigueur": "1"}).content.decode())
    assert taken.xpath("//input[@name='r-qf']/@value") == ["500"] and not Invoice.objects.exists()
    send(client, dossier, sent)
    made = Invoice.objects.get()
    why = explanation_of(made)
    assert made.total_cents == CHEAP and why
    assert "Quotient familial : 300 depuis le 01/11/2026." in [plain(said) for said in why.whys[0]]


def test_what_is_done_again_shows_that_it_changed(client: Client, town: Town, dossier: Dossier) -> None:
    send(client, dossier, panel(client, dossier))
    old = Invoice.objects.get()
    assert old.total_cents == MIDDLE
    change(dossier, town, 300, NOVEMBER)
    billing.cancel_invoice(invoice_id=old.pk, code="quantity", comment="", actor=WHO, at=FIRST)
    draft = billing.redo_invoice(invoice_id=old.pk, actor=WHO, at=FIRST)
    page = text_of(get(client, "draft", draft.pk))
    assert "Quotient familial : 300 depuis le 01/11/2026, d’après le dossier." in page
    sent = draft_form(client, draft)
    drawn = html.fromstring(client.post(url("draft", draft.pk), {**sent, "en_vigueur": "1"}).content.decode())
    assert drawn.xpath("//input[@name='r-qf']/@value") == ["300"]
    draft.refresh_from_db()
    assert draft.total_cents == MIDDLE, "nothing is kept before it is asked for"


def test_its_citizen_reads_the_answer_in_force_and_since_when(town: Town, dossier: Dossier) -> None:
    change(dossier, town, 300, NOVEMBER)
    change(dossier, town, 900, date(2027, 1, 1))
    client = Client()
    user = Citizen.objects.get(pk=dossier.citizen_id).user
    assert user
    sign_in(client, user)
    page = text_of(client.get(f"/mes-demarches/{dossier.public_id}/"))
    assert "300 depuis le 01/11/2026" in page and "900" not in page and "Vu au guichet" not in page


def test_many_changes_cost_no_query_each(
    client: Client, town: Town, dossier: Dossier, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for day in range(1, 20):
        change(dossier, town, 300 + day, date(2026, 11, day))
    with django_assert_max_num_queries(30):
        get(client, "dossier_changes", dossier.pk, question="qf")
