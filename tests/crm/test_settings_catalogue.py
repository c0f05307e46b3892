"""Prestations, dispositifs, products."""

from decimal import Decimal

import pytest

from obole.catalogue import operations as catalogue
from obole.catalogue.fields import FormField
from obole.catalogue.models import Product, Scheme, Service
from obole.trail.models import Record
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
    assert "Masquée" in text_of(desk.saved("settings_service", service.pk, enabled=None))


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
        "3 champs, version 1 du 25/11/2026.", "Cantine et périscolaire", "1 dossier", "Ce que l’usager voit",
        "Prénom de l’enfant", "Jules-Ferry", "3,25 € par repas, de 0 à 31.",
    ):  # fmt: skip
        assert part in page, part
    assert "Majoration hors délai" in page


def test_help_that_looks_like_html_stays_text(desk: Desk) -> None:
    scheme = desk.town.scheme
    odd = FormField(key="a", label="A", help="<img src=x onerror=alert(1)>")
    catalogue.publish_form(scheme_id=scheme.pk, fields=[odd], actor=WHO, at=NOON)
    assert "<img src=x" not in desk.get("settings_scheme", scheme.pk).content.decode()


def test_a_product_is_created_and_its_price_changes(desk: Desk) -> None:
    scheme = desk.town.scheme
    good = {
        "name": "Terrasse",
        "unit": "m²",
        "unit_price_cents": "3,20",
        "decimals": "2",
        "minimum": "0,5",
        "maximum": "1 000",
    }
    desk.saved("settings_product_new", scheme.pk, **good, nature="70323", entered_by="agent")
    product = Product.objects.get(name="Terrasse")
    assert (product.unit_price_cents, product.minimum, product.maximum) == (320, Decimal("0.5"), Decimal(1000))
    assert (product.scheme, product.entered_by, product.decimals, product.nature) == (scheme, "agent", 2, "70323")
    desk.saved("settings_product", product.pk, unit_price_cents="3,45")
    product.refresh_from_db()
    assert product.unit_price_cents == 345
    record = Record.objects.filter(subject_kind="catalogue.product", subject_id=product.pk).first()
    assert record is not None and "unit_price_cents" in record.details["fields"]
    assert "0,5" in desk.get("settings_product", product.pk).content.decode()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": ""}, "Ce champ est obligatoire."),
        ({"unit_price_cents": "gratuit"}, "Saisissez un montant en euros"),
        ({"unit_price_cents": "-3"}, "Saisissez un montant en euros"),
        ({"unit_price_cents": "100001"}, "Saisissez un montant d’au plus"),
        ({"minimum": "5", "maximum": "3"}, "La quantité maximale est plus petite que la minimale."),
        ({"minimum": "-1"}, "Saisissez un nombre positif"),
        ({"minimum": "0,5", "decimals": "0"}, "plus de décimales que la quantité n’en accepte"),
        ({"maximum": "9999999"}, "inférieur ou égal"),
        ({"decimals": "7"}, "choix valide"),
        ({"entered_by": "personne"}, "choix valide"),
    ],
)
def test_a_bad_product_is_refused(desk: Desk, changes: dict[str, str], sentence: str) -> None:
    before = Product.objects.count()
    good = {"name": "Goûter", "unit_price_cents": "1,20"}
    refused = desk.refused("settings_product_new", desk.town.scheme.pk, **{**good, **changes})
    assert sentence in refused.replace("\u202f", " ")
    assert Product.objects.count() == before


def test_a_free_product_may_exist(desk: Desk) -> None:
    desk.saved("settings_product_new", desk.town.scheme.pk, name="Acte d’état civil", unit_price_cents="0")
    assert Product.objects.get(name="Acte d’état civil").unit_price_cents == 0


def test_the_page_keeps_naming_the_thing_as_it_is(desk: Desk) -> None:
    answer = desk.send("settings_product", desk.town.meal.pk, name="Dîner", unit_price_cents="x")
    assert "<h1>Repas</h1>" in answer.content.decode()
    assert 'value="Dîner"' in answer.content.decode()
    assert "Saisissez un montant" in errors_of(answer)


def test_a_dispositif_is_duplicated_for_the_new_year(desk: Desk) -> None:
    assert (
        'value="Inscription cantine 2027-2028"'
        in desk.get("settings_scheme_copy", desk.town.scheme.pk).content.decode()
    )
    page = text_of(desk.saved("settings_scheme_copy", desk.town.scheme.pk))
    copy = Scheme.objects.get(name="Inscription cantine 2027-2028")
    assert not copy.enabled and list(copy.invoice_types.all()) == [desk.town.type]
    assert "Fermé" in page and "3 champs, version 1" in page and "Majoration hors délai" in page
    refused = desk.refused("settings_scheme_copy", desk.town.scheme.pk, name=copy.name)
    assert "C’est déjà pris" in refused
    assert "Ce champ est obligatoire." in desk.refused("settings_scheme_copy", desk.town.scheme.pk, name=" ")
