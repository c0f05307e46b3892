"""A file of configuration as its page shows it: what is wrong with it, or all that importing it would do."""

from dataclasses import dataclass, field
from typing import Any

from django.core import signing

from obole.configuration import queries
from obole.configuration.queries.import_plan import Change, Plan
from obole.configuration.rules import file_parser, text
from obole.crm.shared import pricing_changes, setting_changes
from obole.crm.shared.setting_changes import FieldChange
from obole.lib import files
from obole.mailing.default_templates import KINDS
from obole.pricing.diff import pricing_diff
from obole.pricing.model.problems import Problem, Refused

_SALT = "obole.crm.configuration"
_KEPT_SECONDS = 24 * 3600


@dataclass(frozen=True)
class ChangeDisplay:
    """One thing that comes or changes."""

    sort: str
    name: str
    is_new: bool
    fields: list[FieldChange]
    questions: list[tuple[str, str, str]] = field(default_factory=list)
    pricing: pricing_changes.PricingChanges | None = None


@dataclass(frozen=True)
class ImportPreview:
    """What came out of reading a file: problems, or what it would do and how to find it again."""

    problems: list[Problem] = field(default_factory=list)
    told: list[ChangeDisplay] = field(default_factory=list)
    kept: list[tuple[str, str]] = field(default_factory=list)
    """What stays as it is: its sort, its name."""
    sealed: str = ""
    seen: str = ""

    @property
    def is_importable(self) -> bool:
        """Tell whether there is something to import."""
        return bool(self.told)


def try_file(content: bytes) -> ImportPreview:
    """Read a file, and say what importing it would do; a good one is kept, so that it need not be sent again."""
    try:
        plan = queries.plan(file_parser.read(text.read(content)), queries.take_snapshot())
    except Refused as refused:
        return ImportPreview(problems=list(refused.problems))
    sealed = signing.dumps(files.put(content), salt=_SALT) if plan.changes else ""
    return ImportPreview(
        told=change_rows(plan), kept=[_named(item) for item in plan.kept], sealed=sealed, seen=plan.seen
    )


def find(sealed: str) -> bytes | None:
    """Return the file that a page carried; nothing if it carried none, too long ago, or was tampered with."""
    try:
        return files.get(signing.loads(sealed, salt=_SALT, max_age=_KEPT_SECONDS))
    except (signing.BadSignature, FileNotFoundError):
        return None


def change_rows(plan: Plan) -> list[ChangeDisplay]:
    """Return what a file would do, one thing after the other."""
    return [_one(change) for change in plan.changes]


def _one(change: Change) -> ChangeDisplay:
    sort, name = _named(change)
    return ChangeDisplay(
        sort=sort,
        name=name,
        is_new=change.is_new,
        fields=[
            setting_changes.field_changes(change.sort.model, *field)
            for field in change.fields
            if not (change.is_new and _says_nothing(change, field))
        ],
        questions=setting_changes.questions(*change.form) if change.form else [],
        pricing=pricing_changes.version_rows(pricing_diff.diff_pricings(*change.pricing)) if change.pricing else None,
    )


def _says_nothing(change: Change, item: tuple[str, Any, Any]) -> bool:
    """Tell whether a field of a new thing is empty, or is the name that stands above."""
    name, _before, after = item
    return name == change.sort.key or after in (None, "", [])


def _named(change: Change) -> tuple[str, str]:
    return str(change.sort.label), str(KINDS[change.key].label) if change.sort.key == "kind" else change.key
