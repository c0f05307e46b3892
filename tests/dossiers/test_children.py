"""Which child a dossier is about, and when it was born: read in what the form calls its questions, never guessed."""

from datetime import date
from typing import Any

import pytest

from obole.catalogue.fields import FieldKind as K, FormField
from obole.dossiers.rules import Child, children_of

GROUP = (
    FormField(key="enfants", label="À inscrire", kind=K.GROUP, row_name="enfant"),
    FormField(key="prenom", label="Prénom", group="enfants"),
    FormField(key="naissance", label="Date de naissance", kind=K.DATE, group="enfants"),
    FormField(key="entree", label="Date d’entrée", kind=K.DATE, group="enfants"),
)
FAMILY = (
    FormField(key="foyer", label="Votre foyer", kind=K.SECTION),
    FormField(key="nom", label="Votre nom"),
    FormField(key="ne", label="Votre date de naissance", kind=K.DATE),
    FormField(key="nombre", label="Enfants à charge", kind=K.NUMBER),
)
ALONE = (
    *FAMILY,
    FormField(key="lenfant", label="L’enfant", kind=K.SECTION),
    FormField(key="qui", label="Prénom et nom"),
    FormField(key="jour", label="Date de naissance, prévue ou réelle", kind=K.DATE),
    FormField(key="contrat", label="L’accueil", kind=K.SECTION),
    FormField(key="lieu", label="Crèche"),
)


def found(fields: tuple[FormField, ...], **answers: Any) -> tuple[tuple[Child, ...], Child | None]:
    children = children_of(fields, answers)
    return children.rows, children.own


def test_the_rows_of_a_group_of_children() -> None:
    rows = [{"prenom": "Léa", "naissance": "2021-03-02", "entree": "2026-09-01"}, {"prenom": "Tom"}, {"naissance": ""}]
    children = children_of((*FAMILY, *GROUP), {"enfants": rows, "nom": "Maud", "ne": "1990-01-01"})
    assert children.rows == (Child("Léa", date(2021, 3, 2)), Child("Tom"))
    assert (children.own, children.only) == (None, None)
    assert children.named("Léa") == Child("Léa", date(2021, 3, 2))
    assert children.named("Zoé") == Child("Zoé")


def test_two_children_of_one_name_have_no_known_birth() -> None:
    rows = [{"prenom": "Léa", "naissance": "2021-03-02"}, {"prenom": "Léa", "naissance": "2015-03-02"}]
    assert children_of(GROUP, {"enfants": rows}).named("Léa") == Child("Léa")


def test_an_only_child_is_whom_all_is_for() -> None:
    rows = [{"prenom": "Léa", "naissance": "2021-03-02"}]
    assert children_of(GROUP, {"enfants": rows}).only == Child("Léa", date(2021, 3, 2))


def test_a_part_of_the_form_about_the_child() -> None:
    answers = {"nom": "Maud", "ne": "1990-01-01", "qui": "Nina Lefèvre", "jour": "2025-03-11", "lieu": "Les Lutins"}
    assert found(ALONE, **answers) == ((), Child("Nina Lefèvre", date(2025, 3, 11)))


def test_a_question_that_names_the_child() -> None:
    fields = (*FAMILY, FormField(key="enfant", label="Prénom de l’enfant"))
    assert found(fields, nom="Maud", ne="1990-01-01", enfant="Zoé") == ((), Child("Zoé"))


@pytest.mark.parametrize("answers", [{}, {"enfants": None, "jour": "2025-03-11"}, {"nom": "Maud", "ne": "1990-01-01"}])
def test_nobody_is_named(answers: dict[str, Any]) -> None:
    assert found((*ALONE, *GROUP), **answers) == ((), None)


def test_what_is_sensitive_is_not_read() -> None:
    hidden = FormField(key="naissance", label="Date de naissance", kind=K.DATE, group="enfants", sensitive=True)
    rows = [{"prenom": "Léa", "naissance": "2021-03-02"}]
    assert found((*GROUP[:2], hidden), enfants=rows) == ((Child("Léa"),), None)


def test_a_group_of_other_things_has_no_children() -> None:
    fields = (
        FormField(key="depots", label="Dépôts", kind=K.GROUP, row_name="dépôt"),
        FormField(key="nom", label="Nom", group="depots"),
    )
    assert found(fields, depots=[{"nom": "Bois"}]) == ((), None)
