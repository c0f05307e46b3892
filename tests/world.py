"""A small town made by the real operations, for every test that needs one."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from obole.billing import operations as billing
from obole.billing.models import Invoice, InvoiceType
from obole.catalogue import operations as catalogue
from obole.catalogue.fields import FieldKind, FormField
from obole.catalogue.models import FormVersion, Product, Scheme
from obole.directory import operations as directory
from obole.directory.models import Agent, Citizen, User
from obole.directory.rules import Profile
from obole.dossiers import operations as dossiers
from obole.dossiers.models import Dossier
from obole.lib import words
from obole.regies import operations as regies
from obole.regies.models import Regie

NOON = datetime(2026, 11, 25, 11, 0, tzinfo=UTC)
PASSWORD = "correct horse battery"
WHO = "tests"


@dataclass
class Town:
    """What most tests start from."""

    regie: Regie
    scheme: Scheme
    form: FormVersion
    meal: Product
    late_fee: Product
    type: InvoiceType
    citizen: Citizen
    agent: Agent
    regisseur: Agent
    admin: Agent


def make_town(*, gateway: str = "sandbox", gateway_settings: dict[str, str] | None = None, at: datetime = NOON) -> Town:
    """Describe a town with one régie, one dispositif, one type de facture, one citizen and three agents."""
    directory.configure_authority(
        values={"name": "Ville de Valbourg", "phone": "01 23 45 67 89", "email": "mairie@valbourg.example"},
        actor=WHO,
        at=at,
    )
    agent, regisseur, admin = (
        make_agent(profile, at=at) for profile in (Profile.REVIEWER, Profile.REGISSEUR, Profile.ADMINISTRATOR)
    )
    regie = make_regie("ENF", "Régie Enfance", gateway=gateway, gateway_settings=gateway_settings, at=at)
    regies.give_mandates(regie_id=regie.pk, agent_ids=[regisseur.pk], actor=WHO, at=at)
    service = catalogue.configure_service(service_id=None, values={"name": "Restauration scolaire"}, actor=WHO, at=at)
    scheme = catalogue.configure_scheme(
        scheme_id=None, values={"service": service, "name": "Inscription cantine 2026-2027"}, actor=WHO, at=at
    )
    form = catalogue.publish_form(
        scheme_id=scheme.pk,
        fields=[
            FormField(key="enfant", label="Prénom de l’enfant"),
            FormField(key="ecole", label="École", kind=FieldKind.CHOICE, choices=("Jules-Ferry", "Les Tilleuls")),
            FormField(key="remarque", label="Remarque", kind=FieldKind.PARAGRAPH, required=False),
        ],
        actor=WHO,
        at=at,
    )
    meal = make_product(
        scheme, name="Repas", unit="repas", unit_price_cents=325, maximum=Decimal(31), nature="7067", at=at
    )
    late_fee = make_product(
        scheme, name="Majoration hors délai", unit_price_cents=200, entered_by="agent", position=2, at=at
    )
    invoice_type = make_type(regie, [scheme], at=at)
    citizen = make_citizen("usager@example.org", at=at)
    return Town(regie, scheme, form, meal, late_fee, invoice_type, citizen, agent, regisseur, admin)


def make_regie(
    code: str,
    name: str,
    *,
    gateway: str = "sandbox",
    gateway_settings: dict[str, str] | None = None,
    at: datetime = NOON,
) -> Regie:
    values = {"code": code, "name": name, "gateway": gateway, "gateway_settings": gateway_settings or {"mode": "W"}}
    return regies.configure_regie(regie_id=None, values=values, actor=WHO, at=at)


def make_product(scheme: Scheme, *, at: datetime = NOON, **values: Any) -> Product:
    return catalogue.configure_product(product_id=None, values={"scheme": scheme, **values}, actor=WHO, at=at)


def make_type(regie: Regie | None, schemes: list[Scheme], *, at: datetime = NOON, **values: Any) -> InvoiceType:
    defaults = {
        "name": "Cantine et périscolaire",
        "regie": regie,
        "schemes": schemes,
        "payment_term": 20,
        "reminder_delays": [7, 21, 35],
    }
    return billing.configure_type(type_id=None, values={**defaults, **values}, actor=WHO, at=at)


def make_citizen(email: str, *, last_name: str = "Lefèvre", at: datetime = NOON) -> Citizen:
    user = User.objects.create_user(email, PASSWORD)
    values = {
        "first_name": "Maud",
        "last_name": last_name,
        "email": email,
        "address": "3 rue des Halles\n99999 Valbourg",
    }
    return directory.register_citizen(values=values, user_id=user.pk, actor=WHO, at=at)


def make_agent(profile: Profile, *, email: str = "", at: datetime = NOON) -> Agent:
    values = {"name": f"Agent {profile.label}", "service_name": "Enfance", "profile": profile}
    return directory.register_agent(
        email=email or f"{profile}@valbourg.example", password=PASSWORD, values=values, actor=WHO, at=at
    )


def make_dossier(town: Town, *, meals: int = 16, citizen: Citizen | None = None, at: datetime = NOON) -> Dossier:
    """Submit an application for so many meals, and take it under review."""
    filled = dossiers.Filled(
        answers={"enfant": "Zoé", "ecole": "Jules-Ferry"}, quantities={town.meal.pk: Decimal(meals)}
    )
    dossier = dossiers.submit(
        citizen_id=(citizen or town.citizen).pk,
        form_id=town.form.pk,
        request_key=words.token(),
        filled=filled,
        actor=WHO,
        at=at,
    )
    return dossiers.take(dossier_id=dossier.pk, agent_id=town.agent.pk, actor=WHO, at=at)


def make_invoice(town: Town, *, meals: int = 16, citizen: Citizen | None = None, at: datetime = NOON) -> Invoice:
    """Issue an invoice of ``meals`` × 3,25 €."""
    dossier = make_dossier(town, meals=meals, citizen=citizen, at=at)
    return billing.generate_invoice(
        dossier_id=dossier.pk,
        type_id=town.type.pk,
        quantities={},
        period="novembre 2026",
        request_key=words.token(),
        actor=WHO,
        at=at,
    )


def run_tasks(*, rounds: int = 10) -> list[str]:
    """Do what the worker would: run every waiting task now, here, and return their names. A task that fails raises."""
    done: list[str] = []
    for _round in range(rounds):
        jobs = list(ProcrastinateJob.objects.filter(status="todo").order_by("id").values("id", "task_name", "args"))
        if not jobs:
            return done
        for job in jobs:
            app.tasks[job["task_name"]].func(**job["args"])
            ProcrastinateJob.objects.filter(pk=job["id"])._raw_delete("default")
            done.append(job["task_name"])
    raise AssertionError("the tasks go on for ever")


def later(minutes: float = 0, days: int = 0) -> datetime:
    """Return an instant after noon."""
    return NOON + timedelta(minutes=minutes, days=days)
