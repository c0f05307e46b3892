"""Why a line seems to be what is proposed, and why it was matched: in the words of who reads it."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.utils.translation import gettext as _, ngettext

from obole.lib import dates
from obole.payments.models import Receipt


def reason(why: str, words: Mapping[str, Any]) -> str:
    """Say in a sentence why."""
    count = int(words.get("count", 0))
    if why == "list":
        said = ngettext(
            "La liste de PayFiP met %(count)d paiement dans ce crédit (%(credit)s).",
            "La liste de PayFiP met ces %(count)d paiements dans ce crédit (%(credit)s).",
            count,
        )
        return said % {"count": count, "credit": _named(str(words["credit"]))}
    if why == "reference":
        said = ngettext(
            "Le libellé porte la référence %(reference)s, et le montant est le même.",
            "Le libellé porte les références de %(count)d encaissements (%(reference)s…), et le montant est le même.",
            count,
        )
        return said % {"count": count, "reference": words["reference"]}
    return _by_period(words, count) if why == "day" else _simple(why, words)


def _by_period(words: Mapping[str, Any], count: int) -> str:
    means = ", ".join(str(Receipt.Means(name).label) for name in str(words["means"]).split(","))
    first, last = (dates.format_short(date.fromisoformat(str(words[name]))) for name in ("first", "last"))
    if first == last:
        said = ngettext(
            "Tout ce qui a été reçu le %(first)s (%(means)s) : %(count)d encaissement, au centime près.",
            "Tout ce qui a été reçu le %(first)s (%(means)s) : %(count)d encaissements, au centime près.",
            count,
        )
    else:
        said = ngettext(
            "Tout ce qui a été reçu du %(first)s au %(last)s (%(means)s) : %(count)d encaissement, au centime près.",
            "Tout ce qui a été reçu du %(first)s au %(last)s (%(means)s) : %(count)d encaissements, au centime près.",
            count,
        )
    return said % {"first": first, "last": last, "means": means, "count": count}


def _simple(why: str, words: Mapping[str, Any]) -> str:
    sentences = {
        "amount": _("C’est la seule somme de ce montant qui attend : à vérifier, rien d’autre ne la désigne."),
        "back": _("La banque reprend ce montant, et un seul encaissement crédité est de ce montant."),
        "fees": _("Le libellé parle de « %(word)s ».") % {"word": words.get("word", "")},
        "chosen": _("Choisi par la personne qui a rapproché."),
        "unknown": _("Personne ne sait encore qui a versé cette somme."),
    }
    return sentences[why]


def _named(credit: str) -> str:
    try:
        return dates.format_short(date.fromisoformat(credit))
    except ValueError:
        return credit
