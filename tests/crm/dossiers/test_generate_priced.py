"""
« Générer une facture » where a pricing makes the amount: its questions, the lines and their why, refusals, the draft
done again.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from io import BytesIO
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from lxml import html
from pypdf import PdfReader
from pytest_django.fixtures import DjangoAssertNumQueries

from obole.audit_log.models import Record
from obole.billing import operations as billing
from obole.billing.models import Invoice, InvoiceExplanation
from obole.catalogue import operations as catalogue
from obole.catalogue.fields import FormField
from obole.catalogue.models import PricingVersion
from obole.dossiers import operations as dossiers
from obole.dossiers.models import Dossier
from obole.lib import texts
from obole.pricing.model.parts import Pricing
from obole.pricing.model.tariffs import Fixed
from tests.billing.priced import bill, publish
from tests.crm.desk import browser, get, looked_at, text_of, url
from tests.pricing.build import day, number, shop, yes_no
from tests.pricing.dispositifs import TAXED_HALL
from tests.world import NOON, WHO, Town, canteen, later, make_dossier, make_town, publish as publish_scheme

pytestmark = pytest.mark.django_db
FAMILY = {
    "r-qf": "842",
    "r-resident": "yes",
    "n-enfants": "3",
    "r-enfants-0-prenom": "Léa",
    "r-enfants-0-repas": "16",
    "r-enfants-0-soirs": "24",
    "r-enfants-0-hors_delai": "1",
    "r-enfants-1-repas": "16",
    "r-enfants-2-repas": "14",
}

BY_PERIOD = replace(
    shop(100),
    questions=(
        day("dates__from"),
        day("dates__to"),
        yes_no("options__cuisine"),
        yes_no("options__estrade"),
        number("q0", required=False),
    ),
)


@pytest.fixture
def town(time_machine: Any) -> Town:
    time_machine.move_to(later(30), tick=False)
    return make_town()


@pytest.fixture
def version(town: Town) -> PricingVersion:
    return publish(town)


@pytest.fixture
def client(town: Town) -> Client:
    return browser(town.agent)


@pytest.fixture
def dossier(town: Town, version: PricingVersion) -> Dossier:
    return make_dossier(town)


@pytest.fixture
def unchanged() -> Iterator[None]:
    """A refusal leaves nothing behind."""
    before = Record.objects.count(), Invoice.objects.count(), InvoiceExplanation.objects.count()
    yield
    assert (Record.objects.count(), Invoice.objects.count(), InvoiceExplanation.objects.count()) == before


def form_of(answer: HttpResponse, action: str | None) -> dict[str, str]:
    page = html.fromstring(answer.content.decode())
    form = next(form for form in page.forms if form.get("action") == action and form.xpath(".//input[@name='version']"))
    return dict(form.form_values())


def panel(client: Client, dossier: Dossier) -> dict[str, str]:
    """Return what the form of the sous-panel would send."""
    return form_of(get(client, "dossier", dossier.pk, panneau="factures"), url("generate_invoice", dossier.pk))


def send(client: Client, dossier: Dossier, sent: dict[str, str], **changes: str) -> HttpResponse:
    """Send the form, once its total was looked at."""
    sent = looked_at(client, dossier, {**sent, **changes})
    answer: HttpResponse = client.post(url("generate_invoice", dossier.pk), sent)
    assert answer.status_code in {200, 302}
    return answer


def test_the_panel_asks_the_questions_of_the_pricing(client: Client, dossier: Dossier) -> None:
    page = text_of(get(client, "dossier", dossier.pk, panneau="factures"))
    for asked in ("Qf (facultatif)", "Resident", "Enfant 1", "Ajouter une ligne", "Tarifs du", "Aucune ligne"):
        assert asked in page
    sent = panel(client, dossier)
    assert (sent.get("on", ""), sent["period"], sent["n-enfants"]) == ("", "novembre 2026", "1")
    assert "Aux tarifs du 30/11/2026." in page and "Imprimée sur la facture, par exemple novembre 2026." in page


@pytest.mark.django_db
def test_the_canteen_goes_from_the_panel_to_the_document(town: Town, client: Client, dossier: Dossier) -> None:
    sent = {**panel(client, dossier), **FAMILY}
    looked = text_of(send(client, dossier, sent, recalculer="1"))
    assert "158,88 €" in looked and "Pourquoi ce montant ?" in looked and "délibération n° 2026-41" in looked
    assert not Invoice.objects.exists()
    assert send(client, dossier, sent).status_code == 302
    invoice = Invoice.objects.get()
    assert (invoice.number, invoice.state, invoice.total_cents, invoice.period) == (
        "ENF-2026-000001",
        "due",
        15888,
        "novembre 2026",
    )
    document = client.get(url("invoice_pdf", invoice.pk))
    printed = " ".join(page.extract_text() for page in PdfReader(BytesIO(document.content)).pages)
    printed = " ".join(printed.replace("\u202f", " ").replace("\u00a0", " ").split())
    assert "Net à payer 158,88 €" in printed and "Léa — Repas tranche 701–1000" in printed
    assert "délibération n° 2026-41 du 12/06/2026" in printed
    assert Record.objects.get(verb="invoice.issue").actor == town.agent.actor


def test_what_the_citizen_answered_is_there_already(town: Town, client: Client, version: PricingVersion) -> None:
    form = catalogue.publish_form(
        scheme_id=town.scheme.pk,
        fields=[FormField(key="qf", label="QF"), FormField(key="resident", label="R")],
        actor=WHO,
        at=NOON,
    )
    filled = dossiers.Application(answers={"qf": "842,50", "resident": "no", "autre": "x"})
    dossier = dossiers.submit(
        citizen_id=town.citizen.pk, form_id=form.pk, request_key=texts.token(), filled=filled, actor=WHO, at=NOON
    )
    dossiers.take(dossier_id=dossier.pk, agent_id=town.agent.pk, actor=WHO, at=NOON)
    sent = panel(client, dossier)
    assert (sent["r-qf"], sent["r-resident"]) == ("842,50", "no")


def test_a_period_and_boxes_to_tick_are_there_already_too(town: Town, client: Client) -> None:
    publish(town, BY_PERIOD)
    fields = [
        FormField(key="dates", label="Dates", kind="period"),
        FormField(key="options", label="Options", kind="several", choices=("Cuisine", "Estrade")),
    ]
    form = catalogue.publish_form(scheme_id=town.scheme.pk, fields=fields, actor=WHO, at=NOON)
    answers: dict[str, Any] = {"dates": {"from": "2026-12-01", "to": "2026-12-12"}, "options": ["Cuisine"]}
    dossier = dossiers.submit(
        citizen_id=town.citizen.pk,
        form_id=form.pk,
        request_key=texts.token(),
        filled=dossiers.Application(answers=answers),
        actor=WHO,
        at=NOON,
    )
    dossiers.take(dossier_id=dossier.pk, agent_id=town.agent.pk, actor=WHO, at=NOON)
    sent = panel(client, dossier)
    assert [sent[f"r-{item}"] for item in ("dates__from", "dates__to", "options__cuisine", "options__estrade")] == [
        "2026-12-01",
        "2026-12-12",
        "yes",
        "no",
    ]


def test_the_same_form_sent_twice_makes_one_invoice(client: Client, dossier: Dossier) -> None:
    sent = {**panel(client, dossier), **FAMILY}
    assert [send(client, dossier, sent).status_code for _n in range(3)] == [302, 302, 302]
    assert Invoice.objects.count() == 1


def test_rows_are_added_and_taken_away_on_the_panel(client: Client, dossier: Dossier, unchanged: None) -> None:
    sent = {**panel(client, dossier), **FAMILY, "period": "octobre"}
    more = form_of(send(client, dossier, sent, **{"plus-enfants": "1"}), url("generate_invoice", dossier.pk))
    assert (more["n-enfants"], more["period"], more["request_key"]) == ("4", "octobre", sent["request_key"])
    fewer = form_of(send(client, dossier, more, **{"minus-enfants": "1"}), url("generate_invoice", dossier.pk))
    assert (fewer["n-enfants"], fewer["r-enfants-1-repas"]) == ("3", "14")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"r-qf": "beaucoup"}, "Qf : Ce n’est pas un nombre"),
        ({"r-enfants-0-repas": "1,5"}, "Repas : Un nombre entier est attendu"),
        ({"r-resident": ""}, "Resident : Répondez"),
        ({"on": "2020-01-01"}, "Le 01/01/2020 n’est pas de la période « novembre 2026 »"),
        ({"on": "2020-01-01", "other_day": "on"}, "01/01/2020"),
        ({"r-enfants-0-absences": "99"}, "le total est négatif"),
        ({"request_key": ""}, "Ce champ est obligatoire"),
        ({"version": "abc"}, "nombre entier"),
        ({"version": "99999"}, "a changé entre-temps"),
        (
            {"n-enfants": "0", "r-enfants-0-repas": "", "r-enfants-0-soirs": "", "r-enfants-0-hors_delai": ""},
            "il n’y a rien à facturer",
        ),
        ({"r-enfants-0-prenom": "x" * 121}, "Prénom : Ce texte est trop long"),
        ({"r-enfants-0-prenom": "x" * 201}, "Prénom"),
    ],
)
def test_what_is_wrong_is_said_and_makes_nothing(
    client: Client, dossier: Dossier, unchanged: None, changes: dict[str, str], sentence: str
) -> None:
    answer = send(client, dossier, {**panel(client, dossier), **FAMILY}, **changes)
    page = html.fromstring(answer.content.decode())
    said = " ".join(
        " ".join(node.text_content().split()) for node in page.xpath('//*[contains(@class, "form-errors")]')
    )
    assert answer.status_code == 200 and sentence in said.replace("\u00a0", " ")
    assert dict(form_of(answer, url("generate_invoice", dossier.pk))).get("r-qf") == (changes.get("r-qf") or "842"), (
        "nothing typed is lost"
    )


def test_what_lacks_is_told_softly_while_one_types(client: Client, dossier: Dossier, unchanged: None) -> None:
    sent = {**panel(client, dossier), **FAMILY, "r-resident": ""}
    answer = send(client, dossier, sent, recalculer="1")
    assert "form-errors" not in answer.content.decode()


def test_a_pricing_published_meanwhile_shows_its_own_questions(town: Town, client: Client, dossier: Dossier) -> None:
    sent = {**panel(client, dossier), **FAMILY}
    new = publish(town, TAXED_HALL)
    answer = send(client, dossier, sent, recalculer="1")
    assert form_of(answer, url("generate_invoice", dossier.pk))["version"] == str(new.pk)
    assert "a changé entre-temps" in text_of(send(client, dossier, sent)) and not Invoice.objects.exists()


def test_the_invoice_says_why_to_the_agents(
    town: Town, client: Client, dossier: Dossier, version: PricingVersion
) -> None:
    invoice = bill(town, version, dossier=dossier)
    page = text_of(get(client, "invoice", invoice.pk))
    assert page.count("Pourquoi ce montant ?") == 5
    assert "2ᵉ enfant : 3,25 €, −10 % = 2,925 €, arrondi à 2,93 €." in page
    assert "Tarifs : délibération n° 2026-41 du 12/06/2026 (Enfance, Hors delai)." in page


def redone(town: Town, version: PricingVersion, dossier: Dossier) -> Invoice:
    invoice = bill(town, version, dossier=dossier)
    billing.cancel_invoice(invoice_id=invoice.pk, code="quantity", comment="", actor=WHO, at=NOON)
    return billing.redo_invoice(invoice_id=invoice.pk, actor=WHO, at=NOON)


def correct(client: Client, draft: Invoice, **changes: str) -> HttpResponse:
    sent = form_of(get(client, "draft", draft.pk), None)
    answer: HttpResponse = client.post(url("draft", draft.pk), {**sent, **changes})
    return answer


def test_a_draft_done_again_asks_the_questions_with_their_answers(
    town: Town, client: Client, dossier: Dossier, version: PricingVersion
) -> None:
    draft = redone(town, version, dossier)
    sent = form_of(get(client, "draft", draft.pk), None)
    assert (sent["r-qf"], sent["n-enfants"], sent["r-enfants-0-prenom"], sent["on"]) == (
        "842",
        "3",
        "Léa",
        "2026-11-25",
    )
    assert correct(client, draft, **{"r-enfants-2-repas": "10"}).status_code == 302
    draft.refresh_from_db()
    assert (draft.state, draft.total_cents) == ("draft", 15888 - 4 * 260)
    assert correct(client, draft, emettre="1").status_code == 302
    draft.refresh_from_db()
    assert (draft.number, draft.total_cents) == ("ENF-2026-000002", 15888 - 4 * 260)


def test_a_draft_is_not_issued_at_an_amount_that_nobody_saw(
    town: Town, client: Client, dossier: Dossier, version: PricingVersion
) -> None:
    draft = redone(town, version, dossier)
    page = client.get(correct(client, draft, emettre="1", **{"r-enfants-2-repas": "10"})["Location"])
    assert "Le montant n’est plus celui qui était affiché" in text_of(page)
    draft.refresh_from_db()
    assert (draft.state, draft.total_cents) == ("draft", 15888 - 4 * 260)


def test_wrong_answers_leave_the_draft_as_it_was(
    town: Town, client: Client, dossier: Dossier, version: PricingVersion
) -> None:
    draft = redone(town, version, dossier)
    for changes in (
        {"r-qf": "x"},
        {"on": "demain"},
        {"r-enfants-0-absences": "900"},
        {"recalculer": "1"},
        {"version": "999"},
    ):
        answer = correct(client, draft, emettre="1", **changes)
        assert answer.status_code == 200, changes
        draft.refresh_from_db()
        assert (draft.state, draft.total_cents) == ("draft", 15888)


def test_a_draft_of_nothing_is_not_issued(
    town: Town, client: Client, dossier: Dossier, version: PricingVersion
) -> None:
    draft = redone(town, version, dossier)
    nothing = {name: "" for name in form_of(get(client, "draft", draft.pk), None) if name.startswith("r-enfants")}
    answer = correct(client, draft, emettre="1", shown="0", **nothing)
    assert answer.status_code == 302 and "il n’y a rien à facturer" in text_of(client.get(answer["Location"]))


def test_the_panel_and_the_invoice_cost_few_queries(
    town: Town,
    client: Client,
    dossier: Dossier,
    version: PricingVersion,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    invoice = bill(town, version, dossier=dossier)
    panel(client, dossier)
    # What was planned is read with what was counted, of two months; whether something is, once.
    with django_assert_max_num_queries(37):
        panel(client, dossier)
    with django_assert_max_num_queries(28):
        get(client, "invoice", invoice.pk)


def rising() -> Pricing:
    """Return the town's pricing of meals, dearer from 01/01/2027 on."""
    pricing = canteen()
    meals, late = pricing.tariffs
    dearer = replace(
        meals.versions[0],
        effect=date(2027, 1, 1),
        price=Fixed(cents=340),
        deliberation="2026-88",
        voted_on=date(2026, 11, 20),
    )
    return replace(pricing, tariffs=(replace(meals, versions=(*meals.versions, dearer)), late))


def test_the_period_decides_whose_prices_apply_and_a_contradiction_is_said(town: Town, time_machine: Any) -> None:
    """Sixteen meals, at 3,25 until the end of the year and 3,40 from then on, whenever they are billed."""
    dossier = make_dossier(town, form=town.form)
    publish_scheme(town.scheme, rising())
    meals = {"r-repas": "16", "q-repas": "16"}
    time_machine.move_to(datetime(2027, 1, 5, 11, tzinfo=UTC), tick=False)
    client = browser(town.agent)

    sent = {**panel(client, dossier), **meals, "period": "décembre 2026"}
    page = text_of(send(client, dossier, sent, recalculer="1"))
    assert "52,00" in page and "Aux tarifs du 31/12/2026." in page
    page = text_of(send(client, dossier, {**sent, "period": "janvier 2027"}, recalculer="1"))
    assert "54,40" in page and "Aux tarifs du 31/01/2027." in page

    refused = send(client, dossier, sent, on="2027-01-05")
    assert "Le 05/01/2027 n’est pas de la période « décembre 2026 »" in text_of(refused)
    assert "Appliquer les tarifs d’un autre jour" in text_of(refused) and not Invoice.objects.exists()
    send(client, dossier, sent, on="2027-01-05", other_day="on")
    assert Invoice.objects.get().total_cents == 54_40


def test_a_draft_of_next_month_made_before_its_prices_takes_them(town: Town, client: Client) -> None:
    dossier = make_dossier(town, form=town.form)
    publish_scheme(town.scheme, rising())
    sent = {**panel(client, dossier), "r-repas": "16", "q-repas": "16", "period": "janvier 2027"}
    send(client, dossier, sent)
    assert Invoice.objects.get().total_cents == 54_40
