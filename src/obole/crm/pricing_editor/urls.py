"""The pricing of a dispositif, part by part: addresses."""

from django.urls import path

from obole.crm.pricing_editor import file_views, part_views, start_views, tariff_views, views

urlpatterns = [
    path("", views.pricing, name="settings_pricing"),
    path("fichier/", file_views.pricing, name="settings_pricing_import"),
    path("modifier/", views.pricing_change, name="settings_pricing_change"),
    path("reprendre/", views.pricing_take, name="settings_pricing_take"),
    path("publier/", views.pricing_publish, name="settings_pricing_publish"),
    path("abandonner/", views.pricing_discard, name="settings_pricing_discard"),
    path("commencer/<slug:kind>/", start_views.start, name="settings_pricing_start"),
    path("paiement/", part_views.terms, name="settings_pricing_terms"),
    path("tarifs/nouveau/", tariff_views.tariff_new, name="settings_pricing_tariff_new"),
    path("tarifs/<str:key>/versions/nouvelle/", tariff_views.version_new, name="settings_pricing_version_new"),
    path("tarifs/<str:key>/versions/<int:rank>/", tariff_views.version, name="settings_pricing_version"),
    path(
        "tarifs/<str:key>/versions/<int:rank>/retirer/",
        tariff_views.version_remove,
        name="settings_pricing_version_remove",
    ),
    path("tarifs/<str:key>/evolution/", tariff_views.tariff_raise, name="settings_pricing_raise"),
    path("lignes/<str:key>/regles/", part_views.step_change, name="settings_pricing_steps"),
    path("lignes/<str:key>/regles/nouvelle/", part_views.step, name="settings_pricing_step_new"),
    path("lignes/<str:key>/regles/<str:on>/<int:rank>/", part_views.step, name="settings_pricing_step"),
    path("<slug:slug>/nouveau/", part_views.part, name="settings_pricing_new"),
    path("<slug:slug>/<str:key>/", part_views.part, name="settings_pricing_part"),
]
