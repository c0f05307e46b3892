"""The agents' addresses: each family of screens has its own."""

from django.urls import include, path

app_name = "crm"
urlpatterns = [
    path("", include("obole.crm.people.urls")),
    path("", include("obole.crm.dossiers.urls")),
    path("", include("obole.crm.invoices.urls")),
    path("", include("obole.crm.campaigns.urls")),
    path("", include("obole.crm.money.urls")),
    path("", include("obole.crm.bookkeeping.urls")),
    path("", include("obole.crm.outbox.urls")),
    path("", include("obole.crm.bulk.urls")),
    path("parametrage/", include("obole.crm.settings.urls")),
]
