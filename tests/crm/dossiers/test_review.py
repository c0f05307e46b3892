"""What an agent decides about a dossier."""

from typing import Any

import pytest
from django.test import Client

from obole.audit_log.models import Record
from obole.dossiers import operations as dossiers
from obole.dossiers.models import Dossier
from obole.mailing.models import Message
from tests.actors import somebody
from tests.crm.desk import HOSTILE, browser, get, submit_with_file, text_of, url
from tests.world import WHO, Town, later, make_citizen, make_dossier, make_invoice, make_town

pytestmark = pytest.mark.django_db
with_files = pytest.mark.django_db


@pytest.fixture
def town(time_machine: Any) -> Town:
    time_machine.move_to(later(30), tick=False)
    return make_town()


@pytest.fixture
def client(town: Town) -> Client:
    return browser(town.agent)


def state(dossier: Dossier) -> str:
    dossier.refresh_from_db()
    return dossier.state


@with_files
def test_a_dossier_is_taken_then_decided(town: Town, client: Client) -> None:
    dossier = submit_with_file(town)
    page = get(client, "dossier", dossier.pk).content.decode()
    assert page.count("btn-primary") == 1 and "Prendre en charge" in page
    assert client.post(url("dossier_take", dossier.pk)).status_code == 302
    assert state(dossier) == "in_review" and dossier.agent == town.agent
    page = text_of(get(client, "dossier", dossier.pk))
    assert "Pris en charge par vous" in page and "le dossier est à vous" in page
    assert client.post(url("dossier_accept", dossier.pk), {"reason": ""}).status_code == 302
    assert state(dossier) == "accepted"
    assert Message.objects.filter(kind="dossier_accepted").count() == 1
    assert client.post(url("dossier_close", dossier.pk)).status_code == 302
    assert state(dossier) == "closed"
    assert "btn-primary" not in get(client, "dossier", dossier.pk).content.decode()


@pytest.mark.parametrize(("name", "after"), [("dossier_complement", "incomplete"), ("dossier_reject", "rejected")])
def test_a_reason_is_asked_for_and_read_by_the_citizen(town: Town, client: Client, name: str, after: str) -> None:
    dossier = make_dossier(town)
    before = Record.objects.count()
    for empty in ("", "   ", "\n"):
        answer = client.post(url(name, dossier.pk), {"reason": empty})
        assert answer.status_code == 200 and "Écrivez un motif" in text_of(answer)
    assert state(dossier) == "in_review" and Record.objects.count() == before
    assert client.post(url(name, dossier.pk), {"reason": HOSTILE}).status_code == 302
    assert state(dossier) == after and dossier.reason == HOSTILE
    page = get(client, "dossier", dossier.pk).content.decode()
    assert HOSTILE not in page and "&lt;script&gt;" in page


def test_what_was_typed_is_kept_when_somebody_acted_meanwhile(town: Town, client: Client) -> None:
    dossier = make_dossier(town)
    dossiers.accept(dossier_id=dossier.pk, reason="", actor=somebody("collègue"), at=later(1))
    before = Record.objects.count()
    answer = client.post(url("dossier_reject", dossier.pk), {"reason": "Pièce illisible"})
    assert answer.status_code == 200
    assert "Ce dossier a changé entre-temps" in text_of(answer) and "Pièce illisible" in text_of(answer)
    assert state(dossier) == "accepted" and Record.objects.count() == before


@pytest.mark.parametrize("name", ["dossier_take", "dossier_complement", "dossier_accept", "dossier_reject"])
def test_a_move_that_is_over_leads_back_with_a_sentence(town: Town, client: Client, name: str) -> None:
    dossier = make_dossier(town)
    dossiers.reject(dossier_id=dossier.pk, reason="non", actor=somebody("collègue"), at=later(1))
    answer = (
        client.post(url(name, dossier.pk), follow=True)
        if name == "dossier_take"
        else client.get(url(name, dossier.pk), follow=True)
    )
    assert answer.redirect_chain and "Ce dossier a changé entre-temps" in text_of(answer)
    assert state(dossier) == "rejected"


@with_files
def test_each_sous_panel_shows_its_part(town: Town, client: Client) -> None:
    dossier = submit_with_file(town)
    page = get(client, "dossier", dossier.pk, panneau="demande").content.decode()
    assert HOSTILE not in page and "&lt;script&gt;" in page
    assert "quotient é.pdf" in text_of(get(client, "dossier", dossier.pk, panneau="pieces"))
    assert "est enregistrée" in text_of(get(client, "dossier", dossier.pk, panneau="courriels"))
    assert "Dossier déposé" in text_of(get(client, "dossier", dossier.pk, panneau="historique"))
    assert "Aucune transaction" in text_of(get(client, "dossier", dossier.pk, panneau="transactions"))
    assert "Ce qui est demandé" in text_of(get(client, "dossier", dossier.pk, panneau="../../etc"))
    tabs = text_of(get(client, "dossier", dossier.pk))
    assert "Factures (0)" in tabs and "Pièces (1)" in tabs and "Courriels (1)" in tabs


@with_files
def test_a_file_is_given_as_it_came(town: Town, client: Client) -> None:
    dossier = submit_with_file(town)
    answer = client.get(url("attachment", dossier.pk, dossier.attachments.get().pk))
    assert answer.content.startswith(b"%PDF") and answer["Content-Type"] == "application/pdf"
    assert answer["X-Content-Type-Options"] == "nosniff" and "quotient" in answer["Content-Disposition"]
    assert answer["Content-Disposition"].startswith("attachment;"), "a stranger's file is no page of ours"


@with_files
def test_the_list_of_dossiers_is_filtered_and_found(town: Town, client: Client) -> None:
    mine = make_dossier(town, citizen=make_citizen("zola@example.org", last_name="Zola"))
    submitted = submit_with_file(town)
    done = make_dossier(town)
    dossiers.accept(dossier_id=done.pk, reason="", actor=WHO, at=later())
    for query, found in (
        ({"state": "submitted"}, submitted),
        ({"state": "accepted"}, done),
        ({"q": "zola"}, mine),
        ({"q": mine.reference}, mine),
        ({"agent": town.agent.pk, "state": "in_review"}, mine),
    ):
        page = text_of(get(client, "dossiers", **query))
        others = {item.reference for item in (mine, submitted, done)} - {found.reference}
        assert found.reference in page and not any(other in page for other in others), query
    for column in ("number", "scheme", "citizen", "submitted_at", "agent", "state"):
        get(client, "dossiers", sort=f"-{column}")


def test_the_steps_follow_the_dossier_to_the_payment(town: Town, client: Client) -> None:
    invoice = make_invoice(town)
    page = get(client, "dossier", invoice.dossier_id).content.decode()
    assert page.count('class="done"') == 3 and 'aria-current="step"' in page
