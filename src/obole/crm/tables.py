"""The lists of the CRM: what each column shows and how it sorts."""

from collections.abc import Container
from datetime import date, datetime
from typing import Any

import django_tables2 as tables
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django_tables2.utils import Accessor

from obole.billing.models import Invoice
from obole.crm import looks
from obole.dossiers.models import Dossier
from obole.lib import days, money
from obole.mailing.defaults import KINDS
from obole.mailing.models import Message
from obole.payments import standing
from obole.payments.models import Attempt, Refund

MAIN = {"td": {"class": "main nowrap"}}
TITLE = {"td": {"class": "main"}}
SHORT = {"td": {"class": "nowrap"}}
STATUS = {"td": {"class": "status"}}
AMOUNT = {"th": {"class": "num"}, "td": {"class": "num"}, "tf": {"class": "num"}}


class DayColumn(tables.Column):  # type: ignore[misc]  # untyped library
    """A date, or the day in Paris of an instant."""

    def render(self, value: date) -> str:
        """Write ``25/11/2026``."""
        return days.short(days.day_of(value) if isinstance(value, datetime) else value)


class MomentColumn(tables.Column):  # type: ignore[misc]  # untyped library
    """A day and a time."""

    def render(self, value: datetime) -> str:
        """Write ``25/11/2026 14 h 05``."""
        return f"{days.short(days.day_of(value))} {days.clock(value)}"


class AmountColumn(tables.Column):  # type: ignore[misc]  # untyped library
    """An amount in cents, under a title that says €."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, attrs=AMOUNT, **options)

    def render(self, value: int) -> str:
        """Write ``1 234,56``."""
        return money.plain(value)


class InvoiceTable(tables.Table):  # type: ignore[misc]  # untyped library
    """Invoices. The rows come through ``standing.with_progress``."""

    number = tables.Column(
        verbose_name=_("Numéro"), attrs=MAIN, linkify=("crm:invoice", {"pk": Accessor("pk")}), order_by=("number", "pk")
    )
    type = tables.Column(verbose_name=_("Type"), accessor="type__name", order_by=("type__name", "pk"))
    period = tables.Column(verbose_name=_("Période"), order_by=("period", "pk"), default="")
    payer = tables.Column(
        verbose_name=_("Payeur"),
        accessor="payer",
        linkify=("crm:citizen", {"pk": Accessor("payer_id")}),
        order_by=("payer__sort_key", "pk"),
    )
    dossier = tables.Column(
        verbose_name=_("Dossier"),
        accessor="dossier",
        attrs=SHORT,
        linkify=("crm:dossier", {"pk": Accessor("dossier_id")}),
        order_by=("dossier__number", "pk"),
        default="",
    )
    regie = tables.Column(verbose_name=_("Régie"), accessor="regie__name", order_by=("regie__name", "pk"))
    issued_at = DayColumn(verbose_name=_("Émise"), order_by=("issued_at", "pk"))
    due_date = DayColumn(verbose_name=_("Échéance"), order_by=("due_date", "pk"))
    paid_at = DayColumn(verbose_name=_("Payée"), order_by=("paid_at", "pk"), default="")
    total_cents = AmountColumn(verbose_name=_("Montant €"), order_by=("total_cents", "pk"))
    received_cents = AmountColumn(verbose_name=_("Reçu €"), order_by=("received_cents", "pk"))
    remaining = AmountColumn(verbose_name=_("Reste dû €"), accessor="remaining_cents", order_by=("remaining", "pk"))
    status = tables.Column(
        verbose_name=_("Statut"), accessor="state", attrs=STATUS, order_by=("standing_rank", "due_date", "pk")
    )

    caption = _("Factures")
    count_label = ""

    class Meta:
        template_name = "ui/table.html"
        orderable = True
        empty_text = _("Aucune facture ne répond à ces critères.")

    def __init__(self, *args: Any, today: date, **options: Any) -> None:
        super().__init__(*args, **options)
        self.today = today

    def render_status(self, record: Invoice) -> SafeString:
        """Draw what people call the invoice now."""
        return looks.invoice_pill(standing.show(record, today=self.today))


class DossierTable(tables.Table):  # type: ignore[misc]  # untyped library
    """Dossiers."""

    number = tables.Column(
        verbose_name=_("Dossier"),
        accessor="reference",
        attrs=MAIN,
        linkify=("crm:dossier", {"pk": Accessor("pk")}),
        order_by=("number", "pk"),
    )
    scheme = tables.Column(verbose_name=_("Dispositif"), accessor="scheme__name", order_by=("scheme__name", "pk"))
    citizen = tables.Column(
        verbose_name=_("Usager"),
        accessor="citizen",
        linkify=("crm:citizen", {"pk": Accessor("citizen_id")}),
        order_by=("citizen__sort_key", "pk"),
    )
    submitted_at = DayColumn(verbose_name=_("Déposé"), order_by=("submitted_at", "pk"), default="")
    agent = tables.Column(
        verbose_name=_("Instructeur"), accessor="agent__name", order_by=("agent__name", "pk"), default=""
    )
    state = tables.Column(verbose_name=_("Statut"), attrs=STATUS, order_by=("state", "-submitted_at", "pk"))

    caption = _("Dossiers")
    count_label = ""

    class Meta:
        template_name = "ui/table.html"
        empty_text = _("Aucun dossier ne répond à ces critères.")

    def render_state(self, record: Dossier) -> SafeString:
        """Draw the state."""
        return looks.dossier_pill(record)


class AttemptTable(tables.Table):  # type: ignore[misc]  # untyped library
    """Attempts to pay. They lead to their own page where the agent answers for their régie (``seen``; None: all of them)."""

    reference = tables.Column(verbose_name=_("Référence, et celles de la banque"), attrs=MAIN, order_by=("reference",))
    opened_at = MomentColumn(verbose_name=_("Ouverte"), order_by=("opened_at", "pk"))
    invoice = tables.Column(
        verbose_name=_("Facture"),
        accessor="invoice",
        attrs=SHORT,
        linkify=("crm:invoice", {"pk": Accessor("invoice_id")}),
        order_by=("invoice__number", "pk"),
    )
    payer = tables.Column(
        verbose_name=_("Payeur"), accessor="invoice__payer", order_by=("invoice__payer__sort_key", "pk")
    )
    regie = tables.Column(verbose_name=_("Régie"), accessor="regie__name", order_by=("regie__name", "pk"))
    amount_cents = AmountColumn(verbose_name=_("Montant €"), order_by=("amount_cents", "pk"))
    state = tables.Column(verbose_name=_("Statut"), attrs=STATUS, order_by=("state", "-opened_at", "pk"))

    caption = _("Transactions")
    count_label = ""

    class Meta:
        template_name = "ui/table.html"
        empty_text = _("Aucune transaction.")

    def __init__(self, *args: Any, seen: Container[int] | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        self.seen = seen

    def render_reference(self, record: Attempt) -> SafeString:
        """Lead to the attempt's page, with the bank's references under ours."""
        ours = format_html("{}", record.reference)
        if self.seen is None or record.regie_id in self.seen:
            ours = format_html('<a href="{}">{}</a>', reverse("crm:attempt", args=[record.pk]), record.reference)
        theirs = " · ".join(part for part in (record.gateway_reference, record.authorisation) if part)
        return format_html('{}<small class="long">{}</small>', ours, theirs)

    def render_state(self, record: Attempt) -> SafeString:
        """Draw the state."""
        return looks.attempt_pill(record)


class RefundTable(tables.Table):  # type: ignore[misc]  # untyped library
    """Refunds."""

    receipt = tables.Column(
        verbose_name=_("Encaissement"), accessor="receipt__number", attrs=MAIN, linkify=("crm:refund", {"pk": Accessor("pk")}),
        order_by=("receipt__number", "pk"),
    )  # fmt: skip
    payer = tables.Column(verbose_name=_("Payé par"), empty_values=(), orderable=False)
    reason = tables.Column(verbose_name=_("Motif"), order_by=("reason", "pk"))
    requested_at = DayColumn(verbose_name=_("Demandé"), order_by=("requested_at", "pk"))
    requested_by = tables.Column(verbose_name=_("Par"), order_by=("requested_by", "pk"))
    regie = tables.Column(verbose_name=_("Régie"), accessor="regie__name", order_by=("regie__name", "pk"))
    cents = AmountColumn(verbose_name=_("Montant €"), order_by=("cents", "pk"))
    state = tables.Column(verbose_name=_("Statut"), attrs=STATUS, order_by=("state", "-requested_at", "pk"))

    caption = _("Remboursements")
    count_label = ""

    class Meta:
        template_name = "ui/table.html"
        empty_text = _("Aucun remboursement.")

    def render_payer(self, record: Refund) -> str:
        """Name who paid: the payer of the invoice, else whom the quittance names."""
        return payer_of(record)

    def render_state(self, record: Refund) -> SafeString:
        """Draw the state."""
        return looks.refund_pill(record)


class MessageTable(tables.Table):  # type: ignore[misc]  # untyped library
    """Mails."""

    subject = tables.Column(
        verbose_name=_("Objet"),
        attrs=TITLE,
        linkify=("crm:message", {"pk": Accessor("pk")}),
        order_by=("subject", "pk"),
    )
    kind = tables.Column(verbose_name=_("Modèle"), order_by=("kind", "pk"))
    to = tables.Column(verbose_name=_("Destinataire"), order_by=("to", "pk"))
    created_at = MomentColumn(verbose_name=_("Décidé"), order_by=("created_at", "pk"))
    sent_at = MomentColumn(verbose_name=_("Remis"), order_by=("sent_at", "pk"), default="")
    state = tables.Column(verbose_name=_("Statut"), attrs=STATUS, order_by=("state", "-created_at", "pk"))

    caption = _("Courriels")
    count_label = ""

    class Meta:
        template_name = "ui/table.html"
        empty_text = _("Aucun courriel.")

    def render_kind(self, value: str) -> str:
        """Name the model that agents can edit."""
        return str(KINDS[value].label) if value in KINDS else str(_("Compte"))

    def render_state(self, record: Message) -> SafeString:
        """Draw the state."""
        return looks.message_pill(record)


class CitizenTable(tables.Table):  # type: ignore[misc]  # untyped library
    """Citizens."""

    name = tables.Column(
        verbose_name=_("Nom"),
        accessor="display_name",
        attrs=TITLE,
        linkify=("crm:citizen", {"pk": Accessor("pk")}),
        order_by=("sort_key", "pk"),
    )
    kind = tables.Column(verbose_name=_("Profil"), accessor="get_kind_display", order_by=("kind", "sort_key", "pk"))
    email = tables.Column(verbose_name=_("Adresse électronique"), order_by=("email", "pk"), default="")
    phone = tables.Column(verbose_name=_("Téléphone"), order_by=("phone", "pk"), default="")
    account = tables.Column(
        verbose_name=_("Compte en ligne"), accessor="user_id", order_by=("user_id", "pk"), default=_("non")
    )

    caption = _("Usagers")
    count_label = ""

    class Meta:
        template_name = "ui/table.html"
        empty_text = _("Aucun usager ne répond à ce nom.")

    def render_account(self) -> str:
        """Say whether the citizen can sign in."""
        return str(_("oui"))


def payer_of(refund: Refund) -> str:
    """Name who gets money back."""
    receipt = refund.receipt
    invoice = receipt.attempt.invoice if receipt.attempt else receipt.invoice
    return invoice.payer.display_name if invoice else receipt.payer_name
