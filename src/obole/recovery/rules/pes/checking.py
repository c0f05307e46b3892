"""What is wrong with a rôle before it is a file: our own checks, each with what to mend and where. Pure."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum

from django.utils.functional import Promise
from django.utils.translation import gettext as _, gettext_lazy
from stdnum.exceptions import ValidationError
from stdnum.fr import siret

from obole.recovery.rules.pes import elements
from obole.recovery.rules.pes.characters import unwritable
from obole.recovery.rules.pes.elements import Element
from obole.recovery.rules.pes.flow import MOST_PIECES, Flow, Piece

_SENTENCE_OF_A_NAME = gettext_lazy("le nom manque, ou un de ses mots dépasse 38 caractères.")
_SENTENCE_OF_A_TOWN = gettext_lazy(
    "l’adresse doit finir par un code postal français et une ville, par exemple « 59000 Valbourg »."
)
RULES: dict[str, tuple[str, Promise]] = {
    "NomFic": (r"[A-Za-z0-9]{1,96}\.xml", gettext_lazy("le nom du fichier ne peut pas être formé.")),
    "IdPost": (
        r"(?:\d{6,7}|02[AB]\d{3,4})",
        gettext_lazy("le codique du poste comptable a 6 ou 7 chiffres (ou 02A, 02B puis 3 ou 4 chiffres)."),
    ),
    "IdColl": (r"\d{14}", gettext_lazy("le SIRET du budget a 14 chiffres.")),
    "CodCol": (r"\d{3}", gettext_lazy("le code collectivité a 3 chiffres.")),
    "CodBud": (r"[0-9A-Z][0-9]", gettext_lazy("le code budget a 2 caractères, par exemple 00.")),
    "Exer": (r"20\d\d", gettext_lazy("l’exercice est une année.")),
    "IdBord": (r"\d{7}", gettext_lazy("le numéro de bordereau a 7 chiffres au plus.")),
    "NbrPce": (r"[1-9]\d{0,4}", gettext_lazy("un fichier a de 1 à 99 999 pièces.")),
    "MtBordHt": (r"\d{1,12}\.\d\d", gettext_lazy("le total dépasse ce que le fichier peut écrire.")),
    "Objet": (r".{1,160}", gettext_lazy("l’objet du bordereau manque.")),
    "IdPce": (r"[1-9]\d{0,7}", gettext_lazy("le numéro de la pièce a 8 chiffres au plus.")),
    "ObjPce": (r".{1,160}", gettext_lazy("l’objet manque.")),
    "NumDette": (r"\d{1,13}", gettext_lazy("le numéro de dette a 13 chiffres au plus : raccourcissez son préfixe.")),
    "Per": (r"\d", gettext_lazy("la période est un chiffre.")),
    "NumeroFacture": (r".{1,20}", gettext_lazy("le numéro de la facture dépasse 20 caractères.")),
    "CodProdLoc": (r"[0-9A-Za-z]{1,4}", gettext_lazy("aucun code produit local pour l’imputation « %(nature)s ».")),
    "MtHT": (r"\d{1,12}\.\d\d", gettext_lazy("le montant dépasse ce que le fichier peut écrire.")),
    "CatTiers": (
        r"\d\d",
        gettext_lazy("la catégorie des associations et des entreprises n’est pas réglée : demandez-la au comptable."),
    ),
    "Nom": (r".{1,38}", _SENTENCE_OF_A_NAME),
    "ComplNom": (r".{1,38}", gettext_lazy("le nom est trop long : il tient en deux fois 38 caractères.")),
    "Prenom": (r".{1,38}", gettext_lazy("le prénom dépasse 38 caractères : raccourcissez-le.")),
    "Adr1": (r".{1,38}", gettext_lazy("ce qui précède la rue dépasse 38 caractères : abrégez l’adresse.")),
    "Adr2": (r".{1,38}", gettext_lazy("la rue manque, ou dépasse 38 caractères : abrégez l’adresse.")),
    "Adr3": (r".{1,38}", gettext_lazy("ce qui suit la rue dépasse 38 caractères : abrégez l’adresse.")),
    "CP": (r"\d{5}", _SENTENCE_OF_A_TOWN),
    "Ville": (r".{1,38}", _SENTENCE_OF_A_TOWN),
}
"""What an element must look like, and the sentence where it does not."""
_COMPILED = {name: re.compile(pattern) for name, (pattern, _sentence) in RULES.items()}
_OF_SETTINGS = frozenset({"CodProdLoc", "CatTiers", "NumDette", "Per"})
_ADDRESS = frozenset({"Adr2", "CP", "Ville"})


class Place(Enum):
    """Where something is mended."""

    SETTINGS = "settings"
    INVOICE = "invoice"
    PAYER = "payer"


@dataclass(frozen=True)
class Problem:
    """Something that is wrong: a sentence, where to mend it, and the piece that cannot be written with it."""

    place: Place
    pk: int
    sentence: str
    piece: int = 0
    """The number of a piece; 0 for what stops the whole file."""


def problems_of(flow: Flow) -> list[Problem]:
    """Return all that is wrong with a rôle, the whole first; an empty list is a file that can be written."""
    return [*_of_the_whole(flow), *_of_pieces(flow)]


def _of_the_whole(flow: Flow) -> Iterator[Problem]:
    said = [*elements.parameters(flow), *elements.header(flow), *elements.bordereau(flow)]
    sentences = [sentence for _name, sentence in _wrong(said)]
    if re.fullmatch(RULES["IdColl"][0], flow.siret) and not siret_is_right(flow.siret):
        sentences.append(_("le SIRET du budget est faux : un de ses chiffres a été mal recopié."))
    if not 1 <= len(flow.pieces) <= MOST_PIECES:
        sentences.append(str(RULES["NbrPce"][1]))
    if flow.notices_on and flow.notices_on < flow.day:
        sentences.append(_("les avis ne peuvent pas partir avant le jour du bordereau."))
    for label, counted in (
        (_("pièces"), Counter(piece.number for piece in flow.pieces)),
        (_("numéros de dette"), Counter(piece.debt for piece in flow.pieces)),
    ):
        if any(times > 1 for times in counted.values()):
            sentences.append(_("deux %(what)s sont les mêmes.") % {"what": label})
    yield from (Problem(Place.SETTINGS, 0, sentence) for sentence in dict.fromkeys(sentences))


def _of_pieces(flow: Flow) -> Iterator[Problem]:
    for piece, said, lines, owes in elements.of_pieces(flow):
        at = {"invoice": piece.invoice, "nature": ""}
        for name, sentence in _wrong(said, at):
            yield _problem(piece, name, sentence, Place.INVOICE)
        for line, told in zip(piece.lines, lines, strict=True):
            for name, sentence in _wrong(told, {**at, "nature": line.nature or _("sans imputation")}):
                yield _problem(piece, name, sentence, Place.INVOICE)
        if not piece.lines or any(line.cents <= 0 for line in piece.lines):
            yield _problem(piece, "MtHT", _("chaque ligne doit être au-dessus de zéro."), Place.INVOICE)
        for name, sentence in _once(_wrong(owes, at)):
            yield _problem(piece, name, sentence, Place.PAYER)


def _problem(piece: Piece, name: str, sentence: str, place: Place) -> Problem:
    if name in _OF_SETTINGS:
        return Problem(Place.SETTINGS, 0, sentence, piece.number)
    return Problem(place, piece.debtor.pk if place is Place.PAYER else piece.invoice_pk, sentence, piece.number)


def _wrong(said: Iterable[Element], at: dict[str, str] | None = None) -> Iterator[tuple[str, str]]:
    """Return the elements that are not as they must be, each with its sentence."""
    for name, value in said:
        letter = unwritable(value)
        if letter:
            sentence = _(
                "« %(letter)s » (dans « %(text)s ») n’existe pas en ISO-8859-1 : écrivez-le en lettres latines."
            )
            yield name, sentence % {"letter": letter, "text": value[:60]}
        elif name in _COMPILED and not _COMPILED[name].fullmatch(value):
            yield name, str(RULES[name][1]) % (at or {})


def _once(wrong: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Say once that an address cannot be read: no street then is no news."""
    found = list(wrong)
    unread = any(name == "CP" for name, _sentence in found)
    kept = [(name, sentence) for name, sentence in found if not (unread and name in _ADDRESS and name != "CP")]
    return iter(kept)


def siret_is_right(number: str) -> bool:
    """Tell whether a SIRET has the key that it must have."""
    try:
        siret.validate(number)
    except ValidationError:
        return False
    return number.isascii()
