"""A small town made by the real operations, for every test that needs one."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from obole.billing import operations as billing
from obole.billing.models import Invoice, InvoiceType
from obole.billing.rules import reminder_plan
from obole.catalogue import operations as catalogue, queries
from obole.catalogue.fields import FieldKind, FormField
from obole.catalogue.forms import pricing_match
from obole.catalogue.models import FormVersion, PricingVersion, Scheme
from obole.directory import operations as directory
from obole.directory.models import Agent, Citizen
from obole.directory.rules import Profile
from obole.dossiers import operations as dossiers
from obole.dossiers.models import Dossier
from obole.lib import dates, texts
from obole.payments import operations as payments
from obole.payments.models import Receipt
from obole.pricing.model.parts import AskedOf, Pricing
from obole.pricing.simple import Counted, Sold, with_amount, with_quantity
from obole.pricing.text import codec
from obole.regies import operations as regies
from obole.regies.models import Regie
from tests import database
from tests.actors import somebody

NOON = datetime(2026, 11, 25, 11, 0, tzinfo=UTC)
PASSWORD = "correct horse battery"
MOST_MEALS = 31
MEALS = FormField(
    key="repas", label="Repas", kind=FieldKind.NUMBER, required=False, minimum="0", maximum=str(MOST_MEALS)
)
"""How many meals: what the town's form asks, and its pricing bills."""
WHO = somebody("tests")
RIB = payments.PayeeAccount(iban="FR76 3000 6000 0112 3456 7890 189", holder="Maud Lefèvre")
"""Whom money is given back to: the IBAN that banks print on their specimens."""


@dataclass
class Town:
    """What most tests start from."""

    regie: Regie
    scheme: Scheme
    form: FormVersion
    type: InvoiceType
    citizen: Citizen
    agent: Agent
    regisseur: Agent
    admin: Agent


def make_town(
    *,
    gateway: str = "sandbox",
    gateway_settings: dict[str, str] | None = None,
    priced: bool = True,
    at: datetime = NOON,
) -> Town:
    """Describe a town with one régie, one dispositif, one type de facture, one citizen and three agents."""
    if (gateway, gateway_settings, priced, at) == ("sandbox", None, True, NOON):
        town: Town = database.put_back("town")
        return town
    return build_town(gateway=gateway, gateway_settings=gateway_settings, priced=priced, at=at)


def build_town(
    *,
    gateway: str = "sandbox",
    gateway_settings: dict[str, str] | None = None,
    priced: bool = True,
    at: datetime = NOON,
) -> Town:
    """Make the town by the product's operations, one after the other."""
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
            MEALS,
        ],
        actor=WHO,
        at=at,
    )
    if priced:
        publish(scheme, canteen(), at=at)
    invoice_type = make_type(regie, [scheme], at=at)
    citizen = make_citizen("usager@example.org", at=at)
    return Town(regie, scheme, form, invoice_type, citizen, agent, regisseur, admin)


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


def canteen(*, meal_cents: int = 325, most: int = MOST_MEALS) -> Pricing:
    """Return a pricing of meals, that the citizen counts, and of late fees, that the agent counts."""
    meal = Sold(label="Repas", cents=meal_cents, unit="repas", nature="7067")
    late_fee = Sold(label="Majoration hors délai", cents=200, unit="unité")
    pricing = with_quantity(Pricing(), meal, Counted(maximum=Decimal(most)), key="repas")
    return with_quantity(pricing, late_fee, Counted(asked_of=AskedOf.AGENT, maximum=Decimal(100)), key="majoration")


def publish(scheme: Scheme, pricing: Pricing, *, at: datetime = NOON) -> PricingVersion:
    """Put a pricing in force."""
    return catalogue.publish_pricing(scheme_id=scheme.pk, described=codec.as_dict(pricing), actor=WHO, at=at)


def make_fixed(town: Town, cents: int, *, label: str = "Forfait", at: datetime = NOON) -> tuple[Scheme, FormVersion]:
    """Describe a dispositif of the town that bills a fixed amount."""
    values = {"service": town.scheme.service, "name": f"{label} {texts.token()}"}
    scheme = catalogue.configure_scheme(scheme_id=None, values=values, actor=WHO, at=at)
    fields = [field for field in town.form.form_fields if field.key != "repas"]
    form = catalogue.publish_form(scheme_id=scheme.pk, fields=fields, actor=WHO, at=at)
    publish(scheme, with_amount(Pricing(), Sold(label=label, cents=cents)), at=at)
    return scheme, form


def steps(*days: int, subject: str = "", body: str = "") -> list[dict[str, Any]]:
    """Return a plan of reminders, as a type de facture keeps it: so many days after the due date."""
    return reminder_plan.as_kept([reminder_plan.Step(day, subject, body) for day in days])


def make_type(regie: Regie | None, schemes: list[Scheme], *, at: datetime = NOON, **values: Any) -> InvoiceType:
    defaults = {
        "name": "Cantine et périscolaire",
        "regie": regie,
        "schemes": schemes,
        "payment_term": 20,
        "reminder_steps": steps(7, 21, 35),
    }
    return billing.configure_type(type_id=None, values={**defaults, **values}, actor=WHO, at=at)


def make_citizen(email: str, *, last_name: str = "Lefèvre", at: datetime = NOON) -> Citizen:
    user = directory.open_account(email=email, password=PASSWORD, proven=True)
    values = {
        "first_name": "Maud",
        "last_name": last_name,
        "email": email,
        "address": "3 rue des Halles\n99999 Valbourg",
    }
    return directory.register_citizen(values=values, user_id=user.pk, actor=WHO, at=at)


def make_agent(profile: Profile, *, email: str = "", all_services: bool = True, at: datetime = NOON) -> Agent:
    values = {
        "name": f"Agent {profile.label}",
        "service_name": "Enfance",
        "profile": profile,
        "all_services": all_services,
        "sees_sensitive": profile == Profile.REVIEWER,
    }
    user = directory.open_account(email=email or f"{profile}@valbourg.example", password=PASSWORD, proven=True)
    return directory.register_agent(user_id=user.pk, values=values, actor=WHO, at=at)


def make_dossier(
    town: Town, *, meals: int = 16, form: FormVersion | None = None, citizen: Citizen | None = None, at: datetime = NOON
) -> Dossier:
    """Submit an application for so many meals, and take it under review."""
    dossier = dossiers.submit(
        citizen_id=(citizen or town.citizen).pk,
        form_id=(form or town.form).pk,
        request_key=texts.token(),
        filled=dossiers.Application(answers={"enfant": "Zoé", "ecole": "Jules-Ferry", "repas": meals}),
        actor=WHO,
        at=at,
    )
    return dossiers.take(dossier_id=dossier.pk, agent_id=town.agent.pk, actor=WHO, at=at)


def make_invoice(town: Town, *, meals: int = 16, citizen: Citizen | None = None, at: datetime = NOON) -> Invoice:
    """Issue an invoice of ``meals`` × 3,25 €."""
    return bill_dossier(make_dossier(town, meals=meals, citizen=citizen, at=at), town.type, at=at)


def make_fixed_invoice(
    town: Town, cents: int, *, name: str = "Forfait", citizen: Citizen | None = None, at: datetime = NOON
) -> Invoice:
    """Issue an invoice of exactly so many cents, of a type of its own."""
    scheme, form = make_fixed(town, cents, at=at)
    kind = make_type(town.regie, [scheme], name=name, at=at)
    return bill_dossier(make_dossier(town, form=form, citizen=citizen, at=at), kind, at=at)


def bill_dossier(
    dossier: Dossier,
    kind: InvoiceType,
    *,
    key: str = "",
    period: str = "novembre 2026",
    at: datetime = NOON,
    **more: Any,
) -> Invoice:
    """Issue an invoice of what a dossier answers, and of what the agent adds."""
    return billing.generate_invoice(
        dossier_id=dossier.pk,
        type_id=kind.pk,
        answered=answered_by(dossier, at=at, **more),
        period=period,
        request_key=key or texts.token(),
        confirmed=billing.Confirmed(again=True),
        actor=WHO,
        at=at,
    )


def make_old_draft(town: Town, *, meals: int = 16, at: datetime = NOON) -> Invoice:
    """Make a draft as it was made before pricings: a line, and no reason for it."""
    dossier = make_dossier(town, meals=meals, at=at)
    draft = Invoice.objects.create(
        request_key=texts.token(),
        type=town.type,
        regie=town.regie,
        dossier=dossier,
        payer=dossier.citizen,
        label=town.type.name,
        total_cents=meals * 310,
        created_at=at,
    )
    draft.lines.create(
        position=1, label="Repas", quantity=meals, unit="repas", unit_price_cents=310, amount_cents=meals * 310
    )
    return draft


def answered_by(dossier: Dossier, *, at: datetime = NOON, **more: Any) -> billing.PricingAnswers:
    """Return what a dossier answers to the pricing in force, and what the agent adds."""
    version = queries.current_pricing(dossier.scheme)
    assert version is not None
    pricing = queries.compiled_pricing_of(version).pricing
    answers = pricing_match.engine_answers(pricing, dossier.form.form_fields, dossier.answers)
    return billing.PricingAnswers(version_id=version.pk, answers={**answers, **more}, on=dates.day_of(at))


def correct(draft: Invoice, *, period: str = "", at: datetime = NOON, **answers: Any) -> Invoice:
    """Correct a draft by other answers than its dossier's."""
    assert draft.dossier is not None
    answered = answered_by(draft.dossier, at=at, **answers)
    return billing.correct_draft(invoice_id=draft.pk, answered=answered, period=period, actor=WHO, at=at)


def handed(
    cents: int, means: Receipt.Means = Receipt.Means.CASH, *, reference: str = "", payer: str = ""
) -> payments.Money:
    """Return money at the counter, with what tells a cheque apart."""
    bank = "Banque postale" if means == Receipt.Means.CHEQUE else ""
    return payments.Money(
        cents=cents, means=means, payer_name=payer, reference=reference or ("0001234" if bank else ""), bank=bank
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
