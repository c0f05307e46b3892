"""An application that is begun, put aside as it is, and gone on with later."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from obole.catalogue import operations as catalogue
from obole.catalogue.fields import FormField
from obole.catalogue.models import FormVersion
from obole.dossiers import operations as dossiers
from obole.dossiers.forms import kept_files
from obole.dossiers.models import ApplicationDraft, Attachment, Dossier
from tests.portal.conftest import PDF, text_of
from tests.portal.test_questionnaire import CHILDREN, address, filled, sent_by
from tests.world import NOON, WHO, Town, later

pytestmark = pytest.mark.django_db


@pytest.fixture
def form(town: Town) -> FormVersion:
    return catalogue.publish_form(scheme_id=town.scheme.pk, fields=CHILDREN, actor=WHO, at=later(1))


def put_aside(browser: Client, town: Town, form: FormVersion, **changes: Any) -> Any:
    return browser.post(address(town), {**filled(town, form, **changes), "plus_tard": "1"})


def test_what_was_typed_comes_back_right_or_wrong_and_its_files_too(
    town: Town, form: FormVersion, browser: Client
) -> None:
    wrong = {"answer_courriel": "maud@", "answer_revenus": "１２", "answer_parent": "", "answer_repas": "-1"}
    response = put_aside(browser, town, form, **wrong)
    assert (response.status_code, response["Location"]) == (303, "/mes-demarches/")
    listed = text_of(browser.get("/mes-demarches/"))
    assert "Votre demande est gardée" in listed and "Demandes commencées" in listed and "pas encore envoyée" in listed
    assert not Dossier.objects.exists()
    page = browser.get(address(town))
    again = sent_by(page)
    assert {name: again.get(name, "") for name in wrong} == wrong
    assert (again["answer_enfants-rows"], again["answer_enfants-1-prenom"]) == ("2", "Léo")
    assert "Vous reprenez la demande" in text_of(page) and "Ce champ est obligatoire" not in text_of(page)
    right = {
        "answer_courriel": "maud@example.org",
        "answer_revenus": "12",
        "answer_parent": "Maud",
        "answer_remarque": "Merci",
    }
    assert browser.post(address(town), {**again, **right, "answer_repas": "1"}).status_code == 303
    assert Attachment.objects.get().name == "pai.pdf"
    assert Dossier.objects.get().answers["enfants"][1]["protocole"] == Attachment.objects.get().digest
    assert not ApplicationDraft.objects.exists(), "it was sent"


def test_a_file_waits_longer_than_its_page(
    town: Town, form: FormVersion, browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_aside(browser, town, form)
    monkeypatch.setattr(kept_files, "ONE_DAY", 60)
    again = sent_by(browser.get(address(town)))
    assert browser.post(address(town), again).status_code == 303
    assert Attachment.objects.get().field_key == "protocole"


def test_there_is_one_for_a_dispositif_the_last(town: Town, form: FormVersion, browser: Client) -> None:
    put_aside(browser, town, form, answer_parent="Premier")
    put_aside(browser, town, form, answer_parent="Second")
    assert ApplicationDraft.objects.get().typed["answer_parent"] == ["Second"]


def test_it_keeps_the_version_that_it_was_begun_on(town: Town, form: FormVersion, browser: Client) -> None:
    put_aside(browser, town, form)
    catalogue.publish_form(
        scheme_id=town.scheme.pk, fields=[FormField(key="x", label="Tout autre")], actor=WHO, at=later(2)
    )
    page = browser.get(address(town))
    assert "Tout autre" not in text_of(page) and sent_by(page)["form_id"] == str(form.pk)


def test_it_is_nobody_elses(town: Town, form: FormVersion, browser: Client, stranger: Client) -> None:
    put_aside(browser, town, form)
    assert "Demandes commencées" not in text_of(stranger.get("/mes-demarches/"))
    assert "Léo" not in stranger.get(address(town)).content.decode()
    delete = f"/mes-demarches/commencees/{ApplicationDraft.objects.get().public_id}/supprimer/"
    assert stranger.post(delete).status_code == 303
    assert ApplicationDraft.objects.exists()
    assert browser.get(delete).status_code == 405
    assert browser.post(delete).status_code == browser.post(delete).status_code == 303
    assert not ApplicationDraft.objects.exists()
    assert "Léo" not in browser.get(address(town)).content.decode()


def test_a_dispositif_that_closed_takes_nothing_and_shows_nothing(
    town: Town, form: FormVersion, browser: Client
) -> None:
    put_aside(browser, town, form)
    catalogue.configure_scheme(scheme_id=town.scheme.pk, values={"enabled": False}, actor=WHO, at=NOON)
    assert "Demandes commencées" not in text_of(browser.get("/mes-demarches/"))
    assert put_aside(browser, town, form).status_code == 410
    with pytest.raises(dossiers.SchemeClosed):
        dossiers.save_draft(citizen_id=town.citizen.pk, form_id=form.pk, typed={}, files={}, at=NOON)


def test_odd_letters_and_names_break_nothing(town: Town, form: FormVersion, browser: Client) -> None:
    changes = {
        "answer_parent": "Zo\x00é \u202e🏊",
        "answer_x\x00y": "1",
        "answer_inconnu": "x",
        "csrf": "x",
        "answer_arrete": "Volé",
    }
    assert put_aside(browser, town, form, **changes).status_code == 303
    assert ApplicationDraft.objects.get().typed["answer_parent"] == ["Zoé \u202e🏊"]
    assert "csrf" not in ApplicationDraft.objects.get().typed
    assert browser.get(address(town)).status_code == 200


def test_a_bad_file_is_not_kept_and_the_rest_is(town: Town, form: FormVersion, browser: Client) -> None:
    bad = SimpleUploadedFile("virus.exe", b"MZ" + PDF)
    assert put_aside(browser, town, form, **{"answer_enfants-1-protocole": bad}).status_code == 303
    assert (ApplicationDraft.objects.get().files, ApplicationDraft.objects.get().typed["answer_enfants-1-prenom"]) == (
        {},
        ["Léo"],
    )
