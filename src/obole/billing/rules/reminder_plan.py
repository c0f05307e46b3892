"""The reminders that a type de facture plans: a step each, on its own day, with its own words where it has some."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from obole.mailing import rules as mail_rules
from obole.mailing.default_templates import REMINDER

MOST_STEPS = 12
FARTHEST = 365
LONGEST_SUBJECT = 200
LONGEST_SMS = 300


@dataclass(frozen=True)
class Step:
    """
    One reminder: ``days`` after the due date, or before it if that is negative.

    Without a subject and a text of its own, it says what the model of its rank says. With ``sms``, who has a mobile
    telephone gets that too, beside the mail or the letter.
    """

    days: int
    subject: str = ""
    body: str = ""
    sms: str = ""

    def day(self, due_date: date) -> date:
        """Return the day of the plan; closed ones are put off by who sends."""
        return due_date + timedelta(days=self.days)

    def is_past(self, due_date: date, today: date) -> bool:
        """Tell whether its words would be false: a reminder from before the due date says that it is to come."""
        return self.days <= 0 and today > due_date


DEFAULT = (Step(7), Step(21), Step(35))
"""What a new type de facture plans, until somebody changes it."""


def steps_of(kept: Sequence[Mapping[str, Any]]) -> tuple[Step, ...]:
    """Return the steps as they are kept in a type de facture, in the order of their days."""
    return tuple(sorted((Step(**one) for one in kept), key=lambda step: step.days))


def as_kept(steps: Sequence[Step]) -> list[dict[str, Any]]:
    """Return steps as a type de facture keeps them."""
    return [asdict(step) for step in sorted(steps, key=lambda step: step.days)]


def in_words(steps: Sequence[Step]) -> str:
    """Write when reminders are sent: « 5 jours avant l’échéance, à 7, 21, 35 jours »."""
    early = [str(-step.days) for step in steps if step.days <= 0]
    late = [str(step.days) for step in steps if step.days > 0]
    said = []
    if early:
        said.append(_("%(days)s jours avant l’échéance") % {"days": ", ".join(early)})
    if late:
        said.append(_("à %(days)s jours") % {"days": ", ".join(late)})
    return ", ".join(said)


def in_lines(steps: Sequence[Step]) -> str:
    """Write a plan whole, a step after the other, to be compared line by line."""
    return "\n".join(
        "\n".join(part for part in (in_words([step]), step.subject, step.body, step.sms) if part) for step in steps
    )


def kind_of(steps: Sequence[Step], number: int) -> str:
    """Return the model whose words the ``number``-th reminder (1, 2, 3…) uses where it has none of its own."""
    step = steps[number - 1] if number <= len(steps) else None
    if step is not None and step.days <= 0:
        return "reminder_before"
    late = number - sum(one.days <= 0 for one in steps)
    return f"reminder_{max(1, min(late, LAST_WORDS))}"


LAST_WORDS = 3
"""There are three models of late reminders; a fourth one uses the third."""


def check(kept: Any, *, payment_term: int | None) -> None:
    """
    Check steps before they are kept.

    :param payment_term: days between the deposit and the due date; None where it is not known.
    :raises django.core.exceptions.ValidationError: with a sentence for each thing to mend.
    """
    if not _has_their_shape(kept):
        raise ValidationError(_("Un plan de relance est une liste d’étapes : jours, objet, texte."))
    steps = steps_of(kept)
    problems = [
        *_days(steps, payment_term),
        *(said for step in steps for said in (*wrong_words(step), *wrong_sms(step))),
    ]
    if problems:
        raise ValidationError(problems)


def wrong_words(step: Step) -> Iterator[str]:
    """Yield what is wrong with the words of a step, as sentences for who wrote them."""
    if bool(step.subject) != bool(step.body):
        yield _("Donnez l’objet et le texte de la relance, ou laissez les deux vides.")
        return
    try:
        mail_rules.check(step.subject, step.body, REMINDER)
    except mail_rules.BadTemplate as error:
        yield str(error)


def wrong_sms(step: Step) -> Iterator[str]:
    """Yield what is wrong with the SMS of a step."""
    if len(step.sms) > LONGEST_SMS:
        yield _("Ce SMS est trop long : %(most)s caractères au plus, variables comprises.") % {"most": LONGEST_SMS}
    try:
        mail_rules.check("", step.sms, REMINDER)
    except mail_rules.BadTemplate as error:
        yield str(error)


def _has_their_shape(kept: Any) -> bool:
    kinds = {"days": int, "subject": str, "body": str, "sms": str}
    return isinstance(kept, list) and all(
        isinstance(one, dict)
        and "days" in one
        and all(name in kinds and type(value) is kinds[name] for name, value in one.items())
        for one in kept
    )


def _days(steps: Sequence[Step], payment_term: int | None) -> Iterator[str]:
    if len(steps) > MOST_STEPS:
        yield _("%(most)s relances au plus.") % {"most": MOST_STEPS}
    if any(abs(step.days) > FARTHEST for step in steps):
        yield _("Une relance part à 365 jours de l’échéance au plus.")
    if any(len(step.subject) > LONGEST_SUBJECT for step in steps):
        yield _("L’objet est trop long : %(most)s caractères au plus.") % {"most": LONGEST_SUBJECT}
    if any(one.days == other.days for one, other in pairwise(steps)):
        yield _("Deux relances partiraient le même jour.")
    if payment_term is not None and steps and -steps[0].days >= max(payment_term, 1):
        said = _(
            "Un rappel %(days)s jours avant l’échéance partirait avant la facture, ou le jour de son dépôt : le délai"
            " de paiement est de %(term)s jours."
        )
        yield said % {"days": -steps[0].days, "term": payment_term}
