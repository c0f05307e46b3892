"""What two files of one person share, whatever the writing, and what a search asks for."""

import pytest

from obole.lib import search_keys

WRITTEN = search_keys.identity(
    ("", "L’Œuvre", "Éloïse"), email="E@x.example", phone="06 12 34 56 78", address="3, Rue de l’Œuvre\nÉpinay"
)


def test_the_writing_does_not_matter() -> None:
    again = search_keys.identity(
        ("", "ELOISE", "l oeuvre"), email="e@X.example", phone="+33 (0)612345678", address="3 RUE DE L’OEUVRE ÉPINAY"
    )
    assert again == WRITTEN and set(WRITTEN) == {"names", "email", "phone", "address"}


def test_what_is_not_written_is_shared_with_nobody() -> None:
    assert search_keys.identity(("", "", ""), email="", phone="15", address=" ") == {}


def test_a_file_is_kept_with_what_it_shares() -> None:
    keys = search_keys.of_person(
        ("", "L’Œuvre", "Éloïse"), email="E@x.example", phone="06 12 34 56 78", address="3, Rue de l’Œuvre\nÉpinay"
    )
    assert set(WRITTEN.values()) <= set(keys)


@pytest.mark.parametrize("typed", ["e@x.example", "0612345678", "ab", "("])
def test_only_names_are_looked_for_with_a_letter_wrong(typed: str) -> None:
    assert search_keys.misspelt(typed) == []


def test_a_word_with_a_figure_does_not_keep_the_others_from_being_misspelt() -> None:
    assert "~moreau" in search_keys.misspelt("moreau t2b")[0]
