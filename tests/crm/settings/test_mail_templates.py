"""The words of mails: the town's own, checked, or the original ones."""

import pytest
from django.conf import settings

from obole.audit_log.models import Record
from obole.crm.settings.mail_samples import sample_of
from obole.mailing.default_templates import KINDS
from obole.mailing.models import Template
from obole.mailing.queries import template_of
from tests.crm.settings_desk import Desk, errors_of, open_desk, text_of, url

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> Desk:
    return open_desk()


def test_every_kind_opens_and_shows_a_preview_without_holes(desk: Desk) -> None:
    for name, kind in KINDS.items():
        assert "…" not in sample_of(kind.variables).values(), name
        page = text_of(desk.get("settings_mail", name))
        assert "Ville de Valbourg" in page, name
        assert "Mme Maud Lefèvre" in page, name


def test_the_towns_own_words_are_used_then_given_up(desk: Desk) -> None:
    desk.saved(
        "settings_mail", "reminder_1", subject="Petit rappel : {{ numero }}", body="Bonjour {{ nom }},\r\n\r\nMerci."
    )
    words = template_of("reminder_1")
    assert (words.subject, words.body) == ("Petit rappel : {{ numero }}", "Bonjour {{ nom }},\n\nMerci.")
    assert Record.objects.filter(subject_kind="mailing.template").count() == 1
    assert text_of(desk.get("settings_mails")).count("Adapté") == 1
    assert "Petit rappel : ENF-2026-004873" in text_of(desk.get("settings_mail", "reminder_1"))

    answer = desk.client.post(url("settings_mail_reset", "reminder_1"))
    assert "a retrouvé son texte d’origine" in text_of(desk.client.get(answer["Location"]))
    assert vars(template_of("reminder_1")) == {"subject": KINDS["reminder_1"].subject, "body": KINDS["reminder_1"].body}
    assert "Adapté" not in text_of(desk.get("settings_mails"))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"subject": ""}, "Objet : Ce champ est obligatoire."),
        ({"body": ""}, "Texte : Ce champ est obligatoire."),
        ({"subject": "{{ x }}"}, "Objet : La variable « x » n’existe pas dans ce courriel."),
        ({"body": "{{ x }}"}, "Texte : La variable « x » n’existe pas dans ce courriel."),
        ({"body": "{{ autorisation }}"}, "La variable « autorisation » n’existe pas"),
        ({"body": "{% if x %}a{% endif %}"}, "La variable « x » n’existe pas"),
        ({"body": "{{ nom | map: 'a' }}"}, "Le filtre « map » n’est pas permis."),
        ({"body": "{{ nom | append: nom | append: nom }}"}, "Le filtre « append » n’est pas permis."),
        ({"body": "{{ nom | replace: 'a', 'b' }}"}, "Le filtre « replace » n’est pas permis."),
        ({"body": "{% for i in (1..100000000) %}a{% endfor %}"}, "Une balise est mal écrite ou n’est pas permise"),
        ({"body": "{% include '/etc/passwd' %}"}, "Une balise est mal écrite ou n’est pas permise"),
        ({"body": "{% render 'x' %}"}, "Une balise est mal écrite ou n’est pas permise"),
        ({"body": "{% assign a = nom %}"}, "Une balise est mal écrite ou n’est pas permise"),
        ({"body": "{{ nom"}, "Une balise est mal écrite ou n’est pas permise"),
        ({"body": "x" * 6001}, "6000 caractères"),
        ({"subject": "x" * 201}, "200 caractères"),
    ],
)
def test_words_that_cannot_be_used_are_refused(desk: Desk, changes: dict[str, str], sentence: str) -> None:
    errors = desk.refused("settings_mail", "reminder_1", **changes)
    assert sentence in errors
    assert "undefined" not in errors
    assert not Template.objects.exists()


def test_a_preview_saves_nothing_and_keeps_what_was_typed(desk: Desk) -> None:
    before = Record.objects.count()
    answer = desk.send(
        "settings_mail",
        "reminder_1",
        subject="Essai pour {{ nom }}",
        body="Ici {{ url }}\n\nPayer : {{ url }}",
        preview="1",
    )
    page = text_of(answer)
    assert "Essai pour Mme Maud Lefèvre" in page
    assert f"Ici {settings.BASE_URL}/mes-factures/ Payer" in page
    assert 'value="Essai pour {{ nom }}"' in answer.content.decode()
    assert (Record.objects.count(), Template.objects.count()) == (before, 0)


def test_a_preview_of_wrong_words_says_to_mend_them(desk: Desk) -> None:
    answer = desk.send("settings_mail", "reminder_1", body="{{ x }}", preview="1")
    assert "Corrigez le texte pour voir l’aperçu." in text_of(answer)
    assert "Texte : La variable « x » n’existe pas dans ce courriel." in errors_of(answer)


def test_what_looks_like_html_is_shown_as_text(desk: Desk) -> None:
    answer = desk.send("settings_mail", "reminder_1", subject="<b>a</b>", body="<script>alert(1)</script>", preview="1")
    assert "<script>alert(1)" not in answer.content.decode()
    assert "<b>a</b>" not in answer.content.decode()
