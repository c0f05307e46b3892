"""Files of banks, good and hostile: read whole, or refused in a sentence that names the line."""

from datetime import date

import pytest

from obole.bank_statements.rules import camt, cells, csv_files, layouts
from obole.bank_statements.rules.readings import Reading, Unreadable, keyed
from tests.bank_statements import files
from tests.bank_statements.files import Said
from tests.spaces import plain

TODAY = date(2026, 11, 30)
D = date(2026, 11, 25)
LINES: list[Said] = [
    (date(2026, 11, 24), 123_456, "VIR PAYFIP du 23/11 – Régie"),
    (D, -1_250, "COMMISSION CARTES"),
    (D, 5_200, "VIR MME LEFÈVRE ENF-2026-000001"),
]


def from_csv(content: bytes, *, kind: str = "account") -> Reading:
    table = csv_files.read_table(content)
    return layouts.read(kind, table, layouts.guess(kind, table), today=TODAY)


def said(reading: Reading) -> list[Said]:
    return [(line.day, line.cents, line.label) for line in reading.lines]


def refusal(content: bytes, *, kind: str = "account") -> str:
    with pytest.raises(Unreadable) as refused:
        camt.read(content, today=TODAY) if camt.is_xml(content) else from_csv(content, kind=kind)
    return plain(refused.value)


def test_three_layouts_say_the_same_lines() -> None:
    assert said(from_csv(files.with_two_columns(LINES, before=100))) == LINES
    assert said(from_csv(files.with_a_sign(LINES))) == LINES
    assert sorted(said(from_csv(files.newest_first(LINES, before=100)))) == sorted(LINES)


def test_balances_beside_the_lines_are_followed_whichever_comes_first() -> None:
    for write in (files.with_two_columns, files.newest_first):
        reading = from_csv(write(LINES, before=100))
        assert (reading.opening_cents, reading.closing_cents) == (100, 100 + 127_406)
        assert reading.difference_cents == 0
    wrong = files.with_two_columns(LINES, before=100).replace(b"1223,06", b"1223,07")
    assert "Ligne 6" in refusal(wrong) and "solde ne suit pas" in refusal(wrong)


@pytest.mark.parametrize("version", ["02", "04", "08", "13"])
def test_camt_of_any_version_is_read_by_its_names(version: str) -> None:
    [reading] = camt.read(files.camt(LINES, version=version, before=100), today=TODAY)
    assert said(reading) == LINES
    assert (reading.account, reading.opening_cents, reading.closing_cents) == (files.IBAN, 100, 127_506)
    assert (reading.first_day, reading.last_day, reading.difference_cents) == (date(2026, 11, 24), D, 0)
    assert "R000001" in reading.lines[1].details


def test_what_the_bank_has_not_booked_is_left_out_and_a_day_without_movement_is_a_statement() -> None:
    pending = files.camt(LINES).replace(b"<Sts>BOOK</Sts>", b"<Sts>PDNG</Sts>", 1)
    [reading] = camt.read(pending, today=TODAY)
    assert (len(reading.lines), reading.left_out, reading.difference_cents) == (2, 1, 123_456)
    [quiet] = camt.read(files.camt([], before=500), today=TODAY)
    assert (quiet.lines, quiet.opening_cents, quiet.closing_cents) == ((), 500, 500)


def test_why_a_debit_comes_back_is_read() -> None:
    [reading] = camt.read(files.camt(LINES, reason="AM04"), today=TODAY)
    assert [line.reason_code for line in reading.lines] == ["", "AM04", ""]


def test_payfip_s_list_is_read_the_same_way() -> None:
    [payment] = from_csv(files.payfip_list([("ENF2026000001", 5_200, D, D)]), kind="payfip").payments
    assert (payment.reference, payment.cents, payment.day, payment.credited_on) == ("ENF2026000001", 5_200, D, D)
    assert payment.authorisation == "A1"


@pytest.mark.parametrize(
    ("text", "cents"),
    [
        ("1 234,56", 123_456),
        ("1\u202f234,56 €", 123_456),
        ("1.234,56", 123_456),
        ("1,234.56", 123_456),
        ("-12.5", -1_250),
        ("\N{MINUS SIGN}12,50", -1_250),
        ("12,50-", -1_250),
        ("+5", 500),
        ("-0,00", 0),
        ("0", 0),
        ("1234567,8 EUR", 123_456_780),
    ],
)
def test_amounts(text: str, cents: int) -> None:
    assert cells.cents_of(text) == cents


@pytest.mark.parametrize(
    "text", ["", "=1+1", "@SUM(A1)", "1,234", "1.234", "12,345", "1 23,00", "--5", "-5-", "1e5", "٣", "NaN", "9" * 30]
)
def test_what_is_no_amount_is_none(text: str) -> None:
    with pytest.raises(cells.NotThis):
        cells.cents_of(text)


@pytest.mark.parametrize("text", ["25/11/2026", "25.11.26", "2026-11-25", "20261125", "2026-11-25T08:00:00+01:00"])
def test_days(text: str) -> None:
    assert cells.day_of(text) == D


@pytest.mark.parametrize("text", ["", "31/02/2026", "25/13/2026", "1899-01-01", "25 novembre", "=TODAY()", "٣/١/٢٠٢٦"])
def test_what_is_no_day_is_none(text: str) -> None:
    with pytest.raises(cells.NotThis):
        cells.day_of(text)


def test_a_formula_in_a_label_is_a_text_and_in_an_amount_is_refused() -> None:
    hostile = files.with_a_sign([(D, 500, "=cmd|'/C calc'!A0")])
    assert from_csv(hostile).lines[0].label == "=cmd|'/C calc'!A0"
    said_of = refusal(b"Date;Libelle;Montant\n25/11/2026;x;=1+1\n")
    assert "Ligne 2" in said_of and "« =1+1 » n’est pas un montant" in said_of


def test_a_negative_zero_moves_nothing() -> None:
    reading = from_csv("Date;Libellé;Montant\n25/11/2026;Info;-0,00\n25/11/2026;Vrai;1,00\n".encode())
    assert (said(reading), reading.left_out) == ([(D, 100, "Vrai")], 1)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "vide"),
        (b"\n\n;;;\n", "vide"),
        (b"PK\x03\x04rest of a workbook", "classeur"),
        ("Date;Libellé\n25/11/2026;é".encode("utf-16"), "lettres"),
        (b"Date;Libell\x81;Montant\n25/11/2026;x;1,00", "lettres"),
        (b"12/11/2026;13,00\n13/11/2026;14,00\n", "titres"),
        (b"Date;Libelle;Montant\n31/02/2026;x;1,00\n", "Ligne 2"),
        (b"Date;Libelle;Montant\n25/11/2026;x;1,00\n;y;2,00\n26/11/2026;z;1,00\n", "Ligne 3 : pas de date"),
        (b"Date;Libelle;Montant\n25/11/2036;x;1,00\n", "avenir"),
        (b"Date;Libelle;Montant\n;x;1,00\n", "Aucune ligne n"),
        (b"Date;Libelle;Montant\n25/11/2026;x;0,00\n", "Aucune ligne n"),
        (b"Date;Libelle;Debit;Credit\n25/11/2026;x;1,00;2,00\n", "Ligne 2 : un débit et un crédit"),
        (b"Date;Libelle;Debit;Credit\n25/11/2026;x;;-2,00\n", "Ligne 2 : un crédit négatif"),
        (b'Date;Libelle;Montant\n25/11/2026;"x;1,00\n', "Ligne 2"),
        (b"Date;Libelle;Montant\n" + b"a" * 200_000 + b";b;c\n", "Ligne 2"),
        (b"Date;Libelle" + b";" * 100 + b"\n25/11/2026;x\n", "Ligne 1"),
        (b"Date;Libelle;Montant\n" + b"25/11/2026;x;1,00\n" * 50_001, "50000 lignes"),
        (b"Date;Libelle;Montant\n" + b"25/11/2026;" + b"x" * 50_000_000 + b";1,00\n", "trop lourd"),
    ],
    ids=range(18),
)
def test_a_bad_csv_is_refused_in_a_sentence(content: bytes, words: str) -> None:
    assert words in refusal(content)


XXE = """<?xml version="1.0"?><!DOCTYPE Document [<!ENTITY secret SYSTEM "file:///etc/passwd">]>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"><a>&secret;</a></Document>"""
LAUGHS = """<?xml version="1.0"?><!DOCTYPE Document [<!ENTITY a "ha">MORE]>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"><a>&k;</a></Document>"""
MORE = "".join(
    f'<!ENTITY {name} "{f"&{before};" * 10}">' for before, name in zip("abcdefghij", "bcdefghijk", strict=True)
)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (XXE.encode(), "ses propres entités"),
        (LAUGHS.replace("MORE", MORE).encode(), ""),
        (XXE.encode("utf-16"), ""),
        (b'<!DOCTYPE x SYSTEM "http://127.0.0.1/x.dtd"><x/>', "entités"),
        (b"<Document", "mal formé"),
        (files.camt(LINES)[:-200], "mal formé"),
        (b"<html/>", "n’est pas un relevé CAMT.053"),
        (files.camt(LINES).replace(b"camt.053", b"camt.052"), "provisoire"),
        (files.camt(LINES).replace(b'Ccy="EUR">12.50', b'Ccy="USD">12.50'), "Ligne 8"),
        (files.camt(LINES).replace(b">12.50<", b">-12.50<"), "ne se lit pas"),
        (files.camt(LINES).replace(b">12.50<", b">12.505<"), "deux décimales"),
        (files.camt(LINES).replace(b"<CdtDbtInd>DBIT</CdtDbtInd>", b""), "crédit ou un débit"),
        (files.camt(LINES).replace(b"2026-11-25</Dt></BookgDt>", b"2026-02-31</Dt></BookgDt>"), "Ligne 8"),
        (b"<" + b" " * 50_000_000, "trop lourd"),
        (b"<a>" * 5_000 + b"</a>" * 5_000, "mal formé"),
    ],
    ids=range(15),
)
def test_a_bad_xml_is_refused_in_a_sentence_and_reads_no_other_file(content: bytes, words: str) -> None:
    sentence = refusal(content)
    assert words in sentence and "root:" not in sentence


def test_two_lines_that_say_the_same_are_two() -> None:
    twice = from_csv(files.with_a_sign([(D, 500, "VIR"), (D, 500, "VIR"), (D, 500, "Autre")]))
    assert [rank for _key, rank, _row in keyed(twice.lines)] == [1, 2, 1]
    again = from_csv(files.with_two_columns([(D, 500, "vir"), (D, 500, "Vir ")]))
    assert [key for key, _rank, _row in keyed(again.lines)] == [key for key, _rank, _row in keyed(twice.lines)][:2]


def test_a_layout_says_what_it_lacks_and_a_column_that_left_is_named() -> None:
    assert layouts.missing("account", {"day": "Date"}) == ["label", "cents"]
    assert layouts.missing("account", {"day": "a", "label": "b", "debit": "c", "credit": "d"}) == []
    table = csv_files.read_table(files.with_a_sign(LINES))
    with pytest.raises(Unreadable, match="«.Montant net.» n’est pas dans ce fichier"):
        layouts.read("account", table, {"day": "Date", "label": "Motif", "cents": "Montant net"}, today=TODAY)
