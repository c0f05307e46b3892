"""What the administrator of the town configured: régies, dispositifs, types de factures, agents."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from obole.billing import operations as billing
from obole.billing.models import InvoiceType
from obole.billing.rules import reminder_plan
from obole.catalogue import operations as catalogue
from obole.catalogue.models import FormVersion, PricingVersion, Scheme, Service
from obole.directory import operations as directory
from obole.directory.models import Agent
from obole.directory.rules import Profile
from obole.pricing.text import codec
from obole.regies import operations as regies
from obole.regies.models import Mandate, Means, Regie
from obole_demo import accounts, dispositifs
from obole_demo.dispositifs.kit import Plan, ServicePlan, TypePlan

AUTHORITY = {
    "name": "Ville de Valbourg",
    "address": "1 place de la Mairie\n99210 Valbourg",
    "siret": "21990210300015",
    "phone": "01 23 45 67 89",
    "email": "facturation@valbourg.example",
    "hours": "du lundi au vendredi, 8 h 30 – 12 h et 13 h 30 – 17 h",
    "treasury": "Service de gestion comptable de Valbourg",
    "court": "Tribunal administratif de Valbourg",
}

LEGAL = (
    "Si vous contestez le bien-fondé de cette somme, vous pouvez adresser une réclamation à la Ville de Valbourg. Vous"
    " pouvez aussi saisir le tribunal administratif de Valbourg dans un délai de deux mois à compter de la réception de"
    " cette facture (www.telerecours.fr)."
)
HOW_TO_PAY = (
    "En ligne, par carte bancaire ou prélèvement unique, dans votre espace citoyen.\n"
    "Par chèque à l’ordre du Régisseur de recettes, ou en espèces jusqu’à 300 €, au guichet de la régie."
)


ACT: dict[str, Any] = {
    "signed_on": date(2026, 1, 5),
    "allowed_means": list(Means),
    "max_held_cents": 40_000_00,
    "float_cents": 100_00,
    "guarantee_cents": 0,
}
ACTS: dict[str, dict[str, Any]] = {
    "ENF": {"reference": "Arrêté n° 2026-012", "iban": "FR76 1007 1750 0000 0010 0015 406", "pays_refunds": False},
    "DOM": {"reference": "Arrêté n° 2026-013", "iban": "FR76 1007 1750 0000 0010 0025 106", "pays_refunds": True},
}


@dataclass
class OpenScheme:
    """A dispositif that is ready, with what the story needs of it."""

    scheme: Scheme
    form: FormVersion
    pricing: PricingVersion | None
    type: InvoiceType | None = None
    """None for what is free."""


@dataclass
class Town:
    """The configured town."""

    agents: dict[str, Agent]
    schemes: dict[str, OpenScheme]


def configure(*, simulator_url: str, at: datetime) -> Town:
    """Configure the whole town."""
    directory.configure_authority(values=AUTHORITY, actor=accounts.admin(), at=at)
    agents = _agents(at)
    return Town(agents, open_schemes(dispositifs.PLANS, _regies(agents, simulator_url, at), at))


def open_schemes(plans: Sequence[Plan], regies_by_code: Mapping[str, Regie], at: datetime) -> dict[str, OpenScheme]:
    """Open these dispositifs to citizens, with their forms, their prices and their types de factures."""
    services = {plan.service: None for plan in plans}
    made = {service: _service(service, position, at) for position, service in enumerate(services)}
    opened = {plan.key: _open(plan, made[plan.service], position, at) for position, plan in enumerate(plans)}
    types: dict[str, tuple[TypePlan, list[str]]] = {}
    for plan in plans:
        if plan.type is not None:
            types.setdefault(plan.type.name, (plan.type, []))[1].append(plan.key)
    # Types cover several dispositifs, so they are made once all of these exist.
    for kind, keys in types.values():
        invoice_type = _invoice_type(kind, regies_by_code[kind.regie], [opened[key].scheme for key in keys], at)
        for key in keys:
            opened[key].type = invoice_type
    return opened


def _agents(at: datetime) -> dict[str, Agent]:
    people = {
        "admin": (accounts.ADMIN, "Camille Roussel", "Direction du numérique", Profile.ADMINISTRATOR),
        "agent": (accounts.AGENT, "Sonia Marchetti", "Service Enfance", Profile.REVIEWER),
        "regisseur": (accounts.REGISSEUR, "Hervé Delmas", "Régies municipales", Profile.REGISSEUR),
        "substitute": (accounts.SUBSTITUTE, "Nadia Benali", "Régies municipales", Profile.REGISSEUR),
    }
    return {
        key: directory.register_agent(
            user_id=directory.open_account(email=email, password=accounts.PASSWORD, proven=True).pk,
            values={
                "name": name,
                "service_name": service,
                "profile": profile,
                "all_services": True,
                "sees_sensitive": key == "agent",
            },
            actor=accounts.admin(),
            at=at,
        )
        for key, (email, name, service, profile) in people.items()
    }


def _regies(agents: dict[str, Agent], simulator_url: str, at: datetime) -> dict[str, Regie]:
    plans = {
        "ENF": (
            "Régie Enfance et culture",
            "006382",
            "Cantine, périscolaire, crèche, transport, conservatoire et médiathèque.",
        ),
        "DOM": ("Régie Salles et domaine public", "090909", "Salles, domaine public, cimetière, déchèterie et copies."),
    }
    made = {}
    for code, (name, client_number, description) in plans.items():
        bank = {
            "client_number": client_number,
            "mode": "W",
            "service_url": f"{simulator_url}/tpa/services/securite",
            "payment_page_url": f"{simulator_url}/tpa/paiementws.web",
        }
        values: dict[str, Any] = {
            "code": code,
            "name": name,
            "gateway": "payfip",
            "gateway_settings": bank,
            "description": description,
        }
        values["holds_cautions"] = code == "DOM"
        made[code] = regies.configure_regie(regie_id=None, values=values, actor=accounts.admin(), at=at)
        regies.configure_act(regie_id=made[code].pk, values={**ACT, **ACTS[code]}, actor=accounts.admin(), at=at)
        regies.give_mandates(regie_id=made[code].pk, agent_ids=[agents["regisseur"].pk], actor=accounts.admin(), at=at)
    terms = dict.fromkeys((regie.pk for regie in made.values()), regies.MandateTerms(Mandate.Kind.SUBSTITUTE))
    regies.configure_mandates(agent_id=agents["substitute"].pk, terms=terms, actor=accounts.admin(), at=at)
    return made


def _service(plan: ServicePlan, position: int, at: datetime) -> Service:
    values = {"name": plan.name, "description": plan.about, "pictogram": plan.pictogram, "position": position}
    return catalogue.configure_service(service_id=None, values=values, actor=accounts.admin(), at=at)


def _open(plan: Plan, service: Service, position: int, at: datetime) -> OpenScheme:
    values = {"service": service, "name": plan.name, "description": plan.about, "position": position}
    values["billed_on"] = plan.billed_on
    scheme = catalogue.configure_scheme(scheme_id=None, values=values, actor=accounts.admin(), at=at)
    form = catalogue.publish_form(scheme_id=scheme.pk, fields=plan.form, actor=accounts.admin(), at=at)
    if plan.pricing is None:
        return OpenScheme(scheme, form, None)
    described = codec.as_dict(plan.pricing)
    priced = catalogue.publish_pricing(scheme_id=scheme.pk, described=described, actor=accounts.admin(), at=at)
    return OpenScheme(scheme, form, priced)


def _invoice_type(plan: TypePlan, regie: Regie, covered: list[Scheme], at: datetime) -> InvoiceType:
    values = {
        "name": plan.name,
        "regie": regie,
        "schemes": covered,
        "payment_term": plan.payment_term,
        "nature": plan.nature,
        "vat_mention": plan.vat_mention,
        "introduction": plan.introduction,
        "is_childcare": plan.is_childcare,
        "legal_mentions": LEGAL,
        "payment_instructions": HOW_TO_PAY,
        "reminder_steps": reminder_plan.as_kept(plan.reminder_steps),
        "colour": plan.colour,
    }
    return billing.configure_type(type_id=None, values=values, actor=accounts.admin(), at=at)
