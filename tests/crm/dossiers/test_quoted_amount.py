"""
What the citizen was told an application comes to, as agents read it, and the same cents wherever an amount is shown.
"""

from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from lxml import html

from obole.billing.models import Invoice
from obole.catalogue import operations as catalogue
from obole.catalogue.fields import FormField
from obole.dossiers import operations as dossiers
from obole.dossiers.models import Dossier, Estimate
from obole.lib import texts
from obole.pricing.model.parts import Pricing
from obole_demo import dispositifs
from tests.billing.priced import publish
from tests.crm.desk import browser, get, text_of, url
from tests.portal.priced import CANTEEN_FORM, FAMILY_TYPED, HALL_FORM, HALL_TYPED
from tests.pricing.dispositifs import HALL
from tests.world import NOON, WHO, Town, later, make_town

pytestmark = pytest.mark.django_db
NAMED = {**FAMILY_TYPED, "answer_enfants-1-prenom": "Tom", "answer_enfants-2-prenom": "Zoé"}
CASES = [
    pytest.param(dispositifs.BY_KEY["cantine"].pricing, CANTEEN_FORM, NAMED, 158_88, id="the canteen of the demo"),
    pytest.param(HALL, HALL_FORM, HALL_TYPED, 526_00, id="a hall with its acompte"),
]


@pytest.fixture
def town(time_machine: Any) -> Town:
    time_machine.move_to(later(30), tick=False)
    return make_town()


@pytest.fixture
def citizen(town: Town) -> Client:
    client = Client()
    client.force_login(town.citizen.user)
    return client


@pytest.fixture
def agent(town: Town) -> Client:
    return browser(town.agent)


def offer(town: Town, pricing: Pricing, fields: tuple[FormField, ...]) -> int:
    publish(town, pricing)
    return catalogue.publish_form(scheme_id=town.scheme.pk, fields=fields, actor=WHO, at=NOON).pk


def send(town: Town, citizen: Client, form: int, typed: dict[str, str]) -> Dossier:
    sent = {"form_id": str(form), "request_key": texts.token(), **typed}
    assert citizen.post(f"/demarches/{town.scheme.public_id}/demande/", sent).status_code == 303
    dossier = Dossier.objects.latest("pk")
    dossiers.take(dossier_id=dossier.pk, agent_id=town.agent.pk, actor=WHO, at=NOON)
    return dossier


def panel(answer: HttpResponse, dossier: Dossier) -> dict[str, str]:
    page = html.fromstring(answer.content.decode())
    (form,) = [form for form in page.forms if form.get("action") == url("generate_invoice", dossier.pk)]
    return dict(form.form_values())


def opened(agent: Client, dossier: Dossier) -> HttpResponse:
    return get(agent, "dossier", dossier.pk, panneau="factures")


@pytest.mark.parametrize(("pricing", "fields", "typed", "cents"), CASES)
def test_the_same_cents_are_shown_while_typing_kept_previewed_and_billed(
    town: Town,
    citizen: Client,
    agent: Client,
    pricing: Pricing,
    fields: tuple[FormField, ...],
    typed: dict[str, str],
    cents: int,
) -> None:
    euros = f"{cents // 100},{cents % 100:02d} €"
    form = offer(town, pricing, fields)
    while_typing = citizen.post(f"/demarches/{town.scheme.public_id}/demande/montant/", {"form_id": str(form), **typed})
    (shown,) = html.fromstring(while_typing.content.decode()).xpath("//*[@class='amount']")
    assert shown.text_content().replace("\u00a0", " ").replace("\u202f", " ") == euros
    dossier = send(town, citizen, form, typed)
    kept = Estimate.objects.get(dossier=dossier)
    assert kept.total_cents == cents
    preview = opened(agent, dossier)
    assert f"Total {euros}" in text_of(preview) and "L’usager a lu une estimation" not in text_of(preview)
    sent = {**panel(preview, dossier), "at_once": "on"}
    assert agent.post(url("generate_invoice", dossier.pk), sent).status_code == 302
    invoice = Invoice.objects.get()
    assert invoice.total_cents == cents
    assert kept.result["lines"] == invoice.explanation.result["lines"]


@pytest.mark.parametrize(("pricing", "fields", "typed", "cents"), CASES)
def test_the_dossier_says_what_the_citizen_was_told_and_why(
    town: Town,
    citizen: Client,
    agent: Client,
    pricing: Pricing,
    fields: tuple[FormField, ...],
    typed: dict[str, str],
    cents: int,
) -> None:
    dossier = send(town, citizen, offer(town, pricing, fields), typed)
    page = text_of(get(agent, "dossier", dossier.pk))
    assert "Estimation au 25/11/2026" in page and f"{cents // 100},{cents % 100:02d} €" in page
    assert "Pourquoi ce montant ?" in page


@pytest.mark.parametrize(("couverts", "said"), [("90", "12,00 € plus élevée"), ("70", "12,00 € moins élevée")])
def test_the_panel_says_by_how_much_an_invoice_would_differ(
    town: Town, citizen: Client, agent: Client, couverts: str, said: str
) -> None:
    dossier = send(town, citizen, offer(town, HALL, HALL_FORM), HALL_TYPED)
    changed = {**panel(opened(agent, dossier), dossier), "r-couverts": couverts, "recalculer": "1"}
    page = text_of(agent.post(url("generate_invoice", dossier.pk), changed))
    assert f"L’usager a lu une estimation de 526,00 € le 25/11/2026 : cette facture serait de {said}." in page
    assert not Invoice.objects.exists()


def test_what_cannot_be_computed_yet_is_not_compared(town: Town, citizen: Client, agent: Client) -> None:
    dossier = send(town, citizen, offer(town, HALL, HALL_FORM), HALL_TYPED)
    for wrong in ({"r-demandeur": ""}, {"r-couverts": "beaucoup"}):
        changed = {**panel(opened(agent, dossier), dossier), **wrong, "recalculer": "1"}
        assert "L’usager a lu" not in text_of(agent.post(url("generate_invoice", dossier.pk), changed))


def test_an_estimate_without_a_total_is_compared_with_nothing(town: Town, citizen: Client, agent: Client) -> None:
    form = offer(town, HALL, tuple(item for item in HALL_FORM if item.key != "du"))
    dossier = send(town, citizen, form, {key: value for key, value in HALL_TYPED.items() if key != "answer_du"})
    assert Estimate.objects.get().told["pending"] == ["Du", "Deja", "Casse"]
    page = text_of(get(agent, "dossier", dossier.pk))
    assert "L’agent complétera « Du », « Deja », « Casse »" in page


def test_an_application_without_a_pricing_is_told_nothing(
    town: Town, citizen: Client, agent: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("obole.catalogue.queries.current_pricing", lambda _scheme: None)
    typed = {"answer_enfant": "Zoé", "answer_ecole": "Jules-Ferry", "answer_repas": "2"}
    dossier = send(town, citizen, town.form.pk, typed)
    assert "Estimation" not in text_of(get(agent, "dossier", dossier.pk))
    assert "L’usager a lu" not in text_of(opened(agent, dossier))


def test_ten_estimates_cost_no_more_queries_than_one(town: Town, citizen: Client, agent: Client) -> None:
    dossier = send(town, citizen, offer(town, HALL, HALL_FORM), HALL_TYPED)
    kept = Estimate.objects.get()
    counts = []
    for _n in range(2):
        get(agent, "dossier", dossier.pk)
        with CaptureQueriesContext(connection) as asked:
            get(agent, "dossier", dossier.pk)
            opened(agent, dossier)
        counts.append(len(asked))
        Estimate.objects.bulk_create(
            Estimate(
                dossier=dossier, pricing=kept.pricing, result=kept.result, told=kept.told, complete=False, at=kept.at
            )
            for _m in range(9)
        )
    assert counts[0] == counts[1]
