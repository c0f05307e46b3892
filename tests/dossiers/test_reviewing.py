"""What agents do with a dossier besides deciding: notes, hands, what is undone, and what is asked of one answer."""

from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from obole.audit_log.models import Record
from obole.catalogue.models import ServiceAccess
from obole.directory.models import Agent
from obole.directory.rules import NotAllowed, Profile
from obole.dossiers import operations as dossiers, queries
from obole.dossiers.models import Dossier, DossierNote
from obole.dossiers.rules import UnknownQuestion
from obole.lib.states import ForbiddenTransition
from obole.mailing.models import Message
from obole.personal_data import operations as personal_data
from tests.actors import somebody
from tests.world import WHO, Town, later, make_agent, make_dossier, make_town

pytestmark = pytest.mark.django_db


@pytest.fixture
def town() -> Town:
    return make_town()


@pytest.fixture
def dossier(town: Town) -> Dossier:
    return make_dossier(town)


@pytest.fixture
def done(town: Town) -> dict[str, Any]:
    return {"actor": town.agent.actor, "at": later(5)}


def reader(town: Town) -> Agent:
    """An agent who reads the prestation, and handles nothing."""
    agent = make_agent(Profile.REVIEWER, email="lit@valbourg.example", all_services=False)
    ServiceAccess.objects.create(service=town.scheme.service, agent=agent, handles=False)
    return agent


def verbs(dossier: Dossier) -> list[str]:
    return list(
        Record.objects.filter(subject_id=dossier.pk, verb__startswith="dossier.").values_list("verb", flat=True)
    )


def test_what_is_closed_is_opened_again(dossier: Dossier, done: dict[str, Any]) -> None:
    dossiers.accept(dossier_id=dossier.pk, reason="", **done)
    dossiers.close(dossier_id=dossier.pk, **done)
    opened = dossiers.reopen(dossier_id=dossier.pk, **done)
    assert opened.state == "accepted" and "dossier.reopen" in verbs(dossier)
    with pytest.raises(ForbiddenTransition):
        dossiers.reopen(dossier_id=dossier.pk, **done)


def test_a_refusal_is_reconsidered_and_its_citizen_is_told(dossier: Dossier, done: dict[str, Any]) -> None:
    dossiers.reject(dossier_id=dossier.pk, reason="Hors secteur", **done)
    again = dossiers.reconsider(dossier_id=dossier.pk, reason="Dérogation accordée", **done)
    assert (again.state, again.reason, again.decided_at) == ("in_review", "Dérogation accordée", None)
    mail = Message.objects.get(kind="dossier_reopened")
    assert "de nouveau à l’examen" in mail.text and "Dérogation accordée" in mail.text
    assert Record.objects.get(verb="dossier.reconsider").details["reason"] == "Dérogation accordée"
    dossiers.accept(dossier_id=dossier.pk, reason="", **done)


def test_what_is_asked_of_one_answer_is_kept_until_it_is_given(town: Town, dossier: Dossier, done: Any) -> None:
    asked = {"ecole": "  Laquelle des  deux ? ", "enfant": "   "}
    sent = dossiers.ask_complement(dossier_id=dossier.pk, reason="Merci", requests=asked, **done)
    assert sent.requests == {"ecole": "Laquelle des deux ?"}
    assert sent.reason == "Merci\n– École\u00a0: Laquelle des deux ?"
    assert "Laquelle des deux ?" in Message.objects.get(kind="dossier_incomplete").text
    filled = dossiers.Application(answers={"enfant": "Zoé", "ecole": "Les Tilleuls", "repas": 1})
    back = dossiers.complete(dossier_id=dossier.pk, filled=filled, actor=town.citizen.actor, at=later(9))
    assert (back.requests, back.reason) == ({}, "")


def test_nothing_is_asked_of_what_the_form_does_not_ask(dossier: Dossier, done: dict[str, Any]) -> None:
    before = Record.objects.count()
    with pytest.raises(UnknownQuestion):
        dossiers.ask_complement(dossier_id=dossier.pk, reason="x", requests={"autre": "?"}, **done)
    dossier.refresh_from_db()
    assert dossier.state == "in_review" and Record.objects.count() == before


def test_a_dossier_goes_to_another_agent_and_back(town: Town, dossier: Dossier, done: dict[str, Any]) -> None:
    other = make_agent(Profile.REVIEWER, email="autre@valbourg.example")
    assert dossiers.assign(dossier_id=dossier.pk, agent_id=other.pk, **done).agent == other
    told = Record.objects.get(verb="dossier.assign").details
    assert (told["before"], told["after"]) == (town.agent.name, other.name)
    dossiers.assign(dossier_id=dossier.pk, agent_id=other.pk, **done)
    assert Record.objects.filter(verb="dossier.assign").count() == 1, "the same hands are no change"
    back = dossiers.give_back(dossier_id=dossier.pk, **done)
    assert (back.state, back.agent) == ("submitted", None)
    taken = dossiers.assign(dossier_id=dossier.pk, agent_id=town.agent.pk, **done)
    assert (taken.state, taken.agent) == ("in_review", town.agent)


def test_a_dossier_goes_to_nobody_who_does_not_handle_it(town: Town, dossier: Dossier, done: dict[str, Any]) -> None:
    gone = make_agent(Profile.REVIEWER, email="parti@valbourg.example")
    Agent.objects.filter(pk=gone.pk).update(may_sign_in=False)
    known = set(queries.agents_to_assign(dossier).values_list("pk", flat=True))
    for agent in (reader(town), gone):
        assert agent.pk not in known
        with pytest.raises(dossiers.CannotReview):
            dossiers.assign(dossier_id=dossier.pk, agent_id=agent.pk, **done)
    dossiers.reject(dossier_id=dossier.pk, reason="non", **done)
    with pytest.raises(dossiers.DossierEnded):
        dossiers.assign(dossier_id=dossier.pk, agent_id=town.agent.pk, **done)
    with pytest.raises(ForbiddenTransition):
        dossiers.give_back(dossier_id=dossier.pk, **done)


def test_a_note_stays_as_it_was_written(town: Town, dossier: Dossier, done: dict[str, Any]) -> None:
    written = dossiers.note(dossier_id=dossier.pk, text="  À rappeler\nlundi ", **done)
    assert (written.text, written.author, written.at) == ("À rappeler\nlundi", town.agent.actor, later(5))
    assert "rappeler" not in str(Record.objects.get(verb="dossier.note").details)
    table = DossierNote._meta.db_table
    for act in (
        f"UPDATE {table} SET text = 'autre'",
        f"UPDATE {table} SET text = '', at = now()",
        f"DELETE FROM {table}",
        f"TRUNCATE {table}",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(act)
    assert DossierNote.objects.get().text == "À rappeler\nlundi"


@pytest.mark.parametrize("text", ["", "  \n ", "\x00"])
def test_an_empty_note_is_none(dossier: Dossier, done: dict[str, Any], text: str) -> None:
    with pytest.raises(dossiers.EmptyNote):
        dossiers.note(dossier_id=dossier.pk, text=text, **done)
    assert not DossierNote.objects.exists()


def test_notes_are_forgotten_with_whom_they_are_about(town: Town, dossier: Dossier, done: dict[str, Any]) -> None:
    dossiers.note(dossier_id=dossier.pk, text="Famille suivie", **done)
    dossiers.reject(dossier_id=dossier.pk, reason="non", **done)
    personal_data.forget_citizen(citizen_id=town.citizen.pk, actor=town.citizen.actor, at=later(days=1))
    assert DossierNote.objects.get().text == ""


def test_who_only_reads_writes_nothing(town: Town, dossier: Dossier) -> None:
    theirs = {"actor": reader(town).actor, "at": later()}
    for act in (
        lambda: dossiers.note(dossier_id=dossier.pk, text="x", **theirs),
        lambda: dossiers.assign(dossier_id=dossier.pk, agent_id=town.agent.pk, **theirs),
        lambda: dossiers.give_back(dossier_id=dossier.pk, **theirs),
    ):
        with pytest.raises(NotAllowed):
            act()
    dossiers.reject(dossier_id=dossier.pk, reason="non", actor=WHO, at=later())
    with pytest.raises(NotAllowed):
        dossiers.reconsider(dossier_id=dossier.pk, reason="x", **theirs)
    assert not DossierNote.objects.exists() and somebody("x").is_machine
