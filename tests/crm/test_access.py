"""Who may open what: every address of the CRM, for every profile."""

from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import URLPattern

from obole.billing import operations as billing
from obole.billing.models import Caution, InvoiceType, PlanPart
from obole.catalogue import operations as catalogue
from obole.crm import urls
from obole.dossiers.models import Dossier
from obole.payments import operations as payments
from obole.payments.models import Receipt
from obole.regies import operations as regies
from obole.trail.models import Record
from tests.billing.priced import COPIES, HALL_ASKED, publish
from tests.billing.priced import bill as bill_answers
from tests.catalogue.rules.dispositifs import HALL
from tests.crm.desk import Desk, bill, browser, get, text_of, url
from tests.world import NOON, WHO, later, make_citizen, make_dossier, make_regie

pytestmark = pytest.mark.django_db(transaction=True)

FOR_ALL = {
    "dossier_answers": "Réponses de l’agent", "part": "Changer la date", "caution": "Où elle en est", "carried": "Où il en est",
    "home": "Aujourd’hui", "dossiers": "Dossiers", "dossier": "Inscription cantine", "dossier_complement": "Demander un complément",
    "dossier_accept": "Accepter la demande", "dossier_reject": "Refuser la demande", "invoices": "Factures",
    "invoice": "Tout ce qui s’est passé", "invoice_cancel": "Annuler la facture", "draft": "Brouillon de facture",
    "drafts": "Brouillons", "drafts_issue": "Cela ne se défait pas", "messages": "Courriels",
    "message": "Destinataire", "citizens": "Usagers", "citizen": "Maud Lefèvre", "citizen_new": "Ouvrir une fiche",
    "citizen_edit": "Modifier la fiche", "search": "Recherche", "profile": "Ce profil permet de",
}  # fmt: skip
FOR_MONEY = {
    "tasks": "À traiter", "task": "De quoi il s’agit", "attempts": "Transactions", "attempt": "Envoyé à la banque",
    "exchange": "Ce qui est parti", "regies": "Régie Enfance", "regie": "Soldes des comptes",
    "take_money": "Encaisser la facture", "receipt": "Ce qu’il paie", "receipt_reverse": "Reprendre l’encaissement",
    "closing": "Totaux des comptes", "refunds": "À payer par le comptable", "refund": "Tout ce qui s’est passé",
}  # fmt: skip
FILES = {"invoice_pdf", "receipt_pdf", "credit_note_pdf", "attachment", "invoices_export"}
POSTED = {"dossier_take", "dossier_close", "generate_invoice", "attempt_ask", "invoice_redo", "draft_discard"}
FOR_MANDATES = {"closing_new": "Arrêter les comptes", "unmatched_new": "Noter l’encaissement"}
MONEY_ONLY = {*FOR_MONEY, *FOR_MANDATES, "attempt_ask"}


@pytest.fixture
def desk() -> Desk:
    with time_machine.travel(later(30), tick=False):
        return Desk()


def arguments(desk: Desk) -> dict[str, tuple[object, ...]]:
    review = desk.due.dossier_id
    rank = InvoiceType.objects.count()
    counter = bill(desk.town, 1200 + rank)
    money = payments.Money(cents=1200, means=Receipt.Means.CHEQUE)
    receipt = payments.take_money(invoice_id=counter.pk, money=money, request_key=f"k{rank}", actor=WHO, at=NOON)
    cancelled = bill(desk.town, 1300 + rank)
    payments.cancel_invoice(invoice_id=cancelled.pk, code="twice", comment="", actor=WHO, at=NOON)
    draft = billing.redo_invoice(invoice_id=cancelled.pk, actor=WHO, at=NOON)
    return {
        "dossier_answers": (desk.dossier.pk,), **hall(desk),
        "dossier": (desk.dossier.pk,), "dossier_complement": (review,), "dossier_accept": (review,), "dossier_reject": (review,),
        "dossier_take": (desk.dossier.pk,), "dossier_close": (review,), "generate_invoice": (review,),
        "attachment": (desk.dossier.pk, desk.attachment.pk), "invoice": (desk.paid.pk,), "invoice_pdf": (desk.paid.pk,),
        "invoice_cancel": (desk.due.pk,), "receipt_pdf": (desk.receipt.pk,), "attempt": (desk.paid_attempt.pk,),
        "attempt_ask": (desk.waiting_attempt.pk,), "exchange": (desk.exchange.pk,), "message": (desk.message.pk,),
        "citizen": (desk.town.citizen.pk,), "citizen_edit": (desk.town.citizen.pk,), "regie": (desk.town.regie.pk,),
        "task": (desk.anomaly.pk,), "refund": (desk.refund.pk,), "unmatched_new": (desk.town.regie.pk,),
        "closing_new": (desk.town.regie.pk,), "drafts_issue": (desk.town.regie.pk,),
        "closing": (desk.town.regie.pk, desk.closing.pk),
        "take_money": (desk.due.pk,), "receipt": (receipt.pk,), "receipt_reverse": (receipt.pk,), "draft": (draft.pk,),
        "draft_discard": (draft.pk,), "invoice_redo": (cancelled.pk,), "credit_note_pdf": (cancelled.pk,),
    }  # fmt: skip


def hall(desk: Desk) -> dict[str, tuple[object, ...]]:
    """Bill a hall in two, with its cautions, to a dispositif of its own."""
    scheme = catalogue.configure_scheme(
        scheme_id=None,
        values={"service": desk.town.scheme.service, "name": f"Salle {PlanPart.objects.count()}"},
        actor=WHO,
        at=NOON,
    )
    town = replace(desk.town, scheme=scheme)
    dossier = make_dossier(town)
    billing.configure_type(type_id=town.type.pk, values={"schemes": [desk.town.scheme, scheme]}, actor=WHO, at=NOON)
    Dossier.objects.filter(pk=dossier.pk).update(scheme=scheme)
    bill_answers(
        town,
        publish(town, HALL),
        HALL_ASKED,
        dossier=dossier,
        key=f"hall{dossier.pk}",
        later=[NOON.date() + timedelta(days=9)],
    )
    part = PlanPart.objects.filter(state="planned").latest("id")
    asked = billing.Answered(version_id=publish(town, COPIES).pk, answers={"pages": "3"}, on=NOON.date())
    carried = billing.carry_price(
        dossier_id=dossier.pk, type_id=town.type.pk, answered=asked, period="", request_key=f"carry{dossier.pk}", actor=WHO, at=NOON
    )  # fmt: skip
    return {"part": (part.pk,), "caution": (Caution.objects.latest("id").pk,), "carried": (carried.pk,)}


def test_every_address_is_in_the_matrix() -> None:
    names = {pattern.name for pattern in urls.urlpatterns if isinstance(pattern, URLPattern)}
    assert names == {*FOR_ALL, *FOR_MONEY, *FOR_MANDATES, *FILES, *POSTED}


def test_each_screen_opens_for_who_may_and_is_not_there_for_the_others(desk: Desk) -> None:
    args = arguments(desk)
    reviewer, regisseur, admin = (browser(agent) for agent in (desk.town.agent, desk.town.regisseur, desk.town.admin))
    before = Record.objects.count()
    for name, words in {**FOR_ALL, **FOR_MONEY}.items():
        for client in (regisseur, admin) if name in MONEY_ONLY else (reviewer, regisseur, admin):
            assert words in text_of(get(client, name, *args.get(name, ()))), name
    for name, words in FOR_MANDATES.items():
        assert words in text_of(get(regisseur, name, *args[name]))
        assert admin.get(url(name, *args[name])).status_code == 404, "an administrator answers for no régie"
    for name in MONEY_ONLY:
        for method in (reviewer.get, reviewer.post):
            assert method(url(name, *args.get(name, ()))).status_code == 404, name
    assert Record.objects.count() == before, "opening a page changed something"


def test_nobody_else_learns_that_a_page_exists(desk: Desk) -> None:
    args = arguments(desk)
    citizen, stranger = Client(), Client()
    citizen.force_login(make_citizen("autre@example.org").user)
    for name in {*FOR_ALL, *FOR_MONEY, *FOR_MANDATES, *FILES, *POSTED}:
        for method in ("get", "post"):
            assert getattr(citizen, method)(url(name, *args.get(name, ()))).status_code == 404, name
            answer = getattr(stranger, method)(url(name, *args.get(name, ())))
            assert answer.status_code == 302 and answer["Location"].startswith("/compte/login/"), name


def test_what_is_not_there_is_404(desk: Desk) -> None:
    admin = browser(desk.town.admin)
    for name, args in arguments(desk).items():
        wrong = (*args[:-1], 2_000_000_000)
        method = admin.post if name in POSTED else admin.get
        assert method(url(name, *wrong)).status_code == 404, name
    assert admin.get(url("attachment", desk.due.dossier_id, desk.attachment.pk)).status_code == 404


def test_a_regie_is_hidden_from_who_does_not_answer_for_it(desk: Desk) -> None:
    secret = make_regie("TER", "Régie Terrasses")
    regisseur, admin = browser(desk.town.regisseur), browser(desk.town.admin)
    assert regisseur.get(url("regie", secret.pk)).status_code == 404
    for name in ("home", "regies", "invoices", "attempts", "profile"):
        assert "Terrasses" not in text_of(get(regisseur, name))
    assert "Terrasses" in text_of(get(admin, "regies"))
    regies.give_mandates(regie_id=desk.town.regie.pk, agent_ids=[], actor=WHO, at=NOON)
    args = arguments(desk)
    for name in (
        "regie", "attempt", "exchange", "attempt_ask", "task", "refund", "unmatched_new", "take_money", "receipt", "receipt_reverse",
    ):  # fmt: skip
        for method in (regisseur.post,) if name in POSTED else (regisseur.get, regisseur.post):
            assert method(url(name, *args[name])).status_code == 404, name
    assert "Vous ne suivez aucune régie" in text_of(get(regisseur, "regies"))
    page = text_of(get(regisseur, "invoice", desk.paid.pk))
    assert "Écritures de la régie" not in page and "échange brut" not in page


def test_a_reviewer_never_reads_the_name_of_a_regie_nor_the_banks_words(desk: Desk) -> None:
    reviewer, args = browser(desk.town.agent), arguments(desk)
    for name in FOR_ALL:
        page = text_of(get(reviewer, name, *args.get(name, ())))
        assert "Régie Enfance" not in page and "échange brut" not in page, name
    assert "Régies" not in text_of(get(reviewer, "home"))
    assert "Paramétrage" not in text_of(get(browser(desk.town.regisseur), "home"))
    for panel in ("factures", "transactions", "historique"):
        assert "Régie Enfance" not in text_of(get(reviewer, "dossier", desk.paid.dossier_id, panneau=panel))


def test_reading_pages_refuse_to_act_without_a_token(desk: Desk) -> None:
    args = arguments(desk)
    client = browser(desk.town.admin, checks_csrf=True)
    before = Record.objects.count()
    for name in {
        *POSTED,
        "task",
        "refund",
        "unmatched_new",
        "dossier_complement",
        "dossier_accept",
        "dossier_reject",
        "invoice_cancel",
        "citizen_new",
        "citizen_edit",
    }:
        assert client.post(url(name, *args.get(name, ())), {"reason": "x", "note": "x"}).status_code == 403, name
    assert Record.objects.count() == before


def test_what_is_to_be_sent_cannot_be_opened(desk: Desk) -> None:
    admin = browser(desk.town.admin)
    for name in POSTED:
        assert admin.get(url(name, *arguments(desk)[name])).status_code == 405, name
