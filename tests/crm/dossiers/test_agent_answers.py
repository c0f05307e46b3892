"""What a form asks of the agent, on the page of a dossier."""

from datetime import datetime

import pytest
from django.test import Client

from obole.audit_log.models import Record
from obole.catalogue import operations as catalogue
from obole.catalogue.fields import FieldKind, FormField
from obole.dossiers import operations as dossiers
from obole.dossiers.models import Dossier
from obole.lib import texts
from tests.catalogue.test_form_conditions import when
from tests.crm.desk import HOSTILE, browser, get, text_of, url
from tests.world import NOON, WHO, Town, later, make_town

pytestmark = pytest.mark.django_db
FIELDS = (
    FormField(key="type", label="Type", kind=FieldKind.CHOICE, choices=("Terrasse", "Benne")),
    FormField(key="enfants", label="Enfants", kind=FieldKind.GROUP, required=False, row_name="enfant"),
    FormField(key="prenom", label="Prénom", group="enfants"),
    FormField(key="arrete", label="Arrêté n°", by="agent", mask="9999-99"),
    FormField(
        key="surface",
        label="Surface",
        kind=FieldKind.DECIMAL,
        decimals=2,
        by="agent",
        shown_if=when("type", "equals", "Terrasse"),
    ),
)


@pytest.fixture
def town() -> Town:
    return make_town()


@pytest.fixture
def agent(town: Town) -> Client:
    return browser(town.agent)


def apply(town: Town, kind: str = "Terrasse", at: datetime = NOON) -> Dossier:
    form = catalogue.publish_form(scheme_id=town.scheme.pk, fields=FIELDS, actor=WHO, at=at)
    answers = {"type": kind, "enfants": [{"prenom": HOSTILE}, {"prenom": "Léo"}]}
    return dossiers.submit(
        citizen_id=town.citizen.pk,
        form_id=form.pk,
        request_key=texts.token(),
        filled=dossiers.Application(answers=answers),
        actor=WHO,
        at=at,
    )


def test_the_dossier_shows_its_rows_and_what_is_left_to_the_agent(town: Town, agent: Client) -> None:
    page = get(agent, "dossier", apply(town).pk)
    for text in (
        "Enfant 1",
        HOSTILE,
        "Enfant 2",
        "Léo",
        "Arrêté n°",
        "sans réponse",
        "Remplir ce qui revient à l’agent",
    ):
        assert text in text_of(page)
    assert HOSTILE not in page.content.decode()


def test_the_agent_answers_and_the_citizens_words_stay(town: Town, agent: Client) -> None:
    dossier = apply(town)
    sent = {"answer_arrete": "2026-12", "answer_surface": "18,5", "answer_type": "Benne"}
    assert agent.post(url("dossier_answers", dossier.pk), sent).status_code == 302
    answers = Dossier.objects.get().answers
    assert (answers["arrete"], answers["surface"], answers["type"], len(answers["enfants"])) == (
        "2026-12",
        "18.5",
        "Terrasse",
        2,
    )
    record = Record.objects.get(verb="dossier.answers")
    assert (record.details["fields"], record.subject_id) == ("arrete, surface", dossier.pk)
    assert agent.post(url("dossier_answers", dossier.pk), sent).status_code == 302
    assert Record.objects.filter(verb="dossier.answers").count() == 1, "nothing changed"


def test_what_is_wrong_is_said_and_nothing_is_kept(town: Town, agent: Client) -> None:
    dossier = apply(town)
    page = text_of(agent.post(url("dossier_answers", dossier.pk), {"answer_arrete": "12", "answer_surface": ""}))
    assert "sous la forme 9999-99" in page and "Surface : Ce champ est obligatoire." in page
    assert "arrete" not in Dossier.objects.get().answers


def test_what_the_citizens_answers_make_pointless_is_not_asked(town: Town, agent: Client) -> None:
    dossier = apply(town, "Benne")
    assert agent.post(url("dossier_answers", dossier.pk), {"answer_arrete": "2026-12"}).status_code == 302
    assert "surface" not in Dossier.objects.get().answers


def test_a_dossier_that_ended_takes_no_answer(town: Town, agent: Client) -> None:
    dossier = apply(town)
    dossiers.withdraw(dossier_id=dossier.pk, actor=WHO, at=later(1))
    assert "Remplir ce qui revient" not in text_of(get(agent, "dossier", dossier.pk))
    agent.post(url("dossier_answers", dossier.pk), {"answer_arrete": "2026-12", "answer_surface": "1"})
    assert "arrete" not in Dossier.objects.get().answers
    with pytest.raises(dossiers.DossierEnded):
        dossiers.answer_as_agent(dossier_id=dossier.pk, answers={}, actor=WHO, at=later(2))
