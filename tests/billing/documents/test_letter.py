"""A logo or a colour that an agent gives is refused with a reason, or printed."""

import io
from datetime import UTC, datetime

import pikepdf
import pytest
from PIL import Image

from obole.billing.documents import letter
from obole.lib import pdf

AT = datetime(2026, 11, 25, 8, 12, tzinfo=UTC)
SVG = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 64 64">{}</svg>'
SQUARE = SVG.format('<rect width="64" height="64" fill="#1f4a8a"/>').encode()


def picture(mode: str, kind: str, size: tuple[int, int] = (80, 30)) -> bytes:
    content = io.BytesIO()
    Image.new(mode, size).save(content, kind)
    return content.getvalue()


def print_with(logo: letter.Logo, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Print nothing but the letterhead."""
    main = tmp_path_factory.mktemp("letter") / "main.typ"
    main.write_text('#import "letter.typ": *\n#let d = json("data.json")\n#show: letter.with(d, "Essai")\n')
    head = letter.Letterhead(letter.Authority("Ville de Valbourg"), logo=logo)
    data = {**head.data, "recipient": {"name": "Mme Œuvrard", "address_lines": []}}
    return pdf.render([main, letter.TEMPLATE], data, images=head.images, timestamp=AT)


@pytest.mark.parametrize(
    "logo",
    [
        letter.Logo(SQUARE, "svg"),
        letter.Logo(SVG.format('<text y="30" font-family="Arial">Été</text>').encode(), "svg"),
        letter.Logo(SVG.format('<g id="a"/><use href="#a"/><use xlink:href="#a"/>').encode(), "svg"),
        letter.Logo(SVG.format("").replace("0 0 64 64", "0 0 9000 10").encode(), "svg"),
        *(letter.Logo(picture(mode, "PNG"), "png") for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")),
        *(letter.Logo(picture(mode, "JPEG"), "jpeg") for mode in ("L", "RGB")),
    ],
)
def test_usual_logos_are_printed_with_their_meaning(
    logo: letter.Logo, tmp_path_factory: pytest.TempPathFactory
) -> None:
    document = print_with(logo, tmp_path_factory)

    with pikepdf.open(io.BytesIO(document)) as opened:
        texts = {str(item.Alt) for item in opened.objects if isinstance(item, pikepdf.Dictionary) and "/Alt" in item}
    assert texts == {"Logo\u00a0: Ville de Valbourg"}


@pytest.mark.parametrize(
    ("logo", "reason"),
    [
        (letter.Logo(b"", "png"), "not a readable png picture"),
        (letter.Logo(b"\x00\x01", "svg"), "not a readable svg drawing"),
        (letter.Logo(b"<html/>", "svg"), "not an svg drawing"),
        (letter.Logo(picture("RGB", "PNG"), "jpeg"), "not a readable jpeg picture"),
        (letter.Logo(picture("CMYK", "JPEG"), "jpeg"), "CMYK"),
        (letter.Logo(picture("1", "PNG", (5_000, 5_000)), "png"), "5000 × 5000 pixels"),
        (letter.Logo(b"<svg>" + b" " * letter.LOGO_BYTES + b"</svg>", "svg"), "more than 512 KiB"),
        (letter.Logo(b'<!DOCTYPE svg [<!ENTITY a "b">]><svg>&a;</svg>', "svg"), "entities"),
    ],
)
def test_unusable_logos_are_refused_before_anything_is_drawn(logo: letter.Logo, reason: str) -> None:
    with pytest.raises(letter.LogoRefused, match=reason):
        letter.check_logo(logo)


@pytest.mark.parametrize(
    "effect",
    [
        '<filter id="f"><feTurbulence numOctaves="1000"/></filter><rect width="64" height="64" filter="url(#f)"/>',
        '<mask id="m"><rect width="9" height="9"/></mask><rect width="64" height="64"/>',
        '<rect width="64" height="64" style="filter: blur(900px)"/>',
        '<rect width="64" height="64" filter="blur(900px)"/>',
        "<style>rect { FILTER: blur(900px) }</style><rect width='64' height='64'/>",
        '<pattern id="p" width="1" height="1"><rect width="1" height="1"/></pattern>',
    ],
)
def test_effects_drawn_pixel_by_pixel_are_refused(effect: str) -> None:
    """A hundred bytes of noise took 78 seconds, for every invoice of the type."""
    with pytest.raises(letter.LogoRefused, match="effects"):
        letter.check_logo(letter.Logo(SVG.format(effect).encode(), "svg"))


def test_copies_of_copies_are_refused() -> None:
    levels = "".join(f'<g id="l{n}">{f"""<use xlink:href="#l{n - 1}"/>""" * 10}</g>' for n in range(1, 12))
    bomb = SVG.format(f'<defs><g id="l0"/>{levels}</defs><use href="#l11"/>')

    with pytest.raises(letter.LogoRefused, match="copies of copies"):
        letter.check_logo(letter.Logo(bomb.encode(), "svg"))


@pytest.mark.parametrize(
    ("logo", "reason"),
    [
        (letter.Logo(picture("RGB", "PNG")[:60], "png"), "failed to decode image"),
        (letter.Logo(b'<svg xmlns="http://www.w3.org/2000/svg" width="0" height="0"/>', "svg"), "failed to parse SVG"),
        (letter.Logo(SVG.format('<text y="9">漢</text>').encode(), "svg"), "could not be displayed"),
        (letter.Logo(SVG.format('<image href="/etc/passwd" width="9" height="9"/>').encode(), "svg"), "linked image"),
        (
            letter.Logo(SVG.format('<image href="http://127.0.0.1/a.png" width="9" height="9"/>').encode(), "svg"),
            "URLs",
        ),
    ],
)
def test_what_only_the_engine_sees_is_refused_by_a_trial(
    logo: letter.Logo, reason: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with pytest.raises(pdf.DocumentNotRendered, match=reason):
        print_with(logo, tmp_path_factory)


@pytest.mark.parametrize("colour", ["", "red", "#12345", "#1234567", "#12345g", '#123456")'])
def test_a_colour_is_six_digits(colour: str) -> None:
    head = letter.Letterhead(letter.Authority("Ville de Valbourg"), colour=colour)

    with pytest.raises(pdf.DocumentNotRendered, match="not a colour"):
        _ = head.data


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" \n \n", []),
        ("un", [["un"]]),
        ("un\ndeux\n\n\ntrois\n", [["un", "deux"], ["trois"]]),
        ("un\r\n\r\ndeux\r\n \r\ntrois", [["un"], ["deux"], ["trois"]]),
    ],
)
def test_a_blank_line_starts_a_paragraph(text: str, expected: list[list[str]]) -> None:
    assert letter.paragraphs(text) == expected


def test_whom_to_ask_is_told_only_with_a_way_to_ask() -> None:
    reachable = letter.Authority("Ville de Valbourg", phone="01 23 45 67 89", email="enfance@valbourg.example")

    assert letter.Letterhead(letter.Authority("Ville"), service_name="Service").contact == ""
    assert letter.Letterhead(reachable).contact == "Ville de Valbourg, 01 23 45 67 89, enfance@valbourg.example"
    assert letter.Letterhead(reachable, service_name="Service Enfance").contact.startswith("Service Enfance, 01")
