"""Transactions for agents: what became of each, in words, and nothing of what their profile does not open."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from obole.catalogue import operations as catalogue
from obole.crm.money.bank_comparison import compare_facts
from obole.directory.rules import Profile
from obole.lib import texts
from obole.payments import operations as payments
from obole.payments.models import Attempt
from tests.access.sides import beside
from tests.actors import somebody
from tests.crm.desk import bill, browser, get, pay, rows_of, text_of, url
from tests.world import NOON, WHO, Town, later, make_agent, make_invoice

pytestmark = pytest.mark.django_db


@pytest.fixture
def agent(town: Town) -> Iterator[Client]:
    yield browser(of_one_prestation(town))


def of_one_prestation(town: Town) -> Any:
    agent = make_agent(Profile.REVIEWER, email="seule@valbourg.example", all_services=False)
    handled = {town.scheme.service_id}
    catalogue.give_service_access(agent_id=agent.pk, handled=handled, read=set(), actor=WHO, at=NOON)
    return agent


def test_an_agent_sees_successes_and_refusals_with_the_reason(town: Town, agent: Client) -> None:
    paid, refused = pay(make_invoice(town)), pay(bill(town, 50_01))
    other = beside(town)
    elsewhere = pay(make_invoice(other, citizen=other.citizen))
    page = text_of(get(agent, "attempts"))
    assert paid.reference in page and elsewhere.reference not in page
    assert town.regie.name not in page
    assert [row[0][:14] for row in rows_of(get(agent, "attempts", state="refused"))] == [refused.reference[:14]]
    shown = text_of(get(agent, "attempt", paid.pk))
    assert "La banque a accepté le paiement." in shown and paid.invoice.number in shown
    for hidden in (town.regie.name, "mot pour mot", "écriture n°", "Envoyé à la banque, dit"):
        assert hidden not in shown
    assert agent.get(url("attempt", elsewhere.pk)).status_code == 404
    assert agent.get(url("exchange", paid.exchanges.earliest("id").pk)).status_code == 404
    assert agent.post(url("attempt_ask", paid.pk)).status_code == 404
    clerk = browser(town.agent)
    assert "La banque du payeur a refusé le paiement. Aucune somme" in text_of(get(clerk, "attempt", refused.pk))


def test_of_a_payment_for_two_prestations_each_sees_their_invoice(town: Town, agent: Client) -> None:
    theirs, mine = bill(town, 30_00), make_invoice(town)
    elsewhere = catalogue.configure_service(service_id=None, values={"name": "Musique"}, actor=WHO, at=NOON)
    scheme_id = theirs.dossier.scheme_id if theirs.dossier else 0
    catalogue.configure_scheme(scheme_id=scheme_id, values={"service": elsewhere}, actor=WHO, at=NOON)
    attempt = payments.start_payment(
        invoice_id=theirs.pk,
        also=[mine.pk],
        email="usager@example.org",
        request_key=texts.token(),
        actor=somebody("usager"),
        at=later(20),
    )
    for page in (text_of(get(agent, "attempts")), text_of(get(agent, "attempt", attempt.pk))):
        assert str(mine.number) in page and str(theirs.number) not in page
    assert "et une facture d’une autre prestation" in text_of(get(agent, "attempt", attempt.pk))


def test_who_follows_the_regie_reads_all_of_it(town: Town, client: Client) -> None:
    paid = pay(make_invoice(town))
    shown = text_of(get(client, "attempt", paid.pk))
    assert town.regie.name in shown and "Échanges, mot pour mot" in shown
    assert "Comme en production" in shown


def test_what_was_sent_is_written_as_people_read_it() -> None:
    sent = {"year": "26", "mode": "W", "amount": "1050", "client": "006382"}
    attempt = Attempt(gateway="payfip", fiscal_year=2026, state="waiting", sent=sent)
    facts = {fact.label: fact.sent for fact in compare_facts(attempt, None, [])}
    assert facts == {"Montant": "10,50\u00a0€", "N° client": "006382", "Exercice": "2026", "Mode": "Production"}


def test_a_screen_that_is_not_theirs_stays_in_the_crm_and_says_whom_to_ask(town: Town) -> None:
    clerk = browser(town.agent)
    for name, says in (("regies", "posez votre question au régisseur"), ("settings", "administrateur fonctionnel")):
        answer = clerk.get(url(name))
        assert answer.status_code == 403
        page = text_of(answer)
        assert says in page and "Factures" in page and "Espace citoyen" not in page
    reader = browser(make_agent(Profile.READER, email="lit@valbourg.example"))
    assert "Votre profil lit et n’enregistre rien" in text_of(reader.get(url("drafts")))


def test_what_is_not_there_is_not_there_in_the_crm(town: Town, client: Client) -> None:
    for place in (url("invoice", 999_999), url("home") + "rien/"):
        answer = client.get(place)
        assert answer.status_code == 404
        assert "Il n’y a rien ici pour vous" in text_of(answer) and "Factures" in text_of(answer)
    assert "Espace citoyen" in text_of(Client().get("/rien/"))
    assert "Il n’y a rien ici" not in text_of(Client().get(url("home") + "rien/"))
