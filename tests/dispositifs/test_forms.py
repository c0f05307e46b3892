"""
The forms of the demo's dispositifs: papers that are joined, questions that depend on others, what is refused at its
field.
"""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from obole.catalogue.forms import rows
from obole.dossiers.models import Dossier
from obole_demo.dispositifs.canteen import PACKED
from tests.crm.desk import get, text_of
from tests.dispositifs.filing import Counter
from tests.dispositifs.test_examples import CRECHE, FAMILY, HALL, TERRACE, child

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.7\n1 0 obj\nendobj\n"


def paper(name: str) -> SimpleUploadedFile:
    return SimpleUploadedFile(f"{name}.pdf", PDF + name.encode())


@pytest.mark.django_db
def test_a_family_joins_its_papers_outside_rows_and_in_one() -> None:
    counter = Counter.open("cantine")
    packed = child("Tom", regime=PACKED, pai=paper("pai"))
    dossier = counter.file("cantine", {**FAMILY, "attestation": paper("caf"), "enfants": [child("Léa"), packed]})
    assert {attachment.name for attachment in dossier.attachments.all()} == {"caf.pdf", "pai.pdf"}
    assert [row["regime"] for row in dossier.answers["enfants"]] == ["Repas ordinaire", PACKED]
    assert "pai.pdf" in text_of(get(counter.agent, "dossier", dossier.pk, panneau="pieces"))


@pytest.mark.parametrize(
    ("key", "typed", "said"),
    [
        ("cantine", {**FAMILY, "prelevement": "yes"}, "IBAN du compte à prélever : Ce champ est obligatoire"),
        (
            "cantine",
            {**FAMILY, "prelevement": "yes", "iban": "FR76 3000 4000 0312 3456 7890 144"},
            "IBAN du compte à prélever :",
        ),
        ("creche", {**CRECHE, "heures": "12"}, "Heures par jour :"),
        ("creche", {**CRECHE, "contrat": ("2027-07-31", "2026-09-01")}, "Le dernier jour vient avant le premier"),
        ("creche", {**CRECHE, "enfants": "0"}, "Enfants à charge :"),
        ("salle", {**HALL, "personnes": "251"}, "Nombre de personnes :"),
        ("salle", {**HALL, "demandeur": "association locale"}, "Nom de l’association : Ce champ est obligatoire"),
        ("terrasse", {**TERRACE, "siret": "99902140500018"}, "SIRET : Un chiffre de ce SIRET est faux"),
        ("terrasse", {**TERRACE, "surface": "18,555"}, "Surface, en m² :"),
    ],
)
def test_a_wrong_answer_is_said_at_its_field_and_sends_nothing(key: str, typed: dict[str, Any], said: str) -> None:
    counter = Counter.open(key)
    page = text_of(counter.send(key, typed))
    assert "Le formulaire n’est pas enregistré" in page and said in page
    assert not Dossier.objects.exists()


def test_what_is_beside_the_point_is_neither_asked_nor_kept() -> None:
    counter = Counter.open("cantine")
    dossier = counter.file("cantine", {**FAMILY, "prelevement": "no", "iban": "n’importe quoi"})
    assert "iban" not in dossier.answers


def test_a_row_that_is_taken_away_takes_the_rank_of_the_others_along() -> None:
    counter = Counter.open("cantine")
    page = counter.send("cantine", {**FAMILY, "resident": ""})
    assert "Enfant 3" in text_of(page)
    fewer = counter.press(page, "cantine", **{rows.REMOVE: "enfants:0"})
    dossier = counter.finish(fewer, "cantine", answer_resident="yes")
    assert [row["prenom"] for row in dossier.answers["enfants"]] == ["Tom", "Zoé"]
