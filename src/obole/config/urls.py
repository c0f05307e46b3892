"""Where each door opens."""

from django.urls import include, path

handler403 = "obole.ui.errors.forbidden"
handler404 = "obole.ui.errors.not_found"
handler500 = "obole.ui.errors.server_error"

urlpatterns = [
    path("", include("obole.api.urls")),
    path("compte/", include("allauth.account.urls")),
    path("crm/", include("obole.crm.urls")),
    path("", include("obole.portal.urls")),
]
