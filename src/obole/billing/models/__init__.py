"""
Types de factures, invoices, what one price becomes of several of them, cautions, letters on paper, and the documents
that were made once.
"""

from obole.billing.models.carry_overs import CarryOver
from obole.billing.models.instalments import BillingPlan, PlannedInstalment
from obole.billing.models.invoice_types import CoveredScheme, InvoiceType
from obole.billing.models.invoices import (
    CreditNote,
    CreditNotePdf,
    Invoice,
    InvoiceExplanation,
    InvoiceLine,
    InvoicePdf,
    InvoiceQuerySet,
)
from obole.billing.models.letters import Letter, LetterBatch, LetterBatchPdf
from obole.billing.models.security_deposits import SecurityDeposit
