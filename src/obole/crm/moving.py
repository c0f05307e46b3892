"""A file of configuration as its page shows it: what is wrong with it, or all that importing it would do."""

from dataclasses import dataclass, field
from typing import Any

from django.core import signing

from obole.catalogue import rules
from obole.catalogue.rules.problems import Problem
from obole.configuration import queries
from obole.configuration.queries.planning import Change, Plan
from obole.configuration.rules import reading, text
from obole.crm import changes, differences
from obole.crm.changes import Shown
from obole.lib import files
from obole.mailing.defaults import KINDS

_SALT = "obole.crm.configuration"
_KEPT_SECONDS = 24 * 3600


@dataclass(frozen=True)
class Told:
    """One thing that comes or changes."""

    sort: str
    name: str
    is_new: bool
    fields: list[Shown]
    questions: list[tuple[str, str, str]] = field(default_factory=list)
    pricing: differences.Differences | None = None
    products: list["Told"] = field(default_factory=list)


@dataclass(frozen=True)
class Tried:
    """What came out of reading a file: problems, or what it would do and how to find it again."""

    problems: list[Problem] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    kept: list[tuple[str, str]] = field(default_factory=list)
    """What stays as it is: its sort, its name."""
    sealed: str = ""
    seen: str = ""

    @property
    def is_importable(self) -> bool:
        """Tell whether there is something to import."""
        return bool(self.told)


def try_file(content: bytes) -> Tried:
    """Read a file, and say what importing it would do; a good one is kept, so that it need not be sent again."""
    try:
        plan = queries.plan(reading.read(text.read(content)), queries.take())
    except rules.Refused as refused:
        return Tried(problems=list(refused.problems))
    except queries.CannotExport as error:
        return Tried(problems=[Problem(path="", text="%(said)s", values={"said": str(error)})])
    sealed = signing.dumps(files.put(content), salt=_SALT) if plan.changes else ""
    return Tried(told=told(plan), kept=[_named(one) for one in plan.kept], sealed=sealed, seen=plan.seen)


def find(sealed: str) -> bytes | None:
    """Return the file that a page carried; nothing if it carried none, too long ago, or was tampered with."""
    try:
        return files.get(signing.loads(sealed, salt=_SALT, max_age=_KEPT_SECONDS))
    except (signing.BadSignature, FileNotFoundError):
        return None


def told(plan: Plan) -> list[Told]:
    """Return what a file would do, one thing after the other."""
    return [_one(change) for change in plan.changes]


def _one(change: Change) -> Told:
    sort, name = _named(change)
    return Told(
        sort=sort, name=name, is_new=change.is_new,
        fields=[changes.shown(change.sort.model, *one) for one in change.fields if not (change.is_new and _says_nothing(change, one))],
        questions=changes.questions(*change.form) if change.form else [],
        pricing=differences.shown(rules.differ(*change.pricing)) if change.pricing else None,
        products=[_one(product) for product in change.products],
    )  # fmt: skip


def _says_nothing(change: Change, one: tuple[str, Any, Any]) -> bool:
    """Tell whether a field of a new thing is empty, or is the name that stands above."""
    name, _before, after = one
    return name == change.sort.key or after in (None, "", [])


def _named(change: Change) -> tuple[str, str]:
    return str(change.sort.label), str(KINDS[change.key].label) if change.sort.key == "kind" else change.key
