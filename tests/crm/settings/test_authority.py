"""The town's own screen."""

import pytest

from obole.directory.models import Authority
from obole.ui import colours
from tests.crm.settings_desk import Desk, open_desk, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> Desk:
    return open_desk()


def test_the_town_is_described(desk: Desk) -> None:
    page = desk.saved("settings_authority", name="Ville de Beaumont", siret="219 900 015 00013", colour="#7A1F3D")
    town = Authority.objects.get()
    assert (town.name, town.siret, town.colour) == ("Ville de Beaumont", "21990001500013", "#7a1f3d")
    assert town.phone == "01 23 45 67 89"
    assert "couleur, nom, SIRET" in text_of(page)


def test_a_town_that_nobody_described_is_made() -> None:
    desk = open_desk()
    Authority.objects.all().delete()
    desk.saved("settings_authority", name="Ville neuve")
    assert Authority.objects.get().name == "Ville neuve"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": ""}, "Ce champ est obligatoire."),
        ({"siret": "1234"}, "Un SIRET a 14 chiffres"),
        ({"siret": "2199000150001X"}, "Un SIRET a 14 chiffres"),
        ({"siret": "٢١٩٩٠٠٠١٥٠٠٠١٣"}, "Un SIRET a 14 chiffres"),
        ({"email": "mairie"}, "adresse"),
        ({"colour": "bleu"}, "Une couleur s’écrit avec #"),
        ({"colour": "#12345"}, "Une couleur s’écrit avec #"),
        ({"colour": "#1f4a8a;}"}, "Une couleur s’écrit avec #"),
        (
            {"colour": "#ffcc00"},
            "trop claire pour se lire sur du blanc : son contraste est de 1,5 pour 1, il en faut 4,5",
        ),
        ({"colour": ""}, "Ce champ est obligatoire."),
    ],
)
def test_bad_values_are_refused(desk: Desk, changes: dict[str, str], sentence: str) -> None:
    assert sentence in desk.refused("settings_authority", **changes)
    assert Authority.objects.get().name == "Ville de Valbourg"


def test_the_palest_colour_that_is_taken_can_be_read(desk: Desk) -> None:
    assert colours.contrast("#767676", colours.WHITE) >= 4.5 > colours.contrast("#777777", colours.WHITE)
    assert "trop claire" in desk.refused("settings_authority", colour="#777777")
    desk.saved("settings_authority", colour="#767676")


def test_what_was_typed_stays_on_the_page(desk: Desk) -> None:
    answer = desk.send("settings_authority", colour="#ffff00", hours="le lundi")
    page = answer.content.decode()
    assert 'value="le lundi"' in page
    assert 'value="#ffff00"' in page
    assert "<h1>Collectivité</h1>" in page


def test_its_article_is_guessed_or_chosen(desk: Desk) -> None:
    desk.saved("settings_authority", name="Département du Lot")
    kept = Authority.objects.get()
    assert (kept.article, kept.of) == ("", "du Département du Lot")
    desk.saved("settings_authority", name="Grand Lac", article="le")
    assert Authority.objects.get().variables() | {"telephone": "", "horaires": ""} == {
        "ville": "Grand Lac",
        "la_ville": "le Grand Lac",
        "a_la_ville": "au Grand Lac",
        "de_la_ville": "du Grand Lac",
        "service": "Grand Lac",
        "telephone": "",
        "horaires": "",
        "couleur": "#1f4a8a",
    }
    assert "Sélectionnez un choix valide" in desk.refused("settings_authority", article="un")
