"""The editor of a dispositif's form: a saved change is a new version, dossiers keep theirs."""

from typing import Any

import pytest
from django.http import HttpResponse
from lxml import html

from obole.catalogue.models import FormVersion
from obole.catalogue.queries import current_form
from obole.dossiers import queries as dossiers
from obole.trail.models import Record
from tests.crm.settings_desk import Desk, filled, open_desk, text_of, url
from tests.world import make_dossier

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> Desk:
    return open_desk()


def fields(desk: Desk) -> list[dict[str, Any]]:
    version = current_form(desk.town.scheme)
    assert version is not None
    return list(version.fields)


def refusal(desk: Desk, **changes: Any) -> str:
    """Send the editor's form, which must be refused."""
    before = Record.objects.count()
    answer = desk.send("settings_form", desk.town.scheme.pk, **changes)
    assert answer.status_code == 200
    assert Record.objects.count() == before
    assert FormVersion.objects.count() == 1
    return text_of(answer)


def with_new_row(desk: Desk, **values: str) -> dict[str, Any]:
    """Press « Ajouter un champ », and fill the new row."""
    answer = desk.send("settings_form", desk.town.scheme.pk, add="1")
    return {**filled(answer), **{f"champ-3-{name}": value for name, value in values.items()}}


def post(desk: Desk, data: dict[str, Any]) -> HttpResponse:
    answer: HttpResponse = desk.client.post(url("settings_form", desk.town.scheme.pk), data)
    return answer


def test_a_change_publishes_a_version_and_old_dossiers_keep_theirs(desk: Desk) -> None:
    dossier = make_dossier(desk.town)
    page = desk.saved(
        "settings_form",
        desk.town.scheme.pk,
        **{"champ-0-label": "Nom de l’enfant", "champ-1-choices": "Jules-Ferry\nLes Lilas"},
    )
    assert "la version 2 du formulaire est publiée. Les dossiers déjà déposés gardent la leur." in text_of(page)
    assert [field["key"] for field in fields(desk)] == ["enfant", "ecole", "remarque"]
    assert fields(desk)[1]["choices"] == ["Jules-Ferry", "Les Lilas"]
    dossier.refresh_from_db()
    assert dossier.form.number == 1
    assert [one.field.label for one in dossiers.answers(dossier)] == ["Prénom de l’enfant", "École", "Remarque"]
    assert Record.objects.filter(verb="scheme.publish_form").count() == 2


def test_saving_without_a_change_publishes_nothing(desk: Desk) -> None:
    answer = desk.send("settings_form", desk.town.scheme.pk)
    assert answer.status_code == 302
    assert "rien n’a changé : la version 1 reste en service" in text_of(desk.client.get(answer["Location"]))
    assert FormVersion.objects.count() == 1


def test_a_row_is_added_without_saving_and_nothing_typed_is_lost(desk: Desk) -> None:
    answer = desk.send(
        "settings_form", desk.town.scheme.pk, add="1", **{"champ-0-label": "", "champ-2-help": "Facultatif"}
    )
    again = filled(answer)
    assert answer.status_code == 200
    assert (again["champ-TOTAL_FORMS"], again["champ-0-label"], again["champ-2-help"]) == (["4"], [""], ["Facultatif"])
    assert again["champ-3-position"] == ["40"]
    assert 'role="alert"' not in answer.content.decode()
    assert FormVersion.objects.count() == 1


def test_a_new_field_takes_its_place_and_a_key_of_its_own(desk: Desk) -> None:
    data = with_new_row(
        desk, label="Régime alimentaire", kind="choice", position="15", choices=" Sans porc \n\nPAI\n", required="on"
    )
    assert post(desk, data).status_code == 302
    assert [field["key"] for field in fields(desk)] == ["enfant", "regime_alimentaire", "ecole", "remarque"]
    assert fields(desk)[1]["choices"] == ["Sans porc", "PAI"]


def test_a_field_is_taken_away_and_its_key_is_never_given_again(desk: Desk) -> None:
    desk.saved("settings_form", desk.town.scheme.pk, **{"champ-2-DELETE": "on", "champ-2-label": ""})
    assert [field["key"] for field in fields(desk)] == ["enfant", "ecole"]
    answer = desk.send("settings_form", desk.town.scheme.pk, add="1")
    assert post(desk, {**filled(answer), "champ-2-label": "Remarque"}).status_code == 302
    assert [field["key"] for field in fields(desk)] == ["enfant", "ecole", "remarque_2"]


def test_a_forged_key_is_not_believed(desk: Desk) -> None:
    data = filled(desk.get("settings_form", desk.town.scheme.pk))
    post(desk, {**data, "champ-0-key": "__proto__", "champ-1-key": "remarque", "champ-2-key": "remarque"})
    assert [field["key"] for field in fields(desk)] == ["prenom_de_l_enfant", "remarque", "remarque_2"]


def test_empty_new_rows_are_not_fields(desk: Desk) -> None:
    once = desk.send("settings_form", desk.town.scheme.pk, add="1")
    twice = post(desk, {**filled(once), "add": "1"})
    answer = post(desk, {**filled(twice), "champ-0-help": "Un seul prénom"})
    assert answer.status_code == 302
    assert len(fields(desk)) == 3


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"champ-0-label": ""}, "Champ 1, Libellé : Ce champ est obligatoire."),
        ({"champ-1-label": "prénom de l'enfant"}, "Champ 2, Libellé : Un autre champ porte déjà ce nom."),
        ({"champ-1-choices": " \n "}, "Champ 2, Choix : C’est une liste : donnez au moins un choix, un par ligne."),
        ({"champ-1-choices": "Jules-Ferry\nJules-Ferry"}, "Champ 2, Choix : Deux choix sont identiques."),
        ({"champ-0-kind": "choice"}, "Champ 1, Choix : C’est une liste"),
        ({"champ-0-kind": "password"}, "Champ 1, Type : Sélectionnez un choix valide."),
        ({"champ-0-position": "premier"}, "Champ 1, Ordre : Saisissez un nombre entier."),
    ],
)
def test_bad_fields_are_refused(desk: Desk, changes: dict[str, str], sentence: str) -> None:
    page = refusal(desk, **changes)
    assert sentence in page
    assert "Le formulaire n’est pas enregistré." in page


def test_too_many_fields_are_refused(desk: Desk) -> None:
    many = {f"champ-{n}-label": f"Champ {n}" for n in range(101)} | {f"champ-{n}-kind": "text" for n in range(101)}
    sent = {"champ-TOTAL_FORMS": "101", "champ-INITIAL_FORMS": "0", **many}
    assert "100" in text_of(post(desk, sent))
    assert FormVersion.objects.count() == 1


def test_a_form_without_its_hidden_count_is_refused(desk: Desk) -> None:
    assert post(desk, {"champ-0-label": "Seul"}).status_code == 200
    assert FormVersion.objects.count() == 1


def test_every_error_leads_to_its_field(desk: Desk) -> None:
    answer = desk.send("settings_form", desk.town.scheme.pk, **{"champ-0-label": "", "champ-1-choices": ""})
    page = html.fromstring(answer.content.decode())
    targets = [link.get("href").removeprefix("#") for link in page.xpath('//*[contains(@class, "form-errors")]//a')]
    assert targets == ["id_champ-0-label", "id_champ-1-choices"]
    assert all(page.xpath(f'//*[@id="{target}"]') for target in targets)


def test_a_dispositif_without_a_form_starts_with_an_empty_row(desk: Desk) -> None:
    desk.saved("settings_scheme_new", service=desk.town.scheme.service_id, name="Portage")
    scheme = desk.town.scheme.service.schemes.get(name="Portage")
    desk.saved("settings_form", scheme.pk, **{"champ-0-label": "Adresse de livraison"})
    version = current_form(scheme)
    assert version is not None
    assert (version.number, [field.key for field in version.form_fields]) == (1, ["adresse_de_livraison"])
