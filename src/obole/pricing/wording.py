"""
« Pourquoi ce montant ? »: a priced line in French, short for a document, whole for a screen.

It reads results only, so that an invoice kept for years says the same. Plain text, in the language of the moment.
"""

from collections.abc import Callable, Mapping
from fractions import Fraction

from django.utils.functional import Promise
from django.utils.translation import gettext as _, gettext_lazy

from obole.lib import dates, money, units
from obole.pricing.model.numbers import as_fraction, format_number
from obole.pricing.model.results import ComputationStep, FoundPlace, PricedLine, Reason, Result, Stage, Vote
from obole.pricing.model.tariffs import AxisKind, Regime, Vat

LONGEST_LABEL, LONGEST_DETAIL = 120, 200
"""What a line of an invoice holds."""
_TIMES, _DASH = "\u00d7", "\u2014"

Values = Mapping[str, int | str]


def label(line: PricedLine) -> str:
    """Return what a document calls the line: « Léa — Repas »."""
    return cut(f"{line.row} {_DASH} {line.label}" if line.row else line.label, LONGEST_LABEL)


def short(line: PricedLine) -> str:
    """Return the rule of a line for a document: « tranche 701–1 000 ; 2ᵉ enfant −10 % »."""
    places = [_short_place(item) for item in line.found]
    said = (_SHORT[reason.code](reason.values) for reason in line.reasons if reason.code in _SHORT)
    parts = [*places, *(item for item in said if item)]
    if line.printed.quantity != line.quantity or line.printed.unit_cents != line.unit_cents:
        parts.append(f"{_number(line.quantity.as_integer_ratio())} {_TIMES} {money.euros(line.unit_cents)}")
    return cut("\u202f; ".join(parts), LONGEST_DETAIL)


def long(line: PricedLine) -> list[str]:
    """Return why a line comes to its amount, a sentence for each step from the vote to the cent."""
    said = [_long_place(item) for item in line.found]
    return [_vote(line.vote), *said, *(_sentence(reason, line) for reason in line.reasons), _outcome(line)]


def _vote(vote: Vote) -> str:
    if not vote.deliberation:
        return _("Tarif « %(tariff)s ».") % {"tariff": vote.tariff}
    return _("Tarif « %(tariff)s » : délibération n° %(number)s du %(voted)s, applicable depuis le %(effect)s.") % {
        "tariff": vote.tariff,
        "number": vote.deliberation,
        "voted": dates.format_short(vote.voted_on),
        "effect": dates.format_short(vote.effect),
    }


def explain(result: Result) -> list[str]:
    """Return why a bill comes to its total: its taxes, its total, how it is paid, and what is asked beside."""
    said = [_tax(row.vat, row.net_cents, row.vat_cents) for row in result.taxes]
    said.append(_("Total : %(total)s.") % {"total": money.euros(result.total_cents)})
    if result.acompte_cents:
        said.append(
            _("Acompte de %(percent)s %% : %(acompte)s ; solde : %(balance)s.")
            % {
                "percent": format_number(as_fraction(result.acompte_percent)),
                "acompte": money.euros(result.acompte_cents),
                "balance": money.euros(result.balance_cents),
            }
        )
    if len(result.instalments) > 1:
        parts = " + ".join(money.euros(cents) for cents in result.instalments)
        said.append(_("En %(count)s fois : %(parts)s.") % {"count": len(result.instalments), "parts": parts})
    for caution in result.cautions:
        text = _("Caution « %(label)s » : %(amount)s, à part, non encaissée.")
        said.append(text % {"label": caution.label, "amount": money.euros(caution.cents)})
    return said


def vat_mention(vat: Vat) -> str:
    """Return what a document says about the VAT of a line."""
    if vat.regime == Regime.TAXED:
        return _("TVA %(rate)s %%") % {"rate": format_number(as_fraction(vat.rate))}
    if vat.regime == Regime.EXEMPT:
        return _("Exonération – article %(article)s du CGI") % {"article": vat.article}
    if vat.regime == Regime.FRANCHISE:
        return _("TVA non applicable, art. 293 B du CGI")
    return _("Hors champ de la TVA")


def _tax(vat: Vat, net_cents: int, vat_cents: int) -> str:
    if vat.regime != Regime.TAXED:
        return f"{vat_mention(vat)}\u00a0: {money.euros(net_cents)}."
    text = _("%(mention)s : %(net)s HT, %(tax)s de TVA.")
    return text % {"mention": vat_mention(vat), "net": money.euros(net_cents), "tax": money.euros(vat_cents)}


def cut(text: str, longest: int) -> str:
    """Return a text that is not longer than what it goes into; an ellipsis says that there was more."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _short_place(found: FoundPlace) -> str:
    place = (
        _("tranche %(place)s")
        if found.kind == AxisKind.BRACKETS and found.how != ComputationStep.SPECIAL
        else "%(place)s"
    )
    return place % {"place": found.place}


def _long_place(found: FoundPlace) -> str:
    value = _number(found.value) if found.kind == AxisKind.BRACKETS and found.value else _said(found.value)
    values = {"axis": found.axis, "value": value, "place": found.place, "note": found.note}
    if found.how == ComputationStep.MISSING:
        return _("%(axis)s : pas de réponse, le tarif « %(place)s » s’applique.") % values
    if found.how == ComputationStep.SPECIAL:
        return _("%(axis)s : le tarif « %(place)s » s’applique.") % values
    if found.how == ComputationStep.SHIFTED:
        return _("%(axis)s : %(value)s, tranche %(place)s (décalée : %(note)s).") % values
    if found.kind == AxisKind.BRACKETS:
        return _("%(axis)s : %(value)s, tranche %(place)s.") % values
    return f"{found.axis}\u00a0: {found.place}."


def _said(value: str) -> str:
    return {"yes": _("oui"), "no": _("non")}.get(value, value)


def _sentence(reason: Reason, line: PricedLine) -> str:
    shown = {name: _shown(name, value) for name, value in reason.values.items()} | {"unit": _unit(reason, line.unit)}
    if reason.code == "formula":
        shown["known"] = f" ({shown['known']})" if shown["known"] else ""
    if reason.code in {"percent", "degression"}:
        shown["percent"] = _signed(reason.values["percent"]).removesuffix(f"{money.NO_BREAK_SPACE}%")
    text = _once(str(_LONG[reason.stage, reason.code]) % shown)
    exact_euros, cents = reason.values.get("exact"), reason.values.get("cents")
    # What a step comes to, and how it was rounded; these three say it themselves.
    if reason.code not in {"rate", "given", "rounded"} and isinstance(exact_euros, str) and isinstance(cents, int):
        return text + _rounding(Fraction(exact_euros), cents)
    return text + "."


def _unit(reason: Reason, unit: str) -> str:
    counted = reason.values.get("after", reason.values.get("quantity"))
    return f"{money.NO_BREAK_SPACE}{units.agree(Fraction(str(counted)), unit)}" if unit and counted is not None else ""


def _rounding(euros: Fraction, cents: int) -> str:
    if euros * 100 == cents:
        return f" = {money.euros(cents)}."
    said = _(" = %(exact)s, arrondi à %(cents)s.") % {"exact": _euros(euros), "cents": money.euros(cents)}
    return _once(said)


def _once(said: str) -> str:
    """Write « ≈ » for what is about equal, and no other sign before it."""
    return said.replace("= \u2248", "\u2248")


def _shown(name: str, value: int | str) -> str:
    if isinstance(value, int):
        return f"{'+' if name == 'change_cents' and value > 0 else ''}{money.euros(value)}"
    if name in {"base", "exact"}:
        return _euros(Fraction(value))
    return value if name in {"label", "rounding", "words", "known", "result"} else _number(value)


def _number(value: str | tuple[int, int]) -> str:
    return format_number(Fraction(*value) if isinstance(value, tuple) else Fraction(value))


def _euros(amount: Fraction) -> str:
    """Write an amount in euros that may fall between two cents."""
    cents = amount * 100
    return money.euros(cents.numerator) if cents.denominator == 1 else f"{format_number(amount)}{money.NO_BREAK_SPACE}€"


def _outcome(line: PricedLine) -> str:
    return _("Montant de la ligne : %(amount)s (%(mention)s).") % {
        "amount": money.euros(line.amount_cents),
        "mention": vat_mention(line.vat),
    }


def _signed(percent: int | str) -> str:
    number = Fraction(percent)
    return f"{'+' if number > 0 else ''}{format_number(number)}{money.NO_BREAK_SPACE}%"


def _ratio(values: Values) -> str:
    return f"{_number(str(values['top']))}/{_number(str(values['bottom']))}"


_SHORT: dict[str, Callable[[Values], str]] = {
    "percent": lambda v: f"{v['label']} {_signed(v['percent'])}",
    "degression": lambda v: f"{v['label']} {_signed(v['percent'])}",
    "amount": lambda v: f"{v['label']} {money.euros(int(v['change_cents']))}",
    "factor": lambda v: f"{_ratio(v)} {v['label']}",
    "rate": lambda v: f"{format_number(Fraction(v['percent']))}{money.NO_BREAK_SPACE}% × {_euros(Fraction(v['base']))}",
    "raised": lambda _v: _("au minimum"),
    "capped": lambda _v: _("au maximum"),
    "share": lambda v: f"{_signed(v['percent'])} × {money.euros(int(v['sum_cents']))}",
    "limit_raised": lambda v: _("minimum de %(limit)s") % {"limit": money.euros(int(v["limit_cents"]))},
    "limit_capped": lambda v: _("plafond de %(limit)s") % {"limit": money.euros(int(v["limit_cents"]))},
    "free": lambda v: str(v["label"]),
    "weeks": lambda v: str(v["words"]),
    "billed_minimum": lambda v: _("minimum %(after)s") % {"after": _number(str(v["after"]))},
}

_PRICE, _QUANTITY, _AMOUNT = Stage.PRICE, Stage.QUANTITY, Stage.AMOUNT
_PERCENT = gettext_lazy("%(label)s : %(before_cents)s, %(percent)s %%")
_CHANGED = gettext_lazy("%(label)s : %(before_cents)s, %(change_cents)s")
_FORMULA = gettext_lazy("%(label)s : %(words)s = %(result)s%(known)s")
_FACTOR = gettext_lazy("%(label)s : %(before_cents)s × %(top)s ÷ %(bottom)s")
_LONG: dict[tuple[Stage, str], Promise | str] = {
    (_PRICE, "dated"): gettext_lazy("%(label)s : %(result)s depuis le %(known)s"),
    (_PRICE, "fixed"): gettext_lazy("Prix voté : %(cents)s"),
    (_PRICE, "cell"): gettext_lazy("Prix voté : %(cents)s"),
    (_PRICE, "rate_missing"): gettext_lazy("%(label)s : pas de réponse, le prix est de %(cents)s"),
    (_PRICE, "rate_base"): gettext_lazy("%(label)s : %(base)s"),
    (_PRICE, "base_raised"): gettext_lazy("%(label)s : ramené au plancher de %(cents)s"),
    (_PRICE, "base_capped"): gettext_lazy("%(label)s : ramené au plafond de %(cents)s"),
    (_PRICE, "rate"): gettext_lazy("%(base)s × %(percent)s %% = %(exact)s"),
    (_PRICE, "given"): gettext_lazy("Prix donné ou calculé : %(exact)s"),
    (_PRICE, "rounded"): gettext_lazy("Prix : %(exact)s, arrondi à %(cents)s"),
    (_PRICE, "raised"): gettext_lazy("Prix relevé de %(before_cents)s au minimum de %(cents)s"),
    (_PRICE, "capped"): gettext_lazy("Prix ramené de %(before_cents)s au maximum de %(cents)s"),
    (_PRICE, "share"): gettext_lazy("%(percent)s %% de %(sum_cents)s"),
    (_PRICE, "limit_raised"): gettext_lazy(
        "Complément : le total de %(sum_cents)s est porté au minimum de %(limit_cents)s"
    ),
    (_PRICE, "limit_capped"): gettext_lazy("Plafonnement : le total de %(sum_cents)s est ramené à %(limit_cents)s"),
    (_PRICE, "degression"): gettext_lazy("%(label)s, rang %(rank)s : %(before_cents)s, %(percent)s %%"),
    (_PRICE, "percent"): _PERCENT,
    (_AMOUNT, "percent"): _PERCENT,
    (_PRICE, "amount"): _CHANGED,
    (_AMOUNT, "amount"): _CHANGED,
    (_PRICE, "factor"): _FACTOR,
    (_AMOUNT, "factor"): _FACTOR,
    (_PRICE, "formula"): _FORMULA,
    (_QUANTITY, "formula"): _FORMULA,
    (_QUANTITY, "weeks"): gettext_lazy("Garde partagée : %(words)s, l’autre semaine n’est pas facturée ici"),
    (_QUANTITY, "stepped"): gettext_lazy("Quantité : %(before)s, arrondie à %(after)s%(unit)s (par %(step)s)"),
    (_QUANTITY, "billed_minimum"): gettext_lazy("Quantité : %(before)s, portée au minimum de %(after)s%(unit)s"),
    (_QUANTITY, "free"): gettext_lazy("%(label)s : %(used)s déjà utilisées, %(taken)s gratuites, %(left)s à payer"),
    (_AMOUNT, "times"): gettext_lazy("%(quantity)s%(unit)s × %(unit_cents)s"),
    (_AMOUNT, "deducted"): gettext_lazy("%(cents)s à déduire"),
}
