"""What the tests of the bank's statements do: import, look for what lines are, say it."""

import hashlib
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from obole.bank_statements import operations
from obole.bank_statements.models import BankLine, Match, Statement
from obole.bank_statements.rules import camt, csv_files, layouts
from obole.bank_statements.rules.pool import fingerprint
from obole.lib import dates
from obole.payments.models import Receipt
from obole.regies.models import Regie
from tests.actors import somebody
from tests.bank_statements.files import Said, with_a_sign
from tests.payments.steps import pay
from tests.payments.test_suspense import come_paid
from tests.world import Town, later, make_invoice

WHO = somebody("regisseur@valbourg.example")
TODAY = dates.day_of(later(days=10))
DAY = dates.day_of(later())
"""The day when the receipts of these tests come."""


def keep(regie: Regie, content: bytes, *, kind: str = "account", **who: Any) -> list[Statement]:
    """Import a file, its columns guessed."""
    if camt.is_xml(content):
        readings = camt.read(content, today=TODAY)
    else:
        table = csv_files.read_table(content)
        readings = [layouts.read(kind, table, layouts.guess(kind, table), today=TODAY)]
    source = operations.Source(name="releve", digest=hashlib.sha256(content).hexdigest())
    given = {"actor": WHO, "at": later(days=10), **who}
    return operations.keep_statements(regie_id=regie.pk, kind=kind, readings=readings, source=source, **given)


def imported(town: Town, *lines: Said) -> list[BankLine]:
    """Import lines, look for what they are, and return them."""
    [statement] = keep(town.regie, with_a_sign(lines))
    propose(town)
    return list(BankLine.objects.filter(statement=statement).order_by("id"))


def propose(town: Town) -> int:
    return operations.propose_matches(regie_id=town.regie.pk, at=later(days=10, minutes=1))


def accept(line: BankLine, **who: Any) -> BankLine:
    line.refresh_from_db()
    given = {"actor": WHO, "at": later(days=10, minutes=2), **who}
    return operations.accept_line(line_id=line.pk, seen=fingerprint(line.proposal), **given)


def undo(line: BankLine, reason: str = "Mauvaise ligne") -> Match:
    return operations.undo_match(line_id=line.pk, reason=reason, actor=WHO, at=later(days=10, minutes=3))


def card(town: Town, *, meals: int = 16) -> Receipt:
    return come_paid(pay(make_invoice(town, meals=meals)), 5)


def proposed(line: BankLine) -> tuple[str, list[int], str, bool]:
    """Return what a line seems to be: the kind, the receipts, why, and whether it is worth accepting with others."""
    line.refresh_from_db()
    said = line.proposal or {"kind": "", "receipts": [], "why": "", "sure": False}
    return said["kind"], sorted(said["receipts"]), said["why"], said["sure"]


def ids(receipts: Sequence[Receipt]) -> list[int]:
    return sorted(item.pk for item in receipts)


def day(offset: int) -> Any:
    """Return a day after the receipts came."""
    return DAY + timedelta(days=offset)
