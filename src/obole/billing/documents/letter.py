"""The letter that every document is: who writes, to whom, in which colour, with which logo."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, Literal

from lxml import etree
from PIL import Image

from obole.lib import pdf

TEMPLATE = Path(__file__).with_name("letter.typ")
LOGO_BYTES = 512 * 1024
LOGO_PIXELS = 16_000_000

_TYPST_KINDS = {"svg": "svg", "png": "png", "jpeg": "jpg"}
# An attribute of SVG's <use>; the second form is the old one, which most drawing programs still write.
_REFERENCES = ("href", "{http://www.w3.org/1999/xlink}href")


class LogoRefused(pdf.DocumentNotRendered):
    """The logo cannot be printed; the message says why."""


@dataclass(frozen=True)
class Authority:
    """Who writes."""

    name: str
    address_lines: tuple[str, ...] = ()
    siret: str = ""
    phone: str = ""
    email: str = ""
    hours: str = ""
    subject: str = ""
    """The name as it begins a sentence, with its article; what was issued before there was one has none."""


@dataclass(frozen=True)
class Logo:
    """An image of the authority."""

    content: bytes
    kind: Literal["svg", "png", "jpeg"]


@dataclass(frozen=True)
class Letterhead:
    """The top of the first page, and the colour of all of them; the colour never carries a text."""

    authority: Authority
    regie_name: str = ""
    service_name: str = ""
    colour: str = "#1f4a8a"
    logo: Logo | None = None

    @property
    def contact(self) -> str:
        """Return whom to ask, and how; nothing if there is no way."""
        ways = [way for way in (self.authority.phone, self.authority.email) if way]
        return ", ".join([self.service_name or self.authority.name, *ways]) if ways else ""

    @property
    def images(self) -> dict[str, bytes]:
        """
        Return the logo under the name that the template reads.

        :raises LogoRefused: if it is damaged, too large, or costly to draw.
        """
        if not self.logo:
            return {}
        check_logo(self.logo)
        return {"logo": self.logo.content}

    @property
    def data(self) -> Mapping[str, Any]:
        """
        Return the texts.

        :raises DocumentNotRendered: if the colour is not ``#rrggbb``.
        """
        if not re.fullmatch(r"#[0-9a-fA-F]{6}", self.colour):
            raise pdf.DocumentNotRendered(f"not a colour: {self.colour}")
        return {
            "authority": vars(self.authority),
            "regie_name": self.regie_name,
            "service_name": self.service_name,
            "colour": self.colour,
            "contact": self.contact,
            "logo_kind": _TYPST_KINDS[self.logo.kind] if self.logo else "",
        }


@dataclass(frozen=True)
class Recipient:
    """To whom; six lines in all fit in the window of an envelope."""

    name: str
    address_lines: tuple[str, ...] = ()


def paragraphs(text: str) -> list[list[str]]:
    """Split a text at its blank lines into paragraphs, and these into lines."""
    blocks = re.split(r"\n\s*\n", text.replace("\r\n", "\n").strip())
    return [block.split("\n") for block in blocks if block.strip()]


def check_logo(logo: Logo) -> None:
    """
    Look at a logo before typst does: what is refused here is told at its field, by whom it concerns.

    :raises LogoRefused: if it is damaged, too large, or costly to draw.
    """
    if len(logo.content) > LOGO_BYTES:
        raise LogoRefused(f"the logo weighs more than {LOGO_BYTES // 1024} KiB")
    if logo.kind == "svg":
        _check_drawing(logo.content)
    else:
        _check_picture(logo)


def _check_picture(logo: Logo) -> None:
    try:
        with Image.open(BytesIO(logo.content), formats=[logo.kind]) as picture:
            size, mode = picture.size, picture.mode
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise LogoRefused(f"the logo is not a readable {logo.kind} picture") from error
    if size[0] * size[1] > LOGO_PIXELS:
        raise LogoRefused(f"the logo has {size[0]} × {size[1]} pixels: more than {LOGO_PIXELS // 1_000_000} million")
    if mode == "CMYK":
        raise LogoRefused("the logo is in the colours of the press (CMYK): export it for the screen (RGB)")


_COSTLY = {"filter", "mask", "pattern", "marker", "foreignObject"}
_EFFECTS = {"filter", "mask", "backdrop-filter", "mask-image"}


def _check_drawing(content: bytes) -> None:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise LogoRefused("the logo is not a readable svg drawing") from error
    if etree.QName(root).localname != "svg":
        raise LogoRefused("the logo is not an svg drawing")
    if root.getroottree().docinfo.internalDTD is not None and b"<!ENTITY" in content:
        raise LogoRefused("the logo declares entities")
    _refuse_costly_effects(root)
    _refuse_nested_copies(root)


def _refuse_costly_effects(root: etree._Element) -> None:
    """Refuse what is drawn pixel by pixel: a hundred bytes of noise or of blur are a minute of a processor."""
    for element in root.iter(etree.Element):
        said = " ".join([*map(str, element.attrib), element.get("style", ""), element.text or ""]).lower()
        is_rule = etree.QName(element).localname == "style" or "style" in element.attrib
        named = {str(name).lower() for name in element.attrib}
        if etree.QName(element).localname in _COSTLY or named & _EFFECTS or (is_rule and _names_effect(said)):
            raise LogoRefused("the logo has effects (filter, mask, pattern): export it as plain shapes")


def _names_effect(rule: str) -> bool:
    return any(effect in rule for effect in _EFFECTS)


def _refuse_nested_copies(root: etree._Element) -> None:
    """Refuse copies of copies: ten levels of them are ten lines of text and ten thousand million shapes."""
    copies = root.findall(".//{*}use")
    targets = {copy.get(name, "").removeprefix("#") for copy in copies for name in _REFERENCES}
    for element in root.iterfind(".//{*}use"):
        ancestors = [element, *element.iterancestors()]
        if any(ancestor.get("id") in targets for ancestor in ancestors):
            raise LogoRefused("the logo holds copies of copies (nested <use>): simplify the drawing")
