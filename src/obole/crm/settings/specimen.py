"""An invoice that nobody owes: how a type de facture prints, with its dispositifs’ prices and sample people."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.utils.translation import gettext as _

from obole.billing import rules, wording
from obole.billing.documents import letter
from obole.billing.documents.invoice import InvoiceDocument, Line
from obole.billing.models import Invoice, InvoiceType
from obole.catalogue import queries as catalogue
from obole.catalogue.models import Scheme
from obole.directory.models import Citizen
from obole.lib import dates
from obole.pricing.simple import FlatPrice, flat_prices
from obole.regies.models import Regie

MARK = "SPÉCIMEN"
MOST_LINES = 12
PAYER = Citizen(first_name="Camille", last_name="Exemple", address="1 rue de l’Exemple\n99999 Exempleville")


def specimen(
    invoice_type: InvoiceType, schemes: Sequence[Scheme], logo: letter.Logo | None, *, at: datetime
) -> InvoiceDocument:
    """Return a sample invoice of this type, saved or not, marked as such in its number and its heading."""
    regie = invoice_type.regie or Regie(name=_("Régie à choisir"))
    frozen = wording.freeze(Invoice(type=invoice_type, regie=regie, payer=PAYER, number=MARK))
    frozen["logo"] = {"digest": "", "format": ""}
    head = replace(wording.letterhead(frozen), logo=logo, service_name=str(schemes[0].service) if schemes else "")
    today = dates.day_of(at)
    lines = _lines(schemes, today)
    due_on = today + timedelta(days=invoice_type.payment_term)
    total = sum(line.amount_cents for line in lines)
    texts = frozen["texts"]
    texts["heading"] = f"{MARK} – {texts['heading']}" if texts["heading"] else _("SPÉCIMEN sans valeur")
    return InvoiceDocument(
        letterhead=head,
        recipient=wording.recipient(frozen),
        number=MARK,
        issued_on=today,
        due_on=due_on,
        payable_until=rules.payable_until(due_on, delay=regie.transfer_delay),
        lines=tuple(lines),
        total_cents=total,
        already_paid_cents=0,
        to_pay_cents=total,
        issued_at=at,
        period=_("période d’exemple"),
        dossier_reference="DOS-000000",
        pay_url=frozen["pay_url"],
        **texts,
    )


def _lines(schemes: Sequence[Scheme], today: date) -> list[Line]:
    """Return a line of each price of these dispositifs that is the same for all, else one of an example."""
    pricings = [
        catalogue.compiled_pricing_of(version).pricing
        for scheme in schemes
        if (version := catalogue.current_pricing(scheme))
    ]
    sold = [price for pricing in pricings for price in flat_prices(pricing, on=today)][:MOST_LINES]
    sold = sold or [FlatPrice(_("Produit d’exemple"), _("unité"), 12_50)]
    return [Line(item.label, "", Decimal(2), item.unit, item.cents, 2 * item.cents) for item in sold]
