"""What an agent sees of what hangs on several rooms: people, and mails."""

from django.db.models import Exists, OuterRef, Q, QuerySet

from obole.billing.models import Invoice
from obole.directory.models import Agent, Citizen
from obole.directory.rules import Right
from obole.dossiers.models import Dossier
from obole.mailing.models import Message


def citizens_seen_by(agent: Agent, citizens: QuerySet[Citizen]) -> QuerySet[Citizen]:
    """
    Keep whom the agent's dossiers or invoices are about, and who has none anywhere yet; never a file that was merged.
    """
    citizens = citizens.filter(merged_into=None)
    if agent.all_services:
        return citizens
    dossiers, invoices = Dossier.objects.filter(citizen=OuterRef("pk")), Invoice.objects.filter(payer=OuterRef("pk"))
    concerned = Exists(dossiers.seen_by(agent)) | Exists(invoices.seen_by(agent))
    return citizens.filter(concerned | ~(Exists(dossiers) | Exists(invoices)))


def citizens_handled_by(agent: Agent, citizens: QuerySet[Citizen]) -> QuerySet[Citizen]:
    """
    Keep whose file the agent may change: whom the dossiers or invoices that they handle are about, or none yet; never
    one that was merged.
    """
    if not agent.may(Right.REVIEW):
        return citizens.none()
    citizens = citizens.filter(merged_into=None)
    if agent.all_services:
        return citizens
    dossiers, invoices = Dossier.objects.filter(citizen=OuterRef("pk")), Invoice.objects.filter(payer=OuterRef("pk"))
    concerned = Exists(dossiers.handled_by(agent)) | Exists(invoices.handled_by(agent))
    return citizens.filter(concerned | ~(Exists(dossiers) | Exists(invoices)))


def messages_seen_by(agent: Agent) -> QuerySet[Message]:
    """Return the mails about what the agent sees."""
    if agent.all_services:
        return Message.objects.all()
    about_dossiers = Q(about_kind="dossiers.dossier", about_id__in=Dossier.objects.seen_by(agent).values("pk"))
    about_invoices = Q(about_kind="billing.invoice", about_id__in=Invoice.objects.seen_by(agent).values("pk"))
    return Message.objects.filter(about_dossiers | about_invoices)


def handles_message(agent: Agent, message: Message) -> bool:
    """Tell whether the agent works on what a mail is about, and may send it again."""
    if not agent.may(Right.REVIEW):
        return False
    if message.about_kind == "billing.invoice":
        return Invoice.objects.handled_by(agent).filter(pk=message.about_id or 0).exists()
    if message.about_kind == "dossiers.dossier":
        return Dossier.objects.handled_by(agent).filter(pk=message.about_id or 0).exists()
    return False
