"""A dossier's page has no dead end: what comes next, what is undone, notes, hands, and what is asked of one answer."""

from typing import Any

import pytest
from django.test import Client
from lxml import html

from obole.audit_log.models import Record
from obole.directory.rules import Profile
from obole.dossiers import operations as dossiers
from obole.dossiers.models import Dossier, DossierNote
from obole.mailing.models import Message
from tests.crm.desk import HOSTILE, browser, get, text_of, url
from tests.world import WHO, Town, bill_dossier, later, make_agent, make_dossier, make_old_draft, make_town

pytestmark = pytest.mark.django_db
PANELS = ("demande", "factures", "transactions", "pieces", "notes", "courriels", "historique")


@pytest.fixture
def town(time_machine: Any) -> Town:
    time_machine.move_to(later(30), tick=False)
    return make_town()


@pytest.fixture
def client(town: Town) -> Client:
    return browser(town.agent)


@pytest.fixture
def dossier(town: Town) -> Dossier:
    return make_dossier(town, meals=16)


@pytest.fixture
def accepted(dossier: Dossier) -> Dossier:
    return dossiers.accept(dossier_id=dossier.pk, reason="", actor=WHO, at=later(1))


def state(dossier: Dossier) -> str:
    dossier.refresh_from_db()
    return dossier.state


def primary(client: Client, dossier: Dossier, panel: str) -> list[str]:
    page = html.fromstring(get(client, "dossier", dossier.pk, panneau=panel).content.decode())
    found = page.xpath("//div[@class='actions']//*[contains(@class, 'btn-primary')]")
    return [item.text_content().strip() for item in found]


def test_the_next_step_is_in_the_same_place_on_every_panel(town: Town, client: Client, dossier: Dossier) -> None:
    assert {tuple(primary(client, dossier, panel)) for panel in PANELS} == {("Accepter…",)}
    dossiers.accept(dossier_id=dossier.pk, reason="", actor=WHO, at=later(1))
    assert {tuple(primary(client, dossier, panel)) for panel in PANELS} == {("Facturer",)}
    page = get(client, "dossier", dossier.pk).content.decode()
    assert f"{url('dossier', dossier.pk)}?panneau=factures#generer" in page
    bill_dossier(dossier, town.type)
    assert {tuple(primary(client, dossier, panel)) for panel in PANELS} == {()}
    assert "Facturer" in text_of(get(client, "dossier", dossier.pk)), "another one may be made all the same"


def test_closing_says_what_is_not_billed_and_can_be_left(town: Town, client: Client, accepted: Dossier) -> None:
    page = text_of(get(client, "dossier_close", accepted.pk))
    assert "Accepté, rien n’est facturé : estimé 52,00 €." in page and "Revenir sans rien faire" in page
    assert state(accepted) == "accepted"
    bill_dossier(accepted, town.type)
    assert "rien n’est facturé" not in text_of(get(client, "dossier_close", accepted.pk))
    assert client.post(url("dossier_close", accepted.pk)).status_code == 302
    assert state(accepted) == "closed"


def test_closing_tells_of_a_draft(town: Town, client: Client) -> None:
    draft = make_old_draft(town)
    assert draft.dossier is not None
    dossiers.accept(dossier_id=draft.dossier.pk, reason="", actor=WHO, at=later(1))
    assert "Un brouillon de facture attend" in text_of(get(client, "dossier_close", draft.dossier.pk))


def test_what_is_closed_is_opened_again(client: Client, accepted: Dossier) -> None:
    dossiers.close(dossier_id=accepted.pk, actor=WHO, at=later(2))
    assert "Rouvrir…" in text_of(get(client, "dossier", accepted.pk))
    assert "Le dossier redevient accepté" in text_of(get(client, "dossier_reopen", accepted.pk))
    assert client.post(url("dossier_reopen", accepted.pk)).status_code == 302
    assert state(accepted) == "accepted"
    assert "Rouvert" in text_of(get(client, "dossier", accepted.pk, panneau="historique"))
    answer = client.get(url("dossier_reopen", accepted.pk), follow=True)
    assert "Ce dossier a changé entre-temps" in text_of(answer)


def test_a_refusal_is_reconsidered_with_a_reason(client: Client, dossier: Dossier) -> None:
    assert "Vous pourrez revenir sur ce refus" in text_of(get(client, "dossier_reject", dossier.pk))
    dossiers.reject(dossier_id=dossier.pk, reason="Hors secteur", actor=WHO, at=later(1))
    assert "Revenir sur le refus…" in text_of(get(client, "dossier", dossier.pk))
    assert "Écrivez un motif" in text_of(client.post(url("dossier_reconsider", dossier.pk), {"reason": " "}))
    assert state(dossier) == "rejected"
    assert client.post(url("dossier_reconsider", dossier.pk), {"reason": "Dérogation"}).status_code == 302
    assert state(dossier) == "in_review" and Message.objects.filter(kind="dossier_reopened").count() == 1
    assert "Refus repris" in text_of(get(client, "dossier", dossier.pk, panneau="historique"))


def test_a_dossier_is_handed_over_and_given_back(town: Town, client: Client, dossier: Dossier) -> None:
    other = make_agent(Profile.REVIEWER, email="autre@valbourg.example")
    page = get(client, "dossier_assign", dossier.pk)
    offered = html.fromstring(page.content.decode()).xpath("//select[@name='agent']/option/@value")
    assert str(other.pk) in offered and str(town.agent.pk) not in offered
    for wrong, said in (("", "Choisissez un agent"), (str(town.agent.pk), "n’instruit pas cette prestation")):
        answer = client.post(url("dossier_assign", dossier.pk), {"agent": wrong})
        assert answer.status_code == 200 and said in text_of(answer)
    assert client.post(url("dossier_assign", dossier.pk), {"agent": str(other.pk)}).status_code == 302
    dossier.refresh_from_db()
    assert dossier.agent == other
    story = text_of(get(client, "dossier", dossier.pk, panneau="historique"))
    assert "Confié à un agent" in story and f"{town.agent.name} → {other.name}" in story
    assert client.post(url("dossier_give_back", dossier.pk)).status_code == 302
    assert state(dossier) == "submitted"
    answer = client.post(url("dossier_give_back", dossier.pk), follow=True)
    assert "Ce dossier a changé entre-temps" in text_of(answer)


def test_a_note_is_between_agents_plain_and_signed(town: Town, client: Client, dossier: Dossier) -> None:
    empty = client.post(url("dossier_note", dossier.pk), {"text": "  "})
    assert empty.status_code == 200 and "Écrivez la note avant de la garder" in text_of(empty)
    assert client.post(url("dossier_note", dossier.pk), {"text": f"{HOSTILE}\nsuite"}).status_code == 302
    page = get(client, "dossier", dossier.pk, panneau="notes")
    drawn = page.content.decode()
    assert HOSTILE not in drawn and "&lt;script&gt;" in drawn and "Notes (1)" in text_of(page)
    (held,) = html.fromstring(drawn).xpath("//article//*[@hx-disable]")
    assert "suite" in held.text_content() and town.agent.name in text_of(page)
    citizen = browser(town.agent)
    citizen.force_login(town.citizen.user)
    seen = citizen.get(f"/mes-demarches/{dossier.public_id}/").content.decode()
    assert "suite" not in seen and "Note écrite" not in seen


def test_who_only_reads_the_notes_writes_none(town: Town, dossier: Dossier) -> None:
    dossiers.note(dossier_id=dossier.pk, text="À rappeler", actor=town.agent.actor, at=later())
    other = browser(town.regisseur)
    page = text_of(get(other, "dossier", dossier.pk, panneau="notes"))
    assert "À rappeler" in page
    if "Garder la note" not in page:
        assert other.post(url("dossier_note", dossier.pk), {"text": "x"}).status_code == 404
    assert DossierNote.objects.filter(text="À rappeler").exists()


def test_a_complement_is_asked_of_one_answer_and_read_there(town: Town, client: Client, dossier: Dossier) -> None:
    page = text_of(get(client, "dossier_complement", dossier.pk))
    assert "Demander sur une réponse ou une pièce précise" in page and "École" in page
    before = Record.objects.count()
    typed = {"reason": "", "champ-ecole": "x" * 201}
    answer = client.post(url("dossier_complement", dossier.pk), typed)
    assert answer.status_code == 200 and "x" * 201 in answer.content.decode() and Record.objects.count() == before
    typed = {"reason": "", "champ-ecole": f"Laquelle ? {HOSTILE}"}
    assert client.post(url("dossier_complement", dossier.pk), typed).status_code == 302
    assert state(dossier) == "incomplete" and dossier.requests == {"ecole": typed["champ-ecole"]}
    citizen = browser(town.agent)
    citizen.force_login(town.citizen.user)
    drawn = citizen.get(f"/mes-demarches/{dossier.public_id}/completer/").content.decode()
    assert HOSTILE not in drawn
    (question,) = html.fromstring(drawn).xpath("//div[@data-key='ecole']")
    assert "L’agent vous demande : Laquelle ?" in " ".join(question.text_content().split())
    (other,) = html.fromstring(drawn).xpath("//div[@data-key='enfant']")
    assert "L’agent vous demande" not in other.text_content()
