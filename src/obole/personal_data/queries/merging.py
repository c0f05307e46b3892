"""What a merge of two files of one person moves, who may do it, what stands in its way, and which were done."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from obole.audit_log.models import Record
from obole.billing import queries as billing
from obole.billing.models import CarryOver, Invoice, SecurityDeposit
from obole.directory import queries as directory
from obole.directory.models import Agent, Citizen
from obole.directory.rules import Right
from obole.dossiers.models import ApplicationDraft, Dossier
from obole.payments import queries as payments
from obole.payments.models import OPEN as AT_THE_BANK, Attempt, Receipt
from obole.personal_data.queries.keeping import mails_of
from obole.regies.models import Regie


@dataclass(frozen=True)
class Moves:
    """What hangs on one file, as far as an agent sees it."""

    dossiers: int
    invoices: int
    due_cents: int
    receipts: int
    waiting_cents: int
    """In recettes à classer of the régies whose money the agent sees."""
    cautions: int
    carried_over: int
    mails: int
    drafts: int


@dataclass(frozen=True)
class MergedFile:
    """A file that was merged into another: its names, when, by whom and why."""

    citizen: Citizen
    at: datetime | None
    by: str
    reason: str


def may_merge(agent: Agent, *citizens: Citizen) -> bool:
    """
    Tell whether an agent may make one file of these: an administrator, or who handles all that hangs on them.

    Everything changes hands at once: who handles a part of it does not decide for the others.
    """
    if not agent.may(Right.REVIEW):
        return False
    if agent.may(Right.CONFIGURE):
        return True
    dossiers, invoices = Dossier.objects.filter(citizen__in=citizens), Invoice.objects.filter(payer__in=citizens)
    others = dossiers.exclude(pk__in=dossiers.handled_by(agent).values("pk"))
    return not (others.exists() or invoices.exclude(pk__in=invoices.handled_by(agent).values("pk")).exists())


def _merged_already(kept: Citizen, merged: Citizen) -> bool:
    return kept.merged_into_id is not None or merged.merged_into_id is not None


def _forgotten(kept: Citizen, merged: Citizen) -> bool:
    said = Record.objects.filter(verb="citizen.forget", subject_kind=Citizen._meta.label_lower)
    return said.filter(subject_id__in=(kept.pk, merged.pk)).exists()


def _being_paid(kept: Citizen, merged: Citizen) -> bool:
    # Released ones too: the bank may still say that such a payment was made.
    asked = Attempt.objects.filter(shares__invoice__payer__in=(kept, merged))
    return asked.filter(state__in=AT_THE_BANK).exists()


_REASONS: tuple[tuple[Callable[[Citizen, Citizen], bool], Promise], ...] = (
    (lambda kept, merged: kept.pk == merged.pk, gettext_lazy("C’est la même fiche : choisissez-en une autre.")),
    (_merged_already, gettext_lazy("Une de ces fiches a déjà été fusionnée avec une autre.")),
    (_forgotten, gettext_lazy("Une de ces fiches a été effacée à la demande de l’usager : elle ne revit pas.")),
    (
        lambda kept, merged: kept.deceased_on != merged.deceased_on,
        gettext_lazy("Le décès n’est pas noté de même sur les deux fiches : corrigez-le d’abord."),
    ),
    (
        lambda kept, merged: None not in (kept.birth_date, merged.birth_date) and kept.birth_date != merged.birth_date,
        gettext_lazy(
            "Ces deux personnes n’ont pas la même date de naissance : si c’est une erreur, corrigez-la d’abord."
        ),
    ),
    (
        lambda kept, merged: kept.user_id is not None and merged.user_id is not None,
        gettext_lazy(
            "Les deux fiches ont un compte en ligne. Seul l’usager prouve que les deux sont à lui : il se connecte au "
            "compte dont il ne veut plus, puis « Mon compte », « Fermer mon compte », « Fermer seulement le compte ». "
            "Sa fiche garde tout ; revenez alors ici."
        ),
    ),
    (_being_paid, gettext_lazy("Un paiement est en cours sur une de ces fiches : réessayez quand il sera terminé.")),
)
"""What stands in the way of a merge, each with its sentence."""


def reason_not_to_merge(kept: Citizen, merged: Citizen) -> str:
    """Say why these two files cannot become one now; nothing if they can."""
    return next((str(sentence) for found, sentence in _REASONS if found(kept, merged)), "")


def what_moves(citizen: Citizen, *, agent: Agent) -> Moves:
    """Count what hangs on a file and an agent sees: nothing that they do not see is told, not even that it is there."""
    dossiers = Dossier.objects.seen_by(agent).filter(citizen=citizen)
    invoices = Invoice.objects.seen_by(agent).filter(payer=citizen)
    theirs = Q(dossier__in=dossiers.order_by().values("pk"))
    mails = mails_of(citizen).filter(
        Q(about_kind="dossiers.dossier", about_id__in=dossiers.order_by().values("pk"))
        | Q(about_kind="billing.invoice", about_id__in=invoices.order_by().values("pk"))
    )
    return Moves(
        dossiers=dossiers.count(),
        invoices=invoices.count(),
        due_cents=billing.sums(invoices).due,
        receipts=Receipt.objects.filter(invoice__in=invoices.order_by().values("pk")).count(),
        waiting_cents=_waiting_cents(citizen, agent),
        cautions=SecurityDeposit.objects.filter(theirs, payer=citizen).count(),
        carried_over=CarryOver.objects.waiting().filter(theirs, payer=citizen).count(),
        mails=mails.count(),
        drafts=ApplicationDraft.objects.filter(citizen=citizen).count() if agent.all_services else 0,
    )


def _waiting_cents(citizen: Citizen, agent: Agent) -> int:
    if not agent.may(Right.MONEY):
        return 0
    seen = Regie.objects.seen_by(agent).order_by("pk")
    return sum(payments.free_cents(item) for regie in seen for item in payments.free_money_of(citizen, regie))


def merged_into(citizen: Citizen) -> list[MergedFile]:
    """Return the files that were merged into this one, those that had been merged into these too, the last first."""
    files = directory.merged_files(citizen.pk)
    said = Record.objects.filter(
        verb="citizen.merge", subject_kind=Citizen._meta.label_lower, subject_id__in=[file.pk for file in files]
    )
    told = {record.subject_id: record for record in said}
    return [
        MergedFile(file, file.merged_at, told[file.pk].actor.name, str(told[file.pk].details["reason"]))
        for file in files
        if file.pk in told
    ]
