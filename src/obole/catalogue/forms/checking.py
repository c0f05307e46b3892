"""Whether a form can be published: a list of what is wrong, where, and how to mend it."""

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date

from django.utils.translation import gettext as _

from obole.catalogue.fields import (
    DAYS,
    FILE_TYPES,
    LISTS,
    MOST_DECIMALS,
    MOST_MEGABYTES,
    MOST_ROWS,
    NUMBERS,
    FieldKind,
    FilledBy,
    FormField,
    Prefill,
)
from obole.catalogue.forms import answer_names, conditions
from obole.pricing.checking.formula_types import At, FormulaChecker
from obole.pricing.model.problems import Place, Problem, Refused

MOST_FIELDS, LONGEST_LABEL = 300, 150
MOST_CONTROLS = 800
"""With every row of every group: beyond a thousand, Django refuses what a page sends, unread."""
_KEY = re.compile(r"[a-z0-9][a-z0-9_]{0,39}", re.ASCII)


def check(form: Sequence[FormField]) -> list[str]:
    """Return everything that is wrong, a sentence each; an empty list can be published."""
    if len(form) > MOST_FIELDS:
        return [_("Ce formulaire a trop de champs : %(most)d au plus.") % {"most": MOST_FIELDS}]
    if _controls(form) > MOST_CONTROLS:
        said = _(
            "Ce formulaire aurait trop de réponses (%(count)d, %(most)d au plus) : réduisez le nombre de lignes d’un"
            " bloc répété."
        )
        return [said % {"count": _controls(form), "most": MOST_CONTROLS}]
    if len({field.key for field in form}) != len(form):
        return [_("Deux champs du formulaire ont le même nom.")]
    wrong = [f"«\u00a0{field.label[:LONGEST_LABEL]}\u00a0»\u00a0: {said}" for field in form for said in _wrong(field)]
    wrong += [f"«\u00a0{field.label}\u00a0»\u00a0: {said}" for field, said in _misplaced(form)]
    # What a name or a kind makes wrong would be told again by each condition on it.
    return wrong or [*_twice(form), *_conditions(form)]


def _controls(form: Sequence[FormField]) -> int:
    """Return how many controls the page has at most; a period has two, a list of boxes one for each."""
    rows = {item.key: item.rows_at_most for item in form if item.kind == FieldKind.GROUP}
    sizes = {FieldKind.PERIOD: 2}
    return sum(
        rows.get(item.group, 1)
        * (len(item.choices) if item.kind == FieldKind.SEVERAL else sizes.get(FieldKind(item.kind), 1))
        for item in form
        if item.kind in FieldKind.values and not item.is_holder
    )


def _wrong(field: FormField) -> Iterator[str]:
    if field.kind not in FieldKind.values:
        yield _("ce champ est d’un type inconnu.")
        return
    if not field.label.strip():
        yield _("ce champ n’a pas de libellé : écrivez la question.")
    if len(field.label) > LONGEST_LABEL:
        yield _("son libellé a %(count)d caractères : %(most)d au plus.") % {
            "count": len(field.label),
            "most": LONGEST_LABEL,
        }
    if not _KEY.fullmatch(field.key):
        yield _("son nom interne est mal formé : retirez ce champ et ajoutez-le de nouveau.")
    for one_check in (_lists, _bounds, _lengths, _files, _rows, _people):
        yield from one_check(field)


def _lists(field: FormField) -> Iterator[str]:
    if field.kind in LISTS and not field.choices:
        yield _("c’est une liste : donnez au moins un choix.")
    if len(set(field.choices)) != len(field.choices):
        yield _("deux choix sont identiques : retirez-en un.")


def _bounds(field: FormField) -> Iterator[str]:
    read: Callable[[str], object] = _day if field.kind in DAYS else answer_names.number
    if field.kind not in NUMBERS | DAYS:
        return
    ends = [(text, read(text)) for text in (field.minimum, field.maximum, field.step) if text]
    if any(found is None for _text, found in ends):
        yield _("une de ses bornes est illisible : saisissez un nombre, ou une date.")
    elif field.minimum and field.maximum and read(field.minimum) > read(field.maximum):  # type: ignore[operator]
        yield _("son minimum est au-dessus de son maximum : échangez-les.")
    elif field.kind in NUMBERS and any(item < 0 for _text, item in ends):  # type: ignore[operator]
        yield _("ses bornes doivent être positives.")
    if not 0 <= field.decimals <= MOST_DECIMALS:
        yield _("trop de décimales : %(most)d au plus.") % {"most": MOST_DECIMALS}


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _lengths(field: FormField) -> Iterator[str]:
    if field.shortest < 0 or field.longest < 0 or (field.longest and field.shortest > field.longest):
        yield _("sa longueur minimale dépasse sa longueur maximale : corrigez l’une des deux.")


def _files(field: FormField) -> Iterator[str]:
    if not set(field.file_types) <= set(FILE_TYPES):
        yield _("un type de fichier n’est pas accepté : choisissez parmi PDF, PNG et JPEG.")
    if not 0 <= field.megabytes <= MOST_MEGABYTES:
        yield _("un fichier pèse %(most)d Mo au plus.") % {"most": MOST_MEGABYTES}


def _rows(field: FormField) -> Iterator[str]:
    if field.kind != FieldKind.GROUP:
        return
    if not 0 <= field.most_rows <= MOST_ROWS or field.least_rows < 0:
        yield _("un bloc se répète de 0 à %(most)d fois.") % {"most": MOST_ROWS}
    elif field.least_rows > field.rows_at_most:
        yield _("son nombre minimal de lignes dépasse son maximum : corrigez l’un des deux.")


def _people(field: FormField) -> Iterator[str]:
    if field.by not in FilledBy.values:
        yield _("dites qui le remplit : l’usager ou l’agent.")
    if field.prefill and field.prefill not in Prefill.values:
        yield _("ce qui le préremplit n’existe pas dans le compte de l’usager.")
    if field.by == FilledBy.AGENT and field.kind in {FieldKind.FILE, FieldKind.GROUP}:
        yield _("l’agent ne remplit ni pièce à joindre ni bloc répété : choisissez l’usager.")


def _misplaced(form: Sequence[FormField]) -> Iterator[tuple[FormField, str]]:
    """Check that what a group holds comes right after it."""
    groups = {item.key for item in form if item.kind == FieldKind.GROUP}
    here = ""
    for item in form:
        if item.group and item.is_holder:
            yield item, _("un bloc répété ne contient ni titre ni autre bloc : sortez-le du bloc.")
        elif item.group and item.group not in groups:
            yield item, _("le bloc répété qui le contient n’existe plus : sortez-le du bloc.")
        elif item.group and item.group != here:
            yield item, _("il doit suivre son bloc répété : remontez-le, ou sortez-le du bloc.")
        elif item.group and item.by == FilledBy.AGENT:
            yield item, _("un bloc répété se remplit en entier par l’usager.")
        here = item.group or (item.key if item.kind == FieldKind.GROUP else "")
    for key in groups - {item.group for item in form}:
        group = next(item for item in form if item.key == key)
        yield group, _("ce bloc répété est vide : ajoutez-y au moins un champ.")


def _twice(form: Sequence[FormField]) -> Iterator[str]:
    """Refuse two answers with one name: the two boxes of a list may be alike for their first letters."""
    seen: dict[str, str] = {}
    for field in form:
        for name in [question.key for question in answer_names.questions_of(field)]:
            if name in seen:
                yield _("« %(label)s » : deux réponses se ressemblent trop (%(name)s) : changez un libellé.") % {
                    "label": field.label,
                    "name": name,
                }
            seen[name] = field.label


def _conditions(form: Sequence[FormField]) -> Iterator[str]:
    problems: list[Problem] = []
    checker = FormulaChecker(answer_names.pricing_of_form(form), problems)
    for field in form:
        for condition, role in ((field.shown_if, _("affichage")), (field.required_if, _("obligation"))):
            if condition is None:
                continue
            place = Place(field.key, f"«\u00a0{field.label}\u00a0», {role}")
            try:
                checker.condition(conditions.parse(condition), At(place, group=field.group))
            except Refused as refused:
                yield from (f"{place.words}\u00a0: {problem.text % problem.values}" for problem in refused.problems)
                return
    if problems:
        yield from (problem.message for problem in problems)
    elif found := conditions.loops(form):
        labels = {field.key: field.label for field in form}
        yield _("Les conditions d’affichage tournent en rond entre %(labels)s : retirez l’une d’elles.") % {
            "labels": ", ".join(f"«\u00a0{labels[key]}\u00a0»" for key in found)
        }
