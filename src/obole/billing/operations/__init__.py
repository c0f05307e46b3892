"""Every write about invoices, by moment: their types, issuing, drafts done again, and how they end."""

from obole.billing.operations.batch import deposit_batch as deposit_batch
from obole.billing.operations.batch import issue_batch as issue_batch
from obole.billing.operations.drafts import correct_draft as correct_draft
from obole.billing.operations.drafts import discard_draft as discard_draft
from obole.billing.operations.drafts import redo_invoice as redo_invoice
from obole.billing.operations.ending import cancel_invoice as cancel_invoice
from obole.billing.operations.ending import settle_invoice as settle_invoice
from obole.billing.operations.ending import transfer_invoice as transfer_invoice
from obole.billing.operations.ending import unsettle_invoice as unsettle_invoice
from obole.billing.operations.issuing import BILLABLE as BILLABLE
from obole.billing.operations.issuing import generate_invoice as generate_invoice
from obole.billing.operations.issuing import issue_invoice as issue_invoice
from obole.billing.operations.pricing import Answered as Answered
from obole.billing.operations.pricing import correct_priced_draft as correct_priced_draft
from obole.billing.operations.pricing import generate_priced_invoice as generate_priced_invoice
from obole.billing.operations.refusals import EmptyInvoice as EmptyInvoice
from obole.billing.operations.refusals import NotADraft as NotADraft
from obole.billing.operations.refusals import NotBillable as NotBillable
from obole.billing.operations.refusals import PricedByAnswers as PricedByAnswers
from obole.billing.operations.refusals import PricingChanged as PricingChanged
from obole.billing.operations.refusals import ReasonMissing as ReasonMissing
from obole.billing.operations.types import check_type as check_type
from obole.billing.operations.types import configure_type as configure_type
