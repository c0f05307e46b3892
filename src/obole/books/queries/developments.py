"""
The état de développement des soldes: what each balance is made of at a date, down to its pieces.

Every line of the ledger is given to the piece that it is about; what a piece has left is in the balance. So the pieces
always come to the account, and a line that is about no piece shows as an entry, instead of being lost.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from obole.books.rules import BY_INVOICE, BY_RECEIPT, Period
from obole.lib import sql
from obole.payments.models import ACCOUNT_OF
from obole.regies.accounts import Account
from obole.regies.models import Regie

_MOVED = """
    WITH moved AS MATERIALIZED (
        SELECT entry.id, number, cause_kind, cause_key, sum(debit)::bigint - sum(credit)::bigint AS cents
        FROM regies_entry AS entry JOIN regies_line ON entry_id = entry.id
        WHERE regie_id = %(regie)s AND account = %(account)s AND booked_at < %(before)s
        GROUP BY entry.id
    ),
"""
_OF_INVOICES = """
    owned AS (
        SELECT moved.id AS entry_id, invoice.id AS piece FROM moved JOIN billing_invoice AS invoice
            ON invoice.id::text = split_part(cause_key, ':', 1) AND invoice.regie_id = %(regie)s
        WHERE NOT EXISTS (SELECT FROM payments_allocation WHERE entry_id = moved.id)
    ),
    split AS (
        -- Money counted for an invoice that was handed over does not move its claim any more.
        SELECT moved.id AS entry_id, invoice_id AS piece,
            CASE WHEN %(account)s = 'receivable' THEN -1 ELSE 1 END * counted.cents AS cents
        FROM moved JOIN payments_allocation AS counted ON counted.entry_id = moved.id
        WHERE NOT EXISTS (
            SELECT FROM regies_entry AS transfer WHERE transfer.cause_kind = 'transfer'
            AND transfer.cause_key = invoice_id::text AND transfer.number < moved.number
        ) OR 0 >= (
            -- It came back as many times as it left.
            SELECT sum(CASE turn.cause_kind WHEN 'transfer' THEN 1 ELSE -1 END) FROM regies_entry AS turn
            WHERE turn.cause_kind IN ('transfer', 'transfer_return')
            AND split_part(turn.cause_key, ':', 1) = invoice_id::text AND turn.number < moved.number
        )
    ),
"""
_OF_RECEIPTS = """
    owned AS (
        SELECT entry_id, id AS piece FROM payments_receipt WHERE regie_id = %(regie)s
        UNION SELECT entry_id, receipt_id FROM payments_reversal
        UNION SELECT entry_id, receipt_id FROM payments_allocation
        UNION SELECT entry_id, receipt_id FROM payments_refund WHERE entry_id IS NOT NULL
    ),
    split AS (
        -- One entry clears every receipt of a line of the bank's statement.
        SELECT clearing.entry_id, receipt.id AS piece, -receipt.cents AS cents
        FROM moved JOIN payments_clearing AS clearing ON clearing.entry_id = moved.id
        JOIN payments_receipt AS receipt ON receipt.id = receipt_id WHERE means = ANY(%(means)s)
        UNION ALL
        SELECT clearing.undone_by_entry_id, receipt.id, receipt.cents
        FROM moved JOIN payments_clearing AS clearing ON clearing.undone_by_entry_id = moved.id
        JOIN payments_receipt AS receipt ON receipt.id = receipt_id WHERE means = ANY(%(means)s)
        UNION ALL
        -- A bordereau de versement pays over the entries of many receipts.
        SELECT moved.id, (SELECT receipt_id FROM payments_allocation WHERE entry_id = held.entry_id LIMIT 1),
            line.credit - line.debit
        FROM moved JOIN remittances_remittance AS remittance ON remittance.entry_id = moved.id
        JOIN regies_remittedentry AS held ON held.remittance = remittance.number
        JOIN regies_line AS line ON line.entry_id = held.entry_id AND line.account = %(account)s
        WHERE %(account)s = 'revenue_due'
    ),
"""
_PIECES = """
    parts AS (
        SELECT %(kind)s AS kind, piece, cents FROM split
        UNION ALL
        SELECT CASE WHEN piece IS NULL THEN 'entry' ELSE %(kind)s END, coalesce(piece, moved.id),
            moved.cents - coalesce(told.cents, 0)
        FROM moved LEFT JOIN owned ON owned.entry_id = moved.id
        LEFT JOIN (SELECT entry_id, sum(cents)::bigint AS cents FROM split GROUP BY 1) AS told
            ON told.entry_id = moved.id
    ),
    pieces AS (
        SELECT kind, piece, (sum(cents) * %(side)s)::bigint AS cents FROM parts GROUP BY 1, 2 HAVING sum(cents) <> 0
    ),
    aged AS (
        SELECT pieces.*, due_date, %(day)s::date - due_date AS late FROM pieces
        LEFT JOIN billing_invoice ON kind = 'invoice' AND billing_invoice.id = piece
    ),
    kept AS (
        SELECT kind, piece, cents, due_date FROM aged
        WHERE %(any)s OR coalesce(late, 0) BETWEEN %(youngest)s AND %(oldest)s
    )
"""
_LIST = "SELECT kind, piece, cents FROM kept ORDER BY due_date NULLS FIRST, kind, piece LIMIT %(rows)s OFFSET %(skip)s"
_TOTAL = "SELECT count(*), coalesce(sum(cents), 0)::bigint FROM kept"
_AGES = "SELECT greatest(coalesce(late, 0), 0) AS days, sum(cents)::bigint, count(*) FROM aged GROUP BY 1"
_FOREVER = 100_000


class Age(StrEnum):
    """How late an invoice is, in days."""

    NOT_DUE = "not_due"
    MONTH = "1-30"
    TWO_MONTHS = "31-60"
    THREE_MONTHS = "61-90"
    OLDER = "91"


_DAYS = {
    Age.NOT_DUE: (-_FOREVER, 0),
    Age.MONTH: (1, 30),
    Age.TWO_MONTHS: (31, 60),
    Age.THREE_MONTHS: (61, 90),
    Age.OLDER: (91, _FOREVER),
}


@dataclass(frozen=True)
class Piece:
    """What is left of one piece on an account, in cents on the side where the account stands."""

    kind: str
    """``invoice``, ``receipt``, or ``entry`` for what is about neither."""
    key: int
    cents: int


@dataclass(frozen=True)
class Development:
    """A balance, opened."""

    regie: Regie
    account: Account
    day: date
    age: Age | None = None

    def pieces(self, *, rows: int | None = None, skip: int = 0) -> list[Piece]:
        """Return its pieces, the oldest due first."""
        return [Piece(*row) for row in self._ask(_LIST, rows=rows, skip=skip)]

    def total(self) -> tuple[int, int]:
        """Return how many pieces there are, and what they come to."""
        [(count, cents)] = self._ask(_TOTAL)
        return count, cents

    def by_age(self) -> dict[Age, tuple[int, int]]:
        """Return what is due by how late it is: cents, and how many pieces."""
        ages = dict.fromkeys(Age, (0, 0))
        for days, cents, count in self._ask(_AGES):
            age = next(age for age, (least, most) in _DAYS.items() if least <= days <= most)
            ages[age] = (ages[age][0] + cents, ages[age][1] + count)
        return ages

    def _ask(self, end: str, **values: int | None) -> list[tuple]:  # type: ignore[type-arg]
        if self.account not in BY_INVOICE | BY_RECEIPT:
            raise ValueError(self.account)
        owners, kind = (_OF_INVOICES, "invoice") if self.account in BY_INVOICE else (_OF_RECEIPTS, "receipt")
        youngest, oldest = _DAYS.get(self.age or Age.NOT_DUE, (0, 0))
        return sql.execute(
            _MOVED + owners + _PIECES + end,
            regie=self.regie.pk,
            account=self.account.value,
            before=Period(self.day, self.day).ends,
            day=self.day,
            means=[means.value for means, account in ACCOUNT_OF.items() if account == self.account],
            kind=kind,
            side=1 if self.account.is_debit else -1,
            any=self.age is None,
            youngest=youngest,
            oldest=oldest,
            **values,
        )
