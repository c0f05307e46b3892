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

from obole.billing import operations as billing, pdf_documents
from obole.billing.models import CreditNote, Invoice, PlannedInstalment, SecurityDeposit
from obole.books import pdf_documents as closing_documents
from obole.campaigns import operations as campaigns
from obole.campaigns.models import Campaign
from obole.catalogue import operations as catalogue
from obole.consumption import operations as consumption
from obole.consumption.rules.layouts import Layout
from obole.directory import operations as directory
from obole.directory.models import SavedList
from obole.dossiers import operations as dossiers
from obole.dossiers.models import Dossier
from obole.lib import dates, texts
from obole.mailing import operations as mailing
from obole.mailing.models import Message, Template
from obole.payments import operations as payments, pdf_documents as receipt_documents
from obole.payments.models import Receipt
from obole.regies import operations as regies
from tests.access.treasury import Address, billed, of_a_handover, of_bank, of_cash, of_treasury
from tests.actors import somebody
from tests.api.keys import make_key
from tests.billing.priced import COPIES, HALL_ASKED, bill as bill_answers, publish as publish_pricing
from tests.consumption.attendance import look_at
from tests.consumption.planned import book, plan_by, say_absent
from tests.crm.desk import pay, submit_with_file, try_to_pay
from tests.pricing.dispositifs import HALL, SCHOOL
from tests.world import (
    NOON,
    RIB,
    WHO,
    Town,
    canteen,
    handed,
    later,
    make_citizen,
    make_dossier,
    make_invoice,
    make_regie,
    make_type,
    publish,
)

MISSING: dict[type, object] = {int: 2_000_000_000, str: "A" * 22}


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
            "campaign": (ready_campaign(town).pk,),
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
        "api key": (make_key(town.scheme.service)[0].pk,),
        "article": ("verser",),
        "kept view": (SavedList.objects.get_or_create(agent=town.agent, list_name="invoices", name="Retards")[0].pk,),
        "type state": (town.type.pk, last_event(town.type)),
        "mail": ("reminder_1",),
        "type mail": (town.type.pk, "invoice_deposited"),
        "mail state": ("payment_too_late", last_event(adapted_mail("payment_too_late"))),
        "start": (make_unpriced(town).pk, "montant"),
        "public scheme": (town.scheme.public_id,),
    }


def adapted_mail(kind: str) -> Template:
    return mailing.configure_template(kind=kind, subject="Reçu", body="Merci.", actor=WHO, at=NOON)


def last_event(row: Any) -> int:
    """Return the last change of a setting: the state that it left can be taken again."""
    event: int = type(row).pgh_event_model.objects.filter(pgh_obj_id=row.pk).latest("pgh_id").pgh_id
    return event


def make_unpriced(town: Town) -> Any:
    values = {"service": town.scheme.service, "name": f"À tarifer {town.regie.code}"}
    return catalogue.configure_scheme(scheme_id=None, values=values, actor=WHO, at=NOON)


def planned_absence(town: Town, dossier: Dossier) -> int:
    """Reserve a week of a dossier, and note an absence of one of its days."""
    book(plan_by(town), dossier)
    return say_absent(town, dossier).pk


def of_dossiers(town: Town) -> dict[str, Address]:
    review, to_complete, accepted = make_dossier(town), make_dossier(town), make_dossier(town)
    closed, rejected = make_dossier(town), make_dossier(town)
    dossiers.accept(dossier_id=closed.pk, reason="", actor=WHO, at=later(1))
    dossiers.close(dossier_id=closed.pk, actor=WHO, at=later(1))
    dossiers.reject(dossier_id=rejected.pk, reason="Hors délai", actor=WHO, at=later(1))
    dossiers.ask_complement(dossier_id=to_complete.pk, reason="Merci", actor=WHO, at=later(1))
    dossiers.accept(dossier_id=accepted.pk, reason="", actor=WHO, at=later(1))
    sketch = dossiers.save_draft(
        citizen_id=town.citizen.pk, form_id=town.form.pk, typed={"answer_enfant": ["Zoé"]}, files={}, at=later(1)
    )
    # Its form takes the place of the one before: last.
    sent = submit_with_file(town)
    file = sent.attachments.get()
    said = f"Nom;Jour;Repas\n{town.citizen.last_name};{NOON:%d/%m/%Y};1\nInconnu;{NOON:%d/%m/%Y};1\n"
    layout = Layout({"full_name": "Nom", "day": "Jour", "quantity": "Repas"}, "repas")
    other = make_citizen(f"autre-{town.regie.code.lower()}@example.org", last_name="Autre")
    shared = consumption.SharingRequest(
        host_id=accepted.pk,
        host_row=None,
        citizen_id=other.pk,
        odd=True,
        first=NOON.date(),
        request_key=f"partage-{accepted.pk}",
    )
    sharing = consumption.share(asked=shared, actor=WHO, at=later(1))
    return {
        "sharing": (accepted.pk, sharing.pk),
        "attendance file": (town.scheme.pk, look_at(town, said, layout=layout).pk),
        "absence": (review.pk, planned_absence(town, review)),
        "review": (review.pk,),
        "accepted": (accepted.pk,),
        "closed": (closed.pk,),
        "rejected": (rejected.pk,),
        "sent": (sent.pk,),
        "attachment": (sent.pk, file.pk),
        "my dossier": (sent.public_id,),
        "my file": (sent.public_id, file.public_id),
        "my unfinished": (to_complete.public_id,),
        "unfinished": (to_complete.pk,),
        "my sketch": (sketch.public_id,),
    }


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
    cash = handed(1200, Receipt.Means.CHEQUE)
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


def ready_campaign(town: Town) -> Campaign:
    """Open a campaign and compute its drafts, as the worker would have."""
    asked = campaigns.CampaignRequest(type_id=town.type.pk, scheme_ids=[town.scheme.pk], period="juin 2026")
    made = campaigns.open_campaign(asked=asked, request_key=texts.token(), actor=town.agent.actor, at=NOON)
    while campaigns.compute_next(campaign_id=made.pk, at=NOON):
        pass
    campaigns.finish_computing(campaign_id=made.pk, at=NOON)
    return made


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
        "citizen's year": (town.citizen.pk, 2026, "paiement"),
        "payer": (town.citizen.pk, town.regie.pk),
        "application": (town.citizen.pk, town.scheme.pk),
        "twins": (town.citizen.pk, twin.pk),
        "file": (file.pk,),
        "my session": (session.pk,),
        "my key": (key.pk,),
    }
