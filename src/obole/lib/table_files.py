"""What somebody's software gave as a table: a CSV in whatever letters and with whatever separator."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from obole.lib import texts

DELIMITERS = (";", "\t", ",", "|")
LOOKED_AT = 40
_SAMPLE = 50_000


class NotText(ValueError):
    """The letters of a file cannot be read."""


class BrokenLine(ValueError):
    """A quotation mark is not closed, or a cell is too long; ``line`` says where."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


@dataclass(frozen=True)
class TableText:
    """The text of a file, and what separates its cells."""

    text: str
    delimiter: str

    def rows(self) -> Iterator[tuple[int, tuple[str, ...]]]:
        """
        Yield each row that has something in it with its number, as a spreadsheet counts them; nothing else is kept.

        :raises BrokenLine: at the first that cannot be read.
        """
        reader = csv.reader(self._lines(), delimiter=self.delimiter, strict=True)
        number = 0
        while True:
            try:
                row = next(reader, None)
            except csv.Error:
                raise BrokenLine(number + 1) from None
            if row is None:
                return
            number += 1
            if any(cell.strip() for cell in row):
                yield number, tuple(texts.clean_line(cell) for cell in row)

    def _lines(self) -> Iterator[str]:
        """Yield the lines one by one: a file of a hundred thousand is not copied as so many texts."""
        start = 0
        while start < len(self.text):
            end = self.text.find("\n", start) + 1 or len(self.text)
            yield self.text[start:end]
            start = end


def read_text(content: bytes) -> str:
    """
    Return the text of a file: UTF-8 with or without its mark, else what Windows writes.

    :raises NotText: if it is none of them.
    """
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" in text:
            break
        return text.replace("\r\n", "\n").replace("\r", "\n")
    raise NotText


def delimiter_of(text: str) -> str:
    """Return what separates the cells: what makes as many on the most lines."""
    sample = [line for line in text[:_SAMPLE].splitlines() if line.strip()][:LOOKED_AT]
    return max(DELIMITERS, key=lambda mark: sum(line.count(mark) for line in sample))


def told_apart(titles: Sequence[str]) -> tuple[str, ...]:
    """Return titles of which no two are the same."""
    seen: dict[str, int] = {}
    told = []
    for title in titles:
        seen[texts.fold(title)] = seen.get(texts.fold(title), 0) + 1
        again = seen[texts.fold(title)]
        told.append(title if again == 1 else f"{title} ({again})")
    return tuple(told)
