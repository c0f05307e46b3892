"""Types de factures, invoices, what one price becomes of several of them, cautions, and the documents that were made once."""

from obole.billing.models.carried import Carried as Carried
from obole.billing.models.cautions import Caution as Caution
from obole.billing.models.invoices import CoveredScheme as CoveredScheme
from obole.billing.models.invoices import CreditNote as CreditNote
from obole.billing.models.invoices import CreditNotePaper as CreditNotePaper
from obole.billing.models.invoices import Document as Document
from obole.billing.models.invoices import Invoice as Invoice
from obole.billing.models.invoices import InvoiceExplanation as InvoiceExplanation
from obole.billing.models.invoices import InvoiceLine as InvoiceLine
from obole.billing.models.invoices import InvoiceQuerySet as InvoiceQuerySet
from obole.billing.models.invoices import InvoiceType as InvoiceType
from obole.billing.models.plans import BillingPlan as BillingPlan
from obole.billing.models.plans import PlanPart as PlanPart
