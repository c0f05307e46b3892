"""What the tests of the agents' screens share: a town where something of everything has happened, and a browser."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from lxml import html

from obole.billing import operations as billing
from obole.billing.models import Invoice
from obole.catalogue import operations as catalogue
from obole.catalogue.fields import FieldKind, FormField
from obole.directory.models import Agent
from obole.dossiers import operations as dossiers
from obole.dossiers import uploads
from obole.dossiers.models import Dossier
from obole.lib import days, words
from obole.mailing import operations as mailing
from obole.mailing.models import Message
from obole.mailing.rules import Rendered
from obole.payments import operations as payments
from obole.payments.models import Attempt
from obole.regies import operations as regies
from tests.world import WHO, Town, later, make_dossier, make_invoice, make_town, make_type

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
HOSTILE = '<script>alert("é")</script>'


def url(name: str, *args: object) -> str:
    return reverse(f"crm:{name}", args=args)


def text_of(response: HttpResponse) -> str:
    """Return what people read, with single spaces and plain ones."""
    page = html.fromstring(response.content.decode())
    return " ".join(" ".join(page.xpath("//body//text()")).replace("\u202f", " ").replace("\u00a0", " ").split())


def rows_of(response: HttpResponse) -> list[list[str]]:
    """Return the cells of the first table's body."""
    page = html.fromstring(response.content.decode())
    body = page.xpath("//table/tbody")[0]
    return [[" ".join(cell.text_content().split()) for cell in row.xpath("./td|./th")] for row in body.xpath("./tr")]


def browser(agent: Agent, *, checks_csrf: bool = False) -> Client:
    """Return a signed-in browser."""
    client = Client(enforce_csrf_checks=checks_csrf)
    client.force_login(agent.user)
    return client


def get(client: Client, name: str, *args: object, **query: Any) -> HttpResponse:
    """Open a page that must be there, complete."""
    answer: HttpResponse = client.get(url(name, *args), query)
    assert answer.status_code == 200, answer
    assert "UNDEFINED-VARIABLE" not in answer.content.decode()
    return answer


def bill(town: Town, cents: int, *, meals: int = 3, at: datetime | None = None) -> Invoice:
    """Issue an invoice of a fixed amount: the sandbox bank answers according to its cents."""
    name = f"Forfait {cents}"
    kind = make_type(town.regie, [town.scheme], name=name, amount_mode="fixed", fixed_cents=cents)
    dossier = make_dossier(town, meals=meals, at=at or later())
    return billing.generate_invoice(
        dossier_id=dossier.pk, type_id=kind.pk, quantities={}, period="novembre 2026", request_key=words.token(),
        actor=WHO, at=at or later(),
    )  # fmt: skip


def try_to_pay(invoice: Invoice, *, minutes: float = 1) -> Attempt:
    """Send the payer to the bank."""
    return payments.start_payment(
        invoice_id=invoice.pk, email="usager@example.org", request_key=words.token(), actor="usager", at=later(minutes)
    )


def pay(invoice: Invoice, *, minutes: float = 1) -> Attempt:
    """Send the payer to the bank, and ask it what came out."""
    attempt = try_to_pay(invoice, minutes=minutes)
    return payments.resolve_attempt(attempt_id=attempt.pk, actor="payfip", at=later(minutes + 1))


def submit_with_file(town: Town) -> Dossier:
    """Submit an application with a file and hostile words, and leave it for an agent to take."""
    fields = [
        FormField(key="enfant", label="Prénom de l’enfant"),
        FormField(key="attestation", label="Attestation de quotient", kind=FieldKind.FILE, required=False),
    ]
    form = catalogue.publish_form(scheme_id=town.scheme.pk, fields=fields, actor=WHO, at=later())
    stored = uploads.store(field_key="attestation", name="quotient é.pdf", content=PDF)
    filled = dossiers.Filled(answers={"enfant": HOSTILE}, quantities={town.meal.pk: Decimal(4)}, uploads=[stored])
    return dossiers.submit(
        citizen_id=town.citizen.pk,
        form_id=form.pk,
        request_key=words.token(),
        filled=filled,
        actor="usager",
        at=later(2),
    )


def send_account_mail() -> Message:
    """Queue a mail that signs in, as the account pages do."""
    letter = mailing.Letter(
        cause=words.token(), kind="account", to="usager@example.org", confidential=True,
        rendered=Rendered("Changer votre mot de passe", "Ouvrez https://exemple/cle-secrete", ""),
    )  # fmt: skip
    with transaction.atomic():
        message = mailing.queue(letter, at=later(3))
    assert message is not None
    return message


@dataclass
class Desk:
    """A town with an invoice of each kind. Needs ``django_db(transaction=True)``: banks and files are asked."""

    town: Town = field(default_factory=make_town)

    def __post_init__(self) -> None:
        town = self.town
        self.paid = make_invoice(town, meals=16)
        self.paid_attempt = pay(self.paid)
        self.due = make_invoice(town, meals=2)
        self.refused = bill(town, 50_01)
        self.refused_attempt = pay(self.refused)
        self.waiting = bill(town, 60_03)
        self.waiting_attempt = try_to_pay(self.waiting, minutes=4)
        self.odd = bill(town, 70_09)
        self.odd_attempt = pay(self.odd)
        self.late = make_invoice(town, meals=5, at=later(days=-60))
        self.dossier = submit_with_file(town)
        self.attachment = self.dossier.attachments.get()
        self.anomaly = self.odd_attempt.anomalies.get()
        self.refund = payments.request_refund(
            receipt_id=self.odd_attempt.receipt.pk, cents=10, reason="Un dixième d’euro de trop", request_key="desk", actor=WHO,
            at=later(5),
        )  # fmt: skip
        self.closing = regies.close_period(
            regie_id=town.regie.pk, until=days.day_of(later(days=-30)), actor=WHO, at=later(6)
        )
        self.exchange = self.paid_attempt.exchanges.order_by("id")[0]
        self.receipt = self.paid_attempt.receipt
        self.secret = send_account_mail()
        self.message = Message.objects.filter(kind="invoice_deposited").order_by("id")[0]
        self.today = days.day_of(later())
