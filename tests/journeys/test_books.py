"""
The town's books have lived: every balance opens down to its pieces, and a euro taken at random leads through its pages
to who paid it and to the bank.
"""

import re
from collections.abc import Iterator
from random import Random
from urllib.parse import urljoin

import pytest
from lxml import html

from obole_demo.tour.browser import Browser
from obole_demo.tour.people import sign_in
from tests.journeys.demo import Demo

pytestmark = pytest.mark.processes
DICE = Random(2026)
EUROS = 6
"""Receipts that are followed, in each régie and on each side."""
IN_INSTANCE = ("carte", "prélèvement", "chèque", "CESU")


@pytest.fixture(scope="module")
def desk(demo: Demo) -> Browser:
    """Return the régisseur at their screen."""
    return sign_in(Browser(demo.base), "regisseur@demo.example")


@pytest.fixture(params=["Régie Enfance et culture", "Régie Salles et domaine public"])
def regie(request: pytest.FixtureRequest, desk: Browser) -> str:
    """Return the address of a régie."""
    address: str = desk.get("/crm/regies/").link(request.param)
    return address


def cents(text: str) -> int:
    """Return an amount that a page wrote."""
    bare = re.sub(r"[^\d,−-]", "", text).replace("−", "-")
    return int(bare.replace(",", ""))


def rows_of(page: html.HtmlElement, section: str) -> list[html.HtmlElement]:
    return list(page.xpath(f"//section[@aria-labelledby='{section}']//tbody/tr[td[@data-label]]"))


def amount(row: html.HtmlElement) -> int:
    return cents(row.xpath("./td[contains(@class, 'num')]")[-1].text_content())


def pages(desk: Browser, address: str) -> Iterator[html.HtmlElement]:
    """Yield a list's pages, from the first to the last."""
    seen: set[str] = set()
    while address not in seen:
        seen.add(address)
        page = desk.get(address).page
        yield page
        after = page.xpath("//a[@rel='next']/@href")
        address = urljoin(desk.url, after[0]) if after else address


def balances(desk: Browser, regie: str) -> dict[str, tuple[int, html.HtmlElement]]:
    """Return what each account holds, with its row, by its name."""
    rows = rows_of(desk.get(f"{regie}soldes/").page, "soldes")
    return {row.find("./th").text_content().strip(): (amount(row), row) for row in rows}


def test_each_balance_is_the_sum_of_its_pieces(desk: Browser, regie: str) -> None:
    held = balances(desk, regie)
    assert {"Compte DFT", "Recettes à verser", "Factures émises"} <= set(held)
    for account, (balance, row) in held.items():
        assert balance >= 0, f"{account} holds {balance}"
        causes = row.findall(".//small")
        if causes:
            assert sum(cents(cause.xpath("text()")[-1]) for cause in causes) == balance, account
            continue
        [link] = row.xpath("./th/a/@href")
        told = list(pages(desk, urljoin(desk.url, link)))
        pieces = [piece for page in told for piece in rows_of(page, "pieces")]
        assert sum(amount(piece) for piece in pieces) == balance, account
        assert "prévenez l’exploitant" not in told[0].text_content(), account


def test_a_euro_to_be_paid_over_leads_to_its_payer_and_to_the_bank(desk: Browser, regie: str) -> None:
    _balance, row = balances(desk, regie)["Recettes à verser"]
    [link] = row.xpath("./th/a/@href")
    pieces = [piece for page in pages(desk, urljoin(desk.url, link)) for piece in rows_of(page, "pieces")]
    receipts = [piece.xpath(".//a/@href")[0] for piece in pieces]
    assert all("/encaissements/" in receipt for receipt in receipts), "it is made of receipts alone"
    for receipt in DICE.sample(receipts, min(EUROS, len(receipts))):
        follow(desk, receipt)


def test_a_euro_that_was_paid_over_leads_to_its_payer_and_to_the_bank(desk: Browser, regie: str) -> None:
    signed = desk.get(f"{regie}versements/").page.xpath("//main//tbody//a/@href")
    assert len(signed) >= 3, "a bordereau a month"
    # The last one may still be on its way.
    for bordereau in signed[1:]:
        [line] = desk.get(bordereau).expect("Viré au comptable").page.xpath("//a[contains(@href, '/lignes/')]/@href")
        desk.get(line).expect("Virement d’un bordereau de versement", "Rapprochée")
    bordereau = DICE.choice(signed)
    vouchers = f"{bordereau}pieces/"
    told = [href for page in pages(desk, vouchers) for href in page.xpath("//main//tbody//a/@href")]
    receipts = [href for href in told if "/encaissements/" in href]
    for receipt in DICE.sample(receipts, min(EUROS, len(receipts))):
        follow(desk, receipt, paid_over=True)


def follow(desk: Browser, receipt: str, *, paid_over: bool = False) -> None:
    """Go from a receipt to its payer, and to what the bank showed of it."""
    page = desk.get(receipt).page
    lines = page.xpath("//main//a[contains(@href, '/lignes/')]/@href")
    means = page.xpath("//main//dl//dd")[0].text_content()
    if paid_over and any(word in means for word in IN_INSTANCE):
        assert lines, f"{receipt} was paid over and no line of the bank shows it"
    for line in lines:
        desk.get(line).expect("Rapprochée")
    [*_more, invoice] = page.xpath("//main//section[@aria-labelledby='imputations']//a/@href")
    desk.get(invoice)
    desk.get(desk.page.xpath("//main//a[contains(@href, '/usagers/')]/@href")[0])


def test_this_month_has_work_left(desk: Browser, regie: str) -> None:
    desk.get(f"{regie}rapprochement/").expect("À rapprocher (", "Rapproché (", "Seulement à la banque")
    assert int(re.findall(r"À rapprocher \((\d+)\)", desk.text)[0]) >= 1
    assert int(re.findall(r"Rapproché \((\d+)\)", desk.text)[0]) >= 20
    desk.get(f"{regie}caisse/").expect("Compter et arrêter")
    desk.get(f"{regie}soldes/").expect("Cartes en instance")
    desk.get("/crm/a-traiter/").expect("À traiter")
