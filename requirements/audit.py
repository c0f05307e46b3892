"""
`make audit`: the bill of materials of what an operator installs, and the known weaknesses of what the locks name.

Weaknesses are asked of a public service: where the network does not reach it, that is said, and nothing fails.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
BILL = HERE.parent / "build" / "sbom.cdx.json"
TOOLS = Path(sys.executable).parent
PATIENCE_SECONDS = 180


def main() -> int:
    BILL.parent.mkdir(exist_ok=True)
    lock = HERE / "base.lock"
    subprocess.run(
        [TOOLS / "cyclonedx-py", "requirements", lock, "--output-file", BILL, "--output-reproducible"],
        check=True,
        capture_output=True,
    )
    named = len(json.loads(BILL.read_text(encoding="utf-8"))["components"])
    print(f"{BILL.relative_to(HERE.parent)}: {named} packages, in CycloneDX.")
    return max(_audited(HERE / name) for name in ("base.lock", "dev.lock"))


def _audited(lock: Path) -> int:
    """Say what is known against the packages of a lock; return 1 where something is."""
    known = _asked(lock)
    if known is None:
        print(f"{lock.name}: NOT CHECKED, the service of known weaknesses cannot be reached from here.")
        return 0
    weak = [package for package in known if package.get("vulns")]
    for package in weak:
        mended = {version for found in package["vulns"] for version in found["fix_versions"]}
        names = ", ".join(found["id"] for found in package["vulns"])
        print(f"{lock.name}: {package['name']} {package['version']}: {names}; mended in {', '.join(sorted(mended))}")
    print(f"{lock.name}: {len(known)} packages, {len(weak)} with a known weakness.")
    return 1 if weak else 0


def _asked(lock: Path) -> list[dict[str, Any]] | None:
    command = [
        TOOLS / "pip-audit",
        "--disable-pip",
        "--require-hashes",
        "-r",
        lock,
        "-f",
        "json",
        "--progress-spinner=off",
    ]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS)
        said: dict[str, Any] = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, json.JSONDecodeError):
        return None
    found: list[dict[str, Any]] = said["dependencies"]
    # A service that answers nothing usable skips every package, with its reason.
    return None if all("skip_reason" in package for package in found) else found


if __name__ == "__main__":
    sys.exit(main())
