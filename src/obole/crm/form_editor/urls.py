"""The form of a dispositif: addresses."""

from django.urls import path

from obole.crm.form_editor import views

urlpatterns = [
    path("", views.form_fields, name="settings_form"),
    path("modifier/", views.form_change, name="settings_form_change"),
    path("publier/", views.form_publish, name="settings_form_publish"),
    path("abandonner/", views.form_discard, name="settings_form_discard"),
    path("essai/", views.form_preview, name="settings_form_preview"),
    path("versions/<int:number>/", views.form_preview, name="settings_form_version"),
    path("nouveau-champ/", views.form_field_new, name="settings_form_field_new"),
    path("champs/<str:key>/", views.form_field, name="settings_form_field"),
]
