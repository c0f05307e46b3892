"""The authority's name in a sentence."""

import pytest
from django.utils import translation

from obole.lib import articles
from obole.lib.articles import Article


@pytest.mark.parametrize(
    ("name", "subject", "to", "of"),
    [
        ("Ville de Valbourg", "la Ville de Valbourg", "à la Ville de Valbourg", "de la Ville de Valbourg"),
        ("VILLE D’ANNECY", "la VILLE D’ANNECY", "à la VILLE D’ANNECY", "de la VILLE D’ANNECY"),
        ("Département du Lot", "le Département du Lot", "au Département du Lot", "du Département du Lot"),
        ("Syndicat des eaux", "le Syndicat des eaux", "au Syndicat des eaux", "du Syndicat des eaux"),
        ("Région Bretagne", "la Région Bretagne", "à la Région Bretagne", "de la Région Bretagne"),
        ("Agglomération du Puy", "l’Agglomération du Puy", "à l’Agglomération du Puy", "de l’Agglomération du Puy"),
        ("Établissement X", "l’Établissement X", "à l’Établissement X", "de l’Établissement X"),
        ("Valbourg", "Valbourg", "à Valbourg", "de Valbourg"),
        ("Annecy", "Annecy", "à Annecy", "d’Annecy"),
        ("Évreux", "Évreux", "à Évreux", "d’Évreux"),
        ("Hyères", "Hyères", "à Hyères", "d’Hyères"),
        ("Le Mans", "Le Mans", "au Mans", "du Mans"),
        ("Les Sables", "Les Sables", "aux Sables", "des Sables"),
        ("La Rochelle", "La Rochelle", "à La Rochelle", "de La Rochelle"),
        ("L’Haÿ", "L’Haÿ", "à L’Haÿ", "de L’Haÿ"),
        ("", "", "à ", "de "),
    ],
)
def test_the_first_word_calls_for_an_article(name: str, subject: str, to: str, of: str) -> None:
    assert (articles.subject("", name), articles.to("", name), articles.of("", name)) == (subject, to, of)


@pytest.mark.parametrize(
    ("article", "name", "said"),
    [
        (Article.LES, "Services du Lac", ("les Services du Lac", "aux Services du Lac", "des Services du Lac")),
        (Article.LE, "Grand Lac", ("le Grand Lac", "au Grand Lac", "du Grand Lac")),
        (Article.NONE, "Ville Neuve", ("Ville Neuve", "à Ville Neuve", "de Ville Neuve")),
        (Article.LA, "Halle", ("la Halle", "à la Halle", "de la Halle")),
    ],
)
def test_the_town_says_another(article: str, name: str, said: tuple[str, str, str]) -> None:
    assert (articles.subject(article, name), articles.to(article, name), articles.of(article, name)) == said


def test_english_has_none() -> None:
    with translation.override("en"):
        assert articles.subject("", "Ville de Valbourg") == "Ville de Valbourg"
        assert articles.to("", "Département du Lot") == "to Département du Lot"
        assert articles.of("", "Annecy") == "of Annecy"
