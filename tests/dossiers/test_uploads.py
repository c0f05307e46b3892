"""Files that citizens join: known by their content, bounded, and harmless to look at."""

import io
import struct
import zlib

import pytest
from hypothesis import example, given, strategies as st
from PIL import Image

from obole.dossiers import uploads
from obole.lib import files

PDF = b"%PDF-1.7\n%%EOF\n"


def picture(kind: str, size: tuple[int, int] = (8, 8)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "white").save(out, kind)
    return out.getvalue()


PNG, JPEG = picture("PNG"), picture("JPEG")


def png_that_claims(width: int, height: int) -> bytes:
    """Return a few bytes that unfold into a picture of this size."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.pdf", PDF, "application/pdf"),
        ("A.PDF", b"\n" + PDF, "application/pdf"),
        ("photo.png", PNG, "image/png"),
        ("photo.jpg", JPEG, "image/jpeg"),
        ("photo.jpeg", JPEG, "image/jpeg"),
        ("../../etc/a.pdf", PDF, "application/pdf"),
    ],
)
def test_what_it_says_it_is_is_taken(name: str, content: bytes, kind: str) -> None:
    assert uploads.check(name, content) == kind


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.exe", PDF, "pas accepté"),
        ("a", PDF, "pas accepté"),
        ("a.svg", b"<svg onload=alert(1)>", "pas accepté"),
        ("a.pdf", b"", "vide"),
        ("a.pdf", PNG, "contenu"),
        ("a.png", PDF, "contenu"),
        ("a.png", JPEG, "contenu"),
        ("a.jpg", b"<html>", "contenu"),
        ("a.pdf", b"MZ" + PDF, "contenu"),
        ("a.png", PNG[:20], "contenu"),
        ("a.png", picture("GIF"), "contenu"),
        ("a.pdf", b" " * 2000 + PDF, "contenu"),
        ("a.pdf", PDF + b"0" * uploads.LARGEST_BYTES, "lourd"),
        ("a.png", png_that_claims(10_000, 10_000), "trop grande"),
        ("a.png", png_that_claims(30_000, 30_000), "trop grande"),
        ("a.png", png_that_claims(7_746, 7_746), "trop grande"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_anything_else_is_refused_with_a_sentence_and_not_stored(
    name: str, content: bytes, sentence: str, tmp_path: object
) -> None:
    with pytest.raises(uploads.BadFile, match=sentence):
        uploads.store(field_key="x", name=name, content=content)
    assert not list(tmp_path.iterdir())  # type: ignore[attr-defined]


@given(
    position=st.integers(0, 400), byte=st.integers(0, 255), end=st.integers(1, 400), base=st.sampled_from([PNG, JPEG])
)
@example(position=11, byte=0, end=16, base=PNG)
def test_a_damaged_picture_is_taken_or_refused_and_nothing_else(
    position: int, byte: int, end: int, base: bytes
) -> None:
    damaged = bytearray(base[:end])
    damaged[position % len(damaged)] = byte
    try:
        assert uploads.check("a.png" if base is PNG else "a.jpg", bytes(damaged)) in {"image/png", "image/jpeg"}
    except uploads.BadFile as refusal:
        assert str(refusal)


@pytest.mark.django_db
def test_a_stored_file_has_a_clean_name_and_its_content() -> None:
    stored = uploads.store(field_key="rib", name="dossier\u202efdp.\x00 é.pdf", content=PDF)
    assert (stored.name, stored.size, stored.content_type) == ("dossierfdp. é.pdf", len(PDF), "application/pdf")
    assert files.get(stored.digest) == PDF
