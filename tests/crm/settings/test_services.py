"""Prestations and dispositifs."""

import pytest

from obole.catalogue import operations as catalogue
from obole.catalogue.fields import FormField
from obole.catalogue.models import Scheme, Service
from tests.crm.settings_desk import Desk, errors_of, open_desk, text_of, url
from tests.world import NOON, WHO, make_dossier

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> Desk:
    return open_desk()


def test_a_prestation_is_created_then_hidden(desk: Desk) -> None:
    page = desk.saved("settings_service_new", name="Location de salle", pictogram="home", position="5")
    assert "Location de salle" in text_of(page)
    service = Service.objects.get(name="Location de salle")
    assert (service.pictogram, service.position, service.enabled) == ("home", 5, True)
    assert "ce qui est archivé (1)" in text_of(desk.saved("settings_service", service.pk, enabled=None))
    assert "Masquée" in text_of(desk.client.get(url("settings_services"), {"archives": "1"}))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": ""}, "Ce champ est obligatoire."),
        ({"name": "Restauration scolaire"}, "C’est déjà pris"),
        ({"pictogram": "<script>"}, "choix valide"),
        ({"position": "-3"}, "supérieure ou égale à 0"),
    ],
)
def test_a_bad_prestation_is_refused(desk: Desk, changes: dict[str, str], sentence: str) -> None:
    assert sentence in desk.refused("settings_service_new", **{"name": "Salle", **changes})
    assert Service.objects.count() == 1


def test_a_dispositif_is_created_under_its_prestation(desk: Desk) -> None:
    service = desk.town.scheme.service
    page = desk.client.get(url("settings_scheme_new") + f"?prestation={service.pk}").content.decode()
    assert f'<option value="{service.pk}" selected>' in page
    shown = desk.saved("settings_scheme_new", service=service.pk, name="Portage de repas")
    assert "Aucun formulaire" in text_of(shown)
    assert "Ses dossiers ne peuvent pas être facturés." in text_of(shown)
    assert Scheme.objects.get(name="Portage de repas").service == service


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": ""}, "Ce champ est obligatoire."),
        ({"name": "Inscription cantine 2026-2027"}, "C’est déjà pris"),
        ({"service": ""}, "Ce champ est obligatoire."),
        ({"service": "99999"}, "choix valide"),
        ({"billed_on": "guess"}, "choix valide"),
        ({"absence_reasons": "Grève : excusée\nMaladie : on verra"}, "Ligne 2 : écrivez le motif"),
    ],
)
def test_a_bad_dispositif_is_refused(desk: Desk, changes: dict[str, str], sentence: str) -> None:
    good = {"service": str(desk.town.scheme.service_id), "name": "Portage"}
    assert sentence in desk.refused("settings_scheme_new", **{**good, **changes})
    assert Scheme.objects.count() == 1


def test_a_dispositif_says_where_it_is_used_and_how_citizens_see_it(desk: Desk) -> None:
    make_dossier(desk.town)
    page = text_of(desk.get("settings_scheme", desk.town.scheme.pk))
    for part in (
        "4 champs, version 1 du 25/11/2026.",
        "Cantine et périscolaire",
        "1 dossier",
        "Ce que l’usager voit",
        "Prénom de l’enfant",
        "Jules-Ferry",
        "Version 1 du 25/11/2026 : elle fait le prix des factures.",
        "Repas",
    ):
        assert part in page, part


def test_help_that_looks_like_html_stays_text(desk: Desk) -> None:
    scheme = desk.town.scheme
    odd = FormField(key="a", label="A", help="<img src=x onerror=alert(1)>")
    catalogue.publish_form(scheme_id=scheme.pk, fields=[odd], actor=WHO, at=NOON)
    assert "<img src=x" not in desk.get("settings_scheme", scheme.pk).content.decode()


def test_what_is_billed_is_chosen_with_the_reasons_of_absence(desk: Desk) -> None:
    page = desk.get("settings_scheme", desk.town.scheme.pk).content.decode()
    assert "Sans prévenir\u00a0: due" in page, "a dispositif begins with reasons"
    reasons = "Maladie : excusée, carence 3 jours\r\nSans prévenir : due"
    shown = desk.saved("settings_scheme", desk.town.scheme.pk, billed_on="booked", absence_reasons=reasons)
    scheme = Scheme.objects.get(pk=desk.town.scheme.pk)
    assert scheme.takes_bookings and "carence 3 jours" in scheme.absence_reasons
    assert "ce qui est réservé, les jours d’école" in text_of(shown).split("Historique")[1]


def test_the_page_keeps_naming_the_thing_as_it_is(desk: Desk) -> None:
    answer = desk.send("settings_scheme", desk.town.scheme.pk, name="Dîner", position="x")
    assert "<h1>Inscription cantine 2026-2027</h1>" in answer.content.decode()
    assert 'value="Dîner"' in answer.content.decode()
    assert "nombre entier" in errors_of(answer)


def test_a_dispositif_is_duplicated_for_the_new_year(desk: Desk) -> None:
    assert (
        'value="Inscription cantine 2027-2028"'
        in desk.get("settings_scheme_copy", desk.town.scheme.pk).content.decode()
    )
    page = text_of(desk.saved("settings_scheme_copy", desk.town.scheme.pk))
    copy = Scheme.objects.get(name="Inscription cantine 2027-2028")
    assert not copy.enabled and list(copy.invoice_types.all()) == [desk.town.type]
    assert "Fermé" in page and "4 champs, version 1" in page and "elle fait le prix des factures" in page
    refused = desk.refused("settings_scheme_copy", desk.town.scheme.pk, name=copy.name)
    assert "C’est déjà pris" in refused
    assert "Ce champ est obligatoire." in desk.refused("settings_scheme_copy", desk.town.scheme.pk, name=" ")
