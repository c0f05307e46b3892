"""
A pricing as its page shows it: each part with a word about it, and what is wrong with a link to where it is mended.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _, gettext_lazy, ngettext

from obole.catalogue.forms.pricing_match import KINDS as ANSWERS
from obole.crm.pricing_editor.forms.tariffs import KINDS as PRICES
from obole.lib import dates, money
from obole.pricing.model import tariffs as t
from obole.pricing.model.parts import AskedOf, BillingLine, Pricing, Product, Question, Terms
from obole.pricing.model.problems import Problem
from obole.pricing.text.formatter import Writer, number, writer
from obole.pricing.uses import Use, uses

SLUGS = {
    "donnees": "questions",
    "blocs": "groups",
    "valeurs": "values",
    "tarifs": "tariffs",
    "produits": "products",
    "degressions": "degressions",
    "lignes": "lines",
    "cautions": "cautions",
}
TITLES: dict[str, Promise] = {
    "donnees": gettext_lazy("Données"),
    "blocs": gettext_lazy("Blocs répétés"),
    "valeurs": gettext_lazy("Valeurs calculées"),
    "tarifs": gettext_lazy("Tarifs"),
    "produits": gettext_lazy("Produits"),
    "lignes": gettext_lazy("Lignes de facture"),
    "degressions": gettext_lazy("Dégressions"),
    "cautions": gettext_lazy("Cautions"),
}
HINTS: dict[str, Promise] = {
    "donnees": gettext_lazy("Ce dont le prix dépend : ce que l’usager répond, ce que l’agent ajoute."),
    "blocs": gettext_lazy("Des réponses qui viennent plusieurs fois : une ligne par enfant."),
    "valeurs": gettext_lazy("Ce qui se calcule d’abord : une surface arrondie, un nombre de mois."),
    "tarifs": gettext_lazy("Les prix que l’assemblée a votés, avec leur délibération et leur date d’effet."),
    "produits": gettext_lazy("Ce qui se facture : son unité, son imputation, son tarif."),
    "lignes": gettext_lazy("Ce que la facture écrit : quel produit, combien, pour qui, dans quel cas."),
    "degressions": gettext_lazy("Moins cher à partir de la deuxième ligne."),
    "cautions": gettext_lazy("Demandées à part : jamais dans le total."),
}
SORTS: dict[str, Promise] = {
    "groups": gettext_lazy("Bloc répété"),
    "values": gettext_lazy("Valeur calculée"),
    "tariffs": gettext_lazy("Tarif"),
    "lines": gettext_lazy("Ligne de facture"),
    "cautions": gettext_lazy("Caution"),
}
USED = ("donnees", "valeurs")
"""What is there for others to use."""
ALWAYS_SHOWN = ("donnees", "tarifs", "produits", "lignes")
_PLACE = re.compile(r"(\w+)\[(\d+)\](?:\.versions\[(\d+)\])?")


@dataclass(frozen=True)
class Item:
    """A part: its name, what is said of it, where it is changed."""

    key: str
    label: str
    detail: str
    url: str
    links: list[tuple[str, str]] = field(default_factory=list)
    unused: bool = False
    """Whether it is made for prices, and none is made of it."""


@dataclass(frozen=True)
class Section:
    """The parts of one sort."""

    slug: str
    title: str
    hint: str
    items: list[Item]
    add: str


def outline(pk: int, pricing: Pricing) -> list[Section]:
    """Return the sections of a pricing, in the order in which they are filled."""
    told = _Told(pk, pricing)
    return [
        Section(slug, str(TITLES[slug]), str(HINTS[slug]), list(told.items(slug)), _address("new", pk, slug))
        for slug in TITLES
        if slug in ALWAYS_SHOWN or getattr(pricing, SLUGS[slug])
    ]


def others(pk: int, pricing: Pricing) -> list[tuple[str, str]]:
    """Return what may be added beside: the titles and addresses of the sorts that have no part yet."""
    return [
        (str(TITLES[slug]), _address("new", pk, slug))
        for slug in TITLES
        if slug not in ALWAYS_SHOWN and not getattr(pricing, SLUGS[slug])
    ]


def problem_links(pk: int, pricing: Pricing, problems: list[Problem]) -> list[tuple[str, str]]:
    """
    Return each problem as a sentence, with the address of the part that it is about (nothing if it is about none).
    """
    return [
        (f"{problem.message[:1].upper()}{problem.message[1:]}", _place(pk, pricing, problem.path))
        for problem in problems
    ]


def used_by(pk: int, pricing: Pricing, key: str) -> list[tuple[str, str]] | None:
    """Return what uses a datum or a computed value, each with its address; None for what is neither."""
    found = uses(pricing).get(key)
    if found is None:
        return None
    slugs = {section: slug for slug, section in SLUGS.items()}
    return [
        (f"{SORTS[use.section]} «\u00a0{use.part.label}\u00a0»", _use_url(pk, slugs[use.section], use)) for use in found
    ]


def _use_url(pk: int, slug: str, use: Use) -> str:
    if slug != "tarifs":
        return _address("part", pk, slug, use.part.key)
    return _address("version", pk, use.part.key, len(use.part.versions) - 1)


def terms_words(terms: Terms) -> str:
    """Say in a few words how the total is paid."""
    said = []
    if terms.acompte:
        said.append(_("acompte de %(rate)s") % {"rate": percent(terms.acompte)})
    if terms.instalments > 1:
        said.append(_("en %(n)d échéances") % {"n": terms.instalments})
    if terms.carry_below:
        said.append(_("reportée sous %(amount)s") % {"amount": money.euros(terms.carry_below)})
    return ", ".join(said) or _("en une fois")


class _Told:
    """Says what each part is."""

    def __init__(self, pk: int, pricing: Pricing) -> None:
        self.pk, self.pricing, self.write = pk, pricing, writer(pricing)
        self._labels = {
            sort: {item.key: item.label for item in getattr(pricing, sort)}
            for sort in ("groups", "tariffs", "products", "degressions")
        }
        self._sold = {line.product for line in pricing.lines}
        self._uses = uses(pricing)

    def items(self, slug: str) -> Iterator[Item]:
        """Return the parts of a section."""
        for item in getattr(self.pricing, SLUGS[slug]):
            said, links = _SAID[slug](self, item), self._links(slug, item)
            address = links[-1][1] if slug == "tarifs" and links else _address("part", self.pk, slug, item.key)
            if slug == "tarifs" and not item.versions:
                address = _address("version_new", self.pk, item.key)
            unused = slug in USED and not self._uses[item.key]
            yield Item(item.key, item.label, said, address, links, unused)

    def _links(self, slug: str, value: Any) -> list[tuple[str, str]]:
        if slug == "produits" and value.tariff not in self._labels["tariffs"]:
            return [(_("Aucun prix : le saisir"), f"{_address('tariff_new', self.pk)}?produit={value.key}")]
        if slug == "produits" and value.key not in self._sold:
            new = _address("new", self.pk, "lignes")
            return [(_("Aucune ligne ne le facture : en ajouter une"), f"{new}?produit={value.key}")]
        if slug != "tarifs":
            return []
        if not value.versions:
            return [(_("Aucun prix : le saisir"), _address("version_new", self.pk, value.key))]
        return [
            (vote_words(version), _address("version", self.pk, value.key, n))
            for n, version in enumerate(value.versions)
        ]

    def question(self, question: Question) -> str:
        """Say what an answer is, and whose."""
        asked = _("remplie par l’usager") if question.asked_of == AskedOf.CITIZEN else _("remplie par l’agent")
        said = [str(ANSWERS[question.kind]), asked]
        if question.group:
            said.append(_("dans « %(group)s »") % {"group": self._labels["groups"].get(question.group, question.group)})
        return ", ".join([*said, *([_("obligatoire")] if question.required else [])])

    def tariff(self, tariff: t.Tariff) -> str:
        """Say of what kind a price is."""
        return str(PRICES[tariff.versions[-1].price.KIND][0]).lower() if tariff.versions else ""

    def product(self, product: Product) -> str:
        """Say by what unit and at which tariff a product is billed."""
        tariff = _("tarif « %(label)s »") % {"label": self._labels["tariffs"].get(product.tariff, product.tariff)}
        return ", ".join(
            said
            for said in (product.unit, tariff, product.nature and _("imputation %(n)s") % {"n": product.nature})
            if said
        )

    def line(self, line: BillingLine) -> str:
        """Say what a line bills."""
        said = [f"{self.write.formula(line.quantity)} × {self._labels['products'].get(line.product, line.product)}"]
        if line.per:
            said.append(_("une ligne par : %(label)s") % {"label": self._labels["groups"].get(line.per, line.per)})
        if line.when is not None:
            said.append(_("si %(condition)s") % {"condition": self.write.condition(line.when)})
        rules = len(line.price_steps) + len(line.amount_steps)
        if rules:
            said.append(ngettext("%(n)d règle de prix", "%(n)d règles de prix", rules) % {"n": rules})
        return " · ".join([*said, *([_("à déduire")] if line.deduct else [])])


def vote_words(version: t.Version) -> str:
    """Say from when a price applies, and who voted it."""
    said = _("au %(day)s, délibération n° %(number)s") if version.deliberation else _("sans délibération connue")
    return said % {"day": dates.format_short(version.effect), "number": version.deliberation}


def percent(value: Decimal) -> str:
    """Write a percentage."""
    return f"{number(value)}{money.NO_BREAK_SPACE}%"


def step_words(step: Any, write: Writer) -> str:
    """Say what a rule does to a price."""
    if hasattr(step, "percent"):
        said = f"{'+' if step.percent > 0 else ''}{percent(step.percent)}"
    elif hasattr(step, "cents"):
        said = f"{'+' if step.cents > 0 else ''}{money.euros(step.cents)}"
    else:
        said = f"× {write.formula(step.top)} ÷ {write.formula(step.bottom)}"
    return (
        said
        if step.when is None
        else _("%(rule)s si %(condition)s") % {"rule": said, "condition": write.condition(step.when)}
    )


_SAID: dict[str, Any] = {
    "donnees": _Told.question,
    "tarifs": _Told.tariff,
    "produits": _Told.product,
    "lignes": _Told.line,
    "blocs": lambda _told, item: _("%(n)d lignes au plus") % {"n": item.most},
    "valeurs": lambda told, item: told.write.formula(item.of),
    "degressions": lambda _told, item: "\u202f; ".join(percent(rank) for rank in item.percents),
    "cautions": lambda told, item: (
        money.euros(item.cents) + ("" if item.when is None else f" · {told.write.condition(item.when)}")
    ),
}


def _address(name: str, *args: object) -> str:
    return reverse(f"crm:settings_pricing_{name}", args=args)


def _place(pk: int, pricing: Pricing, path: str) -> str:
    """Return where a problem is mended."""
    if path.startswith("terms"):
        return _address("terms", pk)
    match = _PLACE.match(path)
    if match is None:
        slug, key = next(((s, path) for s in ("donnees", "blocs", "valeurs") if path in _keys(pricing, s)), ("", ""))
        return _address("part", pk, slug, key) if slug else ""
    slug = next((slug for slug, section in SLUGS.items() if section == match[1]), "")
    parts = getattr(pricing, match[1], ()) if slug else ()
    if int(match[2]) >= len(parts):
        return ""
    key = parts[int(match[2])].key
    if slug != "tarifs":
        return _address("part", pk, slug, key)
    return (
        _address("version", pk, key, int(match[3] or 0))
        if parts[int(match[2])].versions
        else _address("version_new", pk, key)
    )


def _keys(pricing: Pricing, slug: str) -> set[str]:
    return {item.key for item in getattr(pricing, SLUGS[slug])}
