"""What a software writes as a table: letters, separators, lines and their numbers."""

from datetime import date

import pytest

from obole.lib import dates, table_files, texts
from obole.lib.table_files import BrokenLine, NotText, TableText


def rows(text: str) -> list[tuple[int, tuple[str, ...]]]:
    return list(TableText(text, table_files.delimiter_of(text)).rows())


@pytest.mark.parametrize("content", ["Né;é\r\n".encode(), "\ufeffNé;é\n".encode(), "Né;é\r".encode("cp1252")])
def test_letters_are_recognised(content: bytes) -> None:
    assert table_files.read_text(content) == "Né;é\n"


@pytest.mark.parametrize("content", [b"\x00\x01;a\n", b"\x81\xff\x8d;a\n"])
def test_what_has_no_letters_is_refused(content: bytes) -> None:
    with pytest.raises(NotText):
        table_files.read_text(content)


@pytest.mark.parametrize("mark", [";", ",", "\t", "|"])
def test_the_separator_is_found_and_lines_keep_the_numbers_of_a_spreadsheet(mark: str) -> None:
    text = f'a{mark}b\n\n"c{mark}\nd"{mark}e\n{mark}\nf{mark}g'
    assert rows(text) == [(1, ("a", "b")), (3, (" ".join(f"c{mark} d".split()), "e")), (5, ("f", "g"))]


def test_a_quotation_mark_that_is_not_closed_names_its_line() -> None:
    with pytest.raises(BrokenLine) as broken:
        rows('a;b\n"c;d\ne;f\n')
    assert broken.value.line == 2


@pytest.mark.parametrize("text", ["Léa", "  a  b ", "e\u0301", "a\u202eb", "a\tb\nc", "a\u00a0b", "=cmd", "", "\u200b"])
def test_a_clean_line_is_the_same_by_both_ways(text: str) -> None:
    assert texts.clean_line(text) == texts.clean_line(f"{text}\u200b")


@pytest.mark.parametrize("typed", ["23/11/2026", "23.11.26", "2026-11-23T00:00:00", "20261123"])
def test_a_day_is_read_as_softwares_write_it(typed: str) -> None:
    assert dates.read_day(typed) == date(2026, 11, 23)


@pytest.mark.parametrize("typed", ["", "31/11/2026", "23/11", "1926-11-23", "²3/11/2026", "45984", "demain"])
def test_what_is_no_day_is_none(typed: str) -> None:
    assert dates.read_day(typed) is None
