"""The citizens' simulator: what is theirs to answer of a pricing's questions. Nothing is recorded."""

from dataclasses import replace
from datetime import date
from typing import Any, Self

from obole.catalogue.fields import MOST_ROWS
from obole.catalogue.forms import estimates
from obole.catalogue.forms.estimates import AmountEstimate
from obole.catalogue.forms.pricing_questions import AnswersForm
from obole.pricing.engine.compiled_pricing import Compiled
from obole.pricing.model.parts import AskedOf, Pricing


class SimulationForm(AnswersForm):
    """The citizen's questions of a pricing."""

    @classmethod
    def of(cls, compiled: Compiled, sent: Any = None) -> Self:
        """Return the form, blank or as it was sent, maybe with a row more or less."""
        asked = [citizen_questions(compiled.pricing)]
        return cls(pricings=asked) if sent is None else cls.sent(sent, pricings=asked)

    def estimate(self, compiled: Compiled, *, on: date) -> AmountEstimate:
        """Return what the answers come to so far."""
        return estimates.estimate_answers(compiled, self.answers, on=on)

    def mark(self, compiled: Compiled, *, on: date) -> None:
        """Say at its field what cannot be read, where the form was sent."""
        if self.is_bound:
            self.tell(problem for problem in compiled.preview(self.answers, on=on).problems if self.stands_at(problem))


def citizen_questions(pricing: Pricing) -> Pricing:
    """Return the questions of a pricing that a citizen answers, and no more rows than an application may have."""
    asked = tuple(question for question in pricing.questions if question.asked_of == AskedOf.CITIZEN)
    kept = {item.group for item in asked}
    groups = tuple(replace(group, most=min(group.most, MOST_ROWS)) for group in pricing.groups if group.key in kept)
    return Pricing(questions=asked, groups=groups)
