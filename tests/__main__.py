"""`make test`: everything, on both cores; loud about what cannot run here."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

CHROMIUM = Path("/usr/bin/chromium")
LEFT_OUT = {
    "browser": "\n*** Chromium is not installed: the journeys in a browser are LEFT OUT. On Debian: apt install chromium ***\n",
    "strace": "\n*** strace cannot run here: the tests of a failing disk are LEFT OUT. On Debian: apt install strace ***\n",
}


def _can_trace() -> bool:
    try:
        return subprocess.run(["strace", "-o", os.devnull, "true"], check=False, capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


def main() -> int:
    arguments = ["-n", "2", "--dist", "loadgroup", *sys.argv[1:]]
    missing = [name for name, there in (("browser", CHROMIUM.exists()), ("strace", _can_trace())) if not there]
    if not missing:
        return pytest.main(arguments)
    if "browser" in missing and os.environ.get("OBOLE_REQUIRE_BROWSER"):
        sys.stderr.write("Chromium is required here (OBOLE_REQUIRE_BROWSER) and is not installed.\n")
        return 1
    said = "".join(LEFT_OUT[name] for name in missing)
    sys.stderr.write(said)
    code = pytest.main([*arguments, "-m", " and ".join(f"not {name}" for name in missing)])
    sys.stderr.write(said)
    return code


if __name__ == "__main__":
    sys.exit(main())
