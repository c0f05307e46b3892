"""The page of a plan of reminders: its steps, their words, what they give before they are kept."""

from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from obole.billing.models import InvoiceType
from obole.mailing.models import Message
from tests.crm.desk import browser, get, text_of, url
from tests.world import Town, make_invoice, run_tasks

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(town: Town) -> Client:
    return browser(town.admin)


def send(client: Client, town: Town, *steps: dict[str, str], button: str = "", **more: str) -> HttpResponse:
    """Send the page with these steps; ``button`` is what was pressed instead of « Enregistrer »."""
    data = {
        "steps-TOTAL_FORMS": str(len(steps)),
        "steps-INITIAL_FORMS": "0",
        "reminder_first_hour": "8",
        "reminder_last_hour": "20",
        "reminder_minimum_cents": "0",
        "issued_on": "2026-11-25",
        **more,
    }
    for n, step in enumerate(steps):
        data |= {f"steps-{n}-{name}": value for name, value in {"when": "after", **step}.items()}
    name, _equals, value = button.partition("=")
    sent: HttpResponse = client.post(
        url("settings_type_reminders", town.type.pk), {**data, **({name: value or "1"} if name else {})}
    )
    return sent


def kept() -> list[tuple[int, str]]:
    return [(step.days, step.subject) for step in InvoiceType.objects.get().steps]


def test_a_plan_of_three_steps_with_three_texts(town: Town, client: Client) -> None:
    page = get(client, "settings_type_reminders", town.type.pk).content.decode()
    assert page.count('name="steps-') > 12
    words = {"subject": "Bientôt {{ numero }}", "body": "Il reste {{ reste_du }}."}
    answer = send(
        client,
        town,
        {"days": "21", "subject": "Encore", "body": "Le {{ relance_1_le }}"},
        {"days": "5", "when": "before", **words},
        {"days": "7"},
        {"days": ""},
        reminder_open_days_only="on",
        reminder_minimum_cents="1,50",
    )
    assert answer.status_code == 302
    assert kept() == [(-5, "Bientôt {{ numero }}"), (7, ""), (21, "Encore")]
    kind = InvoiceType.objects.get()
    assert (kind.reminder_open_days_only, kind.reminder_minimum_cents) == (True, 150)
    listed = text_of(get(client, "settings_types"))
    assert "5 jours avant l’échéance, à 7, 21 jours" in listed


def test_it_is_seen_on_real_dates_before_it_is_kept(town: Town, client: Client) -> None:
    make_invoice(town)
    seen = text_of(send(client, town, {"days": "10"}, button="preview", reminder_open_days_only="on"))
    assert "28 décembre 2026 Relance 1" in seen
    assert "au lieu du 25/12/2026 (noël)" in seen
    assert "Votre facture ENF-2026-004873 reste à régler" in seen
    assert "Peut être transmise au comptable public" in seen
    assert kept() == [(7, ""), (21, ""), (35, "")]


def test_one_more_step_keeps_what_was_typed(town: Town, client: Client) -> None:
    page = send(client, town, {"days": "9", "subject": "Gardé", "body": "Oui"}, button="add").content.decode()
    assert 'name="steps-1-days"' in page
    assert 'value="Gardé"' in page
    assert kept() == [(7, ""), (21, ""), (35, "")]


@pytest.mark.parametrize(
    ("step", "sentence"),
    [
        ({"days": "sept"}, "Écrivez un nombre de jours, par exemple 7."),
        ({"days": "-7"}, "supérieure ou égale à 0"),
        ({"days": "400"}, "inférieure ou égale à 365"),
        ({"days": "", "subject": "Perdu", "body": "x"}, "Dites combien de jours"),
        ({"days": "7", "subject": "Seul"}, "laissez les deux vides"),
        ({"days": "7", "subject": "a", "body": "{{ mdp }}"}, "La variable « mdp » n’existe pas"),
        ({"days": "7", "subject": "a", "body": "{% for %}"}, "Une balise est mal écrite"),
        ({"days": "20", "when": "before"}, "partirait avant la facture"),
    ],
)
def test_a_wrong_step_is_told_and_nothing_is_lost(
    town: Town, client: Client, step: dict[str, str], sentence: str
) -> None:
    answer = send(client, town, {"days": "3"}, step)
    assert answer.status_code == 200
    assert sentence in text_of(answer)
    assert kept() == [(7, ""), (21, ""), (35, "")]
    page = answer.content.decode()
    assert 'value="3"' in page
    assert all(f'value="{value}"' in page or value in page for value in step.values())


@pytest.mark.parametrize("changes", [{"reminder_first_hour": "20", "reminder_last_hour": "8"}])
def test_hours_that_follow_no_order_are_refused(town: Town, client: Client, changes: dict[str, str]) -> None:
    assert "la seconde est la plus tardive" in text_of(send(client, town, {"days": "7"}, **changes))


def test_words_that_never_say_what_is_left_are_noticed(town: Town, client: Client) -> None:
    step: dict[str, Any] = {"days": "7", "subject": "Facture", "body": "Payez {{ montant }}."}
    assert "jamais ce qu’il reste à payer" in text_of(send(client, town, step, button="preview"))
    step["body"] = "Payez {{ reste_du }} sur {{ montant }}."
    assert "jamais ce qu’il reste à payer" not in text_of(send(client, town, step, button="preview"))


def test_a_sample_is_sent_to_who_writes_and_to_nobody_else(town: Town, client: Client) -> None:
    step = {"days": "7", "subject": "Sujet {{ numero }}", "body": "Corps {{ reste_du }}"}
    answer = send(client, town, step, button="sample=1")
    assert town.admin.user.email in text_of(answer)
    run_tasks()
    [mail] = Message.objects.filter(subject__startswith="[Essai]")
    assert (mail.to, mail.subject, mail.about_id) == (town.admin.user.email, "[Essai] Sujet ENF-2026-004873", None)
    assert "n’existe pas" in text_of(send(client, town, step, button="sample=9"))
    assert kept() == [(7, ""), (21, ""), (35, "")]


def test_saving_without_a_change_writes_nothing(town: Town, client: Client) -> None:
    before = InvoiceType.objects.get().reminder_steps
    answer = send(client, town, *({"days": str(day)} for day in (7, 21, 35)))
    assert answer.status_code == 302
    assert InvoiceType.objects.get().reminder_steps == before
    assert get(client, "settings_type_reminders", town.type.pk).status_code == 200
