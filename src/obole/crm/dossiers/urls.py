"""Dossiers: addresses."""

from django.urls import path

from obole.crm.dossiers import agent_answers, dossier_detail, dossier_list, generate_invoice, review

urlpatterns = [
    path("dossiers/", dossier_list.dossiers, name="dossiers"),
    path("dossiers/selection/", dossier_list.dossiers_selection, name="dossiers_selection"),
    path("dossiers/<int:pk>/", dossier_detail.dossier, name="dossier"),
    path("dossiers/<int:pk>/prendre/", review.dossier_take, name="dossier_take"),
    path("dossiers/<int:pk>/complement/", review.dossier_complement, name="dossier_complement"),
    path("dossiers/<int:pk>/accepter/", review.dossier_accept, name="dossier_accept"),
    path("dossiers/<int:pk>/refuser/", review.dossier_reject, name="dossier_reject"),
    path("dossiers/<int:pk>/clore/", review.dossier_close, name="dossier_close"),
    path("dossiers/<int:pk>/reponses/", agent_answers.dossier_answers, name="dossier_answers"),
    path("dossiers/<int:pk>/facturer/", generate_invoice.generate_invoice, name="generate_invoice"),
    path("dossiers/<int:pk>/pieces/<int:attachment_pk>/", dossier_detail.attachment, name="attachment"),
]
