"""The mails that a type de facture words in its own way."""

import pytest
from django.core.exceptions import ValidationError

from obole.billing import operations as billing
from obole.billing.models import Invoice, InvoiceType
from obole.mailing import operations as mailing
from obole.mailing.models import Message
from tests.crm.settings_desk import Desk, open_desk, text_of, url
from tests.spaces import plain
from tests.world import WHO, later, make_fixed_invoice, make_invoice, run_tasks

pytestmark = pytest.mark.django_db
NAME = "invoice_deposited"


@pytest.fixture
def desk() -> Desk:
    return open_desk()


def adapt(desk: Desk, *, subject: str = "La cantine de {{ nom }}", body: str = "Payer : {{ url }}") -> None:
    desk.saved("settings_type_mail", desk.town.type.pk, NAME, subject=subject, body=body)


def notice(invoice: Invoice) -> Message:
    return Message.objects.get(kind=NAME, about_id=invoice.pk)


def test_its_words_are_used_for_its_invoices_and_for_no_others(desk: Desk) -> None:
    adapt(desk)
    assert notice(make_invoice(desk.town)).subject.startswith("La cantine de ")
    assert notice(make_fixed_invoice(desk.town, 10_00)).subject.startswith("Votre facture ")


def test_without_words_of_its_own_it_says_what_the_town_says(desk: Desk) -> None:
    mailing.configure_template(kind=NAME, subject="La ville écrit", body="Merci.", actor=WHO, at=later())
    page = text_of(desk.get("settings_type_mails", desk.town.type.pk))
    assert "La ville écrit Comme la ville" in page
    assert notice(make_invoice(desk.town)).subject == "La ville écrit"

    adapt(desk)
    assert "Adapté" in text_of(desk.get("settings_type_mails", desk.town.type.pk))
    answer = desk.client.post(url("settings_type_mail_reset", desk.town.type.pk, NAME))
    assert "dit de nouveau ce que dit la ville" in text_of(desk.client.get(answer["Location"]))
    assert InvoiceType.objects.get(pk=desk.town.type.pk).mail_words == {}


@pytest.mark.parametrize("name", ["reminder_1", "dossier_received", "nope"])
def test_what_is_not_about_an_invoice_or_is_in_the_plan_has_no_page(desk: Desk, name: str) -> None:
    assert desk.client.get(url("settings_type_mail", desk.town.type.pk, name)).status_code == 404


def test_words_that_cannot_be_used_are_refused_at_their_field(desk: Desk) -> None:
    errors = desk.refused("settings_type_mail", desk.town.type.pk, NAME, body="{{ motif }}")
    assert "Texte : La variable « motif » n’existe pas dans ce courriel." in errors


def test_what_changed_is_told_line_by_line(desk: Desk) -> None:
    adapt(desk)
    page = text_of(desk.get("settings_type", desk.town.type.pk))
    assert "Textes de ses courriels" in page and "La cantine de {{ nom }}" in page


def test_they_go_with_the_type_from_one_town_to_another(desk: Desk) -> None:
    adapt(desk)
    copy = desk.client.post(url("settings_type_copy", desk.town.type.pk))
    copied = InvoiceType.objects.latest("id")
    assert copy.status_code == 302 and copied.mail_words[NAME]["subject"] == "La cantine de {{ nom }}"


@pytest.mark.parametrize(
    ("kept", "sentence"),
    [
        ([], "pour chaque modèle, un objet et un texte"),
        ({NAME: {"subject": "x"}}, "pour chaque modèle, un objet et un texte"),
        ({NAME: {"subject": " ", "body": "x"}}, "pour chaque modèle, un objet et un texte"),
        ({"reminder_1": {"subject": "x", "body": "x"}}, "ne se règle pas par type"),
        ({NAME: {"subject": "x", "body": "{{ x }}"}}, "La variable .* n’existe pas"),
        ({NAME: {"subject": "x" * 201, "body": "x"}}, "200 caractères au plus"),
    ],
)
def test_a_file_with_bad_words_is_refused_with_a_sentence(desk: Desk, kept: object, sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        billing.configure_type(type_id=desk.town.type.pk, values={"mail_words": kept}, actor=WHO, at=later())


def test_a_preview_with_a_real_invoice_has_its_values(desk: Desk) -> None:
    invoice = make_invoice(desk.town)
    for page in (("settings_type_mail", desk.town.type.pk, NAME), ("settings_mail", NAME)):
        shown = text_of(desk.send(*page, sample_invoice=(invoice.number or "").lower(), preview="1"))
        assert f"Avec les valeurs de la facture {invoice}" in shown
        assert plain(f"Votre facture n° {invoice.number} ({invoice.label})") in shown


def test_an_unknown_number_is_refused_where_it_was_typed(desk: Desk) -> None:
    shown = text_of(desk.send("settings_mail", NAME, sample_invoice="ENF-1999-1", preview="1"))
    assert "Vous ne voyez aucune facture de ce numéro" in shown


def test_who_writes_it_can_have_it_sent_to_themselves_alone(desk: Desk) -> None:
    shown = desk.send("settings_mail", NAME, subject="Objet de {{ nom }}", sample="1")
    sent = Message.objects.get(subject__startswith="[Essai]")
    assert f"l’essai part à {sent.to}" in text_of(shown)
    assert (sent.to, sent.about_kind) == (desk.town.admin.user.email, "")
    run_tasks()


def test_a_text_that_hides_the_rest_is_told(desk: Desk) -> None:
    told = "jamais ce qu’il reste à payer"
    assert told in text_of(desk.send("settings_mail", "due_date_changed", body="{{ montant }}", preview="1"))
    assert told not in text_of(desk.send("settings_mail", "due_date_changed", body="{{ reste_du }}", preview="1"))
    assert told not in text_of(desk.send("settings_mail", NAME, body="{{ montant }}", preview="1"))
