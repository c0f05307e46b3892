"""Actions on a selection: addresses."""

from django.urls import path

from obole.crm.bulk import progress

urlpatterns = [
    path("actions/", progress.bulk_actions, name="bulk_actions"),
    path("actions/<int:pk>/", progress.bulk_action, name="bulk_action"),
    path("actions/<int:pk>/arreter/", progress.bulk_action_cancel, name="bulk_action_cancel"),
    path("actions/<int:pk>/factures.zip", progress.bulk_action_file, name="bulk_action_file"),
]
