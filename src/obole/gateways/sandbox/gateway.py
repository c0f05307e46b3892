"""
The smallest gateway: no network, one setting, no state. Copy it to write a new one.

The last two digits of the amount decide what happens:

=== ====================================
…01 refused
…02 abandoned
…03 pending for ever
…04 unknown to the bank
…05 the bank does not answer when asked
…06 the bank does not answer at the start
…07 the bank rejects the payment
…08 a word that we do not know
…09 paid, but with another amount
…10 paid by direct debit
    any other: paid by card
=== ====================================
"""

import re
from collections.abc import Mapping
from typing import ClassVar
from urllib.parse import quote
from uuid import uuid4

from obole.gateways import settings as checks
from obole.gateways.base import (
    BadCallback,
    Exchange,
    Identity,
    Limits,
    Order,
    Outcome,
    Redirect,
    Rejected,
    SettingField,
    Status,
    Unreachable,
    breach,
    gettext_noop,
)

WORDS = {
    "CARD": Status.PAID_BY_CARD,
    "DEBIT": Status.PAID_BY_DEBIT,
    "NO": Status.REFUSED,
    "LEFT": Status.ABANDONED,
    "LATER": Status.PENDING,
    "WHAT": Status.MISSING,
}
SAYS = {1: "NO", 2: "LEFT", 3: "LATER", 4: "WHAT", 8: "HEIN", 10: "DEBIT"}
SILENT_WHEN_ASKED, SILENT_AT_START, REJECTED, OTHER_AMOUNT = 5, 6, 7, 9
CLIENT = "sandbox"
NO_RESULT = frozenset({Status.PENDING, Status.MISSING})

FIELDS = (
    SettingField(
        name="mode",
        label=gettext_noop("Mode"),
        help=gettext_noop(
            "« Formation » n’encaisse rien ; « Comme en production » écrit de faux encaissements en comptabilité."
        ),
        choices={"T": gettext_noop("Formation"), "W": gettext_noop("Comme en production")},
        default="T",
        example="T",
    ),
)


class Sandbox:
    """A bank for training and fast tests."""

    kind: ClassVar[str] = "sandbox"
    name: ClassVar[str] = "Bac à sable"
    limits: ClassVar[Limits] = Limits(min_cents=100, max_cents=9_999_999, email_max_length=80, window_minutes=15)
    fields: ClassVar[tuple[SettingField, ...]] = FIELDS
    payer_codes: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, settings: Mapping[str, str], *, timeout: float) -> None:
        self._mode = checks.complete(FIELDS, settings)["mode"]

    @staticmethod
    def explain(code: str) -> str:
        return gettext_noop("Le bac à sable refuse les montants qui finissent par 07.") if code == "REJECTED" else ""

    def sent_facts(self, order: Order) -> Mapping[str, str]:
        return {
            "reference": order.reference,
            "amount": str(order.amount_cents),
            "client": CLIENT,
            "year": str(order.fiscal_year),
            "mode": self._mode,
        }

    def start(self, order: Order) -> Redirect:
        # The order travels in the reference: nothing is kept here.
        nonce = uuid4().hex[:8]
        reference = f"SBX-{nonce}-{self._mode}-{order.amount_cents}-{order.fiscal_year}-{order.reference}"
        exchange = Exchange(request=f"start {reference}", response="")
        refusal = breach(order, self.limits)
        if refusal:
            raise Rejected(refusal, exchange=exchange)
        if order.amount_cents % 100 == REJECTED:
            raise Rejected("the sandbox rejects it", exchange=exchange, code="REJECTED")
        if order.amount_cents % 100 == SILENT_AT_START:
            raise Unreachable("the sandbox is silent", exchange=exchange)
        mark = "&" if "?" in order.return_url else "?"
        url = f"{order.return_url}{mark}idop={quote(reference)}"
        return Redirect(gateway_reference=reference, url=url, exchange=exchange)

    def ask(self, gateway_reference: str) -> Outcome:
        facts = _read(gateway_reference)
        cents = int(facts["amount"])
        ending = cents % 100
        if ending == SILENT_WHEN_ASKED:
            raise Unreachable(
                "the sandbox is silent", exchange=Exchange(request=f"ask {gateway_reference}", response="")
            )
        said = SAYS.get(ending, "CARD")
        status = WORDS.get(said, Status.UNKNOWN)
        exchange = Exchange(request=f"ask {gateway_reference}", response=said)
        if status in NO_RESULT:
            return Outcome(status=status, said=said, exchange=exchange, facts={})
        told = cents + 1 if ending == OTHER_AMOUNT else cents
        facts["amount"] = str(told)
        return Outcome(status=status, said=said, exchange=exchange, facts=facts, amount_cents=told)

    def identify(self) -> Identity:
        return Identity(labels=("Bac à sable",), client=CLIENT)

    @staticmethod
    def read_callback(body: Mapping[str, str]) -> str:
        reference = body.get("idop", "")
        try:
            _read(reference)
        except Unreachable as error:
            raise BadCallback(str(error)) from error
        return reference


def _read(gateway_reference: str) -> dict[str, str]:
    """Return the facts that a reference carries."""
    match = re.fullmatch("SBX-[0-9a-f]{8}-([TW])-([0-9]{1,11})-([0-9]{4})-(.{1,60})", gateway_reference)
    if match is None:
        exchange = Exchange(request=f"ask {gateway_reference[:100]}", response="")
        raise Unreachable("not a reference of the sandbox", exchange=exchange)
    mode, amount, year, reference = match.groups()
    return {
        "reference": reference,
        "amount": amount,
        "client": CLIENT,
        "year": year,
        "mode": mode,
        "gateway_reference": gateway_reference,
    }
