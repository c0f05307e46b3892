"""The first screen: what there is, and what is missing."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _, ngettext

from obole.api_keys import queries as api_keys
from obole.billing.models import InvoiceType
from obole.catalogue.models import Scheme, Service
from obole.crm.settings import missing_settings
from obole.crm.settings.missing_settings import MissingSetting
from obole.crm.shared.pages import render_page
from obole.directory import queries as directory
from obole.directory.access import AgentRequest, for_agents
from obole.directory.models import Agent
from obole.directory.rules import Right
from obole.lib import dates
from obole.mailing.default_templates import KINDS
from obole.mailing.models import Template
from obole.regies.models import Regie


@dataclass(frozen=True)
class Card:
    """One part of the settings."""

    title: str
    icon: str
    view: str
    count: str
    gaps: Sequence[MissingSetting] = ()

    @property
    def url(self) -> str:
        """Where the part is."""
        return reverse(f"crm:{self.view}")


@for_agents(Right.CONFIGURE)
def index(request: AgentRequest) -> HttpResponse:
    """Show every part, how much is in it, and what is missing."""
    cards = [_authority(), _regies(), _types(), _services(), _mails(), _agents(), _api_keys()]
    return render_page(request, "crm/settings/index.html", {"cards": cards})


def _authority() -> Card:
    town = directory.the_authority()
    to_do = [] if town.pk else [MissingSetting(_("Elle n’est pas encore décrite."), reverse("crm:settings_authority"))]
    return Card(_("Collectivité"), "home", "settings_authority", town.name if town.pk else "", to_do)


def _regies() -> Card:
    n = Regie.objects.count()
    count = ngettext("%(n)d régie", "%(n)d régies", n) % {"n": n}
    return Card(_("Régies"), "bank", "settings_regies", count, missing_settings.of_regies())


def _types() -> Card:
    n = InvoiceType.objects.count()
    count = ngettext("%(n)d type", "%(n)d types", n) % {"n": n}
    return Card(_("Types de factures"), "document", "settings_types", count, missing_settings.of_types())


def _services() -> Card:
    services, schemes = Service.objects.count(), Scheme.objects.count()
    count = ngettext("%(n)d prestation", "%(n)d prestations", services) % {"n": services}
    under = ngettext("%(n)d dispositif", "%(n)d dispositifs", schemes) % {"n": schemes}
    return Card(
        _("Prestations et dispositifs"),
        "inbox",
        "settings_services",
        f"{count}, {under}",
        missing_settings.of_schemes(),
    )


def _mails() -> Card:
    own = Template.objects.filter(kind__in=KINDS).count()
    count = ngettext("%(n)d modèle", "%(n)d modèles", len(KINDS)) % {"n": len(KINDS)}
    changed = ngettext("%(n)d adapté par la collectivité", "%(n)d adaptés par la collectivité", own) % {"n": own}
    return Card(_("Modèles de courriel"), "mail", "settings_mails", f"{count}, {changed}")


def _agents() -> Card:
    n = Agent.objects.filter(user__is_active=True).count()
    count = ngettext("%(n)d agent actif", "%(n)d agents actifs", n) % {"n": n}
    return Card(_("Agents et droits"), "users", "settings_agents", count)


def _api_keys() -> Card:
    keys = list(api_keys.keys_in_use(dates.day_of(dates.now())))
    count = ngettext("%(n)d clé en service", "%(n)d clés en service", len(keys)) % {"n": len(keys)}
    return Card(_("Clés d’API"), "link", "settings_api_keys", count, missing_settings.of_api_keys(keys))
