"""Dossiers: what may be submitted, in which order things happen, what a citizen may touch, what was promised."""

from collections.abc import Callable
from typing import Any

import pytest

from obole.audit_log.models import Record
from obole.catalogue import operations as catalogue
from obole.catalogue.fields import FieldKind, FormField
from obole.dossiers import operations as dossiers, queries, rules
from obole.dossiers.models import Attachment, Dossier, Estimate
from obole.dossiers.states import DossierState
from obole.dossiers.uploads import StoredUpload
from obole.lib import texts
from obole.lib.states import ForbiddenTransition
from obole.mailing.models import Message
from tests.world import NOON, WHO, Town, later, make_dossier, make_town

pytestmark = pytest.mark.django_db
ANSWERS: dict[str, Any] = {"enfant": "Zoé", "ecole": "Jules-Ferry"}


@pytest.fixture
def town() -> Town:
    return make_town()


def submit(town: Town, *, meals: str = "3", key: str = "", **filled: Any) -> Dossier:
    values = {"answers": {**ANSWERS, "repas": int(meals)}, **filled}
    return dossiers.submit(
        citizen_id=town.citizen.pk,
        form_id=town.form.pk,
        request_key=key or texts.token(),
        filled=dossiers.Application(**values),
        actor=WHO,
        at=NOON,
    )


def upload(key: str = "enfant", digest: str = "d" * 64) -> StoredUpload:
    return StoredUpload(field_key=key, name="a.pdf", content_type="application/pdf", size=3, digest=digest)


def test_a_dossier_is_submitted_once(town: Town) -> None:
    first, again = submit(town, key="form"), submit(town, key="form")
    assert (first.pk, first.reference, first.state) == (again.pk, f"DOS-{first.number:06d}", "submitted")
    assert Message.objects.filter(kind="dossier_received").count() == 1
    assert submit(town).number == (first.number or 0) + 1


@pytest.mark.parametrize(
    "answers", [{}, {"enfant": "Zoé"}, {"enfant": "", "ecole": "Jules-Ferry"}, {"enfant": None, "ecole": "x"}]
)
def test_a_missing_answer_is_refused(town: Town, answers: dict[str, Any]) -> None:
    before = Record.objects.count()
    with pytest.raises(rules.MissingAnswer):
        submit(town, answers=answers)
    assert (Dossier.objects.count(), Estimate.objects.count(), Record.objects.count()) == (0, 0, before)


def test_a_refused_dossier_leaves_nothing(town: Town) -> None:
    with pytest.raises(rules.MissingAnswer):
        submit(town, answers={})
    assert not Dossier.objects.exists()


def test_a_closed_dispositif_takes_nothing(town: Town) -> None:
    catalogue.configure_scheme(scheme_id=town.scheme.pk, values={"enabled": False}, actor=WHO, at=NOON)
    with pytest.raises(dossiers.SchemeClosed):
        submit(town)
    assert not Dossier.objects.exists()


def test_answers_to_questions_that_the_form_does_not_ask_are_dropped(town: Town) -> None:
    dossier = submit(town, answers={**ANSWERS, "state": "accepted", "montant": "0"})
    assert dossier.answers == ANSWERS


def test_a_citizen_never_gives_the_agent_s_quantities(town: Town) -> None:
    dossier = submit(town, answers={**ANSWERS, "repas": 1, "majoration": 9})
    assert dossier.answers == {**ANSWERS, "repas": 1}
    assert Estimate.objects.get().total_cents == 325


ACTS: dict[str, tuple[set[str], str, Callable[[Town, int], Dossier]]] = {
    "take": (
        {"submitted"},
        "in_review",
        lambda town, pk: dossiers.take(dossier_id=pk, agent_id=town.agent.pk, actor=WHO, at=later(1)),
    ),
    "ask": (
        {"in_review"},
        "incomplete",
        lambda town, pk: dossiers.ask_complement(dossier_id=pk, reason="RIB", actor=WHO, at=later(1)),
    ),
    "accept": (
        {"in_review"},
        "accepted",
        lambda town, pk: dossiers.accept(dossier_id=pk, reason="", actor=WHO, at=later(1)),
    ),
    "reject": (
        {"in_review"},
        "rejected",
        lambda town, pk: dossiers.reject(dossier_id=pk, reason="non", actor=WHO, at=later(1)),
    ),
    "close": ({"accepted"}, "closed", lambda town, pk: dossiers.close(dossier_id=pk, actor=WHO, at=later(1))),
    "withdraw": (
        {"draft", "submitted", "in_review", "incomplete"},
        "withdrawn",
        lambda town, pk: dossiers.withdraw(dossier_id=pk, actor=WHO, at=later(1)),
    ),
    "complete": (
        {"incomplete"},
        "in_review",
        lambda town, pk: dossiers.complete(
            dossier_id=pk, filled=dossiers.Application(answers=ANSWERS), actor=WHO, at=later(1)
        ),
    ),
}


@pytest.mark.parametrize("verb", ACTS)
@pytest.mark.parametrize("state", DossierState.values)
def test_each_act_on_a_dossier_in_each_state(town: Town, verb: str, state: str) -> None:
    sources, target, act = ACTS[verb]
    dossier = submit(town)
    decided = NOON if state in {"accepted", "rejected", "closed"} else None
    Dossier.objects.filter(pk=dossier.pk).update(state=state, decided_at=decided)
    before = (Record.objects.count(), Message.objects.count())
    if state in sources:
        assert act(town, dossier.pk).state == target
        assert Record.objects.count() == before[0] + 1
        return
    with pytest.raises(ForbiddenTransition):
        act(town, dossier.pk)
    dossier.refresh_from_db()
    assert (dossier.state, (Record.objects.count(), Message.objects.count())) == (state, before)


def test_a_complement_is_asked_for_given_and_asked_for_again(town: Town) -> None:
    dossier = make_dossier(town, meals=3)
    for minute in (1, 3):
        dossiers.ask_complement(dossier_id=dossier.pk, reason=f"Pièce {minute}", actor=WHO, at=later(minute))
        answers = {**ANSWERS, "enfant": "Zoë", "repas": 5}
        filled = dossiers.Application(answers=answers, uploads=[upload(), upload()])
        dossiers.complete(dossier_id=dossier.pk, filled=filled, actor=WHO, at=later(minute + 1))

    dossier.refresh_from_db()
    assert (dossier.state, dossier.reason, dossier.answers["enfant"]) == ("in_review", "", "Zoë")
    assert dossier.answers["repas"] == 5
    assert Attachment.objects.count() == 1
    mails = Message.objects.filter(kind="dossier_incomplete").order_by("id")
    assert ["Pièce 1" in mails[0].text, "Pièce 3" in mails[1].text] == [True, True]


def test_a_dossier_keeps_the_form_that_it_was_filled_with(town: Town) -> None:
    dossier = submit(town)
    catalogue.publish_form(
        scheme_id=town.scheme.pk,
        fields=[FormField(key="autre", label="Tout autre chose", kind=FieldKind.YES_NO)],
        actor=WHO,
        at=later(1),
    )
    dossier.refresh_from_db()
    assert [(answer.field.label, answer.text) for answer in queries.answers(dossier)] == [
        ("Prénom de l’enfant", "Zoé"),
        ("École", "Jules-Ferry"),
        ("Remarque", ""),
        ("Repas", "3"),
    ]


def test_a_required_file_is_an_answer(town: Town) -> None:
    fields = [FormField(key="rib", label="RIB", kind=FieldKind.FILE)]
    with pytest.raises(rules.MissingAnswer, match="rib"):
        rules.answers_to_keep(fields, {"autre": "a.pdf"}, known={}, attached=[])
    rules.answers_to_keep(fields, {}, known={}, attached=["rib"])


def test_a_citizen_without_an_address_is_told_nothing_and_nothing_breaks(town: Town) -> None:
    type(town.citizen).objects.update(email="")
    dossier = make_dossier(town)
    dossiers.accept(dossier_id=dossier.pk, reason="", actor=WHO, at=later(1))
    assert not Message.objects.exists()
