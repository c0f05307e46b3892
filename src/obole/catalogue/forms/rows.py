"""One row more, or one less, in what a page sent: nothing that was typed is lost, and files follow their row."""

import re
from collections.abc import Mapping
from typing import Any

from django.utils.datastructures import MultiValueDict

from obole.catalogue.fields import MOST_ROWS

ADD, REMOVE = "ajouter", "retirer"
"""The names of the buttons; their values are ``group`` and ``group:row``."""


def is_row_request(data: Mapping[str, Any]) -> bool:
    """Tell whether the page asks for a row more, or for one less, and not to be sent."""
    return ADD in data or REMOVE in data


def control(group: str, row: int, key: str) -> str:
    """Return the name of a control in a row."""
    return f"answer_{group}-{row}-{key}"


def counter(group: str) -> str:
    """Return the name of the control that says how many rows there are."""
    return f"answer_{group}-rows"


def count(data: Mapping[str, Any], group: str, *, most: int = MOST_ROWS) -> int:
    """Return how many rows a page sent; a forged count is brought back to what a group may hold."""
    said = str(data.get(counter(group), ""))
    return min(int(said), most) if re.fullmatch(r"[0-9]{1,3}", said, re.ASCII) else 0


def change_rows(data: MultiValueDict[str, Any], files: MultiValueDict[str, Any]) -> tuple[Any, Any]:
    """Return what was sent, with the row that was asked for, or without the one that was to go."""
    data, files = data.copy(), files.copy()
    group = str(data.get(ADD, ""))
    if group:
        data[counter(group)] = str(count(data, group) + 1)
    group, _colon, row = str(data.get(REMOVE, "")).partition(":")
    if group and re.fullmatch(r"[0-9]{1,3}", row, re.ASCII) and int(row) < count(data, group):
        data[counter(group)] = str(count(data, group) - 1)
        _shift(data, group, int(row))
        _shift(files, group, int(row))
    return data, files


def _shift(sent: MultiValueDict[str, Any], group: str, gone: int) -> None:
    """Drop the controls of a row, and bring those of the next ones up."""
    pattern = re.compile(rf"answer_{re.escape(group)}-([0-9]{{1,3}})-(.+)", re.ASCII | re.DOTALL)
    found = {name: match for name in list(sent) if (match := pattern.fullmatch(name))}
    moved = {name: sent.getlist(name) for name in found}
    for name in found:
        del sent[name]
    for name, match in found.items():
        row = int(match[1])
        if row != gone:
            sent.setlist(control(group, row - (row > gone), match[2]), moved[name])
