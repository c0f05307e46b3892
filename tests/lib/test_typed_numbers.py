"""Numbers and amounts as a caller says them."""

import pytest

from obole.lib.typed_numbers import NumberKind, parse_amount, parse_number


@pytest.mark.parametrize(
    ("typed", "kind", "canonical"),
    [
        ("ENF-2026-000315", NumberKind.INVOICE, "ENF-2026-000315"),
        ("enf 2026 315", NumberKind.INVOICE, "ENF-2026-000315"),
        ("ENF2026000315", NumberKind.INVOICE, "ENF-2026-000315"),
        ("ENF/2026/315", NumberKind.INVOICE, "ENF-2026-000315"),
        ("enf 315", NumberKind.INVOICE, ""),
        ("2026-315", NumberKind.INVOICE, ""),
        ("ENF-Q-2026-000038", NumberKind.QUITTANCE, "ENF-Q-2026-000038"),
        ("enf q 2026 38", NumberKind.QUITTANCE, "ENF-Q-2026-000038"),
        ("R-ENF-000100", NumberKind.RECEIPT, "R-ENF-000100"),
        ("enf av 2026 1", NumberKind.CREDIT_NOTE, "ENF-AV-2026-000001"),
        ("ENF-V-2026-000002", NumberKind.REMITTANCE, "ENF-V-2026-000002"),
        ("dos 40", NumberKind.DOSSIER, ""),
        ("DOS-000040", NumberKind.DOSSIER, ""),
        ("000315", NumberKind.SEQUENCE, ""),
    ],
)
def test_a_number_is_read_however_it_is_written(typed: str, kind: NumberKind, canonical: str) -> None:
    number = parse_number(typed)
    assert number is not None
    assert (number.kind, number.canonical) == (kind, canonical)


@pytest.mark.parametrize(
    "typed", ["", "Moreau", "novembre 2026", "62,80", "(", "06 12 34 56 78", "8 rue Haute", "a" * 300]
)
def test_what_is_no_number_is_none(typed: str) -> None:
    assert parse_number(typed) is None


@pytest.mark.parametrize(
    ("typed", "cents"),
    [("62,80", 6280), ("1 234,56 €", 123456), ("1234,56", 123456), ("52 €", 5200), ("12 euros", 1200), ("0,05", 5)],
)
def test_an_amount_is_read_in_cents(typed: str, cents: int) -> None:
    assert parse_amount(typed) == cents


@pytest.mark.parametrize("typed", ["62", "62.80", "62,8", "1,234,56", "ENF 52", ""])
def test_what_is_no_amount_is_none(typed: str) -> None:
    assert parse_amount(typed) is None
