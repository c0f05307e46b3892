"""
To JSON and back. The dataclasses are the only description: what a file may hold is read from their types.

Numbers with decimals are written as text ("18.5"): a JSON number may become a float on its way, and is refused when it
is one. A part that may be of several kinds says which (``{"kind": "fixed", "cents": 210}``). Everything that is wrong
is told at once.
"""

import re
import types
import unicodedata
from collections.abc import Callable
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from django.utils.translation import gettext_lazy as _

from obole.pricing.instalments import Instalment
from obole.pricing.model import numbers
from obole.pricing.model.parts import Pricing
from obole.pricing.model.problems import Place, Problem, Refused
from obole.pricing.model.results import Result

DEEPEST, MOST_ITEMS = 40, 5000
LONGEST_LABEL = 120
_KEY = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)
_MONTH_DAY = re.compile(r"(\d\d)-(\d\d)", re.ASCII)
_LARGEST_CENTS = 10**9
_A_LEAP_YEAR = 2024

Decoder = Callable[[Any, Place, list[Problem]], Any]
_WRONG = object()
"""Takes the place of what could not be read: the part that holds it is not built."""


def parse(data: object) -> Pricing:
    """
    Read a pricing from what ``json.loads`` gives.

    :raises Refused: with every problem of form. What it means is checked by ``checking.check``.
    """
    problems: list[Problem] = []
    pricing = _decoder(Pricing)(data, Place(), problems)
    if problems:
        raise Refused(problems)
    return pricing  # type: ignore[no-any-return]


def parse_result(data: object) -> Result:
    """
    Read a result that ``as_dict`` wrote, with everything that ``wording`` needs.

    :raises Refused: if it was altered.
    """
    return _kept(Result, data)  # type: ignore[no-any-return]


def parse_instalment(data: object) -> Instalment:
    """
    Read a part of a bill that ``as_dict`` wrote.

    :raises Refused: if it was altered.
    """
    return _kept(Instalment, data)  # type: ignore[no-any-return]


def _kept(hint: Any, data: object) -> Any:
    problems: list[Problem] = []
    read = _decoder(hint)(data, Place(), problems)
    if problems:
        raise Refused(problems)
    return read


def as_dict(part: object) -> Any:
    """Return a part as JSON can write it. What has its default value is left out."""
    if isinstance(part, tuple):
        return [as_dict(item) for item in part]
    if isinstance(part, Decimal):
        return f"{part.normalize():f}"
    if isinstance(part, date):
        return part.isoformat()
    if isinstance(part, StrEnum):
        return part.value
    if not is_dataclass(part):
        return part
    kind = {"kind": part.KIND} if hasattr(part, "KIND") else {}
    held = ((field, getattr(part, field.name)) for field in fields(part))
    return kind | {_written(item): as_dict(value) for item, value in held if value != _default(item)}


def _written(field: Field[Any]) -> str:
    return field.name.removesuffix("_")


def _default(field: Field[Any]) -> Any:
    if field.default is not MISSING:
        return field.default
    return field.default_factory() if field.default_factory is not MISSING else MISSING


@cache
def _decoder(hint: Any) -> Decoder:
    """Return what reads a value of this type."""
    if hint in _SIMPLE:
        return _SIMPLE[hint]
    origin = get_origin(hint)
    if origin is Annotated:
        return _NAMED[hint.__metadata__[0]]
    if origin is tuple:
        return _of_tuple(get_args(hint)[0])
    if origin in (Union, types.UnionType):
        return _of_union(get_args(hint))
    return _of_enum(hint) if issubclass(hint, StrEnum) else _of_dataclass(hint)


def _of_tuple(item: Any) -> Decoder:
    def read(data: Any, place: Place, problems: list[Problem]) -> Any:
        if not isinstance(data, list):
            return _refuse(problems, place.problem(_("une liste est attendue.")))
        if len(data) > MOST_ITEMS:
            return _refuse(
                problems, place.problem(_("cette liste est trop longue : %(most)s au plus."), most=MOST_ITEMS)
            )
        inner = _decoder(item)
        read = [inner(item, place.into(f"[{n}]"), problems) for n, item in enumerate(data)]
        return _WRONG if any(item is _WRONG for item in read) else tuple(read)

    return read


def _of_union(hints: tuple[Any, ...]) -> Decoder:
    optional, kinds = type(None) in hints, [hint for hint in hints if hint is not type(None)]
    by_kind = {hint.KIND: hint for hint in kinds if hasattr(hint, "KIND")}

    def read(data: Any, place: Place, problems: list[Problem]) -> Any:
        if data is None and optional:
            return None
        if not by_kind:
            return _decoder(kinds[0])(data, place, problems)
        kind = data.get("kind") if isinstance(data, dict) else None
        if not isinstance(kind, str) or kind not in by_kind:
            text = _("« kind » doit dire de quelle sorte est cette partie : %(kinds)s.")
            return _refuse(problems, place.problem(text, kinds=", ".join(by_kind)))
        return _decoder(by_kind[kind])({k: v for k, v in data.items() if k != "kind"}, place, problems)

    return read


def _of_enum(hint: type[StrEnum]) -> Decoder:
    def read(data: Any, place: Place, problems: list[Problem]) -> Any:
        if isinstance(data, str) and data in set(hint):
            return hint(data)
        return _refuse(
            problems, place.problem(_("une de ces valeurs est attendue : %(known)s."), known=", ".join(hint))
        )

    return read


def _of_dataclass(hint: Any) -> Decoder:
    types_of = get_type_hints(hint, include_extras=True)
    known = {_written(field): field for field in fields(hint)}

    def read(data: Any, place: Place, problems: list[Problem]) -> Any:
        if not isinstance(data, dict):
            return _refuse(problems, place.problem(_("un objet est attendu, entre accolades.")))
        if place.path.count(".") > DEEPEST:
            return _refuse(problems, place.problem(_("ces formules sont trop imbriquées : simplifiez-les.")))
        place = Place(place.path, _named(data) or place.words)
        before = len(problems)
        _keys(data, known, place, problems)
        given = {
            item.name: _decoder(types_of[item.name])(data[name], place.into(name), problems)
            for name, item in known.items()
            if name in data
        }
        return _WRONG if len(problems) > before else hint(**given)

    return read


def _named(data: dict[str, Any]) -> str:
    label = data.get("label")
    return f"«\u00a0{label[:LONGEST_LABEL]}\u00a0»" if isinstance(label, str) and label else ""


def _keys(data: dict[str, Any], known: dict[str, Field[Any]], place: Place, problems: list[Problem]) -> None:
    for name in data:
        if name not in known:
            text = _("« %(name)s » est inconnu ici : retirez-le. Sont connus : %(known)s.")
            problems.append(place.problem(text, name=str(name)[:40], known=", ".join(known)))
    for name, item in known.items():
        if name not in data and _default(item) is MISSING:
            problems.append(place.problem(_("il manque « %(name)s » : ajoutez-le."), name=name))


def _refuse(problems: list[Problem], problem: Problem) -> object:
    problems.append(problem)
    return _WRONG


def _read_text(data: Any, place: Place, problems: list[Problem]) -> Any:
    """Read a line of text: NFC, without what is invisible or changes the direction of reading."""
    if not isinstance(data, str):
        return _refuse(problems, place.problem(_("un texte est attendu.")))
    if len(data) > LONGEST_LABEL:
        text = _("ce texte est trop long : %(most)s caractères au plus.")
        return _refuse(problems, place.problem(text, most=LONGEST_LABEL))
    if any(unicodedata.category(letter) in {"Cc", "Cf", "Cs", "Co", "Cn"} for letter in data):
        return _refuse(problems, place.problem(_("ce texte contient un caractère invisible : retapez-le au clavier.")))
    return unicodedata.normalize("NFC", data)


def _read_key(data: Any, place: Place, problems: list[Problem]) -> Any:
    if isinstance(data, str) and _KEY.fullmatch(data):
        return data
    text = _("une clé est attendue : une minuscule, puis au plus 39 minuscules, chiffres ou « _ ».")
    return _refuse(problems, place.problem(text))


def _read_name(data: Any, place: Place, problems: list[Problem]) -> Any:
    reserved = isinstance(data, str) and data.startswith("@")
    return data if reserved and _KEY.fullmatch(data[1:]) else _read_key(data, place, problems)


def _read_flag(data: Any, place: Place, problems: list[Problem]) -> Any:
    return (
        data
        if isinstance(data, bool)
        else _refuse(problems, place.problem(_("oui (true) ou non (false) est attendu.")))
    )


def _read_whole(data: Any, place: Place, problems: list[Problem]) -> Any:
    if isinstance(data, int) and not isinstance(data, bool) and abs(data) <= _LARGEST_CENTS:
        return data
    return _refuse(problems, place.problem(_("un nombre entier est attendu, sans guillemets.")))


def _read_number(data: Any, place: Place, problems: list[Problem]) -> Any:
    if isinstance(data, float):
        return _refuse(problems, place.problem(_('écrivez les nombres à virgule entre guillemets : "18.5".')))
    try:
        number = numbers.read(data, decimals=numbers.RATE_DECIMALS, signed=True)
    except numbers.NotANumber as refusal:
        return _refuse(problems, place.problem(refusal.text, **refusal.values))
    return Decimal(number.numerator) / number.denominator


def _read_day(data: Any, place: Place, problems: list[Problem]) -> Any:
    try:
        return date.fromisoformat(data) if isinstance(data, str) and len(data) == 10 else _no_day(place, problems)
    except ValueError:
        return _no_day(place, problems)


def _no_day(place: Place, problems: list[Problem]) -> object:
    return _refuse(problems, place.problem(_("une date est attendue, comme 2026-09-01.")))


def _read_month_day(data: Any, place: Place, problems: list[Problem]) -> Any:
    match = _MONTH_DAY.fullmatch(data) if isinstance(data, str) else None
    try:
        date(_A_LEAP_YEAR, *map(int, match.groups())) if match else _no_month_day(place, problems)
    except ValueError:
        return _no_month_day(place, problems)
    return data if match else _WRONG


def _no_month_day(place: Place, problems: list[Problem]) -> object:
    return _refuse(problems, place.problem(_("un jour de l’année est attendu : mois, tiret, jour, comme 09-01.")))


def _read_facts(data: Any, place: Place, problems: list[Problem]) -> Any:
    if isinstance(data, dict) and all(isinstance(item, str) or type(item) is int for item in (*data, *data.values())):
        return data
    return _refuse(problems, place.problem(_("un objet de textes et de nombres entiers est attendu.")))


_SIMPLE: dict[Any, Decoder] = {
    dict[str, int | str]: _read_facts,
    str: _read_text,
    bool: _read_flag,
    int: _read_whole,
    Decimal: _read_number,
    date: _read_day,
}
_NAMED: dict[str, Decoder] = {
    "key": _read_key,
    "name": _read_name,
    "label": _read_text,
    "cents": _read_whole,
    "percent": _read_number,
    "month-day": _read_month_day,
}
