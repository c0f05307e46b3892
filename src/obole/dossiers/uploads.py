"""What a citizen may attach. The type is read in the content, never in the name that came with it."""

import io
import logging
from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext as _
from PIL import Image, ImageOps, UnidentifiedImageError

from obole.lib import clamd, files, texts

logger = logging.getLogger(__name__)

LARGEST_BYTES = 10 * 1024 * 1024
LARGEST_PIXELS = 60_000_000
_FORMATS = {"image/png": "PNG", "image/jpeg": "JPEG"}
_MODES = {"PNG": {"1", "L", "LA", "P", "RGB", "RGBA", "I;16"}, "JPEG": {"L", "RGB"}}
TYPES = {"pdf": "application/pdf", "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg"}


class BadFile(ValueError):
    """The file cannot be taken; the message is a sentence for who sent it."""


@dataclass(frozen=True, kw_only=True)
class StoredUpload:
    """A checked file, in the store, not yet tied to a dossier."""

    field_key: str
    name: str
    content_type: str
    size: int
    digest: str


def store(*, field_key: str, name: str, content: bytes) -> StoredUpload:
    """
    Check a file and put it in the store (outside any transaction).

    A picture is drawn again: what a camera wrote beside it (where, when, with what), and what hid behind it, are gone.

    :raises BadFile: if it is empty, larger than 10 MB, not the PDF, PNG or JPEG that its name says, or infected.
    """
    content_type = check(name, content)
    _scan(content)
    if content_type in _FORMATS:
        content = _drawn_again(content, _FORMATS[content_type])
    return StoredUpload(
        field_key=field_key,
        name=texts.clean_line(name)[-150:],
        content_type=content_type,
        size=len(content),
        digest=files.put(content),
    )


def check(name: str, content: bytes) -> str:
    """
    Return the type of a file that may be taken.

    :raises BadFile: with a sentence that says what is wrong.
    """
    claimed = TYPES.get(name.rsplit(".", 1)[-1].lower())
    if claimed is None:
        raise BadFile(_("Ce fichier n’est pas accepté : joignez un PDF, une image PNG ou une image JPEG."))
    if not content:
        raise BadFile(_("Ce fichier est vide : choisissez-en un autre."))
    if len(content) > LARGEST_BYTES:
        raise BadFile(_("Ce fichier est trop lourd : 10 Mo au plus."))
    if _real_type(content) != claimed:
        raise BadFile(
            _(
                "Le contenu de ce fichier n’est pas celui que son nom annonce : enregistrez-le de nouveau en PDF, PNG"
                " ou JPEG."
            )
        )
    return claimed


def _scan(content: bytes) -> None:
    if not settings.CLAMD:
        return
    try:
        found = clamd.scan(content, address=settings.CLAMD)
    except clamd.ScannerSilent as silence:
        logger.error("the virus scanner does not answer, and no file is taken: %s", silence)
        raise BadFile(
            _("Ce fichier n’a pas pu être contrôlé : rien n’est perdu, joignez-le de nouveau dans quelques minutes.")
        ) from silence
    if found:
        logger.warning("a file is refused: %s", found)
        raise BadFile(_("Ce fichier contient un logiciel malveillant : il n’est pas accepté."))


def _drawn_again(content: bytes, kind: str) -> bytes:
    """Return a picture upright, as pixels and nothing else."""
    try:
        with Image.open(io.BytesIO(content), formats=("PNG", "JPEG")) as image:
            upright = ImageOps.exif_transpose(image)
            mode = upright.mode if upright.mode in _MODES[kind] else "RGB"
            bare = upright.convert(mode) if upright.mode != mode else upright
            bare.info = {name: bare.info[name] for name in ("transparency",) if name in bare.info}
            out = io.BytesIO()
            bare.save(out, kind, **({"quality": 90} if kind == "JPEG" else {}))
    except (OSError, SyntaxError, ValueError, MemoryError) as error:
        raise BadFile(_("Cette image est abîmée : enregistrez-la de nouveau, puis joignez-la.")) from error
    return out.getvalue()


def _real_type(content: bytes) -> str:
    if content[:1024].lstrip().startswith(b"%PDF-"):
        return "application/pdf"
    try:
        with Image.open(io.BytesIO(content), formats=("PNG", "JPEG")) as image:
            if image.width * image.height > LARGEST_PIXELS:
                raise BadFile(_too_many_pixels())
            image.verify()
            return {"PNG": "image/png", "JPEG": "image/jpeg"}.get(image.format or "", "")
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise BadFile(_too_many_pixels()) from error
    except BadFile:
        raise
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError):
        return ""


def _too_many_pixels() -> str:
    return _("Cette image est trop grande : réduisez-la avant de la joindre.")
