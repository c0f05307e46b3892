"""What holds whatever the configuration and the answers."""

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, strategies as st

from obole.lib import money
from obole.pricing.engine import line_rules, splitting, step_rules
from obole.pricing.engine.compiled_pricing import compile_pricing
from obole.pricing.model import formulas as f, parts as p, tariffs as t
from obole.pricing.model.numbers import Rounding
from obole.pricing.model.problems import Refused
from obole.pricing.text import codec
from tests.pricing import dispositifs as town
from tests.pricing.build import (
    a,
    amounts,
    brackets,
    call,
    d,
    day,
    fixed,
    line,
    n,
    number,
    price,
    product,
    shop,
    tariff,
    when,
)

RATES = [
    t.Vat(),
    t.Vat(regime=t.Regime.FRANCHISE),
    *(t.Vat(regime=t.Regime.TAXED, rate=d(item)) for item in ("5.5", "10", "20")),
]


quantities = st.decimals(0, 999, places=3)
prices = st.integers(0, 10**5)


@given(
    st.lists(st.tuples(prices, quantities, st.sampled_from(RATES)), min_size=1, max_size=6), st.sampled_from(t.Typed)
)
def test_sums_agree_everywhere(sold: list[tuple[int, Decimal, t.Vat]], typed: t.Typed) -> None:
    pricing = shop(*(item[0] for item in sold), vats=[item[2] for item in sold], typed=typed)
    result = price(pricing, **{f"q{index}": item[1] for index, item in enumerate(sold)})
    assert [line.amount_cents for line in result.lines] == [money.times(item[1], item[0]) for item in sold if item[1]]
    assert result.total_cents == sum(row.total_cents for row in result.taxes) == result.net_cents + result.vat_cents
    lines_cents = sum(line.amount_cents for line in result.lines)
    assert lines_cents == (result.total_cents if typed == t.Typed.GROSS else result.net_cents)
    for row in result.taxes:
        taxed = money.times(row.vat.rate / 100, row.net_cents)
        # From a price with its tax, the tax is what is left: a cent beside at most.
        assert abs(row.vat_cents - taxed) <= (typed == t.Typed.GROSS)
    assert sum(result.instalments) == max(result.total_cents, 0)


@given(st.lists(st.tuples(prices, quantities), min_size=2, max_size=4))
def test_the_order_of_the_lines_changes_nothing(sold: list[tuple[int, Decimal]]) -> None:
    pricing = shop(*(item[0] for item in sold))
    answers = {f"q{index}": item[1] for index, item in enumerate(sold)}
    first = price(pricing, **answers)
    for order in permutations(pricing.lines):
        again = price(replace(pricing, lines=order), **answers)
        assert (again.total_cents, again.taxes) == (first.total_cents, first.taxes)
        assert sorted(again.lines, key=lambda line: line.key) == sorted(first.lines, key=lambda line: line.key)


@given(st.lists(st.sampled_from(["instrument", "danse", "éveil"]), min_size=1, max_size=5), st.randoms())
def test_the_dearest_first_whatever_the_order_of_the_pupils(pupils: list[str], random: Any) -> None:
    one = price(town.MUSIC, eleves=[{"cursus": pupil} for pupil in pupils])
    random.shuffle(pupils)
    other = price(town.MUSIC, eleves=[{"cursus": pupil} for pupil in pupils])
    assert one.total_cents == other.total_cents
    whole = {"instrument": 60300, "danse": 54000, "éveil": 17100}
    dearest = max(whole[pupil] for pupil in pupils)
    assert dearest in amounts(one)


@given(st.integers(0, 4000_00), st.integers(0, 500))
def test_who_earns_more_pays_no_less(qf_cents: int, more: int) -> None:
    for pricing, answers in ((town.EFFORT, {"repas": 1}), (town.SCHOOL, {"resident": True, "enfants": [{"repas": 1}]})):
        low, high = (
            price(pricing, qf=Decimal(cents) / 100, **answers).total_cents for cents in (qf_cents, qf_cents + more)
        )
        assert low <= high


@given(st.decimals(0, 100, places=3), st.decimals(0, 10, places=3))
def test_more_is_never_cheaper(volume: Decimal, more: Decimal) -> None:
    def at(quantity: Decimal) -> int:
        return price(
            replace(town.TIP, products=(replace(town.TIP.products[0], maximum=None),)),
            territoire="territoire",
            depots=[{"nature": "inertes", "volume": quantity}],
        ).total_cents

    assert at(volume) <= at(volume + more)


@given(st.integers(1, 10**9), st.integers(1, 12), st.data())
def test_instalments_add_up(total: int, times: int, data: st.DataObject) -> None:
    first = data.draw(st.integers(0, total))
    parts = splitting.instalments(total, times=times, first_cents=first)
    assert sum(parts) == total
    assert all(part > 0 for part in parts)
    if len(parts) == times > 1:
        equal = (total - first) // times
        assert parts[0] == equal + first
        assert set(parts[1:-1]) <= {equal}
        assert equal <= parts[-1] < equal + times


def test_a_remainder_goes_to_the_last() -> None:
    assert splitting.instalments(10000, times=3) == (3333, 3333, 3334)
    assert splitting.instalments(2, times=3) == (2,)
    assert splitting.instalments(100, times=2, first_cents=101) == (100,)
    assert splitting.instalments(0, times=3) == splitting.instalments(-5, times=3) == ()


@pytest.mark.parametrize("name", town.TOWN)
def test_a_pricing_goes_to_json_and_back(name: str) -> None:
    pricing = town.TOWN[name]
    again = codec.parse(json.loads(json.dumps(codec.as_dict(pricing))))
    assert again == pricing
    assert codec.as_dict(again) == codec.as_dict(pricing)


formulas = st.recursive(
    st.one_of(
        st.decimals(-1000, 1000, places=3).map(lambda item: f.Constant(Decimal(f"{item.normalize():f}"))),
        st.sampled_from(["a", "b", f.ROW]).map(f.Answer),
        st.dates(date(2000, 1, 1), date(2100, 1, 1)).map(f.Day),
        st.booleans().map(f.Flag),
        st.sampled_from(["été", "x"]).map(f.Text),
    ),
    lambda inside: st.one_of(
        st.tuples(st.sampled_from(["sum", "days"]), st.lists(inside, max_size=3).map(tuple)).map(
            lambda item: f.Call(*item)
        ),
        st.tuples(inside, inside, inside).map(
            lambda item: f.Either(
                when=f.Not(f.All((f.Compare(of=item[0], is_=f.Comparison.EMPTY),))), then=item[1], otherwise=item[2]
            )
        ),
        inside.map(lambda item: f.Rows(group="g", of=item)),
        inside.map(lambda item: f.Yearly(of=item, steps=(f.Since("09-01", Decimal("1.5")),))),
    ),
    max_leaves=12,
)


@given(formulas)
def test_any_formula_goes_to_json_and_back(formula: f.Formula) -> None:
    pricing = p.Pricing(values=(p.Value(key="v", label="V", of=formula),))
    assert codec.parse(json.loads(json.dumps(codec.as_dict(pricing)))) == pricing


@given(formulas)
def test_any_formula_is_refused_or_priced_never_broken(formula: f.Formula) -> None:
    pricing = replace(shop(100), questions=(number("a"), number("b")), groups=(p.Group(key="g", label="G"),))
    pricing = replace(pricing, lines=(line("p0", quantity=formula),))
    try:
        price(pricing, a=3, b=4)
    except Refused as refused:
        assert all(problem.message and problem.path for problem in refused.problems)


@pytest.mark.parametrize(
    ("quantity", "product_", "billed"),
    [
        ("18.5", {"rounding": Rounding.UP}, 19),
        ("18.5", {"rounding": Rounding.DOWN}, 18),
        ("18.5", {"rounding": Rounding.NEAREST}, 19),
        ("18.5", {}, None),
        ("18.5", {"decimals": 1}, Decimal("18.5")),
        ("1.1", {"decimals": 1, "step": d("0.5")}, None),
        ("1.1", {"decimals": 1, "step": d("0.5"), "rounding": Rounding.UP}, Decimal("1.5")),
        ("0.1", {"decimals": 2, "billed_minimum": d("0.25")}, Decimal("0.25")),
        ("0", {"decimals": 2, "billed_minimum": d("0.25"), "minimum": d(1)}, 0),
        ("3", {"minimum": d(4)}, None),
        ("3", {"maximum": d(2)}, None),
        ("3", {"minimum": d(3), "maximum": d(3)}, 3),
        ("1000000", {}, None),
        ("999999", {}, 999999),
    ],
)
def test_a_quantity_is_what_its_product_allows(quantity: str, product_: dict[str, Any], billed: Decimal | None) -> None:
    pricing = replace(shop(1), products=(product("p0", **product_),))
    if billed is None:
        with pytest.raises(Refused, match="quantité"):
            price(pricing, q0=quantity)
    else:
        assert sum(line.quantity for line in price(pricing, q0=quantity).lines) == billed


def bumped(*steps_: p.Step, amount: bool = False, cents: int = 325, **more: Any) -> list[int]:
    kind = {"amount_steps" if amount else "price_steps": steps_}
    pricing = replace(
        shop(cents), lines=(line("p0", quantity=a("q0"), **kind),), products=(product("p0", decimals=3, **more),)
    )
    return amounts(price(pricing, q0=16))


def test_the_unit_price_is_rounded_first_then_the_line() -> None:
    assert bumped(p.PercentStep(label="2ᵉ enfant", percent=d(-10))) == [4688]
    assert bumped(p.PercentStep(label="2ᵉ enfant", percent=d(-10)), amount=True) == [4680]


def test_each_step_is_rounded_and_none_goes_below_zero() -> None:
    assert bumped(p.PercentStep(label="x", percent=d(-10)), p.PercentStep(label="y", percent=d(-10))) == [16 * 264]
    assert bumped(p.AmountStep(label="x", cents=-400)) == [0]
    assert bumped(p.AmountStep(label="x", cents=25)) == [16 * 350]
    assert bumped(p.PercentStep(label="x", percent=d(1)), round_to=10) == [16 * 330]
    assert bumped(p.PercentStep(label="x", percent=d(1)), round_to=100) == [16 * 300]


@pytest.mark.parametrize(
    ("top", "bottom", "cents"), [(13, 17, 249), (0, 17, 0), (-4, 17, 0), (17, 17, 325), (40, 17, 325)]
)
def test_a_proration_is_between_nothing_and_the_whole(top: int, bottom: int, cents: int) -> None:
    assert bumped(p.FactorStep(label="x", top=n(top), bottom=n(bottom))) == [16 * cents]


def test_a_factor_that_is_no_proration_may_go_above_one() -> None:
    assert bumped(p.FactorStep(label="x", top=n(140), bottom=n(10), prorata=False)) == [16 * 4550]
    with pytest.raises(Refused, match="divise par zéro"):
        bumped(p.FactorStep(label="x", top=n(1), bottom=n(0)))


SUM = ("p0", "p1")


def across(last: t.Price, *, quantities_: tuple[int, int] = (1, 1), **more: Any) -> list[int]:
    base = shop(1000, 500)
    pricing = replace(
        base,
        tariffs=(*base.tariffs, tariff("last", last, **more)),
        products=(*base.products, product("last")),
        lines=(*base.lines, line("last")),
    )
    return amounts(price(pricing, q0=quantities_[0], q1=quantities_[1]))


@pytest.mark.parametrize(
    ("last", "quantities_", "cents"),
    [
        (t.Share(percent=d(100), of=SUM), (1, 1), [1000, 500, 1500]),
        (t.Share(percent=d("-33.333333"), of=("p1",)), (1, 1), [1000, 500, -167]),
        (t.Share(percent=d(10), of=SUM), (0, 0), []),
        (t.Limit(of=SUM, cap=1200), (1, 1), [1000, 500, -300]),
        (t.Limit(of=SUM, cap=1500), (1, 1), [1000, 500]),
        (t.Limit(of=SUM, floor=2000), (1, 1), [1000, 500, 500]),
        (t.Limit(of=SUM, floor=2000), (0, 0), []),
        (t.Limit(of=SUM, floor=1500, cap=1500), (3, 0), [3000, -1500]),
    ],
)
def test_a_line_may_look_at_those_above(last: t.Price, quantities_: tuple[int, int], cents: list[int]) -> None:
    assert across(last, quantities_=quantities_) == cents


def test_a_share_by_child_looks_at_its_own_child() -> None:
    pricing = replace(
        shop(1000),
        questions=(number("repas", group="g"),),
        groups=(p.Group(key="g", label="Enfant"),),
        tariffs=(fixed("p0", 1000), tariff("aide", t.Share(percent=d(-50), of=("p0",)))),
        products=(product("p0"), product("aide")),
        lines=(line("p0", quantity=a("repas"), per="g"), line("aide", per="g", when=when(f.ROW, "equals", 2))),
    )
    assert amounts(price(pricing, g=[{"repas": 1}, {"repas": 3}])) == [1000, 3000, -1500]


def test_rows_are_counted_and_summed() -> None:
    of = replace(
        shop(100),
        questions=(number("jours"), number("age", group="g")),
        groups=(p.Group(key="g", label="Enfant"),),
        lines=(
            line("p0", quantity=call("product", "jours", f.Rows(group="g", when=when("age", "at_least", 3)))),
            line("total", product="p0", quantity=f.Rows(group="g", of=a("age"))),
        ),
    )
    assert [line.quantity for line in price(of, jours=5, g=[{"age": 2}, {"age": 3}, {"age": 9}]).lines] == [10, 14]


def test_a_base_below_zero_is_refused() -> None:
    base = call("difference", "q0", 10)
    pricing = replace(shop(1), tariffs=(tariff("p0", t.Rate(base_label="Base", base=base, percent=d(1))),))
    with pytest.raises(Refused, match="«.Base.» est sous zéro"):
        price(pricing, q0=1)


@pytest.mark.parametrize("amount", [False, True])
def test_every_step_has_its_sentence(amount: bool) -> None:
    steps_ = (
        p.PercentStep(label="a", percent=d(7)),
        p.AmountStep(label="b", cents=-3),
        p.FactorStep(label="c", top=n(1), bottom=n(3)),
    )
    assert len(bumped(*steps_, amount=amount)) == 1


def test_a_negative_total_is_refused_unless_money_is_to_be_given_back() -> None:
    pricing = replace(shop(100, 500), lines=(line("p0", quantity=a("q0")), line("p1", quantity=a("q1"), deduct=True)))
    with pytest.raises(Refused, match="négatif"):
        price(pricing, q0=1, q1=1)
    assert price(replace(pricing, negative=True), q0=1, q1=1).total_cents == -400
    assert price(pricing, q0=5, q1=1).total_cents == 0


@pytest.mark.parametrize(
    ("answers", "said"),
    [({"q0": 999_999, "q1": 0}, "beaucoup trop grand"), ({"q0": 600, "q1": 600}, "le total est beaucoup trop grand")],
)
def test_enormous_sums_are_refused(answers: dict[str, int], said: str) -> None:
    with pytest.raises(Refused, match=said):
        price(shop(10_000_000 // 10, 10_000_000 // 10), **answers)


def test_a_formula_that_has_no_result_is_told_on_its_line() -> None:
    pricing = replace(
        shop(100),
        questions=(day("du"), day("au"), number("par")),
        lines=(
            line("p0", quantity=call("days", "du", "au")),
            line("zero", product="p0", quantity=call("quotient", 1, "par")),
        ),
    )
    with pytest.raises(Refused) as refused:
        price(pricing, du="2026-02-02", au="2026-02-01", par=0)
    assert [problem.path for problem in refused.value.problems] == ["lines[0]", "lines[1]"]
    with pytest.raises(Refused, match="il manque «.Par.»") as refused:
        price(replace(pricing, lines=pricing.lines[1:]))


def test_the_guards_of_a_quantity_and_of_an_amount_are_what_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(step_rules.QuantityRule, "_check", lambda *_args: None)
    assert price(replace(shop(1), products=(product("p0", maximum=d(2)),)), q0=3).total_cents == 3
    monkeypatch.setattr(line_rules, "LARGEST_CENTS", 10**15)
    with pytest.raises(Refused, match="le total est beaucoup trop grand"):
        price(shop(1_000_000), q0=999_999)


@given(st.sampled_from(list(town.TOWN)))
def test_compiling_twice_gives_the_same(name: str) -> None:
    one, other = compile_pricing(town.TOWN[name]), compile_pricing(town.TOWN[name])
    assert one.preview({}, on=date(2026, 11, 1)).result == other.preview({}, on=date(2026, 11, 1)).result


def test_five_thousand_lines_are_one_bill() -> None:
    many = [{"nature": "inertes", "volume": "1,5"}] * 200
    compiled = compile_pricing(
        replace(town.TIP, lines=tuple(replace(town.TIP.lines[0], key=f"l{number}") for number in range(25)))
    )
    result = compiled.price(compiled.read({"territoire": "territoire", "depots": many}), on=date(2026, 11, 1))
    assert len(result.lines) == 5000
    assert result.total_cents == sum(row.total_cents for row in result.taxes)


def test_a_grid_of_three_axes_is_read_in_order() -> None:
    axes = tuple(
        t.Axis(label=key, of=a(key), kind=t.AxisKind.BRACKETS, positions=brackets(*range(1, size)))
        for key, size in (("q0", 2), ("q1", 3), ("q2", 4))
    )
    base = shop(1, 1, 1)
    pricing = replace(
        base,
        tariffs=(tariff("p0", t.Grid(axes=axes, cells=tuple(range(24)))),),
        products=(product("p0"),),
        lines=(line("p0"),),
    )
    for n_, (x, y, z) in enumerate((x, y, z) for x in range(1, 3) for y in range(1, 4) for z in range(1, 5)):
        assert price(pricing, q0=x, q1=y, q2=z).total_cents == n_
    cut = replace(pricing, tariffs=(tariff("p0", t.Grid(axes=axes, cells=(None, *range(1, 24)))),))
    with pytest.raises(Refused, match="aucun prix n’est voté"):
        price(cut, q0=1, q1=1, q2=1)
