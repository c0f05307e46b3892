"""The ten dispositifs of a town, as an administrator would set them, with the prices of a real or likely vote."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from obole.catalogue.rules import formulas as f
from obole.catalogue.rules import parts as p
from obole.catalogue.rules import tariffs as t
from obole.catalogue.rules.figures import Rounding
from tests.catalogue.rules.build import (
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
)  # fmt: skip

CHILDREN_RATE = ("0.0619", "0.0516", "0.0413", "0.0310", "0.0206")
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
        QF, yes_no("resident"),
        p.Question(key="prenom", label="Prénom", kind=p.QuestionKind.TEXT, group="enfants", required=False),
        number("repas", group="enfants", required=False), number("repas_pai", group="enfants", required=False),
        number("soirs", group="enfants", required=False), number("hors_delai", group="enfants", required=False),
        number("absences", group="enfants", required=False),
    ),
    groups=(p.Group(key="enfants", label="Enfant", name="prenom"),),
    tariffs=(
        tariff("enfance", t.Grid(
            axes=(
                t.Axis(
                    label="Quotient familial", of=a("qf"), kind=t.AxisKind.BRACKETS, positions=brackets(400, 700, 1000, 1400, 1800),
                    special=(t.Position(key="exterieur", label="extérieur", when=when("resident", "equals", False)),), missing="exterieur",
                ),
                t.Axis(label="Prestation", of=a(f.PRODUCT), kind=t.AxisKind.CHOICES, positions=choices("repas", "soir", "mercredi")),
            ),
            cells=(100, 45, 460, 210, 70, 820, 325, 90, 1240, 430, 105, 1610, 520, 120, 1930, 595, 135, 2200, 840, 190, 3100),
        ), vat=EXEMPT),
        fixed("pai", 120, vat=EXEMPT), fixed("hors_delai", 200, vat=EXEMPT),
    ),
    products=(
        product("repas", tariff="enfance", unit="repas", nature="7067"), product("soir", tariff="enfance", unit="½ h", nature="7067"),
        product("mercredi", tariff="enfance", nature="7067"), product("pai", unit="panier", nature="7067"),
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
)  # fmt: skip

FLAT_RATE_MEALS = p.Pricing(
    questions=(number("qf", decimals=2), number("jours_presents", required=False), number("jours_ouverts", required=False)),
    tariffs=(tariff("repas", t.Grid(
        axes=(t.Axis(label="QF", of=a("qf"), kind=t.AxisKind.BRACKETS, positions=brackets(400, 700, 1000, 1400, 1800)),),
        cells=(100, 210, 325, 430, 520, 595),
    )),),
    products=(product("repas", unit="mois"),),
    lines=(line("forfait", label="Forfait 4 jours", product="repas", price_steps=(
        p.FactorStep(label="140 jours sur 10 mois", top=n(140), bottom=n(10), prorata=False),
        p.FactorStep(
            label="jours ouverts depuis l’arrivée", top=a("jours_presents"), bottom=a("jours_ouverts"),
            when=when("jours_presents", "filled"),
        ),
    )),),
)  # fmt: skip

EFFORT = p.Pricing(
    questions=(number("qf", decimals=2, required=False), number("repas")),
    tariffs=(
        tariff(
            "repas",
            t.Rate(base_label="Quotient familial", base=a("qf"), percent=d("0.36"), floor=260, cap=450, missing=450),
        ),
    ),
    products=(product("repas"),),
    lines=(line("repas", quantity=a("repas")),),
)

CRECHE = p.Pricing(
    questions=(
        number("ressources", decimals=2), number("enfants"), yes_no("aeeh"), number("jours"), number("heures", decimals=2),
        number("semaines"), number("supplement", decimals=2, required=False), number("maladie", decimals=2, required=False),
    ),
    values=(
        p.Value(key="mensuel", label="Ressources mensuelles", of=call("quotient", "ressources", 12)),
        p.Value(key="forfait", label="Heures mensuelles", of=call("quotient", call("product", "jours", "heures", "semaines"), 12)),
    ),
    tariffs=(tariff("heure", t.Rate(
        base_label="Ressources mensuelles", base=a("mensuel"), base_floor=801_00, base_cap=8_500_00,
        table=t.RateTable(
            axis=t.Axis(
                label="Enfants à charge", of=a("enfants"), kind=t.AxisKind.BRACKETS,
                positions=brackets(1, 2, 3, 7, names=("1", "2", "3", "4–7", "8 et plus")),
                shifts=(t.Shift(when=when("aeeh", "equals", True), label="enfant en situation de handicap"),),
            ),
            percents=tuple(map(d, CHILDREN_RATE)),
        ),
    ), vat=t.Vat(regime=t.Regime.EXEMPT, article="261, 4, 8° bis"), effect=date(2025, 9, 1)),),
    products=(product("heure", unit="h", decimals=2, rounding=Rounding.NEAREST, nature="7066"),
              product("extra", tariff="heure", unit="h", decimals=2, step=d("0.5"), rounding=Rounding.UP, nature="7066")),
    lines=(
        line("mensualite", label="Accueil mensualisé", product="heure", quantity=a("forfait")),
        line("supplement", label="Heures supplémentaires", product="extra", quantity=a("supplement")),
        line("maladie", label="Absence pour maladie", product="heure", quantity=a("maladie"), deduct=True),
    ),
)  # fmt: skip

HALL = p.Pricing(
    questions=(
        choice("demandeur", "résident", "extérieur", "association locale"), choice("duree", "week-end", "journée", "demi-journée"),
        day("du"), yes_no("cuisine"), number("couverts", required=False),
        *(replace(number(one, required=False), asked_of=p.AskedOf.AGENT) for one in ("deja", "casse")),
    ),
    tariffs=(
        tariff("location", t.Grid(
            axes=(t.Axis(label="Demandeur", of=a("demandeur"), kind=t.AxisKind.CHOICES,
                         positions=choices("résident", "extérieur", "association locale")),
                  t.Axis(label="Durée", of=a("duree"), kind=t.AxisKind.CHOICES, positions=choices("week-end", "journée", "demi-journée"))),
            cells=(32000, 18000, 10000, 64000, 36000, 20000, 8000, 8000, 8000),
        )),
        fixed("cuisine", 6000), fixed("vaisselle", 120), fixed("chauffage", 5000), fixed("casse", 300),
    ),
    products=(product("location"), product("cuisine"), product("vaisselle", unit="couvert"), product("chauffage"), product("casse")),
    lines=(
        line("location", when=when("demandeur", "differs", "association locale")),
        line("association", product="location", when=when("demandeur", "equals", "association locale"), allowance=p.Allowance(
            label="2 gratuites par an", free=n(2), used=f.Either(when=when("deja", "empty"), then=n(0), otherwise=a("deja")),
        )),
        line("cuisine", when=when("cuisine", "equals", True)),
        line("vaisselle", quantity=a("couverts")),
        line("chauffage", when=f.Season(of=a("du"), first="10-01", last="04-30")),
        line("casse", quantity=a("casse")),
    ),
    cautions=(p.Caution(key="degats", label="Dégâts", cents=80000), p.Caution(key="menage", label="Ménage", cents=15000)),
    terms=p.Terms(acompte=d(30)),
)  # fmt: skip

TAXED_HALL = p.Pricing(
    tariffs=(fixed("salle", 45000, vat=TWENTY, typed=t.Typed.NET),),
    products=(product("salle"),),
    lines=(line("salle"),),
)

TERRACE = p.Pricing(
    questions=(
        number("surface", decimals=2, required=False), day("du", required=False), day("au", required=False), yes_no("autorise"),
        yes_no("metre_entame"), number("metres", required=False), number("semaines", required=False), number("benne", required=False),
    ),
    values=(
        p.Value(key="metres_carres", label="Surface retenue", of=f.Either(
            when=when("metre_entame", "equals", True), then=call("up", "surface", 1), otherwise=a("surface"),
        )),
        p.Value(key="mois", label="Mois d’occupation", of=call("months", "du", "au")),
        p.Value(key="echafaudage", label="Mètres × semaines", of=call("product", "metres", "semaines")),
    ),
    tariffs=(
        fixed("terrasse", 320), fixed("dossier", 1060), fixed("echafaudage_tarif", 900), fixed("benne_tarif", 2500),
        tariff("majoration", t.Share(percent=d(100), of=("terrasse",))),
    ),
    products=(
        product("terrasse", unit="m² × mois", decimals=2), product("dossier"), product("majoration"),
        product("echafaudage", tariff="echafaudage_tarif", unit="ml × semaine"), product("benne", tariff="benne_tarif", unit="jour"),
    ),
    lines=(
        line("terrasse", quantity=call("product", "metres_carres", "mois")),
        line("majoration", label="Occupation sans autorisation", when=when("autorise", "equals", False)),
        line("dossier", label="Frais fixes", when=when("surface", "filled")),
        line("echafaudage", quantity=a("echafaudage")),
        line("benne", quantity=a("benne")),
    ),
)  # fmt: skip

TERRACE_BY_DAY = p.Pricing(
    questions=(number("surface", decimals=2), day("du")),
    tariffs=(fixed("terrasse", 320),), products=(product("terrasse", unit="m²", decimals=2),),
    lines=(line("terrasse", quantity=a("surface"), amount_steps=(
        p.FactorStep(label="jours du mois", top=call("days", "du", call("month_end", "du")), bottom=call("days_in_month", "du")),
    )),),
)  # fmt: skip

GRAVE = p.Pricing(
    questions=(choice("duree", "15 ans", "30 ans", "50 ans"), yes_no("plaque")),
    tariffs=(
        tariff("concession", t.Grid(
            axes=(t.Axis(label="Durée", of=a("duree"), kind=t.AxisKind.CHOICES, positions=choices("15 ans", "30 ans", "50 ans")),),
            cells=(25000, 52000, 105000),
        )),
        fixed("plaque", 4500),
    ),
    products=(product("concession"), product("plaque")),
    lines=(line("concession"), line("plaque", when=when("plaque", "equals", True))),
)  # fmt: skip

GRAVE_GIVEN_BACK = p.Pricing(
    questions=(number("prix", decimals=2), number("duree"), number("ecoulees"), yes_no("deux_tiers")),
    tariffs=(tariff("concession", t.Given(of=a("prix"))),), products=(product("concession"),),
    lines=(line("retrocession", product="concession", deduct=True, amount_steps=(
        p.FactorStep(label="années restantes", top=call("difference", "duree", "ecoulees"), bottom=a("duree")),
        p.FactorStep(label="part communale", top=n(2), bottom=n(3), when=when("deux_tiers", "equals", True)),
    )),),
    negative=True,
)  # fmt: skip

LIBRARY = p.Pricing(
    questions=(
        choice("abonnement", "habitant", "hors commune", "famille", "étudiant"), yes_no("carte_perdue"),
        number("livre", decimals=2, required=False),
    ),
    tariffs=(
        tariff("abonnement", t.Grid(
            axes=(t.Axis(label="Abonnement", of=a("abonnement"), kind=t.AxisKind.CHOICES,
                         positions=choices("habitant", "hors commune", "famille", "étudiant")),),
            cells=(0, 2200, 2800, 650),
        )),
        fixed("carte", 315), tariff("document", t.Given(of=a("livre"), cap=500_00)), fixed("gestion", 500),
    ),
    products=(product("abonnement"), product("carte"), product("document"), product("gestion")),
    lines=(
        line("abonnement"), line("carte", when=when("carte_perdue", "equals", True)),
        line("document", label="Document perdu", when=when("livre", "filled")), line("gestion", when=when("livre", "filled")),
    ),
)  # fmt: skip

MUSIC = p.Pricing(
    questions=(
        choice("cursus", "instrument", "danse", "éveil", group="eleves"), day("arrivee", group="eleves", required=False),
        number("trimestres_violon", required=False),
    ),
    groups=(p.Group(key="eleves", label="Élève"),),
    tariffs=(
        fixed("dossier", 3800),
        tariff("cursus", t.Grid(
            axes=(t.Axis(label="Cursus", of=a("cursus"), kind=t.AxisKind.CHOICES, positions=choices("instrument", "danse", "éveil")),),
            cells=(60300, 54000, 17100),
        )),
        fixed("violon", 4500),
    ),
    products=(product("dossier"), product("cursus", unit="an"), product("violon", unit="trimestre")),
    degressions=(p.Degression(key="famille", label="Dégression familiale", order=p.Order.DEAREST, percents=(d(0), d(-20))),),
    lines=(
        line("dossier", label="Frais de dossier"),
        line("cursus", per="eleves", degression="famille", amount_steps=(
            p.FactorStep(label="mois dus, tout mois commencé", top=call("months", "arrivee", f.Day(date(2027, 6, 30))), bottom=n(10),
                         when=when("arrivee", "filled")),
        )),
        line("violon", label="Location de violon", quantity=a("trimestres_violon")),
    ),
    terms=p.Terms(instalments=3, first=("dossier",)),
)  # fmt: skip

BUS = p.Pricing(
    questions=(
        QF, yes_no("ayant_droit"), day("inscription", group="enfants"), day("debut", group="enfants"),
        choice("excuse", "aucune", "déménagement", "affectation tardive", group="enfants"), number("duplicata", required=False),
    ),
    groups=(p.Group(key="enfants", label="Enfant"),),
    tariffs=(
        tariff("transport", t.Grid(
            axes=(t.Axis(
                label="Quotient familial", of=a("qf"), kind=t.AxisKind.BRACKETS, positions=brackets(450, 650, 870, 1250), missing="t5",
                special=(t.Position(key="autre", label="non ayant droit", when=when("ayant_droit", "equals", False)),),
            ),),
            cells=(3000, 5100, 8100, 11400, 15000, 19500),
        )),
        fixed("retard", 5000), fixed("duplicata_tarif", 1500),
    ),
    products=(product("transport"), product("retard"), product("duplicata", tariff="duplicata_tarif")),
    lines=(
        line("transport", label="Transport scolaire", per="enfants", amount_steps=(
            p.FactorStep(label="entrée en cours d’année", top=f.Yearly(of=a("debut"), steps=(
                f.Since("09-01", d(10)), f.Since("01-01", d(6)), f.Since("04-01", d(3)),
            )), bottom=n(10)),
        )),
        line("retard", label="Inscription tardive", per="enfants", when=f.All((
            when("inscription", "above", date(2026, 7, 15)), f.Not(when("excuse", "among", "déménagement", "affectation tardive")),
        ))),
        line("duplicata", quantity=a("duplicata")),
    ),
    terms=p.Terms(instalments=3),
)  # fmt: skip

WASTE = ("inertes", "végétaux", "non recyclables", "bois traité")
TIP = p.Pricing(
    questions=(
        choice("territoire", "territoire", "hors territoire"), choice("nature", *WASTE, group="depots"),
        number("volume", decimals=3, group="depots"),
    ),
    groups=(p.Group(key="depots", label="Dépôt", most=200),),
    tariffs=(tariff("depot", t.Grid(
        axes=(
            t.Axis(label="Provenance", of=a("territoire"), kind=t.AxisKind.CHOICES, positions=choices("territoire", "hors territoire")),
            t.Axis(label="Nature", of=a("nature"), kind=t.AxisKind.CHOICES,
                   positions=choices(*WASTE)),
        ),
        cells=(2300, 750, 1600, 1900, 3300, 1200, 2300, 3000),
    ), vat=TEN, typed=t.Typed.NET),),
    products=(product("depot", unit="m³", decimals=2, rounding=Rounding.UP, billed_minimum=d("0.25"), maximum=d(12), nature="70688"),),
    lines=(line("depot", label="Dépôt", quantity=a("volume"), per="depots"),),
)  # fmt: skip

COPIES = p.Pricing(
    questions=(number("pages", required=False), number("cederoms", required=False), number("port", decimals=2, required=False)),
    tariffs=(fixed("page", 18), fixed("cederom", 275), tariff("port_tarif", t.Given(of=a("port")))),
    products=(product("page", unit="page"), product("cederom"), product("port", tariff="port_tarif")),
    lines=(
        line("page", quantity=a("pages")), line("cederom", quantity=a("cederoms")),
        line("port", label="Affranchissement", when=when("port", "filled")),
    ),
)  # fmt: skip

TOWN = {
    "cantine": SCHOOL, "forfait": FLAT_RATE_MEALS, "effort": EFFORT, "creche": CRECHE, "salle": HALL, "salle_taxee": TAXED_HALL,
    "terrasse": TERRACE, "terrasse_jours": TERRACE_BY_DAY, "concession": GRAVE, "retrocession": GRAVE_GIVEN_BACK,
    "mediatheque": LIBRARY, "conservatoire": MUSIC, "transport": BUS, "decheterie": TIP, "copies": COPIES,
}  # fmt: skip
