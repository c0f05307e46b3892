"""The machines' addresses."""

from django.urls import path

from obole.api import views

app_name = "api"
urlpatterns = [
    path("paiements/payfip/notification", views.payfip_notification, name="payfip_notification"),
    path(".well-known/security.txt", views.security_txt, name="security_txt"),
    path("health", views.health, name="health"),
]
