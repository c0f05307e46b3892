"""Who lives there: names enough for a hundred thousand, written by COPY."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from obole.lib import search_keys, texts

_FIRST = """
    Adam Agathe Alice Amina Anaïs Antoine Arthur Aya Baptiste Camille Chloé Clara Clément Diego Élise Emma Enzo
    Éva Fatou Gabriel Hugo Inès Issa Jade Jeanne Jules Karim Léa Léo Lina Louis Louise Lucas Manon Mathis Maud
    Mehdi Mila Nadia Nathan Nina Noé Paul Rayan Romane Rose Sacha Salomé Samir Sarah Sofia Théo Thị Victor Yanis
    Zoé
"""
_LAST = """
    Aubert Barbier Ben_Haddou Benali Bernard Besson Blanc Blanchard Bonnet Boucher Boulanger Bourgeois Boyer
    Brun Caron Chevalier Clément Colin Cordier Da_Silva David Delmas Denis Diallo Dubois Dufour Dumas Dupont
    Durand Fabre Faure Fernandez Fontaine Fournier François Gaillard Garcia Garnier Gauthier Gautier Gérard
    Giraud Girard Guérin Guillaume Haddad Henry Hubert Jacquet Joly Joubert Kaya Konaté Lacroix Lambert Laurent
    Leclerc Lefebvre Lefèvre Legrand Lemaire Leroux Leroy L’Haÿ Lopez Lucas Marchand Marie Martin Martinez
    Masson Mathieu Mercier Meunier Meyer Michel Moreau Morel Morin Moulin Muller N’Guyen Nicolas Noël Olivier
    Perez Perret Perrin Petit Picard Pierre Pons Renard Renaud Rey Richard Rivière Robert Robin Roche Rousseau
    Roussel Roux Roy Sanchez Schmitt Simon Soler Thomas Traoré Vasseur Vidal Vincent Weber Yıldız Zimmermann
"""
FIRST_NAMES = tuple(_FIRST.split())
LAST_NAMES = tuple(name.replace("_", " ") for name in _LAST.split())
STREETS = ("des Lilas", "Victor-Hugo", "de la Gare", "des Écoles", "du Port", "Jean-Jaurès", "des Halles", "du Moulin")


@dataclass(frozen=True)
class Payer:
    """Somebody, as the rows about them name them."""

    pk: int
    name: str
    sort_key: str
    address: str
    email: str


def make(count: int, *, first: int, dice: Random) -> Iterator[tuple[Payer, tuple[object, ...]]]:
    """Return people, each with the row to write; one in ten has no address to write to."""
    for rank in range(count):
        given, family = dice.choice(FIRST_NAMES), dice.choice(LAST_NAMES)
        if dice.random() < 0.1:
            family = f"{family}-{dice.choice(LAST_NAMES)}"
        email = (
            "" if rank % 10 == 9 else f"{texts.fold(given)}.{texts.fold(family).replace(' ', '')}{rank}@demo.example"
        )
        phone = f"06{dice.randrange(10**8):08d}" if rank % 3 else ""
        address = f"{dice.randrange(1, 200)} rue {dice.choice(STREETS)}\n99999 Valbourg"
        sort_key = texts.fold(f"{family} {given}")
        row = (
            first + rank,
            texts.token(),
            "person",
            "",
            given,
            family,
            "",
            email,
            phone,
            address,
            sort_key,
            search_keys.of_person(("", family, given), email=email, phone=phone, address=address),
        )
        yield Payer(first + rank, f"{given} {family}", sort_key, address, email), row
