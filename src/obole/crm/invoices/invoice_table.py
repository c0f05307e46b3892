"""The columns of a list of invoices."""

from datetime import date
from typing import Any, ClassVar

import django_tables2 as tables
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy
from django_tables2.utils import Accessor

from obole.billing.models import Invoice
from obole.crm.shared import badges
from obole.crm.shared.columns import MAIN, SHORT, STATUS, AmountColumn, DayColumn
from obole.directory import rules as directory_rules
from obole.dossiers import rules as dossier_rules
from obole.payments import display_status
from obole.payments.display_status import DisplayStatus


def _page_of(record: Invoice, table: "InvoiceTable") -> str:
    """Return the page of an invoice, which knows the list that it was opened from."""
    page = reverse("crm:invoice", args=[record.pk])
    return page if table.list_query is None else f"{page}?{urlencode({'liste': table.list_query})}"


class InvoiceTable(tables.Table):  # type: ignore[misc]  # untyped library
    """Invoices. The rows come through ``display_status.with_progress``."""

    number = tables.Column(verbose_name=gettext_lazy("Numéro"), attrs=MAIN, linkify=_page_of, order_by=("number",))
    type = tables.Column(verbose_name=gettext_lazy("Type"), accessor="type__name", order_by=("label",))
    period = tables.Column(verbose_name=gettext_lazy("Période"), order_by=("period", "issued_at"), default="")
    payer = tables.Column(
        verbose_name=gettext_lazy("Payeur"),
        accessor="payer",
        linkify=("crm:citizen", {"pk": Accessor("payer_id")}),
        order_by=("payer_key",),
    )
    dossier = tables.Column(
        verbose_name=gettext_lazy("Dossier"),
        accessor="dossier",
        attrs=SHORT,
        linkify=("crm:dossier", {"pk": Accessor("dossier_id")}),
        order_by=("dossier_number",),
        default="",
    )
    regie = tables.Column(verbose_name=gettext_lazy("Régie"), accessor="regie__name", order_by=("regie_id",))
    issued_at = DayColumn(verbose_name=gettext_lazy("Émise"), order_by=("issued_at",))
    due_date = DayColumn(verbose_name=gettext_lazy("Échéance"), order_by=("due_date",))
    paid_at = DayColumn(verbose_name=gettext_lazy("Payée"), order_by=("paid_key",), default="")
    total_cents = AmountColumn(verbose_name=gettext_lazy("Montant €"), order_by=("total_cents",))
    received_cents = AmountColumn(verbose_name=gettext_lazy("Reçu €"), order_by=("received_cents",))
    remaining = AmountColumn(verbose_name=gettext_lazy("Reste dû €"), accessor="due_cents", order_by=("due_cents",))
    status = tables.Column(
        verbose_name=gettext_lazy("Statut"), accessor="state", attrs=STATUS, order_by=("standing", "due_date")
    )

    fields_of: ClassVar = {
        "payer": tuple(f"payer__{name}" for name in directory_rules.NAME_FIELDS),
        "dossier": ("dossier__number",),
        "status": ("standing", "due_date", "received_cents"),
    }
    """What a file reads of an invoice, where it is not the column's own field."""
    caption = gettext_lazy("Factures")
    count_label = ""
    list_query: str | None = None
    """The address of the list, where the table is one."""

    class Meta:
        template_name = "ui/table.html"
        orderable = True
        empty_text = gettext_lazy("Aucune facture ne répond à ces critères.")

    def __init__(self, *args: Any, today: date, **options: Any) -> None:
        super().__init__(*args, **options)
        self.today = today
        self.labels = {status: str(status.label) for status in DisplayStatus}

    def written_payer(self, *names: str) -> str:
        """Name the payer, in a file."""
        return directory_rules.display_name(*names)

    def written_dossier(self, number: int | None) -> str | None:
        """Write the number of the dossier, in a file."""
        return None if number is None else dossier_rules.reference(number)

    def written_status(self, standing: int, due_date: date | None, received_cents: int) -> str:
        """Write what people call the invoice now, in a file."""
        status = display_status.status_of(standing, due_date, received_cents, today=self.today)
        return self.labels[status]

    def render_status(self, record: Invoice) -> SafeString:
        """Draw what people call the invoice now."""
        return badges.invoice_badge(display_status.display(record, today=self.today))
