"""
The sorts of things that a file describes, by the names of the models' own fields.

Neither secrets nor what is made by use are here: no bank settings, no account's number, no counters, no logos, no
people, no addresses of rows.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from obole.billing.models import InvoiceType
from obole.catalogue.models import Scheme, Service
from obole.directory.models import Authority
from obole.mailing.models import Template
from obole.regies.models import FoundingAct, Regie

FORMAT = 2
"""Grows when a file of before can no longer be read as it is."""


@dataclass(frozen=True, kw_only=True)
class EntityType:
    """One sort of thing: its section of the file, and what is said of each."""

    section: str
    model: type[models.Model]
    label: Promise
    key: str
    """The field that names a thing, in the file and here: never a database id."""
    fields: tuple[str, ...]
    """As written, in this order; the key comes first."""
    links: Mapping[str, str] = field(default_factory=dict)
    """Of the fields, those that name other things, and the section where those are."""
    parts: tuple[str, ...] = ()
    """What is written below the fields, and has an operation of its own."""


AUTHORITY = EntityType(
    section="authority", model=Authority, label=_("Collectivité"), key="name",
    fields=(
        "name", "article", "address", "siret", "phone", "email", "hours", "treasury", "treasury_address",
        "treasury_phone", "court", "colour", "territory", "school_zone",
    ),
)  # fmt: skip
REGIES = EntityType(
    section="regies", model=Regie, label=_("Régie"), key="code",
    fields=(
        "code", "name", "enabled", "gateway", "release_delay", "holds_cautions", "transfer_delay", "transfer_by_two",
        "campaigns_by_two",
        "description",
    ),
)  # fmt: skip
ACTS = EntityType(
    section="founding_acts", model=FoundingAct, label=_("Acte constitutif de la régie"), key="regie",
    fields=(
        "regie", "reference", "signed_on", "allowed_means", "max_held_cents", "float_cents", "guarantee_cents",
        "pays_refunds",
    ),
    links={"regie": "regies"},
)  # fmt: skip
SERVICES = EntityType(
    section="services", model=Service, label=_("Prestation"), key="name",
    fields=("name", "description", "pictogram", "position", "enabled"),
)  # fmt: skip
SCHEMES = EntityType(
    section="schemes", model=Scheme, label=_("Dispositif"), key="name",
    fields=(
        "name", "service", "description", "position", "enabled", "simulator", "billed_on", "absence_reasons",
    ),
    links={"service": "services"}, parts=("form", "pricing"),
)  # fmt: skip
TYPES = EntityType(
    section="invoice_types", model=InvoiceType, label=_("Type de facture"), key="name",
    fields=(
        "name", "enabled", "regie", "nature", "payment_term", "campaign_day",
        "accepts_cesu", "is_childcare", "schemes", "colour", "heading", "introduction", "closing",
        "payment_instructions", "legal_mentions", "vat_mention",
        "reminder_steps", "reminder_open_days_only", "reminder_outside_school_holidays", "reminder_minimum_cents",
        "reminder_first_hour", "reminder_last_hour", "reminder_together", "reminder_joins_invoice", "mail_words",
    ),
    links={"regie": "regies", "schemes": "schemes"},
)  # fmt: skip
MAILS = EntityType(
    section="mails", model=Template, label=_("Modèle de courriel"), key="kind", fields=("kind", "subject", "body")
)

ENTITY_TYPES = (AUTHORITY, REGIES, ACTS, SERVICES, SCHEMES, TYPES, MAILS)
"""In the order of the file, which is that of importing: what is named comes before what names it."""
BY_SECTION = {sort.section: sort for sort in ENTITY_TYPES}

Row = dict[str, Any]
"""One thing as the file says it: what ``json`` can write."""
Tree = dict[str, Any]
