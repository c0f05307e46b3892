"""
The books on the screen: each total opens the list behind it, and both agree to the cent with the accounts.
"""

import csv
import io
import re
import zipfile
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from lxml import etree, html
from pypdf import PdfReader

from obole.books.models import ClosingPdf
from obole.books.queries import balances as trial, general_ledger
from obole.books.queries.developments import Age, Development
from obole.books.rules import BY_INVOICE, BY_RECEIPT, Period
from obole.lib import dates, money
from obole.payments import operations as payments
from obole.payments.models import Receipt, Reversal
from obole.regies import ledger, queries as regies
from obole.regies.accounts import Account
from obole.regies.models import Entry
from tests.books import check_books
from tests.crm.desk import Desk, bill, browser, get, make_desk, text_of, url
from tests.world import WHO, handed, later, make_invoice

pytestmark = pytest.mark.django_db

TAKEN = {"cash": 12_00, "cheque": 31_50, "terminal": 7_25, "transfer": 99_99}
"""What came in at the counter, in cents, by means; the cheque bounces the day after."""


@pytest.fixture
def desk(time_machine: Any) -> Desk:
    """A desk where money came by every means; a day later a cheque bounced."""
    time_machine.move_to(later(days=2), tick=False)
    desk = make_desk()
    for means, cents in TAKEN.items():
        take(desk, Receipt.Means(means), cents)
    cheque = Receipt.objects.get(means="cheque")
    how = {"kind": Reversal.Kind.BOUNCED, "reason": "Provision insuffisante", "actor": WHO}
    payments.reverse_receipt(receipt_id=cheque.pk, **how, at=later(days=1))
    return desk


def take(desk: Desk, means: Receipt.Means, amount: int, *, reference: str = "", payer: str = "") -> Receipt:
    invoice = bill(desk.town, amount, at=later())
    money = handed(amount, means, reference=reference, payer=payer)
    return payments.take_money(
        invoice_id=invoice.pk, money=money, request_key=f"{means}{amount}{reference}", actor=WHO, at=later(10)
    )


@pytest.fixture
def client(desk: Desk) -> Client:
    return browser(desk.town.regisseur)


def cents(text: str) -> int:
    """Read an amount as the screens write it."""
    bare = re.sub(r"[^\d,−-]", "", text).replace("−", "-")
    return int(bare.replace(",", ""))


def figures(response: Any, key: str) -> list[tuple[str, str, list[str]]]:
    """Return the rows of the table of a section: label, address, the other cells."""
    page = html.fromstring(response.content.decode())
    rows = page.xpath(f"//section[@aria-labelledby='{key}']//tbody/tr")
    return [
        (
            row[0].text_content().strip(),
            (row[0].xpath(".//a/@href") or [""])[0],
            [cell.text_content().strip() for cell in row[1:]],
        )
        for row in rows
    ]


def foot(response: Any, key: str) -> list[str]:
    page = html.fromstring(response.content.decode())
    [row] = page.xpath(f"//section[@aria-labelledby='{key}']//tfoot/tr")
    return [cell.text_content().strip() for cell in row[1:]]


def follow(client: Client, name: str, args: tuple[object, ...], address: str) -> Any:
    """Open an address of a page, relative or whole."""
    parts = urlsplit(address)
    answer = client.get(parts.path or url(name, *args), parse_qs(parts.query, keep_blank_values=True))
    assert answer.status_code == 200, address
    return answer


@pytest.mark.parametrize("name", ["receipts", "book_journal"])
def test_each_total_of_what_came_in_opens_its_list_which_comes_to_it(desk: Desk, client: Client, name: str) -> None:
    args = () if name == "receipts" else (desk.town.regie.pk,)
    page = get(client, name, *args)
    online = sum(Receipt.objects.filter(means__in=["card", "debit"]).values_list("cents", flat=True))
    whole = [cents(cell) for cell in foot(page, "moyens")[1:]]
    assert whole == [online + sum(TAKEN.values()), 31_50, online + sum(TAKEN.values()) - 31_50]
    assert [cents(cell) for cell in foot(page, "jours")[1:]] == whole
    for key in ("moyens", "jours"):
        for label, address, cells in figures(page, key):
            behind = follow(client, name, args, address)
            assert foot(behind, key)[-1] == cells[-1], label
            assert foot(behind, "moyens")[0] == cells[0], label
            assert f"{cells[0]} mouvements" in text_of(behind).replace(" mouvement ", " mouvements ")
    held = {account: sums for account, sums in regies.balances(desk.town.regie).items() if account in regies.HELD}
    assert whole[-1] == sum(held.values()), "nothing has left yet: what came in is what is held"
    check_books()


def test_what_was_taken_back_is_a_line_of_its_own_on_its_day(desk: Desk, client: Client) -> None:
    page = get(client, "book_journal", desk.town.regie.pk, means="cheque")
    said = text_of(page)
    assert "Chèque impayé" in said and "repris depuis" in said and "−31,50" in said.replace("-31,50", "−31,50")
    assert "net 0,00 €, dont 31,50 € repris" in said
    day = get(client, "book_journal", desk.town.regie.pk, first="2026-11-26", last="2026-11-26")
    assert "1 mouvements — net" in text_of(day) and foot(day, "jours")[-1].replace("−", "-") == "-31,50"
    for fate, count in (("yes", 2), ("no", len(TAKEN) - 1 + 2)):
        listed = get(client, "book_journal", desk.town.regie.pk, came_back=fate)
        assert foot(listed, "moyens")[0] == str(count), fate


def test_the_home_page_the_regie_and_the_picture_say_the_same(desk: Desk, client: Client) -> None:
    """F13: the month and both plots were what came, whatever was taken back."""
    regie = desk.town.regie
    net = sum(regies.received_by_day([regie], first=date(2026, 11, 1), last=date(2026, 11, 30)).values())
    journal = foot(get(client, "book_journal", regie.pk), "moyens")
    assert cents(journal[-1]) == net
    said = money.euros(net).replace("\u202f", " ").replace("\u00a0", " ")
    assert said in text_of(get(client, "home"))
    assert f"derniers jours : {said}" in text_of(get(client, "regie", regie.pk))
    assert f"nets de ce qui a été repris : {said}" in text_of(get(client, "book_pictures", regie.pk))


def test_the_figures_of_the_pictures_open_what_they_come_to(desk: Desk, client: Client) -> None:
    regie = desk.town.regie
    page = get(client, "book_pictures", regie.pk)
    tree = html.fromstring(page.content.decode())
    opened = 0
    for cell in tree.xpath("//section//table[contains(@class, 'stack')]//td[a]"):
        [address] = cell.xpath("./a/@href")
        behind = follow(client, "book_pictures", (regie.pk,), address)
        wanted = cents(cell.text_content())
        if not wanted:
            continue
        assert wanted in {abs(found) for found in _foots(behind)} | set(_foots(behind)), address
        opened += 1
    assert opened > 10


def _foots(page: Any) -> list[int]:
    tree = html.fromstring(page.content.decode())
    cells = [cell.text_content().strip() for cell in tree.xpath("//tfoot//td")]
    return [cents(cell) for cell in cells if "," in cell]


def test_the_balance_opens_its_accounts_and_both_sides_are_equal(desk: Desk, client: Client) -> None:
    regie = desk.town.regie
    page = get(client, "book_balance", regie.pk)
    opening = [cents(cell) for cell in foot(page, "balance")]
    assert opening[2] == opening[3] > 0 and opening[4] == opening[5] > 0
    rows = figures(page, "balance")
    assert {label for label, _address, _cells in rows} >= {"Factures émises", "Caisse", "Recettes à classer"}
    for label, address, cells in rows:
        behind = follow(client, "book_balance", (regie.pk,), address)
        debit, credit, balance = foot(behind, "compte")
        assert (debit, credit) == tuple(cells[2:4]), label
        assert cents(balance) == cents(cells[4] or cells[5] or "0,00"), label


def test_a_past_date_is_what_the_books_were_that_day(desk: Desk, client: Client) -> None:
    regie = desk.town.regie
    before = trial.trial_balance(regie, Period(date(2026, 1, 1), date(2026, 11, 25)))
    make_invoice(desk.town, meals=9, at=later(days=1))
    after = trial.trial_balance(regie, Period(date(2026, 1, 1), date(2026, 11, 25)))
    assert before == after
    page = get(client, "book_balance", regie.pk, first="2026-09-01", last="2026-09-30")
    assert "Factures émises" in text_of(page), "an invoice of sixty days ago"
    assert "Arrêtée" in text_of(page), "it was closed up to the end of October"


@pytest.mark.parametrize("days", [0, 1, 2])
def test_the_pieces_of_every_balance_come_to_it_at_any_date(desk: Desk, days: int) -> None:
    regie, day = desk.town.regie, dates.day_of(later(days=days))
    for account in Account:
        sums = trial.account_sums(regie, account, Period(day, day))
        if account not in BY_INVOICE | BY_RECEIPT:
            continue
        opened = Development(regie, account, day)
        count, total = opened.total()
        pieces = opened.pieces()
        assert (len(pieces), sum(piece.cents for piece in pieces)) == (count, total)
        assert total == sums.closing, account
        assert {piece.kind for piece in pieces} <= {"invoice" if account in BY_INVOICE else "receipt"}, account


def test_the_pieces_are_those_that_wait(desk: Desk, client: Client) -> None:
    regie, today = desk.town.regie, dates.day_of(later(days=2))
    due = {piece.key: piece.cents for piece in Development(regie, Account.RECEIVABLE, today).pieces()}
    cheque = Receipt.objects.get(means="cheque")
    assert due[cheque.invoice_id] == 31_50, "it is due again"
    assert due[desk.late.pk] == desk.late.total_cents and desk.paid.pk not in due
    day_before = {piece.key for piece in Development(regie, Account.RECEIVABLE, today - timedelta(days=2)).pieces()}
    assert cheque.invoice_id not in day_before, "it was paid that day"
    cheques = {piece.key for piece in Development(regie, Account.CHEQUES, today - timedelta(days=2)).pieces()}
    assert cheques == {cheque.pk}
    [odd] = Development(regie, Account.SUSPENSE, today).pieces()
    assert odd.key == desk.odd_attempt.receipt.pk
    page = text_of(get(client, "book_developments", regie.pk, account="suspense"))
    assert desk.odd_attempt.receipt.number in page and "prévenez l’exploitant" not in page


def test_what_the_bank_credited_leaves_the_account_in_instance(desk: Desk) -> None:
    regie, today = desk.town.regie, dates.day_of(later(days=2))
    cards = Receipt.objects.filter(means__in=["card", "terminal"])
    payments.clear_receipts(
        regie_id=regie.pk,
        receipt_ids=[item.pk for item in cards if item.means == "card"],
        cause=ledger.Cause(kind="clearing", key="1"),
        label="REMISE CB",
        actor=WHO,
        at=later(days=2),
    )
    pieces = Development(regie, Account.CARD_CLEARING, today).pieces()
    assert [(piece.kind, piece.key) for piece in pieces] == [("receipt", cards.get(means="terminal").pk)]
    assert sum(piece.cents for piece in pieces) == regies.balances(regie)["card_clearing"]


def test_ages_are_counted_from_the_day_that_is_asked_for(desk: Desk, client: Client) -> None:
    regie, today = desk.town.regie, dates.day_of(later(days=2))
    ages = Development(regie, Account.RECEIVABLE, today).by_age()
    assert sum(total for total, _count in ages.values()) == regies.balances(regie)["receivable"]
    late = (today - desk.late.due_date).days
    assert ages[Age.MONTH if late <= 30 else Age.TWO_MONTHS][0] >= desk.late.total_cents
    for age, (total, count) in ages.items():
        opened = Development(regie, Account.RECEIVABLE, today, age)
        assert opened.total() == (count, total)
        page = get(client, "book_developments", regie.pk, account="receivable", age=age.value)
        assert cents(foot(page, "pieces")[-1]) == total


def test_the_grand_livre_opens_with_what_was_before_and_runs_to_the_balance(desk: Desk, client: Client) -> None:
    regie = desk.town.regie
    page = get(client, "book_ledger", regie.pk, account="receivable", first="2026-11-01", last="2026-11-27")
    rows = figures(page, "compte")
    assert rows[0][0] == "Solde au début de la période" and cents(rows[0][2][-1]) == desk.late.total_cents
    running = cents(rows[0][2][-1])
    for number, address, cells in rows[1:]:
        _at, _cause, _nature, debit, credit, balance = cells
        running += cents(debit or "0,00") - cents(credit or "0,00")
        assert cents(balance) == running, number
        assert "Place dans la chaîne" in text_of(follow(client, "book_ledger", (regie.pk,), address))
    assert running == regies.balances(regie)["receivable"] == cents(foot(page, "compte")[-1])


def test_any_page_of_the_grand_livre_begins_where_the_one_before_ended(
    desk: Desk, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    regie, period = desk.town.regie, Period(date(2026, 1, 1), date(2026, 12, 31))
    whole = list(general_ledger.account_lines(regie, Account.RECEIVABLE, period))
    monkeypatch.setattr(general_ledger, "ROWS", 4)
    last = 0
    seen = []
    pages = general_ledger.account_page(regie, Account.RECEIVABLE, period).pages
    assert pages > 3
    for number in range(1, pages + 1):
        page = general_ledger.account_page(regie, Account.RECEIVABLE, period, number=number)
        assert page.carried == last
        seen += [(one.line.pk, one.balance) for one in page.lines]
        last = page.lines[-1].balance
    assert seen == [(one.line.pk, one.balance) for one in whole]
    far = general_ledger.account_page(regie, Account.RECEIVABLE, period, number=10**7)
    assert far.number == pages
    assert "Report de la page précédente" in text_of(get(client, "book_ledger", regie.pk, page="2"))


def test_quittances_are_all_there_by_their_number(desk: Desk, client: Client) -> None:
    regie = desk.town.regie
    page = get(client, "book_quittances", regie.pk)
    said = text_of(page)
    assert f"{len(TAKEN)} quittances — {sum(TAKEN.values()) // 100}" in said and "dont 31,50 € repris depuis" in said
    assert "Q-2026-000001" in said and "Q-2026-000004" in said
    assert "26/11/2026 Chèque impayé" in said
    for key in ("moyens", "jours"):
        for label, address, cells in figures(page, key):
            assert foot(follow(client, "book_quittances", (regie.pk,), address), key)[-1] == cells[-1], label


@pytest.mark.parametrize("name", ["journal", "quittances", "ledger", "balance", "developments"])
def test_each_book_is_a_file_and_a_paper_that_say_what_the_screen_says(desk: Desk, client: Client, name: str) -> None:
    regie = desk.town.regie
    lines = rows_of_csv(client, f"book_{name}_file", regie.pk)
    book = zipfile.ZipFile(io.BytesIO(client.get(url(f"book_{name}_file", regie.pk, "xlsx")).content))
    sheet = etree.fromstring(book.read("xl/worksheets/sheet1.xml"))
    assert not sheet.findall(".//{*}f"), "a cell is a formula"
    rows = sheet.findall(".//{*}row")
    assert len(rows) == len(lines) + 1, "a line of totals, that a CSV would add to what it totals"
    total = round(Decimal(rows[-1].findall("{*}c/{*}v")[-1].text) * 100)
    if name in ("journal", "quittances", "developments"):
        assert total == sum(cents(line[-1]) for line in lines[1:])
    answer = client.get(url(f"book_{name}_file", regie.pk, "pdf"))
    assert answer["Content-Type"] == "application/pdf"
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(answer.content)).pages]
    said = " ".join(" ".join(pages).split()).replace("\u202f", " ").replace("\u00a0", " ")
    assert "Régie Enfance" in said and "Ville de Valbourg" in said and "Visa du comptable public" in said
    assert f"Page 1/{len(pages)}" in said
    written = f"{abs(total) // 100:,}".replace(",", " ") + f",{abs(total) % 100:02d}"
    assert written in said


def rows_of_csv(client: Client, name: str, *args: object, **query: str) -> list[list[str]]:
    answer = client.get(url(name, *args, "csv"), query)
    assert answer.status_code == 200, answer
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text), delimiter=";"))


def test_nothing_that_somebody_typed_is_a_formula(desk: Desk, client: Client) -> None:
    hostile = '=HYPERLINK("http://x";"y")'
    take(desk, Receipt.Means.CHEQUE, 5_00, reference="+33", payer=hostile)
    assert any(f"'{hostile}" in row for row in rows_of_csv(client, "receipts_file"))
    assert any("'+33" in row for row in rows_of_csv(client, "book_quittances_file", desk.town.regie.pk))
    book = zipfile.ZipFile(io.BytesIO(client.get(url("receipts_file", "xlsx")).content))
    sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet and "HYPERLINK" in sheet
    assert "hyperlink " not in sheet
    days = etree.fromstring(sheet.encode()).xpath("//*[local-name()='row'][2]/*[local-name()='c'][1]")
    assert "t" not in days[0].attrib, "a day is a number that sorts, not a text"


HOSTILE = [
    {"first": "demain"},
    {"first": "9999-12-31", "last": "9999-12-31"},
    {"first": "0001-01-01"},
    {"first": "2026-12-31", "last": "2026-01-01"},
    {"account": "' OR 1=1 --"},
    {"account": "cash", "cause": ["receipt", "'"]},
    {"age": "1000"},
    {"day": "1-1-1"},
    {"page": "-1"},
    {"page": "99999999999999999999"},
    {"page": "0"},
    {"means": "gold"},
    {"least": "-1", "most": "beaucoup"},
    {"taken_by": "x"},
    {"came_back": "perhaps"},
    {"year": "0", "month": "13"},
    {"sort": "password"},
    {"q": "%_\\' \u0001"},
]


@pytest.mark.parametrize("asked", HOSTILE)
def test_what_makes_no_sense_is_told_and_breaks_nothing(desk: Desk, client: Client, asked: dict[str, Any]) -> None:
    regie = desk.town.regie.pk
    for name in ("journal", "quittances", "ledger", "balance", "developments", "pictures"):
        assert client.get(url(f"book_{name}", regie), asked).status_code == 200, name
        if name != "pictures":
            assert client.get(url(f"book_{name}_file", regie, "csv"), asked).status_code == 200, name
    assert client.get(url("receipts"), asked).status_code == 200


def test_a_refused_period_is_said_at_its_field(desk: Desk, client: Client) -> None:
    page = text_of(get(client, "book_balance", desk.town.regie.pk, first="2026-12-31", last="2026-01-01"))
    assert "Le dernier jour vient avant le premier" in page
    page = text_of(get(client, "book_ledger", desk.town.regie.pk, first="1999-12-31"))
    assert "Choisissez une année entre 2000 et 2100" in page
    past = text_of(get(client, "book_balance", desk.town.regie.pk, last="2025-06-30"))
    assert "du 01/01/2025 au 30/06/2025" in past, "the exercice of the day that is asked for"


def test_an_unknown_kind_of_file_is_not_there(desk: Desk, client: Client) -> None:
    assert client.get(url("book_balance_file", desk.town.regie.pk, "exe")).status_code == 404


@pytest.mark.parametrize("name", ["journal", "quittances", "ledger", "developments", "pictures", "balance"])
def test_a_book_costs_the_same_whatever_it_lists(desk: Desk, client: Client, name: str) -> None:
    asked = {"account": "receivable"}
    get(client, f"book_{name}", desk.town.regie.pk, **asked)
    few = _count(client, f"book_{name}", desk.town.regie.pk, asked)
    for at in range(6):
        take(desk, Receipt.Means.CASH, 10_00 + at)
        make_invoice(desk.town, meals=at + 1, at=later(1))
    assert _count(client, f"book_{name}", desk.town.regie.pk, asked) <= few + 1


def _count(client: Client, name: str, regie: int, asked: dict[str, str]) -> int:
    with CaptureQueriesContext(connection) as queries:
        get(client, name, regie, **asked)
    return len(queries)


def test_the_paper_of_an_arrete_shows_the_head_of_the_chain_and_is_kept(desk: Desk, client: Client) -> None:
    regie = desk.town.regie
    client.post(url("closing_new", regie.pk), {"until": "2026-11-26"})
    closing = regies.closings(regie)[0]
    head = Entry.objects.get(regie=regie, number=closing.entry_number)
    assert closing.entry_hash == head.hash and head.hash in text_of(get(client, "closing", regie.pk, closing.pk))
    answer = client.get(url("closing_pdf", regie.pk, closing.pk))
    said = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.content)).pages)
    said = " ".join(said.split()).replace("\u202f", " ").replace("\u00a0", " ")
    assert "Arrêté de journée au 26 novembre 2026" in said
    assert head.hash[:8] in said and head.hash[-8:] in said and f"n° {head.number}" in said
    assert "ENF-Q-2026-000001 à ENF-Q-2026-000004 : 4, sans lacune" in said
    assert "Encaissements de la période" in said and "31,50" in said
    paper = ClosingPdf.objects.get(closing=closing)
    again = client.get(url("closing_pdf", regie.pk, closing.pk))
    assert again.content == answer.content and ClosingPdf.objects.get() == paper


def test_a_regie_that_was_not_closed_for_forty_days_is_told(desk: Desk, client: Client, time_machine: Any) -> None:
    said = "Les comptes sont arrêtés au 26/10/2026 : plus de 40 jours."
    assert said not in text_of(get(client, "regie", desk.town.regie.pk))
    time_machine.move_to(later(days=11), tick=False)
    fresh = browser(desk.town.regisseur)
    assert said in text_of(get(fresh, "regie", desk.town.regie.pk))
