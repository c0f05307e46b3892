"""A pricing as a file: read from what was sent, shown again whole when it is to be mended, and written to be downloaded."""

import json
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from obole.catalogue import rules

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
        try:
            self.described = read_json(self.cleaned_data.get("content", ""))
        except ValidationError as error:
            self.add_error("content", error)

    def shows(self, number: int) -> None:
        """Make the page speak of this version from now on: the one in force."""
        if self._sent is not None:
            self._sent["replaces"] = str(number)


def read_json(text: str) -> Any:
    """
    Read a JSON document where no name comes twice and every number is one.

    :raises ValidationError: with a sentence that says where it goes wrong.
    """
    if not text.strip():
        raise ValidationError(_("Choisissez un fichier, ou collez son contenu."))
    if len(text) > MOST_BYTES:
        raise ValidationError(_("Ce texte est trop long : un million de caractères au plus."))
    try:
        read = json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
        # An escaped half of a character is JSON, and no text.
        json.dumps(read, ensure_ascii=False).encode()
        return read
    except json.JSONDecodeError as error:
        where = {"line": error.lineno, "column": error.colno}
        said = _(
            "Ce n’est pas du JSON : ligne %(line)s, colonne %(column)s, une virgule, un guillemet ou une accolade manque ou est de trop."
        )
        raise ValidationError(said % where) from error
    except RecursionError as error:
        raise ValidationError(_("Ce JSON est beaucoup trop imbriqué.")) from error
    except UnicodeEncodeError as error:
        raise ValidationError(_("Ce JSON contient un caractère coupé en deux : retapez-le au clavier.")) from error
    except ValueError as error:
        raise ValidationError(_("Ce JSON contient un nombre démesuré : vérifiez-le.")) from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read = dict(pairs)
    if len(read) < len(pairs):
        names = [name for name, _value in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValidationError(
            _("« %(name)s » est écrit deux fois dans la même partie : gardez-en un.") % {"name": twice[:40]}
        )
    return read


def _no_number(name: str) -> Any:
    raise ValidationError(_("« %(name)s » n’est pas un nombre.") % {"name": name})


def as_text(pricing: rules.Pricing) -> str:
    """Write a pricing for people to read and mend, in the order of its description."""
    return json.dumps(rules.as_dict(pricing), ensure_ascii=False, indent=2) + "\n"
