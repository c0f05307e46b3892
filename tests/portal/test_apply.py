"""
Applying: the form of a dispositif, the amount that the server calculates, files that are not lost, and one dossier.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from obole.catalogue import operations as catalogue
from obole.catalogue.fields import FieldKind, FormField
from obole.catalogue.forms import answer_names
from obole.catalogue.models import FormVersion
from obole.dossiers.models import Attachment, Dossier, Estimate
from obole.dossiers.uploads import LARGEST_BYTES
from obole.lib import files, texts
from obole.pricing.simple import Counted, Sold, with_quantity
from tests.portal.conftest import PDF, row_counts, signed_in, text_of
from tests.world import MEALS, NOON, WHO, Town, canteen, later, make_citizen, publish

pytestmark = pytest.mark.django_db

EVERY_KIND = (
    FormField(key="enfant", label="Prénom de l’enfant"),
    FormField(key="remarque", label="Remarque", kind=FieldKind.PARAGRAPH, required=False),
    FormField(key="qf", label="Quotient familial", kind=FieldKind.NUMBER),
    FormField(key="naissance", label="Date de naissance", kind=FieldKind.DATE),
    FormField(key="ecole", label="École", kind=FieldKind.CHOICE, choices=("Jules-Ferry", "Les Tilleuls")),
    FormField(key="allergie", label="Allergie", kind=FieldKind.YES_NO),
    FormField(key="piece", label="Attestation", kind=FieldKind.FILE),
    MEALS,
)


@pytest.fixture
def form(town: Town) -> FormVersion:
    return catalogue.publish_form(scheme_id=town.scheme.pk, fields=EVERY_KIND, actor=WHO, at=later(1))


def address(town: Town, end: str = "") -> str:
    return f"/demarches/{town.scheme.public_id}/demande/{end}"


def filled(town: Town, form: FormVersion, **changes: Any) -> dict[str, Any]:
    values = {
        "request_key": texts.token(),
        "form_id": str(form.pk),
        "answer_enfant": "Zoé",
        "answer_remarque": "Ligne 1\r\nLigne 2",
        "answer_qf": "842",
        "answer_naissance": "2019-03-01",
        "answer_ecole": "Jules-Ferry",
        "answer_allergie": "no",
        "answer_piece": SimpleUploadedFile("attestation.pdf", PDF),
        "answer_repas": "16",
    }
    return {name: value for name, value in (values | changes).items() if value is not None}


def test_the_form_asks_every_kind_of_question(town: Town, form: FormVersion, browser: Client) -> None:
    page = text_of(browser.get(address(town)))
    for item in EVERY_KIND:
        assert item.label in page
    assert "Répondez à « Repas » pour connaître le montant." in page
    assert "L’agent complétera « Majoration hors délai »" in page
    assert "Calculer le montant" in page
    assert "answer_majoration" not in page


def test_an_application_is_submitted_with_its_answers_and_its_file(
    town: Town, form: FormVersion, browser: Client
) -> None:
    response = browser.post(address(town), filled(town, form))
    dossier = Dossier.objects.get()
    assert (response.status_code, response["Location"]) == (303, f"/mes-demarches/{dossier.public_id}/")
    assert dossier.answers == {
        "enfant": "Zoé",
        "remarque": "Ligne 1\nLigne 2",
        "qf": 842,
        "naissance": "2019-03-01",
        "ecole": "Jules-Ferry",
        "allergie": "no",
        "repas": 16,
    }
    attachment = Attachment.objects.get()
    assert (attachment.field_key, attachment.name) == ("piece", "attestation.pdf")
    assert files.get(attachment.digest) == PDF
    page = text_of(browser.get(response["Location"]))
    assert f"Votre demande {attachment.dossier.reference} est envoyée." in page
    for text in ("Zoé", "842", "01/03/2019", "Non", "attestation.pdf", "16", "52,00 €", "Demande déposée"):
        assert text in page


def test_a_double_click_makes_one_dossier(town: Town, form: FormVersion, browser: Client) -> None:
    values = filled(town, form)
    first = browser.post(address(town), values)
    second = browser.post(address(town), values | {"answer_piece": SimpleUploadedFile("attestation.pdf", PDF)})
    assert first["Location"] == second["Location"]
    assert Dossier.objects.count() == 1


def test_a_page_without_a_usable_key_makes_a_dossier_all_the_same(
    town: Town, form: FormVersion, browser: Client
) -> None:
    for key in ("", "x", "é" * 20, "x" * 500):
        values = filled(town, form, request_key=key)
        assert browser.post(address(town), values).status_code == 303
    assert Dossier.objects.count() == 4


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("answer_repas", "-3", "sans signe moins"),
        ("answer_repas", "beaucoup", "en chiffres"),
        ("answer_repas", "32", "inférieur ou égal à 31"),
        ("answer_repas", "99999999999", "inférieur ou égal à 31"),
        ("answer_repas", "1,5", "nombre entier"),
        ("answer_repas", "1e3", "en chiffres"),
        ("answer_repas", "NaN", "en chiffres"),
        ("answer_repas", "٣", "en chiffres"),
        ("answer_enfant", "", "Ce champ est obligatoire."),
        ("answer_enfant", " \u200b ", "Ce champ est obligatoire."),
        ("answer_enfant", "x" * 301, "300"),
        ("answer_qf", "-1", "sans signe moins"),
        ("answer_qf", "douze", "en chiffres"),
        ("answer_naissance", "2019-02-30", "une date qui existe"),
        ("answer_naissance", "hier", "une date qui existe"),
        ("answer_naissance", "0001-01-01", "une date qui existe"),
        ("answer_ecole", "Harvard", "Sélectionnez un choix valide"),
        ("answer_ecole", None, "Ce champ est obligatoire."),
        ("answer_allergie", "peut-être", "Sélectionnez un choix valide"),
        ("answer_piece", None, "Joignez ce fichier"),
        ("answer_piece", SimpleUploadedFile("virus.exe", b"MZ"), "n’est pas accepté"),
        ("answer_piece", SimpleUploadedFile("faux.pdf", b"<html>"), "n’est pas celui que son nom annonce"),
        ("answer_piece", SimpleUploadedFile("faux.png", PDF), "n’est pas celui que son nom annonce"),
        ("answer_piece", SimpleUploadedFile("vide.pdf", b""), "vide"),
        ("answer_piece", SimpleUploadedFile("gros.pdf", PDF + b"x" * LARGEST_BYTES), "trop lourd"),
    ],
)
def test_a_wrong_answer_is_said_at_its_field_and_nothing_is_lost(
    town: Town, form: FormVersion, browser: Client, name: str, value: Any, sentence: str
) -> None:
    if isinstance(value, SimpleUploadedFile):
        value.seek(0)
    field = name
    before = row_counts()
    response = browser.post(address(town), filled(town, form, **{field: value}))
    page = text_of(response)
    assert response.status_code == 200
    assert page.count(sentence) >= 2, "at the field, and in the summary"
    assert f'id="id_{field}_error"' in page
    assert "Ligne 1" in page
    assert 'value="2019-03-01"' in page or name == "answer_naissance"
    assert row_counts() == before


def test_a_file_is_kept_while_another_answer_is_mended(town: Town, form: FormVersion, browser: Client) -> None:
    wrong = browser.post(address(town), filled(town, form, answer_enfant=""))
    page = text_of(wrong)
    assert "Fichier reçu : attestation.pdf" in page
    token = wrong.context["form"].fields["answer_piece"].widget.token
    assert f'name="answer_piece_kept" value="{token}"' in page
    mended = filled(town, form, answer_piece=None, answer_piece_kept=token)
    assert browser.post(address(town), mended).status_code == 303
    assert Attachment.objects.get().name == "attestation.pdf"


def test_a_kept_file_survives_a_bad_replacement(town: Town, form: FormVersion, browser: Client) -> None:
    wrong = browser.post(address(town), filled(town, form, answer_enfant=""))
    token = wrong.context["form"].fields["answer_piece"].widget.token
    bad = SimpleUploadedFile("virus.exe", b"MZ")
    page = text_of(browser.post(address(town), filled(town, form, answer_piece=bad, answer_piece_kept=token)))
    assert "n’est pas accepté" in page and "Fichier reçu : attestation.pdf" in page


def test_a_kept_file_is_nobody_elses_and_cannot_be_forged(
    town: Town, form: FormVersion, browser: Client, stranger: Client
) -> None:
    wrong = browser.post(address(town), filled(town, form, answer_enfant=""))
    token = wrong.context["form"].fields["answer_piece"].widget.token
    for item, given in ((stranger, token), (browser, token[:-2] + "xx"), (browser, "n’importe quoi")):
        page = text_of(item.post(address(town), filled(town, form, answer_piece=None, answer_piece_kept=given)))
        assert "Joignez ce fichier" in page
    assert not Dossier.objects.exists()


def test_the_amount_is_calculated_by_the_server_while_typing(town: Town, form: FormVersion, browser: Client) -> None:
    before = row_counts()
    for typed, expected in (
        ("16", "52,00 €"),
        ("0", "Montant pas encore connu"),
        ("-1", "Corrigez « Repas »"),
        ("", "Répondez à « Repas »"),
        ("32", "Corrigez"),
    ):
        values = {"form_id": form.pk, "answer_repas": typed, "montant": "1", "total": "1"}
        response = browser.post(address(town, "montant/"), values, headers={"HX-Request": "true"})
        assert response.status_code == 200
        assert expected in text_of(response)
        assert "<html" not in text_of(response)
    assert row_counts() == before
    assert browser.get(address(town, "montant/")).status_code == 405


def test_the_amount_is_shown_without_javascript(town: Town, form: FormVersion, browser: Client) -> None:
    asked = filled(town, form, answer_enfant="", answer_piece=SimpleUploadedFile("a.pdf", PDF), calculer="1")
    page = text_of(browser.post(address(town), asked))
    assert "52,00 €" in page
    assert "Ce champ est obligatoire" not in page, "nobody asked to send it"
    assert "Fichier reçu : a.pdf" in page
    assert not Dossier.objects.exists()


def test_asking_for_the_amount_says_what_is_wrong_with_a_quantity(
    town: Town, form: FormVersion, browser: Client
) -> None:
    asked = filled(town, form, calculer="1", answer_repas="-1")
    page = text_of(browser.post(address(town), asked))
    assert "Corrigez « Repas » pour connaître le montant." in page


def test_what_the_browser_says_of_prices_and_of_agents_quantities_is_ignored(
    town: Town, form: FormVersion, browser: Client
) -> None:
    cheat = {"answer_majoration": "50", "unit_price_cents": "1", "montant": "1", "state": "accepted"}
    assert browser.post(address(town), filled(town, form, **cheat)).status_code == 303
    dossier = Dossier.objects.get()
    assert (dossier.answers["repas"], "majoration" in dossier.answers, dossier.state) == (16, False, "submitted")
    assert Estimate.objects.get().total_cents == 5200


def test_a_form_published_meanwhile_does_not_disturb_who_is_filling(
    town: Town, form: FormVersion, browser: Client
) -> None:
    values = filled(town, form)
    newer = catalogue.publish_form(
        scheme_id=town.scheme.pk, fields=[FormField(key="autre", label="Autre question")], actor=WHO, at=later(2)
    )
    assert browser.post(address(town), values).status_code == 303
    dossier = Dossier.objects.get()
    assert dossier.form == form
    page = text_of(browser.get(f"/mes-demarches/{dossier.public_id}/"))
    assert "Prénom de l’enfant" in page and "Autre question" not in page
    assert "Autre question" in text_of(browser.get(address(town)))
    assert newer.number == form.number + 1


@pytest.mark.parametrize("form_id", ["", "0", "abc", "9" * 30, "-1", "²"])
def test_an_unknown_version_is_replaced_by_the_present_one(
    town: Town, form: FormVersion, browser: Client, form_id: str
) -> None:
    assert browser.post(address(town), filled(town, form, form_id=form_id)).status_code == 303
    assert Dossier.objects.get().form == form


def test_the_version_of_another_dispositif_is_not_taken(town: Town, form: FormVersion, browser: Client) -> None:
    other = catalogue.configure_scheme(
        scheme_id=None, values={"service": town.scheme.service, "name": "Autre"}, actor=WHO, at=NOON
    )
    theirs = catalogue.publish_form(scheme_id=other.pk, fields=[], actor=WHO, at=NOON)
    assert browser.post(address(town), filled(town, form, form_id=str(theirs.pk))).status_code == 303
    assert Dossier.objects.get().form == form


def test_a_dispositif_closed_meanwhile_says_so_and_keeps_nothing(
    town: Town, form: FormVersion, browser: Client
) -> None:
    catalogue.configure_scheme(scheme_id=town.scheme.pk, values={"enabled": False}, actor=WHO, at=NOON)
    response = browser.post(address(town), filled(town, form))
    assert response.status_code == 410
    assert "Rien n’a été envoyé" in text_of(response)
    assert not Dossier.objects.exists()


def test_decimals_are_read_as_french_people_write_them(town: Town, form: FormVersion, browser: Client) -> None:
    terrace = Counted(decimals=2, maximum=Decimal(200))
    pricing = with_quantity(canteen(), Sold(label="Terrasse", cents=3380, unit="m²"), terrace, key="terrasse")
    publish(town.scheme, pricing)
    asked = answer_names.field_of(next(question for question in pricing.questions if question.key == "terrasse"))
    form = catalogue.publish_form(scheme_id=town.scheme.pk, fields=[*form.form_fields, asked], actor=WHO, at=later(1))
    field = "answer_terrasse"
    values: Mapping[str, Any] = filled(town, form, **{field: "18,505"})
    assert "au plus 2 chiffres après la virgule" in text_of(browser.post(address(town), values))
    amount = browser.post(address(town, "montant/"), {"form_id": form.pk, "answer_repas": "0", field: "18,50"})
    assert "625,30 €" in text_of(amount)
    assert browser.post(address(town), filled(town, form, **{field: "18,5"})).status_code == 303
    assert Dossier.objects.get().answers["terrasse"] == "18.5"


def test_characters_that_no_line_should_hold_are_dropped(town: Town, form: FormVersion, browser: Client) -> None:
    values = filled(town, form, answer_enfant="Zo\x00é\u202e  Marie\n", answer_remarque="a\x00\r\n\u2066b")
    assert browser.post(address(town), values).status_code == 303
    answers = Dossier.objects.get().answers
    assert (answers["enfant"], answers["remarque"]) == ("Zo é Marie", "a\nb")


def test_help_and_labels_of_the_administrator_are_escaped(town: Town, browser: Client) -> None:
    odd = FormField(key="x", label="<b>Gras</b>", help="<script>alert(1)</script>")
    catalogue.publish_form(scheme_id=town.scheme.pk, fields=[odd], actor=WHO, at=later(1))
    page = text_of(browser.get(address(town)))
    assert "<b>Gras" not in page and "<script>alert" not in page


def test_a_citizen_without_an_email_applies_too(town: Town, form: FormVersion) -> None:
    citizen = make_citizen("compte@example.org")
    one = signed_in(citizen)
    one.post("/mon-compte/", {"kind": "person", "last_name": "Sans", "email": ""})
    assert one.post(address(town), filled(town, form)).status_code == 303
