"""From what ``json`` gives to what an operation can be given: every problem of form, each with its path."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from operator import itemgetter
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from obole.catalogue.fields import FormField
from obole.configuration.rules import form_fields
from obole.configuration.rules.entity_types import BY_SECTION, FORMAT, TYPES, EntityType
from obole.configuration.rules.text import printable
from obole.pricing.checking import check_pricing
from obole.pricing.model.parts import Pricing
from obole.pricing.model.problems import Place, Problem, Refused
from obole.pricing.text import codec

MOST_ROWS, MOST_IN_ALL = 1_000, 3_000
LARGEST, LONGEST_LINE, LONGEST_TEXT = 10**12, 300, 20_000
_WRONG = object()
_BEFORE = ("reminder_delays", "reminder_subject", "reminder_body")
_SEEN = {"\u200d", "\u00ad"}
"""Invisible, and needed: what joins emoji, and where a word may be cut."""


@dataclass
class ParsedEntity:
    """One thing as it was read: plain values, the keys of the things that it names, and its parts."""

    sort: EntityType
    place: Place
    values: dict[str, Any] = field(default_factory=dict)
    links: dict[str, Any] = field(default_factory=dict)
    form: tuple[FormField, ...] | None = None
    pricing: Pricing | None = None

    @property
    def key(self) -> str:
        """What names it."""
        return str({**self.links, **self.values}.get(self.sort.key, ""))


@dataclass
class ParsedFile:
    """What a file describes, by section, and what is wrong with its form: the rest is judged all the same."""

    rows: dict[str, list[ParsedEntity]]
    problems: list[Problem]

    def of(self, section: str) -> list[ParsedEntity]:
        """Return what a section describes; nothing where the file has none."""
        return self.rows.get(section, [])

    def is_spoilt(self, entity: ParsedEntity) -> bool:
        """Tell whether a thing could not be read whole: what else it would be is not worth telling."""
        path = entity.place.path
        return any(
            problem.path == path or problem.path.startswith((f"{path}.", f"{path}[")) for problem in self.problems
        )


def read(tree: Any) -> ParsedFile:
    """
    Read a file of configuration; what is wrong with its parts is told with what they would change.

    :raises Refused: if it is no such file.
    """
    problems: list[Problem] = []
    if not _is_ours(tree, problems):
        raise Refused(problems)
    return ParsedFile(_sections(tree, problems), problems)


def _is_ours(tree: Any, problems: list[Problem]) -> bool:
    head = tree.get("obole") if isinstance(tree, dict) else None
    if not isinstance(head, dict):
        said = _("ce n’est pas un fichier de configuration d’Obole : il commence par %(head)s.")
        problems.append(Place().problem(said, head='{"obole": {"format": 2}, …}'))
        return False
    if head.get("format") == 1 and not isinstance(head.get("format"), bool):
        said = _(
            "ce fichier vient d’une version d’Obole où des produits et des montants fixes se facturaient sans"
            " tarification : exportez-le de nouveau d’une installation à jour, qui les a convertis."
        )
        problems.append(Place("obole.format").problem(said))
        return False
    if head.get("format") != FORMAT or isinstance(head.get("format"), bool):
        said = _("ce format est inconnu de cette version d’Obole : « format » doit être %(format)s.")
        problems.append(Place("obole.format").problem(said, format=FORMAT))
        return False
    _keys(head, ("format",), Place("obole"), problems)
    return True


def _sections(tree: dict[str, Any], problems: list[Problem]) -> dict[str, list[ParsedEntity]]:
    _keys(tree, ("obole", *BY_SECTION), Place(), problems)
    file: dict[str, list[ParsedEntity]] = {}
    for name, sort in BY_SECTION.items():
        if name in tree:
            rows = [tree[name]] if name == "authority" else _list(tree[name], Place(name), MOST_ROWS, problems)
            file[name] = list(_rows(sort, rows, Place(name), problems))
    count = sum(len(rows) for rows in file.values())
    if count > MOST_IN_ALL:
        said = _("Ce fichier décrit trop de choses (%(count)s, %(most)s au plus) : séparez-le en plusieurs.")
        problems.insert(0, Place().problem(said, count=count, most=MOST_IN_ALL))
    return file


def _list(data: Any, place: Place, most: int, problems: list[Problem]) -> list[Any]:
    if not isinstance(data, list):
        problems.append(place.problem(_("une liste est attendue, entre crochets.")))
        return []
    if len(data) > most:
        problems.append(place.problem(_("cette liste est trop longue : %(most)s au plus."), most=most))
        return []
    return data


def _rows(sort: EntityType, rows: list[Any], place: Place, problems: list[Problem]) -> Iterator[ParsedEntity]:
    seen: set[str] = set()
    for n, data in enumerate(rows):
        here = place if sort.section == "authority" else place.into(f"[{n}]")
        if not isinstance(data, dict):
            problems.append(here.problem(_("un objet est attendu, entre accolades.")))
            continue
        one = _row(sort, data, Place(here.path, _words(sort, data, place)), problems)
        if one.key and one.key in seen:
            problems.append(one.place.problem(_("cette partie est décrite deux fois : gardez-en une description.")))
        seen.add(one.key)
        yield one


def _words(sort: EntityType, data: dict[str, Any], place: Place) -> str:
    name = data.get(sort.key)
    said = f"{sort.label} «\u00a0{printable(name)}\u00a0»" if isinstance(name, str) and name else str(sort.label)
    return f"{place.words}, {said}" if place.words else said


def _row(sort: EntityType, data: dict[str, Any], place: Place, problems: list[Problem]) -> ParsedEntity:
    one = ParsedEntity(sort, place)
    data = _with_steps(data) if sort is TYPES else data
    _keys(data, (*sort.fields, *sort.parts), place, problems)
    if sort.key not in data:
        problems.append(place.problem(_("il manque « %(name)s » : ajoutez-le."), name=sort.key))
    for name in sort.fields:
        if name in data:
            held = one.links if name in sort.links else one.values
            value = _value(sort.model._meta.get_field(name), data[name], place.into(name), problems)
            if value is not _WRONG:
                held[name] = value
    for part in sort.parts:
        if part in data:
            _PARTS[part](one, data[part], place.into(part), problems)
    return one


def _with_steps(data: dict[str, Any]) -> dict[str, Any]:
    """Return a type de facture with its reminders as steps: in a file of before they have days, and words for all."""
    days = data.get("reminder_delays")
    if not isinstance(days, list) or "reminder_steps" in data:
        return data
    words = {"subject": data.get("reminder_subject", ""), "body": data.get("reminder_body", "")}
    kept = {name: value for name, value in data.items() if name not in _BEFORE}
    return {**kept, "reminder_steps": [{"days": day, **words} for day in days]}


def _keys(data: dict[str, Any], known: tuple[str, ...], place: Place, problems: list[Problem]) -> None:
    for name in data:
        if name not in known:
            said = _("« %(name)s » est inconnu ici : retirez-le. Sont connus : %(known)s.")
            problems.append(place.problem(said, name=printable(name), known=", ".join(known)))


def _form(entity: ParsedEntity, data: Any, place: Place, problems: list[Problem]) -> None:
    entity.form = form_fields.read(data, place, problems)


def _pricing(entity: ParsedEntity, data: Any, place: Place, problems: list[Problem]) -> None:
    try:
        pricing = codec.parse(data)
        found = list(check_pricing.check(pricing))
    except Refused as refused:
        pricing, found = None, list(refused.problems)
    problems += [form_fields.within(place, problem) for problem in found]
    entity.pricing = pricing


_PARTS = {"form": _form, "pricing": _pricing}


def _value(kind: Any, data: Any, place: Place, problems: list[Problem]) -> Any:
    """Read a value as its column has it; limits are the model's to check."""
    if isinstance(kind, models.ManyToManyField):
        return _every(data, place, problems, _name)
    if isinstance(kind, ArrayField):
        is_counted = isinstance(kind.base_field, models.IntegerField)
        return _every(data, place, problems, _whole if is_counted else _name)
    if isinstance(kind, models.JSONField):
        return _MADE_OF_PARTS[kind.name](data, place, problems)
    if isinstance(kind, models.ForeignKey):
        return None if data is None and kind.null else _name(data, place, problems)
    if isinstance(kind, models.BooleanField):
        said = _("oui (true) ou non (false) est attendu.")
        return data if isinstance(data, bool) else _refuse(problems, place.problem(said))
    if isinstance(kind, models.IntegerField):
        return _whole(data, place, problems)
    if isinstance(kind, models.DateField):
        return _day(data, place, problems)
    long = isinstance(kind, models.TextField)
    return text(data, place, problems, most=kind.max_length or (LONGEST_TEXT if long else LONGEST_LINE), lines=long)


def _every(data: Any, place: Place, problems: list[Problem], reader: Any) -> Any:
    items = _list(data, place, MOST_ROWS, problems)
    found = [reader(item, place.into(f"[{n}]"), problems) for n, item in enumerate(items)]
    if any(item is _WRONG for item in found) or not isinstance(data, list):
        return _WRONG
    if len(set(found)) < len(found):
        return _refuse(problems, place.problem(_("une valeur est écrite deux fois : gardez-en une.")))
    return sorted(found)


def _steps(data: Any, place: Place, problems: list[Problem]) -> Any:
    """Read the reminders of a type de facture; what they say together is the type's to check."""
    known = len(problems)
    found = []
    for n, item in enumerate(_list(data, place, MOST_ROWS, problems)):
        here = place.into(f"[{n}]")
        if not isinstance(item, dict) or "days" not in item:
            problems.append(here.problem(_('une étape est attendue : {"days": 7, "subject": "", "body": ""}.')))
            continue
        _keys(item, ("days", "subject", "body", "sms"), here, problems)
        sms = text(item.get("sms", ""), here.into("sms"), problems, most=LONGEST_TEXT, lines=True)
        days = _whole(item["days"], here.into("days"), problems)
        found.append({"days": days, **_subject_and_body(item, here, problems), "sms": sms})
    return _WRONG if len(problems) > known else sorted(found, key=itemgetter("days"))


def _mail_words(data: Any, place: Place, problems: list[Problem]) -> Any:
    """Read the mails that a type de facture words in its own way; which ones, and with what, is the type's to check."""
    known = len(problems)
    if not isinstance(data, dict) or not all(isinstance(words, dict) for words in data.values()):
        said = _('des courriels sont attendus : {"invoice_deposited": {"subject": "", "body": ""}}.')
        return _refuse(problems, place.problem(said))
    for name, words in data.items():
        _keys(words, ("subject", "body"), place.into(printable(name)), problems)
    found = {name: _subject_and_body(words, place.into(printable(name)), problems) for name, words in data.items()}
    return _WRONG if len(problems) > known else found


def _subject_and_body(item: dict[str, Any], place: Place, problems: list[Problem]) -> dict[str, Any]:
    """Read the subject and the text of a mail; nothing for what is not said."""
    subject, body = (item.get(name, "") for name in ("subject", "body"))
    return {
        "subject": text(subject, place.into("subject"), problems, most=LONGEST_LINE, lines=False),
        "body": text(body, place.into("body"), problems, most=LONGEST_TEXT, lines=True),
    }


_MADE_OF_PARTS = {"reminder_steps": _steps, "mail_words": _mail_words}
"""The columns that hold several values, by their names."""


def _name(data: Any, place: Place, problems: list[Problem]) -> Any:
    return text(data, place, problems, most=LONGEST_LINE, lines=False)


def _whole(data: Any, place: Place, problems: list[Problem]) -> Any:
    if isinstance(data, int) and not isinstance(data, bool) and abs(data) <= LARGEST:
        return data
    return _refuse(problems, place.problem(_("un nombre entier est attendu, sans guillemets.")))


def _day(data: Any, place: Place, problems: list[Problem]) -> Any:
    try:
        return date.fromisoformat(data)
    except (TypeError, ValueError):
        return _refuse(problems, place.problem(_('une date est attendue, entre guillemets : "2026-01-31".')))


def text(data: Any, place: Place, problems: list[Problem], *, most: int, lines: bool) -> Any:
    """
    Read a text without what is invisible or changes the direction of reading; ``lines``: whether it may have several.
    """
    if not isinstance(data, str):
        return _refuse(problems, place.problem(_("un texte est attendu, entre guillemets.")))
    kept = data.replace("\r\n", "\n").strip()
    if len(kept) > most:
        return _refuse(problems, place.problem(_("ce texte est trop long : %(most)s caractères au plus."), most=most))
    allowed = _SEEN | ({"\n", "\t"} if lines else set())
    if any(letter not in allowed and unicodedata.category(letter) in {"Cc", "Cf", "Co", "Cn"} for letter in kept):
        return _refuse(problems, place.problem(_("ce texte contient un caractère invisible : retapez-le au clavier.")))
    return kept


def _refuse(problems: list[Problem], problem: Problem) -> object:
    problems.append(problem)
    return _WRONG
