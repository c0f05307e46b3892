"""A canteen that counts the meals of each child of a family."""

from obole.pricing.model import parts as p
from obole_demo.dispositifs.kit import SCHOOL_2025, a, counted, fixed, line, product

CHILDREN = p.Pricing(
    questions=(
        p.Question(key="prenom", label="Prénom", kind=p.QuestionKind.TEXT, group="enfants"),
        counted("repas", "Repas", group="enfants"),
    ),
    groups=(p.Group(key="enfants", label="Enfant", name="prenom"),),
    tariffs=(fixed("repas", "Repas", (SCHOOL_2025, 325)),),
    products=(product("repas", "Repas", "7067", unit="repas"),),
    lines=(line("repas", "Repas", quantity=a("repas"), per="enfants"),),
)
