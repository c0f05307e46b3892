"""One telephone number, however it is written."""

import pytest

from obole.lib import phones


@pytest.mark.parametrize(
    "written",
    ["0612345678", "06 12 34 56 78", "06.12.34.56.78", "+33612345678", "+33 (0)6 12 34 56 78", "0033612345678"],
)
def test_a_french_number_is_one_and_is_shown_by_twos(written: str) -> None:
    assert phones.digits(written) == "0612345678"
    assert phones.grouped(written).replace("\u00a0", " ") == "06 12 34 56 78"


@pytest.mark.parametrize("written", ["", "15", "poste 12", "+32 2 555 12 12", "06 12 34 56 78 ou 79"])
def test_any_other_is_left_as_it_is(written: str) -> None:
    assert phones.grouped(written) == written
