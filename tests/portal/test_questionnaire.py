"""A built form as the citizen fills it: every kind, blocks that repeat, questions that depend on others."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from lxml import html

from obole.catalogue import operations as catalogue
from obole.catalogue.fields import FieldKind, FormField
from obole.catalogue.forms import conditions, rows
from obole.catalogue.models import FormVersion
from obole.dossiers import operations as dossiers, rules
from obole.dossiers.models import Attachment, Dossier
from obole.lib import texts
from tests.catalogue.test_form_conditions import when
from tests.portal.conftest import PDF, row_counts, text_of
from tests.world import MEALS, WHO, Town, later

pytestmark = pytest.mark.django_db
K = FieldKind

CHILDREN = (
    FormField(key="foyer", label="Votre foyer", kind=K.SECTION, help="Une seule fois pour tous."),
    FormField(key="parent", label="Responsable", prefill="name"),
    FormField(key="courriel", label="Courriel", kind=K.EMAIL, prefill="email"),
    FormField(key="domicile", label="Domicile", kind=K.ADDRESS, prefill="address"),
    FormField(key="revenus", label="Revenus", kind=K.AMOUNT, minimum="0", help="Par an."),
    FormField(key="resident", label="Habitez-vous la ville ?", kind=K.YES_NO),
    FormField(key="commune", label="Commune", shown_if=when("resident", "equals", False)),
    FormField(key="arrete", label="Arrêté n°", by="agent"),
    FormField(key="qui", label="Vos enfants", kind=K.SECTION),
    FormField(key="enfants", label="Enfants", kind=K.GROUP, row_name="enfant", most_rows=3),
    FormField(key="prenom", label="Prénom", group="enfants"),
    FormField(key="pai", label="PAI", kind=K.YES_NO, group="enfants"),
    FormField(key="protocole", label="Protocole", kind=K.FILE, group="enfants", shown_if=when("pai", "equals", True)),
    FormField(key="remarque", label="Remarque", required=False, required_if=when("revenus", "below", 1000)),
    MEALS,
)


@pytest.fixture
def form(town: Town) -> FormVersion:
    return catalogue.publish_form(scheme_id=town.scheme.pk, fields=CHILDREN, actor=WHO, at=later(1))


def address(town: Town) -> str:
    return f"/demarches/{town.scheme.public_id}/demande/"


def filled(town: Town, form: FormVersion, **changes: Any) -> dict[str, Any]:
    values = {
        "request_key": texts.token(),
        "form_id": str(form.pk),
        "answer_repas": "1",
        "answer_parent": "Maud Lefèvre",
        "answer_courriel": "maud@example.org",
        "answer_domicile": "3 rue des Halles",
        "answer_revenus": "1 234,5",
        "answer_resident": "yes",
        "answer_enfants-rows": "2",
        "answer_enfants-0-prenom": "Zoé",
        "answer_enfants-0-pai": "no",
        "answer_enfants-1-prenom": "Léo",
        "answer_enfants-1-pai": "yes",
        "answer_enfants-1-protocole": SimpleUploadedFile("pai.pdf", PDF),
    }
    return {name: value for name, value in (values | changes).items() if value is not None}


def sent_by(response: HttpResponse) -> dict[str, Any]:
    """Return what the page would send again."""
    page = html.fromstring(response.content.decode())
    found = next(form for form in page.forms if form.xpath(".//*[@data-questions]"))
    return {name: value.removeprefix("\n") for name, value in found.form_values() if name != "csrfmiddlewaretoken"}


def test_the_account_fills_what_it_knows(town: Town, form: FormVersion, browser: Client) -> None:
    sent = sent_by(browser.get(address(town)))
    assert (sent["answer_parent"], sent["answer_courriel"]) == ("Maud Lefèvre", "usager@example.org")
    assert sent["answer_domicile"] == "3 rue des Halles\n99999 Valbourg"
    assert sent["answer_enfants-rows"] == "1"


def test_a_whole_form_is_sent_and_read_again(town: Town, form: FormVersion, browser: Client) -> None:
    response = browser.post(address(town), filled(town, form))
    dossier = Dossier.objects.get()
    digest = Attachment.objects.get().digest
    assert dossier.answers == {
        "parent": "Maud Lefèvre",
        "courriel": "maud@example.org",
        "domicile": "3 rue des Halles",
        "revenus": "1234.50",
        "resident": "yes",
        "enfants": [{"prenom": "Zoé", "pai": "no"}, {"prenom": "Léo", "pai": "yes", "protocole": digest}],
        "repas": 1,
    }
    page = text_of(browser.get(response["Location"]))
    for text in ("Votre foyer", "Vos enfants", "Enfant 1", "Enfant 2", "Zoé", "Léo", "1 234,50 €", "pai.pdf"):
        assert text in page
    assert "Commune" not in page and "Arrêté" not in page, "what was not asked of the citizen"


def test_the_agents_question_is_not_the_citizens(town: Town, form: FormVersion, browser: Client) -> None:
    assert "Arrêté" not in text_of(browser.get(address(town)))
    browser.post(address(town), filled(town, form, answer_arrete="2026-12"))
    assert "arrete" not in Dossier.objects.get().answers


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"answer_resident": "no"}, "Commune : Ce champ est obligatoire."),
        ({"answer_enfants-1-pai": "no", "answer_revenus": "10"}, "Remarque : Ce"),
        ({"answer_enfants-1-prenom": "\u202e"}, "Enfant 2, Prénom : Ce champ est obligatoire."),
        ({"answer_enfants-rows": "0"}, "ajoutez-en au moins 1"),
        ({"answer_enfants-rows": "-1"}, "ajoutez-en au moins 1"),
        ({"answer_enfants-rows": None}, "ajoutez-en au moins 1"),
        ({"answer_enfants-rows": "１"}, "ajoutez-en au moins 1"),
        ({"answer_enfants-1-protocole": None}, "Enfant 2, Protocole : Joignez ce fichier"),
        ({"answer_revenus": "１２"}, "Saisissez un montant en euros, par exemple 12,50."),
        ({"answer_courriel": "maud"}, "nom@exemple.fr"),
        (
            {"answer_enfants-1-protocole": SimpleUploadedFile("pai.pdf", b"<html>")},
            "n’est pas celui que son nom annonce",
        ),
    ],
)
def test_what_is_wrong_is_said_and_nothing_typed_is_lost(
    town: Town, form: FormVersion, browser: Client, changes: dict[str, Any], sentence: str
) -> None:
    before = row_counts()
    response = browser.post(address(town), filled(town, form, **changes))
    assert sentence in " ".join(text_of(response).split())
    again = sent_by(response)
    typed = {name: value for name, value in filled(town, form, **changes).items() if isinstance(value, str)}
    left_out = {"answer_enfants-rows", "request_key", *changes}
    if "answer_enfants-rows" not in changes:
        assert {name: again.get(name) for name in typed if name not in left_out} == {
            name: value for name, value in typed.items() if name not in left_out
        }
    assert row_counts() == before


def test_what_is_beside_the_point_is_neither_asked_nor_kept(town: Town, form: FormVersion, browser: Client) -> None:
    changes = {
        "answer_commune": "x" * 999,
        "answer_enfants-0-protocole": SimpleUploadedFile("faux.pdf", b"rien"),
        "answer_enfants-1-pai": "no",
    }
    assert browser.post(address(town), filled(town, form, **changes)).status_code == 303
    assert "commune" not in Dossier.objects.get().answers
    assert not Attachment.objects.exists(), "Léo has no PAI any more"


def test_what_is_beside_the_point_is_neither_asked_nor_kept_neg(
    town: Town, form: FormVersion, browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conditions, "decide", lambda *_: conditions.FormDecision())
    assert browser.post(address(town), filled(town, form, answer_commune="Ailleurs")).status_code == 303
    assert "commune" in Dossier.objects.get().answers


def test_without_javascript_the_page_says_when_to_fill_a_question(
    town: Town, form: FormVersion, browser: Client
) -> None:
    page = text_of(browser.get(address(town)))
    assert "À remplir si « Habitez-vous la ville ? » est non." in page
    assert "Obligatoire si « Revenus » est en dessous de 1" in page.replace("\u202f", " ")
    assert "(facultatif)" not in page.partition("Commune")[2].partition("</label>")[0]


def test_a_row_is_added_and_taken_away_with_all_that_was_typed(town: Town, form: FormVersion, browser: Client) -> None:
    before = row_counts()
    one_more = browser.post(address(town), filled(town, form, ajouter="enfants", answer_parent=""))
    page = text_of(one_more)
    assert "Enfant 3" in page and "Ajouter : enfant" not in page, "three at most"
    assert "Ce champ est obligatoire" not in page, "nobody asked to send it"
    again = sent_by(one_more)
    assert (again["answer_enfants-rows"], again["answer_enfants-0-prenom"], again.get("answer_enfants-2-prenom")) == (
        "3",
        "Zoé",
        None,
    )
    token = again["answer_enfants-1-protocole_kept"]
    one_less = sent_by(browser.post(address(town), {**again, "retirer": "enfants:0"}))
    assert (one_less["answer_enfants-rows"], one_less["answer_enfants-0-prenom"]) == ("2", "Léo")
    assert one_less["answer_enfants-0-pai"] == "yes" and one_less["answer_enfants-0-protocole_kept"], (
        "the file went with its row"
    )
    assert row_counts() == before
    last = {**one_less, "answer_enfants-1-prenom": "Ana", "answer_enfants-1-pai": "no", "answer_parent": "Maud"}
    assert token and browser.post(address(town), last).status_code == 303
    kept = Dossier.objects.get().answers["enfants"]
    assert [row["prenom"] for row in kept] == ["Léo", "Ana"]
    assert kept[0]["protocole"] == Attachment.objects.get().digest


def test_the_enter_key_neither_takes_a_row_away_nor_sends(town: Town, form: FormVersion, browser: Client) -> None:
    """It presses the first button of the form."""
    page = html.fromstring(browser.get(address(town)).content.decode())
    names = [item.get("name") for item in page.xpath("//form[.//*[@data-questions]]//button")]
    assert (names[0], {"ajouter", "retirer"} < set(names)) == ("calculer", True)


def test_a_row_is_added_while_a_quantity_is_wrong(town: Town, form: FormVersion, browser: Client) -> None:
    changes = {"ajouter": "enfants", "answer_repas": "beaucoup"}
    page = text_of(browser.post(address(town), filled(town, form, **changes)))
    assert "Enfant 3" in page and "Corrigez « Repas »" in page and "en chiffres" not in page


@pytest.mark.parametrize(
    ("button", "value"),
    [
        ("ajouter", "inconnu"),
        ("ajouter", ""),
        ("retirer", "enfants"),
        ("retirer", "enfants:9"),
        ("retirer", "enfants:-1"),
        ("retirer", "x:0"),
        ("retirer", "enfants:１"),
        ("ajouter", "enfants\x00"),
        ("retirer", "(a+)+:0"),
    ],
)
def test_a_button_that_no_page_has_changes_nothing(
    town: Town, form: FormVersion, browser: Client, button: str, value: str
) -> None:
    response = browser.post(address(town), filled(town, form, **{button: value}))
    assert response.status_code == 200
    assert sent_by(response)["answer_enfants-rows"] == "2"
    assert not Dossier.objects.exists()


def test_more_rows_than_allowed_are_neither_shown_nor_kept(town: Town, form: FormVersion, browser: Client) -> None:
    response = browser.post(address(town), filled(town, form, **{"answer_enfants-rows": "999", "answer_revenus": ""}))
    assert sent_by(response)["answer_enfants-rows"] == "3"
    group = [item for item in CHILDREN if "enfants" in (item.key, item.group)]
    with pytest.raises(rules.TooManyRows):
        rules.answers_to_keep(group, {"enfants": [{"prenom": "x", "pai": "no"}] * 4}, known={}, attached=[])


def test_a_complement_shows_the_rows_and_keeps_their_files(town: Town, form: FormVersion, browser: Client) -> None:
    browser.post(address(town), filled(town, form))
    dossier = Dossier.objects.get()
    dossiers.take(dossier_id=dossier.pk, agent_id=town.agent.pk, actor=WHO, at=later(2))
    dossiers.answer_as_agent(
        dossier_id=dossier.pk, answers={"arrete": "2026-12", "parent": "Volé"}, actor=WHO, at=later(3)
    )
    dossiers.ask_complement(dossier_id=dossier.pk, reason="Le prénom ?", actor=WHO, at=later(4))
    edit = f"/mes-demarches/{dossier.public_id}/completer/"
    shown = browser.get(edit)
    assert "Fichier reçu : pai.pdf" in text_of(shown)
    again = sent_by(shown)
    assert (again["answer_revenus"], again["answer_enfants-1-prenom"]) == ("1\u202f234,50", "Léo")
    fewer = sent_by(browser.post(edit, {**again, "retirer": "enfants:0"}))
    assert browser.post(edit, {**fewer, "answer_enfants-0-prenom": "Léon"}).status_code == 303
    answers = Dossier.objects.get().answers
    assert [row["prenom"] for row in answers["enfants"]] == ["Léon"]
    assert (answers["arrete"], answers["parent"], answers["enfants"][0]["protocole"]) == (
        "2026-12",
        "Maud Lefèvre",
        Attachment.objects.get().digest,
    )


def test_rows_move_whatever_their_names() -> None:
    """A key with a dash or a digit is not taken for a row."""
    assert rows.control("enfants", 0, "a-1-b") == "answer_enfants-0-a-1-b"


def test_two_hundred_questions_are_shown_and_sent(town: Town, browser: Client) -> None:
    many = [
        FormField(key=f"q{n}", label=f"Question {n}", shown_if=when(f"q{n - 1}", "filled") if n else None)
        for n in range(200)
    ]
    version = catalogue.publish_form(scheme_id=town.scheme.pk, fields=many, actor=WHO, at=later(1))
    values = {
        "form_id": str(version.pk),
        "answer_repas": "1",
        "request_key": texts.token(),
        **{f"answer_q{n}": str(n) for n in range(200)},
    }
    assert "Question 199" in text_of(browser.get(address(town)))
    assert browser.post(address(town), values).status_code == 303
    assert len(Dossier.objects.get().answers) == 200
