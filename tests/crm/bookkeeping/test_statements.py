"""Importing the bank's files at the screen, and saying what their lines are."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from lxml import html

from obole.bank_statements import operations, queries
from obole.bank_statements.models import BankLine, FileLayout, Match, Statement
from obole.payments.models import Receipt
from obole.regies import operations as regies
from obole.regies.models import Mandate
from tests.bank_statements.files import camt, payfip_list, with_a_sign, with_two_columns
from tests.bank_statements.steps import DAY, card, day, imported, keep, propose
from tests.books import check_books, count_everything
from tests.crm.desk import browser, get, text_of, url
from tests.payments.test_counter import take
from tests.world import WHO, Town, later, make_invoice, make_regie, run_tasks

pytestmark = pytest.mark.django_db


@pytest.fixture
def town(town: Town, time_machine: Any) -> Town:
    """Move ten days on, so that the bank has had the time."""
    time_machine.move_to(later(days=10), tick=False)
    return town


def send(
    client: Client, town: Town, content: bytes, *, kind: str = "account", name: str = "releve.csv"
) -> HttpResponse:
    file = SimpleUploadedFile(name, content)
    answer: HttpResponse = client.post(url("statement_new", town.regie.pk), {"kind": kind, "file": file})
    assert answer.status_code == 200
    return answer


def form_of(answer: HttpResponse, action: str) -> dict[str, str]:
    """Return what the page would send with a button."""
    page = html.fromstring(answer.content.decode())
    form = next(form for form in page.forms if "kept" in form.fields)
    return {**{name: value or "" for name, value in form.form_values()}, "action": action}


def go_on(client: Client, town: Town, answer: HttpResponse, action: str, **changes: str) -> HttpResponse:
    sent = {**form_of(answer, action), **changes}
    followed: HttpResponse = client.post(url("statement_read", town.regie.pk), sent, follow=True)
    return followed


def test_a_csv_is_shown_before_anything_is_kept_and_its_columns_are_remembered(client: Client, town: Town) -> None:
    content = with_two_columns([(DAY, 5200, "VIR PAYFIP"), (day(1), -12, "FRAIS")], before=100)
    before = count_everything()
    shown = send(client, town, content)
    page = text_of(shown)
    assert "VIR PAYFIP" in page and "Solde d’ouverture 1,00 €, solde de clôture 52,88 €" in page
    assert count_everything() == before and not FileLayout.objects.exists()

    swapped = go_on(client, town, shown, "look", debit="Crédit", credit="Débit", balance="")
    assert "−52,00" in text_of(swapped).replace("\N{MINUS SIGN}", "−")
    lacking = text_of(go_on(client, town, shown, "look", label=""))
    assert "Choisissez la colonne de ce fait." in lacking and "Importer 2 lignes" not in lacking
    done = text_of(go_on(client, town, shown, "keep"))

    assert "2 lignes importées" in done and "VIR PAYFIP" in done
    statement = Statement.objects.get()
    assert (statement.name, statement.new_count, statement.opening_cents) == ("releve.csv", 2, 100)
    assert FileLayout.objects.get().columns["debit"] == "Débit"
    given = client.get(url("statement_file", town.regie.pk, statement.pk))
    assert given.content == content and given["Content-Disposition"].startswith("attachment")
    assert "déjà été importé" in text_of(send(client, town, content))


def test_a_file_that_cannot_be_read_says_what_to_do(client: Client, town: Town) -> None:
    before = count_everything()
    for content, words in (
        (b"Date;Libelle;Montant\n25/11/2026;x;douze\n", "Ligne 2 : « douze » n’est pas un montant"),
        (b"PK\x03\x04", "classeur"),
        (camt([(DAY, 5, "x")], closing=77), "0,72 € d’écart"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "ses propres entités"),
    ):
        page = text_of(send(client, town, content))
        assert words in page and "Rien n’est importé." in page
    assert "Choisissez le fichier" in text_of(client.post(url("statement_new", town.regie.pk), {"kind": "account"}))
    assert count_everything() == before


def test_a_file_that_waits_too_long_or_is_forged_is_asked_for_again(client: Client, town: Town) -> None:
    answer = client.post(url("statement_read", town.regie.pk), {"kept": "forged", "action": "keep"}, follow=True)
    assert "n’est plus là" in text_of(answer)


def test_a_heavy_file_is_refused_before_it_is_read(client: Client, town: Town) -> None:
    file = SimpleUploadedFile("releve.csv", b"x" * (13 * 1024 * 1024))
    answer = client.post(url("statement_new", town.regie.pk), {"kind": "account", "file": file})
    assert answer.status_code == 413


def test_a_formula_and_hostile_words_are_only_text(client: Client, town: Town) -> None:
    shown = send(client, town, with_a_sign([(DAY, 500, "=cmd|'/C calc'!A0 <script>alert(1)</script>")]))
    assert b"<script>alert(1)" not in shown.content and "=cmd|" in text_of(shown)


def test_from_the_import_to_the_receipt(client: Client, town: Town) -> None:
    receipt = card(town)
    shown = send(client, town, camt([(day(1), 5200, "VIR PAYFIP"), (day(1), 900, "VIR DUPONT")]), name="a.xml")
    go_on(client, town, shown, "keep")
    waiting = text_of(get(client, "reconciliation", town.regie.pk))
    assert "leurs propositions se préparent" in waiting and "Compte selon la banque, au 26/11/2026 61,00 €" in waiting
    run_tasks()

    page = text_of(get(client, "reconciliation", town.regie.pk))
    assert "1 proposition concorde au centime près, pour 52,00 €" in page and "9 jours" in page
    assert "À rapprocher (2)" in page and "Rien ne la désigne." in page
    asked = get(client, "bank_accept_all", town.regie.pk)
    assert "1 ligne, 52,00 €" in text_of(asked)
    wrong = client.post(url("bank_accept_all", town.regie.pk), {"count": "2", "cents": "5200"}, follow=True)
    assert "rien n’est accepté" in text_of(wrong) and not Match.objects.exists()
    done = client.post(url("bank_accept_all", town.regie.pk), {"count": "1", "cents": "5200"}, follow=True)
    assert "1 ligne rapprochée" in text_of(done)
    line = BankLine.objects.get(cents=5200)
    assert "Crédit de paiements par carte" in text_of(get(client, "bank_line", town.regie.pk, line.pk))
    assert "Vu à la banque 26/11/2026, 52,00 €" in text_of(get(client, "receipt", receipt.pk))
    assert f"/rapprochement/lignes/{line.pk}/" in get(client, "regie", town.regie.pk).content.decode()
    check_books()


def test_each_thing_that_a_line_may_be(client: Client, town: Town) -> None:
    receipt, cheque = card(town, meals=3), take(make_invoice(town).pk, 5200, Receipt.Means.CHEQUE)
    a, b, c, d, e = imported(
        town, *((day(1), cents, label) for cents, label in ((975, "A"), (5200, "B"), (44, "C"), (-2, "D"), (7, "E")))
    )
    assert receipt.number in text_of(get(client, "bank_line", town.regie.pk, a.pk, q=receipt.number))
    acts: list[tuple[BankLine, dict[str, Any], str]] = [
        (a, {"action": "choose", "receipts": [cheque.pk]}, "rien n’a été enregistré"),
        (a, {"action": "choose"}, "Cochez au moins un encaissement"),
        (a, {"action": "choose", "receipts": [receipt.pk]}, "c’est enregistré"),
        (b, {"action": "accept", "seen": "old"}, "a changé entre-temps"),
        (b, {"action": "accept", "seen": accepted(client, town, b)}, "c’est enregistré"),
        (c, {"action": "classify", "payer_name": "M. X"}, "c’est enregistré"),
        (d, {"action": "fees"}, "c’est enregistré"),
        (e, {"action": "ignore", "reason": ""}, "Écrivez pourquoi"),
        (e, {"action": "ignore", "reason": "Autre service"}, "c’est enregistré"),
        (e, {"action": "fees"}, "a changé entre-temps"),
        (e, {"action": "reopen"}, "c’est enregistré"),
        (a, {"action": "undo", "reason": "Erreur"}, "c’est enregistré"),
    ]
    for line, sent, words in acts:
        answer = client.post(url("bank_line", town.regie.pk, line.pk), sent, follow=True)
        assert words in text_of(answer), (line.label, sent)
    assert "Rapprochement défait" in text_of(get(client, "bank_line", town.regie.pk, a.pk))
    for view, words in (("rapproche", "Rapproché (3)"), ("ici", "Seulement ici"), ("laisse", "Lignes du relevé")):
        assert words in text_of(get(client, "reconciliation", town.regie.pk, vue=view, jours="0"))
    assert "9 jours" not in text_of(get(client, "reconciliation", town.regie.pk, vue="ici", jours="99"))
    check_books()


def accepted(client: Client, town: Town, line: BankLine) -> str:
    page = html.fromstring(get(client, "bank_line", town.regie.pk, line.pk).content.decode())
    return str(page.xpath("//input[@name='seen']/@value")[0])


def test_payfip_s_list_shows_what_is_not_here(client: Client, town: Town) -> None:
    send_list = send(client, town, payfip_list([("ENF9", 5200, DAY, day(1))]), kind="payfip")
    assert "1 ligne importée" in text_of(go_on(client, town, send_list, "keep"))
    assert "Dans la liste PayFiP, inconnus ici" in text_of(get(client, "reconciliation", town.regie.pk))


def test_a_statement_is_withdrawn_with_a_reason(client: Client, town: Town) -> None:
    [statement] = keep(town.regie, with_a_sign([(DAY, 5, "x")]))
    address = url("statement", town.regie.pk, statement.pk)
    assert "Écrivez pourquoi" in text_of(client.post(address, {"reason": ""}))
    assert "Retiré" in text_of(client.post(address, {"reason": "Mauvais compte"}, follow=True))


def test_who_reads_does_not_act_and_another_regie_is_not_there(client: Client, town: Town) -> None:
    [line] = imported(town, (day(1), 5, "x"))
    other = make_regie("TER", "Régie Terrasses")
    assert client.get(url("bank_line", other.pk, line.pk)).status_code == 404
    assert client.get(url("statement", other.pk, line.statement_id)).status_code == 404
    terms = {town.regie.pk: regies.MandateTerms(kind=Mandate.Kind.READER)}
    regies.configure_mandates(agent_id=town.regisseur.pk, terms=terms, actor=WHO, at=later())
    reader = browser(town.regisseur)
    page = text_of(get(reader, "bank_line", town.regie.pk, line.pk))
    assert "Laisser de côté" not in page
    for name, args in (("bank_line", (line.pk,)), ("statement", (line.statement_id,)), ("bank_accept_all", ())):
        assert reader.post(url(name, town.regie.pk, *args), {"action": "fees"}).status_code == 404
    for name in ("statement_new", "statement_read", "bank_look_again"):
        assert reader.post(url(name, town.regie.pk)).status_code == 404


@pytest.mark.parametrize("view", ["", "rapproche", "ici", "laisse"])
def test_a_page_costs_the_same_however_many_lines_there_are(
    client: Client, town: Town, view: str, django_assert_max_num_queries: Any
) -> None:
    for _turn in range(8):
        card(town, meals=2)
    imported(town, *((day(1), 100 + n, f"VIR {n}") for n in range(60)))
    with django_assert_max_num_queries(45):
        get(client, "reconciliation", town.regie.pk, vue=view, jours="0")


def test_looking_again_finds_what_came_since(client: Client, town: Town) -> None:
    imported(town, (day(1), 5200, "PAYFIP"))
    card(town)
    answer = client.post(url("bank_look_again", town.regie.pk), follow=True)
    assert "1 ligne a une proposition" in text_of(answer)
    assert propose(town) == 1 and queries.summed(queries.sure_lines(town.regie.pk)).count == 1
    operations.propose_everywhere(at=later(days=10))
