"""Invoices and their lines, and the documents that were made once."""

from collections.abc import Sequence
from datetime import date
from typing import ClassVar

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from obole.billing.models.frozen import protect_but_for_a_merge
from obole.billing.models.invoice_types import InvoiceType
from obole.billing.states import InvoiceState, Standing
from obole.catalogue.models import PricingVersion, Service
from obole.directory.models import Agent, Citizen
from obole.directory.rules import Right
from obole.dossiers.models import Dossier
from obole.lib import sql, texts
from obole.lib.actors import ActorField
from obole.regies.models import Regie


class InvoiceQuerySet(models.QuerySet["Invoice"]):
    """Invoices: how they are locked and whose they are."""

    def locked(self) -> "InvoiceQuerySet":
        """Lock; never with the payer beside: who waited here for a merge of files would find no row joined."""
        return self.select_for_update(of=("self",), no_key=True)

    def of_payer(self, citizen: Citizen) -> "InvoiceQuerySet":
        """Return what this citizen may see: everything that was issued to them."""
        return self.filter(payer=citizen).exclude(state=InvoiceState.DRAFT)

    def seen_by(self, agent: Agent) -> "InvoiceQuerySet":
        """Keep those of the prestations that the agent sees, and of the régies whose money they see."""
        if agent.all_services:
            return self
        seen = models.Q(dossier__scheme__service__in=Service.objects.seen_by(agent))
        if agent.may(Right.MONEY):
            seen |= models.Q(regie__in=Regie.objects.seen_by(agent))
        return self.filter(seen)

    def handled_by(self, agent: Agent) -> "InvoiceQuerySet":
        """Keep those that the agent may issue, cancel and do again: of their prestations, and of their régies."""
        if agent.all_services and agent.may(Right.REVIEW):
            return self
        handled = models.Q(dossier__scheme__service__in=Service.objects.handled_by(agent))
        return self.filter(handled | models.Q(regie__in=Regie.objects.acted_on_by(agent)))

    def late(self, today: date) -> "InvoiceQuerySet":
        return self.filter(state=InvoiceState.DUE, due_date__lt=today)


_FROZEN = (
    "number",
    "year",
    "sequence",
    "total_cents",
    "regie_id",
    "type_id",
    "payer_id",
    "issued_at",
    "wording",
    "label",
    "period",
)
_FROZEN_CHANGED = "OLD.number IS NOT NULL AND ({}) IS DISTINCT FROM ({})".format(
    ", ".join(f"OLD.{column}" for column in _FROZEN), ", ".join(f"NEW.{column}" for column in _FROZEN)
)


_OTHER_STANDINGS = {
    InvoiceState.DUE: Standing.DUE,
    InvoiceState.PAID: Standing.PAID,
    InvoiceState.TRANSFERRED: Standing.TRANSFERRED,
    InvoiceState.CANCELLED: Standing.CANCELLED,
}
_STANDING = models.Case(
    models.When(state=InvoiceState.DUE, is_in_progress=True, then=Standing.IN_PROGRESS.value),
    models.When(state=InvoiceState.CANCELLED, is_refunded=True, then=Standing.REFUNDED.value),
    *(models.When(state=state, then=standing.value) for state, standing in _OTHER_STANDINGS.items()),
    default=Standing.DRAFT.value,
)
_DUE_CENTS = models.Case(
    models.When(state=InvoiceState.DUE, then=models.F("total_cents") - models.F("received_cents")), default=0
)
_ISSUED = models.Q(number__isnull=False)


def _sorted_by(name: str, *columns: str, include: Sequence[str] = ()) -> models.Index:
    """Return the index that gives a page of issued invoices in the order of a column, wherever the page is."""
    return models.Index(fields=[*columns, "id"], name=name, condition=_ISSUED, include=include)


class Invoice(models.Model):
    """What a payer owes. Once issued, its lines, its amount and its document never change."""

    public_id = models.CharField(max_length=22, default=texts.token, editable=False)
    request_key = models.CharField(max_length=64, editable=False)
    """Comes with the form: the same form sent twice makes one invoice."""
    type = models.ForeignKey(InvoiceType, on_delete=models.PROTECT, related_name="invoices", verbose_name=_("type"))
    regie = models.ForeignKey(Regie, on_delete=models.PROTECT, related_name="invoices", verbose_name=_("régie"))
    dossier = models.ForeignKey(
        Dossier, on_delete=models.PROTECT, null=True, related_name="invoices", verbose_name=_("dossier")
    )
    payer = models.ForeignKey(Citizen, on_delete=models.PROTECT, related_name="invoices", verbose_name=_("payeur"))
    state = models.CharField(_("statut"), max_length=12, choices=InvoiceState.choices, default=InvoiceState.DRAFT)
    number = models.CharField(_("numéro"), max_length=24, null=True, unique=True)
    year = models.PositiveSmallIntegerField(null=True)
    sequence = models.PositiveIntegerField(null=True)
    label = models.CharField(_("libellé"), max_length=120)
    period = models.CharField(_("période"), max_length=60, blank=True)
    total_cents = models.PositiveBigIntegerField(_("montant"))
    received_cents = models.PositiveBigIntegerField(_("reçu"), default=0)
    created_at = models.DateTimeField()
    issued_at = models.DateTimeField(_("émise le"), null=True)
    due_date = models.DateField(_("échéance"), null=True)
    payable_until = models.DateField(_("payable à la régie jusqu’au"), null=True)
    """The last day on which it is surely paid here, however late: from the next one it may be handed over."""
    paid_at = models.DateTimeField(_("payée le"), null=True)
    reason = models.CharField(_("motif"), max_length=300, blank=True)
    """Why it was cancelled."""
    replaces = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, editable=False, related_name="replacement"
    )
    """The cancelled invoice that this one was made to do again."""
    wording = models.JSONField(default=dict)
    """What its document says beside the lines, frozen when it was issued."""

    # What lists filter and sort by is kept here, so that a page costs the same of a thousand invoices and of a million.
    is_in_progress = models.BooleanField(default=False, editable=False)
    """Whether somebody is at the bank for it: kept by a trigger of ``payments``."""
    is_refunded = models.BooleanField(default=False, editable=False)
    """Whether the comptable gave back what was paid for it before it was cancelled: kept by ``payments``."""
    standing = models.GeneratedField(
        expression=_STANDING, output_field=models.PositiveSmallIntegerField(choices=Standing.choices), db_persist=True
    )
    due_cents = models.GeneratedField(
        expression=_DUE_CENTS, output_field=models.BigIntegerField(_("reste dû")), db_persist=True
    )
    """What ``remaining_cents`` says."""
    payer_key = models.CharField(max_length=300, default="", editable=False)
    """The folded name of the payer: kept by triggers."""
    dossier_number = models.PositiveIntegerField(default=0, editable=False)
    """The number of its dossier; 0 if it has none: kept by a trigger."""

    objects: ClassVar[InvoiceQuerySet] = InvoiceQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-issued_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=InvoiceState.values), name="invoice_state_known"),
            models.CheckConstraint(
                condition=models.Q(state="draft", number=None, year=None, sequence=None, issued_at=None, due_date=None)
                | (
                    ~models.Q(state="draft")
                    & models.Q(number__isnull=False, sequence__gt=0, issued_at__isnull=False, due_date__isnull=False)
                ),
                name="invoice_numbered_if_issued",
            ),
            models.CheckConstraint(
                condition=models.Q(state="draft", payable_until=None)
                | (~models.Q(state="draft") & models.Q(payable_until__gte=models.F("due_date"))),
                name="invoice_payable_after_its_due_date",
            ),
            models.CheckConstraint(
                condition=models.Q(state="paid", paid_at__isnull=False, received_cents=models.F("total_cents"))
                | (~models.Q(state="paid") & models.Q(paid_at=None)),
                name="invoice_paid_if_received",
            ),
            models.CheckConstraint(
                condition=models.Q(received_cents__lte=models.F("total_cents")), name="invoice_never_over_received"
            ),
            models.CheckConstraint(
                condition=models.Q(state="draft") | models.Q(total_cents__gt=0), name="invoice_total_positive"
            ),
            models.UniqueConstraint(fields=["public_id"], name="invoice_public_id_once"),
            models.UniqueConstraint(fields=["request_key"], name="invoice_request_key_once"),
            models.UniqueConstraint(fields=["regie", "year", "sequence"], name="invoice_sequence_once"),
        ]
        indexes = [
            models.Index(fields=["payer", "-issued_at"], name="invoice_by_payer"),
            models.Index(fields=["due_date", "id"], name="invoice_due", condition=models.Q(state="due")),
            models.Index(fields=["id"], name="invoice_drafts", condition=models.Q(state="draft")),
            _sorted_by("invoice_by_label", "label"),
            _sorted_by("invoice_by_period", "period", "issued_at"),
            _sorted_by("invoice_by_sequence", "sequence"),
            _sorted_by("invoice_by_payer_key", "payer_key"),
            _sorted_by("invoice_by_dossier", "dossier_number"),
            _sorted_by("invoice_by_regie", "regie"),
            _sorted_by("invoice_by_date", "issued_at"),
            _sorted_by("invoice_by_due_date", "due_date"),
            _sorted_by("invoice_by_total", "total_cents"),
            _sorted_by("invoice_by_received", "received_cents"),
            _sorted_by("invoice_by_due_cents", "due_cents"),
            # What is due is added up on every home page: from here, without reading the rows.
            _sorted_by("invoice_by_standing", "standing", "due_date", include=["due_cents"]),
            _sorted_by("invoice_by_standing_date", "standing", "issued_at"),
            models.Index(sql.never_first("paid_at"), "id", name="invoice_by_payment", condition=_ISSUED),
            # Of what a partial index computes, the planner does not believe how few rows answer.
            _sorted_by("invoice_by_day_paid", "paid_at"),
        ]
        triggers = [
            pgtrigger.Protect(
                name="never_deleted", operation=pgtrigger.Delete, condition=pgtrigger.Q(old__number__isnull=False)
            ),
            pgtrigger.Trigger(
                name="keeps_its_sort_keys",
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("payer_id", "dossier_id"),  # type: ignore[no-untyped-call]
                when=pgtrigger.Before,
                func="""
                    SELECT sort_key INTO STRICT NEW.payer_key FROM directory_citizen WHERE id = NEW.payer_id;
                    NEW.dossier_number := coalesce(
                        (SELECT number FROM dossiers_dossier WHERE id = NEW.dossier_id), 0
                    );
                    RETURN NEW;
                """,
            ),
            protect_but_for_a_merge(
                name="issued_is_immutable", operation=pgtrigger.Update, condition=pgtrigger.Condition(_FROZEN_CHANGED)
            ),
        ]

    def __str__(self) -> str:
        return self.number or "brouillon"

    @property
    def remaining_cents(self) -> int:
        """What is still to be paid, in cents; nothing once it is cancelled or handed over."""
        return self.total_cents - self.received_cents if self.state == InvoiceState.DUE else 0

    @property
    def printed_due_date(self) -> date | None:
        """The last day to pay that its document says, whatever was granted since; unknown of an invoice of before."""
        frozen = self.wording.get("due_date")
        return date.fromisoformat(frozen) if frozen else None

    def is_late(self, today: date) -> bool:
        """Tell whether the last day to pay is past and something is due."""
        return self.state == InvoiceState.DUE and self.due_date is not None and self.due_date < today


class NamedPayer(Citizen):
    """A citizen as the payer of invoices: here so that a new name is in what the invoices are sorted by."""

    class Meta:
        proxy = True
        triggers = [
            pgtrigger.Trigger(
                name="renames_their_invoices",
                operation=pgtrigger.UpdateOf("sort_key"),  # type: ignore[no-untyped-call]
                when=pgtrigger.After,
                condition=pgtrigger.Q(old__sort_key__df=pgtrigger.F("new__sort_key")),
                func="UPDATE billing_invoice SET payer_key = NEW.sort_key WHERE payer_id = NEW.id; RETURN NULL;",
            )
        ]


def _stays_once_issued(name: str, refusal: str) -> pgtrigger.Trigger:
    """Return what keeps rows of an invoice as they are from the moment when it has its number."""
    return pgtrigger.Trigger(
        name=name,
        operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
        when=pgtrigger.Before,
        func=f"""
                    IF EXISTS (
                        SELECT 1 FROM billing_invoice
                        WHERE id = CASE WHEN TG_OP = 'INSERT' THEN NEW.invoice_id ELSE OLD.invoice_id END
                        AND number IS NOT NULL
                    ) THEN
                        RAISE EXCEPTION '{refusal}' USING ERRCODE = 'check_violation';
                    END IF;
                    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
                    RETURN NEW;
                """,
    )


class InvoiceLine(models.Model):
    """One line: quantity × unit price = amount, in cents."""

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="lines")
    position = models.PositiveSmallIntegerField()
    label = models.CharField(max_length=120)
    detail = models.CharField(max_length=200, blank=True)
    quantity = models.DecimalField(max_digits=9, decimal_places=3)
    unit = models.CharField(max_length=30, blank=True)
    unit_price_cents = models.PositiveIntegerField()
    amount_cents = models.BigIntegerField()
    """Below zero where the line takes away, as its quantity is."""
    nature = models.CharField(max_length=20, blank=True)

    class Meta:
        ordering = ["invoice", "position"]
        constraints = [models.UniqueConstraint(fields=["invoice", "position"], name="invoice_line_position_once")]
        triggers = [_stays_once_issued("lines_stay", "the lines of an issued invoice stay")]

    def __str__(self) -> str:
        return f"{self.label}: {self.amount_cents}"


class InvoiceExplanation(models.Model):
    """
    Why an invoice comes to its amount: the pricing, the answers, and what the engine made of them. Kept with an issued
    invoice.
    """

    invoice = models.OneToOneField(Invoice, on_delete=models.PROTECT, related_name="explanation")
    version = models.ForeignKey(PricingVersion, on_delete=models.PROTECT, related_name="explanations")
    answers = models.JSONField()
    result = models.JSONField()
    """
    What ``pricing.text.codec`` writes of a ``Result``; its lines are the invoice's, in their order, but for a part.
    """
    part = models.JSONField(null=True)
    """What it writes of an ``Instalment``, where the invoice is one of several that the result is billed in."""
    carried = models.JSONField(default=list)
    """What was carried over to it: how each is called, and its ``Result``; its lines come after those of the result."""
    added_tax_cents = models.BigIntegerField(default=0)
    """The VAT that no line holds: total = lines + this."""

    class Meta:
        triggers = [_stays_once_issued("explanations_stay", "the explanation of an issued invoice stays")]

    def __str__(self) -> str:
        return f"{self.invoice}: {self.version}"


class CreditNote(models.Model):
    """The avoir that cancels an issued invoice, whole: numbered without a gap, never changed."""

    class Reason(models.TextChoices):
        QUANTITY = "quantity", _("Quantité erronée")
        PRICE = "price", _("Tarif erroné")
        PAYER = "payer", _("Mauvais payeur")
        TWICE = "twice", _("Facturée deux fois")
        NOT_PROVIDED = "not_provided", _("Prestation non rendue")
        GESTURE = "gesture", _("Geste décidé par la collectivité")
        OTHER = "other", _("Autre motif")

    public_id = models.CharField(max_length=22, unique=True, default=texts.token, editable=False)
    invoice = models.OneToOneField(Invoice, on_delete=models.PROTECT, related_name="credit_note")
    regie = models.ForeignKey(Regie, on_delete=models.PROTECT, related_name="credit_notes")
    number = models.CharField(_("numéro"), max_length=24, unique=True)
    year = models.PositiveSmallIntegerField()
    sequence = models.PositiveIntegerField()
    cents = models.PositiveBigIntegerField(_("montant"))
    reason = models.CharField(_("motif"), max_length=12, choices=Reason.choices)
    comment = models.CharField(_("précision"), max_length=300, blank=True)
    issued_at = models.DateTimeField(_("émis le"))
    issued_by = ActorField()

    class Meta:
        ordering = ["-issued_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["regie", "year", "sequence"], name="credit_note_sequence_once"),
            models.CheckConstraint(condition=models.Q(cents__gt=0), name="credit_note_positive"),
        ]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return self.number

    @property
    def why(self) -> str:
        """The reason as the payer reads it, in the language of the moment."""
        label = str(self.Reason(self.reason).label)
        if self.reason == self.Reason.OTHER:
            return self.comment or label
        return str(_("%(label)s : %(comment)s") % {"label": label, "comment": self.comment}) if self.comment else label


class InvoicePdf(models.Model):
    """The PDF of an invoice: rendered once, served as it is for ever."""

    invoice = models.OneToOneField(Invoice, on_delete=models.PROTECT, related_name="document")
    digest = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    rendered_at = models.DateTimeField()

    class Meta:
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return self.digest


class CreditNotePdf(models.Model):
    """The PDF of an avoir: rendered once, served as it is for ever."""

    credit_note = models.OneToOneField(CreditNote, on_delete=models.PROTECT, related_name="paper")
    digest = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    rendered_at = models.DateTimeField()

    class Meta:
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return self.digest
