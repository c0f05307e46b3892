"""What a cell of an exported file may hold."""

import pytest

from obole.crm.shared import exports


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_no_cell_can_be_run_by_a_spreadsheet(start: str) -> None:
    assert exports.cell(f"{start}1+1") == f"'{start}1+1"
    assert exports.cell("A=1") == "A=1"


def test_amounts_stay_numbers_in_the_file() -> None:
    assert exports.cell(exports.in_euros(-123_456)) == "-1234,56"
    assert exports.cell(exports.in_euros(5)) == "0,05"
    assert exports.cell(exports.in_euros(0)) == "0,00"
    assert exports.cell(None) == ""
