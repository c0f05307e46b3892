"""A logo, from the file that was sent to what documents print; a good one is kept while the rest is mended."""

from typing import Any, Literal

from django import forms
from django.core import signing
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

from obole.billing.documents import letter
from obole.lib import files

Kind = Literal["svg", "png", "jpeg"]
_SALT = "obole.crm.logo"
_BEGINNINGS: tuple[tuple[bytes, Kind], ...] = ((b"\x89PNG\r\n\x1a\n", "png"), (b"\xff\xd8\xff", "jpeg"))


class LogoField(forms.FileField):
    """A PNG, JPEG or SVG image that documents can print; the content says which, never the name."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("widget", forms.FileInput({"accept": ".png,.jpg,.jpeg,.svg"}))
        super().__init__(**options)

    def clean(self, data: Any, initial: Any = None) -> letter.Logo | None:
        """
        Read a logo.

        :raises ValidationError: with a sentence that says what to do.
        """
        upload: UploadedFile[bytes] | None = super().clean(data, None)
        return None if upload is None else read(upload)


def read(upload: "UploadedFile[bytes]") -> letter.Logo:
    """
    Return the logo that was sent.

    :raises ValidationError: if it is none, too heavy, or cannot be printed.
    """
    if (upload.size or 0) > letter.LOGO_BYTES:
        size = letter.LOGO_BYTES // 1024
        raise ValidationError(_("Ce logo est trop lourd : %(size)s Ko au plus.") % {"size": size})
    content = upload.read()
    logo = letter.Logo(content, _kind(content))
    try:
        letter.check_logo(logo)
    except letter.LogoRefused as error:
        raise ValidationError(
            _(
                "Ce logo ne peut pas être imprimé : il est abîmé, trop grand, en couleurs d’imprimerie (CMJN) ou trop"
                " compliqué. Enregistrez-le de nouveau en PNG, couleurs RVB, 2 000 points de large au plus."
            )
        ) from error
    return logo


def store(logo: letter.Logo) -> dict[str, str]:
    """Put a logo in the file store (outside any transaction) and return the values that name it."""
    return {"logo_digest": files.put(logo.content), "logo_format": logo.kind}


def stored(digest: str, kind: str) -> letter.Logo | None:
    """Return the logo of that digest; nothing without one."""
    return letter.Logo(files.get(digest), _known(kind)) if digest else None


def seal(logo: letter.Logo) -> str:
    """Store a logo and return what a page can carry to find it again, and nobody can forge."""
    return signing.dumps(store(logo), salt=_SALT)


def unseal(sealed: str) -> letter.Logo | None:
    """Return the logo that a page carried; nothing if it carried none, or was tampered with."""
    try:
        kept = signing.loads(sealed, salt=_SALT, max_age=24 * 3600) if sealed else {}
    except signing.BadSignature:
        return None
    return stored(kept.get("logo_digest", ""), kept.get("logo_format", ""))


def _kind(content: bytes) -> Kind:
    for beginning, kind in _BEGINNINGS:
        if content.startswith(beginning):
            return kind
    if b"<svg" in content[:4096]:
        return "svg"
    raise ValidationError(_("Ce fichier n’est pas une image PNG, JPEG ou SVG."))


def _known(kind: str) -> Kind:
    return "svg" if kind == "svg" else "png" if kind == "png" else "jpeg"
