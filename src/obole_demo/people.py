"""Sixty invented citizens: fifty-one people, three associations, six cafés and shops."""

import random
from datetime import datetime
from typing import Any

from obole.directory import operations as directory
from obole.directory.models import Citizen
from obole.lib import texts
from obole_demo import accounts
from obole_demo.accounts import PASSWORD

USAGER = "usager@demo.example"
FIRST = (
    "Maud",
    "Karim",
    "Inès",
    "Paul",
    "Lucie",
    "Théo",
    "Amina",
    "Gaëlle",
    "Noël",
    "Zoé",
    "Hugo",
    "Fatou",
    "Émile",
    "Chloé",
    "Malik",
    "Sarah",
    "Benoît",
    "Lina",
    "Yann",
    "Clémence",
)
LAST = (
    "Lefèvre",
    "Benali",
    "Moreau",
    "Diallo",
    "Nguyen",
    "Œuvrard",
    "Perrin",
    "Garcia",
    "Leroy",
    "Faure",
    "Roche",
    "Da Silva",
    "Colin",
    "Barbier",
    "Meunier",
    "Traoré",
    "Chevalier",
    "Lopez",
    "Muller",
    "Vidal",
    "Gauthier",
    "Renard",
    "Masson",
    "Kaya",
    "Blin",
    "Aubert",
)
STREETS = (
    "rue des Halles",
    "avenue de la Gare",
    "chemin du Moulin",
    "rue Jean-Moulin",
    "place du Marché",
    "impasse des Lilas",
    "rue de l’Église",
)
ORGANISATIONS = (
    ("company", "Café des Halles"),
    ("company", "Brasserie du Pont"),
    ("company", "Le Petit Zinc"),
    ("company", "Pizzeria Bella"),
    ("company", "Crêperie de la Tour"),
    ("company", "Boulangerie Marchand"),
    ("association", "Club de judo de Valbourg"),
    ("association", "Amicale laïque"),
    ("association", "Chorale Cantabile"),
)


def settle(*, dice: random.Random, at: datetime) -> list[Citizen]:
    """Open the files of sixty citizens; the first is the account of the demo, one has no e-mail at all."""
    citizens = [_person(number, dice, at) for number in range(51)]
    citizens += [_organisation(kind, name, dice, at) for kind, name in ORGANISATIONS]
    return citizens


def _person(number: int, dice: random.Random, at: datetime) -> Citizen:
    first, last = FIRST[number % len(FIRST)], LAST[number % len(LAST)]
    email = USAGER if number == 0 else f"{texts.fold(first)}.{texts.fold(last).replace(' ', '')}{number}@demo.example"
    values = {
        "civility": "",
        "first_name": first,
        "last_name": last,
        "email": "" if number == 50 else email,
        "address": _address(dice),
    }
    # One account is enough to sign in; the others are reached by mail, and nobody signs in without an e-mail.
    user = directory.open_account(email=email, password=PASSWORD, proven=True) if number == 0 else None
    return directory.register_citizen(values=values, user_id=user.pk if user else None, actor=accounts.admin(), at=at)


def _organisation(kind: str, name: str, dice: random.Random, at: datetime) -> Citizen:
    values: dict[str, Any] = {
        "kind": kind,
        "organisation": name,
        "last_name": dice.choice(LAST),
        "first_name": dice.choice(FIRST),
        "email": f"{texts.fold(name).replace(' ', '-')}@demo.example",
        "address": _address(dice),
    }
    return directory.register_citizen(values=values, actor=accounts.admin(), at=at)


def _address(dice: random.Random) -> str:
    return f"{dice.randint(1, 60)} {dice.choice(STREETS)}\n99210 Valbourg"
