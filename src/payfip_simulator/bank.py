"""The bank itself: its clock, its switches, its payments, and the few things that happen to a payment."""

import secrets
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from payfip_simulator.clock import OPENING_WINDOW, RESULT_KEPT, IdopMaker, purge_line
from payfip_simulator.notifier import Knock, Notifier, with_query
from payfip_simulator.store import Payment, Store
from payfip_simulator.switches import Switches, merge, restored

# How long after the payer's return the notification comes, when it must come second.
AFTER_RETURN_SECONDS = 2.0


class Refusal(Exception):
    """The bank says no, with one code of its annex."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class AlreadyFinal(Exception):
    """A final result is there already: nothing can change it."""


class Bank:
    """All that the simulator knows and does, apart from how it is spoken to."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.notifier = Notifier(store.record_notification)
        self.calls: Counter[str] = Counter()
        self._idops = IdopMaker()
        self._lock = threading.Lock()
        self._switches = restored(store.saved("switches"))
        self._purged_up_to: tuple[datetime, datetime] | None = None

    @property
    def switches(self) -> Switches:
        """Return how the bank behaves just now."""
        return self._switches

    def change(self, changes: Mapping[str, Any], *, advance_seconds: float = 0.0) -> Switches:
        """
        Move some switches, then the clock relative to where it is.

        :raises BadSwitch: if one of them is unknown or refused; none is moved then.
        """
        with self._lock:
            moved = merge(self._switches, changes)
            if advance_seconds:
                moved = merge(moved, {"clock_offset_seconds": moved.clock_offset_seconds + advance_seconds})
            return self._keep(moved)

    def reset(self, *, clients: bool = False) -> Switches:
        """Put every switch back to its usual position; creditors that were added stay, unless told otherwise."""
        with self._lock:
            return self._keep(Switches(clients={} if clients else self._switches.clients))

    def _keep(self, switches: Switches) -> Switches:
        self.store.save("switches", asdict(switches))
        self._switches = switches
        return switches

    def now(self) -> datetime:
        """Return the simulated time: where the clock stands, or the real time shifted."""
        switches = self._switches
        start = datetime.fromisoformat(switches.clock) if switches.clock else datetime.now(tz=UTC)
        return start + timedelta(seconds=switches.clock_offset_seconds)

    def advance(self, seconds: float) -> Switches:
        """Move the simulated time forward (or back, if negative)."""
        return self.change({}, advance_seconds=seconds)

    def count_call(self, word: str) -> None:
        """Count one more call of an operation."""
        with self._lock:
            self.calls[word] += 1

    def create(self, fields: Mapping[str, str]) -> str:
        """Keep a request that passed the checks, and return its idop."""
        now = self.now()
        idop = self._idops.make(now)
        self.store.add(idop=idop, session=secrets.token_urlsafe(18), at=now.timestamp(), fields=fields)
        return idop

    def _purge(self) -> None:
        now = self.now()
        line = purge_line(now)
        kept_from = purge_line(now - RESULT_KEPT)
        if self._purged_up_to != (line, kept_from):
            self.store.purge(created_before=line.timestamp(), settled_before=kept_from.timestamp())
            self._purged_up_to = (line, kept_from)

    def find(self, idop: str) -> Payment:
        """
        Return a payment that the bank still remembers.

        :raises Refusal: P1 if it never existed or the night took it.
        """
        self._purge()
        return self._remembered(self.store.find(idop))

    def find_session(self, session: str) -> Payment:
        """
        Return the payment of an open page.

        :raises Refusal: P1 if there is none.
        """
        self._purge()
        return self._remembered(self.store.find_session(session))

    def _remembered(self, payment: Payment | None) -> Payment:
        if payment is None or payment.purged:
            raise Refusal("P1")
        return payment

    def open_page(self, idop: str) -> Payment:
        """
        Use up the one opening of the payment page.

        :raises Refusal: P1, P3 or P4.
        """
        payment = self.find(idop)
        now = self.now().timestamp()
        if payment.opened_at is not None or payment.is_final:
            raise Refusal("P3")
        if now - payment.created_at > OPENING_WINDOW.total_seconds():
            raise Refusal("P4")
        if not self.store.open_page(idop, at=now):
            raise Refusal("P3")
        return payment

    def settle(self, idop: str, result: str, *, reason: str = "", notify: bool = True) -> Payment:
        """
        Give a payment its result and knock at the creditor's door.

        :raises Refusal: P1 if the bank does not know it.
        :raises AlreadyFinal: if it is paid already.
        """
        self.find(idop)
        numauto = _authorisation(result)
        at = self.now().timestamp()
        if not self.store.settle(idop, result=result, numauto=numauto, reason=reason, at=at):
            raise AlreadyFinal(idop)
        payment = self.find(idop)
        if notify and self._switches.return_mode != "before_notification":
            self.notify(payment)
        return payment

    def notify(self, payment: Payment, *, after_seconds: float = 0.0) -> None:
        """Knock at the creditor's door as often as the switches say."""
        switches = self._switches
        if switches.notifications == "off":
            return
        wait = after_seconds + (switches.notification_late_seconds if switches.notifications == "late" else 0.0)
        knock = Knock(
            idop=payment.idop, url=payment.urlnotif, method=switches.notification_method, key=switches.notification_key
        )
        for _ in range(switches.notification_copies if switches.notifications == "duplicated" else 1):
            self.notifier.knock(knock, after_seconds=wait)

    def send_back(self, payment: Payment) -> str:
        """Count a return to the creditor, and return the address where the payer goes."""
        self.store.count_return(payment.idop)
        if self._switches.return_mode == "before_notification" and payment.result and not payment.returns:
            self.notify(payment, after_seconds=AFTER_RETURN_SECONDS)
        return with_query(payment.urlredirect, idop=payment.idop)

    def seen_as(self, payment: Payment) -> Payment:
        """Return a payment as the switches make the bank tell it: another amount, another reference…"""
        switches = self._switches
        changes: dict[str, Any] = {name: _altered(name, getattr(payment, name)) for name in switches.altered_fields}
        if switches.amount_delta_cents:
            changes["montant"] = str(int(payment.montant) + switches.amount_delta_cents)
        if switches.unknown_result:
            changes["result"] = switches.unknown_result
        return replace(payment, **changes)


def _authorisation(result: str) -> str | None:
    if result == "P":
        return f"{secrets.randbelow(10**6):06d}"
    return f"{secrets.randbelow(10**12):012d}-tip" if result == "V" else None


def _altered(name: str, value: str) -> str:
    """Return another plausible value of a field."""
    if name == "saisie":
        return "T" if value == "W" else "W"
    if name == "exer":
        return str(int(value or "2000") + 1)
    return value[:-1] + ("1" if value[-1] == "0" else "0")
