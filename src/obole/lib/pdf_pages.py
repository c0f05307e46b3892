"""
Pages of PDF documents that were made: one cut where its outline says that a part begins, several put together.

What comes out is for a printer: it is neither an archive (PDF/A) nor read aloud (PDF/UA), as what goes in is.
"""

import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pypdf import PdfReader, PdfWriter


@dataclass(frozen=True)
class Part:
    """Some pages of a document: what the outline calls them, how many they are, and a PDF of them alone."""

    title: str
    pages: int
    content: bytes


def cut(content: bytes) -> list[Part]:
    """Cut a document at each entry of its outline, whatever its level."""
    reader = PdfReader(io.BytesIO(content))
    entries = [(str(entry.title), _page_of(reader, entry)) for entry in _flat(reader.outline)]
    ends = [*(start for _title, start in entries[1:]), len(reader.pages)]
    return [_part(reader, title, start, end) for (title, start), end in zip(entries, ends, strict=True)]


def join(parts: Iterable[tuple[str, Sequence[bytes]]]) -> bytes:
    """Put documents together; each title is an entry of the outline, at the first page of its documents."""
    writer = PdfWriter()
    for title, documents in parts:
        first = len(writer.pages)
        for document in documents:
            writer.append(io.BytesIO(document), import_outline=False)
        writer.add_outline_item(title=title, page_number=first)
    return _written(writer)


def _part(reader: PdfReader, title: str, start: int, end: int) -> Part:
    writer = PdfWriter()
    writer.append(reader, pages=(start, end), import_outline=False)
    return Part(title, end - start, _written(writer))


def _written(writer: PdfWriter) -> bytes:
    made = io.BytesIO()
    writer.write(made)
    return made.getvalue()


def _flat(outline: Iterable[Any]) -> Iterator[Any]:
    for entry in outline:
        if isinstance(entry, list):
            yield from _flat(entry)
        else:
            yield entry


def _page_of(reader: PdfReader, entry: Any) -> int:
    number = reader.get_destination_page_number(entry)
    if number is None:
        raise ValueError(f"the entry {entry.title!r} leads to no page")
    return number
