"""The machines' addresses."""

from django.urls import include, path

from obole.api import views
from obole.api.v1.door import addresses
from obole.api.v1.views import api

app_name = "api"
urlpatterns = [
    path("paiements/payfip/notification", views.payfip_notification, name="payfip_notification"),
    path(".well-known/security.txt", views.security_txt, name="security_txt"),
    path("health", views.health, name="health"),
    path("api/v1/", include(list(addresses(api)))),
]
