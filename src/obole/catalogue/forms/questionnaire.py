"""The form that people fill: sections, questions, and the rows of its groups."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from obole.catalogue.fields import FieldKind, FilledBy, FormField
from obole.catalogue.forms import condition_texts, conditions, questions, rows
from obole.catalogue.forms.conditions import OUTSIDE, FormDecision


@dataclass(frozen=True)
class Slot:
    """A field, where it stands, and the name of its control."""

    field: FormField
    name: str
    row: int = OUTSIDE


@dataclass
class QuestionDisplay:
    """A question as it is drawn."""

    control: BoundField
    field: FormField
    when: str = ""
    """The sentence that says on what it depends."""
    condition: str = ""
    """The same for the script of the page, as JSON."""
    request: str = ""
    """What an agent asks of the answer that was given."""
    is_group = False


@dataclass
class RowDisplay:
    """A row of a group as it is drawn."""

    title: str
    remove: str
    """What the button that takes it away sends; nothing where it must stay."""
    questions: list[QuestionDisplay] = field(default_factory=list)


@dataclass
class GroupDisplay:
    """A group as it is drawn."""

    field: FormField
    when: str
    condition: str
    counter: str
    rows: list[RowDisplay]
    add: str
    """What its button says; nothing where there are as many rows as there may be."""
    problem: str = ""
    request: str = ""
    """What an agent asks of the rows that were given."""
    is_group = True


@dataclass
class SectionDisplay:
    """A part of the form as it is drawn."""

    key: str
    title: str
    help: str = ""
    when: str = ""
    condition: str = ""
    items: list[QuestionDisplay | GroupDisplay] = field(default_factory=list)


class Questionnaire(forms.Form):
    """
    The questions of a form, for who fills it.

    :param known: the answers that are known already, as they are kept.
    """

    def __init__(
        self,
        data: Any = None,
        files: Any = None,
        *,
        fields: Sequence[FormField],
        known: Mapping[str, Any] | None = None,
        by: str = FilledBy.CITIZEN,
    ) -> None:
        super().__init__(data, files)
        self.form_fields, self.by, self.known = tuple(fields), by, known or {}
        # A question that depends on others is asked for by the server, that knows them.
        self.use_required_attribute = False
        self.requests: Mapping[str, str] = {}
        """What an agent asks of an answer, by the key of its question."""
        self.few: dict[str, str] = {}
        """What is said of groups with too few rows, by their key."""
        self.slots = list(self._slots())
        for slot in self.slots:
            made = self.fields[slot.name] = self.control(slot, self._kept(slot))
            made.conditional = self._may_be_required(slot.field) and not self.is_always_required(slot.field)  # type: ignore[attr-defined]
            made.place = self._row_title(slot)  # type: ignore[attr-defined]

    def control(self, slot: Slot, kept: Any) -> forms.Field:
        """Return the control of a question; what a file is, is for the doors to say."""
        if slot.field.kind == FieldKind.FILE:
            return forms.FileField(label=slot.field.label, required=False, help_text=slot.field.help)
        return questions.control(slot.field, initial=kept, required=self.is_always_required(slot.field))

    def is_always_required(self, field: FormField) -> bool:
        """Tell whether an empty answer is wrong whatever the others are."""
        free = field.shown_if is None and field.required_if is None
        return field.required and free and not self._dependent & set(self._holders[field.key])

    @property
    def asks(self) -> bool:
        """Tell whether there is anything to ask."""
        return bool(self.sections)

    @property
    def sections(self) -> list[SectionDisplay]:
        """The parts of the form, as they are drawn; those where nothing is asked are left out."""
        found = [SectionDisplay(key="", title="")]
        for item in self.form_fields:
            if item.kind == FieldKind.SECTION:
                when, condition = self._when(item)
                found.append(SectionDisplay(item.key, item.label, item.help, when, condition))
            elif item.by == self.by and not item.group:
                found[-1].items.append(
                    self._group(item) if item.kind == FieldKind.GROUP else self._shown(Slot(item, f"answer_{item.key}"))
                )
        return [item for item in found if item.items]

    def clean(self) -> dict[str, Any]:
        """Ask for what must be answered, and forget what is beside the point."""
        decided = self._decide()
        for slot in self.slots:
            if not decided.shows(slot.field.key, slot.row):
                self.errors.pop(slot.name, None)
                self.cleaned_data.pop(slot.name, None)
            elif decided.requires(slot.field.key, slot.row) and slot.name not in self.errors:
                self._ask(slot)
        self._too_few(decided)
        return self.cleaned_data

    def forgive(self) -> None:
        """Keep quiet about what is wrong: nobody asked to send the form yet."""
        self.errors.clear()
        self.few = {}

    def answers(self) -> dict[str, Any]:
        """Return what was answered, as it is kept; the rows of groups are lists."""
        found: dict[str, Any] = {
            group.key: [{} for _row in range(self._row_count(group))]
            for group in self._groups
            if self._row_count(group)
        }
        for slot in self.slots:
            value = self._answer(slot)
            if value is not None:
                place = found if slot.row == OUTSIDE else found[slot.field.group][slot.row]
                place[slot.field.key] = value
        return found

    def given_so_far(self) -> dict[str, Any]:
        """
        Return what could be read of what was sent, and what others answered before: nobody said that it is complete.
        """
        # Asking is reading.
        self.is_valid()
        return self._with_others()

    def _answer(self, slot: Slot) -> Any:
        value = self.cleaned_data.get(slot.name)
        return None if slot.field.kind == FieldKind.FILE else questions.to_json(slot.field, value)

    def _decide(self) -> FormDecision:
        return conditions.decide(self.form_fields, self._with_others())

    def _with_others(self) -> dict[str, Any]:
        others = {field.key for field in self.form_fields if field.by != self.by}
        known = {key: value for key, value in self.known.items() if key in others}
        return {**known, **self.answers()}

    def _ask(self, slot: Slot) -> None:
        control = self.fields[slot.name]
        if self.is_empty(slot):
            self.add_error(slot.name, forms.ValidationError(control.error_messages["required"], code="required"))

    def is_empty(self, slot: Slot) -> bool:
        """Tell whether a question has no answer."""
        return self.cleaned_data.get(slot.name) in (None, "", [], {})

    def _too_few(self, decided: FormDecision) -> None:
        for group in self._groups:
            least = max(group.least_rows, int(decided.requires(group.key)))
            if decided.shows(group.key) and self._row_count(group) < least:
                said = _("%(label)s : ajoutez-en au moins %(least)d.") % {"label": group.label, "least": least}
                self.few[group.key] = said
                self.add_error(None, forms.ValidationError(said, code="rows"))

    @cached_property
    def _groups(self) -> list[FormField]:
        return [field for field in self.form_fields if field.kind == FieldKind.GROUP and field.by == self.by]

    @cached_property
    def _holders(self) -> dict[str, tuple[str, ...]]:
        return conditions.holders(self.form_fields)

    @cached_property
    def _labels(self) -> dict[str, str]:
        return condition_texts.labels_of(self.form_fields)

    @cached_property
    def _dependent(self) -> set[str]:
        return {field.key for field in self.form_fields if field.shown_if}

    def _may_be_required(self, field: FormField) -> bool:
        return field.required or field.required_if is not None

    def _slots(self) -> Iterator[Slot]:
        for item in self.form_fields:
            if item.kind == FieldKind.GROUP:
                inside = [other for other in self.form_fields if other.group == item.key]
                for row in range(self._row_count(item) if item.by == self.by else 0):
                    yield from (Slot(other, rows.control(item.key, row, other.key), row) for other in inside)
            elif not item.group and not item.is_holder and item.by == self.by:
                yield Slot(item, f"answer_{item.key}")

    def _row_count(self, group: FormField) -> int:
        if self.is_bound:
            return rows.count(self.data, group.key, most=group.rows_at_most)
        return max(len(self._known_rows(group.key)), group.least_rows, int(group.required))

    def _known_rows(self, group: str) -> list[Mapping[str, Any]]:
        found = self.known.get(group)
        return [row for row in found if isinstance(row, Mapping)] if isinstance(found, list) else []

    def _kept(self, slot: Slot) -> Any:
        if slot.row == OUTSIDE:
            return self.known.get(slot.field.key)
        known = self._known_rows(slot.field.group)
        return known[slot.row].get(slot.field.key) if slot.row < len(known) else None

    def _row_title(self, slot: Slot) -> str:
        group = next((group for group in self._groups if group.key == slot.field.group), None)
        return "" if group is None else _row_title(group, slot.row)

    def _when(self, field: FormField) -> tuple[str, str]:
        """Return on what a field depends: for people, and as JSON for the script of the page."""
        sentences = [condition_texts.shown_if(field, self._labels), condition_texts.required_if(field, self._labels)]
        condition = json.dumps(field.shown_if) if field.shown_if else ""
        return " ".join(said for said in sentences if said), condition

    def _shown(self, slot: Slot) -> QuestionDisplay:
        request = self.requests.get(slot.field.key, "") if slot.row == OUTSIDE else ""
        return QuestionDisplay(self[slot.name], slot.field, *self._when(slot.field), request=request)

    def _group(self, group: FormField) -> GroupDisplay:
        number = self._row_count(group)
        shown = [
            RowDisplay(title=_row_title(group, row), remove=f"{group.key}:{row}" if number > group.least_rows else "")
            for row in range(number)
        ]
        for slot in self.slots:
            if slot.field.group == group.key:
                shown[slot.row].questions.append(self._shown(slot))
        when, condition = self._when(group)
        return GroupDisplay(
            field=group,
            when=when,
            condition=condition,
            counter=rows.counter(group.key),
            rows=shown,
            add=_("Ajouter : %(name)s") % {"name": group.row_name or _("ligne")} if number < group.rows_at_most else "",
            problem=self.few.get(group.key, ""),
            request=self.requests.get(group.key, ""),
        )


def _row_title(group: FormField, row: int) -> str:
    word = group.row_name or _("ligne")
    return _("%(name)s %(number)d") % {"name": word[:1].upper() + word[1:], "number": row + 1}
