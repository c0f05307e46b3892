"""Every write about invoices, by moment: their types, issuing, drafts done again, and how they end."""

from obole.billing.operations.batch import deposit_batch, issue_batch
from obole.billing.operations.carry_overs import give_up_carry_over
from obole.billing.operations.confirming import Confirmed, billed_before
from obole.billing.operations.drafting import BilledAlone, DraftWanted, Priced, draft_many, price_alone
from obole.billing.operations.drafts import discard_draft, discard_many, redo_invoice
from obole.billing.operations.due_dates import change_due_date, check_due_date, check_reason
from obole.billing.operations.errors import (
    AlreadyBilled,
    AmountNotShown,
    BadDays,
    EmptyInvoice,
    IsInstalment,
    NegativePrice,
    NoSecurityDeposit,
    NotADraft,
    NotBillable,
    PricingChanged,
    ReasonMissing,
)
from obole.billing.operations.instalments import (
    abandon_instalments,
    bill_due_instalment,
    bill_instalment,
    lock_with_acompte,
    reschedule_instalment,
)
from obole.billing.operations.issuing import BILLABLE, issue_invoice
from obole.billing.operations.pricing import PricingAnswers, carry_price, correct_draft, generate_invoice
from obole.billing.operations.security_deposits import (
    bill_kept_security_deposit,
    cancel_security_deposit,
    keep_security_deposit,
    receive_security_deposit,
    return_security_deposit,
)
from obole.billing.operations.settlement import cancel_invoice, settle_invoice, unsettle_invoice
from obole.billing.operations.transfers import keep_payable, return_invoice, transfer_invoice
from obole.billing.operations.types import TOGETHER, check_type, configure_type
