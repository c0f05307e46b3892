"""« Où est-ce utilisé ? »: what uses a setting, each with its link where a list can show it."""

from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _, ngettext

from obole.billing.models import InvoiceType
from obole.catalogue.models import Scheme
from obole.configuration.queries.usage import COUNTED, Usage


@dataclass(frozen=True)
class UsageRow:
    """How many of one sort of thing, and where they are listed, if they are."""

    text: str
    url: str = ""


@dataclass(frozen=True)
class UsageDisplay:
    """What uses a setting, as its page lists it."""

    counts: list[UsageRow]
    schemes: list[Scheme]
    types: list[InvoiceType]
    is_empty: bool


def usage_display(usage: Usage, **narrowed: Any) -> UsageDisplay:
    """Return what uses a setting; ``narrowed`` is how the lists of the CRM are narrowed to it: ``scheme=3``."""
    counts = [
        _use(usage.dossiers, _dossiers, "crm:dossiers", narrowed, ("scheme",)),
        _use(usage.drafts, _drafts, "crm:drafts", narrowed, ()),
        _use(usage.issued, _issued, "crm:invoices", narrowed, ("type", "regie")),
        _use(usage.mails, _mails, "crm:messages", narrowed, ()),
    ]
    return UsageDisplay([count for count in counts if count is not None], usage.schemes, usage.types, usage.is_empty)


def _use(count: int | None, words: Any, view: str, narrowed: dict[str, Any], known: tuple[str, ...]) -> UsageRow | None:
    if not count:
        return None
    asked = {name: value for name, value in narrowed.items() if name in known}
    # The drafts are shown régie by régie, all of them.
    listed = asked or view == "crm:drafts"
    url = f"{reverse(view)}{'?' if asked else ''}{urlencode(asked, doseq=True)}" if listed else ""
    return UsageRow(_("plus de %(n)s") % {"n": words(COUNTED)} if count > COUNTED else words(count), url)


def _dossiers(n: int) -> str:
    return ngettext("%(n)d dossier", "%(n)d dossiers", n) % {"n": n}


def _drafts(n: int) -> str:
    return ngettext("%(n)d brouillon de facture", "%(n)d brouillons de factures", n) % {"n": n}


def _issued(n: int) -> str:
    return ngettext("%(n)d facture émise", "%(n)d factures émises", n) % {"n": n}


def _mails(n: int) -> str:
    return ngettext("%(n)d courriel préparé avec ce modèle", "%(n)d courriels préparés avec ce modèle", n) % {"n": n}
