"""`obole configuration`: the configuration goes out and comes in by a file, for operators."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from obole.audit_log.models import Record
from obole.catalogue.models import Service
from obole.lib import actors
from tests.world import make_town

pytestmark = pytest.mark.django_db


def run(*arguments: object) -> str:
    out = io.StringIO()
    call_command("configuration", *map(str, arguments), stdout=out)
    return out.getvalue()


def test_what_is_exported_is_imported_once(tmp_path: Path) -> None:
    make_town()
    file = tmp_path / "town.json"
    run("export", file)
    assert file.read_text(encoding="utf-8") == run("export")
    tree: Any = json.loads(file.read_text(encoding="utf-8"))
    tree["services"].append({"name": "Salles"})
    tree["schemes"][0]["pricing"]["tariffs"][0]["versions"][0]["price"]["cents"] = 345
    file.write_text(json.dumps(tree), encoding="utf-8")
    said = run("import", "--dry-run", file)
    assert said.splitlines() == [
        "+ services Salles: name",
        "~ schemes Inscription cantine 2026-2027: pricing",
        "2 created or changed, 4 left as they are: nothing was written.",
    ]
    assert Service.objects.count() == 1
    assert "2 created or changed, 4 left as they are: imported." in run("import", file)
    assert "0 created or changed, 6 left as they are: imported." in run("import", file)
    assert Record.objects.filter(actor=actors.OPERATOR).count() == 2


def test_what_is_wrong_is_told_line_by_line(tmp_path: Path) -> None:
    file = tmp_path / "wrong.json"
    file.write_text('{"obole": {"format": 2}, "services": [{"name": "a", "position": -1}, {}]}', encoding="utf-8")
    with pytest.raises(CommandError) as refused:
        run("import", file)
    assert [line.split(":")[0] for line in str(refused.value).splitlines()] == ["services[1]", "services[0].position"]
    with pytest.raises(CommandError, match="No such file"):
        run("import", tmp_path / "none.json")
