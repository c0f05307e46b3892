"""An invoice of a campaign done again, of what is counted now: its avoir, the new one, and one mail for both."""

from datetime import datetime

from django.utils.translation import gettext as _

from obole.audit_log import operations as audit_log
from obole.billing import emails, operations as billing
from obole.billing.access import require_biller
from obole.billing.models import Invoice, InvoiceExplanation
from obole.campaigns.models import CampaignRow, Outcome
from obole.campaigns.operations.answering import answering
from obole.catalogue import queries as catalogue
from obole.dossiers.models import Dossier
from obole.lib import dates
from obole.lib.actors import Actor
from obole.lib.transactions import atomic_with_retry
from obole.mailing import queries as mailing
from obole.pricing.model.problems import Refused
from obole.pricing.text.codec import as_dict
from obole.regies import numbering
from obole.regies.models import Series


@atomic_with_retry
def redo_invoice(*, invoice_id: int, code: str, comment: str, actor: Actor, at: datetime) -> Invoice:
    """
    Cancel an invoice of a campaign and issue another in its place, of what its dossier comes to now for the same days.
    Its payer has one mail that tells of both, or the two letters.

    :param code: one of ``CreditNote.Reason``.
    :raises obole.directory.rules.NotAllowed: to who does not handle the prestation of its dossier.
    :raises obole.lib.states.ForbiddenTransition: if it is not due.
    :raises obole.billing.operations.NotBillable: if it is not of a campaign, comes to the same, or to nothing any more.
    """
    require_biller(Invoice.objects.select_related("dossier__scheme").get(pk=invoice_id), actor=actor, at=at)
    rows = CampaignRow.objects.select_related("campaign__type").filter(invoice=invoice_id, outcome=Outcome.ISSUED)
    if (row := rows.first()) is None:
        raise billing.NotBillable(_("Elle ne vient pas d’une campagne : annulez-la et refaites-la depuis sa page."))
    dossier = Dossier.objects.locked().select_related("scheme", "form").get(pk=row.dossier_id)
    priced = _price(row, dossier, key=f"campaign:{row.campaign_id}:{dossier.pk}:{invoice_id}")
    old = Invoice.objects.locked().select_related("regie", "type").get(pk=invoice_id)
    _require_other(old, priced)
    made = billing.draft_many(
        [priced], invoice_type=row.campaign.type, period=row.campaign.period, actor=actor, at=at
    ).get(dossier.pk)
    if made is None:
        raise billing.NotBillable(_("Elle serait sous le seuil de la tarification : annulez-la, puis reportez-la."))
    Invoice.objects.filter(pk=made.pk).update(replaces=old)
    # Both series before the books, which are locked after them.
    for kind in (Series.Kind.CREDIT_NOTE, Series.Kind.INVOICE):
        numbering.hold(regie=old.regie, kind=kind, year=dates.day_of(at).year)
    reached = mailing.is_usable(old.payer.email)
    note = billing.cancel_invoice(
        invoice_id=invoice_id, code=code, comment=comment, tells=not reached, actor=actor, at=at
    )
    new = billing.issue_invoice(invoice_id=made.pk, tells=not reached, actor=actor, at=at)
    if reached:
        emails.send_replacement_notice(note, new, at=at)
    row.invoice, row.cents = new, new.total_cents
    row.save(update_fields=["invoice", "cents"])
    audit_log.log_event("invoice.redo", subject=old, actor=actor, at=at, by=new.number)
    return new


def _price(row: CampaignRow, dossier: Dossier, *, key: str) -> billing.Priced:
    campaign, version = row.campaign, catalogue.current_pricing(dossier.scheme)
    if version is None:
        raise billing.NotBillable(_("Le dispositif n’a pas de tarification publiée."))
    answered = answering([dossier], campaign).answers_of(dossier, version)
    try:
        return billing.price_alone(
            billing.DraftWanted(dossier=dossier, version=version, answered=answered, request_key=key)
        )
    except Refused as refusal:
        said = " ".join(dict.fromkeys(problem.message for problem in refusal.problems))
        raise billing.NotBillable(said) from refusal
    except billing.EmptyInvoice as refusal:
        raise billing.NotBillable(_("Il n’y a plus rien à facturer : annulez-la sans la refaire.")) from refusal


def _require_other(old: Invoice, priced: billing.Priced) -> None:
    """Refuse to do again what would be the same, and what bills a carry-over besides."""
    known = InvoiceExplanation.objects.filter(invoice=old).first()
    if known is not None and known.carried:
        said = _("Elle reprend un report ou un mois passé : annulez-la et refaites-la depuis sa page.")
        raise billing.NotBillable(said)
    if known is not None and known.result == as_dict(priced.result):
        raise billing.NotBillable(_("Elle serait la même : rien de ce qu’elle facture n’a changé."))
