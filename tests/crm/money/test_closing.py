"""« Arrêtés » on a régie's page: who answers for it closes a period, after a page that says what will happen."""

from typing import Any

import pytest
from django.test import Client

from obole.audit_log.models import Record
from obole.books import operations as books
from obole.lib import dates
from obole.regies import operations as regies
from obole.regies.models import Closing
from tests.crm.desk import Desk, browser, get, make_desk, text_of, url
from tests.world import WHO, later

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(time_machine: Any) -> Desk:
    time_machine.move_to(later(days=1), tick=False)
    return make_desk()


@pytest.fixture
def client(desk: Desk) -> Client:
    return browser(desk.town.regisseur)


def test_a_period_is_shown_then_closed_then_kept(desk: Desk, client: Client) -> None:
    regie = desk.town.regie.pk
    page = get(client, "regie", regie)
    assert "Arrêtés" in text_of(page) and "26/10/2026" in text_of(page)
    assert b'value="2026-10-31"' in page.content, "the month that is over is proposed"
    before = Record.objects.count()

    asked = text_of(get(client, "closing_new", regie, until="2026-11-25"))

    assert "Arrêter les comptes au 25 novembre 2026 ?" in asked and "Cela ne se défait pas." in asked
    assert "7 écritures seront arrêtées" in asked
    assert "Cartes en instance 0,00 122,10 0,00 122,10" in asked
    assert (Record.objects.count(), Closing.objects.count()) == (before, 1), "a question changes nothing"
    answer = client.post(url("closing_new", regie), {"until": "2026-11-25"}, follow=True)
    told = text_of(answer)
    assert "les comptes sont arrêtés au 25 novembre 2026" in told and "Arrêté au 25 novembre 2026" in told
    assert "Cartes en instance 0,00 122,10 0,00 122,10" in told
    assert "Factures émises 16,25" in told, "what the period before came to"
    assert Closing.objects.get(until="2026-11-25").closed_by == desk.town.regisseur.actor


@pytest.mark.parametrize(
    ("until", "words"),
    [
        ("", "Ce champ est obligatoire"),
        ("demain", "date valide"),
        ("2026-11-26", "Cette journée n’est pas finie"),
        ("2026-10-26", "déjà arrêtés au 26 octobre 2026"),
    ],
)
def test_a_day_that_cannot_be_closed_is_explained_at_its_field(
    desk: Desk, client: Client, until: str, words: str
) -> None:
    for answer in (
        client.get(url("closing_new", desk.town.regie.pk), {"until": until}),
        client.post(url("closing_new", desk.town.regie.pk), {"until": until}),
    ):
        assert answer.status_code == 200
        assert words in text_of(answer)
    assert Closing.objects.count() == 1


def test_somebody_else_closed_it_meanwhile(desk: Desk, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_how: object) -> None:
        raise regies.CannotClose("Les comptes sont déjà arrêtés.")

    monkeypatch.setattr(books, "close_period", refuse)
    answer = client.post(url("closing_new", desk.town.regie.pk), {"until": "2026-11-25"}, follow=True)
    assert "Les comptes sont déjà arrêtés." in text_of(answer) and "Soldes des comptes" in text_of(answer)


def test_only_who_answers_for_the_regie_closes_it(desk: Desk) -> None:
    admin, reviewer = browser(desk.town.admin), browser(desk.town.agent)

    page = text_of(get(admin, "regie", desk.town.regie.pk))
    assert "Arrêtés" in page and "Arrêter…" not in page
    for client in (admin, reviewer):
        for method in (client.get, client.post):
            assert method(url("closing_new", desk.town.regie.pk), {"until": "2026-11-25"}).status_code == 404
    assert Closing.objects.count() == 1
    other = browser(desk.town.regisseur)
    regies.give_mandates(regie_id=desk.town.regie.pk, agent_ids=[desk.town.admin.pk], actor=WHO, at=later())
    assert other.get(url("closing", desk.town.regie.pk, desk.closing.pk)).status_code == 404
    assert "Arrêter…" in text_of(get(admin, "regie", desk.town.regie.pk))


def test_the_history_of_the_regie_tells_it(desk: Desk) -> None:
    page = text_of(get(browser(desk.town.admin), "settings_regie", desk.town.regie.pk))
    assert "Comptes arrêtés" in page and "au 26 octobre 2026" in page
    assert dates.day_of(later(days=-30)).isoformat() == "2026-10-26"
