"""What describes a dispositif of the town, and short ways to write its form and its prices."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from obole.billing.rules.reminder_plan import DEFAULT, Step
from obole.catalogue.fields import FieldKind, FilledBy, FormField
from obole.catalogue.forms import answer_names
from obole.catalogue.models import BilledOn
from obole.pricing.model import formulas as f, parts as p, tariffs as t
from obole.pricing.text import codec

OUTSIDE = t.Vat()
FRANCHISE = t.Vat(regime=t.Regime.FRANCHISE)


@dataclass(frozen=True, kw_only=True)
class ServicePlan:
    """A prestation."""

    name: str
    about: str
    pictogram: str


@dataclass(frozen=True, kw_only=True)
class TypePlan:
    """A type de facture."""

    name: str
    regie: str
    payment_term: int
    nature: str
    vat_mention: str = ""
    """Empty where each price says its own."""
    introduction: str = ""
    colour: str = "#1f4a8a"
    reminder_steps: Sequence[Step] = DEFAULT
    is_childcare: bool = False


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A dispositif: what it asks, how it is priced, how it is invoiced. A free one has neither prices nor type."""

    key: str
    service: ServicePlan
    name: str
    about: str
    form: tuple[FormField, ...]
    pricing: p.Pricing | None = None
    type: TypePlan | None = None
    billed_on: str = BilledOn.COUNTED


@dataclass(frozen=True)
class Vote:
    """A délibération, and the day from which its prices apply."""

    number: str
    voted_on: date
    effect: date


SCHOOL_2025 = Vote("2025-38", date(2025, 6, 19), date(2025, 9, 1))
SCHOOL_2026 = Vote("2026-41", date(2026, 6, 18), date(2026, 9, 1))
YEAR_2025 = Vote("2024-97", date(2024, 12, 12), date(2025, 1, 1))
YEAR_2026 = Vote("2025-104", date(2025, 12, 11), date(2026, 1, 1))


def ask(key: str, label: str, kind: str = FieldKind.TEXT, /, **more: Any) -> FormField:
    """Return a question of the citizen's; ``shown_if`` and ``required_if`` are conditions of the engine."""
    for name in ("shown_if", "required_if"):
        if name in more:
            more[name] = codec.as_dict(more[name])
    return FormField(key=key, label=label, kind=kind, **more)


def ask_agent(key: str, label: str, kind: str = FieldKind.TEXT, /, **more: Any) -> FormField:
    """Return a question of the agent's, who may leave it for later."""
    return ask(key, label, kind, by=FilledBy.AGENT, **{"required": False, **more})


def section(key: str, label: str, **more: Any) -> FormField:
    """Return the title of a part of the form."""
    return ask(key, label, FieldKind.SECTION, required=False, **more)


def rows(key: str, label: str, *inside: FormField, row_name: str, most: int = 8, **more: Any) -> list[FormField]:
    """Return a repeated group, with what it asks at each row."""
    group = ask(key, label, FieldKind.GROUP, row_name=row_name, least_rows=1, most_rows=most, **more)
    return [group, *(replace(item, group=key) for item in inside)]


def questions(form: Sequence[FormField], *names: str) -> list[p.Question]:
    """
    Return, of what a form asks, what the prices depend on: so nothing is asked under two names.

    What the form does not always ask, the prices can do without.
    """
    asked = {
        question.key: replace(
            question,
            asked_of=p.AskedOf.AGENT if item.by == FilledBy.AGENT else p.AskedOf.CITIZEN,
            required=item.required and item.shown_if is None,
        )
        for item in form
        for question in answer_names.questions_of(item)
    }
    return [asked[name] for name in names]


def counted(key: str, label: str, *, group: str, decimals: int = 0, most: int = 60) -> p.Question:
    """Return a number that the agent gives for each row, when it is billed."""
    return p.Question(
        key=key,
        label=label,
        kind=p.QuestionKind.NUMBER,
        asked_of=p.AskedOf.AGENT,
        group=group,
        required=False,
        decimals=decimals,
        maximum=Decimal(most),
    )


def a(name: str) -> f.Answer:
    """Return what an answer is worth."""
    return f.Answer(name)


def number(value: str | int) -> f.Constant:
    """Return a number."""
    return f.Constant(Decimal(value))


def call(op: str, *args: f.Formula | str | int) -> f.Call:
    """Return an operation on formulas, answers by their names, and numbers."""
    read = (a(arg) if isinstance(arg, str) else number(arg) if isinstance(arg, int) else arg for arg in args)
    return f.Call(op, tuple(read))


def when(name: str, is_: f.Comparison, *to: str | bool | int | date) -> f.Compare:
    """Return a comparison of an answer."""
    return f.Compare(of=a(name), is_=is_, to=tuple(_constant(item) for item in to))


def equals(name: str, value: str | bool | int) -> f.Compare:
    """Return the condition that an answer is this one."""
    return when(name, f.Comparison.EQUALS, value)


def filled(name: str) -> f.Compare:
    """Return the condition that there is an answer."""
    return when(name, f.Comparison.FILLED)


def _constant(value: str | bool | int | date) -> f.Formula:
    if isinstance(value, bool):
        return f.Flag(value)
    if isinstance(value, date):
        return f.Day(value)
    return number(value) if isinstance(value, int) else f.Text(value)


def tariff(key: str, label: str, *voted: tuple[Vote, t.Price], vat: t.Vat = OUTSIDE, net: bool = False) -> t.Tariff:
    """Return a price through its votes, typed with the tax unless it is said to be without."""
    typed = t.Typed.NET if net else t.Typed.GROSS
    versions = (
        t.Version(
            effect=vote.effect, deliberation=vote.number, voted_on=vote.voted_on, price=price, vat=vat, typed=typed
        )
        for vote, price in voted
    )
    return t.Tariff(key=key, label=label, versions=tuple(versions))


def fixed(key: str, label: str, *voted: tuple[Vote, int], vat: t.Vat = OUTSIDE, net: bool = False) -> t.Tariff:
    """Return one price for all, in cents, through its votes."""
    return tariff(key, label, *((vote, t.Fixed(cents=cents)) for vote, cents in voted), vat=vat, net=net)


def product(key: str, label: str, nature: str, *, tariff: str = "", unit: str = "", **more: Any) -> p.Product:
    """Return what is billed; its tariff has its key unless another is named."""
    return p.Product(key=key, label=label, tariff=tariff or key, unit=unit, nature=nature, **more)


def line(key: str, label: str, *, product: str = "", quantity: f.Formula | None = None, **more: Any) -> p.BillingLine:
    """
    Return a line of the bill: one of its product unless a quantity is given; the product has its key unless named.
    """
    return p.BillingLine(key=key, label=label, product=product or key, quantity=quantity or number(1), **more)


def by_bracket(label: str, name: str, bounds: Sequence[int], names: Iterable[str] = (), **more: Any) -> t.Axis:
    """Return an axis of brackets that end at these bounds, and a last one without end, printed as votes do."""
    ends: list[int | None] = [None, *bounds, None]
    pairs = list(zip(ends, ends[1:], strict=False))
    printed = list(names) or [_printed(low, high) for low, high in pairs]
    positions = (
        t.Position(
            key=f"t{rank}",
            label=said,
            low=None if low is None else Decimal(low),
            high=None if high is None else Decimal(high),
        )
        for rank, (said, (low, high)) in enumerate(zip(printed, pairs, strict=True), start=1)
    )
    return t.Axis(label=label, of=a(name), kind=t.AxisKind.BRACKETS, positions=tuple(positions), **more)


def _printed(low: int | None, high: int | None) -> str:
    first = 0 if low is None else low + 1
    return f"> {low}" if high is None else f"{first}–{high}"


def by_choice(label: str, name: str, *values: str) -> t.Axis:
    """Return an axis of choices."""
    positions = (t.Position(key=f"c{rank}", label=value, value=value) for rank, value in enumerate(values, start=1))
    return t.Axis(label=label, of=a(name), kind=t.AxisKind.CHOICES, positions=tuple(positions))


def grid(*axes: t.Axis, cells: Sequence[int | None]) -> t.Grid:
    """Return a voted grid, its cells in reading order, in cents."""
    return t.Grid(axes=axes, cells=tuple(cells))
