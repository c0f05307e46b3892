"""The citizens' addresses."""

from django.urls import path

from obole.portal.views import (
    account,
    apply,
    basket,
    catalogue,
    dossiers,
    home,
    invoices,
    pages,
    pay,
    pay_return,
    simulate,
)

app_name = "portal"
urlpatterns = [
    path("", home.home, name="home"),
    path("bienvenue/", home.after_login, name="after_login"),
    path("demarches/", catalogue.catalogue, name="catalogue"),
    path("demarches/<str:public_id>/", catalogue.scheme, name="scheme"),
    path("demarches/<str:public_id>/demande/", apply.apply, name="apply"),
    path("demarches/<str:public_id>/demande/montant/", apply.amount, name="apply_amount"),
    path("demarches/<str:public_id>/simuler/", simulate.simulate, name="simulate"),
    path("demarches/<str:public_id>/simuler/montant/", simulate.amount, name="simulate_amount"),
    path("mes-demarches/", dossiers.dossiers, name="dossiers"),
    path("mes-demarches/commencees/<str:sketch_id>/supprimer/", apply.forget, name="sketch_forget"),
    path("mes-demarches/<str:public_id>/", dossiers.dossier, name="dossier"),
    path("mes-demarches/<str:public_id>/completer/", apply.complete, name="dossier_edit"),
    path("mes-demarches/<str:public_id>/completer/montant/", apply.complete_amount, name="dossier_amount"),
    path("mes-demarches/<str:public_id>/retirer/", dossiers.withdraw, name="dossier_withdraw"),
    path("mes-demarches/<str:public_id>/pieces/<str:attachment_public_id>/", dossiers.attachment, name="attachment"),
    path("mes-factures/", invoices.invoices, name="invoices"),
    path("mes-factures/payer-ensemble/", basket.basket, name="basket"),
    path("mes-factures/<str:public_id>/", invoices.invoice, name="invoice"),
    path("mes-factures/<str:public_id>/facture.pdf", invoices.invoice_pdf, name="invoice_pdf"),
    path("mes-factures/<str:public_id>/avoir.pdf", invoices.credit_note_pdf, name="credit_note_pdf"),
    path("mes-factures/<str:public_id>/recus/<str:receipt_public_id>.pdf", invoices.receipt_pdf, name="receipt_pdf"),
    path("mes-factures/<str:public_id>/payer/", pay.pay, name="pay"),
    path("paiements/<str:attempt_public_id>/vers-la-banque/", pay.to_bank, name="to_bank"),
    path("paiements/retour/<str:attempt_public_id>/", pay_return.pay_return, name="pay_return"),
    path("mon-compte/", account.account, name="account"),
    path("pages/<slug:slug>/", pages.page, name="page"),
]
