"""The addresses of « Paramétrage », under the CRM's."""

from django.urls import path

from obole.crm.views.settings import (
    agents,
    authority,
    form_fields,
    index,
    mails,
    pricing,
    products,
    regies,
    schemes,
    services,
    simulator,
    types,
)

urlpatterns = [
    path("", index.index, name="settings"),
    path("collectivite/", authority.authority, name="settings_authority"),
    path("regies/", regies.regies, name="settings_regies"),
    path("regies/nouvelle/", regies.regie, name="settings_regie_new"),
    path("regies/<int:pk>/", regies.regie, name="settings_regie"),
    path("types/", types.types, name="settings_types"),
    path("types/nouveau/", types.invoice_type, name="settings_type_new"),
    path("types/<int:pk>/", types.invoice_type, name="settings_type"),
    path("types/<int:pk>/dupliquer/", types.copy_type, name="settings_type_copy"),
    path("types/<int:pk>/specimen.pdf", types.specimen_pdf, name="settings_type_specimen"),
    path("prestations/", services.services, name="settings_services"),
    path("prestations/nouvelle/", services.service, name="settings_service_new"),
    path("prestations/<int:pk>/", services.service, name="settings_service"),
    path("dispositifs/nouveau/", schemes.scheme, name="settings_scheme_new"),
    path("dispositifs/<int:pk>/", schemes.scheme, name="settings_scheme"),
    path("dispositifs/<int:pk>/formulaire/", form_fields.form_fields, name="settings_form"),
    path("dispositifs/<int:pk>/formulaire/modifier/", form_fields.form_change, name="settings_form_change"),
    path("dispositifs/<int:pk>/formulaire/publier/", form_fields.form_publish, name="settings_form_publish"),
    path("dispositifs/<int:pk>/formulaire/abandonner/", form_fields.form_discard, name="settings_form_discard"),
    path("dispositifs/<int:pk>/formulaire/essai/", form_fields.form_preview, name="settings_form_preview"),
    path(
        "dispositifs/<int:pk>/formulaire/versions/<int:number>/", form_fields.form_preview, name="settings_form_version"
    ),
    path("dispositifs/<int:pk>/formulaire/nouveau-champ/", form_fields.form_field_new, name="settings_form_field_new"),
    path("dispositifs/<int:pk>/formulaire/champs/<str:key>/", form_fields.form_field, name="settings_form_field"),
    path("dispositifs/<int:scheme_pk>/produits/nouveau/", products.new_product, name="settings_product_new"),
    path("dispositifs/<int:pk>/tarification/", pricing.pricing, name="settings_pricing"),
    path("dispositifs/<int:pk>/simulateur/", simulator.simulator, name="settings_simulator"),
    path("tarifications/<int:pk>/tarification.json", pricing.pricing_file, name="settings_pricing_file"),
    path("produits/<int:pk>/", products.product, name="settings_product"),
    path("courriels/", mails.mails, name="settings_mails"),
    path("courriels/<slug:name>/", mails.mail, name="settings_mail"),
    path("courriels/<slug:name>/origine/", mails.reset_mail, name="settings_mail_reset"),
    path("agents/", agents.agents, name="settings_agents"),
    path("agents/nouveau/", agents.new_agent, name="settings_agent_new"),
    path("agents/<int:pk>/", agents.agent, name="settings_agent"),
]
