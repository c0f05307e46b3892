"""What can be done to a selection: for each verb, the right that it takes, how many rows, and what does one of them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from django.core.exceptions import ObjectDoesNotExist
from django.utils.functional import Promise
from django.utils.translation import gettext as _, gettext_lazy

from obole.billing import operations as billing, pdf_documents
from obole.billing.models import Invoice
from obole.billing.states import InvoiceState
from obole.bulk_actions.models import BulkAction, BulkVerb
from obole.bulk_actions.queries import AttestationWish
from obole.campaigns import operations as campaigns
from obole.directory.models import Agent, Citizen
from obole.directory.rules import NotAllowed, Right
from obole.dossiers import operations as dossiers
from obole.dossiers.states import DossierState
from obole.lib import files
from obole.lib.pdf import DocumentNotRendered
from obole.lib.states import ForbiddenTransition
from obole.payments import operations as payments, pdf_documents as payers_pdf
from obole.payments.models import Anomaly
from obole.payments.pdf_documents import NothingPaid
from obole.recovery import operations as recovery
from obole.regies.access import require_mandate
from obole.regies.ledger import PeriodClosed
from obole.reminders import operations as reminders

MOST = 5000
MOST_PRINTED = 500


@dataclass(frozen=True)
class Verb:
    """How one row is done; ``is_slow``: outside any transaction, since it makes a document."""

    right: Right
    act: Callable[[BulkAction, int, datetime], object]
    most: int = MOST
    is_slow: bool = False


def require_right(agent: Agent, verb: BulkVerb) -> None:
    """
    Refuse what the agent's profile does not give, now: a row may be done long after it was asked for.

    :raises obole.directory.rules.NotAllowed: also to who cannot sign in any more.
    """
    if not (agent.may_sign_in and agent.may(VERBS[verb].right)):
        raise NotAllowed(f"{agent.actor.id} may not {verb}")


def sentence_of(refusal: Exception) -> str:
    """Say to the agent why an operation refused a row."""
    if isinstance(refusal, ForbiddenTransition):
        return _("Son statut est « %(state)s » : l’action n’est plus possible.") % {"state": _state(refusal)}
    if isinstance(refusal, NotAllowed):
        return _("Vous n’avez pas, ou plus, le droit de faire cela pour cette ligne.")
    if isinstance(refusal, ObjectDoesNotExist):
        return _("Cette ligne n’existe plus.")
    if isinstance(refusal, NothingPaid):
        return _("Rien de ce qu’il a payé n’est à attester ainsi.")
    if isinstance(refusal, DocumentNotRendered):
        return _("Le PDF ne peut pas être produit : vérifiez le logo et la couleur de son type de facture.")
    if isinstance(refusal, dossiers.CannotReview):
        return _("Cet agent n’instruit pas cette prestation : confiez le dossier à un autre.")
    if isinstance(refusal, dossiers.DossierEnded):
        return _("Plus personne n’y travaille : il est refusé, abandonné ou clos.")
    said = TASK_REFUSALS.get(type(refusal))
    return str(said) if said else str(refusal)


TASK_REFUSALS: dict[type[Exception], Promise] = {
    payments.CannotAct: gettext_lazy("Cet agent n’a pas de mandat pour cette régie : confiez-le à un autre."),
    payments.TaskEnded: gettext_lazy("Quelqu’un l’a traité entre-temps."),
    payments.NotResendable: gettext_lazy("Le courriel est arrivé, n’a plus rien à dire, ou n’a plus de lecteur."),
}
REFUSALS: tuple[type[Exception], ...] = (
    *TASK_REFUSALS,
    ForbiddenTransition,
    NotAllowed,
    ObjectDoesNotExist,
    DocumentNotRendered,
    NothingPaid,
    billing.NotBillable,
    PeriodClosed,
    dossiers.CannotReview,
    dossiers.DossierEnded,
    reminders.ReminderRefused,
    recovery.CannotHold,
)
"""What an operation answers to a row that it does not take: the others go on."""


def _state(refusal: ForbiddenTransition) -> str:
    states = DossierState if refusal.verb.startswith("dossier.") else InvoiceState
    return str(states(refusal.state).label)


def _cancel_invoice(action: BulkAction, invoice_id: int, at: datetime) -> object:
    """
    Cancel what nothing was paid of. Money is never freed by the hundred: billing's own cancelling refuses an invoice
    that received some, whoever asks.
    """
    return billing.cancel_invoice(
        invoice_id=invoice_id,
        code=action.parameters["code"],
        comment=action.parameters.get("comment", ""),
        actor=action.agent.actor,
        at=at,
    )


def _redo_invoice(action: BulkAction, invoice_id: int, at: datetime) -> object:
    """Do an invoice of a campaign again, of what is counted now."""
    given = action.parameters
    return campaigns.redo_invoice(
        invoice_id=invoice_id, code=given["code"], comment=given.get("comment", ""), actor=action.agent.actor, at=at
    )


def _remind(action: BulkAction, invoice_id: int, at: datetime) -> object:
    return reminders.remind_now(invoice_id=invoice_id, actor=action.agent.actor, at=at)


def _hold(action: BulkAction, invoice_id: int, at: datetime) -> object:
    given = action.parameters
    asked = recovery.HoldRequest(date.fromisoformat(given["until"]), given["reason"], given["comment"])
    return recovery.place_hold(invoice_id=invoice_id, asked=asked, actor=action.agent.actor, at=at)


def _change_due_date(action: BulkAction, invoice_id: int, at: datetime) -> object:
    return billing.change_due_date(
        invoice_id=invoice_id,
        due_date=date.fromisoformat(action.parameters["due_date"]),
        reason=action.parameters["comment"],
        actor=action.agent.actor,
        at=at,
    )


def _print_invoice(action: BulkAction, invoice_id: int, at: datetime) -> object:
    seen = Invoice.objects.seen_by(action.agent).exclude(state=InvoiceState.DRAFT)
    if not seen.filter(pk=invoice_id).exists():
        raise NotAllowed(f"{action.agent.actor.id} does not see invoice {invoice_id}")
    # Read now: a file that the store lost fails this row, and not the archive of all of them.
    return pdf_documents.read_pdf(pdf_documents.ensure_invoice_pdf(invoice_id=invoice_id, at=at))


def _issue_draft(action: BulkAction, invoice_id: int, at: datetime) -> object:
    return billing.issue_invoice(invoice_id=invoice_id, actor=action.agent.actor, at=at)


def _take_dossier(action: BulkAction, dossier_id: int, at: datetime) -> object:
    return dossiers.take(dossier_id=dossier_id, agent_id=action.agent_id, actor=action.agent.actor, at=at)


def _assign_dossier(action: BulkAction, dossier_id: int, at: datetime) -> object:
    chosen = int(action.parameters["agent"])
    return dossiers.assign(dossier_id=dossier_id, agent_id=chosen, actor=action.agent.actor, at=at)


def _assign_task(action: BulkAction, anomaly_id: int, at: datetime) -> object:
    chosen = int(action.parameters["agent"])
    return payments.assign_anomaly(anomaly_id=anomaly_id, agent_id=chosen, actor=action.agent.actor, at=at)


def _resend_mail(action: BulkAction, anomaly_id: int, at: datetime) -> object:
    message_id = Anomaly.objects.values_list("message", flat=True).get(pk=anomaly_id)
    if message_id is None:
        raise payments.NotResendable(f"task {anomaly_id} is about no mail")
    return payments.resend_message(message_id=message_id, actor=action.agent.actor, at=at)


def _attest(action: BulkAction, payer_id: int, at: datetime) -> str:
    """Make the attestation of a payer, for who has a mandate of the régie; return the digest of the document."""
    wish = AttestationWish.of(action.parameters)
    require_mandate(regie_id=wish.regie_id, actor=action.agent.actor, at=at)
    payer, theirs = Citizen.objects.get(pk=payer_id), wish.invoices.filter(payer=payer_id)
    options = {"childcare": wish.is_childcare, "partial": True}
    return files.put(payers_pdf.render_year(payer, theirs, wish.year, at=at, **options))


VERBS = {
    BulkVerb.CANCEL_INVOICES: Verb(Right.REVIEW, _cancel_invoice),
    BulkVerb.REDO_INVOICES: Verb(Right.REVIEW, _redo_invoice),
    BulkVerb.REMIND: Verb(Right.REVIEW, _remind),
    BulkVerb.HOLD: Verb(Right.REVIEW, _hold),
    BulkVerb.CHANGE_DUE_DATE: Verb(Right.REVIEW, _change_due_date),
    BulkVerb.PRINT_INVOICES: Verb(Right.READ, _print_invoice, MOST_PRINTED, is_slow=True),
    BulkVerb.ATTEST: Verb(Right.MONEY, _attest, is_slow=True),
    BulkVerb.ISSUE_DRAFTS: Verb(Right.REVIEW, _issue_draft),
    BulkVerb.ASSIGN_DOSSIERS: Verb(Right.REVIEW, _assign_dossier),
    BulkVerb.ASSIGN_TASKS: Verb(Right.MONEY, _assign_task),
    BulkVerb.RESEND_MAILS: Verb(Right.MONEY, _resend_mail),
    BulkVerb.TAKE_DOSSIERS: Verb(Right.REVIEW, _take_dossier),
}
