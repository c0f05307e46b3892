"""A pricing as a file: read from what was sent, shown again whole when it is to be mended, and written to be downloaded."""

import json
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from obole.catalogue import rules
from obole.configuration.rules import text

MOST_BYTES = 1_000_000
"""A hundred times a large town's grid."""


class PricingForm(forms.Form):
    """A file, or its text. What a file holds is put in the text, so that whatever is wrong can be mended on the page."""

    file = forms.FileField(
        label=gettext_lazy("Fichier"), required=False, widget=forms.FileInput({"accept": ".json,application/json"}),
        help_text=gettext_lazy("Un fichier .json, comme celui qui se télécharge ici. Il prend la place du texte ci-dessous."),
    )  # fmt: skip
    content = forms.CharField(
        label=gettext_lazy("Contenu"), required=False, strip=False,
        widget=forms.Textarea({"rows": 18, "class": "code", "spellcheck": "false", "autocomplete": "off", "wrap": "off"}),
    )  # fmt: skip
    replaces = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=0, max_value=10**9)

    def __init__(self, data: Any = None, files: Any = None, *, number: int) -> None:
        self._unreadable = ""
        upload: UploadedFile[bytes] | None = (files or {}).get("file")
        self._sent = None if data is None else data.copy()
        if self._sent is not None and upload is not None:
            self._sent["content"] = self._text(upload) or data.get("content", "")
        # The file was read: it is not sent back, its text is.
        super().__init__(self._sent, initial={"replaces": number})
        self.described: Any = None

    def _text(self, upload: "UploadedFile[bytes]") -> str:
        if (upload.size or 0) > MOST_BYTES:
            self._unreadable = _("Ce fichier est trop lourd : 1 Mo au plus.")
            return ""
        content: bytes = upload.read()
        try:
            return content.decode("utf-8-sig")
        except UnicodeDecodeError:
            self._unreadable = _("Ce fichier n’est pas du texte en UTF-8 : est-ce bien le bon ?")
            return ""

    def clean(self) -> None:
        """Read the JSON; where it cannot be read is said by line and column."""
        super().clean()
        if self._unreadable:
            self.add_error("file", self._unreadable)
            return
        content = self.cleaned_data.get("content", "")
        if len(content) > MOST_BYTES:
            self.add_error("content", _("Ce texte est trop long : un million de caractères au plus."))
            return
        try:
            self.described = text.read(content.encode())
        except rules.Refused as refusal:
            for one in refusal.problems:
                self.add_error("content", f"{one.path}\u00a0: {one.message}" if one.path else one.message)

    def shows(self, number: int) -> None:
        """Make the page speak of this version from now on: the one in force."""
        if self._sent is not None:
            self._sent["replaces"] = str(number)


def as_text(pricing: rules.Pricing) -> str:
    """Write a pricing for people to read and mend, in the order of its description."""
    return json.dumps(rules.as_dict(pricing), ensure_ascii=False, indent=2) + "\n"
