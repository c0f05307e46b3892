"""The screens of versements: totals that open their lists, a signature, a transfer, what the comptable owes, RIBs."""

import csv
from io import BytesIO, StringIO
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from lxml import html
from pypdf import PdfReader

from obole.audit_log.models import Access
from obole.directory.rules import Profile
from obole.lib import dates
from obole.payments import operations as payments
from obole.payments.models import Receipt, Refund
from obole.regies import operations as regies
from obole.regies.models import FoundingAct
from obole.remittances import operations
from obole.remittances.models import Remittance
from tests.actors import somebody
from tests.books import check_books
from tests.crm.desk import browser, get, text_of, url
from tests.remittances.steps import TODAY, cancel, paid, sign, transfer, write_act
from tests.world import RIB, WHO, Town, later, make_agent, make_invoice, make_regie, run_tasks

pytestmark = pytest.mark.django_db
Means = Receipt.Means


def sent(page: Any) -> dict[str, str]:
    form = next(
        form
        for form in html.fromstring(page.content.decode()).forms
        if form.method == "POST" and "expected" in form.fields
    )
    return dict(form.form_values())


def test_a_month_is_previewed_signed_and_transferred(town: Town, client: Client) -> None:
    paid(town, Means.CARD)
    paid(town, meals=4)
    paid(town, Means.TRANSFER, meals=2)
    page = get(client, "remittance_new", town.regie.pk, until=TODAY.isoformat())
    assert "19,50 €" in text_of(page) and "52,00" in text_of(page)
    links = html.fromstring(page.content.decode()).xpath("//table//a/@href")
    for link in links:
        assert client.get(link).status_code == 200
    assert "au total 19,50 €" in text_of(client.get(links[0]))
    assert "au total 52,00 €" in text_of(client.get(links[-1]))

    answer = client.post(url("remittance_new", town.regie.pk), sent(page), follow=True)
    assert "le bordereau ENF-V-2026-000001 est signé" in text_of(answer)
    one = Remittance.objects.get()
    assert (one.total_cents, one.signed_by) == (1950, town.regisseur.actor)
    again = client.post(url("remittance_new", town.regie.pk), sent(page), follow=True)
    assert again.status_code == 200 and Remittance.objects.count() == 1

    here = url("remittance", town.regie.pk, one.pk)
    assert "Écrivez la référence du virement" in text_of(client.post(here, {"reference": " "}))
    assert "Viré au comptable" in text_of(client.post(here, {"reference": "VIR 7"}, follow=True))
    assert "déjà noté" in text_of(client.post(here, {"reference": "VIR 8"}, follow=True))
    assert "ENF-V-2026-000001" in text_of(get(client, "remittances", town.regie.pk))
    assert "Versement viré" in text_of(get(client, "regie", town.regie.pk))
    check_books()


def test_the_paper_and_the_file_list_every_voucher(town: Town, client: Client) -> None:
    write_act(town.regie)
    receipts = [paid(town, meals=4), paid(town)]
    one = sign(town)
    run_tasks()
    answer = client.get(url("remittance_pdf", town.regie.pk, one.pk))
    assert answer.content == client.get(url("remittance_pdf", town.regie.pk, one.pk)).content
    words = " ".join(page.extract_text() for page in PdfReader(BytesIO(answer.content)).pages)
    words = words.replace("\u202f", " ").replace("\u00a0", " ")
    for said in (
        one.number,
        "65,00",
        "7067",
        "Régisseur titulaire",
        "Arrêté n° 2026-014",
        *(r.number for r in receipts),
    ):
        assert said in words, said
    file = b"".join(client.get(url("remittance_csv", town.regie.pk, one.pk)).streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    rows = list(csv.reader(StringIO(file), delimiter=";"))
    assert [row[0] for row in rows[1:]] == [receipt.number for receipt in receipts]
    assert [row[-1] for row in rows[1:]] == ["13,00", "52,00"]
    assert Access.objects.filter(verb="export", subject_id=one.pk).exists()


def test_a_total_that_changed_is_shown_again(town: Town, client: Client) -> None:
    paid(town)
    page = get(client, "remittance_new", town.regie.pk, until=TODAY.isoformat())
    paid(town, meals=4)
    answer = client.post(url("remittance_new", town.regie.pk), sent(page))
    assert "il est de 65,00 €" in text_of(answer) and not Remittance.objects.exists()
    for odd in ({"expected": "x"}, {"expected": ""}, {"expected": "9" * 30}):
        assert client.post(url("remittance_new", town.regie.pk), {**sent(page), **odd}).status_code == 404
    for odd in ("2026-13-45", "\x00", "", "2999-01-01"):
        assert client.get(url("remittance_new", town.regie.pk), {"until": odd}).status_code == 200
        assert (
            client.get(
                url("remittance_new_vouchers", town.regie.pk), {"until": odd, "nature": odd, "moyen": odd}
            ).status_code
            == 200
        )


def test_a_mandataire_prepares_and_does_not_sign(town: Town, client: Client) -> None:
    paid(town)
    page = get(client, "remittance_new", town.regie.pk, until=TODAY.isoformat())
    other = make_agent(Profile.REGISSEUR, email="m@valbourg.example")
    regies.configure_mandates(
        agent_id=other.pk, terms={town.regie.pk: regies.MandateTerms("delegate")}, actor=WHO, at=later(1)
    )
    delegate = browser(other)
    seen = text_of(get(delegate, "remittance_new", town.regie.pk, until=TODAY.isoformat()))
    assert "Seuls le régisseur titulaire et son suppléant" in seen
    assert delegate.post(url("remittance_new", town.regie.pk), sent(page)).status_code == 404
    assert not Remittance.objects.exists()


def test_what_belongs_to_another_regie_is_not_there(town: Town, client: Client) -> None:
    paid(town)
    one = sign(town)
    other = make_regie("CUL", "Régie Culture")
    for name in ("remittance", "remittance_vouchers", "remittance_pdf", "remittance_csv"):
        assert client.get(url(name, other.pk, one.pk)).status_code == 404
        assert browser(town.admin).get(url(name, other.pk, one.pk)).status_code == 404
    assert browser(town.admin).post(url("remittance", town.regie.pk, one.pk), {"reference": "x"}).status_code == 404
    for name in ("remittances", "remittance_new", "regularisations", "refund_statement_csv", "refund_statement_pdf"):
        assert client.get(url(name, other.pk)).status_code == 404


def test_lists_cost_the_same_whatever_their_length(town: Town, client: Client) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            get(client, "remittance_new", town.regie.pk, until=TODAY.isoformat())
            get(client, "remittance_new_vouchers", town.regie.pk, until=TODAY.isoformat())
        return len(queries)

    paid(town)
    count()
    few = count()
    for _more in range(4):
        paid(town)
    assert count() == few


def test_what_the_comptable_owes_is_shown_and_given_back(town: Town, client: Client) -> None:
    receipt = paid(town)
    transfer(sign(town))
    assert receipt.invoice is not None
    cancel(receipt.invoice)
    page = get(client, "regularisations", town.regie.pk)
    assert "52,00 €" in text_of(page) and receipt.number in text_of(page)
    here = url("regularisations", town.regie.pk)
    nameless = client.post(here, {"receipts": [receipt.pk], "reference": ""})
    assert "elle prouve que la somme est rendue" in text_of(nameless)
    assert "Cochez" in text_of(client.post(here, {"reference": "VIR"}))
    done = client.post(here, {"receipts": [receipt.pk], "reference": "VIR SGC"}, follow=True)
    assert "de nouveau sur le compte DFT" in text_of(done) and "Déjà rendu" in text_of(done)
    assert "vient d’être régularisée" in text_of(client.post(here, {"receipts": [receipt.pk], "reference": "VIR"}))
    assert browser(town.admin).post(here, {"receipts": [receipt.pk], "reference": "V"}).status_code == 404
    check_books()


def test_a_rib_is_masked_but_to_who_pays_and_that_is_kept(town: Town, client: Client) -> None:
    receipt = paid(town)
    assert receipt.invoice is not None
    cancel(receipt.invoice)
    refund = payments.request_refund(
        receipt_id=receipt.pk, cents=5200, reason="x", account=RIB, request_key="k", actor=WHO, at=later(201)
    )
    whole = "FR76 3000 6000 0112 3456 7890 189"
    page = get(client, "refund", refund.pk)
    assert "FR76 •••• 0189" in text_of(page) and "6000" not in text_of(page)
    assert client.get(url("refund_account", refund.pk)).status_code == 404
    assert client.get(url("refund_statement_csv", town.regie.pk)).status_code == 404
    payments.approve_refund(refund_id=refund.pk, actor=somebody("b"), at=later(202))
    assert browser(town.admin).get(url("refund_account", refund.pk)).status_code == 404
    assert whole in text_of(get(client, "refund_account", refund.pk))
    assert "état à remettre" in text_of(get(client, "refunds"))
    file = b"".join(client.get(url("refund_statement_csv", town.regie.pk)).streaming_content).decode()  # type: ignore[attr-defined]
    assert whole in file and "Maud Lefèvre" in file
    pdf = client.get(url("refund_statement_pdf", town.regie.pk))
    assert "FR76" in PdfReader(BytesIO(pdf.content)).pages[0].extract_text()
    kept = Access.objects.filter(verb="sensitive_read").order_by("id")
    assert [(item.subject_kind, item.actor) for item in kept] == [
        ("payments.refund", town.regisseur.actor),
        ("regies.regie", town.regisseur.actor),
        ("regies.regie", town.regisseur.actor),
    ]
    assert whole.replace(" ", "") not in str(list(kept.values_list("details")))
    payments.complete_refund(refund_id=refund.pk, mandate="M", actor=WHO, at=later(203))
    assert client.get(url("refund_account", refund.pk)).status_code == 404


def test_a_refund_that_the_account_cannot_bear_says_what_it_holds(town: Town, client: Client) -> None:
    write_act(town.regie, pays_refunds=True)
    receipt = paid(town, Means.CASH)
    assert receipt.invoice is not None
    cancel(receipt.invoice)
    refund = payments.request_refund(
        receipt_id=receipt.pk, cents=5200, reason="x", account=RIB, request_key="k", actor=WHO, at=later(201)
    )
    payments.approve_refund(refund_id=refund.pk, actor=somebody("b"), at=later(202))
    answer = client.post(url("refund", refund.pk), {"action": "complete", "mandate": "V"}, follow=True)
    assert "« compte DFT » ne porte que 0,00 €" in text_of(answer)
    assert Refund.objects.get().state == "approved"


def test_the_act_is_written_by_an_administrator_and_rules_the_counter(town: Town, client: Client) -> None:
    admin, here = browser(town.admin), url("settings_regie_act", town.regie.pk)
    assert client.get(here).status_code == 404
    form = {
        "reference": "Arrêté 14", "signed_on": "2026-01-05", "allowed_means": ["cheque", "transfer"],
        "max_held_cents": "10,00", "float_cents": "0", "guarantee_cents": "0",
        "iban": "FR76 3000 6000 0112 3456 7890 188",
    }  # fmt: skip
    assert "IBAN est faux" in text_of(admin.post(here, form))
    assert not FoundingAct.objects.exists()
    saved = admin.post(here, {**form, "iban": RIB.iban}, follow=True)
    assert "l’acte constitutif est enregistré" in text_of(saved)
    invoice = make_invoice(town)
    offered = html.fromstring(get(client, "take_money", invoice.pk).content.decode())
    assert offered.xpath("//input[@name='means']/@value") == ["cheque", "transfer"]
    paid(town)
    shown = text_of(get(client, "regie", town.regie.pk))
    assert "L’encaisse est de 52,00 €, au-dessus des 10,00 €" in shown
    operations.follow_limits(at=dates.now())
    assert "Encaisse au-dessus du maximum" in text_of(get(client, "tasks"))
