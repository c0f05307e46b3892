"""Lists of lines of the bank, of what PayFiP lists, and of money that the bank has not shown."""

from dataclasses import dataclass
from datetime import date
from itertools import chain

import django_tables2 as tables
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _, gettext_lazy, ngettext

from obole.bank_statements import wording
from obole.bank_statements.models import BankLine, Match
from obole.bank_statements.queries import one_sided
from obole.bank_statements.states import LineState
from obole.crm.shared.columns import MAIN, STATUS, TITLE, AmountColumn, DayColumn
from obole.lib import dates
from obole.payments.display_status import Badge
from obole.payments.models import Receipt
from obole.regies.models import Regie
from obole.ui.templatetags.ui import pill

LINES = {
    LineState.OPEN: Badge("late", "clock"),
    LineState.MATCHED: Badge("done", "check"),
    LineState.IGNORED: Badge("ended", "ban"),
    LineState.WITHDRAWN: Badge("ended", "ban"),
}
NUMBER = {"th": {"class": "num"}, "td": {"class": "num nowrap"}}


def line_badge(line: BankLine) -> SafeString:
    """Draw the state of a line."""
    state = LineState(line.state)
    return pill(LINES[state].tone, str(state.label), LINES[state].icon)


def proposal_of(line: BankLine) -> str:
    """Say what a line seems to be, and why; nothing where nobody knows."""
    if not line.proposal:
        return ""
    kind = Match.Kind(line.proposal["kind"]).label
    return _("%(kind)s. %(why)s") % {"kind": kind, "why": wording.reason(line.proposal["why"], line.proposal["words"])}


class LineTable(tables.Table):  # type: ignore[misc]  # untyped library
    """Lines of the account."""

    day = DayColumn(verbose_name=gettext_lazy("Jour"), order_by=("day", "pk"))
    label = tables.Column(
        verbose_name=gettext_lazy("Libellé de la banque"),
        attrs=TITLE,
        linkify=("crm:bank_line", {"pk": tables.A("regie_id"), "line_pk": tables.A("pk")}),
        order_by=("label", "pk"),
    )
    cents = AmountColumn(verbose_name=gettext_lazy("Montant €"), order_by=("cents", "pk"))
    state = tables.Column(verbose_name=gettext_lazy("Statut"), attrs=STATUS, order_by=("state", "day", "pk"))

    caption = gettext_lazy("Lignes du relevé")
    count_label = ""

    class Meta:
        template_name = "ui/table.html"
        empty_text = gettext_lazy("Aucune ligne.")

    def render_state(self, record: BankLine) -> SafeString:
        """Draw the state."""
        return line_badge(record)


class OpenLineTable(LineTable):
    """Lines that nobody has matched, with their age and what they seem to be."""

    age = tables.Column(verbose_name=gettext_lazy("Depuis"), accessor="day", attrs=NUMBER, order_by=("-day", "-pk"))
    proposal = tables.Column(verbose_name=gettext_lazy("Ce que c’est sans doute"), empty_values=(), orderable=False)
    state = None

    caption = gettext_lazy("Lignes seulement à la banque")

    class Meta(LineTable.Meta):
        sequence = ("day", "label", "proposal", "age", "cents")
        empty_text = gettext_lazy("Toutes les lignes sont rapprochées.")

    def __init__(self, *args: object, today: date, **options: object) -> None:
        super().__init__(*args, **options)
        self._today = today

    def render_age(self, value: date) -> str:
        """Count the days since the line."""
        return days_since(value, self._today)

    def render_proposal(self, record: BankLine) -> str:
        """Say what it seems to be."""
        return proposal_of(record) or _("Rien ne la désigne.")


class PaymentTable(tables.Table):  # type: ignore[misc]  # untyped library
    """What PayFiP lists."""

    reference = tables.Column(verbose_name=gettext_lazy("Référence"), attrs=MAIN, order_by=("reference", "pk"))
    day = DayColumn(verbose_name=gettext_lazy("Payé le"), order_by=("day", "pk"))
    credited_on = DayColumn(verbose_name=gettext_lazy("Versé le"), order_by=("credited_on", "pk"))
    remittance = tables.Column(verbose_name=gettext_lazy("Remise"), order_by=("remittance", "pk"))
    authorisation = tables.Column(verbose_name=gettext_lazy("Autorisation"), order_by=("authorisation", "pk"))
    cents = AmountColumn(verbose_name=gettext_lazy("Montant €"), order_by=("cents", "pk"))

    caption = gettext_lazy("Paiements de la liste PayFiP")
    count_label = ""

    class Meta:
        template_name = "ui/table.html"
        empty_text = gettext_lazy("Aucun paiement.")


class OnlyHereTable(tables.Table):  # type: ignore[misc]  # untyped library
    """Money received that no line of the bank shows."""

    number = tables.Column(
        verbose_name=gettext_lazy("Encaissement"),
        attrs=MAIN,
        linkify=("crm:receipt", {"pk": tables.A("pk")}),
        order_by=("number", "pk"),
    )
    received_at = DayColumn(verbose_name=gettext_lazy("Reçu le"), order_by=("received_at", "pk"))
    means = tables.Column(verbose_name=gettext_lazy("Moyen"), order_by=("means", "pk"))
    invoice = tables.Column(
        verbose_name=gettext_lazy("Facture"), accessor="invoice__number", order_by=("invoice__number", "pk")
    )
    age = tables.Column(
        verbose_name=gettext_lazy("Depuis"), accessor="received_at", attrs=NUMBER, order_by=("-received_at", "-pk")
    )
    cents = AmountColumn(verbose_name=gettext_lazy("Montant €"), order_by=("cents", "pk"))

    caption = gettext_lazy("Encaissements que la banque n’a pas montrés")
    count_label = ""

    class Meta:
        template_name = "ui/table.html"
        empty_text = gettext_lazy("La banque a montré tout ce qui a été reçu.")

    def __init__(self, *args: object, today: date, **options: object) -> None:
        super().__init__(*args, **options)
        self._today = today

    def render_age(self, record: Receipt) -> str:
        """Count the days since it was received."""
        return days_since(dates.day_of(record.received_at), self._today)


MOST_SLIPS = 100


@dataclass(frozen=True)
class SlipRow:
    """A remise or a versement, ready for a table."""

    number: str
    url: str
    what: str
    day: date
    state: str
    cents: int


class SlipTable(tables.Table):  # type: ignore[misc]  # untyped library
    """Remises and versements that no line of the bank shows."""

    number = tables.Column(verbose_name=gettext_lazy("Numéro"), attrs=MAIN, linkify=lambda record: record.url)
    what = tables.Column(verbose_name=gettext_lazy("Nature"))
    day = DayColumn(verbose_name=gettext_lazy("Du"))
    state = tables.Column(verbose_name=gettext_lazy("Statut"))
    age = tables.Column(verbose_name=gettext_lazy("Depuis"), accessor="day", attrs=NUMBER)
    cents = AmountColumn(verbose_name=gettext_lazy("Montant €"))

    caption = gettext_lazy("Remises et versements que la banque n’a pas montrés")
    count_label = ""

    class Meta:
        template_name = "ui/table.html"

    def __init__(self, *args: object, today: date, **options: object) -> None:
        super().__init__(*args, **options)
        self._today = today

    def render_age(self, value: date) -> str:
        """Count the days since it was prepared, or signed."""
        return days_since(value, self._today)


def slip_rows(regie: Regie, *, since: date) -> list[SlipRow]:
    """Return the remises and versements of a day or before that no line of the bank shows."""
    handed_in = (
        SlipRow(
            number=item.number,
            url=reverse("crm:deposit", args=[regie.pk, item.pk]),
            what=_("Remise (%(kind)s)") % {"kind": item.get_kind_display()},
            day=dates.day_of(item.prepared_at),
            state=item.get_state_display(),
            cents=item.cents,
        )
        for item in one_sided.deposits_only_here(regie, since=since)[:MOST_SLIPS]
    )
    paid_over = (
        SlipRow(
            number=item.number,
            url=reverse("crm:remittance", args=[regie.pk, item.pk]),
            what=_("Versement au comptable"),
            day=dates.day_of(item.signed_at),
            state=item.get_state_display(),
            cents=-item.total_cents,
        )
        for item in one_sided.remittances_only_here(regie, since=since)[:MOST_SLIPS]
    )
    return sorted(chain(handed_in, paid_over), key=lambda row: row.day)


def days_since(day: date, today: date) -> str:
    """Write « 12 jours »."""
    count = max(0, (today - day).days)
    return ngettext("%(n)d jour", "%(n)d jours", count) % {"n": count}
