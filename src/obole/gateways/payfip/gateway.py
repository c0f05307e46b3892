"""PayFiP Régie, the DGFiP's payment page for local authorities, through its web service."""

import re
from collections.abc import Mapping
from typing import ClassVar

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
)
from obole.gateways.payfip.answers import Answer, Fault, paris_time
from obole.gateways.payfip.client import call
from obole.gateways.payfip.messages import looks_like_idop, payment_request, problem
from obole.gateways.payfip.words import ERRORS, FIELDS, LIMITS, PAYMENT_CODES, WORDS, Action

NOTHING_SENT = Exchange(request="", response="")
_REFUSALS = frozenset({"FonctionnelleErreur", "TechProtocolaireErreur"})


class PayFiP:
    """One client number (a régie) of PayFiP."""

    kind: ClassVar[str] = "payfip"
    name: ClassVar[str] = "PayFiP"
    limits: ClassVar[Limits] = LIMITS
    fields: ClassVar[tuple[SettingField, ...]] = FIELDS
    payer_codes: ClassVar[frozenset[str]] = frozenset(
        code for code, advice in ERRORS.items() if advice.action == Action.PAYER
    )

    def __init__(self, settings: Mapping[str, str], *, timeout: float) -> None:
        known = checks.complete(FIELDS, settings)
        self._client_number = known["client_number"]
        self._mode = known["mode"]
        self._service_url = known["service_url"]
        self._payment_page_url = known["payment_page_url"]
        self._timeout = timeout

    @staticmethod
    def explain(code: str) -> str:
        return ERRORS[code].sentence if code in ERRORS else ""

    def sent_facts(self, order: Order) -> Mapping[str, str]:
        return {
            "reference": order.reference,
            "amount": str(order.amount_cents),
            "client": self._client_number,
            "year": _year(str(order.fiscal_year)),
            "mode": self._mode,
        }

    def start(self, order: Order) -> Redirect:
        refusal = problem(order)
        if refusal:
            raise Rejected(f"PayFiP was not asked: {refusal}", exchange=NOTHING_SENT)
        request = payment_request(order, client_number=self._client_number, mode=self._mode)
        answer, exchange = self._ask_or_raise("creerPaiementSecurise", request)
        idop = answer.fields.get("idop", "")
        if not looks_like_idop(idop):
            raise Unreachable(f"PayFiP created a payment without a usable idOp: {idop!r}", exchange=exchange)
        # The parameter is in lower case here, unlike the element of the question.
        return Redirect(gateway_reference=idop, url=f"{self._payment_page_url}?idop={idop}", exchange=exchange)

    def ask(self, gateway_reference: str) -> Outcome:
        if not looks_like_idop(gateway_reference):
            raise Unreachable(f"not a reference of PayFiP: {gateway_reference[:60]!r}", exchange=NOTHING_SENT)
        answer, exchange = self._call("recupererDetailPaiementSecurise", {"idOp": gateway_reference})
        if isinstance(answer, Fault):
            return _outcome_of_fault(answer, exchange)
        if answer.fields.get("idop", gateway_reference) != gateway_reference:
            raise Unreachable("PayFiP answers about another payment", exchange=exchange)
        return _outcome(answer.fields, exchange)

    def identify(self) -> Identity:
        answer, exchange = self._ask_or_raise("recupererDetailClient", {"numCli": self._client_number})
        client = answer.fields.get("numcli", "")
        if not client:
            raise Unreachable("PayFiP gives no client number", exchange=exchange)
        labels = (answer.fields.get(name, "") for name in ("libellen1", "libellen2", "libellen3"))
        return Identity(labels=tuple(label for label in labels if label), client=client)

    @staticmethod
    def read_callback(body: Mapping[str, str]) -> str:
        # « idop » is what was observed, « idOp » what the schema says.
        values = [value for name, value in body.items() if name.lower() == "idop"]
        if not values or any(value != values[0] for value in values):
            raise BadCallback(f"{len(values)} references")
        if not looks_like_idop(values[0]):
            raise BadCallback(f"not a reference of PayFiP: {str(values[0])[:60]!r}")
        return values[0]

    def _call(self, operation: str, fields: dict[str, str]) -> tuple[Answer | Fault, Exchange]:
        return call(operation, fields, address=self._service_url, timeout=self._timeout)

    def _ask_or_raise(self, operation: str, fields: dict[str, str]) -> tuple[Answer, Exchange]:
        answer, exchange = self._call(operation, fields)
        if isinstance(answer, Answer):
            return answer, exchange
        failure = Rejected if answer.kind in _REFUSALS else Unreachable
        raise failure(_sentence(answer), exchange=exchange, code=answer.code)


def _outcome_of_fault(fault: Fault, exchange: Exchange) -> Outcome:
    """
    Read an error about a payment. A code that we do not know is for a person; the payment stays what it was.

    :raises Unreachable: if the error is a technical one.
    """
    if fault.kind != "FonctionnelleErreur":
        raise Unreachable(_sentence(fault), exchange=exchange, code=fault.code)
    status = PAYMENT_CODES.get(fault.code, Status.UNKNOWN)
    return Outcome(status=status, said=fault.code, exchange=exchange, facts={})


def _outcome(fields: Mapping[str, str], exchange: Exchange) -> Outcome:
    said = fields.get("resultrans", "")
    amount_cents = _cents(fields.get("montant", ""))
    date, time = fields.get("dattrans", ""), fields.get("heurtrans", "")
    return Outcome(
        # Without its amount, no result can be believed.
        status=Status.UNKNOWN if amount_cents is None else WORDS.get(said, Status.UNKNOWN),
        said=said,
        exchange=exchange,
        facts=_facts(fields),
        amount_cents=amount_cents,
        authorisation=fields.get("numauto", ""),
        bank_time=paris_time(date, time),
        bank_time_raw=f"{date} {time}".strip(),
    )


def _facts(fields: Mapping[str, str]) -> dict[str, str]:
    names = {
        "reference": "refdet",
        "amount": "montant",
        "client": "numcli",
        "year": "exer",
        "mode": "saisie",
        "gateway_reference": "idop",
    }
    facts = {ours: fields[theirs] for ours, theirs in names.items() if theirs in fields}
    if "amount" in facts:
        facts["amount"] = facts["amount"].lstrip("0") or "0"
    if "year" in facts:
        facts["year"] = _year(facts["year"])
    return facts


def _year(exer: str) -> str:
    """PayFiP was once seen to answer « 20 » for 2020: compare the last two digits of this century's years."""
    return exer[2:] if re.fullmatch("20[0-9]{2}", exer) else exer


def _cents(montant: str) -> int | None:
    # ``int`` would also take « 1_0 », « +10 » and Arabic digits.
    return int(montant) if re.fullmatch("[0-9]{1,11}", montant) else None


def _sentence(fault: Fault) -> str:
    return f"PayFiP, {fault.kind} {fault.code}: {fault.sentence}"
