"""Citizens, the search, and what an agent sees first: addresses."""

from django.urls import path

from obole.crm.people import (
    applying,
    citizen_documents,
    citizen_list,
    citizens,
    guide,
    home,
    kept_lists,
    merging,
    profile,
    search,
)

urlpatterns = [
    path("", home.home, name="home"),
    path("usagers/", citizen_list.citizens, name="citizens"),
    path("usagers/export.<str:kind>", citizen_list.citizens_file, name="citizens_file"),
    path("usagers/selection/", citizen_list.citizens_selection, name="citizens_selection"),
    path("usagers/nouveau/", citizens.citizen_new, name="citizen_new"),
    path("usagers/<int:pk>/", citizens.citizen, name="citizen"),
    path("usagers/<int:pk>/documents/", citizen_documents.citizen_documents, name="citizen_documents"),
    path(
        "usagers/<int:pk>/documents/<int:year>/attestation-<slug:kind>.pdf",
        citizen_documents.citizen_attestation,
        name="citizen_attestation",
    ),
    path("usagers/<int:pk>/documents/releve.pdf", citizen_documents.citizen_account_pdf, name="citizen_account_pdf"),
    path("usagers/<int:pk>/modifier/", citizens.citizen_edit, name="citizen_edit"),
    path("usagers/<int:pk>/deces/", citizens.citizen_death, name="citizen_death"),
    path("usagers/<int:pk>/dossier/", applying.citizen_schemes, name="citizen_schemes"),
    path("usagers/<int:pk>/dossier/<int:scheme_pk>/", applying.citizen_apply, name="citizen_apply"),
    path(
        "usagers/<int:pk>/dossier/<int:scheme_pk>/montant/", applying.citizen_apply_amount, name="citizen_apply_amount"
    ),
    path("usagers/<int:pk>/fusionner/", merging.citizen_merge, name="citizen_merge"),
    path("usagers/<int:pk>/fusionner/<int:other>/", merging.citizen_merge_preview, name="citizen_merge_preview"),
    path("usagers/<int:pk>/code/", citizens.renew_claim_code, name="citizen_code"),
    path("usagers/<int:pk>/adresse-bonne/", citizens.citizen_trust, name="citizen_trust"),
    path("recherche/", search.search, name="search"),
    path("vues/", kept_lists.save_view, name="save_view"),
    path("vues/<int:pk>/supprimer/", kept_lists.drop_view, name="drop_view"),
    path("vues/colonnes/", kept_lists.list_layout, name="list_layout"),
    path("aide/", guide.guide_page, name="guide"),
    path("aide/<slug:article>/", guide.guide_page, name="guide_article"),
    path("profil/", profile.profile, name="profile"),
]
