"""A canteen whose meals cost what the quotient familial says, and families that give one."""

from datetime import date, datetime
from typing import Any

from obole.billing.models import Invoice
from obole.catalogue import operations as catalogue
from obole.catalogue.fields import FieldKind, FormField
from obole.dossiers import operations as dossiers
from obole.dossiers.models import DatedAnswer, Dossier
from obole.lib import texts
from obole.pricing.model import parts as p
from obole_demo.dispositifs.kit import (
    SCHOOL_2025,
    a,
    ask,
    ask_agent,
    by_bracket,
    grid,
    line,
    product,
    questions,
    tariff,
)
from tests.campaigns.steps import FIRST, count_meals
from tests.world import WHO, Town, make_citizen, publish

CHEAP, MIDDLE, DEAR = 100, 210, 595
"""A meal up to 400, from 401 to 700, and without a quotient."""
QF = ask("qf", "Quotient familial", FieldKind.NUMBER, required=False, maximum="20000")
FORM = [
    FormField(key="enfant", label="Prénom de l’enfant"),
    QF,
    ask_agent("repas", "Repas", FieldKind.NUMBER, maximum="31", required=False),
]


def by_quotient(town: Town, *fields: FormField) -> None:
    """Have the town's canteen priced by the quotient."""
    town.form = catalogue.publish_form(scheme_id=town.scheme.pk, fields=[*FORM, *fields], actor=WHO, at=FIRST)
    cells = grid(by_bracket("Quotient familial", "qf", (400, 700), missing="t3"), cells=(CHEAP, MIDDLE, DEAR))
    asked = p.Pricing(
        questions=tuple(questions(tuple(FORM), "qf", "repas")),
        tariffs=(tariff("repas", "Repas", (SCHOOL_2025, cells)),),
        products=(product("repas", "Repas", "7067", unit="repas"),),
        lines=(line("repas", "Repas", quantity=a("repas")),),
    )
    publish(town.scheme, asked, at=FIRST)


def quotient_family(town: Town, name: str, qf: int | None, *meals: int, first: date | None = None) -> Dossier:
    """Accept a family with its quotient, of which so many meals were counted in November."""
    citizen = make_citizen(f"{texts.fold(name)}@example.org", last_name=name)
    answers: dict[str, Any] = {"enfant": "Zoé"} if qf is None else {"enfant": "Zoé", "qf": qf}
    given = {"citizen_id": citizen.pk, "form_id": town.form.pk, "request_key": texts.token()}
    dossier = dossiers.submit(filled=dossiers.Application(answers=answers), actor=WHO, at=FIRST, **given)
    dossiers.take(dossier_id=dossier.pk, agent_id=town.agent.pk, actor=WHO, at=FIRST)
    dossiers.accept(dossier_id=dossier.pk, reason="", actor=WHO, at=FIRST)
    if meals:
        count_meals(dossier, town, *meals, **({"first": first} if first else {}))
    return Dossier.objects.get(pk=dossier.pk)


def change(
    dossier: Dossier, town: Town, qf: int | None, since: date, *, at: datetime = FIRST, **more: Any
) -> DatedAnswer:
    """Say that the quotient of a dossier is another from a day on."""
    said = {"question": "qf", "motive": "CAF", "unproven": "Vu au guichet", **more}
    asked = dossiers.Change(value=qf, since=since, **said)
    return dossiers.date_answer(dossier_id=dossier.pk, change=asked, actor=town.agent.actor, at=at)


def lines(invoice: Invoice | None) -> list[tuple[str, int]]:
    assert invoice
    return [(line.label, line.amount_cents) for line in invoice.lines.order_by("position")]
