"""What is asked of a file of attendance: the file, then where its facts stand."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _, gettext_lazy

from obole.consumption.models import AttendanceFile
from obole.consumption.rules import layouts
from obole.consumption.rules.layouts import MOST_BYTES, MOST_QUANTITIES, AttendanceTable, Layout, NotReadable
from obole.lib import dates
from obole.pricing.model.parts import Question


class FileForm(forms.Form):
    """Which file."""

    file = forms.FileField(
        label=gettext_lazy("Fichier"),
        widget=forms.FileInput({"accept": ".csv,.txt,.xlsx,.ods"}),
        help_text=gettext_lazy(
            "CSV, XLSX ou ODS, avec une ligne de titres : 10 Mo et 100 000 lignes au plus. Les formules ne sont pas"
            " calculées : ce qu’elles affichaient est lu."
        ),
        error_messages={
            "required": gettext_lazy("Choisissez le fichier que le logiciel de l’école a donné."),
            "empty": gettext_lazy("Ce fichier est vide : exportez-le de nouveau."),
        },
    )
    content: bytes = b""
    line_count = 0

    def clean_file(self) -> "UploadedFile[bytes]":
        """
        Read the file to its end.

        :raises ValidationError: if it cannot be.
        """
        upload: UploadedFile[bytes] = self.cleaned_data["file"]
        try:
            # One byte more than may be tells that there are too many.
            self.content = upload.read(MOST_BYTES + 1)
            self.line_count = layouts.count_lines(layouts.open_table(self.content))
        except NotReadable as refusal:
            raise forms.ValidationError(str(refusal)) from None
        return upload


class ColumnsForm(forms.Form):
    """Where each fact stands, and what is counted."""

    def __init__(
        self, *args: Any, table: AttendanceTable, questions: Sequence[Question], file: AttendanceFile, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self.table, self._line_count, self._today = table, file.line_count, dates.day_of(file.uploaded_at)
        titles = [("", _("— aucune —")), *((title, title) for title in table.titles)]
        for name, label in layouts.FACTS.items():
            self.fields[name] = forms.ChoiceField(label=label, choices=titles, required=False)
        self.fields["day"].help_text = _("Aucune si chaque jour a sa colonne, titrée par sa date.")
        self.fields["quantity"].help_text = _(
            "Un nombre, ou X, 1, oui pour une présence. Aucune si chaque ligne est une présence."
        )
        self.fields["thing"].help_text = _("Aucune si tout le fichier compte la même chose, choisie ci-dessous.")
        self.fields["question"] = forms.ChoiceField(
            label=_("Ce que compte le fichier"), choices=[(one.key, one.label) for one in questions]
        )
        self.fields["closed_too"] = forms.BooleanField(
            label=_("Compter aussi les dimanches et les jours fériés"), required=False
        )

    @property
    def layout(self) -> Layout:
        """What was chosen."""
        columns = {name: self.cleaned_data[name] for name in layouts.FACTS if self.cleaned_data.get(name)}
        return Layout(columns, self.cleaned_data["question"], self.cleaned_data["closed_too"])

    def clean(self) -> dict[str, Any]:
        """Ask for what is missing, each thing at its field."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        for name, said in layouts.missing(given, self.table.titles, today=self._today).items():
            self.add_error(name, said)
        days = 1 if given.get("day") else len(layouts.day_columns(self.table.titles, today=self._today))
        if self._line_count * days > MOST_QUANTITIES:
            self.add_error("day", _("Trop de jours et de lignes à la fois : exportez une période plus courte."))
        return given


def started(table: AttendanceTable, known: Layout | None, questions: Sequence[Question]) -> dict[str, Any]:
    """Return what the columns most likely are: those of the last file of the dispositif, if they are all there."""
    if known and all(table.place(title) is not None for title in known.columns.values()):
        return {**known.columns, "question": known.question, "closed_too": known.closed_too}
    guessed = layouts.guess(table.titles)
    # A column that is titled as what is counted counts it.
    titled = {one.key: table.titles[at] for one in questions if (at := table.place(one.label)) is not None}
    question = next(iter(titled), known.question if known else questions[0].key)
    return {"quantity": titled.get(question, ""), **guessed, "question": question}
