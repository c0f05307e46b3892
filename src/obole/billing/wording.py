"""What the document of an invoice says beside its lines, frozen when it is issued."""

from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.text import capfirst

from obole.billing.documents import letter
from obole.billing.models import Invoice
from obole.directory import queries as directory
from obole.directory.models import Authority
from obole.lib import files
from obole.regies.models import Regie

TEXTS = ("heading", "introduction", "closing", "payment_instructions", "legal_mentions", "vat_mention")


def freeze(invoice: Invoice, authority: Authority | None = None) -> dict[str, Any]:
    """
    Return the authority, the payer and the words of the type as they are now: later changes do not reach this invoice.

    :param authority: the town, for whoever freezes many invoices and looked it up once.
    """
    authority = authority or directory.the_authority()
    dossier = invoice.dossier
    return {
        "authority": _described(authority),
        "recipient": {"name": invoice.payer.display_name, "address_lines": invoice.payer.address.splitlines()},
        "regie_name": invoice.regie.name,
        "service_name": dossier.scheme.service.name if dossier else "",
        "colour": invoice.type.colour,
        "logo": {"digest": invoice.type.logo_digest, "format": invoice.type.logo_format},
        "dossier_reference": dossier.reference if dossier else "",
        "claim_code": invoice.payer.claim_code or "",
        "pay_url": f"{settings.BASE_URL}/mes-factures/{invoice.public_id}/",
        "due_date": invoice.due_date.isoformat() if invoice.due_date else "",
        "payable_until": invoice.payable_until.isoformat() if invoice.payable_until else "",
        "texts": {name: getattr(invoice.type, name) for name in TEXTS},
    }


def letterhead(wording: dict[str, Any]) -> letter.Letterhead:
    """Return the top of a document from the frozen words; reads the logo in the file store."""
    authority = {**wording["authority"], "address_lines": tuple(wording["authority"]["address_lines"])}
    logo = wording["logo"]
    return letter.Letterhead(
        authority=letter.Authority(**authority),
        regie_name=wording["regie_name"],
        service_name=wording["service_name"],
        colour=wording["colour"],
        logo=letter.Logo(files.get(logo["digest"]), logo["format"]) if logo["digest"] else None,
    )


def letterhead_of(regie: Regie | None) -> letter.Letterhead:
    """Return the top of a document that belongs to no invoice, as the authority and its régie, if one, are now."""
    described = _described(directory.the_authority())
    authority = letter.Authority(**{**described, "address_lines": tuple(described["address_lines"])})
    return letter.Letterhead(authority=authority, regie_name=regie.name if regie else "")


def _described(authority: Authority) -> dict[str, Any]:
    with translation.override("fr"):
        subject = capfirst(authority.subject)
    return {
        "name": authority.name,
        "subject": subject,
        "address_lines": authority.address.splitlines(),
        "siret": authority.siret,
        "phone": authority.phone,
        "email": authority.email,
        "hours": authority.hours,
    }


def recipient(wording: dict[str, Any]) -> letter.Recipient:
    """Return whom a document is sent to, from the frozen words."""
    return letter.Recipient(wording["recipient"]["name"], tuple(wording["recipient"]["address_lines"]))
