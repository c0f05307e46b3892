"""The engine: whatever people write is shown and never run, and the result is archivable and accessible."""

import io
import time
import unicodedata
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pikepdf
import pypdf
import pytest

from obole.lib import pdf
from obole.lib.transactions import TransactionOpen

AT = datetime(2026, 11, 25, 8, 12, tzinfo=UTC)
SOURCE = """
#import "words.typ": greeting
#let d = json("data.json")
#set document(title: "Essai")
#set text(font: "Source Sans Pro", lang: "fr", region: "FR", fallback: false)
= Essai
#greeting
#for item in d.texts [#item #text(weight: "semibold", item) #text(weight: "bold", item) #parbreak()]
"""


@pytest.fixture
def template(tmp_path: Path) -> list[Path]:
    """A document that shows each text in our three faces."""
    main, words = tmp_path / "essai.typ", tmp_path / "words.typ"
    main.write_text(SOURCE)
    words.write_text('#let greeting = "Bonjour"')
    return [main, words]


def render(template: list[Path], *texts: str, at: datetime = AT) -> bytes:
    return pdf.render(template, {"texts": texts}, images={}, timestamp=at)


def words_of(document: bytes) -> str:
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(document)).pages)


def test_it_shows_the_texts_and_what_it_imports(template: list[Path]) -> None:
    shown = words_of(render(template, "Éloïse Œuvrard"))

    assert "Bonjour" in shown
    assert shown.count("Éloïse Œuvrard") == 3


def test_it_declares_an_archivable_and_accessible_document(template: list[Path]) -> None:
    with pikepdf.open(io.BytesIO(render(template, "x"))) as document:
        with document.open_metadata() as claims:
            assert (claims["pdfaid:part"], claims["pdfaid:conformance"], claims["pdfuaid:part"]) == ("3", "A", "1")
        assert str(document.Root.Lang) == "fr-FR"
        assert document.Root.MarkInfo.Marked
        assert "/StructTreeRoot" in document.Root


def test_the_same_data_gives_the_same_bytes_and_another_instant_does_not(template: list[Path]) -> None:
    first = render(template, "x")

    assert render(template, "x") == first
    assert render(template, "x", at=AT.replace(minute=13)) != first


def test_the_date_is_an_instant_whatever_its_zone(template: list[Path]) -> None:
    document = render(template, "x", at=AT.astimezone(ZoneInfo("Europe/Paris")))

    assert document == render(template, "x")
    assert pypdf.PdfReader(io.BytesIO(document)).metadata["/CreationDate"] == "D:20261125081200Z"


def test_only_our_three_faces_are_used_and_embedded(template: list[Path]) -> None:
    fonts = pypdf.PdfReader(io.BytesIO(render(template, "x"))).pages[0]["/Resources"]["/Font"].values()

    names = {font.get_object()["/BaseFont"].split("+")[1].removesuffix("-Identity-H") for font in fonts}
    assert names == {"SourceSansPro-Regular", "SourceSansPro-Semibold", "SourceSansPro-Bold"}


@pytest.mark.parametrize(
    "text",
    [
        '#read("/etc/passwd")',
        "$x^2$",
        "*gras* _penché_",
        "#{ 1 + 1 }",
        r"\ \# \u{41}",
        "= Titre",
        "`code` <nom> @nom",
        "// non",
    ],
)
def test_what_looks_like_typst_is_shown_as_it_is(template: list[Path], text: str) -> None:
    assert words_of(render(template, text)).count(text) == 3


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("e\u0301", "é"),
        ("a\u0000b\u0007c\u200bd\u202ee\ufefff\u00adg", "abcdefg"),
        ("porte\u2011clés", "porte-clés"),
        ("\uff21\u2003\U0001d401", "A B"),
        ("Ma\u0300\u0489 \U0001f600\ufe0f", "Mà ☐"),
        ("مرحبا", "☐☐☐☐☐"),
        ("漢字", "☐☐"),
        ("\ud800 \ue000 \U0010ffff", "☐ ☐ ☐"),
        ("un\r\ndeux\rtrois\u2028quatre\tcinq", "un\ndeux\ntrois\nquatre cinq"),
        ("1\u202f234,56\u00a0€ − ½ 2ᵉ → œ", "1\u202f234,56\u00a0€ − ½ 2ᵉ → œ"),
    ],
)
def test_any_text_is_made_legible(template: list[Path], written: str, shown: str) -> None:
    assert pdf.legible(written) == shown
    assert render(template, written).startswith(b"%PDF-1.7")


def test_every_character_that_we_let_through_can_be_printed_in_every_face(template: list[Path]) -> None:
    characters = [pdf.legible(chr(code)) for code in sorted(pdf.supported_code_points())]

    assert len(characters) > 1_000
    assert render(template, *(f"x{character}x" for character in characters))


def test_every_character_of_the_first_planes_is_made_printable() -> None:
    allowed = {*map(chr, pdf.supported_code_points()), "\n"}

    odd = [code for code in range(0x20000) if not allowed.issuperset(pdf.legible(f"a{chr(code)}b"))]
    assert odd == []


def test_a_legible_text_is_left_alone() -> None:
    for text in ("Mme Œuvrard", "Ἑλλάς", "Дмитрий", "Nguyễn"):
        assert pdf.legible(text) == unicodedata.normalize("NFC", text)


def test_a_mistake_in_a_template_is_told_in_the_words_of_typst(tmp_path: Path) -> None:
    main = tmp_path / "faux.typ"
    main.write_text("#unknown-thing")

    with pytest.raises(pdf.DocumentNotRendered, match="unknown variable: unknown-thing"):
        pdf.render([main], {}, images={}, timestamp=AT)


def test_a_template_reads_nothing_of_the_machine(tmp_path: Path) -> None:
    main = tmp_path / "curieux.typ"
    (tmp_path / "secret.txt").write_text("secret")
    for path in ("/etc/passwd", "secret.txt", "../../etc/passwd"):
        main.write_text(f'#read("{path}")')
        with pytest.raises(pdf.DocumentNotRendered):
            pdf.render([main], {}, images={}, timestamp=AT)


def test_a_template_reads_nothing_of_the_document_before(tmp_path: Path) -> None:
    main = tmp_path / "voisin.typ"
    main.write_text('#set document(title: "x")\n#read("logo")')
    pdf.render([main], {}, images={"logo": b"un logo"}, timestamp=AT)

    with pytest.raises(pdf.DocumentNotRendered, match="logo"):
        pdf.render([main], {}, images={}, timestamp=AT)


def test_a_font_that_is_not_there_is_written_in_the_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    main = tmp_path / "police.typ"
    main.write_text('#set document(title: "x")\n#set text(font: "Comic Sans", fallback: false)\n')

    pdf.render([main], {}, images={}, timestamp=AT)
    assert caplog.messages == ["typst: unknown font family: comic sans"]


def test_it_refuses_to_work_inside_a_transaction(template: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("obole.lib.transactions.is_open", lambda: True)

    with pytest.raises(TransactionOpen, match="rendering a PDF"):
        render(template, "x")


def test_a_timestamp_with_microseconds_is_written_to_the_second(template: list[Path]) -> None:
    assert render(template, "x", at=AT.replace(microsecond=123456)) == render(template, "x", at=AT)


def test_a_document_that_never_ends_is_stopped_and_the_next_is_made(tmp_path: Path, template: list[Path]) -> None:
    endless = tmp_path / "endless.typ"
    endless.write_text("#for n in range(100000) { for m in range(100000) { let x = n * m } }")
    began = time.monotonic()
    with pytest.raises(pdf.DocumentNotRendered, match="stopped"):
        pdf.render([endless], {}, images={}, timestamp=AT, seconds=1.0)
    assert time.monotonic() - began < 10
    assert "Bonjour" in words_of(render(template, "x"))
