"""
The process that runs typst, and nothing else: what takes too long, or too much memory, is killed with it.

``compile_document`` is called by the product; ``main`` runs in the helper, without Django, which reads one order after
the other, and ends when nobody is left to give it any. A helper serves many documents: templates, fonts and logo that
did not change are read once.
"""

import atexit
import json
import resource
import subprocess
import sys
import tempfile
import threading
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, cast

import typst

SECONDS = 30.0
MEMORY = 3 * 1024**3
MOST_IDLE = 4
STANDARDS: "list[typst.PDFStandard]" = ["a-3a", "ua-1"]


class NotTypeset(Exception):
    """No document came out; the message is typst's, hints included, or says that it was stopped."""


class _Helper:
    """One process; used by one thread at a time."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "obole.lib.typesetter"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def ask(self, order: Mapping[str, Any], *, seconds: float) -> dict[str, Any]:
        """
        Return the answer of the helper.

        :raises NotTypeset: if it was killed, since it took too long, or ended for want of memory.
        """
        watch = threading.Timer(seconds, self._process.kill)
        watch.start()
        try:
            _write(_pipe(self._process.stdin), order)
            answer = _read(_pipe(self._process.stdout))
        except BrokenPipeError:
            answer = None
        finally:
            watch.cancel()
        if answer is None:
            self.stop()
            raise NotTypeset(f"the document was stopped: it wants more than {seconds:.0f} s, or too much memory")
        return answer

    def stop(self) -> None:
        """End the process."""
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                _close(pipe)
        self._process.wait()


_idle: list[_Helper] = []
_lock = threading.Lock()


def compile_document(
    main: str, files: Mapping[str, bytes], *, fonts: Sequence[Path], timestamp: datetime, seconds: float = SECONDS
) -> tuple[bytes, list[str]]:
    """
    Make a PDF in a process of its own; return it, with typst's warnings.

    :raises NotTypeset: if typst refuses, or takes too long.
    """
    order = {
        "main": main,
        "files": {name: b64encode(content).decode() for name, content in files.items()},
        "fonts": [str(path) for path in fonts],
        "timestamp": timestamp.astimezone(UTC).replace(microsecond=0).isoformat(),
    }
    with _lock:
        helper = _idle.pop() if _idle else None
    helper = helper or _Helper()
    answer = helper.ask(order, seconds=seconds)
    _put_back(helper)
    if "error" in answer:
        raise NotTypeset(answer["error"])
    return b64decode(answer["document"]), list(answer["warnings"])


def _put_back(helper: _Helper) -> None:
    with _lock:
        if len(_idle) < MOST_IDLE:
            _idle.append(helper)
            return
    helper.stop()


@atexit.register
def stop_helpers() -> None:
    """End the helpers that wait for an order."""
    with _lock:
        while _idle:
            _idle.pop().stop()


def main() -> None:
    """Answer orders until there are no more."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    with tempfile.TemporaryDirectory(prefix="obole-pdf-") as directory:
        press = _Press(Path(directory))
        while (order := _read(sys.stdin.buffer)) is not None:
            _write(sys.stdout.buffer, press.typeset(order))


class _Press:
    """Typst, and the only folder that it reads: neither a template nor an image can show a file of the machine."""

    def __init__(self, directory: Path) -> None:
        self._directory, self._root = directory, directory / "root"
        self._root.mkdir()
        self._compilers: dict[tuple[str, ...], typst.Compiler] = {}

    def typeset(self, order: Mapping[str, Any]) -> dict[str, Any]:
        """Return the document of an order with typst's warnings, or its error."""
        self._lay_out({name: b64decode(content) for name, content in order["files"].items()})
        try:
            made, warnings = self._compiler(tuple(order["fonts"])).compile_with_warnings(
                input=str(self._root / order["main"]),
                pdf_standards=STANDARDS,
                timestamp=datetime.fromisoformat(order["timestamp"]),
            )
        except typst.TypstError as error:
            return {"error": " ".join([error.message, *error.hints])}
        said = [str(warning.message) for warning in warnings]
        # Typst gives one page after the other for pictures, and a PDF whole.
        return {"document": b64encode(cast(bytes, made)).decode(), "warnings": said}

    def _lay_out(self, files: Mapping[str, bytes]) -> None:
        """Leave these files in the folder, and no other: a document sees nothing of the one before."""
        for known in self._root.iterdir():
            if known.name not in files:
                known.unlink()
        for name, content in files.items():
            (self._root / name).write_bytes(content)

    def _compiler(self, fonts: tuple[str, ...]) -> typst.Compiler:
        if fonts not in self._compilers:
            self._compilers[fonts] = typst.Compiler(
                root=str(self._root),
                ignore_system_fonts=True,
                font_paths=_fonts(self._directory / f"fonts-{len(self._compilers)}", fonts),
            )
        return self._compilers[fonts]


def _fonts(directory: Path, files: Sequence[str]) -> typst.Fonts:
    """
    Offer our three faces and no other.

    Typst takes folders only, and reads the files late: a folder gone before the end leaves a document without text.
    The wheel's own folder has every face twice (.otf and .ttf), and the order on the disk would choose between them.
    """
    directory.mkdir()
    for path in map(Path, files):
        (directory / path.name).symlink_to(path)
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(directory)])


def _pipe(pipe: Any) -> BinaryIO:
    found: BinaryIO = pipe
    return found


def _close(pipe: Any) -> None:
    try:
        pipe.close()
    except BrokenPipeError:
        return


def _write(pipe: BinaryIO, message: Mapping[str, Any]) -> None:
    pipe.write(json.dumps(message).encode() + b"\n")
    pipe.flush()


def _read(pipe: BinaryIO) -> dict[str, Any] | None:
    """Return the next message; None where there will be none, or only a piece of one."""
    line = pipe.readline()
    if not line.endswith(b"\n"):
        return None
    message: dict[str, Any] = json.loads(line)
    return message


if __name__ == "__main__":
    main()
