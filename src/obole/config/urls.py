"""Where each door opens."""

from django.urls import include, path
from django.views.generic import RedirectView

from obole.directory.access import public
from obole.portal.views.language import choose_language

handler403 = "obole.crm.shared.errors.forbidden"
handler400 = "obole.ui.errors.bad_request"
handler404 = "obole.crm.shared.errors.not_found"
handler500 = "obole.ui.errors.server_error"

urlpatterns = [
    path("", include("obole.api.urls")),
    path("langue/", choose_language, name="set_language"),
    path("compte/", include("allauth.account.urls")),
    path("compte/preuves/", public(RedirectView.as_view(pattern_name="portal:security")), name="proofs"),
    path("compte/preuves/", include("allauth.mfa.urls")),
    path("crm/", include("obole.crm.urls")),
    path("", include("obole.portal.urls")),
]
