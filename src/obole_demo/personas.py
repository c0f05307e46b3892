"""What people of the town ask for, and what the agent adds when it is invoiced."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

from obole.catalogue.fields import FormField
from obole.catalogue.forms import answer_names
from obole.directory.models import Citizen
from obole.dossiers.operations import Answer
from obole_demo.dispositifs import bus, canteen, cemetery, hall, library, music, records, tip

Answers = dict[str, Any]
Dice = random.Random
NAMES = ("Léo", "Nina", "Sacha", "Jade", "Tom")
SIRET = "99902140500017"


@dataclass(frozen=True)
class Wish:
    """The answers of who applies, and those of the agent: in the dossier, and only when it is invoiced."""

    answers: dict[str, Answer]
    noted: dict[str, Answer] = field(default_factory=dict)
    counted: Answers = field(default_factory=dict)


def priced(form: Sequence[FormField], answers: Mapping[str, Any], counted: Answers) -> Answers:
    """Return what the pricing reads: what the dossier holds, and, row by row, what the agent adds."""
    flat = answer_names.engine_input(form, answers)
    for key, value in counted.items():
        if isinstance(value, list):
            nothing: Answers = {}
            rows = zip_longest(flat.get(key) or [], value, fillvalue=nothing)
            flat[key] = [{**known, **more} for known, more in rows]
        else:
            flat[key] = value
    return flat


def of(key: str, dice: Dice, citizen: Citizen) -> Wish:
    """Return what a citizen wants of a dispositif."""
    return _WISHES[key](dice, citizen)


def family(dice: Dice, citizen: Citizen, *, children: int) -> Wish:
    """Return the registration of a family at the canteen, and what its children take in an ordinary month."""
    first = dice.choice(NAMES)
    names = [first, *(name for name in NAMES if name != first)][:children]
    answers: dict[str, Answer] = {"qf": "842", "resident": "yes", "enfants": [_child(dice, name) for name in names]}
    month = [{"repas": str(dice.choice((14, 16, 16)))} for _name in names]
    month[0] |= {"repas": "16", "soirs": str(dice.choice((0, 12, 24)))}
    return Wish(answers, counted={"enfants": month})


def _child(dice: Dice, name: str) -> Answers:
    born = f"20{dice.randint(16, 22)}-0{dice.randint(1, 9)}-14"
    return {
        "prenom": name,
        "naissance": born,
        "ecole": dice.choice(canteen.SCHOOLS),
        "regime": "Repas ordinaire",
        "jours": ["Lundi", "Mardi", "Jeudi", "Vendredi"],
    }


def _flat(dice: Dice, _citizen: Citizen) -> Wish:
    return Wish(
        {"qf": dice.choice(("842", "1150")), "prenom": dice.choice(NAMES), "ecole": dice.choice(canteen.SCHOOLS)}
    )


def _effort(dice: Dice, _citizen: Citizen) -> Wish:
    return Wish(
        {"qf": dice.choice(("500", "842", "1500")), "prenom": dice.choice(NAMES)}, {"repas": dice.choice((11, 16))}
    )


def _creche(dice: Dice, citizen: Citizen) -> Wish:
    income = dice.choice(("43200", "28600", "61500.50"))
    answers: dict[str, Answer] = {
        "prenom": f"{dice.choice(NAMES)} {citizen.last_name}",
        "naissance": "2025-03-11",
        "ressources": income,
        "enfants": dice.choice((1, 2, 3)),
        "aeeh": "no",
        "contrat": {"from": "2026-09-01", "to": "2027-07-31"},
        "jours": dice.choice((3, 4, 5)),
        "heures": dice.choice(("8", "9", "9.5")),
        "semaines": 45,
    }
    return Wish(answers, counted={"supplement": dice.choice(("", "1.5")), "maladie": dice.choice(("", "", "18"))})


def _music(dice: Dice, citizen: Citizen) -> Wish:
    pupils: list[Any] = [
        {"prenom": citizen.display_name, "cursus": "instrument", "discipline": dice.choice(music.INSTRUMENTS)}
    ]
    if dice.random() < 0.3:
        pupils.append(
            {"prenom": f"{dice.choice(NAMES)} {citizen.last_name}", "cursus": dice.choice(("danse", "éveil"))}
        )
    return Wish({"eleves": pupils, "debutant": "yes", "trimestres_violon": dice.choice((0, 0, 0, 3))})


def _bus(dice: Dice, citizen: Citizen) -> Wish:
    names = dice.sample(NAMES, dice.choice((1, 1, 2)))
    children: list[Any] = [
        {"prenom": name, "arret": dice.choice(bus.STOPS), "debut": "2026-09-01", "excuse": "aucun"} for name in names
    ]
    answers: dict[str, Answer] = {"qf": dice.choice(("430", "812", "1010")), "ayant_droit": "yes", "enfants": children}
    received = [{"inscription": "2026-06-20"} for _one in children]
    return Wish(answers, {"duplicata": dice.choice((0, 0, 0, 1))}, {"enfants": received})


def _subscription(_dice: Dice, citizen: Citizen) -> Wish:
    return Wish({"lecteur": citizen.display_name})


def _reader(dice: Dice, citizen: Citizen) -> Wish:
    lost: dict[str, Answer] = {"titre": "Le Comte de Monte-Cristo", "livre": "24.90"} if dice.random() < 0.4 else {}
    kind = dice.choice(library.READERS[1:])
    return Wish({"lecteur": citizen.display_name, "abonnement": kind, "carte_perdue": dice.choice(("yes", "no"))}, lost)


def _hall(dice: Dice, _citizen: Citizen) -> Wish:
    answers: dict[str, Answer] = {
        "demandeur": dice.choice((hall.RESIDENT, hall.RESIDENT, hall.ELSEWHERE)),
        "objet": "Fête de famille",
        "personnes": 60,
        "duree": dice.choice((hall.WEEKEND, hall.WEEKEND, hall.DAY)),
        "du": "2026-12-12",
        "cuisine": dice.choice(("yes", "no")),
        "couverts": dice.choice((0, 40, 80)),
    }
    if dice.random() < 0.2:
        answers["options"] = ["Vidéoprojecteur"]
    return Wish(answers)


def _auditorium(_dice: Dice, citizen: Citizen) -> Wish:
    return Wish({"organisme": citizen.display_name, "siret": SIRET, "objet": "Assemblée générale", "du": "2026-12-03"})


def _terrace(dice: Dice, citizen: Citizen) -> Wish:
    answers: dict[str, Answer] = {
        "etablissement": citizen.display_name,
        "siret": SIRET,
        "adresse": citizen.address,
        "surface": dice.choice(("18.5", "12", "24.25")),
        "dates": {"from": dice.choice(("2026-04-01", "2026-07-01")), "to": dice.choice(("2026-10-31", "2026-12-31"))},
    }
    return Wish(answers, {"arrete": f"2026-{dice.randint(100, 400)}", "metre_entame": "no"})


def _few_days(_dice: Dice, citizen: Citizen) -> Wish:
    answers: dict[str, Answer] = {
        "etablissement": citizen.display_name,
        "siret": SIRET,
        "occasion": "Fête de quartier",
        "surface": "18.5",
        "dates": {"from": "2026-10-10", "to": "2026-10-12"},
    }
    return Wish(answers)


def _works(dice: Dice, citizen: Citizen) -> Wish:
    answers: dict[str, Answer] = {
        "etablissement": citizen.display_name,
        "siret": SIRET,
        "adresse": citizen.address,
        "debut": "2026-10-05",
        "emprise": ["Benne"],
        "benne": dice.choice((3, 5, 8)),
    }
    if dice.random() < 0.5:
        answers |= {"emprise": ["Échafaudage", "Benne"], "metres": 12, "semaines": dice.choice((2, 3))}
    return Wish(answers, {"arrete": f"2026-{dice.randint(400, 600)}"})


def _grave(dice: Dice, citizen: Citizen) -> Wish:
    return Wish(
        {
            "concessionnaire": citizen.display_name,
            "cimetiere": "Saint-Roch",
            "emplacement": dice.choice(cemetery.KINDS),
            "duree": dice.choice(cemetery.LENGTHS[:2]),
            "renouvellement": "no",
            "plaque": dice.choice(("yes", "no")),
        },
        {"carre": f"B-{dice.randint(1, 120):03d}"},
    )


def _back(_dice: Dice, citizen: Citizen) -> Wish:
    noted: dict[str, Answer] = {"prix": "520.00", "duree": 30, "ecoulees": 12, "deux_tiers": "no"}
    return Wish({"concession": "B-014", "motif": f"{citizen.display_name} quitte la commune."}, noted)


def _tip(dice: Dice, citizen: Citizen) -> Wish:
    answers: dict[str, Answer] = {
        "raison": citizen.display_name,
        "siret": SIRET,
        "plaque": "AB-123-CD",
        "territoire": dice.choice((tip.HERE, tip.HERE, tip.ELSEWHERE)),
    }
    first = dice.randint(100, 900)
    loads = [
        {
            "bon": f"Bon {first + 7 * n}",
            "nature": dice.choice(tip.WASTE),
            "volume": dice.choice(("0.1", "1.5", "2", "3.2")),
        }
        for n in range(dice.randint(2, 5))
    ]
    return Wish(answers, counted={"depots": loads})


def _copies(dice: Dice, citizen: Citizen) -> Wish:
    answers: dict[str, Answer] = {
        "documents": "Le permis de construire 2019-042 et ses plans.",
        "envoi": records.BY_POST,
        "adresse": citizen.address,
    }
    return Wish(answers, {"pages": dice.choice((12, 64, 130)), "cederoms": dice.choice((0, 1)), "port": "8.50"})


def _civil_status(dice: Dice, citizen: Citizen) -> Wish:
    return Wish(
        {
            "acte": dice.choice(("naissance", "mariage")),
            "nom": citizen.display_name,
            "jour": "1984-05-17",
            "lien": "moi-même",
            "exemplaires": dice.choice((1, 2)),
        }
    )


_WISHES: dict[str, Callable[[Dice, Citizen], Wish]] = {
    "creche": _creche,
    "conservatoire": _music,
    "transport": _bus,
    "mediatheque": _subscription,
    "lecteur": _reader,
    "salle": _hall,
    "auditorium": _auditorium,
    "terrasse": _terrace,
    "chantier": _works,
    "concession": _grave,
    "decheterie": _tip,
    "copies": _copies,
    "etat_civil": _civil_status,
    "forfait": _flat,
    "effort": _effort,
    "terrasse_jours": _few_days,
    "retrocession": _back,
}
