"""
The process that reads a workbook (XLSX, ODS), and nothing else: what takes too long, or too much memory, ends with it.

``read`` is called by the product; ``main`` runs in the helper, without Django: it takes a workbook, and gives the rows
of its first sheet as a CSV. What a formula shows is read, and no formula is computed.
"""

import csv
import io
import resource
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any

from python_calamine import CalamineError, load_workbook

SECONDS = 30.0
MEMORY = 1024**3
MOST_PARTS, MOST_UNPACKED = 500, 200 * 1024 * 1024
MOST_COLUMNS = 60
MOST_WRITTEN = 32 * 1024 * 1024
CHUNK = 1024 * 1024
PLAIN = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
XLSX_PART, ODS_PART, ODS_TYPE = "xl/workbook.xml", "content.xml", b"application/vnd.oasis.opendocument.spreadsheet"
UNREADABLE, TOO_LARGE = 3, 4
"""How the helper ends, where it gives no rows."""


class NotAWorkbook(Exception):
    """It is no workbook, or is damaged, or protected by a password."""


class TooLarge(Exception):
    """It unfolds to more than anybody typed."""


def is_packed(content: bytes) -> bool:
    """Tell whether a content may be a workbook: it is an archive."""
    return content.startswith(b"PK\x03\x04")


def read(content: bytes, *, most_rows: int, seconds: float = SECONDS) -> bytes:
    """
    Return the rows of the first sheet as a CSV in UTF-8; a row that is empty is an empty line, so that lines keep
    their numbers.

    :raises NotAWorkbook: if it is none.
    :raises TooLarge: if it has more rows than that, or wants too much memory or time.
    """
    check_archive(content)
    command = [sys.executable, "-m", "obole.lib.workbooks", str(most_rows)]
    try:
        done = subprocess.run(command, input=content, capture_output=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        raise TooLarge from None
    if done.returncode == TOO_LARGE or done.returncode < 0:
        # A signal ends who wants too much memory.
        raise TooLarge
    if done.returncode:
        raise NotAWorkbook
    return done.stdout


def check_archive(content: bytes) -> None:
    """
    Unpack an archive piece by piece and keep nothing of it, to know what it comes to before anything else opens it.

    :raises NotAWorkbook: if it is damaged, encrypted, or holds no sheet.
    :raises TooLarge: if it unfolds to more than ``MOST_UNPACKED``.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            if len(parts) > MOST_PARTS:
                raise TooLarge
            left = MOST_UNPACKED
            for part in parts:
                left -= _unpacked(archive, part, left)
            names = {part.filename for part in parts}
            is_ods = "mimetype" in names and archive.read("mimetype").strip() == ODS_TYPE
    except (zipfile.BadZipFile, zipfile.LargeZipFile, RuntimeError, NotImplementedError, EOFError, OSError):
        raise NotAWorkbook from None
    if XLSX_PART not in names and not (is_ods and ODS_PART in names):
        raise NotAWorkbook


def _unpacked(archive: zipfile.ZipFile, part: zipfile.ZipInfo, most: int) -> int:
    """
    Return how large a part really is.

    :raises NotAWorkbook: if it is packed in a way that no spreadsheet uses.
    :raises TooLarge: beyond ``most``.
    """
    if part.compress_type not in PLAIN:
        raise NotAWorkbook
    # What a part says of its own size is not believed: it is read to its end.
    declared, part.file_size, size = part.file_size, most + CHUNK, 0
    with archive.open(part) as opened:
        while chunk := opened.read(CHUNK):
            size += len(chunk)
            if size > most:
                raise TooLarge
    part.file_size = declared
    return size


def main() -> None:
    """Read one workbook."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (int(SECONDS), int(SECONDS)))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        sheet = load_workbook(io.BytesIO(sys.stdin.buffer.read())).get_sheet_by_index(0)
    except (CalamineError, IndexError):
        sys.exit(UNREADABLE)
    except MemoryError:
        sys.exit(TOO_LARGE)
    if sheet.total_height > int(sys.argv[1]):
        sys.exit(TOO_LARGE)
    with io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", newline="") as out:
        writer, left = csv.writer(out, delimiter=";", lineterminator="\n"), MOST_WRITTEN
        for row in _rows(sheet):
            # One text may stand in every cell: what was small packed is not small here.
            left -= sum(map(len, row)) + len(row)
            if left < 0:
                sys.exit(TOO_LARGE)
            writer.writerow(row)


def _rows(sheet: Any) -> Iterator[Sequence[str]]:
    first, _column = sheet.start or (0, 0)
    for _empty in range(first):
        yield ()
    for row in sheet.iter_rows():
        yield [_written(value) for value in row[: MOST_COLUMNS + 1]]


def _written(value: Any) -> str:
    """Write a cell as somebody would type it."""
    if isinstance(value, bool):
        return "oui" if value else "non"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return " ".join(str(value).split())


if __name__ == "__main__":
    main()
