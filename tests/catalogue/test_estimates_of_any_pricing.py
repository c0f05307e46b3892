"""Whatever is answered of whatever pricing: no estimate breaks, and none tells an amount that would not be billed."""

from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from obole.catalogue.fields import FieldKind, FormField
from obole.catalogue.forms import estimates, pricing_match
from obole.catalogue.forms.estimates import AmountEstimate
from obole.pricing.engine import compiled_pricing
from obole.pricing.engine.compiled_pricing import Compiled
from obole.pricing.model import parts as p
from obole.pricing.model.parts import Pricing
from tests.pricing.dispositifs import TOWN

ON = date(2026, 11, 25)
_KINDS = {
    p.QuestionKind.NUMBER: FieldKind.DECIMAL,
    p.QuestionKind.DAY: FieldKind.DATE,
    p.QuestionKind.TIME: FieldKind.TIME,
    p.QuestionKind.CHOICE: FieldKind.CHOICE,
    p.QuestionKind.YES_NO: FieldKind.YES_NO,
    p.QuestionKind.TEXT: FieldKind.TEXT,
}


@lru_cache
def compiled(name: str) -> Compiled:
    return compiled_pricing.compile_pricing(TOWN[name])


def fields(pricing: Pricing, asked: frozenset[str]) -> tuple[FormField, ...]:
    """Return a form that asks these questions, and all the groups."""
    groups = {group.key: group.label for group in pricing.groups}

    def field(question: p.Question) -> FormField:
        return FormField(
            key=question.key,
            label=question.label,
            kind=_KINDS[question.kind],
            group=question.group,
            choices=question.choices,
            required=question.required,
            decimals=3 if question.kind == p.QuestionKind.NUMBER else 0,
        )

    def all_of() -> Iterator[FormField]:
        yield from (field(question) for question in pricing.questions if not question.group and question.key in asked)
        for key, label in groups.items():
            yield FormField(key=key, label=label, kind=FieldKind.GROUP, required=False)
            yield from (
                field(question) for question in pricing.questions if question.group == key and question.key in asked
            )

    return tuple(all_of())


def an_answer(question: p.Question) -> st.SearchStrategy[Any]:
    if question.kind == p.QuestionKind.NUMBER:
        good: st.SearchStrategy[Any] = st.integers(0, 3000).map(str)
    elif question.kind == p.QuestionKind.DAY:
        good = st.integers(0, 900).map(lambda n: (date(2026, 1, 1) + timedelta(days=n)).isoformat())
    elif question.kind == p.QuestionKind.CHOICE:
        good = st.sampled_from(question.choices)
    elif question.kind == p.QuestionKind.YES_NO:
        good = st.sampled_from(["yes", "no"])
    else:
        good = st.sampled_from(["Léa", "12:30", "🎉"])
    return st.one_of(good, good, good, st.none(), st.sampled_from(["", "x", "-1", "1e9", "\u202e", "9" * 50, 7]))


def answers_of(pricing: Pricing) -> st.SearchStrategy[dict[str, Any]]:
    alone = {question.key: an_answer(question) for question in pricing.questions if not question.group}
    rows = {
        group.key: st.lists(
            st.fixed_dictionaries(
                {question.key: an_answer(question) for question in pricing.questions if question.group == group.key}
            ),
            max_size=3,
        )
        for group in pricing.groups
    }
    return st.fixed_dictionaries({**alone, **rows})


def check(found: AmountEstimate, pricing: Compiled, raw: dict[str, Any]) -> None:
    assert found.said or found.is_complete
    if found.is_known and not found.partial:
        billed = pricing.price(pricing.read(raw), on=ON)
        assert (billed.total_cents, billed.lines) == (found.total_cents, found.result.lines)
    if not found.result.lines:
        assert not found.total_cents and (found.is_complete or found.total_cents is None)


@pytest.mark.parametrize("name", TOWN)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_what_is_told_is_what_would_be_billed(name: str, data: st.DataObject) -> None:
    one = compiled(name)
    keys = sorted(question.key for question in one.pricing.questions)
    asked = frozenset(data.draw(st.lists(st.sampled_from(keys), unique=True))) if keys else frozenset()
    given_now = data.draw(answers_of(one.pricing))
    form = fields(one.pricing, data.draw(st.sampled_from([asked, frozenset(keys)])))
    check(
        estimates.estimate_form(one, form, given_now, on=ON),
        one,
        pricing_match.engine_answers(one.pricing, form, given_now),
    )
    check(estimates.estimate_answers(one, given_now, on=ON), one, given_now)


@pytest.mark.parametrize("name", TOWN)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_line_that_is_shown_stays_when_the_rest_is_answered(name: str, data: st.DataObject) -> None:
    """While required answers lack, what is shown is sure: answering them takes no line away and changes none."""
    one = compiled(name)
    full = data.draw(answers_of(one.pricing))
    after = estimates.estimate_answers(one, full, on=ON)
    asked = [question for question in one.pricing.questions if question.asked_of == p.AskedOf.CITIZEN]
    must = [question.key for question in asked if question.required and not question.group]
    if not must or after.waiting or after.wrong:
        return
    gone = data.draw(st.sampled_from(must))
    before = estimates.estimate_answers(one, {**full, gone: None}, on=ON)
    assert before.waiting and before.total_cents is None
    assert all(line in after.result.lines for line in before.result.lines)
