"""« Pourquoi ce montant ? »: what the payer reads under each line, without JavaScript, and only of what is theirs."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from lxml import html

from obole.billing import operations as billing
from obole.pricing.model.parts import Pricing
from tests.billing.priced import FAMILY, bill, publish
from tests.pricing.build import fixed, line, product
from tests.pricing.dispositifs import SCHOOL, TAXED_HALL
from tests.world import NOON, WHO, Town, make_citizen, make_dossier, make_old_draft, make_town

pytestmark = pytest.mark.django_db


@pytest.fixture
def town() -> Town:
    return make_town()


@pytest.fixture
def client(town: Town) -> Client:
    client = Client()
    client.force_login(town.citizen.user)
    return client


def read(client: Client, public_id: str, language: str = "fr") -> str:
    answer = client.get(f"/mes-factures/{public_id}/", headers={"accept-language": language})
    assert answer.status_code == 200
    page = html.fromstring(answer.content.decode())
    return " ".join(" ".join(page.xpath("//main//text()")).replace("\u202f", " ").replace("\u00a0", " ").split())


def test_each_line_says_why(town: Town, client: Client) -> None:
    invoice = bill(town, publish(town))
    page = read(client, invoice.public_id)
    assert page.count("Pourquoi ce montant ?") == 5
    assert "Quotient familial : 842, tranche 701–1000." in page and "158,88 €" in page
    assert "Tarifs : délibération n° 2026-41 du 12/06/2026 (Enfance, Hors delai)." in page
    assert "Exonération – article 261, 4, 4° du CGI" in page


def test_it_is_a_details_element_that_needs_no_script(town: Town, client: Client) -> None:
    invoice = bill(town, publish(town))
    page = html.fromstring(client.get(f"/mes-factures/{invoice.public_id}/").content.decode())
    folded = page.xpath("//td//details[not(@open)]")
    assert len(folded) == 5 and all(item.xpath("./summary") and item.xpath("./ol/li") for item in folded)


def test_vat_stands_under_the_lines(town: Town, client: Client) -> None:
    page = read(client, bill(town, publish(town, TAXED_HALL), {}).public_id)
    assert "Total HT 450,00 €" in page and "TVA 20 % sur 450,00 € 90,00 €" in page and "Total TTC 540,00 €" in page


def test_an_invoice_that_no_pricing_made_says_nothing_more(town: Town, client: Client) -> None:
    invoice = billing.issue_invoice(invoice_id=make_old_draft(town).pk, actor=WHO, at=NOON)
    page = read(client, invoice.public_id)
    assert "Pourquoi" not in page and "Tarifs :" not in page and "Total 49,60 €" in page


def test_hostile_answers_are_shown_as_text(town: Town, client: Client) -> None:
    rows = [{"prenom": "<script>alert(1)</script>", "repas": "2"}]
    invoice = bill(town, publish(town), {**FAMILY, "enfants": rows})
    assert "<script>alert(1)" not in client.get(f"/mes-factures/{invoice.public_id}/").content.decode()
    assert "<script>alert(1)</script> — Repas" in read(client, invoice.public_id)


def test_nobody_reads_the_reasons_of_another(town: Town) -> None:
    invoice = bill(town, publish(town))
    stranger = Client()
    stranger.force_login(make_citizen("autre@example.org").user)
    assert stranger.get(f"/mes-factures/{invoice.public_id}/").status_code == 404


def test_the_reasons_stay_when_the_pricing_changes(town: Town, client: Client) -> None:
    invoice = bill(town, publish(town))
    before = read(client, invoice.public_id)
    publish(town, Pricing(tariffs=(fixed("a", 100),), products=(product("a"),), lines=(line("a"),)))
    assert read(client, invoice.public_id) == before


def test_forty_lines_cost_no_more_queries_than_one(town: Town, client: Client) -> None:
    version = publish(town, SCHOOL)
    small = bill(town, version, {**FAMILY, "enfants": [{"repas": "1"}]}, key="a")
    rows = [{"repas": "1", "soirs": "2"}] * 20
    large = bill(town, version, {**FAMILY, "enfants": rows}, dossier=make_dossier(town), key="b")
    read(client, small.public_id)
    counts = []
    for invoice in (small, large):
        with CaptureQueriesContext(connection) as asked:
            read(client, invoice.public_id)
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 22
