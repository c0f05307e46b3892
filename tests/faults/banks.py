"""Banks that say what a test makes them say, with references that look like PayFiP's."""

from uuid import uuid4

from obole.gateways.base import Exchange, Identity, Order, Outcome, Redirect, Status, Unreachable
from obole.gateways.sandbox.gateway import Sandbox
from obole.payments.models import Attempt
from tests.faults.model import Model
from tests.portal.conftest import Clock
from tests.world import later

PAID = ("card", "debit")
STATUS = {
    "card": Status.PAID_BY_CARD,
    "debit": Status.PAID_BY_DEBIT,
    "refused": Status.REFUSED,
    "abandoned": Status.ABANDONED,
    "pending": Status.PENDING,
    "missing": Status.MISSING,
    "unknown": Status.UNKNOWN,
}


class Bank(Sandbox):
    """The machine's bank: what it says is in the model."""

    def __init__(self) -> None:
        super().__init__({"mode": "W"}, timeout=1)
        self.model: Model | None = None
        self.sent: dict[str, dict[str, str]] = {}

    def start(self, order: Order) -> Redirect:
        exchange = self._reach("start")
        reference = str(uuid4())
        self.sent[reference] = {**self.sent_facts(order), "gateway_reference": reference}
        return Redirect(gateway_reference=reference, url=f"{order.return_url}?idop={reference}", exchange=exchange)

    def ask(self, gateway_reference: str) -> Outcome:
        exchange, facts = self._reach("ask"), self.sent[gateway_reference]
        assert self.model is not None
        one = self.model.tries[Attempt.objects.values_list("pk", flat=True).get(gateway_reference=gateway_reference)]
        cents = one.cents + one.surplus if one.word in {"card", "debit"} else None
        facts = {**facts, "amount": str(cents)} if cents else facts
        return Outcome(status=STATUS[one.word], said=one.word, exchange=exchange, facts=facts, amount_cents=cents)

    def identify(self) -> Identity:
        self._reach("identify")
        return Identity(labels=(), client="")

    def _reach(self, what: str) -> Exchange:
        assert self.model is not None
        if not self.model.bank_is_up:
            raise Unreachable("down", exchange=Exchange(request=what, response=""))
        return Exchange(request=what, response="said")


class ScriptedBank(Bank):
    """A bank whose word about each attempt changes at given minutes; silent between others."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.clock = clock
        self.scripts: dict[str, list[tuple[float, str]]] = {}
        self.order: list[str] = []

    def _reach(self, what: str) -> Exchange:
        return Exchange(request=what, response="said")

    def ask(self, gateway_reference: str) -> Outcome:
        said = [word for when, word in self.scripts.get(gateway_reference, []) if later(when) <= self.clock.at]
        word, facts = said[-1] if said else "pending", self.sent[gateway_reference]
        if word == "silent":
            raise Unreachable("silent", exchange=Exchange(request="ask", response=""))
        exchange = Exchange(request="ask", response=word)
        if word == "other amount":
            cents = int(facts["amount"]) + 150
            told = {**facts, "amount": str(cents)}
            return Outcome(status=Status.PAID_BY_CARD, said=word, exchange=exchange, facts=told, amount_cents=cents)
        cents = int(facts["amount"]) if word in PAID else 0
        return Outcome(status=STATUS[word], said=word, exchange=exchange, facts=facts, amount_cents=cents or None)
