"""The citizens' simulator: what is theirs to answer of a pricing's questions. Nothing is recorded."""

from dataclasses import replace
from datetime import date
from typing import Any, Self

from obole.catalogue.fields import MOST_ROWS
from obole.catalogue.forms import estimating
from obole.catalogue.forms.answering import AnswersForm
from obole.catalogue.forms.estimating import Estimated
from obole.catalogue.rules import Compiled, Pricing
from obole.catalogue.rules.parts import AskedOf


class SimulationForm(AnswersForm):
    """The citizen's questions of a pricing."""

    @classmethod
    def of(cls, compiled: Compiled, sent: Any = None) -> Self:
        """Return the form, blank or as it was sent, maybe with a row more or less."""
        asked = [citizens_part(compiled.pricing)]
        return cls(pricings=asked) if sent is None else cls.sent(sent, pricings=asked)

    def estimate(self, compiled: Compiled, *, on: date) -> Estimated:
        """Return what the answers come to so far."""
        return estimating.of_answers(compiled, self.answers, on=on)

    def mark(self, compiled: Compiled, *, on: date) -> None:
        """Say at its field what cannot be read, where the form was sent."""
        if self.is_bound:
            self.tell(one for one in compiled.preview(self.answers, on=on).problems if self.stands_at(one))


def citizens_part(pricing: Pricing) -> Pricing:
    """Return the questions of a pricing that a citizen answers, and no more rows than an application may have."""
    asked = tuple(one for one in pricing.questions if one.asked_of == AskedOf.CITIZEN)
    kept = {one.group for one in asked}
    groups = tuple(replace(one, most=min(one.most, MOST_ROWS)) for one in pricing.groups if one.key in kept)
    return Pricing(questions=asked, groups=groups)
