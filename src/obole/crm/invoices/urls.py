"""Invoices and what goes with them: addresses."""

from django.urls import path

from obole.crm.invoices import (
    campaigns,
    cancel_and_redo,
    carry_over,
    drafts,
    due_dates,
    instalments,
    invoice_detail,
    invoice_list,
    proof,
    reminding,
    security_deposit_list,
    security_deposits,
)

urlpatterns = [
    path("parts/<int:pk>/", instalments.instalment, name="part"),
    path("reports/<int:pk>/", carry_over.carry_over, name="carried"),
    path("cautions/", security_deposit_list.security_deposits, name="cautions"),
    path("cautions/cautions.<str:kind>", security_deposit_list.security_deposits_file, name="cautions_file"),
    path("cautions/<int:pk>/", security_deposits.security_deposit, name="caution"),
    path("factures/", invoice_list.invoices, name="invoices"),
    path("factures/export.<str:kind>", invoice_list.invoices_file, name="invoices_file"),
    path("factures/selection/", invoice_list.invoices_selection, name="invoices_selection"),
    path("relances/", campaigns.reminder_results, name="reminder_results"),
    path("factures/<int:pk>/", invoice_detail.invoice, name="invoice"),
    path("factures/<int:pk>/facture.pdf", invoice_detail.invoice_pdf, name="invoice_pdf"),
    path("factures/<int:pk>/dossier-de-preuve.zip", proof.invoice_proof, name="invoice_proof"),
    path("factures/<int:pk>/relancer/", reminding.invoice_remind, name="invoice_remind"),
    path("factures/<int:pk>/echeance/", due_dates.invoice_due_date, name="invoice_due_date"),
    path("factures/<int:pk>/annuler/", cancel_and_redo.invoice_cancel, name="invoice_cancel"),
    path("factures/<int:pk>/refaire/", cancel_and_redo.invoice_redo, name="invoice_redo"),
    path("factures/<int:pk>/avoir.pdf", cancel_and_redo.credit_note_pdf, name="credit_note_pdf"),
    path("brouillons/", drafts.drafts, name="drafts"),
    path("brouillons/selection/", drafts.drafts_selection, name="drafts_selection"),
    path("brouillons/emettre/<int:pk>/", drafts.drafts_issue, name="drafts_issue"),
    path("brouillons/<int:pk>/", cancel_and_redo.draft, name="draft"),
    path("brouillons/<int:pk>/abandonner/", cancel_and_redo.draft_discard, name="draft_discard"),
    path("recus/<int:pk>/recu.pdf", invoice_detail.receipt_pdf, name="receipt_pdf"),
]
