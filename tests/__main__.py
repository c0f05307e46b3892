"""
`make test`: two stages, each on both cores; loud about what cannot run here.

``unit`` is what one process can try; ``system`` is what needs real ones: races, crashes, a disk that fails, journeys.
Both run, even when the first fails: one run says everything. The arguments are pytest's.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

STAGES = ("unit", "system")
CHROMIUM = Path("/usr/bin/chromium")
LEFT_OUT = {
    "browser": (
        "\n*** Chromium is not installed: the journeys in a browser are LEFT OUT. On Debian: apt install chromium ***\n"
    ),
    "strace": (
        "\n*** strace cannot run here: the tests of a failing disk are LEFT OUT. On Debian: apt install strace ***\n"
    ),
}


def main() -> int:
    only = os.environ.get("ONLY", "")
    if only not in ("", *STAGES):
        sys.stderr.write(f"ONLY={only}: say {' or '.join(STAGES)}, or nothing for both.\n")
        return 2
    missing = [name for name, there in (("browser", CHROMIUM.exists()), ("strace", _can_trace())) if not there]
    if "browser" in missing and os.environ.get("OBOLE_REQUIRE_BROWSER"):
        sys.stderr.write("Chromium is required here (OBOLE_REQUIRE_BROWSER) and is not installed.\n")
        return 1
    said = "".join(LEFT_OUT[name] for name in missing)
    sys.stderr.write(said)
    # It starts the server that both stages share, with the template of their databases.
    import tests.settings  # noqa: F401, PLC0415

    results = {stage: _run(stage, missing) for stage in STAGES if only in ("", stage)}
    sys.stderr.write(said + "\n" + ", ".join(f"{stage}: {told}" for stage, (_code, told) in results.items()) + "\n")
    codes = {code for code, _told in results.values()} - {pytest.ExitCode.NO_TESTS_COLLECTED}
    return max(codes, default=int(pytest.ExitCode.NO_TESTS_COLLECTED))


def _run(stage: str, missing: list[str]) -> tuple[int, str]:
    """Run a stage, and return its code with a word of what it gave and took."""
    began = time.monotonic()
    without = [f"not {name}" for name in missing]
    # What waits for real processes leaves half a core to somebody else.
    spread = ["-n", "3", "--dist", "loadscope"] if stage == "system" else ["-n", "2", "--dist", "worksteal"]
    options = [*spread, "--stage", stage]
    options += ["-m", " and ".join(without)] if without else []
    code = subprocess.run([sys.executable, "-m", "pytest", *options, *sys.argv[1:]], check=False).returncode
    gave = {pytest.ExitCode.OK: "passed", pytest.ExitCode.NO_TESTS_COLLECTED: "nothing selected"}.get(code, "FAILED")
    return code, f"{gave} in {time.monotonic() - began:.0f} s"


def _can_trace() -> bool:
    try:
        return subprocess.run(["strace", "-o", os.devnull, "true"], check=False, capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


if __name__ == "__main__":
    sys.exit(main())
