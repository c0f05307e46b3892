"""What the tests of the agents' screens share: a town where something of everything has happened, and a browser."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from lxml import html

from obole.billing.models import Invoice
from obole.catalogue import operations as catalogue
from obole.catalogue.fields import FieldKind, FormField
from obole.directory.models import Agent
from obole.dossiers import operations as dossiers, uploads
from obole.dossiers.models import Dossier
from obole.lib import actors, dates, texts
from obole.mailing import operations as mailing
from obole.mailing.models import Message
from obole.mailing.rules import RenderedMail
from obole.payments import operations as payments
from obole.payments.models import Attempt
from obole.regies import operations as regies
from tests import database
from tests.accounts.browsers import sign_in
from tests.actors import somebody
from tests.world import RIB, WHO, Town, later, make_fixed_invoice, make_invoice

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
CELLS = "./*[self::td or self::th][not(contains(@class, 'pick'))]"
HOSTILE = '<script>alert("é")</script>'


def url(name: str, *args: object) -> str:
    return reverse(f"crm:{name}", args=args)


def text_of(response: HttpResponse) -> str:
    """Return what people read, with single spaces and plain ones."""
    page = html.fromstring(response.content.decode())
    return " ".join(" ".join(page.xpath("//body//text()")).replace("\u202f", " ").replace("\u00a0", " ").split())


def rows_of(response: HttpResponse) -> list[list[str]]:
    """Return the cells of the first table's body, without the boxes that choose rows."""
    page = html.fromstring(response.content.decode())
    body = page.xpath("//table/tbody")[0]
    return [[" ".join(cell.text_content().split()) for cell in row.xpath(CELLS)] for row in body.xpath("./tr")]


def browser(agent: Agent, *, checks_csrf: bool = False) -> Client:
    """Return a signed-in browser."""
    client = Client(enforce_csrf_checks=checks_csrf)
    sign_in(client, agent.user)
    return client


def get(client: Client, name: str, *args: object, **query: Any) -> HttpResponse:
    """Open a page that must be there, complete."""
    answer: HttpResponse = client.get(url(name, *args), query)
    assert answer.status_code == 200, answer
    assert "UNDEFINED-VARIABLE" not in answer.content.decode()
    return answer


def draft_form(client: Client, draft: Invoice, **changes: str) -> dict[str, str]:
    """Return what the page of a draft would send."""
    page = html.fromstring(get(client, "draft", draft.pk).content.decode())
    form = next(form for form in page.forms if "draft" in form.get("class", ""))
    return {**dict(form.form_values()), **changes}


def looked_at(client: Client, dossier: Dossier, sent: dict[str, str]) -> dict[str, str]:
    """Return what the form that makes an invoice sends, with the total that its page shows for it."""
    address = url("generate_invoice", dossier.pk)
    page = html.fromstring(client.post(address, {**sent, "recalculer": "1"}).content.decode())
    form = next((form for form in page.forms if form.get("action") == address), None)
    shown = {} if form is None else dict(form.form_values())
    return {**sent, **{name: shown[name] for name in ("shown", "beside") if name in shown}}


def bill(town: Town, cents: int, *, at: datetime | None = None) -> Invoice:
    """Issue an invoice of a fixed amount: the sandbox bank answers according to its cents."""
    return make_fixed_invoice(town, cents, name=f"Forfait {cents}", at=at or later())


def try_to_pay(invoice: Invoice, *, minutes: float = 1) -> Attempt:
    """Send the payer to the bank."""
    return payments.start_payment(
        invoice_id=invoice.pk,
        email=invoice.payer.email or "usager@example.org",
        request_key=texts.token(),
        actor=somebody("usager"),
        at=later(minutes),
    )


def pay(invoice: Invoice, *, minutes: float = 1) -> Attempt:
    """Send the payer to the bank, and ask it what came out."""
    attempt = try_to_pay(invoice, minutes=minutes)
    return payments.resolve_attempt(attempt_id=attempt.pk, actor=actors.gateway("payfip"), at=later(minutes + 1))


def submit_with_file(town: Town) -> Dossier:
    """Submit an application with a file and hostile words, and leave it for an agent to take."""
    fields = [
        FormField(key="enfant", label="Prénom de l’enfant"),
        FormField(key="attestation", label="Attestation de quotient", kind=FieldKind.FILE, required=False),
    ]
    form = catalogue.publish_form(scheme_id=town.scheme.pk, fields=fields, actor=WHO, at=later())
    stored = uploads.store(field_key="attestation", name="quotient é.pdf", content=PDF)
    filled = dossiers.Application(answers={"enfant": HOSTILE}, uploads=[stored])
    return dossiers.submit(
        citizen_id=town.citizen.pk,
        form_id=form.pk,
        request_key=texts.token(),
        filled=filled,
        actor=somebody("usager"),
        at=later(2),
    )


def send_account_mail() -> Message:
    """Queue a mail that signs in, as the account pages do."""
    letter = mailing.Email(
        cause=texts.token(),
        kind="account",
        to="usager@example.org",
        confidential=True,
        rendered=RenderedMail("Changer votre mot de passe", "Ouvrez https://exemple/cle-secrete", ""),
    )
    with transaction.atomic():
        message = mailing.queue(letter, at=later(3))
    assert message is not None
    return message


@dataclass
class Desk:
    """A town with an invoice of each kind, made by the product's operations; tests take ``make_desk()``."""

    town: Town

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
            receipt_id=self.odd_attempt.receipt.pk,
            cents=10,
            reason="Un dixième d’euro de trop",
            account=RIB,
            request_key="desk",
            actor=WHO,
            at=later(5),
        )
        self.closing = regies.close_period(
            regie_id=town.regie.pk, until=dates.day_of(later(days=-30)), actor=WHO, at=later(6)
        )
        self.exchange = self.paid_attempt.exchanges.order_by("id")[0]
        self.receipt = self.paid_attempt.receipt
        self.secret = send_account_mail()
        self.message = Message.objects.filter(kind="invoice_deposited").order_by("id")[0]
        self.today = dates.day_of(later())


def make_desk() -> Desk:
    """Return the desk that was built once, with its rows and its files."""
    desk: Desk = database.put_back("desk")
    return desk
