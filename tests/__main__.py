"""`make test`: everything, on both cores; loud about what cannot run here."""

import os
import sys
from pathlib import Path

import pytest

CHROMIUM = Path("/usr/bin/chromium")
MISSING = (
    "\n*** Chromium is not installed: the journeys in a browser are LEFT OUT. On Debian: apt install chromium ***\n"
)


def main() -> int:
    arguments = ["-n", "2", "--dist", "loadgroup", *sys.argv[1:]]
    if CHROMIUM.exists():
        return pytest.main(arguments)
    if os.environ.get("OBOLE_REQUIRE_BROWSER"):
        sys.stderr.write("Chromium is required here (OBOLE_REQUIRE_BROWSER) and is not installed.\n")
        return 1
    sys.stderr.write(MISSING)
    code = pytest.main([*arguments, "-m", "not browser"])
    sys.stderr.write(MISSING)
    return code


if __name__ == "__main__":
    sys.exit(main())
