"""The colour and the icon of each state; the word is always there too."""

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from obole.billing.instalment_states import InstalmentState
from obole.billing.models import PlannedInstalment, SecurityDeposit
from obole.billing.security_deposit_states import SecurityDepositState
from obole.books.models import Handover
from obole.books.states import HandoverState
from obole.campaigns.models import Campaign
from obole.campaigns.states import CampaignState
from obole.dossiers.models import Dossier
from obole.dossiers.states import DossierState
from obole.mailing import states as mail_states
from obole.mailing.models import Message
from obole.mailing.states import MessageState
from obole.payments.display_status import Badge, InvoiceDisplay
from obole.payments.models import Attempt, Refund
from obole.payments.refund_states import RefundState
from obole.payments.states import AttemptState
from obole.recovery.line_states import LineState
from obole.recovery.models import Transmission, TransmissionLine
from obole.recovery.states import TransmissionState
from obole.remittances.models import Remittance
from obole.remittances.states import RemittanceState
from obole.ui.templatetags.ui import pill

DOSSIERS = {
    DossierState.DRAFT: Badge("ended", "edit"),
    DossierState.SUBMITTED: Badge("to_pay", "inbox"),
    DossierState.IN_REVIEW: Badge("in_progress", "clock"),
    DossierState.INCOMPLETE: Badge("late", "alert"),
    DossierState.ACCEPTED: Badge("done", "check"),
    DossierState.REJECTED: Badge("refused", "cross"),
    DossierState.WITHDRAWN: Badge("ended", "ban"),
    DossierState.CLOSED: Badge("ended", "lock"),
}
ATTEMPTS = {
    AttemptState.OPENING: Badge("in_progress", "clock"),
    AttemptState.WAITING: Badge("in_progress", "clock"),
    AttemptState.PAID: Badge("done", "check"),
    AttemptState.REFUSED: Badge("refused", "cross"),
    AttemptState.ABANDONED: Badge("ended", "ban"),
    AttemptState.EXPIRED: Badge("ended", "clock"),
    AttemptState.FAILED: Badge("refused", "alert"),
    AttemptState.REVERSED: Badge("late", "alert"),
    AttemptState.TESTED: Badge("ended", "check"),
}
CAMPAIGNS = {
    CampaignState.COMPUTING: Badge("in_progress", "clock"),
    CampaignState.READY: Badge("to_pay", "inbox"),
    CampaignState.DEPOSITING: Badge("in_progress", "clock"),
    CampaignState.DEPOSITED: Badge("done", "check"),
    CampaignState.GIVEN_UP: Badge("ended", "ban"),
}
REFUNDS = {
    RefundState.REQUESTED: Badge("late", "alert"),
    RefundState.APPROVED: Badge("in_progress", "clock"),
    RefundState.DONE: Badge("done", "check"),
    RefundState.GIVEN_UP: Badge("ended", "ban"),
}
PARTS = {
    InstalmentState.PLANNED: Badge("in_progress", "clock"),
    InstalmentState.BILLED: Badge("done", "check"),
    InstalmentState.ABANDONED: Badge("ended", "ban"),
}
CAUTIONS = {
    SecurityDepositState.ASKED: Badge("to_pay", "euro"),
    SecurityDepositState.RECEIVED: Badge("in_progress", "lock"),
    SecurityDepositState.RETURNED: Badge("done", "check"),
    SecurityDepositState.KEPT: Badge("late", "alert"),
    SecurityDepositState.DROPPED: Badge("ended", "ban"),
}
TRANSMISSIONS = {
    TransmissionState.REQUESTED: Badge("late", "alert"),
    TransmissionState.SENDING: Badge("in_progress", "clock"),
    TransmissionState.SENT: Badge("done", "check"),
    TransmissionState.GIVEN_UP: Badge("ended", "ban"),
}
HANDOVERS = {
    HandoverState.SIGNED: Badge("late", "edit"),
    HandoverState.DONE: Badge("done", "check"),
    HandoverState.CANCELLED: Badge("ended", "ban"),
}
LINES = {
    LineState.WAITING: Badge("in_progress", "clock"),
    LineState.SENT: Badge("done", "check"),
    LineState.REFUSED: Badge("late", "alert"),
    LineState.RETURNED: Badge("to_pay", "euro"),
}
MESSAGES = {
    MessageState.QUEUED: Badge("in_progress", "clock"),
    MessageState.SENDING: Badge("in_progress", "clock"),
    MessageState.SENT: Badge("done", "check"),
    MessageState.KEPT: Badge("ended", "inbox"),
    MessageState.FAILED: Badge("refused", "cross"),
    MessageState.DOUBTFUL: Badge("late", "alert"),
    MessageState.DROPPED: Badge("ended", "ban"),
    MessageState.BOUNCED: Badge("refused", "arrow-left"),
}


def dossier_badge(dossier: Dossier) -> SafeString:
    """Draw the state of a dossier."""
    state = DossierState(dossier.state)
    return pill(DOSSIERS[state].tone, str(state.label), DOSSIERS[state].icon)


def campaign_badge(campaign: Campaign) -> SafeString:
    """Draw the state of a campaign."""
    state = CampaignState(campaign.state)
    return pill(CAMPAIGNS[state].tone, str(state.label), CAMPAIGNS[state].icon)


def transmission_badge(transmission: Transmission) -> SafeString:
    """Draw the state of a transmission."""
    state = TransmissionState(transmission.state)
    return pill(TRANSMISSIONS[state].tone, str(state.label), TRANSMISSIONS[state].icon)


def transmission_line_badge(line: TransmissionLine) -> SafeString:
    """Draw the state of an invoice of a transmission."""
    state = LineState(line.state)
    return pill(LINES[state].tone, str(state.label), LINES[state].icon)


def attempt_badge(attempt: Attempt) -> SafeString:
    """Draw the state of an attempt."""
    state = AttemptState(attempt.state)
    return pill(ATTEMPTS[state].tone, str(state.label), ATTEMPTS[state].icon)


def refund_badge(refund: Refund) -> SafeString:
    """Draw the state of a refund."""
    state = RefundState(refund.state)
    return pill(REFUNDS[state].tone, str(state.label), REFUNDS[state].icon)


def remittance_badge(remittance: Remittance) -> SafeString:
    """Draw the state of a bordereau de versement."""
    state = RemittanceState(remittance.state)
    gone = state == RemittanceState.TRANSFERRED
    return pill("done" if gone else "in_progress", str(state.label), "check" if gone else "clock")


def handover_badge(handover: Handover) -> SafeString:
    """Draw the state of a remise de service."""
    state = HandoverState(handover.state)
    return pill(HANDOVERS[state].tone, str(state.label), HANDOVERS[state].icon)


def instalment_badge(part: PlannedInstalment, *, held: bool) -> SafeString:
    """Draw the state of a part of a price; one that waits for somebody says so."""
    if held:
        return pill("late", _("En suspens"), "alert")
    state = InstalmentState(part.state)
    return pill(PARTS[state].tone, str(state.label), PARTS[state].icon)


def deposit_badge(caution: SecurityDeposit) -> SafeString:
    """Draw the state of a caution; one that was kept in part says so."""
    state = SecurityDepositState(caution.state)
    in_part = state == SecurityDepositState.KEPT and caution.kept_cents < caution.cents
    label = _("Retenue en partie") if in_part else str(state.label)
    return pill(CAUTIONS[state].tone, label, CAUTIONS[state].icon)


def message_badge(message: Message) -> SafeString:
    """Draw the state of a mail."""
    state = MessageState(message.state)
    return pill(MESSAGES[state].tone, mail_states.label_of(state, message.channel), MESSAGES[state].icon)


def invoice_badge(shown: InvoiceDisplay) -> SafeString:
    """Draw the status of an invoice, with how late it is, and whether some of it was paid all the same."""
    label = str(shown.status.label)
    if shown.status == "late":
        label = f"{label} {shown.days_late}\u00a0j"
        if shown.invoice.received_cents:
            label = _("%(late)s, payée en partie") % {"late": label}
    return pill(shown.badge.tone, label, shown.badge.icon)
