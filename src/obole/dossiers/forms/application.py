"""The form of a dispositif as people fill it: its questions, and what it comes to. Nothing here is written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django import forms

from obole.catalogue import queries as catalogue
from obole.catalogue.fields import FieldKind, FilledBy, FormField
from obole.catalogue.forms import estimates, questions
from obole.catalogue.forms.conditions import OUTSIDE
from obole.catalogue.forms.estimates import AmountEstimate
from obole.catalogue.forms.questionnaire import Questionnaire, Slot
from obole.catalogue.models import FormVersion, PricingVersion, Scheme
from obole.directory.models import Citizen
from obole.dossiers.forms.kept_files import KeptFileField, KeptFileInput, Limits
from obole.dossiers.models import Attachment, Dossier
from obole.dossiers.operations import Answer, Application
from obole.dossiers.uploads import StoredUpload
from obole.pricing.simple import FlatPrice, flat_prices


@dataclass(frozen=True, kw_only=True)
class ApplicationQuestions:
    """What a citizen is asked, and what is known already (nothing, for a new application)."""

    form: FormVersion
    answers: Mapping[str, Answer] = field(default_factory=dict)
    attachments: Sequence[Attachment] = ()
    pricing: PricingVersion | None = None
    """What makes the amount, from the answers and from what the agent adds."""

    @property
    def told(self) -> list[FormField]:
        """What the page of the dispositif says will be asked."""
        kept = (FieldKind.SECTION,)
        return [field for field in self.form.form_fields if field.by == FilledBy.CITIZEN and field.kind not in kept]

    def flat_prices(self, *, on: date) -> list[FlatPrice]:
        """Return the prices that the page of the dispositif tells: those that no answer changes, if all are such."""
        if self.pricing is None:
            return []
        return flat_prices(catalogue.compiled_pricing_of(self.pricing).pricing, on=on)


def questions_of(scheme: Scheme, *, form_id: str = "", citizen: Citizen | None = None) -> ApplicationQuestions | None:
    """
    Return what a dispositif asks now, or asked in the version that the page was made with; None while it is closed.

    :param form_id: what the page says, if it is one of this dispositif's versions.
    :param citizen: whose account fills some of the questions beforehand.
    """
    if not (scheme.enabled and scheme.service.enabled):
        return None
    shown = scheme.forms.filter(pk=int(form_id)).first() if form_id.isascii() and form_id.isdigit() else None
    form = shown or catalogue.current_form(scheme)
    if form is None:
        return None
    return ApplicationQuestions(form=form, answers=_prefilled(form, citizen), pricing=catalogue.current_pricing(scheme))


def _prefilled(form: FormVersion, citizen: Citizen | None) -> dict[str, Answer]:
    """Return what the citizen's account says already."""
    if citizen is None:
        return {}
    known = {field.key: questions.prefill(field, citizen) for field in form.form_fields if field.prefill}
    return {key: value for key, value in known.items() if value}


def questions_to_complete(dossier: Dossier) -> ApplicationQuestions:
    """Return what was asked when the dossier was filled, with its answers: what a complement is made on."""
    return ApplicationQuestions(
        form=dossier.form,
        pricing=catalogue.current_pricing(dossier.scheme),
        answers=dossier.answers,
        attachments=list(dossier.attachments.order_by("id")),
    )


class ApplicationForm(Questionnaire):
    """The questions of a dispositif."""

    def __init__(
        self, data: Any = None, files: Any = None, *, asked: ApplicationQuestions, owner: str, at: datetime
    ) -> None:
        self.asked, self.owner, self.at = asked, owner, at
        self.mistaken: set[str] = set()
        super().__init__(data, files, fields=asked.form.form_fields, known=asked.answers)

    def control(self, slot: Slot, kept: Any) -> forms.Field:
        """Return the control of a question; a file is kept while other answers are mended."""
        if slot.field.kind != FieldKind.FILE:
            return super().control(slot, kept)
        field = slot.field
        mine = [attachment for attachment in self.asked.attachments if attachment.field_key == field.key]
        made = KeptFileField(
            key=field.key,
            owner=self.owner,
            at=self.at,
            already=mine if slot.row == OUTSIDE else (),
            limits=Limits.of(field),
            label=field.label,
            required=self.is_always_required(field),
            help_text=field.help,
        )
        # A row may move: its file goes with it, in the page.
        made.hold(next((item for item in mine if slot.row != OUTSIDE and item.digest == kept), None))
        return made

    def is_empty(self, slot: Slot) -> bool:
        """Tell whether a question has no answer; a file may be in the dossier already."""
        widget = self.fields[slot.name].widget
        return super().is_empty(slot) and not (isinstance(widget, KeptFileInput) and widget.already)

    def clean(self) -> dict[str, Any]:
        """
        Note which answers cannot be read, before anybody is forgiven them: an amount without them would be another one.
        """
        cleaned = super().clean()
        wrong = self.errors.as_data()
        self.mistaken = {
            slot.field.key for slot in self.slots if any(item.code != "required" for item in wrong.get(slot.name, ()))
        }
        return cleaned

    def estimate(self, *, on: date) -> AmountEstimate | None:
        """Return what the answers come to so far, at the prices of a day; None while there is no pricing."""
        if self.asked.pricing is None:
            return None
        given = self.given_so_far() if self.is_bound else self.known
        compiled = catalogue.compiled_pricing_of(self.asked.pricing)
        return estimates.estimate_form(compiled, self.form_fields, given, on=on, mistaken=self.mistaken)

    def filled(self) -> Application:
        """Return what was filled in a form without errors."""
        sent = (self.cleaned_data.get(slot.name) for slot in self.slots)
        uploads = [value for value in sent if isinstance(value, StoredUpload)]
        return Application(answers=self.answers(), uploads=uploads)

    def _answer(self, slot: Slot) -> Any:
        value = self.cleaned_data.get(slot.name)
        # In a row, the file's digest says whose it is; out of groups, its field says it.
        if isinstance(value, StoredUpload):
            return None if slot.row == OUTSIDE else value.digest
        return super()._answer(slot)
