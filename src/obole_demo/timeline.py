"""What happened in the town during the last five months: a list of deeds in time, each done by the real operations."""

import heapq
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from obole.billing import operations as billing
from obole.billing.models import Invoice
from obole.billing.states import InvoiceState
from obole.directory.models import Citizen
from obole.dossiers import operations as dossiers
from obole.dossiers.models import Dossier
from obole.lib import actors, dates, texts
from obole.payments import operations as payments
from obole.payments.models import Attempt, AttemptLine
from obole.reminders import operations as reminders, queries as reminder_queries
from obole_demo import accounts, personas
from obole_demo.past import PastBank, PastWorker
from obole_demo.town import Town

Deed = Callable[[datetime], None]
Progress = Callable[[int], None]
Scene = Callable[["Story", Invoice, datetime], None]


@dataclass
class Story:
    """Deeds in time order; a deed may plan others. Those that would be in the future never happen."""

    town: Town
    bank: PastBank
    worker: PastWorker
    dice: random.Random
    now: datetime
    told: Progress
    invoices: int = 0
    scenes: dict[str, "Scene"] = field(default_factory=dict)
    """What goes wrong once, by dispositif."""
    may_come_back: set[int] = field(default_factory=set)
    """The invoices whose direct debit may be sent back, days after it was accepted."""
    _plan: list[tuple[datetime, int, Deed]] = field(default_factory=list)
    _order: "count[int]" = field(default_factory=count)
    _latest: datetime | None = None
    """When the last thing of the present deed happened."""

    def plan(self, at: datetime, deed: Deed) -> None:
        if at < self.now:
            heapq.heappush(self._plan, (at, next(self._order), deed))

    def tell(self) -> None:
        """Do every deed, and after each what the worker would do."""
        while self._plan:
            at, _order, deed = heapq.heappop(self._plan)
            self._latest = at
            deed(at)
            self.worker.catch_up((self._latest or at) + timedelta(seconds=20))

    def apply(self, key: str, citizen: Citizen, answers: dict[str, dossiers.Answer], at: datetime) -> Dossier:
        """A citizen files an application."""
        return dossiers.submit(
            citizen_id=citizen.pk,
            form_id=self.town.schemes[key].form.pk,
            request_key=texts.token(),
            filled=dossiers.Application(answers=answers),
            actor=citizen.actor,
            at=at,
        )

    def review(self, dossier: Dossier, at: datetime, *, noted: Mapping[str, Any] | None = None) -> None:
        """An agent takes the application, notes what the form asks of agents, and accepts it."""
        agent = self.town.agents["agent"]
        dossiers.take(dossier_id=dossier.pk, agent_id=agent.pk, actor=accounts.agent(), at=at)
        if noted:
            dossiers.answer_as_agent(
                dossier_id=dossier.pk, answers=noted, actor=accounts.agent(), at=at + timedelta(minutes=6)
            )
        dossiers.accept(dossier_id=dossier.pk, reason="", actor=accounts.agent(), at=at + timedelta(minutes=9))

    def issue(self, dossier: Dossier, key: str, counted: personas.Answers, period: str, at: datetime) -> Invoice:
        """An agent adds what was counted, and generates the invoice that the prices make."""
        opened = self.town.schemes[key]
        if opened.type is None or opened.pricing is None:
            raise TypeError(f"{key} is free")
        answers = personas.priced(opened.form.form_fields, dossier.answers, counted)
        answered = billing.PricingAnswers(version_id=opened.pricing.pk, answers=answers, on=dates.day_of(at))
        made = billing.generate_invoice(
            dossier_id=dossier.pk,
            type_id=opened.type.pk,
            answered=answered,
            period=period,
            request_key=texts.token(),
            # Two children of a family are two dossiers of one payer, billed the same month.
            confirmed=billing.Confirmed(again=True),
            actor=accounts.agent(),
            at=at,
        )
        return self.count(made)

    def count(self, invoice: Invoice) -> Invoice:
        """Count an invoice that was issued."""
        self.invoices += 1
        self.told(self.invoices)
        return invoice

    def go_to_bank(self, invoice: Invoice, at: datetime, *, also: Sequence[int] = ()) -> Attempt | None:
        """The payer presses « Payer maintenant »; nothing happens if the invoice is not payable any more."""
        self.bank.set_clock(at)
        try:
            return payments.start_payment(
                invoice_id=invoice.pk,
                also=also,
                email=invoice.payer.email,
                request_key=texts.token(),
                actor=invoice.payer.actor,
                at=at,
            )
        except (payments.NotPayableOnline, payments.AlreadyInProgress):
            return None

    def pay(self, invoice: Invoice, at: datetime, result: str) -> None:
        """The payer goes to the bank, does what ``result`` says there, and comes back two minutes later."""
        attempt = self.go_to_bank(invoice, at, also=_paid_along(invoice))
        if attempt is not None and attempt.gateway_reference:
            self.finish(attempt, result, at + timedelta(minutes=2))

    def finish(self, attempt: Attempt, result: str, at: datetime) -> None:
        """The payer ends what an attempt began."""
        self.bank.set_clock(at)
        self._latest = at
        self.bank.finish(attempt.gateway_reference or "", result)
        payments.resolve_attempt(attempt_id=attempt.pk, actor=actors.gateway("payfip"), at=at)

    def release(self, attempt: Attempt, at: datetime) -> None:
        """The sweep asks the bank after the régie's delay: the invoice may be tried again."""
        payments.resolve_attempt(attempt_id=attempt.pk, actor=actors.WORKER, at=at)

    def remind(self, at: datetime) -> None:
        """The worker looks for late payers, as it does every hour; once a day is enough to tell it."""
        for invoice_id in list(reminder_queries.candidates(dates.day_of(at))):
            reminders.remind(invoice_id=invoice_id, at=at)


def _paid_along(invoice: Invoice) -> list[int]:
    """
    Return what a payer in two ticks along with an invoice: all that they owe to the same régie. Who signs in decides
    alone.
    """
    if invoice.pk % 2 or invoice.payer.user_id is not None:
        return []
    due = Invoice.objects.filter(payer=invoice.payer_id, regie=invoice.regie_id, state=InvoiceState.DUE)
    held = AttemptLine.objects.filter(invoice__in=due, holds=True).values("invoice")
    return list(due.exclude(pk=invoice.pk).exclude(pk__in=held).order_by("pk").values_list("pk", flat=True))
