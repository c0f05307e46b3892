"""
PDF documents, by typst: archivable (PDF/A-3a), accessible (PDF/UA-1), and the same bytes for the same data.

Templates are written by developers. What people write reaches them as data: JSON that is never evaluated.
"""

import json
import logging
import struct
import tempfile
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import font_source_sans_pro
import typst

from obole.lib.transactions import forbid_transaction

FONT_FILES = tuple(
    Path(font_source_sans_pro.font_directory) / f"SourceSansPro-{face}.otf" for face in ("Regular", "Semibold", "Bold")
)
STANDARDS: "list[typst.PDFStandard]" = ["a-3a", "ua-1"]
SUBSTITUTE = "\u2610"
# Line ends and hyphens that the font lacks, and nothing else with a meaning is lost by them.
_REPLACED = {"\n": "\n", "\t": " ", "\u2028": "\n", "\u2029": "\n", "\u2010": "-", "\u2011": "-"}

logger = logging.getLogger(__name__)


class DocumentNotRendered(Exception):
    """The document could not be made; the message is typst's, hints included."""


def render(
    template: Sequence[Path], data: Mapping[str, Any], *, images: Mapping[str, bytes], timestamp: datetime
) -> bytes:
    """
    Make a PDF outside any transaction.

    :param template: the file to compile, then those that it imports, by their names.
    :param data: what the template reads with ``json(bytes(sys.inputs.data))``; texts are made legible first.
    :param images: what the template reads with ``read(name, encoding: none)``.
    :param timestamp: the date written in the PDF, to the second.
    :raises DocumentNotRendered: with typst's message.
    """
    main, *_ = template
    files = {**{path.name: path.read_bytes() for path in template}, **images}
    inputs = {"data": json.dumps(_legible(data))}
    with forbid_transaction("rendering a PDF"):
        return _compile(main.name, files, inputs, timestamp)


def legible(text: str) -> str:
    """
    Return the text in characters that the font has, since under PDF/A a single missing glyph fails the document.

    Control and invisible characters go, line breaks stay, an accent that the font lacks leaves its letter bare, and any
    other unknown character becomes a visible ``☐``: a gap would be read as if nothing had been written there.
    """
    unified = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    if _plain_characters().issuperset(unified):
        return unified
    return "".join(_legible_character(character) for character in unified)


def _compile(main: str, files: Mapping[str, bytes], inputs: dict[str, str], timestamp: datetime) -> bytes:
    with tempfile.TemporaryDirectory(prefix="obole-pdf-") as directory:
        # Typst reads nothing outside its root: neither a template nor an image can show a file of the machine.
        root = Path(directory) / "root"
        root.mkdir()
        for name, content in files.items():
            (root / name).write_bytes(content)
        try:
            document, warnings = typst.compile_with_warnings(
                str(root / main),
                root=str(root),
                ignore_system_fonts=True,
                font_paths=_fonts(Path(directory) / "fonts"),
                sys_inputs=inputs,
                pdf_standards=STANDARDS,
                timestamp=timestamp.astimezone(UTC).replace(microsecond=0),
            )
        except typst.TypstError as error:
            raise DocumentNotRendered(" ".join([error.message, *error.hints])) from error
    for warning in warnings:
        logger.warning("typst: %s", warning.message)
    return bytes(document)


def _fonts(directory: Path) -> typst.Fonts:
    """
    Offer our three faces and no other.

    Typst takes folders only, and reads the files late: a folder gone before the end leaves a document without text.
    The wheel's own folder has every face twice (.otf and .ttf), and the order on the disk would choose between them.
    """
    directory.mkdir()
    for path in FONT_FILES:
        (directory / path.name).symlink_to(path)
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(directory)])


def _legible(value: Any) -> Any:
    if isinstance(value, str):
        return legible(value)
    if isinstance(value, Mapping):
        return {key: _legible(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_legible(item) for item in value]
    return value


def _legible_character(character: str) -> str:
    category = unicodedata.category(character)
    if character in _REPLACED:
        return _REPLACED[character]
    if category in {"Cc", "Cf"}:
        return ""
    if ord(character) in supported_code_points():
        return character
    if category in {"Mn", "Me"}:
        return ""
    plainer = unicodedata.normalize("NFKC", character)
    return plainer if supported_code_points().issuperset(map(ord, plainer)) else SUBSTITUTE


@lru_cache(maxsize=1)
def _plain_characters() -> frozenset[str]:
    """Return the characters that stay as they are: nearly every text has no other, and is then not read one by one."""
    return frozenset(
        character for character in map(chr, supported_code_points()) if _legible_character(character) == character
    )


@lru_cache(maxsize=1)
def supported_code_points() -> frozenset[int]:
    """Return the code points for which every face that we use has a glyph; PDF/A refuses the private ones."""
    common = frozenset.intersection(*(_code_points(path.read_bytes()) for path in FONT_FILES))
    return frozenset(code for code in common if unicodedata.category(chr(code)) != "Co")


def _code_points(font: bytes) -> frozenset[int]:
    """Read a font's table ``cmap``: its sub-table of format 12 is a list of (first, last, glyph of the first)."""
    cmap = _table(font, b"cmap")
    (count,) = struct.unpack_from(">H", cmap, 2)
    for position in range(4, 4 + 8 * count, 8):
        (offset,) = struct.unpack_from(">I", cmap, position + 4)
        kind, _, _, _, groups = struct.unpack_from(">HHIII", cmap, offset)
        if kind == 12:
            ranges = struct.iter_unpack(">III", cmap[offset + 16 : offset + 16 + 12 * groups])
            return frozenset(code for first, last, _ in ranges for code in range(first, last + 1))
    raise LookupError("the font has no character map of format 12")


def _table(font: bytes, wanted: bytes) -> bytes:
    (count,) = struct.unpack_from(">H", font, 4)
    for position in range(12, 12 + 16 * count, 16):
        tag, _, offset, length = struct.unpack_from(">4sIII", font, position)
        if tag == wanted:
            return font[offset : offset + length]
    raise LookupError(f"the font has no table {wanted!r}")
