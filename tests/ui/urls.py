"""The addresses that the base pages link to, without the doors behind them."""

from django.http import HttpRequest, HttpResponse
from django.urls import include, path


def blank(request: HttpRequest, **words: str) -> HttpResponse:
    return HttpResponse("")


handler404 = "obole.ui.errors.not_found"
handler403 = "obole.ui.errors.forbidden"
handler500 = "obole.ui.errors.server_error"

portal = [
    path("", blank, name="home"),
    path("demarches/", blank, name="catalogue"),
    path("mes-demarches/", blank, name="dossiers"),
    path("mes-factures/", blank, name="invoices"),
    path("mon-compte/", blank, name="account"),
    path("mon-compte/securite/", blank, name="security"),
    path("infos/<slug:slug>/", blank, name="page"),
]
crm = [path("", blank, name="home"), path("recherche/", blank, name="search"), path("profil/", blank, name="profile")]
urlpatterns = [
    path("", include((portal, "portal"))),
    path("crm/", include((crm, "crm"))),
    path("langue/", blank, name="set_language"),
    path("compte/", include("allauth.account.urls")),
    path("compte/preuves/", include("allauth.mfa.urls")),
]
