"""
Pricings to try the engine with: those of the demo's town (``TOWN``), and short ones with one vote, which the tests of
other rooms bill and change as they like.
"""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from obole.pricing.model import formulas as f, parts as p, tariffs as t
from obole.pricing.model.numbers import Rounding
from obole_demo import dispositifs
from tests.pricing.build import (
    a,
    brackets,
    call,
    choice,
    choices,
    d,
    day,
    fixed,
    line,
    n,
    number,
    product,
    tariff,
    when,
    yes_no,
)

EXEMPT = t.Vat(regime=t.Regime.EXEMPT, article="261, 4, 4°")
TEN = t.Vat(regime=t.Regime.TAXED, rate=Decimal(10))
TWENTY = t.Vat(regime=t.Regime.TAXED, rate=Decimal(20))

BY_RANK = (
    p.PercentStep(label="2ᵉ enfant", percent=d(-10), when=when(f.ROW, "equals", 2)),
    p.PercentStep(label="3ᵉ enfant et suivants", percent=d(-20), when=when(f.ROW, "at_least", 3)),
)
QF = number("qf", decimals=2, required=False)
SCHOOL = p.Pricing(
    questions=(
        QF,
        yes_no("resident"),
        p.Question(key="prenom", label="Prénom", kind=p.QuestionKind.TEXT, group="enfants", required=False),
        number("repas", group="enfants", required=False),
        number("repas_pai", group="enfants", required=False),
        number("soirs", group="enfants", required=False),
        number("hors_delai", group="enfants", required=False),
        number("absences", group="enfants", required=False),
    ),
    groups=(p.Group(key="enfants", label="Enfant", name="prenom"),),
    tariffs=(
        tariff(
            "enfance",
            t.Grid(
                axes=(
                    t.Axis(
                        label="Quotient familial",
                        of=a("qf"),
                        kind=t.AxisKind.BRACKETS,
                        positions=brackets(400, 700, 1000, 1400, 1800),
                        special=(
                            t.Position(key="exterieur", label="extérieur", when=when("resident", "equals", False)),
                        ),
                        missing="exterieur",
                    ),
                    t.Axis(
                        label="Prestation",
                        of=a(f.PRODUCT),
                        kind=t.AxisKind.CHOICES,
                        positions=choices("repas", "soir", "mercredi"),
                    ),
                ),
                cells=(
                    100,
                    45,
                    460,
                    210,
                    70,
                    820,
                    325,
                    90,
                    1240,
                    430,
                    105,
                    1610,
                    520,
                    120,
                    1930,
                    595,
                    135,
                    2200,
                    840,
                    190,
                    3100,
                ),
            ),
            vat=EXEMPT,
        ),
        fixed("pai", 120, vat=EXEMPT),
        fixed("hors_delai", 200, vat=EXEMPT),
    ),
    products=(
        product("repas", tariff="enfance", unit="repas", nature="7067"),
        product("soir", tariff="enfance", unit="½ h", nature="7067"),
        product("mercredi", tariff="enfance", nature="7067"),
        product("pai", unit="panier", nature="7067"),
        product("hors_delai", nature="7067"),
    ),
    lines=tuple(
        line(key, label=label, product=sold, quantity=a(asked), per="enfants", price_steps=steps, deduct=deduct)
        for key, label, sold, asked, steps, deduct in (
            ("repas", "Repas", "repas", "repas", BY_RANK, False),
            ("pai", "Repas PAI", "pai", "repas_pai", (), False),
            ("hors_delai", "Majoration réservation hors délai", "hors_delai", "hors_delai", (), False),
            ("soir", "Accueil du soir", "soir", "soirs", (), False),
            ("absence", "Absence justifiée", "repas", "absences", BY_RANK, True),
        )
    ),
)

HALL = p.Pricing(
    questions=(
        choice("demandeur", "résident", "extérieur", "association locale"),
        choice("duree", "week-end", "journée", "demi-journée"),
        day("du"),
        yes_no("cuisine"),
        number("couverts", required=False),
        *(replace(number(item, required=False), asked_of=p.AskedOf.AGENT) for item in ("deja", "casse")),
    ),
    tariffs=(
        tariff(
            "location",
            t.Grid(
                axes=(
                    t.Axis(
                        label="Demandeur",
                        of=a("demandeur"),
                        kind=t.AxisKind.CHOICES,
                        positions=choices("résident", "extérieur", "association locale"),
                    ),
                    t.Axis(
                        label="Durée",
                        of=a("duree"),
                        kind=t.AxisKind.CHOICES,
                        positions=choices("week-end", "journée", "demi-journée"),
                    ),
                ),
                cells=(32000, 18000, 10000, 64000, 36000, 20000, 8000, 8000, 8000),
            ),
        ),
        fixed("cuisine", 6000),
        fixed("vaisselle", 120),
        fixed("chauffage", 5000),
        fixed("casse", 300),
    ),
    products=(
        product("location"),
        product("cuisine"),
        product("vaisselle", unit="couvert"),
        product("chauffage"),
        product("casse"),
    ),
    lines=(
        line("location", when=when("demandeur", "differs", "association locale")),
        line(
            "association",
            product="location",
            when=when("demandeur", "equals", "association locale"),
            allowance=p.Allowance(
                label="2 gratuites par an",
                free=n(2),
                used=f.Either(when=when("deja", "empty"), then=n(0), otherwise=a("deja")),
            ),
        ),
        line("cuisine", when=when("cuisine", "equals", True)),
        line("vaisselle", quantity=a("couverts")),
        line("chauffage", when=f.Season(of=a("du"), first="10-01", last="04-30")),
        line("casse", quantity=a("casse")),
    ),
    cautions=(
        p.DepositRule(key="degats", label="Dégâts", cents=80000),
        p.DepositRule(key="menage", label="Ménage", cents=15000),
    ),
    terms=p.Terms(acompte=d(30)),
)

TAXED_HALL = p.Pricing(
    tariffs=(fixed("salle", 45000, vat=TWENTY, typed=t.Typed.NET),),
    products=(product("salle"),),
    lines=(line("salle"),),
)

GRAVE_GIVEN_BACK = p.Pricing(
    questions=(number("prix", decimals=2), number("duree"), number("ecoulees"), yes_no("deux_tiers")),
    tariffs=(tariff("concession", t.Given(of=a("prix"))),),
    products=(product("concession"),),
    lines=(
        line(
            "retrocession",
            product="concession",
            deduct=True,
            amount_steps=(
                p.FactorStep(label="années restantes", top=call("difference", "duree", "ecoulees"), bottom=a("duree")),
                p.FactorStep(label="part communale", top=n(2), bottom=n(3), when=when("deux_tiers", "equals", True)),
            ),
        ),
    ),
    negative=True,
)

MUSIC = p.Pricing(
    questions=(
        choice("cursus", "instrument", "danse", "éveil", group="eleves"),
        day("arrivee", group="eleves", required=False),
        number("trimestres_violon", required=False),
    ),
    groups=(p.Group(key="eleves", label="Élève"),),
    tariffs=(
        fixed("dossier", 3800),
        tariff(
            "cursus",
            t.Grid(
                axes=(
                    t.Axis(
                        label="Cursus",
                        of=a("cursus"),
                        kind=t.AxisKind.CHOICES,
                        positions=choices("instrument", "danse", "éveil"),
                    ),
                ),
                cells=(60300, 54000, 17100),
            ),
        ),
        fixed("violon", 4500),
    ),
    products=(product("dossier"), product("cursus", unit="an"), product("violon", unit="trimestre")),
    degressions=(
        p.Degression(key="famille", label="Dégression familiale", order=p.Order.DEAREST, percents=(d(0), d(-20))),
    ),
    lines=(
        line("dossier", label="Frais de dossier"),
        line(
            "cursus",
            per="eleves",
            degression="famille",
            amount_steps=(
                p.FactorStep(
                    label="mois dus, tout mois commencé",
                    top=call("months", "arrivee", f.Day(date(2027, 6, 30))),
                    bottom=n(10),
                    when=when("arrivee", "filled"),
                ),
            ),
        ),
        line("violon", label="Location de violon", quantity=a("trimestres_violon")),
    ),
    terms=p.Terms(instalments=3, first=("dossier",)),
)

WASTE = ("inertes", "végétaux", "non recyclables", "bois traité")
TIP = p.Pricing(
    questions=(
        choice("territoire", "territoire", "hors territoire"),
        choice("nature", *WASTE, group="depots"),
        number("volume", decimals=3, group="depots"),
    ),
    groups=(p.Group(key="depots", label="Dépôt", most=200),),
    tariffs=(
        tariff(
            "depot",
            t.Grid(
                axes=(
                    t.Axis(
                        label="Provenance",
                        of=a("territoire"),
                        kind=t.AxisKind.CHOICES,
                        positions=choices("territoire", "hors territoire"),
                    ),
                    t.Axis(label="Nature", of=a("nature"), kind=t.AxisKind.CHOICES, positions=choices(*WASTE)),
                ),
                cells=(2300, 750, 1600, 1900, 3300, 1200, 2300, 3000),
            ),
            vat=TEN,
            typed=t.Typed.NET,
        ),
    ),
    products=(
        product(
            "depot",
            unit="m³",
            decimals=2,
            rounding=Rounding.UP,
            billed_minimum=d("0.25"),
            maximum=d(12),
            nature="70688",
        ),
    ),
    lines=(line("depot", label="Dépôt", quantity=a("volume"), per="depots"),),
)

TOWN = {plan.key: plan.pricing for plan in dispositifs.PLANS if plan.pricing is not None}
"""Those of the demo, by their keys."""
EFFORT, CRECHE = TOWN["effort"], TOWN["creche"]
TERRACE, TERRACE_BY_DAY = TOWN["terrasse"], TOWN["terrasse_jours"]
