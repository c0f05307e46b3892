"""Two régies and two prestations that both hold data: something of everything on each side, under the same names."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.test import Client
from fido2.cose import CoseKey
from fido2.utils import websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData

from obole.bank_statements.models import AcceptanceRun
from obole.billing import operations as billing, pdf_documents
from obole.billing.models import CreditNote, Invoice, PlannedInstalment, SecurityDeposit
from obole.books import operations as books, pdf_documents as closing_documents
from obole.books.documents import handover as handover_documents
from obole.books.queries import handovers as handover_queries
from obole.cash_desk import operations as cash_desk, pdf_documents as deposit_documents
from obole.cash_desk.models import Deposit
from obole.catalogue import operations as catalogue
from obole.directory import operations as directory
from obole.directory.models import Citizen
from obole.directory.rules import Profile
from obole.dossiers import operations as dossiers
from obole.dossiers.models import Dossier
from obole.lib import actors, dates, files
from obole.mailing.models import Message
from obole.payments import operations as payments, pdf_documents as receipt_documents
from obole.payments.models import Receipt
from obole.recovery import operations as recovery
from obole.recovery.documents import pes_files
from obole.recovery.models import PesFile
from obole.regies import operations as regies
from obole.regies.models import Mandate
from obole.remittances import operations as remittances, pdf_documents as remittance_documents
from tests.actors import somebody
from tests.bank_statements.files import with_a_sign
from tests.bank_statements.steps import keep
from tests.billing.priced import COPIES, HALL_ASKED, bill as bill_answers, publish as publish_pricing
from tests.crm.desk import pay, submit_with_file, try_to_pay
from tests.pricing.dispositifs import HALL, SCHOOL
from tests.recovery.pes import CODES
from tests.world import (
    NOON,
    RIB,
    WHO,
    Town,
    canteen,
    later,
    make_agent,
    make_citizen,
    make_dossier,
    make_fixed_invoice,
    make_invoice,
    make_regie,
    make_type,
    publish,
)

MISSING: dict[type, object] = {int: 2_000_000_000, str: "A" * 22}
Address = tuple[object, ...]


@dataclass
class Side:
    """A régie, a prestation and a citizen, and what stands in the addresses of what they have."""

    town: Town
    of_people: tuple[str, ...]
    """What is of one person: nobody reads it who does not work for them."""
    of_work: tuple[str, ...]
    """What is of the prestation: agents who do not work for it do not read it in the CRM."""
    objects: dict[str, Address]


def beside(town: Town) -> Town:
    """Make a second régie, prestation, dispositif and citizen."""
    who = {"actor": WHO, "at": NOON}
    regie = make_regie("DOM", "Régie Domaine")
    service = catalogue.configure_service(service_id=None, values={"name": "Salles municipales"}, **who)
    scheme = catalogue.configure_scheme(scheme_id=None, values={"service": service, "name": "Louer le Manège"}, **who)
    form = catalogue.publish_form(scheme_id=scheme.pk, fields=town.form.form_fields, **who)
    publish(scheme, canteen())
    citizen = make_citizen("kervella@example.net", last_name="Kervella")
    kind = make_type(regie, [scheme], name="Manège et gradins")
    return replace(town, regie=regie, scheme=scheme, form=form, citizen=citizen, type=kind)


def make_side(town: Town) -> Side:
    """Make something of everything."""
    catalogue.configure_scheme(scheme_id=town.scheme.pk, values={"simulator": True}, actor=WHO, at=NOON)
    # Not those of the examples that forms give.
    number = f"{town.regie.code}-2026-0000"
    return Side(
        town,
        of_people=(number, number.replace("-", ""), town.citizen.last_name, town.citizen.email),
        of_work=(town.scheme.service.name, town.scheme.name, town.type.name),
        objects={
            **of_settings(town),
            **of_dossiers(town),
            **of_invoices(town),
            **of_money(town),
            **of_a_hall(town),
            **of_account(town),
            **of_bank(town),
            **of_treasury(town),
            # Before drawers are opened: they are closed when it is signed.
            **of_a_handover(town),
            **of_cash(town),
        },
    )


def of_settings(town: Town) -> dict[str, Address]:
    scheme = town.scheme.pk
    return {
        "regie": (town.regie.pk,),
        "type": (town.type.pk,),
        "service": (town.scheme.service_id,),
        "scheme": (scheme,),
        "pricing": (town.scheme.pricings.latest("id").pk,),
        "form version": (scheme, 1),
        "form field": (scheme, "enfant"),
        "agent": (town.agent.pk,),
        "mail": ("reminder_1",),
        "start": (make_unpriced(town).pk, "montant"),
        "public scheme": (town.scheme.public_id,),
    }


def make_unpriced(town: Town) -> Any:
    values = {"service": town.scheme.service, "name": f"À tarifer {town.regie.code}"}
    return catalogue.configure_scheme(scheme_id=None, values=values, actor=WHO, at=NOON)


def of_dossiers(town: Town) -> dict[str, Address]:
    review, to_complete, accepted = make_dossier(town), make_dossier(town), make_dossier(town)
    dossiers.ask_complement(dossier_id=to_complete.pk, reason="Merci", actor=WHO, at=later(1))
    dossiers.accept(dossier_id=accepted.pk, reason="", actor=WHO, at=later(1))
    sketch = dossiers.save_draft(
        citizen_id=town.citizen.pk, form_id=town.form.pk, typed={"answer_enfant": ["Zoé"]}, files={}, at=later(1)
    )
    # Its form takes the place of the one before: last.
    sent = submit_with_file(town)
    file = sent.attachments.get()
    return {
        "review": (review.pk,),
        "accepted": (accepted.pk,),
        "sent": (sent.pk,),
        "attachment": (sent.pk, file.pk),
        "my dossier": (sent.public_id,),
        "my file": (sent.public_id, file.public_id),
        "my unfinished": (to_complete.public_id,),
        "my sketch": (sketch.public_id,),
    }


def billed(town: Town, cents: int, *, citizen: Citizen | None = None) -> Invoice:
    name = f"Forfait {town.regie.code} {cents}"
    return make_fixed_invoice(town, cents, name=name, citizen=citizen, at=later())


def of_invoices(town: Town) -> dict[str, Address]:
    due, paid, cancelled = make_invoice(town, meals=2), make_invoice(town), billed(town, 1300)
    again, redone = billed(town, 1400), billed(town, 1500)
    attempt = pay(paid)
    for one in (cancelled, again, redone):
        payments.cancel_invoice(invoice_id=one.pk, code="twice", comment="", actor=WHO, at=NOON)
    draft = billing.redo_invoice(invoice_id=redone.pk, actor=WHO, at=NOON)
    receipt = attempt.receipt
    render(receipt, [due, paid], [cancelled, again])
    message = Message.objects.get(about_kind="billing.invoice", about_id=due.pk, kind="invoice_deposited")
    return {
        "due": (due.pk,),
        "paid": (paid.pk,),
        "cancelled": (again.pk,),
        "draft": (draft.pk,),
        "online receipt": (receipt.pk,),
        "attempt": (attempt.pk,),
        "exchange": (attempt.exchanges.order_by("id")[0].pk,),
        "message": (message.pk,),
        "my invoice": (due.public_id,),
        "my cancelled": (cancelled.public_id,),
        "my receipt": (paid.public_id, receipt.public_id),
        "my attempt": (attempt.public_id,),
    }


def render(receipt: Receipt, issued: list[Invoice], cancelled: list[Invoice]) -> None:
    """Make the documents, as the worker would have: reading them writes nothing."""
    receipt_documents.ensure_receipt_pdf(receipt_id=receipt.pk, at=later(3))
    for invoice in issued:
        pdf_documents.ensure_invoice_pdf(invoice_id=invoice.pk, at=later(3))
    for note in CreditNote.objects.filter(invoice__in=cancelled):
        pdf_documents.ensure_credit_note_pdf(credit_note_id=note.pk, at=later(3))


def of_money(town: Town) -> dict[str, Address]:
    waiting = try_to_pay(billed(town, 60_03), minutes=4)
    odd = pay(billed(town, 70_09))
    counter = billed(town, 1200)
    cash = payments.Money(cents=1200, means=Receipt.Means.CHEQUE)
    key = f"counter {town.regie.code}"
    account = replace(RIB, holder=f"Maud {town.citizen.last_name}")
    receipt = payments.take_money(invoice_id=counter.pk, money=cash, request_key=key, actor=WHO, at=NOON)
    refund = payments.request_refund(
        receipt_id=odd.receipt.pk, cents=10, reason="Trop", account=account, request_key=key, actor=WHO, at=later(5)
    )
    until = dates.day_of(later(days=-30))
    approved = payments.request_refund(
        receipt_id=odd.receipt.pk,
        cents=11,
        reason="Trop",
        account=account,
        request_key=f"{key} 2",
        actor=WHO,
        at=later(5),
    )
    payments.approve_refund(refund_id=approved.pk, actor=somebody("b"), at=later(6))
    closing = regies.close_period(regie_id=town.regie.pk, until=until, actor=WHO, at=later(6))
    closing_documents.ensure_closing_pdf(closing_id=closing.pk, at=later(6))
    return {
        "waiting attempt": (waiting.pk,),
        "my way": (waiting.public_id,),
        "task": (odd.anomalies.get().pk,),
        "receipt": (receipt.pk,),
        "refund": (refund.pk,),
        "approved refund": (approved.pk,),
        "closing": (town.regie.pk, closing.pk),
    }


def of_bank(town: Town) -> dict[str, Address]:
    """Import a statement of one line, and keep a run over it."""
    regie, content = town.regie.pk, with_a_sign([(NOON.date(), -1, f"FRAIS {town.regie.code}")])
    [statement] = keep(town.regie, content)
    files.put(content)
    run = AcceptanceRun.objects.create(regie_id=regie, cents=0, asked_by=WHO, asked_at=NOON, ended_at=NOON)
    return {
        "bank run": (regie, run.pk),
        "bank line": (regie, statement.lines.get().pk),
        "statement": (regie, statement.pk),
        "book file": (regie, "csv"),
        "entry": (regie, 1),
    }


def of_treasury(town: Town) -> dict[str, Address]:
    """Ask for a transmission, send another with its file, and sign over what came by transfer."""
    regie, code = town.regie.pk, town.regie.code
    file = handed_in_a_file(town)
    late, due = billed(town, 1600), billed(town, 1100)
    handed = recovery.request_transmission(
        regie_id=regie, invoice_ids=[late.pk], request_key=f"t {code}", actor=WHO, at=later(days=120)
    )
    money = payments.Money(cents=1100, means=Receipt.Means.TRANSFER)
    payments.take_money(invoice_id=due.pk, money=money, request_key=f"over {code}", actor=WHO, at=later(8))
    holder = make_agent(Profile.REGISSEUR, email=f"titulaire.{code.lower()}@valbourg.example")
    terms = {regie: regies.MandateTerms()}
    regies.configure_mandates(agent_id=holder.pk, terms=terms, actor=actors.OPERATOR, at=later(8))
    until = dates.day_of(later(9))
    signed = remittances.sign_remittance(
        regie_id=regie, until=until, expected_cents=1100, request_key=f"desk {code}", actor=holder.actor, at=later(9)
    )
    remittance_documents.ensure_remittance_pdf(remittance_id=signed.pk, at=later(9))
    contested = recovery.open_dispute(invoice_id=billed(town, 1900).pk, reason="Absent", actor=WHO, at=later(8))
    return {
        "dispute": (contested.pk,),
        "transmission": (regie, handed.pk),
        "transmission sent": (regie, file.transmission_id),
        "transmission file": (regie, file.transmission_id, file.pk),
        "transmission line": (regie, handed.pk, handed.lines.get().pk),
        "remittance": (regie, signed.pk),
    }


def handed_in_a_file(town: Town) -> PesFile:
    """Hand one invoice over, and write it in PES V2."""
    regie, late, at = town.regie.pk, billed(town, 1700), later(days=120)
    who: dict[str, Any] = {"actor": WHO, "at": at}
    recovery.configure_pes(regie_id=regie, values={**CODES, "debt_prefix": str(regie)}, **who)
    billing.configure_type(type_id=late.type_id, values={"reminder_delays": []}, **who)
    sent = recovery.request_transmission(regie_id=regie, invoice_ids=[late.pk], request_key=f"f {regie}", **who)
    recovery.send_transmission(transmission_id=sent.pk, **who)
    recovery.send_line(line_id=sent.lines.get().pk, at=at)
    recovery.finish_transmission(transmission_id=sent.pk, at=at)
    file = recovery.make_pes_file(transmission_id=sent.pk, leaves_out=False, notices_on=None, **who)
    pes_files.ensure_content(file_id=file.pk, at=at)
    return file


def of_cash(town: Town) -> dict[str, Address]:
    """Open two drawers, close one short, leave the other open, and hand a cheque in; another waits."""
    regie, code = town.regie, town.regie.code
    cashier = make_agent(Profile.REGISSEUR, email=f"caisse.{code.lower()}@valbourg.example", all_services=False)
    regies.configure_mandates(agent_id=cashier.pk, terms={regie.pk: regies.MandateTerms()}, actor=WHO, at=NOON)
    who: dict[str, Any] = {"actor": cashier.actor, "at": later(30)}
    short, left_open = (
        cash_desk.configure_drawer(drawer_id=None, values={"regie": regie, "name": name}, actor=WHO, at=NOON)
        for name in (f"Guichet {code}", f"Piscine {code}")
    )
    first = cash_desk.open_session(drawer_id=short.pk, count={100: 9}, **who)
    cash_desk.take_unmatched(regie_id=regie.pk, money=waiting(Receipt.Means.CASH), request_key=f"cash {code}", **who)
    cash_desk.close_session(session_id=first.pk, count={100: 12}, expected_cents=14_00, explanation="Erreur", **who)
    session = cash_desk.open_session(drawer_id=left_open.pk, count={}, **who)
    cheques = [
        payments.take_unmatched(
            regie_id=regie.pk, money=waiting(Receipt.Means.CHEQUE), request_key=f"cheque {code} {n}", **who
        )
        for n in range(2)
    ]
    deposit = cash_desk.prepare_deposit(
        regie_id=regie.pk, kind=Deposit.Kind.CHEQUE, receipt_ids=[cheques[0].pk], request_key=f"d {code}", **who
    )
    deposit_documents.ensure_deposit_pdf(deposit_id=deposit.pk, at=later(9))
    return {
        "short drawer": (regie.pk, short.pk),
        "short session": (regie.pk, first.pk),
        "cash session": (regie.pk, session.pk),
        "deposit": (regie.pk, deposit.pk),
    }


def of_a_handover(town: Town) -> dict[str, Address]:
    """Hand the régie over, from one to another who may."""
    regie, code = town.regie, town.regie.code
    leaving, arriving = (
        make_agent(Profile.REGISSEUR, email=f"{name}.{code.lower()}@valbourg.example") for name in ("part", "arrive")
    )
    for agent in (leaving, arriving):
        terms = {regie.pk: regies.MandateTerms(Mandate.Kind.SUBSTITUTE)}
        regies.configure_mandates(agent_id=agent.pk, terms=terms, actor=actors.OPERATOR, at=NOON)
    held = handover_queries.holdings(regie)
    counts = {place.key: {1: place.cents} for place in held.places}
    handing = books.Handing(kind="absence", arriving_id=arriving.pk, places=counts, explanation="Chèques non comptés")
    signed = books.sign_handover(
        regie_id=regie.pk,
        handing=handing,
        seen=held.fingerprint,
        request_key=f"h {code}",
        actor=leaving.actor,
        at=later(32),
    )
    books.countersign_handover(handover_id=signed.pk, actor=arriving.actor, at=later(33))
    handover_documents.ensure_handover_pdf(handover_id=signed.pk, at=later(34))
    return {"handover": (regie.pk, signed.pk)}


def waiting(means: Receipt.Means) -> payments.Money:
    return payments.Money(cents=5_00, means=means)


def of_a_hall(town: Town) -> dict[str, Address]:
    """Bill a hall in two, with its cautions, to a dispositif of its own; and carry some copies over."""
    values = {"service": town.scheme.service, "name": f"Salle {town.regie.code}"}
    scheme = catalogue.configure_scheme(scheme_id=None, values=values, actor=WHO, at=NOON)
    kind = make_type(town.regie, [scheme], name=f"Salle {town.regie.code}")
    hall, dossier = replace(town, scheme=scheme, type=kind), make_dossier(town)
    Dossier.objects.filter(pk=dossier.pk).update(scheme=scheme)
    version, later_on = publish_pricing(hall, HALL), [NOON.date() + timedelta(days=9)]
    bill_answers(hall, version, HALL_ASKED, dossier=dossier, key=f"hall{dossier.pk}", later=later_on)
    asked = billing.PricingAnswers(version_id=publish_pricing(hall, COPIES).pk, answers={"pages": "3"}, on=NOON.date())
    carried = billing.carry_price(
        dossier_id=dossier.pk,
        type_id=kind.pk,
        answered=asked,
        period="",
        request_key=f"carry{dossier.pk}",
        actor=WHO,
        at=NOON,
    )
    publish_pricing(hall, SCHOOL)
    tariff, line, place = SCHOOL.tariffs[0].key, SCHOOL.lines[0].key, scheme.pk
    return {
        "part": (PlannedInstalment.objects.get(plan__dossier=dossier, state="planned").pk,),
        "caution": (SecurityDeposit.objects.filter(dossier=dossier).latest("id").pk,),
        "carried": (carried.pk,),
        "hall": (place,),
        "tariff": (place, tariff),
        "tariff version": (place, tariff, 0),
        "slug": (place, "lignes"),
        "part of price": (place, "lignes", line),
        "line": (place, line),
        "rule": (place, line, "price_steps", 0),
    }


def passkey() -> dict[str, Any]:
    """Return what a browser says of a passkey that it has just made."""
    public = CoseKey.for_alg(-7)({1: 2, 3: -7, -1: 1, -2: b"x" * 32, -3: b"y" * 32})
    made = AttestedCredentialData.create(b"\0" * 16, b"key", public)
    known = AuthenticatorData.create(b"\0" * 32, AuthenticatorData.FLAG.AT | AuthenticatorData.FLAG.UP, 0, made)
    attested = websafe_encode(AttestationObject.create("none", known, {}))
    said = websafe_encode(b'{"type": "webauthn.create", "challenge": "", "origin": "https://x.example"}')
    response = {"clientDataJSON": said, "attestationObject": attested}
    return {"id": websafe_encode(b"key"), "rawId": websafe_encode(b"key"), "type": "public-key", "response": response}


def of_account(town: Town) -> dict[str, Address]:
    """Return a citizen, one without account who applied for the same, and what lets the first one in."""
    values = {"first_name": "Rose", "last_name": town.citizen.last_name, "email": "", "address": "1 rue Haute"}
    file = directory.register_citizen(values=values, user_id=None, actor=WHO, at=NOON)
    make_invoice(town, citizen=file)
    twin = directory.register_citizen(values={**values, "first_name": "Maud"}, user_id=None, actor=WHO, at=NOON)
    make_invoice(town, citizen=twin)
    client, user = Client(), town.citizen.user
    assert user is not None
    client.force_login(user)
    session = UserSession.objects.create(user=user, ip="127.0.0.1", session_key=client.session.session_key)
    key = Authenticator.objects.create(
        user=user, type=Authenticator.Type.WEBAUTHN, data={"name": "Clé", "credential": passkey()}
    )
    return {
        "citizen": (town.citizen.pk,),
        "twins": (town.citizen.pk, twin.pk),
        "file": (file.pk,),
        "my session": (session.pk,),
        "my key": (key.pk,),
    }
