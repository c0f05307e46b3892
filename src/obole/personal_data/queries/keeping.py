"""What is known of somebody, what has been kept long enough, and what stands in the way of forgetting them."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from django.contrib.sessions.models import Session
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from obole.billing.models import Invoice, Letter, SecurityDeposit
from obole.billing.security_deposit_states import SecurityDepositState
from obole.billing.states import InvoiceState
from obole.catalogue.fields import FilledBy
from obole.consumption import queries as consumption
from obole.consumption.models import Absence, AttendanceFile, Booking, Consumption, Enrolment
from obole.directory import queries as directory
from obole.directory.models import Citizen
from obole.dossiers import queries as dossiers
from obole.dossiers.models import ApplicationDraft, Attachment, Dossier
from obole.dossiers.rules import reference
from obole.dossiers.states import OPEN, DossierState
from obole.lib import files
from obole.mailing.models import Message
from obole.payments.models import OPEN as AT_THE_BANK, Anomaly, Attempt, Receipt
from obole.personal_data.models import Retention
from obole.recovery.models import Agreement, Dispute

MONTH = timedelta(days=30.4375)
ERASED = "efface"


def retention() -> Retention:
    """Return the town's durations; the defaults until somebody chose."""
    return Retention.objects.filter(only=True).first() or Retention()


def expired_sessions(at: datetime) -> QuerySet[Session]:
    """Return the sessions that have ended."""
    return Session.objects.filter(expire_date__lt=at)


def old_drafts(at: datetime) -> QuerySet[ApplicationDraft]:
    """Return what citizens began and left."""
    return ApplicationDraft.objects.filter(kept_at__lt=at - timedelta(days=retention().drafts_days))


def old_mails(at: datetime) -> QuerySet[Message]:
    """Return the mails whose words are not needed any more; what waits for somebody (« À traiter ») is kept."""
    kept = retention()
    account = Q(confidential=True, created_at__lt=at - timedelta(days=kept.account_mails_days))
    other = Q(confidential=False, created_at__lt=at - kept.mails_months * MONTH)
    waits = Anomaly.objects.filter(message=OuterRef("pk"), closed_at=None)
    ended = Message.objects.exclude(state__in=["queued", "sending"]).exclude(text="", html="")
    return ended.filter(account | other).exclude(Exists(waits))


def old_letters(at: datetime) -> QuerySet[Letter]:
    """Return the letters whose words are not needed any more: as old as a mail is let go of, and ended."""
    before = at - retention().mails_months * MONTH
    ended = Q(dropped_at__isnull=False) | Q(batch__posted_at__isnull=False)
    return Letter.objects.filter(ended, written_at__lt=before).exclude(text="")


def old_refusals(at: datetime) -> QuerySet[Dossier]:
    """Return the dossiers that were refused or withdrawn long ago, never invoiced, and still hold answers."""
    ended = Dossier.objects.filter(state__in=[DossierState.REJECTED, DossierState.WITHDRAWN]).exclude(answers={})
    before = at - retention().refused_months * MONTH
    invoiced = Invoice.objects.filter(dossier=OuterRef("pk"))
    return ended.filter(Q(decided_at__lt=before) | Q(decided_at=None, created_at__lt=before)).exclude(Exists(invoiced))


def old_attendance_files(at: datetime) -> QuerySet[AttendanceFile]:
    """Return the files of attendance that were sent long ago, and still name children."""
    return consumption.files_sent_before(at - timedelta(days=retention().attendance_days))


def inactive_citizens(at: datetime) -> QuerySet[Citizen]:
    """Return who has an account, has neither come nor asked for anything for long, and owes nothing."""
    before = at - retention().inactive_months * MONTH
    came = Q(user__last_login__gte=before) | Q(user__date_joined__gte=before)
    asked = Dossier.objects.filter(citizen=OuterRef("pk"), created_at__gte=before)
    billed = Invoice.objects.filter(payer=OuterRef("pk"), created_at__gte=before)
    quiet = Citizen.objects.filter(user__isnull=False, user__agent=None).exclude(came)
    return forgettable(quiet.exclude(Exists(asked)).exclude(Exists(billed)))


def _due(payer: Any) -> QuerySet[Invoice]:
    return Invoice.objects.filter(payer=payer, state__in=[InvoiceState.DUE, InvoiceState.DRAFT])


REASONS: tuple[tuple[Callable[[Any], QuerySet[Any]], str | Promise], ...] = (
    (_due, gettext_lazy("Il reste une facture à payer ou en préparation : elle doit être réglée ou annulée d’abord.")),
    (
        lambda payer: Attempt.objects.filter(shares__invoice__payer=payer, state__in=AT_THE_BANK),
        gettext_lazy("Un paiement est en cours : réessayez quand il sera terminé."),
    ),
    (
        lambda citizen: Dossier.objects.filter(citizen=citizen, state__in=OPEN),
        gettext_lazy("Une demande est en cours d’instruction : retirez-la, ou attendez la réponse."),
    ),
    (
        lambda payer: SecurityDeposit.objects.filter(payer=payer, state=SecurityDepositState.RECEIVED),
        gettext_lazy("Une caution est encore gardée : elle doit être rendue d’abord."),
    ),
)
"""What stands in the way of forgetting somebody, each with its sentence."""


def reason_to_keep(citizen: Citizen) -> str:
    """Say why somebody cannot be forgotten now; nothing if they can."""
    return next((str(sentence) for rows, sentence in REASONS if rows(citizen.pk).exists()), "")


def forgettable(citizens: QuerySet[Citizen]) -> QuerySet[Citizen]:
    """Keep whom nothing stands in the way of forgetting."""
    for rows, _sentence in REASONS:
        citizens = citizens.exclude(Exists(rows(OuterRef("pk"))))
    return citizens


def known_of(citizen: Citizen) -> dict[str, Any]:
    """Return all that is known of somebody, as they may take it elsewhere (RGPD, articles 15 and 20)."""
    names = ("kind", "civility", "first_name", "last_name", "birth_date", "organisation", "email", "phone", "address")
    invoices = Invoice.objects.of_payer(citizen).select_related("type").order_by("id")
    receipts = Receipt.objects.filter(allocations__invoice__in=invoices).distinct().order_by("id")
    applications = Dossier.objects.filter(citizen=citizen).select_related("form", "scheme").order_by("id")
    applications = applications.prefetch_related("attachments")
    return {
        "identity": {name: getattr(citizen, name) for name in (*names, "language")},
        "merged_files": [file.display_name for file in directory.merged_files(citizen.pk)],
        "account": citizen.user.email if citizen.user else None,
        "applications": [_application(row) for row in applications],
        "consumptions": list(_consumed_by(citizen)),
        "bookings": list(_planned_by(citizen, Booking, "question", "first", "last", "quantities")),
        "absences": list(_planned_by(citizen, Absence, "question", "first", "last", "reason", "is_excused", "cancels")),
        "enrolments": list(_planned_by(citizen, Enrolment, "first", "last")),
        "invoices": [
            {
                "number": row.number,
                "type": row.type.name,
                "issued_at": row.issued_at,
                "due_date": row.due_date,
                "total_cents": row.total_cents,
                "received_cents": row.received_cents,
                "state": row.state,
            }
            for row in invoices
        ],
        "receipts": list(receipts.values("number", "cents", "means", "received_at")),
        "agreements": [_agreement(row) for row in _agreements_of(citizen)],
        "disputes": list(_disputes_of(citizen).values("invoice__number", "opened_at", "reason", "closed_at", "answer")),
        "mails": list(mails_of(citizen).values("created_at", "to", "subject", "text")),
        "letters": list(letters_of(citizen).values("written_at", "subject", "text")),
    }


def _consumed_by(citizen: Citizen) -> Iterator[dict[str, Any]]:
    rows = Consumption.objects.filter(dossier__citizen=citizen).select_related("dossier").order_by("id")
    for fact in rows:
        known = {name: getattr(fact, name) for name in ("row", "question", "day", "quantity", "recorded_at")}
        yield {"application": fact.dossier.reference, **known}


def _planned_by(citizen: Citizen, table: type[Booking | Absence | Enrolment], *names: str) -> Iterator[dict[str, Any]]:
    rows = table.objects.filter(dossier__citizen=citizen).order_by("id")
    for row in rows.values("dossier__number", "row", "recorded_at", *names):
        yield {"application": reference(row.pop("dossier__number")), **row}


def _agreements_of(citizen: Citizen) -> QuerySet[Agreement]:
    agreements = Agreement.objects.filter(invoice__payer=citizen).select_related("invoice")
    return agreements.prefetch_related("instalments").order_by("id")


def _agreement(agreement: Agreement) -> dict[str, Any]:
    instalments = sorted(agreement.instalments.all(), key=lambda one: one.rank)
    return {
        "invoice": agreement.invoice.number,
        "agreed_at": agreement.agreed_at,
        "state": agreement.state,
        "instalments": [{"day": one.day, "cents": one.cents} for one in instalments],
    }


def _disputes_of(citizen: Citizen) -> QuerySet[Dispute]:
    return Dispute.objects.filter(invoice__payer=citizen).order_by("id")


def _application(dossier: Dossier) -> dict[str, Any]:
    sections = dossiers.answer_sections(dossier, by=FilledBy.CITIZEN)
    return {
        "reference": dossier.reference,
        "scheme": dossier.scheme.name,
        "state": dossier.state,
        "submitted_at": dossier.submitted_at,
        "answers": {row.field.label: row.text for part in sections for row in part.answers},
        "dated_answers": list(
            dossier.dated_answers.order_by("id").values("question", "since", "value", "motive", "at")
        ),
        "files": sorted(file.name for file in dossier.attachments.all()),
    }


def mails_of(*citizens: Citizen) -> QuerySet[Message]:
    """Return the mails about what these people asked for and owe."""
    about_dossiers = Dossier.objects.filter(citizen__in=citizens).values("pk")
    about_invoices = Invoice.objects.filter(payer__in=citizens).values("pk")
    mine = Q(about_kind="dossiers.dossier", about_id__in=about_dossiers)
    mine |= Q(about_kind="billing.invoice", about_id__in=about_invoices)
    return Message.objects.filter(mine, confidential=False).order_by("id")


def letters_of(*citizens: Citizen) -> QuerySet[Letter]:
    """Return the letters about what these people owe or owed."""
    return Letter.objects.filter(invoice__payer__in=citizens).order_by("id")


def files_of(citizen: Citizen) -> Iterator[tuple[str, bytes]]:
    """Return the documents and the files of somebody, by the name that each takes in their archive."""
    yield "donnees.json", json.dumps(known_of(citizen), ensure_ascii=False, indent=2, default=str).encode()
    for invoice in (
        Invoice.objects.of_payer(citizen).select_related("document").filter(document__isnull=False).order_by("id")
    ):
        yield f"factures/{invoice.number}.pdf", files.get(invoice.document.digest)
    for file in Attachment.objects.filter(dossier__citizen=citizen).order_by("dossier", "id"):
        yield f"pieces/{file.dossier_id}-{file.pk}-{file.name}", files.get(file.digest)
