"""What a citizen still has to pay for an application, and when; and the cautions that are asked beside: in plain words."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from obole.billing import queries
from obole.billing.caution_states import CautionState
from obole.billing.models import Caution
from obole.billing.part_states import PartState
from obole.dossiers.models import Dossier
from obole.lib import days, money
from obole.payments.standing import Shown
from obole.portal import telling
from obole.ui.templatetags.ui import pill


@dataclass(frozen=True)
class Line:
    """A part of a price, or a caution: what it is, how much, where it stands in a word and in a sentence."""

    title: str
    cents: int
    said: str
    pill: SafeString
    invoice_id: str = ""
    """The public id of its invoice, if there is one."""


def parts(dossier: Dossier, bills: Iterable[Shown]) -> list[Line]:
    """Return the parts of the dossier's prices that are billed in several times; ``bills`` are its invoices, as they are shown."""
    known = {one.invoice.pk: one for one in bills}
    return [_part(one, known) for schedule in queries.schedules_of(dossier) for one in schedule.parts]


def cautions(dossier: Dossier) -> list[Line]:
    """Return the cautions of the dossier."""
    return [_caution(one) for one in queries.cautions_of(dossier)]


def carried(dossier: Dossier) -> list[str]:
    """Return what waits for the citizen's next invoice, a sentence each."""
    text = _("%(amount)s seront ajoutés à votre prochaine facture%(period)s.")
    return [
        text % {"amount": money.euros(one.cents), "period": f" ({one.period})" if one.period else ""}
        for one in queries.carried_of(dossier)
        if one.invoice_id is None and not one.reason
    ]


def _part(one: queries.Scheduled, known: dict[int, Shown]) -> Line:
    shown = known.get(one.invoice.pk) if one.invoice else None
    if shown is not None:
        look, number = shown.look, shown.invoice.number
        said = _("Facture n° %(number)s, à payer avant le %(day)s.") % {"number": number, "day": days.short(one.due_on)}
        if not shown.invoice.remaining_cents:
            said = _("Facture n° %(number)s.") % {"number": number}
        drawn = pill(look.tone, telling.standing_of(shown), look.icon)
        return Line(one.title, one.part.cents, said, drawn, shown.invoice.public_id)
    if one.part.state == PartState.ABANDONED:
        said = _("Cette somme ne vous sera pas demandée : %(reason)s.") % {"reason": one.part.reason.rstrip(".")}
        return Line(one.title, one.part.cents, said, pill("ended", _("Abandonnée"), "ban"))
    said = _("Vous recevrez la facture le %(day)s, à payer avant le %(due)s.") % {
        "day": days.short(one.part.issue_on), "due": days.short(one.due_on),
    }  # fmt: skip
    if one.held:
        said = _("La date de cette facture sera précisée par le service.")
    return Line(one.title, one.part.cents, said, pill("in_progress", _("À venir"), "clock"))


def _caution(one: Caution) -> Line:
    tone, label, sentence = _CAUTIONS[CautionState(one.state)]
    said = str(sentence) % {
        "received": _day(one.received_at), "ended": _day(one.ended_at), "kept": money.euros(one.kept_cents),
        "returned": money.euros(one.returned_cents), "reason": one.reason.rstrip("."),
    }  # fmt: skip
    return Line(one.label, one.cents, said, pill(tone, str(label)))


def _day(at: datetime | None) -> str:
    return days.short(days.day_of(at)) if at else ""


_CAUTIONS = {
    CautionState.ASKED: (
        "to_pay", gettext_lazy("Demandée"),
        gettext_lazy("À remettre au service. Elle n’est pas dans le prix, et vous sera rendue s’il n’y a rien à réparer."),
    ),
    CautionState.RECEIVED: (
        "in_progress", gettext_lazy("Reçue"),
        gettext_lazy("Reçue le %(received)s. Elle vous sera rendue s’il n’y a rien à réparer."),
    ),
    CautionState.RETURNED: ("done", gettext_lazy("Rendue"), gettext_lazy("Rendue le %(ended)s.")),
    CautionState.KEPT: (
        "late", gettext_lazy("Retenue"),
        gettext_lazy("%(kept)s retenus (%(reason)s), %(returned)s rendus. Ce qui est retenu vous est facturé."),
    ),
    CautionState.DROPPED: (
        "ended", gettext_lazy("Sans objet"), gettext_lazy("Elle ne vous est plus demandée : %(reason)s.")
    ),
}  # fmt: skip
