"""« À traiter »: what waits, its lawful outcomes, and every refusal as a sentence."""

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from lxml import html

from obole.billing import operations as billing
from obole.billing.models import Invoice
from obole.crm.money import anomaly_actions
from obole.crm.money.anomaly_forms import ApplyForm
from obole.lib import texts
from obole.mailing.models import Message
from obole.payments import operations as payments, queries
from obole.payments.models import Allocation, Anomaly, Receipt, Refund
from obole.payments.operations import Money, NotApplicable, SuspenseObstacle
from obole.regies import operations as regies
from tests.books import check_books
from tests.crm.desk import browser, get, text_of, url
from tests.payments.steps import pay, state_of
from tests.payments.test_counter import take
from tests.payments.test_reversals import debit, reject
from tests.payments.test_suspense import ask_refund, come_paid, surplus
from tests.world import RIB, WHO, Town, later, make_citizen, make_invoice, make_regie

pytestmark = pytest.mark.django_db


def unmatched(town: Town, cents: int = 5200) -> Receipt:
    money = Money(cents=cents, means=Receipt.Means.TRANSFER, payer_name="M. Inconnu", reference="VIR 77")
    return payments.take_unmatched(
        regie_id=town.regie.pk, money=money, request_key=texts.token(), actor=town.regisseur.actor, at=later(10)
    )


def undelivered(invoice: Invoice) -> Message:
    message = Message.objects.filter(kind="invoice_deposited", about_id=invoice.pk).get()
    Message.objects.filter(pk=message.pk).update(state="failed", last_error="550 inconnu")
    payments.open_overdue_tasks(at=later(30))
    return message


def cancelled_and_paid(town: Town) -> Receipt:
    invoice = make_invoice(town)
    attempt = pay(invoice)
    payments.cancel_invoice(invoice_id=invoice.pk, code="other", comment="erreur", actor=WHO, at=later(1))
    return come_paid(attempt, 5)


def something_of_everything(town: Town) -> None:
    surplus(town)
    cancelled_and_paid(town)
    unmatched(town)
    reject(debit(town, make_invoice(town)))
    take_then_free(town)
    undelivered(make_invoice(town))
    other = come_paid_surplus(town)
    ask_refund(other, 5200)
    payments.open_overdue_tasks(at=later(days=17))


def come_paid_surplus(town: Town) -> Receipt:
    _invoice, receipt = surplus(town)
    return receipt


def take_then_free(town: Town) -> None:
    invoice = make_invoice(town)
    take(invoice.pk, 5200)
    payments.cancel_invoice(invoice_id=invoice.pk, code="other", comment="erreur", actor=WHO, at=later(2))


def send(
    client: Client, task: Anomaly, action: str, *, follow: bool = True, search: str = "", **given: object
) -> HttpResponse:
    place = url("task", task.pk) + (f"?q={search}" if search else "")
    page = html.fromstring(client.get(place).content.decode())
    kept = {
        item.get("name"): item.get("value") for item in page.xpath(f"//section[@id='{action}']//input[@type='hidden']")
    }
    answer: HttpResponse = client.post(place, {**kept, "action": action, **given}, follow=follow)
    assert "UNDEFINED-VARIABLE" not in answer.content.decode()
    return answer


def shown(client: Client, task: Anomaly) -> list[str]:
    page = html.fromstring(get(client, "task", task.pk).content.decode())
    return [item.get("value") for item in page.xpath("//input[@name='action']")]


def test_money_is_counted_for_another_invoice_of_the_same_payer(town: Town, client: Client) -> None:
    _paid, receipt = surplus(town)
    smaller = make_invoice(town, meals=6)
    make_invoice(town, citizen=make_citizen("autre@example.org", last_name="Martin"))
    task = Anomaly.objects.get()
    page = get(client, "task", task.pk)
    assert "Martin" not in text_of(page) and f'value="{19.5:.2f}"'.replace(".", ",") in page.content.decode()

    answer = send(client, task, "apply", invoice=smaller.pk, amount="19,50", reason="Même famille")

    assert "19,50 € sont imputés" in text_of(answer) and "En recettes à classer 32,50 €" in text_of(answer)
    assert (state_of(smaller), Allocation.objects.get(invoice=smaller).reason) == ("paid", "Même famille")
    larger = make_invoice(town)
    answer = send(client, task, "apply", invoice=larger.pk, amount="", reason="Le reste")
    closed = text_of(answer)
    assert "Imputé sur une facture" in closed and "Le reste" in closed and town.regisseur.name in closed
    assert Allocation.objects.get(invoice=larger).cents == 3250 and receipt.cents == 5200
    check_books()


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"amount": "60", "reason": "Erreur"}, "permettent au plus 52,00 €"),
        ({"amount": "x", "reason": "Erreur"}, "Saisissez un montant"),
        ({"amount": "1", "reason": " "}, "Écrivez pourquoi cette somme règle"),
        ({"amount": "1", "reason": "Erreur", "invoice": "0"}, "n’attend plus d’argent"),
        ({"amount": "1", "reason": "Erreur", "invoice": ""}, "Choisissez la facture"),
        ({"amount": "1", "reason": "Erreur", "waited": "9"}, "a changé entre-temps : elle est de 52,00 €"),
    ],
)
def test_what_is_refused_says_how_to_mend_it_and_keeps_what_was_typed(
    town: Town, client: Client, given: dict[str, object], sentence: str
) -> None:
    surplus(town)
    invoice = make_invoice(town, meals=20)
    answer = send(client, Anomaly.objects.get(), "apply", **{"invoice": invoice.pk, **given})
    assert answer.status_code == 200 and sentence in text_of(answer)
    typed = html.fromstring(answer.content.decode())
    assert typed.xpath("//input[@id='id_apply_amount']")[0].get("value") == given["amount"]
    assert typed.xpath("//textarea[@id='id_apply_reason']")[0].text_content().strip() == str(given["reason"]).strip()
    assert "Écrivez le montant à rembourser" not in text_of(answer), "only the form that was sent is judged"
    assert not Allocation.objects.filter(invoice=invoice).exists()


def test_the_same_decision_sent_twice_counts_once(town: Town, client: Client) -> None:
    surplus(town)
    invoice = make_invoice(town)
    form = {"action": "apply", "waited": "5200", "invoice": invoice.pk, "amount": "10", "reason": "Même famille"}
    place = url("task", Anomaly.objects.get().pk)
    client.post(place, {**form, "request_key": "one page"})
    again = client.post(place, {**form, "request_key": "another page"})
    assert Allocation.objects.get(invoice=invoice).cents == 1000
    assert "a changé entre-temps" in text_of(again)


def test_neg_without_its_guard_the_same_decision_counts_twice(
    town: Town, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ApplyForm, "clean", lambda form: form.cleaned_data)
    with pytest.raises(Allocation.MultipleObjectsReturned):
        test_the_same_decision_sent_twice_counts_once(town, client)


def test_every_refusal_of_the_room_has_its_sentence() -> None:
    sentences = {anomaly_actions.why_not_applied(NotApplicable(why, cents=1)) for why in SuspenseObstacle}
    assert len(sentences) == len(SuspenseObstacle) and all(sentence.endswith(".") for sentence in sentences)


def test_a_refusal_of_the_room_is_written_at_the_form(
    town: Town, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    surplus(town)
    invoice, task = make_invoice(town), Anomaly.objects.get()
    for why in SuspenseObstacle:

        def refuse(why: SuspenseObstacle = why, **_given: object) -> int:
            raise NotApplicable(why, cents=5)

        monkeypatch.setattr(payments, "apply_receipt", refuse)
        answer = send(client, task, "apply", invoice=invoice.pk, amount="1", reason="Essai")
        assert anomaly_actions.why_not_applied(NotApplicable(why, cents=5)).replace("\u00a0", " ") in text_of(answer), (
            why
        )

    def waits(**_given: object) -> None:
        raise payments.MoneyWaits

    monkeypatch.setattr(payments, "close_anomaly", waits)
    assert "De l’argent attend encore" in text_of(send(client, task, "keep", reason="Essai"))


def test_an_unknown_payer_is_searched_in_the_regie(town: Town, client: Client) -> None:
    unmatched(town)
    invoice, task = make_invoice(town), Anomaly.objects.get()
    elsewhere = make_regie("SPO", "Régie Sports")
    assert invoice.number and invoice.number not in text_of(get(client, "task", task.pk))
    assert elsewhere.pk and "ne répond" in text_of(get(client, "task", task.pk, q="zzz"))
    for odd in ("\x00", "%", "'", "x" * 500):
        get(client, "task", task.pk, q=odd)
    assert invoice.number in text_of(get(client, "task", task.pk, q="lefevre"))
    answer = send(client, task, "apply", search=invoice.number, invoice=invoice.pk, amount="52", reason="Reconnu")
    assert "52,00 € sont imputés" in text_of(answer) and state_of(invoice) == "paid"
    check_books()


def test_a_refund_is_asked_once(town: Town, client: Client) -> None:
    surplus(town)
    task = Anomaly.objects.get()
    rib = {"iban": RIB.iban, "holder": RIB.holder}
    too_much = send(client, task, "refund", amount="52,01", reason="Payé deux fois", **rib)
    assert "Il n’attend que 52,00 €" in text_of(too_much)
    for wrong in ({}, {**rib, "iban": "FR76 3000 6000 0112 3456 7890 188"}, {**rib, "holder": " "}):
        assert "RIB" in text_of(send(client, task, "refund", amount="10", reason="x", **wrong))
    assert not Refund.objects.exists()
    form = {"action": "refund", "amount": "10", "reason": "Payé deux fois", "request_key": "form", **rib}
    for _twice in range(2):
        client.post(url("task", task.pk), form)
    assert (Refund.objects.get().cents, Refund.objects.get().requested_by) == (1000, town.regisseur.actor)


def test_a_cancelled_invoice_that_was_paid_is_done_again(town: Town, client: Client) -> None:
    cancelled_and_paid(town)
    task = Anomaly.objects.get()
    assert shown(client, task) == ["rebill", "refund", "keep", "give"]
    answer = send(client, task, "rebill", reason="Annulée à tort")
    assert "ENF-2026-000002" in text_of(answer) and "Facture refaite et payée" in text_of(answer)
    assert shown(client, task) == []
    check_books()


def test_only_what_is_lawful_is_offered(town: Town, client: Client) -> None:
    something_of_everything(town)
    for task in Anomaly.objects.order_by("id"):
        holds = task.kind in ("unmatched", "freed") or task.kind == "not_due" and task.closed_at is None
        offered = shown(client, task)
        assert ("keep" in offered, "refund" in offered) == (holds, holds), task.kind
        assert ("note" in offered) == (not holds and task.closed_at is None), task.kind


def test_money_is_kept_with_a_reason_and_can_still_be_used(town: Town, client: Client) -> None:
    surplus(town)
    task = Anomaly.objects.get()
    assert "Écrivez pourquoi cette somme reste" in text_of(send(client, task, "keep", reason=""))
    assert "Gardé en recettes à classer" in text_of(send(client, task, "keep", reason="Don à la caisse des écoles"))
    invoice = make_invoice(town)
    assert shown(client, task) == ["apply", "refund"]
    send(client, task, "apply", invoice=invoice.pk, amount="52", reason="Finalement")
    assert state_of(invoice) == "paid"


def test_a_mail_is_noted_with_its_address_at_hand(town: Town, client: Client) -> None:
    message = undelivered(make_invoice(town))
    task = Anomaly.objects.get()
    page = get(client, "task", task.pk)
    assert message.to in text_of(page) and url("message", message.pk) in page.content.decode()
    assert "Écrivez ce qui a été fait" in text_of(send(client, task, "note", note=" "))
    answer = send(client, task, "note", note="Adresse corrigée par téléphone")
    assert "Adresse corrigée par téléphone" in text_of(answer) and "Traité autrement" in text_of(answer)
    answer = send(client, task, "note", note="Encore")
    assert "l’avait déjà traité" in text_of(answer)
    task.refresh_from_db()
    assert task.note == "Adresse corrigée par téléphone"


def test_a_task_of_another_regie_is_not_there(town: Town, client: Client) -> None:
    surplus(town)
    task = Anomaly.objects.get()
    regies.give_mandates(regie_id=town.regie.pk, agent_ids=[], actor=WHO, at=later())
    assert client.get(url("task", task.pk)).status_code == 404
    assert client.post(url("task", task.pk), {"action": "keep", "reason": "x"}).status_code == 404
    task.refresh_from_db()
    assert task.closed_at is None


def test_neg_without_the_filter_on_regies_a_task_is_there_for_everybody(
    town: Town, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "anomalies", lambda _agent: Anomaly.objects.order_by("id"))
    with pytest.raises(AssertionError):
        test_a_task_of_another_regie_is_not_there(town, client)


def test_a_refund_that_waits_names_who_paid(town: Town, client: Client) -> None:
    _paid, receipt = surplus(town)
    ask_refund(receipt, 5200)
    payments.open_overdue_tasks(at=later(days=17))
    page = text_of(get(client, "task", Anomaly.objects.get(kind="refund").pk))
    assert "Maud Lefèvre" in page and "ENF-2026-000001" in page


def test_the_list_costs_the_same_for_many(town: Town, client: Client) -> None:
    def cost() -> int:
        get(client, "tasks")
        with CaptureQueriesContext(connection) as asked:
            get(client, "tasks")
        return len(asked)

    surplus(town)
    unmatched(town)
    few = cost()
    for _n in range(4):
        surplus(town)
        unmatched(town)
    cancelled_and_paid(town)
    assert cost() == few


def chosen(client: Client, task: Anomaly, **query: object) -> list[str]:
    """Return which invoice the form would send."""
    page = html.fromstring(get(client, "task", task.pk, **query).content.decode())
    return page.xpath("//select[@name='invoice']/option[@selected]/@value")


def test_money_goes_to_no_invoice_that_nobody_chose(town: Town, client: Client) -> None:
    surplus(town)
    task = Anomaly.objects.get()
    urgent = make_invoice(town)
    assert chosen(client, task) == [str(urgent.pk)], "the only one"
    other = make_invoice(town)

    assert chosen(client, task) == [""]
    assert "Choisissez la facture" in text_of(send(client, task, "apply", invoice="", reason="x"))
    assert chosen(client, task, facture=other.pk) == [str(other.pk)]
    assert chosen(client, task, facture="9" * 40) == [""]


def test_two_clicks_at_the_same_instant_count_the_money_once(
    town: Town, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    _paid, receipt = surplus(town)
    invoice = make_invoice(town)
    monkeypatch.setattr(ApplyForm, "clean", lambda form: form.cleaned_data)  # both were checked before either was done
    place = url("task", Anomaly.objects.get().pk)
    page = html.fromstring(client.get(place).content.decode())
    kept = {item.get("name"): item.get("value") for item in page.xpath("//section[@id='apply']//input[@type='hidden']")}
    form = {**kept, "action": "apply", "invoice": invoice.pk, "amount": "10", "reason": "Même famille"}
    for _twice in range(2):
        client.post(place, form)
    assert queries.free_cents(receipt) == 4200 and Allocation.objects.get(receipt=receipt).cents == 1000


def test_the_invoice_that_replaces_the_cancelled_one_is_chosen_first(town: Town, client: Client) -> None:
    make_invoice(town)
    take_then_free(town)
    task = Anomaly.objects.get()
    draft = billing.redo_invoice(invoice_id=task.invoice_id, actor=WHO, at=later(3))
    again = billing.issue_invoice(invoice_id=draft.pk, actor=WHO, at=later(4))

    assert chosen(client, task) == [str(again.pk)]


def test_the_quittance_of_money_without_an_invoice_is_for_its_regie_only(town: Town, client: Client) -> None:
    receipt = unmatched(town)
    link = url("receipt_pdf", receipt.pk)
    assert link in get(client, "receipt", receipt.pk).content.decode()
    answer = client.get(link)
    assert answer.content.startswith(b"%PDF") and "quittance-ENF-Q" in answer["Content-Disposition"]
    reviewer = browser(town.agent)
    assert reviewer.get(link).status_code == 404
    _invoice, online = surplus(town)
    assert client.get(url("receipt_pdf", online.pk)).status_code == 404, "a surplus pays no invoice, and has no receipt"
