"""The conservatoire: a fee for the household, the dearest pupil whole and the next ones less, paid in three times."""

from datetime import date
from decimal import Decimal

from obole.catalogue.fields import FieldKind as K
from obole.pricing.model import formulas as f, parts as p
from obole_demo.dispositifs.kit import (
    SCHOOL_2025,
    SCHOOL_2026,
    Plan,
    ServicePlan,
    TypePlan,
    a,
    ask,
    by_choice,
    call,
    equals,
    filled,
    fixed,
    grid,
    line,
    number,
    product,
    questions,
    rows,
    section,
    tariff,
)

SERVICE = ServicePlan(
    name="Conservatoire de musique et de danse",
    about="Apprendre un instrument, chanter, danser, à tout âge.",
    pictogram="music",
)
TYPE = TypePlan(
    name="Conservatoire",
    regie="ENF",
    payment_term=30,
    nature="7062",
    vat_mention="TVA non applicable – article 256 B du CGI",
    introduction="Les frais de dossier sont dus par famille et ne sont pas remboursés.",
    colour="#6a2c70",
)
COURSES = ("instrument", "danse", "éveil")
INSTRUMENTS = ("Violon", "Piano", "Flûte", "Guitare", "Chant")
_END = date(2027, 6, 30)

FORM = (
    section(
        "inscrits", "Les élèves", help="Le cursus le plus cher est au plein tarif, les suivants ont 20 % de moins."
    ),
    *rows(
        "eleves",
        "Élèves du foyer",
        ask("prenom", "Prénom et nom de l’élève"),
        ask("cursus", "Cursus", K.CHOICE, choices=COURSES),
        ask("discipline", "Instrument", K.CHOICE, choices=INSTRUMENTS, shown_if=equals("cursus", "instrument")),
        ask(
            "arrivee",
            "Date d’arrivée, si l’année est commencée",
            K.DATE,
            required=False,
            help="Tout mois commencé est dû.",
        ),
        row_name="élève",
        most=6,
    ),
    section("foyer", "Le foyer"),
    ask("debutant", "Un des élèves débute", K.YES_NO),
    ask("trimestres_violon", "Location d’un violon, en trimestres", K.NUMBER, required=False, maximum="3"),
    ask("droit_image", "Vous acceptez que les élèves soient photographiés aux concerts", K.YES_NO, required=False),
)
PRICING = p.Pricing(
    questions=tuple(questions(FORM, "prenom", "cursus", "arrivee", "trimestres_violon")),
    groups=(p.Group(key="eleves", label="Élève", name="prenom", most=6),),
    tariffs=(
        fixed("dossier", "Frais de dossier", (SCHOOL_2025, 3700), (SCHOOL_2026, 3800)),
        tariff(
            "cursus",
            "Cursus",
            *(
                (vote, grid(by_choice("Cursus", "cursus", *COURSES), cells=cells))
                for vote, cells in ((SCHOOL_2025, (59100, 52800, 16800)), (SCHOOL_2026, (60300, 54000, 17100)))
            ),
        ),
        fixed("violon", "Location de violon", (SCHOOL_2025, 4500)),
    ),
    products=(
        product("dossier", "Frais de dossier", "7062"),
        product("cursus", "Cursus", "7062", unit="an"),
        product("violon", "Location de violon", "7062", unit="trimestre"),
    ),
    degressions=(
        p.Degression(
            key="famille", label="Dégression familiale", order=p.Order.DEAREST, percents=(Decimal(0), Decimal(-20))
        ),
    ),
    lines=(
        line("dossier", "Frais de dossier"),
        line(
            "cursus",
            "Cursus",
            per="eleves",
            degression="famille",
            amount_steps=(
                p.FactorStep(
                    label="mois dus, tout mois commencé",
                    top=call("months", "arrivee", f.Day(_END)),
                    bottom=number(10),
                    when=filled("arrivee"),
                ),
            ),
        ),
        line("violon", "Location de violon", quantity=a("trimestres_violon")),
    ),
    terms=p.Terms(instalments=3, first=("dossier",)),
)

PLANS = (
    Plan(
        key="conservatoire",
        service=SERVICE,
        name="Inscription au conservatoire 2026-2027",
        form=FORM,
        pricing=PRICING,
        type=TYPE,
        about="Une inscription par famille, qui se règle en trois fois. Le prêt d’instrument se compte au trimestre.",
    ),
)
