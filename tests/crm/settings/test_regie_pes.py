"""How a régie's transmissions are written in PES V2, on its administrators' screen."""

import pytest

from obole.audit_log.models import Record
from obole.directory import operations as directory
from obole.recovery.models import PesSettings
from tests.crm.settings_desk import Desk, open_desk, text_of
from tests.recovery.pes import CODES, SIRET
from tests.world import NOON, WHO, make_invoice

pytestmark = pytest.mark.django_db
GIVEN = {name: value for name, value in CODES.items() if name != "products"}


@pytest.fixture
def desk() -> Desk:
    desk = open_desk()
    make_invoice(desk.town)
    return desk


def test_the_codes_and_one_for_each_imputation(desk: Desk) -> None:
    regie = desk.town.regie.pk
    page = text_of(desk.get("settings_regie_pes", regie))
    assert "Imputation 7067" in page and "Imputation 44571" in page and "Lignes sans imputation" in page
    assert "non validé" in page or "n’est pas validé par le schéma officiel" in page
    desk.saved("settings_regie_pes", regie, **{**GIVEN, "product-7067": "CANT", "product-": "", "edition": "04"})
    kept = PesSettings.objects.get()
    assert (kept.post, kept.edition, kept.products) == ("034000", "04", {"7067": "CANT"})
    desk.saved("settings_regie_pes", regie, **{"product-7067": "", "product-44571": "TVA1"})
    kept.refresh_from_db()
    assert kept.products == {"44571": "TVA1"} and Record.objects.filter(verb="configure").exists()
    assert "Codes produits" in text_of(desk.get("settings_regie_pes", regie))


def test_the_siret_of_the_authority_is_proposed(desk: Desk) -> None:
    directory.configure_authority(values={"siret": SIRET}, actor=WHO, at=NOON)
    assert SIRET in desk.get("settings_regie_pes", desk.town.regie.pk).content.decode()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"post": "34"}, "6 ou 7 chiffres"),
        ({"siret": "73282932000075"}, "Un chiffre de ce SIRET est faux"),
        ({"product-7067": "é"}, "lettres sans accent"),
        ({"edition": "03"}, "03"),
        ({"first_bordereau": "0"}, "1"),
    ],
)
def test_neg_what_is_wrong_stands_at_its_field(desk: Desk, changes: dict[str, str], sentence: str) -> None:
    values = {**GIVEN, "product-7067": "CANT", **changes}
    assert sentence in desk.refused("settings_regie_pes", desk.town.regie.pk, **values)
    assert not PesSettings.objects.exists()
