"""The name of an authority in a sentence: « à la Ville de Valbourg », « du Département de la Loire », « d’Annecy »."""

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from obole.lib import texts


class Article(models.TextChoices):
    """What stands before the name."""

    GUESSED = "", _("Celui que le nom appelle")
    LA = "la", _("la (la Ville de…)")
    LE = "le", _("le (le Département de…)")
    ELIDED = "l", _("l’ (l’Agglomération de…)")
    LES = "les", _("les (les Services de…)")
    NONE = "none", _("aucun (Valbourg)")


_CALLED_FOR: dict[Article, tuple[str, ...]] = {
    Article.LA: ("caisse", "collectivite", "commune", "communaute", "mairie", "metropole", "region", "regie", "ville"),
    Article.LE: ("ccas", "centre", "conseil", "departement", "district", "groupement", "pays", "pole")
    + ("sivom", "sivu", "syndicat", "territoire", "village"),
    Article.ELIDED: ("agglomeration", "association", "etablissement", "eurometropole", "hopital", "office", "union"),
}
_GUESSES = {word: article for article, words in _CALLED_FOR.items() for word in words}
# In English they are « %(name)s », « to %(name)s » and « of %(name)s », whatever the article.
_AS_SUBJECT: dict[str, Promise] = {
    Article.LA: _("la %(name)s"),
    Article.LE: _("le %(name)s"),
    Article.ELIDED: _("l’%(name)s"),
    Article.LES: _("les %(name)s"),
}
_TO: dict[str, Promise] = {
    Article.LA: _("à la %(name)s"),
    Article.LE: _("au %(name)s"),
    Article.ELIDED: _("à l’%(name)s"),
    Article.LES: _("aux %(name)s"),
    Article.NONE: _("à %(name)s"),
}
_OF: dict[str, Promise] = {
    Article.LA: _("de la %(name)s"),
    Article.LE: _("du %(name)s"),
    Article.ELIDED: _("de l’%(name)s"),
    Article.LES: _("des %(name)s"),
    Article.NONE: _("de %(name)s"),
}
_OF_A_VOWEL = _("d’%(name)s")


def guess(name: str) -> Article:
    """Return the article that the first word calls for; none before a name that stands alone, as a town's."""
    words = texts.fold(name).split()
    return _GUESSES.get(words[0], Article.NONE) if words else Article.NONE


def subject(article: str, name: str) -> str:
    """Write « la Ville de Valbourg », « Annecy », to begin or go on with."""
    kind = article or guess(name)
    return name if kind == Article.NONE else str(_AS_SUBJECT[kind]) % {"name": name}


def to(article: str, name: str) -> str:
    """Write « à la Ville de Valbourg », « au Mans », « à Annecy »."""
    kind, bare = _contracted(article or guess(name), name)
    return str(_TO[kind]) % {"name": bare}


def of(article: str, name: str) -> str:
    """Write « de la Ville de Valbourg », « du Mans », « d’Annecy »."""
    kind, bare = _contracted(article or guess(name), name)
    said = _OF_A_VOWEL if kind == Article.NONE and _is_elided(bare) else _OF[kind]
    return str(said) % {"name": bare}


def _contracted(kind: str, name: str) -> tuple[str, str]:
    """Take off the article that a town's own name begins with, where French contracts it: Le Mans, Les Sables."""
    first, _space, rest = name.partition(" ")
    if kind == Article.NONE and rest and first in {"Le", "Les"}:
        return (Article.LE if first == "Le" else Article.LES), rest
    return kind, name


def _is_elided(name: str) -> bool:
    # Every h is taken for mute, and y for a vowel, as in nearly all names of towns.
    return texts.fold(name)[:1] in set("aeiouhy")
