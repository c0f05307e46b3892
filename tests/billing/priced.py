"""What the tests of priced invoices share: a town whose canteen has a pricing, and the family of the handbook."""

import json
from collections.abc import Sequence
from datetime import date
from typing import Any

from obole.billing import operations as billing
from obole.billing.models import Invoice
from obole.catalogue import operations as catalogue
from obole.catalogue.models import PricingVersion
from obole.dossiers.models import Dossier
from obole.pricing.model import parts as p, tariffs as t
from obole.pricing.model.parts import Pricing
from obole.pricing.text import codec
from tests.pricing.build import a, fixed, line, number, product
from tests.pricing.dispositifs import SCHOOL, TWENTY
from tests.world import NOON, WHO, Town, make_dossier

FAMILY: dict[str, Any] = {
    "qf": "842",
    "resident": "yes",
    "enfants": [{"prenom": "Léa", "repas": "16", "soirs": "24", "hors_delai": "1"}, {"repas": "16"}, {"repas": "14"}],
}
"""Comes to 158,88 €."""


def publish(town: Town, pricing: Pricing = SCHOOL) -> PricingVersion:
    described = json.loads(json.dumps(codec.as_dict(pricing)))
    return catalogue.publish_pricing(scheme_id=town.scheme.pk, described=described, actor=WHO, at=NOON)


def answered(version: PricingVersion, answers: dict[str, Any] | None = None, **more: Any) -> billing.PricingAnswers:
    return billing.PricingAnswers(
        version_id=version.pk, answers=FAMILY if answers is None else answers, on=NOON.date(), **more
    )


def bill(
    town: Town,
    version: PricingVersion,
    answers: dict[str, Any] | None = None,
    *,
    dossier: Dossier | None = None,
    key: str = "k",
    later: Sequence[date] | None = None,
) -> Invoice:
    """Issue an invoice of these answers, or the first of several, the others on the days of ``later``."""
    return billing.generate_invoice(
        dossier_id=(dossier or make_dossier(town)).pk,
        type_id=town.type.pk,
        answered=answered(version, answers),
        period="novembre 2026",
        request_key=key,
        later=later,
        confirmed=billing.Confirmed(again=True),
        actor=WHO,
        at=NOON,
    )


HALL_ASKED: dict[str, Any] = {
    "demandeur": "résident",
    "duree": "week-end",
    "du": "12/12/2026",
    "cuisine": "oui",
    "couverts": "80",
}
"""Comes to 526,00 €, with an acompte of 157,80 €, and cautions of 800,00 € and 150,00 €."""
MUSIC_ASKED: dict[str, Any] = {"eleves": [{"cursus": "instrument"}, {"cursus": "instrument"}], "trimestres_violon": "3"}
"""Comes to 1 258,40 €, in 444,80 €, 406,80 € and 406,80 €."""
COPIES = p.Pricing(
    questions=(number("pages"), number("livres", required=False)),
    tariffs=(fixed("pages", 20), fixed("livres", 500, vat=TWENTY, typed=t.Typed.NET)),
    products=(product("pages", nature="7062"), product("livres", nature="7088")),
    lines=(line("pages", quantity=a("pages")), line("livres", quantity=a("livres"))),
    terms=p.Terms(carry_below=1500),
)
"""Copies at 0,20 € and books at 5,00 € without their VAT of 20 %; what is under 15,00 € may be carried over."""
