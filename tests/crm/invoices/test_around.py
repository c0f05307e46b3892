"""An invoice that was opened from a list leads back to it as it was, and to the rows beside."""

import re
from urllib.parse import quote

import pytest
from django.test import Client

from tests.crm.desk import browser, get, text_of, url
from tests.world import Town, make_invoice

pytestmark = pytest.mark.django_db


def test_a_list_is_walked_without_losing_it(town: Town, client: Client) -> None:
    small, middle, large = (make_invoice(town, meals=meals) for meals in (1, 2, 3))
    page = get(client, "invoices", sort="-total_cents", amount_from="1").content.decode()
    address = re.findall(r'href="(/crm/factures/\d+/\?liste=[^"]*)"', page)[1].replace("&amp;", "&")
    opened = client.get(address)
    assert f"Précédente : {large.number}" in text_of(opened) and f"Suivante : {small.number}" in text_of(opened)
    assert 'href="/crm/factures/?sort=-total_cents&amp;amount_from=1"' in opened.content.decode()
    follow = re.search(r'href="([^"]*)" rel="next"', opened.content.decode())
    assert follow is not None
    last = client.get(follow[1].replace("&amp;", "&"))
    assert f"Précédente : {middle.number}" in text_of(last) and "Suivante :" not in text_of(last)


def test_without_a_list_there_is_only_the_way_back(town: Town, client: Client) -> None:
    page = get(client, "invoice", make_invoice(town).pk)
    assert "Suivante :" not in text_of(page) and 'class="back" href="/crm/factures/"' in page.content.decode()


@pytest.mark.parametrize("kept", ["", "status=zzz", "sort=nothing", "page=a.x", "a" * 5000, "\0", "q=%00"])
def test_whatever_the_address_keeps_the_page_is_shown(town: Town, client: Client, kept: str) -> None:
    one = make_invoice(town)
    assert client.get(f"{url('invoice', one.pk)}?liste={quote(kept)}").status_code == 200


def test_the_rows_beside_are_those_that_the_agent_sees(town: Town) -> None:
    first, second = make_invoice(town), make_invoice(town)
    page = browser(town.agent).get(f"{url('invoice', first.pk)}?liste=")
    assert second.number is not None and second.number in text_of(page)
