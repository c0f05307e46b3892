"""What an agent looked at or took away, kept for who answers for the data; and the journal's views."""

from typing import Any

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext as _

from obole.audit_log import operations as audit_log
from obole.audit_log.models import Access
from obole.crm.shared.lists import Tab
from obole.directory.access import AgentRequest
from obole.lib import dates
from obole.lib.client_address import client_address


def keep(request: AgentRequest, verb: Access.Verb, subject: models.Model | None = None, **details: Any) -> None:
    """Keep that the agent who asks did this."""
    audit_log.log_access(
        verb, actor=request.actor, at=dates.now(), subject=subject, address=client_address(request), **details
    )


def tabs(current: str) -> list[Tab]:
    """
    Return the views of the journal: accesses, then what triggers keep of rights and of all settings.

    :param current: ``accesses``, the sort of setting that is looked at, or nothing for all of them.
    """
    changes = reverse("crm:settings_history")
    return [
        Tab(_("Accès"), reverse("crm:settings_journal"), current == "accesses"),
        Tab(_("Droits des agents"), f"{changes}?sort=agent", current == "agent"),
        Tab(_("Tous les réglages"), changes, current == ""),
    ]
