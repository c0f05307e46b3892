"""Copies of documents, at the ceilings of the law; and civil status, which is free."""

from obole.catalogue.fields import FieldKind as K
from obole.pricing.model import parts as p, tariffs as t
from obole_demo.dispositifs.kit import (
    YEAR_2025,
    Plan,
    ServicePlan,
    TypePlan,
    a,
    ask,
    ask_agent,
    equals,
    filled,
    fixed,
    line,
    product,
    questions,
    tariff,
)

SERVICE = ServicePlan(
    name="Actes et documents administratifs",
    about="Copies de documents de la mairie, actes d’état civil.",
    pictogram="document",
)
TYPE = TypePlan(
    name="Copies de documents",
    regie="DOM",
    payment_term=15,
    nature="7078",
    vat_mention="Hors champ de la TVA",
    introduction="Au plus ce que permet l’arrêté du 1er octobre 2001.",
    colour="#4a4a55",
)
BY_POST, AT_THE_DESK = SENT = ("par la poste", "à retirer en mairie")

FORM = (
    ask(
        "documents",
        "Documents demandés",
        K.PARAGRAPH,
        help="Par exemple : le permis de construire 2019-042 et ses plans.",
    ),
    ask("envoi", "Remise des copies", K.CHOICE, choices=SENT),
    ask("adresse", "Adresse d’envoi", K.ADDRESS, prefill="address", shown_if=equals("envoi", BY_POST)),
    ask_agent("pages", "Pages A4 en noir et blanc", K.NUMBER, maximum="5000"),
    ask_agent("cederoms", "Cédéroms", K.NUMBER, maximum="50"),
    ask_agent("port", "Affranchissement", K.AMOUNT, maximum="200"),
)
PRICING = p.Pricing(
    questions=tuple(questions(FORM, "pages", "cederoms", "port")),
    tariffs=(
        fixed("page", "Page A4 en noir et blanc", (YEAR_2025, 18)),
        fixed("cederom", "Cédérom", (YEAR_2025, 275)),
        tariff("port", "Affranchissement", (YEAR_2025, t.Given(of=a("port")))),
    ),
    products=(
        product("page", "Page A4", "7078", unit="page"),
        product("cederom", "Cédérom", "7078"),
        product("port", "Affranchissement", "7078"),
    ),
    lines=(
        line("page", "Copie A4 en noir et blanc", quantity=a("pages")),
        line("cederom", "Cédérom", quantity=a("cederoms")),
        line("port", "Affranchissement", when=filled("port")),
    ),
)

FREE_FORM = (
    ask("acte", "Acte demandé", K.CHOICE, choices=("naissance", "mariage", "décès")),
    ask("nom", "Nom et prénoms de la personne"),
    ask("jour", "Date de l’événement", K.DATE),
    ask(
        "lien",
        "Votre lien avec cette personne",
        K.CHOICE,
        choices=("moi-même", "conjoint", "parent", "enfant", "autre"),
    ),
    ask("exemplaires", "Nombre d’exemplaires", K.NUMBER, minimum="1", maximum="5"),
)

PLANS = (
    Plan(
        key="copies",
        service=SERVICE,
        name="Copie de documents administratifs",
        form=FORM,
        pricing=PRICING,
        type=TYPE,
        about="0,18 € la page, plus l’affranchissement.",
    ),
    Plan(
        key="etat_civil",
        service=SERVICE,
        name="Acte d’état civil",
        form=FREE_FORM,
        about="Copie intégrale ou extrait d’un acte de naissance, de mariage ou de décès. Gratuit.",
    ),
)
