"""
A file of configuration as text: written for people, and read with everything suspect refused before it is looked at.
"""

import json
import unicodedata
from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext_lazy as _

from obole.configuration.rules.entity_types import Tree
from obole.pricing.model.problems import Place, Problem, Refused, Text

MOST_BYTES = 5_000_000
DEEPEST = 60
MOST_TOLD = 100
"""Problems: nobody mends more at a time."""


def write(tree: Tree) -> str:
    """Write a configuration, indented, in the order of its description."""
    return json.dumps(tree, ensure_ascii=False, indent=2) + "\n"


def read(content: bytes) -> Any:
    """
    Read a JSON document in which no name comes twice, every number is whole, and every text can be shown and kept.

    :raises Refused: with a sentence for each place where it goes wrong.
    """
    tree = _parsed(_decoded(content))
    problems = list(_suspect(tree))[:MOST_TOLD]
    if problems:
        raise Refused(problems)
    return tree


def _refused(said: Text, **values: object) -> Refused:
    return Refused([Place().problem(said, **values)])


def _decoded(content: bytes) -> str:
    if len(content) > MOST_BYTES:
        raise _refused(_("Ce fichier est trop lourd : 5 Mo au plus."))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _refused(_("Ce fichier n’est pas du texte en UTF-8 : est-ce bien le bon ?")) from error
    if not text.strip():
        raise _refused(_("Choisissez un fichier, ou collez son contenu."))
    return text


def _parsed(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        said = _(
            "Ce n’est pas du JSON : ligne %(line)s, colonne %(column)s, une virgule, un guillemet ou une accolade"
            " manque ou est de trop."
        )
        raise _refused(said, line=error.lineno, column=error.colno) from error
    except RecursionError as error:
        raise _refused(_("Ce JSON est beaucoup trop imbriqué.")) from error
    except Refused:
        raise
    except ValueError as error:
        raise _refused(_("Ce JSON contient un nombre démesuré : vérifiez-le.")) from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read_so_far: dict[str, Any] = {}
    for name, value in pairs:
        if name in read_so_far:
            said = _("« %(name)s » est écrit deux fois dans la même partie : gardez-en un.")
            raise _refused(said, name=printable(name))
        read_so_far[name] = value
    return read_so_far


def _no_number(name: str) -> Any:
    raise _refused(_("« %(name)s » n’est pas un nombre."), name=name)


def printable(text: str) -> str:
    """Return the beginning of a text that may hold anything, fit to be shown."""
    return "".join(letter if unicodedata.category(letter)[0] != "C" else "\ufffd" for letter in text[:40])


def _suspect(tree: Any) -> Iterator[Problem]:
    """Walk through everything without recursion: a hostile file is as deep as it wants."""
    waiting: list[tuple[Place, Any, int]] = [(Place(), tree, 0)]
    while waiting:
        place, data, depth = waiting.pop()
        if depth > DEEPEST:
            yield place.problem(_("cette partie est trop imbriquée : simplifiez-la."))
        elif isinstance(data, dict):
            if any(_breaks(name) for name in data):
                yield place.problem(
                    _("un nom contient un caractère qui ne peut pas être gardé : retapez-le au clavier.")
                )
                continue
            waiting += [(place.into(printable(name)), value, depth + 1) for name, value in reversed(data.items())]
        elif isinstance(data, list):
            waiting += [(place.into(f"[{n}]"), item, depth + 1) for n, item in reversed([*enumerate(data)])]
        elif isinstance(data, str) and _breaks(data):
            yield place.problem(_("ce texte contient un caractère qui ne peut pas être gardé : retapez-le au clavier."))
        elif isinstance(data, float):
            yield place.problem(_('écrivez les nombres à virgule entre guillemets : "18.5".'))


def _breaks(text: str) -> bool:
    """Tell whether a text holds what no column or page can: NUL, or half of a character."""
    return "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text)
