"""
The builder of a dispositif's form: a draft is changed at leisure, a published form never; dossiers keep their version.
"""

from typing import Any

import pytest
from django.http import HttpResponse
from lxml import html

from obole.audit_log.models import Record
from obole.catalogue import operations as catalogue
from obole.catalogue.fields import FieldKind, FormField
from obole.catalogue.models import FormDraft, FormVersion
from obole.catalogue.operations import drafts
from obole.catalogue.queries import current_form
from obole.dossiers import queries as dossiers
from tests.catalogue.test_form_conditions import HALL, when
from tests.crm.settings_desk import Desk, filled, open_desk, text_of, url
from tests.world import NOON, WHO, make_dossier

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> Desk:
    return open_desk()


def fields(desk: Desk) -> list[dict[str, Any]]:
    version = current_form(desk.town.scheme)
    assert version is not None
    return list(version.fields)


def draft(desk: Desk) -> list[FormField]:
    return list(FormDraft.objects.get().form_fields)


def keys(desk: Desk) -> list[str]:
    return [item.key for item in draft(desk)]


def post(desk: Desk, name: str, *args: object, **data: Any) -> HttpResponse:
    """Press a button of the builder, as the page shows it."""
    found = FormDraft.objects.first()
    sent = {"revision": str(found.revision if found else 0), **data}
    answer: HttpResponse = desk.client.post(url(name, desk.town.scheme.pk, *args), sent)
    return answer


def change(desk: Desk, key: str, **changes: Any) -> HttpResponse:
    """Change a field on its page."""
    pk = desk.town.scheme.pk
    answer: HttpResponse = desk.client.post(
        url("settings_form_field", pk, key), filled(desk.get("settings_form_field", pk, key), **changes)
    )
    return answer


def add(desk: Desk, kind: str, *, after: str = "", **values: Any) -> HttpResponse:
    """Add a field of a kind."""
    address = (
        url("settings_form_field_new", desk.town.scheme.pk) + f"?type={kind}" + (f"&apres={after}" if after else "")
    )
    answer: HttpResponse = desk.client.post(address, filled(desk.client.get(address), **values))
    return answer


def publish(desk: Desk) -> str:
    return text_of(desk.client.get(post(desk, "settings_form_publish")["Location"]))


def load(desk: Desk, form: Any) -> None:
    catalogue.publish_form(scheme_id=desk.town.scheme.pk, fields=form, actor=WHO, at=NOON)


def test_a_draft_changes_nothing_until_it_is_published_and_old_dossiers_keep_theirs(desk: Desk) -> None:
    dossier = make_dossier(desk.town)
    assert change(desk, "enfant", label="Nom de l’enfant").status_code == 302
    assert change(desk, "ecole", choices="Jules-Ferry\nLes Lilas").status_code == 302
    assert fields(desk)[0]["label"] == "Prénom de l’enfant", "citizens see the published one"
    page = text_of(desk.get("settings_form", desk.town.scheme.pk))
    assert "Modifié, non publié" in page and f"Modifié par {desk.town.admin.name}" in page
    assert "la version 2 du formulaire est publiée. Les dossiers déjà déposés gardent la leur." in publish(desk)
    assert (fields(desk)[0]["label"], fields(desk)[1]["choices"]) == ("Nom de l’enfant", ["Jules-Ferry", "Les Lilas"])
    assert not FormDraft.objects.exists()
    dossier.refresh_from_db()
    labels = [answer.field.label for answer in dossiers.answers(dossier)]
    assert labels == ["Prénom de l’enfant", "École", "Remarque", "Repas"]
    versions = text_of(desk.get("settings_form", desk.town.scheme.pk))
    assert "Version 2" in versions and desk.town.admin.name in versions and "1 dossier" in versions
    assert "Prénom de l’enfant" in text_of(desk.get("settings_form_version", desk.town.scheme.pk, 1))


def test_a_draft_is_given_up(desk: Desk) -> None:
    change(desk, "enfant", label="Autre")
    assert "abandonnées" in text_of(desk.client.get(post(desk, "settings_form_discard")["Location"]))
    assert not FormDraft.objects.exists() and FormVersion.objects.count() == 1
    assert Record.objects.filter(verb="scheme.discard_form").count() == 1


def test_fields_are_moved_copied_and_taken_away(desk: Desk) -> None:
    post(desk, "settings_form_change", descendre="enfant")
    assert keys(desk) == ["ecole", "enfant", "remarque", "repas"]
    post(desk, "settings_form_change", monter="enfant")
    post(desk, "settings_form_change", monter="enfant")
    assert keys(desk) == ["enfant", "ecole", "remarque", "repas"], "the first one stays first"
    answer = post(desk, "settings_form_change", dupliquer="ecole")
    assert answer["Location"].endswith("#champ-ecole")
    assert (keys(desk), draft(desk)[2].label) == (["enfant", "ecole", "ecole_2", "remarque", "repas"], "École (copie)")
    post(desk, "settings_form_change", retirer="remarque")
    assert keys(desk) == ["enfant", "ecole", "ecole_2", "repas"]
    add(desk, "paragraph", label="Remarque")
    assert keys(desk)[-1] == "remarque_2", "an answer's name is never given to another"


def test_a_group_goes_about_with_what_it_holds(desk: Desk) -> None:
    load(desk, HALL)
    post(desk, "settings_form_change", monter="enfants")
    moved = keys(desk)
    assert moved[moved.index("enfants") :] == ["enfants", "prenom", "pai", "protocole", "partie", "remise"]
    post(desk, "settings_form_change", descendre="pai")
    assert keys(desk)[keys(desk).index("prenom") :][:3] == ["prenom", "protocole", "pai"]
    post(desk, "settings_form_change", descendre="pai")
    assert keys(desk)[-3:] == ["pai", "partie", "remise"], "it stays in its group"
    post(desk, "settings_form_change", dupliquer="enfants")
    copies = {item.key: item for item in draft(desk)}
    assert copies["pai_2"].group == "enfants_2"
    assert copies["protocole_2"].shown_if == when("pai_2", "equals", True), "it depends on its own group"
    post(desk, "settings_form_change", retirer="enfants")
    assert "pai" not in keys(desk) and "pai_2" in keys(desk)


def test_a_field_is_added_where_it_was_asked_for(desk: Desk) -> None:
    load(desk, HALL)
    add(desk, "phone", after="dates", label="Téléphone", prefill="phone", required="never")
    add(desk, "date", after="prenom", label="Naissance", minimum="2015-01-01", maximum="2026-12-31")
    add(desk, "group", after="prenom", label="Accompagnants", row_name="accompagnant", least_rows="1", most_rows="4")
    made = {item.key: item for item in draft(desk)}
    order = keys(desk)
    assert order[order.index("dates") + 1] == "telephone"
    assert (made["telephone"].prefill, made["telephone"].required) == ("phone", False)
    assert order[order.index("prenom") + 1] == "naissance"
    assert (made["naissance"].group, made["naissance"].minimum, made["naissance"].maximum) == (
        "enfants",
        "2015-01-01",
        "2026-12-31",
    )
    assert order.index("accompagnants") == order.index("protocole") + 1, "not in the middle of a group"
    assert (made["accompagnants"].least_rows, made["accompagnants"].most_rows, made["accompagnants"].row_name) == (
        1,
        4,
        "accompagnant",
    )


@pytest.mark.parametrize("kind", list(FieldKind))
def test_every_kind_has_its_page_and_what_is_saved_is_shown_again(desk: Desk, kind: str) -> None:
    answer = add(desk, kind, label="Nouveau", **({"choices": "Un\nDeux"} if kind in {"choice", "several"} else {}))
    assert answer.status_code == 302, text_of(answer)
    before = draft(desk)
    assert before[-1].kind == kind
    assert change(desk, before[-1].key).status_code == 302
    assert draft(desk) == before, "saving without a change changes nothing"


def test_all_that_a_field_may_be_is_kept(desk: Desk) -> None:
    add(
        desk,
        "decimal",
        label="Surface",
        minimum="0,5",
        maximum="200",
        step="0,25",
        decimals="2",
        by="agent",
        help="En m²",
    )
    surface = draft(desk)[-1]
    assert (surface.minimum, surface.maximum, surface.step, surface.decimals, surface.by) == (
        "0.5",
        "200",
        "0.25",
        2,
        "agent",
    )
    add(desk, "text", label="Plaque", mask="AA-999-AA", shortest="9", longest="9")
    assert (draft(desk)[-1].mask, draft(desk)[-1].shortest, draft(desk)[-1].longest) == ("AA-999-AA", 9, 9)
    add(desk, "file", label="Plan", file_types=["pdf"], megabytes="2")
    assert (draft(desk)[-1].file_types, draft(desk)[-1].megabytes) == (("pdf",), 2)
    again = filled(desk.get("settings_form_field", desk.town.scheme.pk, "surface"))
    assert (again["minimum"], again["step"], again["by"], again["help"]) == (["0,5"], ["0,25"], ["agent"], ["En m²"])


def test_a_condition_is_built_shown_and_taken_off(desk: Desk) -> None:
    changes = {"shown_if_0_name": "ecole", "shown_if_0_is": "equals", "shown_if_0_value": "les tilleuls"}
    assert change(desk, "remarque", **changes).status_code == 302
    assert draft(desk)[2].shown_if == when("ecole", "equals", "Les Tilleuls")
    assert "À remplir si « École » est « Les Tilleuls »." in text_of(desk.get("settings_form", desk.town.scheme.pk))
    two = {"shown_if_joint": "any", "shown_if_1_name": "enfant", "shown_if_1_is": "filled"}
    change(desk, "remarque", **two)
    assert draft(desk)[2].shown_if == {
        "kind": "any",
        "of": [when("ecole", "equals", "Les Tilleuls"), when("enfant", "filled")],
    }
    change(desk, "remarque", shown_if_0_name="", shown_if_1_name="")
    assert draft(desk)[2].shown_if is None


def test_an_answer_is_required_according_to_others(desk: Desk) -> None:
    answer = change(desk, "remarque", required="if")
    assert "Dites dans quel cas" in text_of(answer)
    change(desk, "remarque", required="if", required_if_0_name="ecole", required_if_0_is="filled")
    assert (draft(desk)[2].required, draft(desk)[2].required_if) == (False, when("ecole", "filled"))
    change(desk, "remarque", required="always")
    assert (draft(desk)[2].required, draft(desk)[2].required_if) == (True, None)


def test_a_condition_that_the_page_cannot_show_is_kept(desk: Desk) -> None:
    odd = {"kind": "not", "of": when("ecole", "empty")}
    load(desk, [FormField(key="ecole", label="École"), FormField(key="a", label="A", shown_if=odd)])
    assert "Garder : il est faux que « École » est sans réponse" in text_of(
        desk.get("settings_form_field", desk.town.scheme.pk, "a")
    )
    change(desk, "a", label="B")
    assert draft(desk)[1].shown_if == odd
    change(desk, "a", shown_if_keep=None)
    assert draft(desk)[1].shown_if is None


@pytest.mark.parametrize(
    ("key", "changes", "sentence"),
    [
        ("enfant", {"label": " \u202e "}, "Écrivez la question."),
        ("ecole", {"label": "prénom de l'enfant"}, "Un autre champ porte déjà ce nom."),
        ("ecole", {"choices": " \n "}, "donnez au moins un choix"),
        ("ecole", {"choices": "A\nA"}, "Deux choix sont identiques."),
        ("enfant", {"shortest": "-1"}, "sans signe moins"),
        ("enfant", {"longest": "1000"}, "inférieur ou égal à 300"),
        ("enfant", {"shortest": "１"}, "en chiffres"),
        ("enfant", {"by": "maire"}, "choix valide"),
        ("enfant", {"required": "yes"}, "choix valide"),
        ("enfant", {"prefill": "nir"}, "choix valide"),
        ("enfant", {"label": "x" * 151}, "150"),
        (
            "enfant",
            {"shown_if_0_name": "ecole", "shown_if_0_value": "Harvard"},
            "Recopiez un des choix : Jules-Ferry, Les Tilleuls.",
        ),
        ("enfant", {"shown_if_0_name": "ecole"}, "Écrivez la valeur"),
        ("enfant", {"shown_if_0_name": "enfant", "shown_if_0_is": "filled"}, "choix valide"),
    ],
)
def test_a_bad_field_is_refused_and_nothing_typed_is_lost(
    desk: Desk, key: str, changes: dict[str, str], sentence: str
) -> None:
    answer = change(desk, key, **{"help": "Gardée", **changes})
    assert answer.status_code == 200
    assert sentence in text_of(answer)
    assert "Gardée" in answer.content.decode()
    assert not FormDraft.objects.exists()


def test_what_cannot_be_published_is_said_before_and_when_publishing(desk: Desk) -> None:
    change(desk, "remarque", shown_if_0_name="ecole", shown_if_0_is="filled")
    change(desk, "ecole", shown_if_0_name="remarque", shown_if_0_is="filled")
    said = "Les conditions d’affichage tournent en rond entre « École », « Remarque » : retirez l’une d’elles."
    assert said in text_of(desk.get("settings_form", desk.town.scheme.pk))
    assert said in publish(desk)
    post(desk, "settings_form_change", retirer="ecole")
    assert "« Remarque », affichage : « ecole » n’existe pas" in publish(desk).replace("\u00a0", " ")
    assert FormVersion.objects.count() == 1 and FormDraft.objects.exists()


def test_two_people_on_one_form_learn_of_each_other(desk: Desk) -> None:
    pk = desk.town.scheme.pk
    mine = filled(desk.get("settings_form_field", pk, "enfant"), label="Le mien")
    change(desk, "ecole", label="Le sien")
    for name, args, sent in (
        ("settings_form_field", ["enfant"], mine),
        ("settings_form_change", [], {"revision": "0", "retirer": "ecole"}),
        ("settings_form_publish", [], {"revision": "0"}),
        ("settings_form_discard", [], {"revision": "9"}),
        ("settings_form_publish", [], {}),
        ("settings_form_change", [], {"revision": "1", "retirer": "inconnu"}),
        ("settings_form_change", [], {"revision": "1"}),
    ):
        answer = desk.client.post(url(name, pk, *args), sent)
        assert "rien n’a été enregistré" in text_of(desk.client.get(answer["Location"])), name
    assert [item.label for item in draft(desk)] == ["Prénom de l’enfant", "Le sien", "Remarque", "Repas"]
    assert FormVersion.objects.count() == 1


def test_two_people_on_one_form_learn_of_each_other_neg(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = filled(desk.get("settings_form_field", desk.town.scheme.pk, "enfant"), label="Le mien")
    change(desk, "ecole", label="Le sien")
    monkeypatch.setattr(
        drafts, "_found", lambda _kind, scheme, _revision: FormDraft.objects.filter(scheme=scheme).first()
    )
    desk.client.post(url("settings_form_field", desk.town.scheme.pk, "enfant"), mine)
    assert draft(desk)[0].label == "Le mien"


def test_the_form_is_tried_and_nothing_is_kept(desk: Desk) -> None:
    load(desk, HALL)
    address = url("settings_form_preview", desk.town.scheme.pk)
    assert "obligatoire" in text_of(desk.client.post(address, {"answer_qui": "Particulier"}))
    more = desk.client.post(address, {"ajouter": "enfants", "answer_enfants-rows": "0", "answer_traiteur": "Gardé"})
    assert "Ligne 1" in text_of(more) and "Gardé" in more.content.decode() and "obligatoire." not in text_of(more)
    right = {
        "answer_qui": "Association",
        "answer_siret": "732 829 320 00074",
        "answer_dates_0": "2026-06-01",
        "answer_dates_1": "2026-06-02",
        "answer_repas": "2",
    }
    assert "Ces réponses seraient acceptées." in text_of(desk.client.post(address, right))


def test_the_kind_of_a_field_is_changed(desk: Desk) -> None:
    address = url("settings_form_field", desk.town.scheme.pk, "remarque") + "?type=choice"
    desk.client.post(address, filled(desk.client.get(address), choices="Oui\nNon\nPeut-être"))
    assert (draft(desk)[2].kind, draft(desk)[2].choices, draft(desk)[2].key) == (
        "choice",
        ("Oui", "Non", "Peut-être"),
        "remarque",
    )


def test_a_form_of_two_hundred_fields_stays_usable(desk: Desk) -> None:
    load(
        desk,
        [
            FormField(key=f"q{n}", label=f"Question {n}", shown_if=when(f"q{n - 1}", "filled") if n else None)
            for n in range(200)
        ],
    )
    page = desk.get("settings_form", desk.town.scheme.pk)
    assert len(html.fromstring(page.content.decode()).xpath("//li[starts-with(@id, 'champ-')]")) == 200
    assert change(desk, "q150", label="Changée").status_code == 302
    assert "la version 3" in publish(desk)


def test_what_administrators_write_stays_text(desk: Desk) -> None:
    hostile = "<img src=x onerror=alert(1)>"
    change(desk, "enfant", label=hostile, help=hostile)
    add(desk, "section", label=hostile + "2", help=hostile)
    for name in ("settings_form", "settings_form_preview"):
        assert "<img src=x" not in desk.get(name, desk.town.scheme.pk).content.decode()


def test_unknown_fields_and_versions_are_not_found(desk: Desk) -> None:
    for name, args in (("settings_form_field", ("inconnu",)), ("settings_form_version", (9,))):
        assert desk.client.get(url(name, desk.town.scheme.pk, *args)).status_code == 404


def test_a_dispositif_without_a_form_starts_with_nothing(desk: Desk) -> None:
    desk.saved("settings_scheme_new", service=desk.town.scheme.service_id, name="Portage")
    desk.town.scheme = desk.town.scheme.service.schemes.get(name="Portage")
    assert "Aucun formulaire" in text_of(desk.get("settings_form", desk.town.scheme.pk))
    assert "Adresse postale" in text_of(desk.get("settings_form_field_new", desk.town.scheme.pk))
    add(desk, "address", label="Adresse de livraison")
    publish(desk)
    assert [field["key"] for field in fields(desk)] == ["adresse_de_livraison"]
