"""A configuration to import: a file, or its text."""

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from obole.configuration.rules.text import MOST_BYTES

LONGEST_PASTED = 1_000_000


class ImportForm(forms.Form):
    """A file is read where it is; a text stays on the page, to be mended there."""

    file = forms.FileField(
        label=gettext_lazy("Fichier"), required=False, allow_empty_file=True,
        widget=forms.FileInput({"accept": ".json,application/json"}),
        help_text=gettext_lazy("Un fichier .json, comme ceux qui se téléchargent ici : 5 Mo au plus. Il prend la place du texte."),
    )  # fmt: skip
    content = forms.CharField(
        label=gettext_lazy("Contenu"), required=False, strip=False,
        widget=forms.Textarea({"rows": 10, "class": "code", "spellcheck": "false", "autocomplete": "off", "wrap": "off"}),
        help_text=gettext_lazy("Ou collez ici le texte du fichier : un million de caractères au plus."),
    )  # fmt: skip

    def clean_file(self) -> "UploadedFile[bytes] | None":
        """
        Refuse what nobody would read.

        :raises ValidationError: if the file is too heavy.
        """
        upload: UploadedFile[bytes] | None = self.cleaned_data["file"]
        if upload is not None and (upload.size or 0) > MOST_BYTES:
            raise forms.ValidationError(_("Ce fichier est trop lourd : 5 Mo au plus."))
        return upload

    def clean_content(self) -> str:
        """
        Refuse what should be a file.

        :raises ValidationError: if the text is too long.
        """
        content: str = self.cleaned_data["content"]
        if len(content) > LONGEST_PASTED:
            raise forms.ValidationError(_("Ce texte est trop long pour être collé : choisissez plutôt le fichier."))
        return content

    def clean(self) -> dict[str, Any]:
        """Ask for one of the two."""
        given = self.cleaned_data
        if not self.errors and given["file"] is None and not given["content"].strip():
            self.add_error("file", _("Choisissez un fichier, ou collez son contenu."))
        return given

    def read(self) -> bytes:
        """Return what was sent."""
        upload: UploadedFile[bytes] | None = self.cleaned_data["file"]
        return self.cleaned_data["content"].encode() if upload is None else upload.read()  # type: ignore[no-any-return]
