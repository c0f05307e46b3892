"""What a régisseur does about what is not paid, on screen: looks, chooses, hands over, writes titres, takes back."""

import io
import zipfile
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from lxml import etree, html
from pypdf import PdfReader

from obole.audit_log.models import Access
from obole.billing.models import Invoice
from obole.directory import operations as directory
from obole.directory.rules import Profile
from obole.lib import spreadsheets
from obole.recovery.models import Dispute, Transmission, TransmissionLine
from obole.regies import operations as regies
from tests.books import check_books
from tests.crm.desk import browser, get, rows_of, text_of, url
from tests.recovery.steps import LATE, hand_over, remind_all, request, want_two
from tests.recovery.test_transmissions import take
from tests.world import WHO, Town, later, make_agent, make_citizen, make_invoice, make_town, run_tasks

pytestmark = pytest.mark.django_db


@pytest.fixture
def town() -> Town:
    return make_town()


@pytest.fixture
def invoices(town: Town) -> list[Invoice]:
    made = [make_invoice(town), make_invoice(town, meals=4)]
    take(made[1], 300)
    remind_all(town)
    return made


@pytest.fixture
def client(town: Town, invoices: list[Invoice], time_machine: Any) -> Client:
    time_machine.move_to(later(days=LATE), tick=False)
    return browser(town.regisseur)


def form_of(answer: Any, *, holds: str) -> dict[str, Any]:
    """Return what the form that has this field would send."""
    page = html.fromstring(answer.content.decode())
    form = next(form for form in page.forms if holds in form.fields)
    sent: dict[str, Any] = {}
    for name, value in form.form_values():
        sent.setdefault(name, []).append(value)
    return sent


def confirm(client: Client, town: Town, **changes: Any) -> Any:
    """Choose all that is proposed, and confirm."""
    address = url("transmission_new", town.regie.pk)
    chosen = form_of(client.get(address), holds="invoice")
    sent = form_of(client.post(address, chosen), holds="request_key")
    return client.post(address, {**sent, "confirm": "1", **changes})


def test_choosing_looking_and_handing_over(client: Client, town: Town) -> None:
    address = url("transmission_new", town.regie.pk)
    proposed = get(client, "transmission_new", town.regie.pk)
    assert [row[-1] for row in rows_of(proposed)] == ["52,00", "10,00"]
    shown = client.post(address, form_of(proposed, holds="invoice"))
    assert "Transmettre 2 factures au comptable" in text_of(shown) and "62,00 €" in text_of(shown)
    assert not Transmission.objects.exists(), "nothing happens before it is confirmed"
    sent = {**form_of(shown, holds="request_key"), "confirm": "1"}
    for _twice in range(2):
        answer = client.post(address, sent)
        assert answer["Location"] == url("transmission", town.regie.pk, Transmission.objects.get().pk)
    assert "En cours : il en reste 2 sur 2" in text_of(client.get(answer["Location"]))
    run_tasks()
    page = text_of(client.get(answer["Location"]))
    assert "ENF-T-2027-000001" in page and "2 – 62,00 €" in page
    assert "Préparer une transmission" in text_of(get(client, "transmissions", town.regie.pk))
    assert "ENF-T-2027-000001" in text_of(get(client, "invoice", Invoice.objects.earliest("id").pk))
    check_books()


def test_a_selection_that_changed_is_shown_again(client: Client, town: Town, invoices: list[Invoice]) -> None:
    address = url("transmission_new", town.regie.pk)
    shown = client.post(address, form_of(client.get(address), holds="invoice"))
    take(invoices[0], 200, days=LATE)
    answer = client.post(address, {**form_of(shown, holds="request_key"), "confirm": "1"}, follow=True)
    assert "ont changé entre-temps" in text_of(answer)
    assert not Transmission.objects.exists()
    nothing = client.post(address, {"invoice": ["x", "9" * 30, "-1"]}, follow=True)
    assert "Cochez au moins une facture" in text_of(nothing)
    whole = text_of(client.post(address, {"whole": "1"}))
    assert "Transmettre 2 factures" in whole and "60,00 €" in whole


def test_an_invoice_of_another_regie_or_too_early_is_not_taken(client: Client, town: Town) -> None:
    early = make_invoice(town, at=later(days=90))
    answer = client.post(url("transmission_new", town.regie.pk), {"invoice": [str(early.pk)]})
    assert "Cochez au moins une facture" in text_of(answer)


def test_two_people_each_at_their_screen(client: Client, town: Town) -> None:
    want_two(town)
    second = make_agent(Profile.REGISSEUR, email="second@valbourg.example")
    regies.give_mandates(regie_id=town.regie.pk, agent_ids=[town.regisseur.pk, second.pk], actor=WHO, at=later())
    address = confirm(client, town)["Location"]
    assert "une autre personne doit la transmettre" in text_of(client.get(address))
    assert "Vous avez demandé" in text_of(client.post(address, {"action": "send"}, follow=True))
    other = browser(second)
    assert "Transmettre au comptable" in text_of(other.get(address))
    assert "est partie" in text_of(other.post(address, {"action": "send"}, follow=True))
    assert "a changé entre-temps" in text_of(other.post(address, {"action": "send"}, follow=True))
    assert Transmission.objects.get().state == "sending"


def test_giving_up_wants_a_reason(client: Client, town: Town) -> None:
    want_two(town)
    address = confirm(client, town)["Location"]
    assert "Écrivez pourquoi" in text_of(client.post(address, {"action": "give_up", "reason": ""}))
    client.post(address, {"action": "give_up", "reason": "Accord amiable"})
    assert Transmission.objects.get().state == "given_up"
    assert "a changé" in text_of(client.post(address, {"action": "dance"}, follow=True))


def test_titres_are_pasted_shown_then_kept(client: Client, town: Town, invoices: list[Invoice]) -> None:
    lines = hand_over(town, *invoices)
    address = url("titres", town.regie.pk, lines[0].transmission_id)
    text = "\n".join(f"{invoice.number};2027;45{rank}" for rank, invoice in enumerate(invoices))
    shown = client.post(address, {"pasted": text})
    assert "2 titres ont été lus" in text_of(shown) and not TransmissionLine.objects.exclude(titre_year=None).exists()
    client.post(address, {**form_of(shown, holds="pasted"), "confirm": "1"})
    assert [line.titre for line in TransmissionLine.objects.order_by("id")] == ["2027-450", "2027-451"]
    page = browser_of_payer(town).get(f"/mes-factures/{invoices[0].public_id}/")
    assert "titre 450, exercice 2027" in text_of(page)


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"pasted": ""}, "Il n’y a aucune ligne"),
        (
            {"pasted": "ENF-2026-999999;2027;1"},
            "Ligne 1 : la facture ENF-2026-999999 n’est pas dans cette transmission",
        ),
        ({"pasted": "ENF-2026-000001;2027;=HYPERLINK()"}, "Ligne 1 : le numéro du titre"),
        ({"file": b"\xff\xfe\x00;;;"}, "Ligne 1"),
        ({"file": b"x" * 1_200_000}, "trop long"),
    ],
)
def test_a_bad_file_of_titres_keeps_nothing(client: Client, town: Town, sent: Any, said: str) -> None:
    [line, *_more] = hand_over(town, *Invoice.objects.order_by("id"))
    if "file" in sent:
        sent = {"file": SimpleUploadedFile("t.csv", sent["file"])}
    answer = client.post(url("titres", town.regie.pk, line.transmission_id), {**sent, "confirm": "1"})
    assert said in text_of(answer)
    assert not TransmissionLine.objects.exclude(titre_year=None).exists()


def test_one_titre_and_a_return(client: Client, town: Town, invoices: list[Invoice]) -> None:
    [line] = hand_over(town, invoices[0])
    address = url("transmission_line", town.regie.pk, line.transmission_id, line.pk)
    assert "20 lettres ou chiffres" in text_of(client.post(address, {"action": "titre", "year": 2027, "number": "=1"}))
    client.post(address, {"action": "titre", "year": 2027, "number": "4512"})
    refused = {"action": "return", "due_date": "2026-01-01", "reason": "Erreur", "reference": "SGC 1"}
    assert "choisissez un jour à venir" in text_of(client.post(address, refused))
    day = (later(days=LATE + 30)).date().isoformat()
    answer = client.post(address, {**refused, "due_date": day}, follow=True)
    assert "de nouveau à payer" in text_of(answer) and "Revenue du comptable public : 52,00 €" in text_of(answer)
    assert "n’est plus chez le comptable" in text_of(client.post(address, {**refused, "due_date": day}, follow=True))
    check_books()


def test_the_file_for_the_finance_software_runs_no_formula(client: Client, town: Town, invoices: list[Invoice]) -> None:
    citizen = make_citizen("formule@example.org", last_name="=cmd|' /C calc'!A0", at=later())
    hostile = make_invoice(town, citizen=citizen)
    type(citizen).objects.filter(pk=citizen.pk).update(email="", address="")
    lines = hand_over(town, invoices[0], hostile)
    answer = client.get(url("transmission_export", town.regie.pk, lines[0].transmission_id))
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    head, *rows = text.splitlines()
    assert head.startswith("transmission;date;regie;facture;emise_le;echeance;objet;periode;imputations;debiteur_type")
    assert len(rows) == 2 and ";52,00;52,00;;;" in rows[0] and ";7067;" in rows[0]
    assert "'=cmd" in rows[1]
    assert Access.objects.filter(verb=Access.Verb.EXPORT).count() == 1


def test_the_etat_of_a_past_day(client: Client, town: Town, invoices: list[Invoice]) -> None:
    hand_over(town, invoices[0])
    today, before = get(client, "outstanding", town.regie.pk), later(days=60).date().isoformat()
    assert "1 facture, reste 10,00 €" in text_of(today) and "est égal au compte" in text_of(today)
    past = text_of(get(client, "outstanding", town.regie.pk, au=before))
    assert "2 factures, reste 62,00 €" in past and "est égal au compte" in past
    narrowed = text_of(get(client, "outstanding", town.regie.pk, au=before, q=invoices[0].number))
    assert "1 facture, reste 52,00 €" in narrowed and "est égal au compte" in narrowed
    for age, count in (("two_months", 2), ("month", 0)):
        shown = get(client, "outstanding", town.regie.pk, au=later(days=70).date().isoformat(), age=age)
        assert f"{count} facture" in text_of(shown)
    for odd in ("x", "0001-01-01", "9999-12-31", "2026-13-45", "-1"):
        assert client.get(url("outstanding", town.regie.pk), {"au": odd, "rest_from": "x"}).status_code == 200


def test_the_etat_leaves_as_a_file_and_as_a_paper(client: Client, town: Town, tmp_path: Any) -> None:
    directory.configure_authority(
        values={"name": "Ville de Valbourg", "treasury": "SGC de Valbourg"}, actor=WHO, at=later()
    )
    before = {"au": later(days=60).date().isoformat()}
    answer = client.get(url("outstanding_file", town.regie.pk, "csv"), before)
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    assert text.splitlines()[1].endswith(";52,00;0,00;52,00;31 à 60 jours;3;")
    assert client.get(url("outstanding_file", town.regie.pk, "exe"), before).status_code == 404
    paper = client.get(url("outstanding_pdf", town.regie.pk), before)
    assert paper["Content-Type"] == "application/pdf"
    (tmp_path / "etat.pdf").write_bytes(paper.content)
    said = " ".join(page.extract_text() for page in PdfReader(tmp_path / "etat.pdf").pages)
    for words in ("recouvrer au 24 janvier 2027", "62,00", "SGC de Valbourg", "Le régisseur", "Page 1/1"):
        assert words in said.replace("\u202f", " "), words


def test_the_etat_as_a_spreadsheet_adds_up_to_the_screen(
    client: Client, town: Town, invoices: list[Invoice], monkeypatch: pytest.MonkeyPatch
) -> None:
    address, asked = url("outstanding_file", town.regie.pk, "xlsx"), {"au": later(days=60).date().isoformat()}
    sheet = zipfile.ZipFile(io.BytesIO(client.get(address, asked).content)).read("xl/worksheets/sheet1.xml")
    rows = etree.fromstring(sheet).findall(".//{*}row")
    numbers = [[float(cell.text) for cell in row.findall("{*}c[@r]/{*}v")] for row in rows]
    assert b"<f>" not in sheet and len(rows) == 1 + len(invoices) + 1
    assert numbers[-1][-3:] == [65.0, 3.0, 62.0], "the line of totals is what the screen says"
    narrowed = client.get(address, {**asked, "q": invoices[0].number}).content
    assert len(narrowed) < len(client.get(address, asked).content)
    monkeypatch.setattr(spreadsheets, "MOST_ROWS", 1)
    told = client.get(address, asked, follow=True)
    assert "Plus de 1 lignes" in text_of(told) and told.redirect_chain[-1][0].endswith(f"?au={asked['au']}")


def test_what_is_late_and_not_proposed_is_said_one_or_many(client: Client, town: Town) -> None:
    def said() -> str:
        return text_of(get(client, "transmission_new", town.regie.pk))

    assert "pas proposées" not in said()
    first, second = make_invoice(town), make_invoice(town)
    assert "2 pas encore relancées comme prévu." in said()
    client.post(url("dispute", first.pk), {"said": "Absent"})
    assert "1 contestée par son payeur, 1 pas encore relancée comme prévu." in said()
    client.post(url("dispute", second.pk), {"said": "Absent"})
    assert "2 contestées par leur payeur." in said()


def test_a_contested_invoice_from_its_page(client: Client, town: Town, invoices: list[Invoice]) -> None:
    address = url("dispute", invoices[0].pk)
    assert "Écrivez ce que le payeur conteste" in text_of(client.post(address, {"said": " "}))
    page = client.post(address, {"said": "<b>Absent</b>"}, follow=True)
    assert "<b>Absent</b>" in text_of(page), "as it was typed"
    assert [row[-1] for row in rows_of(get(client, "transmission_new", town.regie.pk))] == ["10,00"]
    assert "contestée" in text_of(get(client, "outstanding", town.regie.pk))
    client.post(address, {"said": "Absence non prévenue"})
    assert Dispute.objects.get().answer == "Absence non prévenue"
    assert "Contestations d’avant" in text_of(client.get(address))


def test_the_payer_reads_where_to_pay(client: Client, town: Town, invoices: list[Invoice]) -> None:
    values = {
        "name": "Ville de Valbourg",
        "treasury": "SGC de Valbourg",
        "treasury_address": "2 place du Marché\n99999 Valbourg",
        "treasury_phone": "01 23 45 67 80",
    }
    directory.configure_authority(values=values, actor=WHO, at=later())
    hand_over(town, invoices[0])
    page = text_of(browser_of_payer(town).get(f"/mes-factures/{invoices[0].public_id}/"))
    for words in ("avis des sommes à payer", "SGC de Valbourg", "2 place du Marché", "01 23 45 67 80", "52,00 €"):
        assert words in page
    assert "Payer maintenant" not in page


def test_lists_cost_the_same_however_long(client: Client, town: Town, django_assert_max_num_queries: Any) -> None:
    lines = hand_over(town, *[make_invoice(town, at=later(days=-n)) for n in range(1, 4)], at=later(days=LATE))
    sent = (town.regie.pk, lines[0].transmission_id)
    for name, args in (("outstanding", sent[:1]), ("transmissions", sent[:1]), ("transmission", sent)):
        with django_assert_max_num_queries(40):
            get(client, name, *args)


def test_who_only_reads_a_regie_hands_nothing_over(town: Town, invoices: list[Invoice], time_machine: Any) -> None:
    time_machine.move_to(later(days=LATE), tick=False)
    waiting = request(town, invoices[0])
    reader = browser(town.admin)
    address = url("transmission", town.regie.pk, waiting.pk)
    assert "Transmettre au comptable" not in text_of(reader.get(address))
    for name, args in (("transmission", (waiting.pk,)), ("transmission_new", ()), ("titres", (waiting.pk,))):
        assert reader.post(url(name, town.regie.pk, *args), {"action": "send"}).status_code == 404
    line = url("transmission_line", town.regie.pk, waiting.pk, waiting.lines.get().pk)
    assert reader.post(line, {"action": "titre", "year": 2027, "number": "1"}).status_code == 404
    waiting.refresh_from_db()
    assert waiting.state == "requested"


def browser_of_payer(town: Town) -> Client:
    client = Client()
    client.force_login(town.citizen.user)
    return client


def test_time_to_pay_is_offered(client: Client, town: Town, invoices: list[Invoice]) -> None:
    [line] = hand_over(town, invoices[0])
    page = get(client, "transmission_line", town.regie.pk, line.transmission_id, line.pk)
    offered = form_of(page, holds="due_date")["due_date"]
    assert offered == [(later(days=LATE).date() + timedelta(days=30)).isoformat()]
