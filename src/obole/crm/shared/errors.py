"""What an agent may not open, or is not there: said inside the CRM, with whom to ask."""

from typing import cast

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from obole.crm.shared.pages import render_page
from obole.directory.access import AgentRequest, RightMissing, waits_for_second_factor
from obole.directory.models import Agent
from obole.directory.rules import Right
from obole.ui import errors


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Say which screens a profile does not open, and who opens them."""
    agent = _agent(request)
    if agent is None or not isinstance(exception, RightMissing):
        return errors.forbidden(request, exception)
    return render_page(agent, "crm/shared/forbidden.html", {"whom": _whom_to_ask(exception.right)}, status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Say that there is nothing there for this agent: whether it exists is not told."""
    agent = _agent(request)
    if agent is None:
        return errors.not_found(request, exception)
    return render_page(agent, "crm/shared/not_found.html", status=404)


def _agent(request: HttpRequest) -> AgentRequest | None:
    """Return the request as an agent's, if one is at a page of the CRM that is open to them."""
    if not request.path.startswith(reverse("crm:home")) or not request.user.is_authenticated:
        return None
    agent = Agent.objects.select_related("user").filter(user=request.user.pk).first()
    if agent is None or waits_for_second_factor(agent):
        return None
    request.agent = agent  # type: ignore[attr-defined]
    return cast("AgentRequest", request)


def _whom_to_ask(right: Right) -> str:
    sentences = {
        Right.MONEY: _(
            "L’argent des régies se voit avec un profil qui le permet : posez votre question au régisseur, ou demandez"
            " ce droit à un administrateur fonctionnel."
        ),
        Right.REVIEW: _(
            "Votre profil lit et n’enregistre rien : demandez à un agent de la prestation, ou à un administrateur"
            " fonctionnel de changer votre profil."
        ),
        Right.CONFIGURE: _("Le paramétrage est tenu par un administrateur fonctionnel : demandez-lui ce réglage."),
    }
    return sentences.get(right, _("Demandez à un administrateur fonctionnel."))
