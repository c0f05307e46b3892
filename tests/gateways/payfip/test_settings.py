"""What a régie may write in its settings."""

import pytest

from obole.gateways.payfip.words import ERRORS, PAYMENT_CODES
from obole.gateways.registry import build, check_settings, explain, settings_fields


@pytest.mark.parametrize("number", ["6382", "0063820", "00638a", "006 82", "٠٠٦٣٨٢", " 006382", "006382\n"])
def test_a_client_number_is_six_digits(number: str) -> None:
    assert set(check_settings("payfip", {"client_number": number})) == {"client_number"}


def test_a_client_number_keeps_its_zeros() -> None:
    assert check_settings("payfip", {"client_number": "000001"}) == {}


def test_only_the_client_number_is_compulsory() -> None:
    assert set(check_settings("payfip", {})) == {"client_number"}
    assert build("payfip", {"client_number": "006382", "mode": "", "service_url": ""}, timeout=1)


@pytest.mark.parametrize("mode", ["A", "M", "w", "WW", "Production"])
def test_a_mode_is_one_of_three(mode: str) -> None:
    assert set(check_settings("payfip", {"client_number": "006382", "mode": mode})) == {"mode"}


@pytest.mark.parametrize("name", ["service_url", "payment_page_url"])
@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("https://www.payfip.gouv.fr/tpa/services/securite", True),
        ("http://127.0.0.1:8001/tpa/services/securite", True),
        ("https://WWW.payfip.gouv.fr:443/tpa", False),
        ("https://relais.ville.example", False),
        ("https://evil.example/tpa", False),
        ("http://www.payfip.gouv.fr/tpa/services/securite", False),
        ("http://169.254.169.254/latest/meta-data", False),
        ("http://2130706433/", False),
        ("https://www.payfip.gouv.fr.evil.example/tpa", False),
        ("https://www.payfip.gouv.fr:99999/tpa", False),
        ("www.payfip.gouv.fr/tpa", False),
        ("/tpa", False),
        ("ftp://www.payfip.gouv.fr/", False),
        ("file:///etc/passwd", False),
        ("javascript:alert(1)", False),
        ("https://", False),
        ("https:///tpa", False),
        ("https://moi:secret@www.payfip.gouv.fr/", False),
        ("https://www.payfip.gouv.fr/tpa?wsdl", False),
        ("https://www.payfip.gouv.fr/tpa#x", False),
        ("https://www.payfip.gouv.fr/ tpa", False),
    ],
)
def test_an_address_is_absolute(name: str, url: str, good: bool) -> None:
    errors = check_settings("payfip", {"client_number": "006382", name: url})

    assert set(errors) == (set() if good else {name})


def test_a_new_regie_starts_in_test_mode() -> None:
    (mode,) = [field for field in settings_fields("payfip") if field.name == "mode"]

    assert mode.default == "T"
    assert list(mode.choices.values()) == ["Test", "Activation", "Production"]


def test_every_code_that_tells_of_a_payment_is_explained() -> None:
    assert set(PAYMENT_CODES) <= set(ERRORS)
    assert all(explain("payfip", code).endswith(".") for code in ERRORS)
