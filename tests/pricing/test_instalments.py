"""A bill in several invoices: to the cent in all, by rate of VAT and by imputation."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, strategies as st

from obole.pricing import instalments
from obole.pricing.instalments import Instalment, InstalmentKind, share
from obole.pricing.model import parts as p, tariffs as t
from obole.pricing.model.results import Result
from obole.pricing.text import codec
from tests.pricing import dispositifs as town
from tests.pricing.build import d, fixed, line, price, product


def by_nature(result: Result, parts: Iterable[Instalment]) -> Counter[str]:
    """Sum what the invoices print, by imputation; a solde prints the lines of the bill too."""
    sums: Counter[str] = Counter()
    for part in parts:
        for item in part.lines:
            sums[item.nature] += item.cents
        if part.kind == InstalmentKind.BALANCE:
            for printed in result.lines:
                sums[printed.nature] += printed.amount_cents
    return sums


def check(result: Result, parts: tuple[Instalment, ...]) -> None:
    """Fail unless the parts are the bill: in all, by imputation, by rate, and each of them in itself."""
    assert sum(part.cents for part in parts) == result.total_cents
    whole: Counter[str] = Counter()
    for item in result.lines:
        whole[item.nature] += item.amount_cents
    assert {k: v for k, v in by_nature(result, parts).items() if v} == {k: v for k, v in whole.items() if v}
    taxes, totals = Counter[t.Vat](), Counter[t.Vat]()
    for part in parts:
        assert part.cents == sum(row.total_cents for row in part.taxes) > 0
        held = sum(line.cents for line in part.lines)
        if part.kind == InstalmentKind.BALANCE:
            held += sum(line.amount_cents for line in result.lines)
        assert part.cents == held + part.added_tax_cents
        for row in part.taxes:
            taxes[row.vat] += row.vat_cents
            totals[row.vat] += row.total_cents
    assert +taxes == +Counter({row.vat: row.vat_cents for row in result.taxes})
    assert +totals == +Counter({row.vat: row.total_cents for row in result.taxes})
    added = result.total_cents - sum(line.amount_cents for line in result.lines)
    assert sum(part.added_tax_cents for part in parts) == added
    for part in parts:
        assert codec.parse_instalment(json.loads(json.dumps(codec.as_dict(part)))) == part


def test_the_acompte_and_the_solde_of_a_hall() -> None:
    result = price(town.HALL, demandeur="résident", duree="week-end", du="12/12/2026", cuisine="oui", couverts=80)
    acompte, balance = parts = share(result)
    check(result, parts)
    assert (acompte.cents, balance.cents) == (15780, 36820)
    assert [(part.kind, part.rank, part.count, part.total_cents, part.percent) for part in parts] == [
        (InstalmentKind.ACOMPTE, 1, 2, 52600, 30),
        (InstalmentKind.BALANCE, 2, 2, 52600, 30),
    ]
    assert [line.cents for line in acompte.lines] == [15780]
    assert [line.cents for line in balance.lines] == [-15780]


def test_the_vat_of_an_acompte_is_billed_with_it() -> None:
    result = price(replace(town.TAXED_HALL, terms=p.Terms(acompte=d(30))))
    acompte, balance = parts = share(result)
    check(result, parts)
    assert (acompte.cents, balance.cents) == (16200, 37800)
    assert [[(row.net_cents, row.vat_cents) for row in part.taxes] for part in parts] == [
        [(13500, 2700)],
        [(31500, 6300)],
    ]
    assert [part.added_tax_cents for part in parts] == [2700, 6300]


def test_the_first_instalment_bills_some_lines_whole() -> None:
    result = price(town.MUSIC, eleves=[{"cursus": "instrument"}, {"cursus": "instrument"}], trimestres_violon=3)
    parts = share(result, first=town.MUSIC.terms.first)
    check(result, parts)
    assert [part.cents for part in parts] == [44480, 40680, 40680]
    assert [[(line.cents, line.entire) for line in part.lines] for part in parts] == [
        [(3800, True), (40680, False)],
        [(40680, False)],
        [(40680, False)],
    ]
    assert parts[0].lines[0].of == ("Frais de dossier",)
    assert "Frais de dossier" not in parts[1].lines[0].of


@pytest.mark.parametrize(("cents", "parts"), [(14460, [4820, 4820, 4820]), (10000, [3333, 3333, 3334])])
def test_three_times(cents: int, parts: list[int]) -> None:
    result = price(bill_of((cents, "7062", t.Vat())))
    assert [item.cents for item in share(result)] == parts
    check(result, share(result))


def test_what_is_one_invoice_has_no_part() -> None:
    assert share(price(town.TAXED_HALL)) == ()
    assert share(price(bill_of((2, "", t.Vat())))) == ()
    tiny = replace(bill_of((1, "", t.Vat())), terms=p.Terms(acompte=d(30)))
    assert share(price(tiny)) == ()


THRICE = p.Terms(instalments=3)


def bill_of(*lines: tuple[int, str, t.Vat], terms: p.Terms = THRICE) -> p.Pricing:
    """Return a bill of these amounts (cents, imputation, VAT), below zero where it takes away."""
    return p.Pricing(
        tariffs=tuple(
            fixed(f"t{n}", abs(cents), vat=vat, typed=t.Typed.NET if vat.rate == 20 else t.Typed.GROSS)
            for n, (cents, _nature, vat) in enumerate(lines)
        ),
        products=tuple(product(f"t{n}", nature=nature) for n, (_cents, nature, _vat) in enumerate(lines)),
        lines=tuple(line(f"t{n}", deduct=cents < 0) for n, (cents, _nature, _vat) in enumerate(lines)),
        terms=terms,
    )


def test_imputations_that_cancel_each_other_go_with_the_last_part() -> None:
    result = price(bill_of((3000, "7062", t.Vat()), (500, "752", town.TEN), (-500, "7588", town.TEN)))
    parts = share(result)
    check(result, parts)
    assert [[(line.nature, line.cents) for line in part.lines] for part in parts] == [
        [("7062", 1000)],
        [("7062", 1000)],
        [("7062", 1000), ("752", 500), ("7588", -500)],
    ]


AMOUNTS = st.tuples(
    st.integers(1, 200_000),
    st.sampled_from(["", "7062", "752", "7588"]),
    st.sampled_from([t.Vat(), town.EXEMPT, town.TEN, town.TWENTY]),
)
TAKEN = st.tuples(st.integers(-900, -1), st.sampled_from(["752", "7588"]), st.sampled_from([t.Vat(), town.TEN]))
TERMS = st.one_of(
    st.integers(1, 99).map(lambda percent: p.Terms(acompte=Decimal(percent))),
    st.integers(2, 12).map(lambda times: p.Terms(instalments=times)),
    st.integers(2, 5).map(lambda times: p.Terms(instalments=times, first=("t1",))),
)


@given(lines=st.lists(AMOUNTS, min_size=1, max_size=6), taken=st.lists(TAKEN, max_size=2), terms=TERMS)
def test_the_parts_are_the_bill_whatever_it_holds(lines: Any, taken: Any, terms: p.Terms) -> None:
    if terms.first:
        # Prices without their tax are never set apart in the first instalment.
        lines = [(cents, nature, town.TEN if vat == town.TWENTY else vat) for cents, nature, vat in lines]
    pricing = bill_of((1_000_00, "7062", t.Vat()), *lines, *taken, terms=terms)
    result = price(pricing)
    parts = share(result, first=terms.first)
    assert len(parts) == len(instalments.amounts(result)) > 1
    check(result, parts)


@given(amount=st.integers(0, 10**7), weights=st.lists(st.integers(0, 10**6), min_size=1, max_size=8))
def test_what_is_apportioned_is_all_there(amount: int, weights: list[int]) -> None:
    parts = instalments.apportion(amount, weights)
    total = sum(weights)
    assert sum(parts) == (amount if total else 0)
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part * total - amount * weight) < max(total, 1)
