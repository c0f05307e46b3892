"""Who I am here, and what I may do."""

from django.http import HttpResponse
from django.utils.translation import gettext as _

from obole.crm.shared.pages import render_page
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Profile, Right
from obole.regies.models import Regie


@for_agents(Right.READ)
def profile(request: AgentRequest) -> HttpResponse:
    """Show the agent's profile, rights and régies."""
    agent = request.agent
    context = {
        "agent": agent,
        "profile": Profile(agent.profile).label,
        "rights": [sentence for right, sentence in _sentences().items() if agent.may(right)],
        "regies": Regie.objects.seen_by(agent).order_by("name", "id") if agent.may(Right.MONEY) else [],
    }
    return render_page(request, "crm/people/profile.html", context)


def _sentences() -> dict[Right, str]:
    return {
        Right.REVIEW: _("instruire les dossiers, émettre et annuler des factures, tenir les fiches des usagers"),
        Right.MONEY: _("voir les transactions, les écritures des régies et les échanges avec la banque"),
        Right.CONFIGURE: _("régler les régies, les types de factures, les dispositifs, les modèles et les agents"),
    }
