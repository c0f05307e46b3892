"""The page for integrators: each of its examples is run, and says what is answered; its lists are whole."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from obole.consumption.rules.calls import KEPT, Outcome
from tests.api.keys import Software, make_key
from tests.consumption.attendance import make_family, make_school
from tests.world import make_town

pytestmark = pytest.mark.django_db
PAGE = (Path(__file__).resolve().parents[2] / "docs" / "exploiter" / "api.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```sh\n(.*?)```\n\n```json\n(.*?)```", PAGE, re.DOTALL)
HOST = "https://obole.example/api/v1/"


def run(software: Software, command: str) -> Any:
    """Do what a line of curl does, and return what is answered."""
    said = shlex.split(command.replace("\\\n", " "))
    headers, method, body, address = dict[str, str](), "GET", "", ""
    words = iter(said[1:])
    for word in words:
        if word == "-H":
            name, _colon, value = next(words).partition(": ")
            headers[name] = value
        elif word == "-X":
            method = next(words)
        elif word == "-d":
            body = next(words)
        else:
            address = word
    assert said[0] == "curl"
    assert address.startswith(HOST), address
    assert headers.pop("Authorization") == "Bearer $OBOLE_KEY"
    path, _mark, query = address.removeprefix(HOST).partition("?")
    if method == "GET":
        return software.get(path, **dict(item.split("=") for item in query.split("&") if item))
    assert headers.pop("Content-Type") == "application/json"
    assert list(headers) == ["Idempotency-Key"]
    return software.post(body, name=headers["Idempotency-Key"], path=path)


def is_part(told: Any, given: Any) -> bool:
    """Tell whether what is told is what is given, or a part of it."""
    if isinstance(told, dict):
        return isinstance(given, dict) and all(is_part(value, given.get(name)) for name, value in told.items())
    if isinstance(told, list):
        return isinstance(given, list) and all(any(is_part(one, other) for other in given) for one in told)
    return bool(told == given)


def test_each_example_is_answered_as_the_page_says() -> None:
    town = make_town()
    make_school(town)
    family = make_family(town, "Martin", "Zoé", "Léo")
    software = Software(make_key(town.scheme.service)[1])
    assert len(EXAMPLES) == 5
    for command, told in EXAMPLES:
        answer = run(software, command.replace("DOS-000012", family.reference))
        given = json.loads(answer.content.decode().replace(family.reference, "DOS-000012"))
        assert is_part(json.loads(told), given), f"{command}\n{json.dumps(given, ensure_ascii=False, indent=1)}"


def test_the_page_names_every_call_and_every_refusal() -> None:
    described = Software("").get("openapi.json").json()
    calls = {f"{verb.upper()} {path}" for path, each in described["paths"].items() for verb in each}
    assert set(re.findall(r"^\| `((?:GET|POST) [^`]*)` \| `", PAGE, re.MULTILINE)) == calls
    refused = {outcome.value for outcome in Outcome} - {outcome.value for outcome in KEPT}
    assert set(re.findall(r"^\| `([a-z_]+)` \| (?!ce qui)", PAGE, re.MULTILINE)) == refused
