"""A scanner of viruses is asked where there is one; where it is silent, nothing is taken."""

import io
import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from obole.config import env
from obole.dossiers import uploads
from obole.lib import clamd

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
PDF = b"%PDF-1.7\n%%EOF\n"


class Scanner:
    """Speaks clamd's protocol, and knows one virus."""

    def __init__(self, listening: socket.socket, address: str) -> None:
        self.listening, self.address = listening, address
        self.says: bytes | None = None
        self.seen: list[bytes] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _peer = self.listening.accept()
            except OSError:
                return
            with connection, connection.makefile("rb") as asked:
                assert asked.read(10) == b"zINSTREAM\0"
                content = b""
                while length := struct.unpack("!I", asked.read(4))[0]:
                    content += asked.read(length)
                self.seen.append(content)
                found = b"stream: Eicar-Signature FOUND\0" if EICAR in content else b"stream: OK\0"
                connection.sendall(found if self.says is None else self.says)


@pytest.fixture(params=["tcp", "unix"])
def scanner(request: pytest.FixtureRequest, tmp_path: Path, settings: Any) -> Iterator[Scanner]:
    if request.param == "tcp":
        listening = socket.create_server(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{listening.getsockname()[1]}"
    else:
        listening = socket.socket(socket.AF_UNIX)
        listening.bind(str(tmp_path / "clamd"))
        listening.listen()
        address = f"unix://{tmp_path / 'clamd'}"
    settings.CLAMD = address
    yield Scanner(listening, address)
    listening.close()


def store(content: bytes) -> uploads.StoredUpload:
    return uploads.store(field_key="rib", name="a.pdf", content=content)


def test_a_harmless_file_is_taken_and_the_scanner_saw_all_of_it(scanner: Scanner) -> None:
    content = PDF + b"x" * 200_000
    assert store(content).size == len(content)
    assert scanner.seen == [content]


def test_a_virus_is_refused_with_a_sentence(scanner: Scanner) -> None:
    with pytest.raises(uploads.BadFile, match="logiciel malveillant"):
        store(PDF + EICAR)


@pytest.mark.parametrize("says", [b"", b"INSTREAM size limit exceeded. ERROR\0", b"stream: OK FOUND ERROR\0"])
def test_a_scanner_that_does_not_say_yes_or_no_lets_nothing_pass(scanner: Scanner, says: bytes) -> None:
    scanner.says = says
    with pytest.raises(uploads.BadFile, match="pas pu être contrôlé"):
        store(PDF)


def test_a_scanner_that_is_not_there_lets_nothing_pass(settings: Any, tmp_path: Path) -> None:
    for address in (f"unix://{tmp_path}/nobody", "tcp://127.0.0.1:9"):
        settings.CLAMD = address
        with pytest.raises(uploads.BadFile, match="pas pu être contrôlé"):
            store(PDF)


def test_without_a_scanner_nothing_is_asked(settings: Any) -> None:
    settings.CLAMD = ""
    assert store(PDF + EICAR).size


@pytest.mark.parametrize("address", ["clamd:3310", "http://x:1", "tcp://x", "unix:"])
def test_an_odd_address_stops_the_program(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OBOLE_CLAMD", address)
    with pytest.raises(env.BadSetting, match="give tcp://host:3310"):
        env.scanner("OBOLE_CLAMD", "", "")
    assert clamd.check_address("unix:///run/clamav/clamd.ctl")


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_picture_says_nothing_but_its_pixels(kind: str) -> None:
    """A phone writes where the picture was taken."""
    exif = Image.Exif()
    exif[0x0112] = 6  # To be turned by a quarter.
    exif[0x010F] = "Obole-Phone"
    exif.get_ifd(0x8825)[1] = "N"
    out = io.BytesIO()
    Image.new("RGB", (20, 10), "red").save(out, kind, exif=exif, **({"comment": b"hidden"} if kind == "JPEG" else {}))
    given = out.getvalue() + b"<script>hidden</script>"
    assert b"Obole-Phone" in given

    stored = uploads.store(field_key="x", name=f"a.{kind.lower()}", content=given)

    content = uploads.files.get(stored.digest)
    assert b"Obole-Phone" not in content and b"hidden" not in content and stored.size == len(content)
    with Image.open(io.BytesIO(content)) as picture:
        assert (picture.size, picture.format, dict(picture.getexif())) == ((10, 20), kind, {})
