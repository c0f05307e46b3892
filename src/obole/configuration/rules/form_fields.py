"""
The form of a dispositif in a file: each field as its dataclass says, then what ``catalogue.forms`` checks of all of
them.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from django.utils.translation import gettext_lazy as _

from obole.catalogue.fields import FormField
from obole.catalogue.forms import checking
from obole.configuration.rules.text import printable
from obole.pricing.model.problems import Place, Problem

LONGEST = {"label": 150, "help": 300, "row_name": 40, "mask": 60}
"""As the screen that builds forms allows; a choice, and any other text, may have ``LONGEST_OTHER``."""
LONGEST_OTHER, LARGEST, MOST_CHOICES = 120, 100_000, 500
_KNOWN = {field.name: field for field in fields(FormField)}
_CONDITIONS = ("shown_if", "required_if")
_WRONG = object()


def read(data: Any, place: Place, problems: list[Problem]) -> tuple[FormField, ...] | None:
    """Read a form; None where it has problems, which are told."""
    if not isinstance(data, list):
        problems.append(place.problem(_("une liste de champs est attendue, entre crochets.")))
        return None
    if len(data) > checking.MOST_FIELDS:
        said = _("ce formulaire a trop de champs : %(most)s au plus.")
        problems.append(place.problem(said, most=checking.MOST_FIELDS))
        return None
    before = len(problems)
    found = [_field(item, place.into(f"[{n}]"), problems) for n, item in enumerate(data)]
    form = tuple(item for item in found if item is not None)
    if len(problems) == before:
        problems += [place.problem("%(said)s", said=sentence) for sentence in checking.check(form)]
    return form if len(problems) == before else None


def within(place: Place, problem: Problem) -> Problem:
    """Return a problem of a part, told from where the part stands."""
    path = f"{place.path}{'' if problem.path.startswith('[') or not problem.path else '.'}{problem.path}"
    words = ", ".join(part for part in (place.words, problem.place) if part)
    return replace(problem, path=path, place=words)


def _field(data: Any, place: Place, problems: list[Problem]) -> FormField | None:
    if not isinstance(data, dict):
        problems.append(place.problem(_("un objet est attendu, entre accolades.")))
        return None
    label = data.get("label")
    here = Place(
        place.path, f"{place.words}, «\u00a0{printable(label)}\u00a0»" if isinstance(label, str) else place.words
    )
    before = len(problems)
    for name in data:
        if name not in _KNOWN:
            said = _("« %(name)s » est inconnu ici : retirez-le. Sont connus : %(known)s.")
            problems.append(here.problem(said, name=printable(name), known=", ".join(_KNOWN)))
    for name in ("key", "label"):
        if name not in data:
            problems.append(here.problem(_("il manque « %(name)s » : ajoutez-le."), name=name))
    given = {name: _value(name, data[name], here.into(name), problems) for name in _KNOWN if name in data}
    return FormField(**given) if len(problems) == before else None


def _value(name: str, data: Any, place: Place, problems: list[Problem]) -> Any:
    default = _KNOWN[name].default
    if name in _CONDITIONS:
        return _expected(
            data, data is None or isinstance(data, dict), _("une condition est attendue."), place, problems
        )
    if isinstance(default, bool):
        return _expected(data, isinstance(data, bool), _("oui (true) ou non (false) est attendu."), place, problems)
    if isinstance(default, int):
        whole = isinstance(data, int) and not isinstance(data, bool) and 0 <= data <= LARGEST
        return _expected(data, whole, _("un nombre entier et positif est attendu, sans guillemets."), place, problems)
    if isinstance(default, tuple):
        good = (
            isinstance(data, list) and len(data) <= MOST_CHOICES and all(_is_text(item, LONGEST_OTHER) for item in data)
        )
        said = _(
            "une liste de textes est attendue : %(most)s au plus, de %(longest)s caractères au plus, sans caractère"
            " invisible."
        )
        return _expected(data, good, said, place, problems, most=MOST_CHOICES, longest=LONGEST_OTHER)
    most = LONGEST.get(name, LONGEST_OTHER)
    said = _("un texte de %(longest)s caractères au plus est attendu, sans caractère invisible.")
    return _expected(data, _is_text(data, most), said, place, problems, longest=most)


def _is_text(data: Any, most: int) -> bool:
    return isinstance(data, str) and len(data) <= most and not any(_invisible(letter) for letter in data)


def _invisible(letter: str) -> bool:
    return letter not in {"\n", "\u200d", "\u00ad"} and unicodedata.category(letter) in {"Cc", "Cf", "Co", "Cn"}


def _expected(
    data: Any, good: bool, said: Any, place: Place, problems: list[Problem], **values: object
) -> Any | Mapping[str, Any]:
    if not good:
        problems.append(place.problem(said, **values))
        return _WRONG
    return data
