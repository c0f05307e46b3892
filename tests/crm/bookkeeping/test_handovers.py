"""A remise de service on screen: counted, checked, signed by one, then by the other; and its procès-verbal."""

import io
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from lxml import html
from pypdf import PdfReader

from obole.books.models import Handover, HandoverPdf
from obole.regies.models import Mandate
from tests.accounts.browsers import sign_in
from tests.cash_desk.steps import M, closed, opened, taken
from tests.crm.desk import HOSTILE, browser, get, text_of, url
from tests.handovers.steps import Change, countersign, days, give, handing, make_change, make_registrar, mandate, sign
from tests.world import later

pytestmark = pytest.mark.django_db


@pytest.fixture
def change(time_machine: Any) -> Change:
    made = make_change()
    time_machine.move_to(later(60), tick=False)
    return made


@pytest.fixture
def client(change: Change) -> Client:
    return browser(change.leaving)


def typed(change: Change, **changes: str) -> dict[str, str]:
    """Return what somebody who counts right types."""
    said: dict[str, str] = {"arriving": str(change.arriving.pk), "kind": "departure"}
    for place, count in handing(change).places.items():
        said |= {f"{place}-n{value}": str(number) for value, number in count.items()}
    said |= {"cheque_count": "1", "cheque_cents": "45,00"}
    return {**said, **changes}


def confirmed(answer: Any, **changes: str) -> dict[str, str]:
    """Return what the page that is about to be signed would send."""
    page = html.fromstring(answer.content.decode())
    form = next(form for form in page.forms if "seen" in form.fields)
    return {**dict(form.form_values()), "confirm": "1", **changes}


def test_from_the_count_to_the_proces_verbal(client: Client, change: Change) -> None:
    address = url("handover_new", change.desk.regie.pk)
    page = get(client, "handover_new", change.desk.regie.pk)
    assert "Attendu : 100,00 €" in text_of(page) and "Arrivante, Régisseur titulaire" in text_of(page)
    shown = client.post(address, typed(change, present="M. Le Goff, comptable", remarks="Clés remises"))
    said = text_of(shown)
    assert "vous remettez la régie à Arrivante" in said and "130,00" in said and not Handover.objects.exists()
    answer = client.post(address, confirmed(shown), follow=True)
    assert "Arrivante doit maintenant signer" in text_of(answer)
    handover = Handover.objects.get()
    assert client.get(url("handover_pdf", change.desk.regie.pk, handover.pk)).status_code == 404, "not before both"
    arriving = browser(change.arriving)
    for notice in (get(arriving, "regies"), get(arriving, "regie", change.desk.regie.pk)):
        assert "vous remet la régie Régie Enfance" in text_of(notice)
    here = url("handover", change.desk.regie.pk, handover.pk)
    done = arriving.post(here, {"action": "sign", "reservations": "Un chèque illisible"}, follow=True)
    assert "la régie est remise" in text_of(done) and "Un chèque illisible" in text_of(done)
    assert "Signée par les deux" in text_of(get(arriving, "handovers", change.desk.regie.pk))
    assert "vous remet" not in text_of(get(arriving, "regies"))
    said = pdf_of(arriving, change, handover)
    for words in (
        "Procès-verbal de remise de service",
        "Arrivante, Régisseur titulaire, a signé à",
        "En présence de M. Le Goff, comptable",
        "Caisse « Guichet », fonds de caisse 100,00 100,00 0,00",
        "Total 130,00 130,00 0,00",
        "Chèques 1 45,00 1 45,00",
        "Caisse 30,00",
        "Réserves de l’entrant : Un chèque illisible",
        "ENF-Q-2026-000003",
        "Le régisseur entrant",
        handover.entry_hash[:8],
    ):
        assert words in said, words
    assert pdf_of(client, change, handover) == said and HandoverPdf.objects.count() == 1


def pdf_of(client: Client, change: Change, handover: Handover) -> str:
    answer = client.get(url("handover_pdf", change.desk.regie.pk, handover.pk))
    assert answer["Content-Type"] == "application/pdf"
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(answer.content)).pages]
    return " ".join(" ".join(pages).split()).replace("\u202f", " ").replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"arriving": ""}, "Choisissez qui prend la régie"),
        ({"arriving": "99999999"}, "Sélectionnez un choix valide"),
        ({"kind": ""}, "Choisissez pourquoi la régie est remise"),
        ({"safe-n100": "beaucoup"}, "Écrivez un nombre entier"),
        ({"cheque_cents": "douze"}, "Saisissez un montant"),
        ({"cheque_count": "-1"}, "supérieure ou égale à 0"),
    ],
)
def test_a_wrong_input_is_said_at_its_field_and_loses_nothing(
    client: Client, change: Change, wrong: dict[str, str], sentence: str
) -> None:
    answer = client.post(
        url("handover_new", change.desk.regie.pk), typed(change, present=HOSTILE, remarks="Deux clés", **wrong)
    )
    assert sentence in text_of(answer)
    page = html.fromstring(answer.content.decode())
    form = next(form for form in page.forms if "present" in form.fields)
    assert (form.fields["present"], form.fields["remarks"].strip()) == (HOSTILE, "Deux clés")
    assert HOSTILE not in answer.content.decode()
    assert not Handover.objects.exists()


def test_a_difference_is_explained_before_it_is_signed(client: Client, change: Change) -> None:
    address = url("handover_new", change.desk.regie.pk)
    shown = client.post(address, typed(change, cheque_count="2"))
    assert "comptez de nouveau, ou écrivez pourquoi" in text_of(shown)
    forced = client.post(address, confirmed(shown))
    assert "écrivez pourquoi" in text_of(forced) and not Handover.objects.exists()
    again = client.post(address, {**typed(change, cheque_count="2"), "again": "1"})
    assert html.fromstring(again.content.decode()).xpath("//input[@name='cheque_count']/@value") == ["2"]
    explained = client.post(address, typed(change, cheque_count="2", explanation="Un chèque rendu"))
    client.post(address, confirmed(explained))
    assert Handover.objects.get().explanation == "Un chèque rendu"


def test_money_that_came_since_the_page_is_shown_again(client: Client, change: Change) -> None:
    address = url("handover_new", change.desk.regie.pk)
    shown = client.post(address, typed(change))
    taken(change.desk, 10_00, M.TRANSFER)
    again = client.post(address, confirmed(shown))
    assert "La situation a changé entre-temps" in text_of(again) and not Handover.objects.exists()
    client.post(address, confirmed(again))
    assert Handover.objects.count() == 1


def test_money_between_the_two_signatures_is_said_and_begins_again(client: Client, change: Change) -> None:
    handover = sign(change)
    taken(change.desk, 10_00, M.TRANSFER, minutes=61)
    address = url("handover", change.desk.regie.pk, handover.pk)
    answer = browser(change.arriving).post(address, {"action": "sign"}, follow=True)
    assert "Rien n’est remis" in text_of(answer)
    assert "recettes à verser, compte DFT" in text_of(answer) or "compte DFT, recettes à verser" in text_of(answer)
    assert "Remettre le service" in text_of(get(client, "handovers", change.desk.regie.pk))


def test_a_drawer_that_is_open_is_closed_first(client: Client, change: Change) -> None:
    session = opened(change.desk, minutes=40)
    page = get(client, "handover_new", change.desk.regie.pk)
    assert "est ouverte par" in text_of(page) and url("cash_session_close", change.desk.regie.pk, session.pk) in str(
        page.content
    )
    assert "Qui prend la régie" not in text_of(page)
    client.post(url("handover_new", change.desk.regie.pk), typed(change))
    closed(change.desk, session, 100_00, minutes=41)
    handover = sign(change)
    opened(change.desk, minutes=62)
    address = url("handover", change.desk.regie.pk, handover.pk)
    assert "arrêtez-la d’abord" in text_of(browser(change.arriving).post(address, {"action": "sign"}))


def test_one_whose_mandate_has_not_begun_finds_it_and_signs(client: Client, change: Change) -> None:
    give(change.desk, change.arriving, Mandate.Kind.HOLDER, starts_on=days(3650))
    handover, arriving = sign(change), browser(change.arriving)
    assert arriving.get(url("regie", change.desk.regie.pk)).status_code == 404
    assert "Voir la remise de service" in text_of(get(arriving, "regies"))
    address = url("handover", change.desk.regie.pk, handover.pk)
    page = arriving.get(address)
    assert url("deposits", change.desk.regie.pk) not in page.content.decode(), "no link to what is not theirs yet"
    arriving.post(address, {"action": "sign"})
    assert mandate(change, change.arriving).starts_on == days(0)


def test_who_is_asked_nothing_signs_nothing(client: Client, change: Change) -> None:
    handover = sign(change)
    address = url("handover", change.desk.regie.pk, handover.pk)
    for agent, answer in ((change.leaving, 302), (change.substitute, 302), (change.desk.town.admin, 404)):
        assert browser(agent).post(address, {"action": "sign"}).status_code == answer
    stranger = browser(make_registrar("ailleurs"))
    for name in ("handover", "handover_pdf"):
        assert stranger.get(url(name, change.desk.regie.pk, handover.pk)).status_code == 404
    delegate = make_registrar("mandataire")
    give(change.desk, delegate, Mandate.Kind.DELEGATE)
    page = browser(delegate)
    assert "Remettre le service" not in text_of(get(page, "handovers", change.desk.regie.pk))
    assert page.post(url("handover_new", change.desk.regie.pk), typed(change)).status_code == 404
    handover.refresh_from_db()
    assert handover.state == "signed"


def test_it_is_given_up_with_a_reason(client: Client, change: Change) -> None:
    handover = sign(change)
    assert "attend déjà" in text_of(get(client, "handover_new", change.desk.regie.pk))
    address = url("handover", change.desk.regie.pk, handover.pk)
    assert "Écrivez pourquoi" in text_of(client.post(address, {"action": "give_up", "reason": " "}))
    assert "Reportée à demain" in text_of(
        client.post(address, {"action": "give_up", "reason": "Reportée à demain"}, follow=True)
    )
    assert "a changé entre-temps" in text_of(client.post(address, {"action": "give_up", "reason": "x"}, follow=True))


def test_both_signatures_ask_who_is_there(change: Change) -> None:
    handover = sign(change)
    signatures = [
        (change.arriving, url("handover", change.desk.regie.pk, handover.pk), {"action": "sign"}),
        (change.leaving, url("handover_new", change.desk.regie.pk), typed(change)),
    ]
    for agent, address, sent in signatures:
        client = Client()
        sign_in(client, agent.user, ago=601)
        assert client.post(address, sent)["Location"].startswith("/compte/reauthenticate/")
    handover.refresh_from_db()
    assert handover.state == "signed"


def test_ten_cost_what_one_does(client: Client, change: Change) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as asked:
            get(client, "handovers", change.desk.regie.pk)
        return len(asked)

    one = sign(change, kind="absence", arriving_id=change.substitute.pk)
    countersign(one, change.substitute)
    _first, few = cost(), cost()
    for n in range(3):
        who = change.substitute.actor if n % 2 == 0 else change.leaving.actor
        to = change.leaving if n % 2 == 0 else change.substitute
        countersign(sign(change, kind="absence", actor=who, arriving_id=to.pk), to)
    assert cost() == few
