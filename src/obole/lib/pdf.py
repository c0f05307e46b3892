"""
PDF documents, by typst: archivable (PDF/A-3a), accessible (PDF/UA-1), and the same bytes for the same data.

Templates are written by developers. What people write reaches them as data: JSON that is never evaluated.
"""

import json
import logging
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import font_source_sans_pro
from fontTools.ttLib import TTFont

from obole.lib import typesetter
from obole.lib.transactions import forbid_transaction

FONT_FILES = tuple(
    Path(font_source_sans_pro.font_directory) / f"SourceSansPro-{face}.otf" for face in ("Regular", "Semibold", "Bold")
)
SECONDS = typesetter.SECONDS
SUBSTITUTE = "\u2610"
# Line ends and hyphens that the font lacks, and nothing else with a meaning is lost by them.
_REPLACED = {"\n": "\n", "\t": " ", "\u2028": "\n", "\u2029": "\n", "\u2010": "-", "\u2011": "-"}

logger = logging.getLogger(__name__)


class DocumentNotRendered(Exception):
    """The document could not be made; the message is typst's, hints included."""


def render(
    template: Sequence[Path],
    data: Mapping[str, Any],
    *,
    images: Mapping[str, bytes],
    timestamp: datetime,
    seconds: float = SECONDS,
) -> bytes:
    """
    Make a PDF outside any transaction.

    :param template: the file to compile, then those that it imports, by their names.
    :param data: what the template reads with ``json("data.json")``; texts are made legible first.
    :param images: what the template reads with ``read(name, encoding: none)``.
    :param timestamp: the date written in the PDF, to the second.
    :param seconds: when it is stopped; for what is hundreds of pages long.
    :raises DocumentNotRendered: with typst's message.
    """
    main, *_ = template
    # A file: with another input, typst would forget all that it knows of the document before.
    files = {path.name: path.read_bytes() for path in template}
    files |= {**images, "data.json": json.dumps(_legible(data)).encode()}
    with forbid_transaction("rendering a PDF"):
        try:
            document, warnings = typesetter.compile_document(
                main.name, files, fonts=FONT_FILES, timestamp=timestamp, seconds=seconds
            )
        except typesetter.NotTypeset as error:
            raise DocumentNotRendered(str(error)) from error
    for warning in warnings:
        logger.warning("typst: %s", warning)
    return document


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
    common = frozenset.intersection(*(frozenset(TTFont(path).getBestCmap()) for path in FONT_FILES))
    return frozenset(code for code in common if unicodedata.category(chr(code)) != "Co")
