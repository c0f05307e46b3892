"""A file of the bank as its page shows it: its columns, its first lines, what it would add, or what is wrong."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.core import signing
from django.utils.translation import gettext as _

from obole.bank_statements import operations, queries
from obole.bank_statements.models import Statement
from obole.bank_statements.operations import Planned, StatementRefused
from obole.bank_statements.rules import camt, csv_files, layouts
from obole.bank_statements.rules.csv_files import Table
from obole.bank_statements.rules.readings import Reading, Unreadable
from obole.lib import dates, files
from obole.regies.models import Regie

_SALT = "obole.crm.statements"
_KEPT_SECONDS = 24 * 3600
SHOWN = 8
"""Lines that the page shows before anything is kept."""


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A file that was sent: what it is said to be, and where it waits."""

    kind: str
    name: str
    digest: str
    content: bytes

    @property
    def sealed(self) -> str:
        """What the page carries, so that the file need not be sent again."""
        return signing.dumps([self.kind, self.name, self.digest], salt=_SALT)


def receive(*, kind: str, name: str, content: bytes) -> Sent:
    """Return a file that was sent; it is stored once it can be read."""
    return Sent(kind=kind, name=name[:200], digest=hashlib.sha256(content).hexdigest(), content=content)


def find(sealed: str) -> Sent | None:
    """Return the file that a page carried; nothing if it carried none, too long ago, or was tampered with."""
    try:
        kind, name, digest = signing.loads(sealed, salt=_SALT, max_age=_KEPT_SECONDS)
        return Sent(kind=kind, name=name, digest=digest, content=files.get(digest))
    except (signing.BadSignature, FileNotFoundError):
        return None


class ColumnsForm(forms.Form):
    """Where each fact stands in a CSV file."""

    def __init__(self, *args: Any, kind: str, titles: Sequence[str], **options: Any) -> None:
        super().__init__(*args, **options)
        self._kind = kind
        choices = [("", _("— aucune —")), *((title, title) for title in titles)]
        for name, label in layouts.FACTS[kind].items():
            needed = name in layouts.NEEDED[kind]
            self.fields[name] = forms.ChoiceField(
                label=label,
                choices=choices,
                required=needed,
                error_messages={"required": _("Choisissez la colonne de ce fait.")},
            )

    @property
    def columns(self) -> dict[str, str]:
        """The columns that were chosen."""
        return {name: title for name, title in self.cleaned_data.items() if title}

    def clean(self) -> dict[str, Any]:
        """Ask for the amount, which may stand in one column or in two."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if "cents" in layouts.missing(self._kind, given) and "cents" not in self.errors:
            self.add_error("cents", _("Choisissez la colonne du montant, ou celles du débit et du crédit."))
        return given


@dataclass(kw_only=True)
class Preview:
    """What came out of reading a file."""

    sent: Sent
    form: ColumnsForm | None = None
    planned: list[Planned] = field(default_factory=list)
    problem: str = ""

    @property
    def readings(self) -> list[Reading]:
        """Its statements, once it was read."""
        return [item.reading for item in self.planned]

    @property
    def is_list(self) -> bool:
        """Tell whether it is PayFiP's list, and not the account's statement."""
        return self.sent.kind == Statement.Kind.PAYFIP

    @property
    def first_lines(self) -> list[Any]:
        """The lines that the page shows."""
        return [row for item in self.planned for row in item.reading.rows][:SHOWN]

    @property
    def totals(self) -> dict[str, int]:
        """What the page sums."""
        return {
            "lines": sum(len(item.reading.rows) for item in self.planned),
            "new": sum(len(item.new) for item in self.planned),
            "new_cents": sum(item.new_cents for item in self.planned),
            "left_out": sum(item.reading.left_out for item in self.planned),
        }


def preview(regie: Regie, sent: Sent, data: Mapping[str, Any] | None = None) -> Preview:
    """Read a file as far as it goes, with the columns that were sent, remembered, or that seem to be meant."""
    shown = Preview(sent=sent)
    try:
        if camt.is_xml(sent.content):
            readings = _read_xml(sent)
        else:
            table = csv_files.read_table(sent.content)
            shown.form = _form(regie, sent, table, data)
            readings = _read_table(sent, table, shown.form)
        if readings:
            shown.planned = operations.plan_import(
                regie_id=regie.pk, kind=sent.kind, readings=readings, digest=sent.digest
            )
    except (Unreadable, StatementRefused) as refusal:
        shown.problem = str(refusal)
    if shown.planned or shown.form is not None:
        # It will be asked for again, by its digest.
        files.put(sent.content)
    return shown


def _read_xml(sent: Sent) -> list[Reading]:
    if sent.kind == Statement.Kind.PAYFIP:
        raise Unreadable(_("La liste des paiements PayFiP s’importe en CSV : exportez-la ainsi."))
    return camt.read(sent.content, today=dates.day_of(dates.now()))


def _form(regie: Regie, sent: Sent, table: Table, data: Mapping[str, Any] | None) -> ColumnsForm:
    known = queries.layout_of(regie, sent.kind)
    remembered = known if known and all(table.column(title) is not None for title in known.values()) else {}
    columns = data if data is not None else remembered or layouts.guess(sent.kind, table)
    return ColumnsForm(columns, kind=sent.kind, titles=table.titles)


def _read_table(sent: Sent, table: Table, form: ColumnsForm) -> list[Reading]:
    if not form.is_valid():
        return []
    return [layouts.read(sent.kind, table, form.columns, today=dates.day_of(dates.now()))]
