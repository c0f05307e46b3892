"""The colour and the icon of each state; the word is always there too."""

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from obole.billing.caution_states import CautionState
from obole.billing.models import Caution, PlanPart
from obole.billing.part_states import PartState
from obole.dossiers.models import Dossier
from obole.dossiers.states import DossierState
from obole.mailing.models import Message
from obole.mailing.states import MessageState
from obole.payments.models import Attempt, Refund
from obole.payments.refund_states import RefundState
from obole.payments.standing import Look, Shown
from obole.payments.states import AttemptState
from obole.ui.templatetags.ui import pill

DOSSIERS = {
    DossierState.DRAFT: Look("ended", "edit"),
    DossierState.SUBMITTED: Look("to_pay", "inbox"),
    DossierState.IN_REVIEW: Look("in_progress", "clock"),
    DossierState.INCOMPLETE: Look("late", "alert"),
    DossierState.ACCEPTED: Look("done", "check"),
    DossierState.REJECTED: Look("refused", "cross"),
    DossierState.WITHDRAWN: Look("ended", "ban"),
    DossierState.CLOSED: Look("ended", "lock"),
}
ATTEMPTS = {
    AttemptState.OPENING: Look("in_progress", "clock"),
    AttemptState.WAITING: Look("in_progress", "clock"),
    AttemptState.PAID: Look("done", "check"),
    AttemptState.REFUSED: Look("refused", "cross"),
    AttemptState.ABANDONED: Look("ended", "ban"),
    AttemptState.EXPIRED: Look("ended", "clock"),
    AttemptState.FAILED: Look("refused", "alert"),
    AttemptState.REVERSED: Look("late", "alert"),
    AttemptState.TESTED: Look("ended", "check"),
}
REFUNDS = {
    RefundState.REQUESTED: Look("late", "alert"),
    RefundState.APPROVED: Look("in_progress", "clock"),
    RefundState.DONE: Look("done", "check"),
    RefundState.GIVEN_UP: Look("ended", "ban"),
}
PARTS = {
    PartState.PLANNED: Look("in_progress", "clock"),
    PartState.BILLED: Look("done", "check"),
    PartState.ABANDONED: Look("ended", "ban"),
}
CAUTIONS = {
    CautionState.ASKED: Look("to_pay", "euro"),
    CautionState.RECEIVED: Look("in_progress", "lock"),
    CautionState.RETURNED: Look("done", "check"),
    CautionState.KEPT: Look("late", "alert"),
    CautionState.DROPPED: Look("ended", "ban"),
}
MESSAGES = {
    MessageState.QUEUED: Look("in_progress", "clock"),
    MessageState.SENDING: Look("in_progress", "clock"),
    MessageState.SENT: Look("done", "check"),
    MessageState.KEPT: Look("ended", "inbox"),
    MessageState.FAILED: Look("refused", "cross"),
    MessageState.DOUBTFUL: Look("late", "alert"),
    MessageState.DROPPED: Look("ended", "ban"),
}


def dossier_pill(dossier: Dossier) -> SafeString:
    """Draw the state of a dossier."""
    state = DossierState(dossier.state)
    return pill(DOSSIERS[state].tone, str(state.label), DOSSIERS[state].icon)


def attempt_pill(attempt: Attempt) -> SafeString:
    """Draw the state of an attempt."""
    state = AttemptState(attempt.state)
    return pill(ATTEMPTS[state].tone, str(state.label), ATTEMPTS[state].icon)


def refund_pill(refund: Refund) -> SafeString:
    """Draw the state of a refund."""
    state = RefundState(refund.state)
    return pill(REFUNDS[state].tone, str(state.label), REFUNDS[state].icon)


def part_pill(part: PlanPart, *, held: bool) -> SafeString:
    """Draw the state of a part of a price; one that waits for somebody says so."""
    if held:
        return pill("late", _("En suspens"), "alert")
    state = PartState(part.state)
    return pill(PARTS[state].tone, str(state.label), PARTS[state].icon)


def caution_pill(caution: Caution) -> SafeString:
    """Draw the state of a caution; one that was kept in part says so."""
    state = CautionState(caution.state)
    in_part = state == CautionState.KEPT and caution.kept_cents < caution.cents
    label = _("Retenue en partie") if in_part else str(state.label)
    return pill(CAUTIONS[state].tone, label, CAUTIONS[state].icon)


def message_pill(message: Message) -> SafeString:
    """Draw the state of a mail."""
    state = MessageState(message.state)
    return pill(MESSAGES[state].tone, str(state.label), MESSAGES[state].icon)


def invoice_pill(shown: Shown) -> SafeString:
    """Draw the standing of an invoice, with how late it is."""
    label = str(shown.standing.label)
    if shown.standing == "late":
        label = f"{label} {shown.days_late}\u00a0j"
    return pill(shown.look.tone, label, shown.look.icon)
