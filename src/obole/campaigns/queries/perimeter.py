"""Whom a campaign may bill: the questions of the forms that sort dossiers by school or class."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from django.db.models import Q

from obole.catalogue import queries as catalogue
from obole.catalogue.fields import FieldKind, FormField
from obole.catalogue.models import Scheme


@dataclass(frozen=True)
class Sorter:
    """A question with a list of choices, by which dossiers are sorted; ``groups``: those of rows that ask it."""

    key: str
    label: str
    choices: tuple[str, ...]
    groups: frozenset[str]


def sorters(schemes: Iterable[Scheme]) -> list[Sorter]:
    """Return the questions by which the dossiers of dispositifs can be sorted, in the order of their forms."""
    found: dict[str, Sorter] = {}
    for scheme in schemes:
        form = catalogue.current_form(scheme)
        for field in form.form_fields if form else ():
            if field.kind == FieldKind.CHOICE and not field.sensitive:
                found[field.key] = _with(found.get(field.key), field)
    return list(found.values())


def _with(known: Sorter | None, field: FormField) -> Sorter:
    groups = frozenset({field.group})
    if known is None:
        return Sorter(field.key, field.label, field.choices, groups)
    choices = dict.fromkeys((*known.choices, *field.choices))
    return replace(known, choices=tuple(choices), groups=known.groups | groups)


def places(schemes: Iterable[Scheme]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the answers by which dossiers are narrowed (« ecole:Jules-Ferry »), under the name of their question."""
    return [
        (sorter.label, [(f"{sorter.key}:{choice}", choice) for choice in sorter.choices]) for sorter in sorters(schemes)
    ]


def at_place(schemes: Sequence[Scheme], place: str) -> Q:
    """Keep the dossiers that give an answer, as ``places`` writes it."""
    key, _colon, value = place.partition(":")
    return answering(schemes, key, value)


def answering(schemes: Sequence[Scheme], key: str, value: str) -> Q:
    """Keep the dossiers that give an answer to a question, asked once or in the rows of a group."""
    sorter = next((one for one in sorters(schemes) if one.key == key), None)
    kept = Q(pk__in=[])
    for group in sorter.groups if sorter else ():
        kept |= Q(answers__contains={group: [{key: value}]} if group else {key: value})
    return kept
