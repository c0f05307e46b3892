"""What happens to each invoice of a seed: paid by card, refused, late, paid in part at the counter, cancelled."""

import heapq
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from random import Random
from typing import Any

from obole.billing import wording
from obole.billing.models import Invoice, InvoiceType
from obole.catalogue.models import FormVersion, Scheme
from obole.directory.models import Agent, Citizen
from obole.lib import dates, search_keys, texts
from obole.regies import numbering
from obole.regies.accounts import Account
from obole.regies.ledger import Posting
from obole.regies.models import Regie, Series
from obole_demo.seed import people
from obole_demo.seed.chain import Chain
from obole_demo.seed.people import Payer
from obole_demo.seed.tables import Tables

YEARS = 3
TERM = timedelta(days=30)
SETTLED, REFUSED_FIRST, CANCELLED, PART = 0.85, 0.1, 0.02, 0.01
"""Shares of the invoices: paid by card in their time, refused before, cancelled, paid in part at the counter."""
PRICES = (280, 325, 450, 610, 1250, 2400)


@dataclass(frozen=True)
class Kind:
    """A type of invoice, with what its rows say."""

    type: InvoiceType
    regie: Regie
    scheme: Scheme
    form: FormVersion
    wording: str


@dataclass(frozen=True)
class File:
    """A dossier, as its invoices name it."""

    pk: int
    payer: Payer
    kind: Kind


@dataclass(frozen=True)
class Bill:
    """An invoice that was written, and what may still happen to it."""

    pk: int
    number: str
    file: File
    cents: int
    issued_at: datetime


@dataclass
class Writer:
    """Writes invoices from the oldest to the newest, and in between what becomes of those before."""

    tables: Tables
    chains: dict[int, Chain]
    agent: Agent
    dice: Random
    now: datetime
    keys: dict[str, "count[int]"] = field(default_factory=dict)
    series: dict[tuple[int, str, int], int] = field(default_factory=dict)
    later: list[tuple[datetime, int, Callable[[datetime], None]]] = field(default_factory=list)

    def key(self, table: str) -> int:
        return next(self.keys.setdefault(table, count(1)))

    def number(self, regie: Regie, kind: Series.Kind, year: int) -> tuple[int, str]:
        sequence = self.series[regie.pk, kind, year] = self.series.get((regie.pk, kind, year), 0) + 1
        return sequence, numbering.format_number(regie=regie, kind=kind, year=year, sequence=sequence)

    def issue(self, file: File, at: datetime) -> None:
        """Issue an invoice, and decide what becomes of it."""
        self.play_until(at)
        kind, pk = file.kind, self.key("invoice")
        year = dates.day_of(at).year
        sequence, number = self.number(kind.regie, Series.Kind.INVOICE, year)
        quantity, price = self.dice.randrange(1, 24), self.dice.choice(PRICES)
        bill = Bill(pk, number, file, quantity * price, at)
        ends = self._decide(bill)
        self._write(bill, sequence, year, ends)
        line = (pk, 1, kind.type.name[:120], "", quantity, "unité", price, bill.cents, kind.type.nature)
        self.tables.add("billing_invoiceline", *line)
        owed = (
            Posting(account=Account.RECEIVABLE, debit=bill.cents),
            Posting(account=Account.CLAIMS, credit=bill.cents),
        )
        self.chains[kind.regie.pk].post("invoice", str(pk), number, owed, at)
        self._record("invoice.issue", "billing.invoice", pk, at, source="draft", target="due")
        self._mail(bill, at)
        self.tables.write_if_many()

    def play_until(self, at: datetime) -> None:
        """Do what was decided for before this instant."""
        while self.later and self.later[0][0] <= at:
            when, _rank, act = heapq.heappop(self.later)
            act(when)

    def _decide(self, bill: Bill) -> dict[str, Any]:
        """Queue what happens later; return what the invoice says of it now that it is over."""
        at, chance = bill.issued_at + timedelta(hours=self.dice.randrange(2, 24 * 45)), self.dice.random()
        if at > self.now:
            return {}
        if chance < REFUSED_FIRST:
            self._at(at - timedelta(hours=1), partial(self._refuse, bill))
        if chance < SETTLED:
            self._at(at, partial(self._pay, bill))
            return {"state": "paid", "received": bill.cents, "paid_at": at}
        if chance < SETTLED + CANCELLED:
            self._at(at, partial(self._cancel, bill))
            return {"state": "cancelled", "reason": "Facturée deux fois"}
        if chance < SETTLED + CANCELLED + PART and bill.cents > 1:
            self._at(at, partial(self._take_half, bill))
            return {"received": bill.cents // 2}
        if chance < 0.95:
            self._at(at, partial(self._refuse, bill))
        return {}

    def _at(self, at: datetime, act: Callable[[datetime], None]) -> None:
        heapq.heappush(self.later, (at, self.key("event"), act))

    def _write(self, bill: Bill, sequence: int, year: int, ends: dict[str, Any]) -> None:
        file, kind, at = bill.file, bill.file.kind, bill.issued_at
        due, token = dates.day_of(at + TERM), texts.token()
        said = (
            kind.wording.replace("«name»", file.payer.name)
            .replace("«address»", json.dumps(file.payer.address.splitlines(), ensure_ascii=False))
            .replace("«dossier»", f"DOS-{file.pk:06d}")
            .replace("«token»", token)
        )
        self.tables.add(
            "billing_invoice",
            bill.pk,
            token,
            f"seed-{bill.pk}",
            kind.type.pk,
            kind.regie.pk,
            file.pk,
            file.payer.pk,
            ends.get("state", "due"),
            bill.number,
            year,
            sequence,
            kind.type.name,
            f"{dates.MONTHS[at.month - 1]} {at.year}",
            bill.cents,
            ends.get("received", 0),
            at,
            at,
            due,
            due + timedelta(days=kind.regie.transfer_delay),
            ends.get("paid_at"),
            ends.get("reason", ""),
            said,
            False,
            False,
            file.payer.sort_key,
            file.pk,
        )

    def _attempt(self, bill: Bill, at: datetime, *, state: str, said: str) -> int:
        pk, regie = self.key("attempt"), bill.file.kind.regie
        reference, authorisation = f"{regie.code}{pk:09d}", f"{pk % 10**6:06d}" if state == "paid" else ""
        self.tables.add(
            "payments_attempt",
            pk,
            texts.token(),
            f"seed-{pk}",
            bill.pk,
            regie.pk,
            state,
            reference,
            bill.cents,
            bill.file.payer.email or "guichet@demo.example",
            at.year,
            "payfip",
            "W",
            "{}",
            f"seed-{pk:036d}",
            "",
            at,
            at,
            at,
            said,
            authorisation,
            "",
            "",
        )
        self.tables.add("payments_attemptline", pk, bill.pk, bill.cents, False)
        outcome = "paid_by_card" if state == "paid" else "refused"
        self.tables.add("payments_bankexchange", pk, "ask", at, outcome, "<question/>", "<reponse/>")
        return pk

    def _refuse(self, bill: Bill, at: datetime) -> None:
        self._attempt(bill, at, state="refused", said="R")

    def _pay(self, bill: Bill, at: datetime) -> None:
        regie = bill.file.kind.regie
        attempt = self._attempt(bill, at, state="paid", said="P")
        entry = self._book(bill, f"attempt:{attempt}", Account.CARD_CLEARING, bill.cents, at)
        number = f"R-{regie.code}-{self.chains[regie.pk].regie.entry_count:06d}"
        self._receive(bill, (None, number, None, None, regie.pk, attempt), entry, ("card", bill.cents, 0), "", at)

    def _take_half(self, bill: Bill, at: datetime) -> None:
        regie, cents, year = bill.file.kind.regie, bill.cents // 2, dates.day_of(at).year
        sequence, number = self.number(regie, Series.Kind.QUITTANCE, year)
        entry = self._book(bill, f"quittance:{number}", Account.CHEQUES, cents, at)
        head = (f"seed-{number}", number, sequence, year, regie.pk, None)
        self._receive(bill, head, entry, ("cheque", cents, bill.cents - cents), f"{sequence:07d}", at)

    def _book(self, bill: Bill, key: str, account: Account, cents: int, at: datetime) -> int:
        postings = (
            Posting(account=account, debit=cents),
            Posting(account=Account.REVENUE_DUE, nature=bill.file.kind.type.nature, credit=cents),
            Posting(account=Account.CLAIMS, debit=cents),
            Posting(account=Account.RECEIVABLE, credit=cents),
        )
        return self.chains[bill.file.kind.regie.pk].post("receipt", key, bill.number, postings, at)

    def _receive(
        self, bill: Bill, head: tuple[Any, ...], entry: int, money: tuple[str, int, int], reference: str, at: datetime
    ) -> None:
        pk, (means, cents, left) = self.key("receipt"), money
        who = json.dumps(self.agent.actor.as_json()) if reference else None
        self.tables.add(
            "payments_receipt", pk, texts.token(), *head, bill.pk, entry, means, cents, at, left, "", reference, "", who
        )
        actor = who or json.dumps({"id": "gateway:payfip", "name": "PayFiP"})
        self.tables.add("payments_allocation", pk, bill.pk, entry, cents, 0, at, actor, "")

    def _cancel(self, bill: Bill, at: datetime) -> None:
        regie, year = bill.file.kind.regie, dates.day_of(at).year
        sequence, number = self.number(regie, Series.Kind.CREDIT_NOTE, year)
        actor = json.dumps(self.agent.actor.as_json())
        row = (bill.pk, regie.pk, number, year, sequence, bill.cents, "twice", "", at, actor)
        self.tables.add("billing_creditnote", texts.token(), *row)
        back = (
            Posting(account=Account.CLAIMS, debit=bill.cents),
            Posting(account=Account.RECEIVABLE, credit=bill.cents),
        )
        self.chains[regie.pk].post("cancellation", str(bill.pk), bill.number, back, at)
        self._record("invoice.cancel", "billing.invoice", bill.pk, at, source="due", target="cancelled")

    def _record(self, verb: str, kind: str, pk: int, at: datetime, *, source: str, target: str) -> None:
        actor = json.dumps(self.agent.actor.as_json())
        self.tables.add("audit_log_record", at, actor, verb, kind, pk, source, target, "{}")

    def _mail(self, bill: Bill, at: datetime) -> None:
        if not bill.file.payer.email:
            return
        subject = f"Votre facture {bill.number}"
        words = f"Bonjour,\n\nVotre facture {bill.number} est dans votre espace."
        head = (
            texts.token(),
            f"seed-invoice-{bill.pk}",
            "invoice_deposited",
            bill.file.payer.email,
            subject,
            words,
            "",
        )
        about = ("[]", False, False, "billing.invoice", bill.pk)
        self.tables.add("mailing_message", *head, *about, "sent", at, at, 1, "")


def kinds_of(types: list[InvoiceType]) -> list[Kind]:
    """Return the types that have a régie and a dispositif with a form, with the words of their documents."""
    found = []
    for one in types:
        scheme = one.schemes.order_by("id").first()
        form = FormVersion.objects.filter(scheme=scheme).order_by("-number").first()
        if one.regie is None or scheme is None or form is None:
            continue
        payer = Citizen(last_name="«name»", address="«address»")
        said = wording.freeze(Invoice(type=one, regie=one.regie, payer=payer, public_id="«token»"))
        said |= {"dossier_reference": "«dossier»", "service_name": scheme.service.name}
        text = json.dumps(said, ensure_ascii=False).replace('["«address»"]', "«address»")
        found.append(Kind(one, one.regie, scheme, form, text))
    return found


def write_dossiers(
    tables: Tables, payers: list[Payer], kinds: list[Kind], *, number: int, dice: Random, at: datetime
) -> list[File]:
    """Write accepted dossiers, one child's name in each."""
    files = []
    for pk in range(1, number + 1):
        file = File(pk, dice.choice(payers), dice.choice(kinds))
        child = f"{dice.choice(people.FIRST_NAMES)} {file.payer.name.partition(' ')[2]}"
        keys = search_keys.in_order(search_keys.of_names(child))
        head = (pk, texts.token(), f"seed-{pk}", pk, file.kind.scheme.pk, file.kind.form.pk, file.payer.pk, "accepted")
        when = at + timedelta(minutes=pk)
        tables.add(
            "dossiers_dossier", *head, json.dumps({"enfant": child}, ensure_ascii=False), keys, "", "{}", *[when] * 3
        )
        files.append(file)
    return files
