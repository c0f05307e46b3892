"""A file that is not lost when another answer is wrong: it is stored at once, and the page carries its signed name."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from django import forms
from django.core import signing
from django.core.files.uploadedfile import UploadedFile
from django.utils.html import format_html
from django.utils.translation import gettext as _

from obole.catalogue.fields import FILE_TYPES, MOST_MEGABYTES, FormField
from obole.dossiers import uploads
from obole.dossiers.models import Attachment
from obole.dossiers.uploads import StoredUpload
from obole.limits import operations as limits
from obole.limits.middleware import as_error
from obole.limits.rules import UPLOADED_BYTES, TooMany

ONE_DAY = 24 * 60 * 60
TOKEN = "_kept"


@dataclass(frozen=True)
class Limits:
    """What a question takes, of what ``uploads`` would take."""

    types: tuple[str, ...] = FILE_TYPES
    megabytes: int = MOST_MEGABYTES

    @classmethod
    def of(cls, field: FormField) -> "Limits":
        """Return what an administrator allowed."""
        return cls(field.file_types or FILE_TYPES, field.megabytes or MOST_MEGABYTES)

    @property
    def accept(self) -> str:
        """The endings of names that the browser should offer."""
        return ",".join(f".{item}" for item in self.types) + (",.jpeg" if "jpg" in self.types else "")

    @property
    def words(self) -> str:
        """The same for people: « PDF, PNG ou JPEG, 10 Mo au plus. »"""
        names = [{"jpg": "JPEG"}.get(item, item.upper()) for item in self.types]
        said = _(" ou ").join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
        return _("%(types)s, %(megabytes)d Mo au plus.") % {"types": said, "megabytes": self.megabytes}

    def check(self, upload: StoredUpload) -> None:
        """
        Refuse what the administrator does not take.

        :raises ValidationError: with what is taken.
        """
        ending = {"application/pdf": "pdf", "image/png": "png", "image/jpeg": "jpg"}[upload.content_type]
        if ending not in self.types:
            raise forms.ValidationError(
                _("Ce type de fichier n’est pas accepté ici : %(words)s") % {"words": self.words}
            )
        if upload.size > self.megabytes * 1024 * 1024:
            raise forms.ValidationError(_("Ce fichier est trop lourd : %(words)s") % {"words": self.words})


class KeptFileInput(forms.FileInput):
    """Choose a file; beside it, the one that was kept and those that are in the dossier already."""

    template_name = "ui/kept_file.html"

    def __init__(self, *, already: Sequence[Attachment], limits: Limits) -> None:
        super().__init__({"accept": limits.accept})
        self.already = already
        self.kept: StoredUpload | None = None
        self.token = ""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> "tuple[UploadedFile[bytes] | None, str]":
        """Return the chosen file, and the token of the one that was kept."""
        return files.get(name), str(data.get(name + TOKEN, ""))

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        """Tell whether the page says nothing of this file."""
        return name not in files and name + TOKEN not in data

    def use_required_attribute(self, initial: Any) -> bool:
        """Let the browser ask for a file only where none is held."""
        return not self.kept and not self.already

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """Give the held files to the template."""
        context = super().get_context(name, None, attrs)
        return {**context, "kept": self.kept, "token": self.token, "token_name": name + TOKEN, "already": self.already}


class KeptFileField(forms.Field):
    """A checked file in the store, not yet tied to a dossier."""

    widget: KeptFileInput

    def __init__(
        self,
        *,
        key: str,
        owner: str,
        at: datetime,
        already: Sequence[Attachment],
        limits: Limits | None = None,
        **options: Any,
    ) -> None:
        self.limits = limits or Limits()
        super().__init__(widget=KeptFileInput(already=already, limits=self.limits), **options)
        self.error_messages["required"] = _("Joignez ce fichier : %(words)s") % {"words": self.limits.words}
        self.key, self.at = key, at
        self.owner, self.salt = owner, f"portal.file.{owner}.{key}"
        self.required = self.required and not already
        self.help_text = format_html("{} {}", self.help_text, self.limits.words)

    def clean(self, value: "tuple[UploadedFile[bytes] | None, str]") -> StoredUpload | None:
        """
        Store the chosen file, or find the one that was kept.

        :raises ValidationError: if the file cannot be taken, or if there must be one.
        """
        chosen, token = value
        self._keep(self._read(token))
        if chosen is not None:
            self._keep(self._store(chosen))
        if self.required and self.widget.kept is None:
            raise forms.ValidationError(self.error_messages["required"], code="required")
        return self.widget.kept

    def _store(self, chosen: "UploadedFile[bytes]") -> StoredUpload:
        # One byte more than allowed is enough to refuse the file, however large it is.
        content = chosen.read(uploads.LARGEST_BYTES + 1)
        try:
            limits.use(UPLOADED_BYTES, self.owner, at=self.at, cost=len(content))
            stored = uploads.store(field_key=self.key, name=chosen.name or "", content=content)
        except uploads.BadFile as error:
            raise forms.ValidationError(str(error), code="file") from error
        except TooMany as refusal:
            raise as_error(refusal) from refusal
        self.limits.check(stored)
        return stored

    def _read(self, token: str) -> StoredUpload | None:
        try:
            return StoredUpload(**signing.loads(token, salt=self.salt, max_age=ONE_DAY)) if token else None
        except signing.BadSignature:
            return None

    def hold(self, attachment: Attachment | None) -> None:
        """Go on with a file that is in the dossier already."""
        if attachment is not None:
            kept = {field.name: getattr(attachment, field.name) for field in fields(StoredUpload)}
            self._keep(StoredUpload(**kept))

    def _keep(self, upload: StoredUpload | None) -> None:
        self.widget.kept = upload
        self.widget.token = signing.dumps(asdict(upload), salt=self.salt) if upload else ""

    def bound_data(self, data: Any, initial: Any) -> Any:
        """Draw nothing of the file itself: a browser never sends it back."""
        return None

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Tell whether a file came."""
        return bool(data and data[0])
