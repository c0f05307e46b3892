"""Refunds: two people, the comptable, and the story that stays; money whose invoice nobody knows; entries in words."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from obole.directory.rules import Profile
from obole.lib.actors import Actor
from obole.payments import operations as payments, queries
from obole.payments.models import Anomaly, Receipt, Refund
from obole.regies import operations as regies
from obole.regies.models import Mandate
from tests.actors import somebody
from tests.books import check_books
from tests.crm.desk import browser, get, rows_of, text_of, url
from tests.payments.test_counter import take
from tests.payments.test_reversals import debit, reject
from tests.payments.test_suspense import apply, ask_refund, surplus
from tests.world import RIB, WHO, Town, later, make_agent, make_citizen, make_invoice

pytestmark = pytest.mark.django_db


def asked_by(town: Town, actor: Actor, cents: int = 5200) -> Refund:
    _paid, receipt = surplus(town)
    return payments.request_refund(
        receipt_id=receipt.pk,
        cents=cents,
        reason="Payé deux fois",
        account=RIB,
        request_key=f"k{receipt.pk}",
        actor=actor,
        at=later(20),
    )


def test_a_refund_is_approved_by_another_and_paid_by_the_comptable(town: Town, client: Client) -> None:
    refund = asked_by(town, town.regisseur.actor)
    page = get(client, "refund", refund.pk)
    assert "une autre personne doit l’approuver" in text_of(page) and 'value="approve"' not in page.content.decode()
    refused = client.post(url("refund", refund.pk), {"action": "approve"}, follow=True)
    assert text_of(refused).count("une autre personne doit l’approuver") == 2
    assert browser(town.admin).post(url("refund", refund.pk), {"action": "approve"}).status_code == 404
    substitute = make_agent(Profile.REGISSEUR, email="suppleante@valbourg.example")
    terms = {town.regie.pk: regies.MandateTerms(Mandate.Kind.SUBSTITUTE)}
    regies.configure_mandates(agent_id=substitute.pk, terms=terms, actor=WHO, at=later(1))
    second = browser(substitute)
    assert "peut le payer" in text_of(second.post(url("refund", refund.pk), {"action": "approve"}, follow=True))

    missing = client.post(url("refund", refund.pk), {"action": "complete", "mandate": " "})
    assert "elle prouve que la somme est rendue" in text_of(missing)
    form = {"action": "complete", "mandate": "Mandat 2026-118"}
    done = text_of(client.post(url("refund", refund.pk), form, follow=True))
    for said in (
        "Mandat 2026-118",
        "Approuvé par une seconde personne",
        substitute.name,
        town.regisseur.name,
        "Payé deux fois",
    ):
        assert said in done, said
    again = text_of(client.post(url("refund", refund.pk), form, follow=True))
    assert "a changé entre-temps" in again
    refund.refresh_from_db()
    assert (refund.state, refund.decided_by, refund.done_by) == ("done", substitute.actor, town.regisseur.actor)
    check_books()


@pytest.mark.parametrize("action", ["complete", "zzz", "", "give_up"])
def test_what_is_not_lawful_now_changes_nothing(town: Town, client: Client, action: str) -> None:
    refund = asked_by(town, WHO)
    if action == "give_up":
        payments.give_up_refund(refund_id=refund.pk, reason="non", actor=WHO, at=later(30))
    answer = client.post(url("refund", refund.pk), {"action": action, "mandate": "M", "reason": "x"}, follow=True)
    assert "a changé entre-temps" in text_of(answer)
    before = refund.state if action != "give_up" else "given_up"
    refund.refresh_from_db()
    assert refund.state == before


def test_a_refund_is_given_up_with_a_reason_and_its_money_waits_again(town: Town, client: Client) -> None:
    refund = asked_by(town, town.regisseur.actor)
    assert "est abandonné." in text_of(client.post(url("refund", refund.pk), {"action": "give_up", "reason": ""}))
    form = {"action": "give_up", "reason": "La famille préfère l’imputer"}
    page = text_of(client.post(url("refund", refund.pk), form, follow=True))
    assert "La famille préfère l’imputer" in page and "Abandonné" in page
    assert Anomaly.objects.get().closed_at is None


def test_refunds_are_listed_by_what_they_wait_for(town: Town, client: Client) -> None:
    mine, theirs = asked_by(town, town.regisseur.actor), asked_by(town, WHO)
    payments.approve_refund(refund_id=theirs.pk, actor=town.regisseur.actor, at=later(30))
    assert [row[0] for row in rows_of(get(client, "refunds", state="requested"))] == [mine.receipt.number]
    assert [row[0] for row in rows_of(get(client, "refunds", state="approved"))] == [theirs.receipt.number]
    for state in ("done", "given_up"):
        assert "Aucun remboursement" in text_of(get(client, "refunds", state=state))
    page = text_of(get(client, "refunds"))
    assert "Remboursements 2" in page and "Maud Lefèvre" in page
    for column in ("receipt", "reason", "requested_at", "requested_by", "regie", "cents", "state"):
        get(client, "refunds", sort=f"-{column}")


def test_refunds_are_found_and_taken_away(town: Town, client: Client) -> None:
    mine, theirs = asked_by(town, town.regisseur.actor), asked_by(town, WHO)
    for text in (theirs.receipt.number.lower(), "lefevre"):
        assert theirs.receipt.number in text_of(get(client, "refunds", q=text))
    assert mine.receipt.number not in text_of(get(client, "refunds", q=theirs.receipt.number))
    file = client.get(url("refunds_file", "csv"), {"sort": "receipt"}).getvalue().decode("utf-8-sig").splitlines()
    assert [line.split(";")[0] for line in file] == ["Encaissement", mine.receipt.number, theirs.receipt.number]
    assert "Maud Lefèvre" in file[1] and "À approuver" not in file[0]
    chosen = {"verb": "ods", "scope": "chosen", "chosen": [str(mine.pk)]}
    assert str(mine.pk) in client.post(url("refunds_selection"), chosen)["Location"]


def test_the_list_of_refunds_costs_the_same_for_many(town: Town, client: Client) -> None:
    def cost() -> int:
        get(client, "refunds")
        with CaptureQueriesContext(connection) as asked:
            get(client, "refunds")
        return len(asked)

    asked_by(town, town.regisseur.actor)
    few = cost()
    for _n in range(4):
        asked_by(town, town.regisseur.actor)
    assert cost() == few


def test_a_refund_of_another_regie_is_not_there(town: Town, client: Client) -> None:
    refund = asked_by(town, WHO)
    regies.give_mandates(regie_id=town.regie.pk, agent_ids=[], actor=WHO, at=later())
    assert client.get(url("refund", refund.pk)).status_code == 404
    assert client.post(url("refund", refund.pk), {"action": "approve"}).status_code == 404
    assert "Aucun remboursement" in text_of(get(client, "refunds"))
    refund.refresh_from_db()
    assert refund.state == "requested"


def test_neg_without_the_filter_on_regies_a_refund_is_there_for_everybody(
    town: Town, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "refunds", lambda _agent: Refund.objects.order_by("id"))
    with pytest.raises(AssertionError):
        test_a_refund_of_another_regie_is_not_there(town, client)


def test_money_without_an_invoice_is_taken_once_by_who_answers_for_the_regie(town: Town, client: Client) -> None:
    place = url("unmatched_new", town.regie.pk)
    assert place in get(client, "regie", town.regie.pk).content.decode()
    assert place not in get(browser(town.admin), "regie", town.regie.pk).content.decode()
    form = {"means": "transfer", "cents": "", "payer_name": "M. Inconnu", "reference": "VIR 77", "request_key": "form"}
    wrong = client.post(place, form)
    assert "Écrivez le montant reçu" in text_of(wrong) and 'value="M. Inconnu"' in wrong.content.decode()
    assert "Saisissez un montant d’au moins" in text_of(client.post(place, {**form, "cents": "0"}))
    assert client.post(place, {**form, "cents": "1", "means": "card"}).status_code == 200, "not at the counter"
    for _twice in range(2):
        answer = client.post(place, {**form, "cents": "45,50"}, follow=True)
        assert "Encaissement dont la facture est inconnue" in text_of(answer) and "45,50 €" in text_of(answer)
    receipt = Receipt.objects.get()
    assert (receipt.cents, receipt.payer_name, receipt.reference, receipt.taken_by) == (
        4550,
        "M. Inconnu",
        "VIR 77",
        town.regisseur.actor,
    )
    assert browser(town.admin).post(place, {**form, "cents": "1"}).status_code == 404
    check_books()


def test_a_cheque_without_an_invoice_is_one_that_can_be_found_again(town: Town, client: Client) -> None:
    place = url("unmatched_new", town.regie.pk)
    form = {"means": "cheque", "cents": "45,50", "payer_name": "M. Inconnu", "request_key": "form"}
    wrong = text_of(client.post(place, form))
    assert "Écrivez le numéro du chèque" in wrong and "Écrivez la banque dont vient le chèque" in wrong
    assert not Receipt.objects.exists()
    client.post(place, {**form, "reference": "0001234", "bank": "Banque postale"})
    assert Receipt.objects.values_list("reference", "bank").get() == ("0001234", "Banque postale")


def test_a_closed_regie_takes_nothing_and_says_so(town: Town, client: Client) -> None:
    type(town.regie).objects.update(enabled=False)
    form = {"means": "transfer", "cents": "45,50", "payer_name": "M. Inconnu", "reference": "", "request_key": "form"}
    answer = client.post(url("unmatched_new", town.regie.pk), form)
    assert "La régie est désactivée" in text_of(answer) and 'value="45,50"' in answer.content.decode()


def test_a_due_invoice_tells_of_money_that_waits(town: Town, client: Client) -> None:
    paid, _receipt = surplus(town)
    due, task = make_invoice(town), Anomaly.objects.get()
    other = make_invoice(town, citizen=make_citizen("autre@example.org", last_name="Martin"))
    page = get(client, "invoice", due.pk)
    assert "Cet usager a 52,00 € en recettes à classer" in text_of(page)
    assert url("task", task.pk) in page.content.decode()
    assert "Payée deux fois : 52,00 € en recettes à classer." in text_of(get(client, "invoice", paid.pk))
    assert "en recettes à classer." not in text_of(get(client, "invoice", other.pk))
    assert "en recettes à classer." not in text_of(get(browser(town.agent), "invoice", due.pk))


def test_entries_have_words_and_lead_to_what_caused_them(town: Town, client: Client) -> None:
    _paid, receipt = surplus(town)
    target = make_invoice(town, meals=6)
    apply(receipt, target)
    refund = ask_refund(receipt, 1000)
    payments.approve_refund(refund_id=refund.pk, actor=somebody("other"), at=later(30))
    payments.complete_refund(refund_id=refund.pk, mandate="M 1", actor=town.regisseur.actor, at=later(31))
    quittance = take(make_invoice(town).pk, 5200)
    payments.cancel_invoice(invoice_id=quittance.invoice_id or 0, code="other", comment="x", actor=WHO, at=later(32))
    rejected = debit(town, make_invoice(town))
    reject(rejected)
    money = payments.Money(cents=100, means=Receipt.Means.CASH)
    payments.take_unmatched(
        regie_id=town.regie.pk, money=money, request_key="u", actor=town.regisseur.actor, at=later(40)
    )

    pages = [get(client, "regie", town.regie.pk, page=n) for n in (1, 2)]
    text = " ".join(text_of(page) for page in pages)
    content = " ".join(page.content.decode() for page in pages)
    for said in ("Imputation", "Libérée par un avoir", "Reprise", "Remboursement", "Encaissement"):
        assert said in text, said
    for raw in ("application", "freeing", "reversal"):
        assert f" {raw} " not in text
    unknown = Anomaly.objects.get(kind="unmatched")
    for name, pk in (
        ("invoice", target.pk),
        ("refund", refund.pk),
        ("invoice", quittance.invoice_id),
        ("attempt", rejected.attempt_id),
        ("task", unknown.pk),
    ):
        assert f'href="{url(name, pk)}"' in content, (name, pk)
    get(client, "attempts")
