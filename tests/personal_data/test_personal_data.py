"""What is known of people: taken away, kept so long, forgotten; and the books are right afterwards."""

import io
import json
import zipfile
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.test import Client

from obole.audit_log.models import Access, Record
from obole.billing.models import Invoice
from obole.books import verification
from obole.consumption.rules.planning import Stay
from obole.directory.models import Citizen, User
from obole.dossiers import operations as dossiers, uploads
from obole.dossiers.models import ApplicationDraft, Attachment, Dossier
from obole.mailing.models import Message, UndeliverableAddress
from obole.personal_data import operations, queries
from obole.recovery import operations as recovery
from tests.books import check_books
from tests.consumption.planned import book, enrol, plan_by, say_absent
from tests.crm.desk import PDF, browser, pay, text_of, url
from tests.crm.test_boundaries import text_of_anything
from tests.world import NOON, PASSWORD, WHO, Town, later, make_citizen, make_dossier, make_invoice, make_town

pytestmark = pytest.mark.django_db
LONG = timedelta(days=37 * 31)


@pytest.fixture
def town() -> Town:
    return make_town()


def signed_in(citizen: Citizen) -> Client:
    client = Client()
    assert citizen.user is not None
    client.post("/compte/login/", {"login": citizen.user.email, "password": PASSWORD})
    return client


def paid_of(town: Town) -> Invoice:
    invoice = make_invoice(town)
    pay(invoice)
    Dossier.objects.update(state="closed", decided_at=NOON)
    return invoice


def test_what_was_agreed_contested_and_written_on_paper_is_theirs_too(town: Town) -> None:
    town.citizen.__class__.objects.filter(pk=town.citizen.pk).update(email="", address="3 rue Basse\n99999 Valbourg")
    agreed, contested = make_invoice(town), make_invoice(town)
    parts = [(later(days=10).date(), 26_00), (later(days=40).date(), 26_00)]
    recovery.make_agreement(invoice_id=agreed.pk, asked=recovery.AgreementRequest(parts, 10), actor=WHO, at=later())
    recovery.report_error(invoice_id=contested.pk, said="Absent le 12", actor=town.citizen.actor, at=later(1))
    other = make_invoice(town, citizen=make_citizen("autre@example.org", last_name="Durand"))
    recovery.open_dispute(invoice_id=other.pk, reason="Autre chose", actor=WHO, at=later(1))

    known = queries.known_of(Citizen.objects.get(pk=town.citizen.pk))

    (agreement,) = known["agreements"]
    assert (agreement["invoice"], agreement["state"]) == (agreed.number, "open")
    assert [one["cents"] for one in agreement["instalments"]] == [26_00, 26_00]
    assert [one["reason"] for one in known["disputes"]] == ["Absent le 12"]
    assert len(known["letters"]) == 3 and all(one["text"] for one in known["letters"])


def test_what_was_planned_is_theirs_and_of_nobody_else(town: Town) -> None:
    dossier, other = make_dossier(plan_by(town)), make_dossier(town, citizen=make_citizen("autre@example.org"))
    book(town, dossier)
    say_absent(town, dossier)
    enrol(town, dossier, Stay(None, later(days=30).date()))
    book(town, other)
    known = queries.known_of(Citizen.objects.get(pk=town.citizen.pk))
    (booked,), (away,), (stay,) = known["bookings"], known["absences"], known["enrolments"]
    assert booked["application"] == away["application"] == stay["application"] == dossier.reference
    assert away["reason"] == "Maladie avec certificat" and stay["last"] == later(days=30).date()


def test_a_citizen_takes_all_that_is_known_of_them(town: Town) -> None:
    invoice = paid_of(town)
    other = make_citizen("autre@example.net", last_name="Durand")
    make_invoice(town, citizen=other)
    answer = signed_in(town.citizen).get("/mon-compte/mes-donnees.zip")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        known: dict[str, Any] = json.loads(archive.read("donnees.json"))
    assert known["identity"]["last_name"] == town.citizen.last_name
    assert [row["number"] for row in known["invoices"]] == [invoice.number]
    assert [row["answers"]["Prénom de l’enfant"] for row in known["applications"]] == ["Zoé"]
    assert len(known["receipts"]) == 1 and "Durand" not in json.dumps(known)
    assert Access.objects.filter(verb="export", actor__id=town.citizen.actor.id).exists()


def test_an_archive_is_made_so_often_and_no_more(town: Town) -> None:
    client = signed_in(town.citizen)
    answers = [client.get("/mon-compte/mes-donnees.zip").status_code for _n in range(7)]
    assert answers == [200] * 6 + [429]


def test_an_account_is_closed_forgotten_and_the_books_stay_right(town: Town) -> None:
    invoice = paid_of(town)
    printed = Invoice.objects.values_list("wording", "total_cents", "number").get(pk=invoice.pk)
    client, user = signed_in(town.citizen), town.citizen.user
    assert "dix ans" in client.get("/mon-compte/fermer/").content.decode()
    answer = client.post("/mon-compte/fermer/", follow=True)
    assert "vos données sont effacées" in answer.content.decode()
    citizen = Citizen.objects.get(pk=town.citizen.pk)
    assert (citizen.last_name, citizen.email, citizen.address, citizen.user) == (
        f"Usager effacé {citizen.pk}",
        "",
        "",
        None,
    )
    assert user is not None and not User.objects.filter(email=user.email).exists()
    assert Dossier.objects.get().answers == {} and not Message.objects.filter(to="usager@example.org").exists()
    assert Invoice.objects.values_list("wording", "total_cents", "number").get(pk=invoice.pk) == printed
    assert "Lefèvre" not in str(Record.objects.get(verb="citizen.forget").actor)
    assert client.get("/mon-compte/").status_code == 302
    check_books()
    assert verification.verify() > 0


def test_who_owes_something_is_kept_and_told_why(town: Town) -> None:
    make_invoice(town)
    client = signed_in(town.citizen)
    assert "Il reste une facture à payer" in client.get("/mon-compte/fermer/").content.decode()
    assert client.post("/mon-compte/fermer/").status_code == 200
    assert Citizen.objects.get(pk=town.citizen.pk).last_name == "Lefèvre"
    with pytest.raises(operations.MustBeKept):
        operations.forget_citizen(citizen_id=town.citizen.pk, actor=WHO, at=NOON)


def test_the_marks_on_their_addresses_are_forgotten_but_those_of_others(town: Town) -> None:
    paid_of(town)
    shared = "Famille@example.org"
    Message.objects.filter(about_kind="billing.invoice").update(to=shared)
    Citizen.objects.filter(pk=make_citizen("autre@example.org").pk).update(email=shared.lower())
    for address in (town.citizen.email, shared.lower(), "ailleurs@example.org"):
        said = f"550 5.1.1 <{address}> no such user"
        UndeliverableAddress.objects.create(address=address, fault="mailbox", diagnostic=said, since=NOON)
    operations.forget_citizen(citizen_id=town.citizen.pk, actor=WHO, at=NOON)
    blank, *others = UndeliverableAddress.objects.order_by("id")
    assert (blank.address, blank.diagnostic, blank.ended_at) == ("efface@efface.invalid", "", NOON)
    assert [mark.ended_at for mark in others] == [None, None]
    assert [mark.address for mark in others] == ["famille@example.org", "ailleurs@example.org"]


def everything_old(town: Town) -> None:
    stored = uploads.store(field_key="enfant", name="x.pdf", content=PDF)
    refused = make_dossier(town)
    Attachment.objects.create(
        dossier=refused, field_key="x", name="x", content_type="x", size=1, digest=stored.digest, added_at=NOON
    )
    dossiers.reject(dossier_id=refused.pk, reason="non", actor=WHO, at=NOON)
    ApplicationDraft.objects.create(citizen=town.citizen, scheme=town.scheme, form=town.form, typed={}, kept_at=NOON)
    Session.objects.create(session_key="old", session_data="", expire_date=NOON)
    Message.objects.update(state="kept", sent_at=NOON, created_at=NOON)
    User.objects.update(date_joined=NOON, last_login=None)


def test_a_dry_run_counts_and_the_night_lets_go(town: Town) -> None:
    everything_old(town)
    at = NOON + LONG
    counted = operations.purge(at=at, dry_run=True)
    mails = Message.objects.count()
    others = {"letters": 0, "attendance": 0}
    assert counted == {"sessions": 1, "drafts": 1, "mails": mails, "refusals": 1, "accounts": 1, **others}
    assert operations.purge(at=NOON + timedelta(days=1), dry_run=True)["drafts"] == 0
    assert Session.objects.exists() and ApplicationDraft.objects.exists()
    done = operations.purge(at=at)
    assert done == counted and set(operations.purge(at=at, dry_run=True).values()) == {0}
    dossier = Dossier.objects.get()
    assert dossier.answers == {} and not dossier.attachments.exists()
    assert Citizen.objects.get(pk=town.citizen.pk).last_name.startswith("Usager effacé")
    assert verification.verify() >= 0


def test_what_somebody_must_look_at_and_who_came_lately_stay(town: Town) -> None:
    everything_old(town)
    User.objects.update(last_login=NOON + LONG - timedelta(days=3))
    assert not queries.inactive_citizens(NOON + LONG).exists()
    User.objects.update(last_login=None)
    make_invoice(town)
    assert not queries.inactive_citizens(NOON + LONG).exists(), "a debt is never forgotten"


def test_the_operator_may_look_before(town: Town, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("purge", "--dry-run")
    assert capsys.readouterr().out.startswith("Would purge: 0 sessions")


def test_durations_are_chosen_and_told_to_the_public(town: Town) -> None:
    admin = browser(town.admin)
    form = {"drafts_days": 30, "account_mails_days": 7, "mails_months": 18, "refused_months": 12, "inactive_months": 6}
    form["attendance_days"] = 45
    refused = text_of_anything(admin.post(url("settings_retention"), form))
    assert "12" in refused
    assert admin.post(url("settings_retention"), {**form, "inactive_months": 30}).status_code == 302
    page = text_of(Client().get("/pages/donnees-personnelles/"))
    assert "30 jours" in page and "30 mois" in page and "18 mois" in page and "45 jours" in page
    assert browser(town.agent).get(url("settings_retention")).status_code == 403
