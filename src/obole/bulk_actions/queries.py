"""How actions on a selection are read: an agent's own, what their rows are, and which rows would be refused."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet, Sum
from django.utils.translation import gettext as _

from obole.billing.models import CreditNote, Invoice, InvoiceQuerySet, InvoiceType
from obole.billing.states import InvoiceState
from obole.bulk_actions.models import OF_DOSSIERS, OF_PAYERS, OF_TASKS, BulkAction, BulkRow, BulkVerb
from obole.directory.models import Agent, Citizen
from obole.dossiers.models import Dossier
from obole.dossiers.states import OPEN, DossierState
from obole.lib import dates
from obole.payments import queries as payments
from obole.payments.models import Allocation, Anomaly
from obole.payments.queries.years import paid_on
from obole.recovery.models import Hold
from obole.recovery.rules.pes.debtors import read_address
from obole.regies.models import Regie
from obole.reminders import queries as reminders

WANTED = {
    BulkVerb.CANCEL_INVOICES: InvoiceState.DUE,
    BulkVerb.REDO_INVOICES: InvoiceState.DUE,
    BulkVerb.HOLD: InvoiceState.DUE,
    BulkVerb.CHANGE_DUE_DATE: InvoiceState.DUE,
    BulkVerb.ISSUE_DRAFTS: InvoiceState.DRAFT,
}
"""What an invoice must be for a verb."""


@dataclass(frozen=True)
class RowName:
    """What a row is called, and the page that shows it, by the name of its address."""

    label: str
    page: str


@dataclass(frozen=True)
class Forecast:
    """What would become of rows if it were done now: which are refused, and why; ``cents``: what the others come to."""

    names: dict[int, RowName]
    refused: dict[int, str]
    cents: int

    @property
    def taken(self) -> int:
        """How many would be done."""
        return len(self.names) - len(self.refused)


@dataclass(frozen=True)
class AttestationWish:
    """What is to be attested to the payers of a régie: which year, of one type or of all, for the tax credit or not."""

    regie_id: int
    year: int
    type_id: int | None = None
    is_childcare: bool = False

    @classmethod
    def of(cls, parameters: Mapping[str, str]) -> "AttestationWish":
        """Read what an action kept."""
        of_type = int(parameters["type"]) if parameters.get("type") else None
        return cls(int(parameters["regie"]), int(parameters["year"]), of_type, bool(parameters.get("childcare")))

    @property
    def parameters(self) -> dict[str, str]:
        """What an action keeps."""
        of_type = str(self.type_id) if self.type_id else ""
        childcare = "yes" if self.is_childcare else ""
        return {"regie": str(self.regie_id), "year": str(self.year), "type": of_type, "childcare": childcare}

    @property
    def invoices(self) -> InvoiceQuerySet:
        """The invoices that it is about."""
        issued = Invoice.objects.filter(regie=self.regie_id).exclude(state=InvoiceState.DRAFT)
        return issued.filter(type=self.type_id) if self.type_id else issued


def payers_to_attest(wish: AttestationWish) -> list[int]:
    """Return who paid something in the year, in the order of their postcodes; who has none comes last."""
    days = (date(wish.year, 1, 1), date(wish.year, 12, 31))
    counted = Allocation.objects.annotate(day=paid_on("receipt__")).filter(invoice__in=wish.invoices, day__range=days)
    if wish.is_childcare:
        counted = counted.filter(invoice__type__is_childcare=True)
    sums = counted.order_by().values("invoice__payer").annotate(sum=Sum("cents")).filter(sum__gt=0)
    payers = Citizen.objects.filter(pk__in=sums.values("invoice__payer")).order_by("sort_key", "pk")
    return [payer.pk for payer in sorted(payers, key=_tray)]


def _tray(payer: Citizen) -> tuple[bool, str, str]:
    address = read_address(payer.address)
    return not address.postcode, address.postcode, address.street


def actions_of(agent: Agent) -> QuerySet[BulkAction]:
    """Return what an agent asked for, newest first; nobody sees another's."""
    return BulkAction.objects.filter(agent=agent).order_by("-asked_at", "-id")


def details_of(action: BulkAction) -> list[tuple[str, str]]:
    """Return what was chosen for all the rows of an action, each with its title: a reason, a day, a colleague."""
    chosen = action.parameters
    if action.verb == BulkVerb.ATTEST:
        return _attested(AttestationWish.of(chosen))
    details = []
    if code := chosen.get("code"):
        details.append((_("Motif"), str(CreditNote.Reason(code).label)))
    if day := chosen.get("due_date"):
        details.append((_("Nouvelle échéance"), dates.format_short(date.fromisoformat(day))))
    if day := chosen.get("until"):
        details.append((_("Jusqu’au"), dates.format_short(date.fromisoformat(day))))
    if reason := chosen.get("reason"):
        details.append((_("Motif"), str(Hold.Reason(reason).label)))
    if comment := chosen.get("comment"):
        details.append((_("Précision") if code or reason else _("Motif"), comment))
    if agent := chosen.get("agent"):
        details.append((_("Confiées à"), Agent.objects.get(pk=agent).name))
    return details


def _attested(wish: AttestationWish) -> list[tuple[str, str]]:
    kind = _("Attestation fiscale") if wish.is_childcare else _("Attestation de paiement")
    details = [(_("Régie"), Regie.objects.get(pk=wish.regie_id).name), (kind, str(wish.year))]
    if wish.type_id:
        details.append((_("Type de facture"), InvoiceType.objects.get(pk=wish.type_id).name))
    return details


def unsuccessful_rows(action: BulkAction) -> QuerySet[BulkRow]:
    """Return the rows that were refused or left, in the order of the selection."""
    outcomes = (BulkRow.Outcome.FAILED, BulkRow.Outcome.SKIPPED)
    return BulkRow.objects.filter(action=action, outcome__in=outcomes).order_by("position")


def names_of(verb: BulkVerb, ids: Collection[int], agent: Agent) -> dict[int, RowName]:
    """Return what rows are called, those alone that the agent still sees."""
    if verb in OF_DOSSIERS:
        dossiers = Dossier.objects.seen_by(agent).filter(pk__in=ids)
        return {one.pk: RowName(one.reference, "crm:dossier") for one in dossiers}
    if verb in OF_TASKS:
        return {one.pk: RowName(one.named, "crm:task") for one in payments.anomalies(agent).filter(pk__in=ids)}
    if verb in OF_PAYERS:
        seen = Invoice.objects.seen_by(agent).filter(payer__in=ids).order_by().values("payer")
        payers = Citizen.objects.filter(pk__in=seen)
        return {one.pk: RowName(one.display_name, "crm:citizen") for one in payers}
    invoices = Invoice.objects.seen_by(agent).filter(pk__in=ids).select_related("type")
    return {one.pk: _invoice_name(one) for one in invoices}


def forecast(verb: BulkVerb, ids: Collection[int], agent: Agent, *, today: date) -> Forecast:
    """Say what would become of rows; what is dear to know (a register that is closed) is told when it is done."""
    names = names_of(verb, ids, agent)
    if verb in OF_DOSSIERS:
        return Forecast(names, _dossiers_refused(verb, names, agent), 0)
    if verb in OF_TASKS:
        return Forecast(names, _tasks_refused(verb, names, agent), 0)
    invoices = list(Invoice.objects.filter(pk__in=names).only("state", "total_cents", "received_cents"))
    handled = _handled(names, agent) if verb != BulkVerb.PRINT_INVOICES else frozenset(names)
    refused = {one.pk: why for one in invoices if (why := _refusal(verb, one, is_handled=one.pk in handled))}
    if verb == BulkVerb.REMIND:
        said = reminders.refusals(names, today=today)
        refused = {pk: str(why.label) for pk, why in said.items()} | refused
    taken = [one for one in invoices if one.pk not in refused]
    of_rests = verb in (BulkVerb.REMIND, BulkVerb.HOLD, BulkVerb.CHANGE_DUE_DATE)
    cents = sum(one.remaining_cents if of_rests else one.total_cents for one in taken)
    return Forecast(names, refused, cents)


def _invoice_name(invoice: Invoice) -> RowName:
    if invoice.state == InvoiceState.DRAFT:
        return RowName(f"{invoice.type.name} {invoice.period}".strip(), "crm:draft")
    return RowName(str(invoice.number), "crm:invoice")


def _handled(ids: Collection[int], agent: Agent) -> frozenset[int]:
    return frozenset(Invoice.objects.handled_by(agent).filter(pk__in=ids).values_list("pk", flat=True))


def _refusal(verb: BulkVerb, invoice: Invoice, *, is_handled: bool) -> str:
    """Say why an invoice would be refused; nothing if it would not."""
    wanted = WANTED.get(verb)
    if not is_handled:
        return _("Vous la consultez sans la gérer.")
    if wanted is not None and invoice.state != wanted:
        return _("Son statut est « %(state)s ».") % {"state": InvoiceState(invoice.state).label}
    if verb in (BulkVerb.CANCEL_INVOICES, BulkVerb.REDO_INVOICES) and invoice.received_cents:
        return _("Une partie est déjà payée : elle s’annule depuis sa page.")
    if verb == BulkVerb.ISSUE_DRAFTS and not invoice.total_cents:
        return _("Le total est de zéro : il n’y a rien à facturer.")
    return ""


def _dossiers_refused(verb: BulkVerb, ids: Collection[int], agent: Agent) -> dict[int, str]:
    handled = frozenset(Dossier.objects.handled_by(agent).filter(pk__in=ids).values_list("pk", flat=True))
    wanted = OPEN if verb == BulkVerb.ASSIGN_DOSSIERS else {DossierState.SUBMITTED}
    refused = {}
    for pk, state in Dossier.objects.filter(pk__in=ids).order_by("pk").values_list("pk", "state"):
        if pk not in handled:
            refused[pk] = _("Vous le consultez sans le gérer.")
        elif state not in wanted:
            refused[pk] = _("Son statut est « %(state)s ».") % {"state": DossierState(state).label}
    return refused


def _tasks_refused(verb: BulkVerb, ids: Collection[int], agent: Agent) -> dict[int, str]:
    acted_on = frozenset(Regie.objects.acted_on_by(agent).values_list("pk", flat=True))
    refused = {}
    for one in Anomaly.objects.filter(pk__in=ids).only("regie", "message", "closed_at").order_by("pk"):
        if one.closed_at is not None:
            refused[one.pk] = _("Quelqu’un l’a traité entre-temps.")
        elif verb == BulkVerb.RESEND_MAILS and one.message_id is None:
            refused[one.pk] = _("Ce n’est pas un courriel.")
        elif verb == BulkVerb.ASSIGN_TASKS and one.regie_id is not None and one.regie_id not in acted_on:
            refused[one.pk] = _("Vous n’avez pas de mandat pour cette régie.")
    return refused
