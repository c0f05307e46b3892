"""An invoice that nobody owes: how a type de facture prints, with its own products and plain sample people."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from django.utils.translation import gettext as _

from obole.billing import rules, wording
from obole.billing.documents import letter
from obole.billing.documents.invoice import InvoiceDocument, Line
from obole.billing.models import Invoice, InvoiceType
from obole.catalogue.models import Product, Scheme
from obole.directory.models import Citizen
from obole.dossiers.rules import Priced
from obole.lib import days
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
    lines = _lines(invoice_type, schemes)
    total = sum(line.amount_cents for line in lines)
    texts = frozen["texts"]
    texts["heading"] = f"{MARK} – {texts['heading']}" if texts["heading"] else _("SPÉCIMEN sans valeur")
    today = days.day_of(at)
    return InvoiceDocument(
        letterhead=head, recipient=wording.recipient(frozen), number=MARK, issued_on=today,
        due_on=today + timedelta(days=invoice_type.payment_term), lines=tuple(lines), total_cents=total, already_paid_cents=0,
        to_pay_cents=total, issued_at=at, period=_("période d’exemple"), dossier_reference="DOS-000000",
        pay_url=frozen["pay_url"], **texts,
    )  # fmt: skip


def _lines(invoice_type: InvoiceType, schemes: Sequence[Scheme]) -> list[Line]:
    drafts = rules.lines_for(invoice_type, _priced(schemes)) or rules.lines_for(invoice_type, [_example()])
    return [
        Line(one.label, one.detail, one.quantity, one.unit, one.unit_price_cents, one.amount_cents) for one in drafts
    ]


def _priced(schemes: Sequence[Scheme]) -> list[Priced]:
    products = Product.objects.filter(scheme__in=schemes, enabled=True).order_by("scheme", "position", "id")[
        :MOST_LINES
    ]
    return [
        Priced(product=product, quantity=_quantity(product), unit_price_cents=product.unit_price_cents)
        for product in products
    ]


def _quantity(product: Product) -> Decimal:
    return min(max(product.minimum, Decimal(2)), product.maximum)


def _example() -> Priced:
    return Priced(
        product=Product(name=_("Produit d’exemple"), unit=_("unité")), quantity=Decimal(2), unit_price_cents=12_50
    )
