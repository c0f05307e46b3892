"""« Campagnes » on screen: opened, looked at, mended, deposited; and the alarm of a month that lacks."""

from typing import Any

import pytest
from django.test import Client
from lxml import html
from pytest_django.fixtures import DjangoAssertNumQueries

from obole.billing.models import Invoice
from obole.billing.states import InvoiceState
from obole.campaigns import queries
from obole.campaigns.models import Campaign, Outcome
from obole.campaigns.states import CampaignState
from obole.directory.rules import Profile
from obole.dossiers.models import Dossier
from tests.campaigns.steps import FIRST, deposit, family, open_november, outcomes, row
from tests.crm.desk import browser, get, text_of, url
from tests.world import Town, canteen, make_agent, make_invoice, make_town, make_type, publish, run_tasks

pytestmark = pytest.mark.django_db


@pytest.fixture
def town(time_machine: Any) -> Town:
    time_machine.move_to(FIRST, tick=False)
    return make_town()


@pytest.fixture
def client(town: Town) -> Client:
    return browser(town.agent)


def filled(client: Client, **typed: Any) -> Any:
    """Send the form of a new campaign as it is offered, with what is typed."""
    page = html.fromstring(get(client, "campaign_new").content.decode())
    (form,) = (form for form in page.forms if form.method == "POST" and form.xpath(".//input[@name='request_key']"))
    sent = {name: form.fields[name] for name in form.fields}
    sent["schemes"] = form.xpath(".//input[@name='schemes'][@checked]/@value")
    return client.post(url("campaign_new"), {**sent, **typed})


def test_last_month_is_offered_then_computed_looked_at_and_deposited(client: Client, town: Town) -> None:
    family(town, "Martin", 1, 1)
    family(town, "Absent")
    opened = filled(client)
    campaign = Campaign.objects.get()
    assert opened["Location"] == url("campaign", campaign.pk)
    assert (campaign.period, campaign.only_field) == ("novembre 2026", "ecole")
    assert "0 sur 2 dossiers" in text_of(client.get(opened["Location"]))
    run_tasks()
    page = text_of(get(client, "campaign", campaign.pk))
    assert "À vérifier" in page and "Rien de compté : 1 dossier" in page and "Déposer 1 facture" in page
    confirm = get(client, "campaign_deposit", campaign.pk)
    assert "1 , 6,50 €" in text_of(confirm)
    client.post(url("campaign_deposit", campaign.pk), {"count": "1", "cents": "650"})
    run_tasks()
    page = text_of(get(client, "campaign", campaign.pk))
    assert "Ce que sont devenues les factures" in page and "ENF" not in page
    assert Invoice.objects.get().state == InvoiceState.DUE
    assert "novembre 2026" in text_of(get(client, "campaigns"))


def test_another_total_than_the_one_shown_is_not_deposited(client: Client, town: Town) -> None:
    family(town, "Martin", 1)
    campaign = open_november(town)
    refused = client.post(url("campaign_deposit", campaign.pk), {"count": "1", "cents": "999"})
    assert refused.status_code == 409 and "ont changé depuis" in text_of(refused)
    assert Campaign.objects.get().state == CampaignState.READY


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"period": "stage de printemps"}, "Écrivez une période qui dit ses jours"),
        ({"period": ""}, "Écrivez la période"),
        ({"schemes": []}, "Cochez un dispositif au moins"),
        ({"sorter": "ecole:Les Tilleuls"}, "Aucun dossier accepté ou en instruction"),
    ],
)
def test_what_cannot_be_opened_is_said_at_its_field(
    client: Client, town: Town, typed: dict[str, Any], said: str
) -> None:
    family(town, "Martin", 1)
    answer = filled(client, **typed)
    assert said in text_of(answer)
    assert not Campaign.objects.exists()


def test_dossiers_are_filtered_ticked_put_aside_and_taken_back(client: Client, town: Town) -> None:
    dossier = family(town, "Martin", 1)
    family(town, "Petit", 1)
    campaign = open_november(town)
    page = text_of(get(client, "campaign", campaign.pk, q="marti"))
    assert "Martin" in page and "Petit" not in page
    assert "Aucun dossier ne répond" in text_of(get(client, "campaign", campaign.pk, anomalie="jump"))
    asked = {"verb": "ecarter", "ids": [row(campaign, dossier).pk], "query": "resultat=drafted"}
    done = client.post(url("campaign_rows", campaign.pk), asked)
    assert done["Location"].endswith("?resultat=drafted#dossiers")
    assert outcomes(campaign) == {Outcome.LEFT: 1, Outcome.DRAFTED: 1}
    client.post(url("campaign_rows", campaign.pk), {**asked, "verb": "reprendre"})
    run_tasks()
    assert outcomes(campaign) == {Outcome.DRAFTED: 2}
    nothing = client.post(url("campaign_rows", campaign.pk), {"verb": "recalculer"}, follow=True)
    assert "Cochez des dossiers" in text_of(nothing)
    assert client.post(url("campaign_rows", campaign.pk), {**asked, "verb": "vendre"}).status_code == 302
    assert outcomes(campaign) == {Outcome.DRAFTED: 2}


def test_a_price_that_changed_is_said_and_computed_again(client: Client, town: Town) -> None:
    family(town, "Martin", 1)
    campaign = open_november(town)
    publish(town.scheme, canteen(meal_cents=400), at=FIRST)
    assert "La tarification a changé depuis le calcul" in text_of(get(client, "campaign", campaign.pk))
    client.post(url("campaign_compute", campaign.pk))
    run_tasks()
    assert queries.to_deposit(Campaign.objects.get()).cents == 400


def test_a_campaign_is_given_up_after_a_question(client: Client, town: Town) -> None:
    family(town, "Martin", 1)
    campaign = open_november(town)
    assert "1 brouillon sera abandonné" in text_of(get(client, "campaign_give_up", campaign.pk))
    client.post(url("campaign_give_up", campaign.pk))
    run_tasks()
    assert not Invoice.objects.exists()
    again = client.post(url("campaign_give_up", campaign.pk), follow=True)
    assert "a changé entre-temps" in text_of(again)
    assert "a changé entre-temps" in text_of(client.post(url("campaign_deposit", campaign.pk), follow=True))


def test_whoever_does_not_handle_it_learns_nothing_of_it(town: Town) -> None:
    family(town, "Martin", 1)
    campaign = open_november(town)
    stranger = browser(make_agent(Profile.REVIEWER, email="ailleurs@example.org", all_services=False))
    for name in ("campaign", "campaign_deposit", "campaign_give_up"):
        assert stranger.get(url(name, campaign.pk)).status_code == 404
    for name in ("campaign_rows", "campaign_compute", "campaign_deposit", "campaign_give_up"):
        assert stranger.post(url(name, campaign.pk), {"verb": "ecarter"}).status_code == 404
    assert "novembre 2026" not in text_of(get(stranger, "campaigns"))
    assert "Rien à facturer ensemble" in text_of(get(stranger, "campaign_new"))


def test_a_month_that_lacks_is_said_on_the_list_and_on_the_home_page(
    client: Client, town: Town, time_machine: Any
) -> None:
    kind = make_type(town.regie, [town.scheme], name="Mensuel", campaign_day=5)
    family(town, "Martin", 1)
    campaign = open_november(town, type_id=kind.pk)
    shown = queries.to_deposit(campaign)
    client.post(url("campaign_deposit", campaign.pk), {"count": shown.count, "cents": shown.cents})
    run_tasks()
    time_machine.move_to("2027-01-06T09:00:00Z", tick=False)
    said = "« Mensuel » n’est pas facturé pour décembre 2026"
    assert said in text_of(get(browser(town.agent), "campaigns"))
    assert said in text_of(get(browser(town.agent), "home"))


def test_the_cost_of_a_page_does_not_grow(
    client: Client, town: Town, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for n in range(5):
        family(town, f"Famille{n}", 1)
    campaign = open_november(town)
    get(client, "campaign", campaign.pk)
    with django_assert_max_num_queries(24):
        get(client, "campaign", campaign.pk)


def test_a_campaign_is_narrowed_to_a_school_and_its_invoices_are_found_in_the_list(client: Client, town: Town) -> None:
    families = {"Martin": "Jules-Ferry", "Petit": "Les Tilleuls"}
    for name, school in families.items():
        dossier = family(town, name, 1)
        Dossier.objects.filter(pk=dossier.pk).update(answers={**dossier.answers, "ecole": school})
    campaign = deposit(open_november(town), town)
    other = make_invoice(town)
    page = get(client, "campaign", campaign.pk, lieu="ecole:Les Tilleuls")
    assert "Petit" in text_of(page) and "Martin" not in text_of(page)
    (link,) = html.fromstring(page.content.decode()).xpath("//a[@id='dans-la-liste']/@href")
    listed = text_of(client.get(link))
    assert "Petit" in listed and "Martin" not in listed and "1 facture" in listed
    assert "École, classe… : Les Tilleuls" in listed and f"Campagne : {campaign}" in listed
    whole = text_of(get(client, "invoices", campaign=campaign.pk))
    assert "2 factures" in whole and str(other.number) not in whole
    assert "Aucun dossier ne répond" in text_of(get(client, "campaign", campaign.pk, lieu="nom:Martin"))


def test_a_campaign_of_others_narrows_no_list(town: Town) -> None:
    family(town, "Martin", 1)
    campaign = deposit(open_november(town), town)
    stranger = browser(make_agent(Profile.REVIEWER, email="autre@example.org", all_services=False))
    assert "Sélectionnez un choix valide" in text_of(get(stranger, "invoices", campaign=campaign.pk))
