"""Rows chosen in a list: what will happen is said first, done by the worker, told row by row, and seen by who asked."""

import io
import zipfile
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from lxml import etree, html

from obole.audit_log.models import Access
from obole.billing.models import CreditNote, Invoice
from obole.bulk_actions.models import BulkAction
from obole.directory.rules import Profile
from obole.dossiers.models import Dossier
from tests.crm.desk import browser, get, pay, submit_with_file, text_of, url
from tests.world import Town, make_agent, make_invoice, make_old_draft, run_tasks

pytestmark = pytest.mark.django_db
CANCEL, PRINT = "invoice.cancel", "invoice.print"


def send(client: Client, verb: str, *, page: str = "invoices_selection", **more: Any) -> HttpResponse:
    answer: HttpResponse = client.post(url(page), {"verb": verb, "scope": "chosen", **more})
    return answer


def hidden_of(preview: HttpResponse) -> dict[str, str]:
    """Return what the page that shows what will happen sends again."""
    page = html.fromstring(preview.content.decode())
    form = next(form for form in page.forms if "ids" in form.fields)
    return {name: str(form.fields[name]) for name in ("verb", "ids", "scope", "query", "request_key")}


def confirm(client: Client, preview: HttpResponse, *, page: str = "invoices_selection", **more: str) -> HttpResponse:
    sent = {**hidden_of(preview), "confirm": "1", **more}
    answer: HttpResponse = client.post(url(page), sent)
    return answer


def test_the_list_offers_its_rows_one_by_one_and_all_of_them(town: Town, client: Client) -> None:
    one = make_invoice(town)
    page = html.fromstring(get(client, "invoices", status="due").content.decode())
    [box] = page.xpath("//td//input[@type='checkbox']")
    assert (box.get("name"), box.get("value")) == ("chosen", str(one.pk))
    assert box.get("aria-label") == f"Sélectionner {one.number}"
    [form] = page.xpath("//form[@action=$to]", to=url("invoices_selection"))
    assert form.xpath(".//input[@name='query']/@value") == ["status=due"]
    assert form.xpath(".//input[@name='scope']/@value") == ["chosen", "all"]
    assert "Toutes celles qui répondent (1)" in " ".join(form.text_content().split())


def test_who_only_reads_takes_files_away_and_does_nothing_else(town: Town) -> None:
    make_invoice(town)
    reader = browser(make_agent(Profile.READER, email="lecture@example.org"))
    page = get(reader, "dossiers").content.decode()
    assert "dossier.take" not in page
    assert 'name="verb" value="csv"' in page
    offered = get(reader, "invoices").content.decode()
    assert PRINT in offered
    assert CANCEL not in offered
    assert send(reader, CANCEL, chosen=[1])["Location"] == url("invoices")


def test_due_dates_ask_for_a_day_and_a_reason(town: Town, client: Client) -> None:
    due = make_invoice(town)
    preview = send(client, "invoice.due_date", chosen=[due.pk])
    assert "Nouvelle échéance" in text_of(preview)
    assert "Ce jour est passé" in text_of(confirm(client, preview, due_date="2020-01-01", comment="Accord"))
    assert "Écrivez le motif" in text_of(confirm(client, preview, due_date="2027-01-14", comment=""))
    assert not BulkAction.objects.exists()
    asked = confirm(client, preview, due_date="2027-01-14", comment="Accord")
    assert BulkAction.objects.get().parameters == {"due_date": "2027-01-14", "comment": "Accord"}
    assert "Nouvelle échéance 14/01/2027 Motif Accord" in text_of(client.get(asked["Location"]))


def test_holds_ask_for_a_day_and_a_reason(town: Town, client: Client) -> None:
    due = make_invoice(town)
    preview = send(client, "invoice.hold", chosen=[due.pk])
    assert "Suspendre les relances" in text_of(preview)
    assert "d’ici un an au plus" in text_of(
        confirm(client, preview, until="2020-01-01", reason="difficulty", comment="")
    )
    assert "Choisissez un motif" in text_of(confirm(client, preview, until="2027-01-14", comment=""))
    assert "Précisez le motif" in text_of(confirm(client, preview, until="2027-01-14", reason="other", comment=""))
    assert not BulkAction.objects.exists()
    asked = confirm(client, preview, until="2027-01-14", reason="difficulty", comment="")
    assert BulkAction.objects.get().parameters == {"until": "2027-01-14", "reason": "difficulty", "comment": ""}
    assert "Jusqu’au 14/01/2027 Motif Difficulté" in text_of(client.get(asked["Location"]))


def test_dossiers_are_given_to_a_colleague_who_reviews(town: Town, client: Client) -> None:
    waiting = submit_with_file(town)
    reader = make_agent(Profile.READER, email="lecture@example.org")
    preview = send(client, "dossier.assign", page="dossiers_selection", chosen=[waiting.pk])
    assert reader.name not in text_of(preview)
    for who, said in (("", "Choisissez un agent."), (str(reader.pk), "n’instruit plus de dossiers")):
        assert said in text_of(confirm(client, preview, page="dossiers_selection", agent=who))
    assert not BulkAction.objects.exists()
    asked = confirm(client, preview, page="dossiers_selection", agent=str(town.agent.pk))
    run_tasks()
    assert f"Confiées à {town.agent.name}" in text_of(client.get(asked["Location"]))
    assert Dossier.objects.get(pk=waiting.pk).agent == town.agent


def test_a_selection_is_cancelled_and_each_refusal_is_named(town: Town, client: Client) -> None:
    due, paid, other = make_invoice(town), make_invoice(town, meals=2), make_invoice(town, meals=3)
    pay(paid)
    preview = send(client, CANCEL, chosen=[due.pk, paid.pk])
    page = text_of(preview)
    assert "Seront faites 1 , 52,00 €" in page
    assert f"{paid.number} Son statut est « Payée »." in page
    assert not BulkAction.objects.exists()

    answer = confirm(client, preview, code="quantity", comment="")
    action = BulkAction.objects.get()
    assert answer["Location"] == url("bulk_action", action.pk)
    waiting = get(client, "bulk_action", action.pk)
    assert "En cours. 0 ligne sur 2" in text_of(waiting)
    assert 'hx-trigger="every 2s"' in waiting.content.decode()
    run_tasks()
    ended = get(client, "bulk_action", action.pk)
    assert "Terminée. 2 lignes sur 2" in text_of(ended)
    assert "hx-trigger" not in ended.content.decode()
    links = html.fromstring(ended.content.decode()).xpath("//td/a/@href")
    assert links == [url("invoice", paid.pk)]
    assert "Annuler les factures" in text_of(get(client, "bulk_actions"))
    due.refresh_from_db()
    other.refresh_from_db()
    assert (due.state, other.state) == ("cancelled", "due")


def test_a_second_click_repeats_nothing(town: Town, client: Client) -> None:
    preview = send(client, CANCEL, chosen=[make_invoice(town).pk])
    first = confirm(client, preview, code="quantity", comment="")
    run_tasks()
    assert confirm(client, preview, code="quantity", comment="")["Location"] == first["Location"]
    run_tasks()
    assert (BulkAction.objects.count(), CreditNote.objects.count()) == (1, 1)


def test_a_missing_reason_is_said_at_its_field_and_nothing_is_lost(town: Town, client: Client) -> None:
    one = make_invoice(town)
    preview = send(client, CANCEL, chosen=[one.pk])
    for sent, said in (
        ({"comment": "doublon avec mars"}, "Choisissez un motif"),
        ({"code": "other", "comment": " "}, "Écrivez le motif"),
    ):
        again = confirm(client, preview, **sent)
        assert again.status_code == 200
        assert said in text_of(again)
        assert hidden_of(again) == hidden_of(preview)
    again = confirm(client, preview, comment="doublon avec mars")
    assert "doublon avec mars" in again.content.decode()
    assert not BulkAction.objects.exists()


def test_all_that_answer_are_read_again_from_the_filter(town: Town, client: Client) -> None:
    small, large = make_invoice(town, meals=1), make_invoice(town, meals=20)
    preview = send(client, CANCEL, scope="all", query="amount_from=50&page=a.x")
    assert hidden_of(preview)["ids"] == str(large.pk)
    confirm(client, preview, code="quantity", comment="")
    run_tasks()
    small.refresh_from_db()
    large.refresh_from_db()
    assert (small.state, large.state) == ("due", "cancelled")


def test_a_row_that_left_the_filter_meanwhile_is_left_and_one_that_came_is_not_touched(
    town: Town, client: Client
) -> None:
    stays, leaves = make_invoice(town, meals=1), make_invoice(town, meals=2)
    preview = send(client, PRINT, scope="all", query="status=due")
    pay(leaves)
    make_invoice(town, meals=3)
    confirm(client, preview)
    action = BulkAction.objects.get()
    kept = {row.object_id: (row.outcome, row.reason) for row in action.rows.all()}
    assert kept == {stays.pk: ("pending", ""), leaves.pk: ("skipped", "Ne répond plus aux filtres de la liste.")}
    assert (action.total, action.skipped) == (2, 1)


def test_a_filter_that_cannot_be_understood_chooses_nothing(town: Town, client: Client) -> None:
    make_invoice(town)
    for query in ("amount_from=beaucoup", "status=nonsense"):
        answer = send(client, CANCEL, scope="all", query=query)
        assert answer["Location"] == f"{url('invoices')}?{query}"


def test_nothing_chosen_or_nonsense_leads_back_to_the_list(town: Town, client: Client) -> None:
    draft = make_old_draft(town)
    for chosen in ([], ["x"], ["9" * 30], ["-1"], [draft.pk], ["0"]):
        answer = client.post(url("invoices_selection"), {"verb": CANCEL, "chosen": chosen, "query": "status=due"})
        assert answer["Location"] == f"{url('invoices')}?status=due", chosen
        assert "Cochez au moins une ligne" in text_of(client.get(answer["Location"]))
    assert send(client, "dossier.take", chosen=[1])["Location"] == url("invoices")
    assert client.get(url("invoices_selection"))["Location"] == url("invoices")


def test_too_many_rows_are_said(town: Town, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    make_invoice(town)
    make_invoice(town)
    monkeypatch.setattr("obole.crm.bulk.selection.operations.MOST", 1)
    answer = send(client, "csv", scope="all")
    assert "Plus de 1 lignes" in text_of(client.get(answer["Location"]))


def test_what_somebody_else_handles_is_neither_chosen_nor_shown(town: Town) -> None:
    one = make_invoice(town)
    elsewhere = browser(make_agent(Profile.REVIEWER, email="ailleurs@example.org", all_services=False))
    assert send(elsewhere, CANCEL, chosen=[one.pk])["Location"] == url("invoices")
    assert send(elsewhere, CANCEL, ids=str(one.pk), confirm="1", code="price")["Location"] == url("invoices")
    assert not BulkAction.objects.exists()


def test_an_action_is_seen_and_stopped_by_who_asked_for_it(town: Town, client: Client) -> None:
    confirm(client, send(client, PRINT, chosen=[make_invoice(town).pk]))
    action = BulkAction.objects.get()
    other = browser(town.agent)
    for name in ("bulk_action", "bulk_action_file"):
        assert other.get(url(name, action.pk)).status_code == 404
    assert other.post(url("bulk_action_cancel", action.pk)).status_code == 404
    assert "Imprimer" not in text_of(get(other, "bulk_actions"))

    assert client.get(url("bulk_action_file", action.pk)).status_code == 404
    client.post(url("bulk_action_cancel", action.pk))
    assert "Arrêtée. 1 ligne sur 1" in text_of(get(client, "bulk_action", action.pk))
    run_tasks()
    action.refresh_from_db()
    assert (action.skipped, action.file_digest) == (1, "")


def test_stopping_what_has_ended_says_so(town: Town, client: Client) -> None:
    confirm(client, send(client, PRINT, chosen=[make_invoice(town).pk]))
    action = BulkAction.objects.get()
    run_tasks()
    answer = client.post(url("bulk_action_cancel", action.pk), follow=True)
    assert "rien n’a été arrêté" in text_of(answer)  # type: ignore[arg-type]


def test_the_archive_is_given_and_the_journal_says_that_it_was(town: Town, client: Client) -> None:
    one = make_invoice(town)
    confirm(client, send(client, PRINT, chosen=[one.pk]))
    run_tasks()
    action = BulkAction.objects.get()
    assert "Télécharger l’archive" in text_of(get(client, "bulk_action", action.pk))
    answer = client.get(url("bulk_action_file", action.pk))
    assert answer["Content-Disposition"].startswith("attachment")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.namelist() == [f"facture-{one.number}.pdf"]
    assert Access.objects.filter(verb=Access.Verb.EXPORT, details__what="invoice_pdfs").count() == 1


def test_dossiers_are_taken_together(town: Town) -> None:
    waiting = submit_with_file(town)
    client = browser(town.agent)
    preview = send(client, "dossier.take", page="dossiers_selection", chosen=[waiting.pk])
    assert "Le faire pour 1 ligne" in text_of(preview)
    confirm(client, preview, page="dossiers_selection")
    run_tasks()
    assert Dossier.objects.get(pk=waiting.pk).agent == town.agent
    none = text_of(send(client, "dossier.take", page="dossiers_selection", chosen=[waiting.pk]))
    assert "Aucune de ces lignes ne peut être faite." in none


def test_the_drafts_that_are_ticked_are_issued_and_the_others_wait(town: Town) -> None:
    chosen, other = make_old_draft(town), make_old_draft(town, meals=3)
    client = browser(town.agent)
    page = html.fromstring(get(client, "drafts").content.decode())
    assert page.xpath("//form[@action=$to]//input[@name='chosen']/@value", to=url("drafts_selection")) == [
        str(chosen.pk),
        str(other.pk),
    ]
    preview = send(client, "draft.issue", page="drafts_selection", chosen=[chosen.pk])
    confirm(client, preview, page="drafts_selection")
    run_tasks()
    chosen.refresh_from_db()
    other.refresh_from_db()
    assert (chosen.state, other.state) == ("due", "draft")
    action = BulkAction.objects.get()
    assert url("drafts") in get(client, "bulk_action", action.pk).content.decode()


def test_the_rows_that_are_ticked_make_a_file(town: Town, client: Client) -> None:
    first, _second, third = (make_invoice(town, meals=meals) for meals in (1, 2, 3))
    asked = {"chosen": [first.pk, third.pk], "query": "sort=total_cents&status=late"}
    content = client.get(send(client, "csv", **asked)["Location"])
    text = b"".join(content.streaming_content).decode()  # type: ignore[attr-defined]
    assert [row.split(";")[0] for row in text.splitlines()[1:]] == [first.number, third.number]
    with zipfile.ZipFile(io.BytesIO(client.get(send(client, "xlsx", **asked)["Location"]).content)) as book:
        sheet = etree.fromstring(book.read("xl/worksheets/sheet1.xml"))
    rows = [
        ["".join(cell.itertext()) for cell in row.iterfind("{*}c")] for row in sheet.iterfind(".//{*}sheetData/{*}row")
    ]
    assert (len(rows), {first.number, third.number} <= {cell for row in rows for cell in row}) == (3, True)
    assert "3.25" in rows[1]
    whole = send(client, "csv", scope="all", query="status=due")
    assert whole["Location"] == f"{url('invoices_file', 'csv')}?status=due"


def test_more_rows_ask_no_more_questions(town: Town, client: Client, django_assert_max_num_queries: Any) -> None:
    ids = [make_invoice(town, meals=meals).pk for meals in range(1, 13)]
    Invoice.objects.filter(pk=ids[0]).update(received_cents=1)
    with django_assert_max_num_queries(25):
        send(client, CANCEL, chosen=ids)
    confirm(client, send(client, PRINT, chosen=ids))
    with django_assert_max_num_queries(20):
        get(client, "bulk_action", BulkAction.objects.get().pk)
