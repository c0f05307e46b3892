"""The words of reminders: of one invoice, or of several of one payer that go in one mail."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from obole.billing.emails import invoice_variables
from obole.billing.models import Invoice, InvoicePdf
from obole.billing.rules import reminder_plan
from obole.directory.models import Authority
from obole.lib import dates, money
from obole.mailing import operations as mailing, queries as mail_queries, rules as mail_rules
from obole.mailing.rules import sms as wording
from obole.mailing.states import Channel
from obole.reminders import rules

logger = logging.getLogger(__name__)
SEVERAL = "reminder_many"
MOST_TOGETHER = 30
"""Invoices in one mail, which people read on a phone."""


@dataclass(frozen=True)
class Chosen:
    """An invoice whose payer is reminded: which reminder, what was sent before it, and where a mail reaches them."""

    invoice: Invoice
    rank: int
    sent: rules.Sent
    email: str

    @property
    def cause(self) -> str:
        """What its mail is kept under: there is one, and another once that one was left."""
        again = f":{self.sent.dropped}" if self.sent.dropped else ""
        return f"reminder:{self.invoice.pk}:{self.rank}{again}"

    @property
    def step(self) -> reminder_plan.Step | None:
        """Its step of the plan; none once the plan is at its end."""
        steps = self.invoice.type.steps
        return steps[self.rank - 1] if self.rank <= len(steps) else None

    @property
    def kind(self) -> str:
        """The model whose words it uses where its step has none of its own."""
        return reminder_plan.kind_of(self.invoice.type.steps, self.rank)


def together(every: Iterable[Chosen]) -> list[list[Chosen]]:
    """
    Put those in one mail that a payer owes to one régie for one service, of late invoices whose types say so; each
    other one is alone. Their dispositifs are read with the invoices.
    """
    groups: dict[tuple[int, ...], list[Chosen]] = {}
    for one in every:
        groups.setdefault(_whose(one), []).append(one)
    most = MOST_TOGETHER
    return [group[start : start + most] for group in groups.values() for start in range(0, len(group), most)]


def _whose(one: Chosen) -> tuple[int, ...]:
    invoice = one.invoice
    if not one.email or not invoice.type.reminder_together or one.kind == "reminder_before":
        return (invoice.pk,)
    # Who handles one service must not read of the others' invoices.
    service = invoice.dossier.scheme.service_id if invoice.dossier else 0
    return (invoice.payer_id, invoice.regie_id, service)


class Words:
    """Write reminders for a town; its models are looked up once."""

    def __init__(self, authority: Authority) -> None:
        self._authority = authority
        self._template_of = cache(mail_queries.template_of)

    def __call__(self, group: Sequence[Chosen]) -> mail_rules.RenderedMail:
        """Return what the mail of these reminders says."""
        return self._of_several(group) if len(group) > 1 else self._of_one(group[0])

    def sms_of(self, group: Sequence[Chosen]) -> mailing.Email | None:
        """
        Return the SMS that goes beside the mail or the letter of these reminders: one for all of them, of the first
        whose step has one, where their payer has a mobile telephone.
        """
        one = next((one for one in group if one.step and one.step.sms), None)
        to = wording.mobile(one.invoice.payer.phone) if one else ""
        if one is None or one.step is None or not to:
            return None
        try:
            said = mail_rules.render("", one.step.sms, self._variables(one))
        except mail_rules.BadTemplate as error:
            logger.error("the words of an SMS cannot be filled: %s", error)
            return None
        words = mail_rules.RenderedMail(_("SMS de relance"), wording.plain(said.text), "")
        return mailing.Email(
            cause=f"{one.cause}:sms",
            kind="reminder_sms",
            channel=Channel.SMS,
            to=to,
            rendered=words,
            about=one.invoice,
            at_most_once=True,
            task="reminders.deliver_sms",
        )

    def _variables(self, one: Chosen) -> dict[str, str | date]:
        return {
            **invoice_variables(one.invoice, self._authority),
            "relance_1_le": one.sent.first or "",
            "relance_precedente_le": one.sent.day or "",
        }

    def _of_one(self, one: Chosen) -> mail_rules.RenderedMail:
        step, kind = one.step, one.kind
        own = mail_queries.TemplateTexts(step.subject, step.body) if step and step.body else self._template_of(kind)
        return mailing.compose(kind, self._variables(one), own=own, language=one.invoice.payer.language)

    def _of_several(self, group: Sequence[Chosen]) -> mail_rules.RenderedMail:
        first, language = group[0].invoice, group[0].invoice.payer.language
        said = {
            "nom": first.payer.display_name,
            **self._authority.variables(),
            "nombre": str(len(group)),
            "factures": "\n".join(_line(one, language) for one in group),
            "total_du": money.euros(sum(one.invoice.remaining_cents for one in group)),
            "regie": first.regie.name,
            "comptable": self._authority.treasury,
            "url": f"{settings.BASE_URL}/mes-factures/",
        }
        return mailing.compose(SEVERAL, said, own=self._template_of(SEVERAL), language=language)


def _line(one: Chosen, language: str) -> str:
    """Write an invoice on its line, with what becomes of it if this is the last time that it is asked for."""
    invoice, is_last = one.invoice, one.kind == f"reminder_{reminder_plan.LAST_WORDS}"
    with translation.override(language):
        said = _("- n° %(number)s (%(label)s)\u00a0: %(rest)s, échue le %(day)s") % {
            "number": invoice.number,
            "label": invoice.label,
            "rest": money.euros(invoice.remaining_cents),
            "day": dates.format_long(invoice.due_date, language) if invoice.due_date else "",
        }
        if not is_last or invoice.payable_until is None:
            return said
        until = {"line": said, "day": dates.format_long(invoice.payable_until, language)}
        return _("%(line)s\u00a0; sans règlement au plus tard le %(day)s, transmise au comptable public") % until


def documents(invoice: Invoice) -> list[dict[str, str]]:
    """Return what is joined to a reminder: the invoice, where its type says so and its document is made."""
    document = InvoicePdf.objects.filter(invoice=invoice).first() if invoice.type.reminder_joins_invoice else None
    if document is None:
        return []
    return [{"name": f"{invoice.number}.pdf", "type": "application/pdf", "digest": document.digest}]
