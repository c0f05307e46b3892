"""What was sent to the bank beside what it said."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from obole.gateways import registry
from obole.lib import money
from obole.payments.models import Anomaly, Attempt, Receipt
from obole.payments.states import AttemptState

SHORT_YEAR = 2
"""PayFiP compares the last two figures; 2026 is what was sent, and what people say."""
ANSWERED = frozenset({AttemptState.PAID, AttemptState.TESTED})


@dataclass(frozen=True)
class ComparedFact:
    """One fact: what was sent, what was said, and whether they agree (None while nobody has said anything)."""

    label: str
    sent: str
    said: str
    same: bool | None


def compare_facts(attempt: Attempt, receipt: Receipt | None, anomalies: Iterable[Anomaly]) -> list[ComparedFact]:
    """Return the facts that the bank must echo. They were compared when the bank answered: the differences are kept."""
    labels = _labels()
    answered = attempt.state in ANSWERED
    return [
        _fact(
            name,
            labels[name],
            _in_words(attempt, name),
            answered=answered,
            different=_different(anomalies),
            receipt=receipt,
        )
        for name in labels
        if attempt.sent.get(name)
    ]


def fact_names(anomaly: Anomaly) -> str:
    """Write what an anomaly is about: names of facts as people call them, else the words that were kept."""
    if anomaly.kind != Anomaly.Kind.DIFFERENT:
        return anomaly.details
    labels = _labels()
    return ", ".join(labels.get(name, name) for name in anomaly.details.split(", "))


def _labels() -> dict[str, str]:
    return {
        "reference": _("Référence"),
        "amount": _("Montant"),
        "client": _("N° client"),
        "year": _("Exercice"),
        "mode": _("Mode"),
        "gateway_reference": _("Référence de la banque"),
    }


def _fact(
    name: str, label: str, sent: str, *, answered: bool, different: frozenset[str], receipt: Receipt | None
) -> ComparedFact:
    if not answered:
        return ComparedFact(label, sent, "", None)
    if name not in different:
        return ComparedFact(label, sent, sent, True)
    said = money.euros(receipt.cents) if name == "amount" and receipt else _("autre chose : lisez l’échange")
    return ComparedFact(label, sent, said, False)


def _in_words(attempt: Attempt, name: str) -> str:
    """Write what was sent as people read it: an amount in euros, a year in four figures, a mode by its name."""
    sent = str(attempt.sent[name])
    if name == "amount" and sent.isdigit():
        return money.euros(int(sent))
    if name == "year" and len(sent) == SHORT_YEAR:
        return str(attempt.fiscal_year)
    return _mode(attempt, sent) if name == "mode" else sent


def _mode(attempt: Attempt, sent: str) -> str:
    """Return the name of a mode in the settings of its bank; its letter where that bank is not spoken to any more."""
    try:
        fields = registry.settings_fields(attempt.gateway)
    except registry.UnknownGateway:
        return sent
    names = next((field.choices for field in fields if field.name == "mode"), {})
    return _(names[sent]) if sent in names else sent


def _different(anomalies: Iterable[Anomaly]) -> frozenset[str]:
    named = (anomaly.details.split(", ") for anomaly in anomalies if anomaly.kind == Anomaly.Kind.DIFFERENT)
    return frozenset(name for names in named for name in names)
