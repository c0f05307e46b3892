"""Settings: a type, a default, a sentence when something is odd; secrets may come from a file."""

from pathlib import Path

import pytest

from obole.config import env


@pytest.fixture(autouse=True)
def _apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(env, "KNOWN", {})


def test_each_read_has_its_default(monkeypatch: pytest.MonkeyPatch) -> None:
    assert env.text("OBOLE_TEST", "here", "Where.") == "here"
    assert env.integer("OBOLE_TEST", 8, "How many.") == 8
    assert env.flag("OBOLE_TEST", True, "Whether.") is True
    monkeypatch.setenv("OBOLE_TEST", "12")
    assert (env.integer("OBOLE_TEST", 8, ""), env.text("OBOLE_TEST", "", "")) == (12, "12")
    monkeypatch.setenv("OBOLE_TEST", "no")
    assert env.flag("OBOLE_TEST", True, "") is False


def test_what_was_read_is_documented() -> None:
    env.flag("OBOLE_TEST", False, "Say whether.")
    assert env.KNOWN["OBOLE_TEST"] == env.Setting(
        name="OBOLE_TEST", kind="yes or no", default="no", help="Say whether."
    )


@pytest.mark.parametrize("value", ["true", "1", "YES", "", "oui"])
def test_a_flag_is_yes_or_no(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("OBOLE_TEST", value)
    with pytest.raises(env.BadSetting) as stop:
        env.flag("OBOLE_TEST", False, "")
    assert stop.value.code == f"OBOLE_TEST={value!r}: say yes or no"


@pytest.mark.parametrize("value", ["", "8,5", "8.5", "huit", "٨", "--5", "5-", "0x8"])
def test_a_number_is_whole(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("OBOLE_TEST", value)
    with pytest.raises(env.BadSetting) as stop:
        env.integer("OBOLE_TEST", 8, "")
    assert stop.value.code == f"OBOLE_TEST={value!r}: give a whole number, such as 8000"


def test_a_secret_may_be_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("très secret\n", encoding="utf-8")
    monkeypatch.setenv("OBOLE_TEST", "the other one")
    monkeypatch.setenv("OBOLE_TEST_FILE", str(tmp_path / "secret"))
    assert env.text("OBOLE_TEST", "", "") == "très secret"


@pytest.mark.parametrize("kind", ["absent", "folder", "bytes"])
def test_a_file_that_cannot_be_read_stops_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: str
) -> None:
    path = tmp_path if kind == "folder" else tmp_path / "secret"
    if kind == "bytes":
        path.write_bytes(b"\xff\xfe")
    monkeypatch.setenv("OBOLE_TEST_FILE", str(path))
    with pytest.raises(env.BadSetting) as stop:
        env.text("OBOLE_TEST", "", "")
    assert str(stop.value.code).startswith(f"OBOLE_TEST_FILE={str(path)!r}: this file ")
