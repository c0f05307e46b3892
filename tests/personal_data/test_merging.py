"""Two files of one person become one: what moves, what stays as it was, and what is refused."""

from datetime import date
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, IntegrityError, transaction
from django.db.models import Model

from obole.audit_log.models import Record
from obole.billing import operations as billing
from obole.billing.models import BillingPlan, CarryOver, Invoice, InvoicePdf, PlannedInstalment, SecurityDeposit
from obole.billing.states import InvoiceState
from obole.catalogue import operations as catalogue
from obole.directory import operations as directory, queries as people
from obole.directory.models import Citizen
from obole.directory.rules import NotAllowed, Profile
from obole.dossiers.models import ApplicationDraft, Dossier
from obole.lib import files
from obole.payments import queries as payments
from obole.personal_data import operations, queries
from obole.personal_data.operations.merging import KEPT, MOVED
from obole.recovery import operations as recovery
from obole.recovery.models import Hold
from obole.regies import operations as regies
from tests.billing.priced import COPIES, HALL_ASKED, answered, bill, publish
from tests.books import check_books
from tests.crm.desk import pay, try_to_pay
from tests.pricing.dispositifs import HALL
from tests.world import (
    NOON,
    WHO,
    Town,
    bill_dossier,
    later,
    make_agent,
    make_citizen,
    make_dossier,
    make_invoice,
    make_town,
    run_tasks,
)

pytestmark = pytest.mark.django_db
AT = later(90)


@pytest.fixture
def town() -> Town:
    return make_town()


@pytest.fixture
def twin(town: Town) -> Citizen:
    """Return a second file of the town's citizen, opened at the counter."""
    values = {"first_name": "Maud", "last_name": "Lefevre", "phone": "0102030405"}
    return directory.register_citizen(values=values, actor=WHO, at=NOON)


def merge(kept: Citizen, merged: Citizen, actor: Any = WHO, reason: str = "même pièce d’identité") -> Citizen:
    return operations.merge_citizens(kept_id=kept.pk, merged_id=merged.pk, reason=reason, actor=actor, at=AT)


def test_each_table_that_names_a_citizen_was_decided_upon() -> None:
    naming: set[tuple[type[Model], str]] = {
        (relation.related_model, relation.field.name) for relation in Citizen._meta.related_objects
    }
    assert naming == {*MOVED, *KEPT}, "decide what a merge of files does of it: personal_data.operations.merging"
    assert len(MOVED) + len(KEPT) == len(naming)


def fill(town: Town, citizen: Citizen) -> None:
    """Give a file one of everything that names a citizen."""
    version = publish(town, HALL)
    bill(
        town, version, HALL_ASKED, dossier=make_dossier(town, citizen=citizen), key="hall", later=[later(days=9).date()]
    )
    copies = publish(town, COPIES)
    dossier = make_dossier(town, citizen=citizen)
    asked = answered(copies, {"pages": "3"})
    billing.carry_price(
        dossier_id=dossier.pk, type_id=town.type.pk, answered=asked, period="", request_key="c", actor=WHO, at=NOON
    )
    ApplicationDraft.objects.create(citizen=citizen, scheme=town.scheme, form=town.form, kept_at=NOON)
    hold(citizen, days=30)


def hold(citizen: Citizen, *, days: int) -> Hold:
    """Suspend the reminders of all that a citizen owes."""
    due = Invoice.objects.filter(payer=citizen, state=InvoiceState.DUE).earliest("id")
    asked = recovery.HoldRequest(later(days=days).date(), "difficulty", of_payer=True)
    return recovery.place_hold(invoice_id=due.pk, asked=asked, actor=WHO, at=NOON)


@pytest.mark.parametrize(("mine", "theirs"), [(30, 60), (60, 30)])
def test_of_two_rests_the_longer_stays(town: Town, twin: Citizen, mine: int, theirs: int) -> None:
    for citizen in (town.citizen, twin):
        make_invoice(town, citizen=citizen)
    held = {days: hold(citizen, days=days) for citizen, days in ((town.citizen, mine), (twin, theirs))}
    kept = merge(town.citizen, twin)
    assert Hold.objects.get(ended_at=None) == held[60]
    assert set(Hold.objects.values_list("payer", flat=True)) == {kept.pk}


def test_everything_moves_sums_are_added_and_papers_stay(
    town: Town, twin: Citizen, django_assert_max_num_queries: Any
) -> None:
    mine, theirs = make_invoice(town), make_invoice(town, citizen=twin, meals=4)
    pay(mine)
    fill(town, twin)
    run_tasks()
    papers = {pdf.invoice_id: (pdf.digest, files.get(pdf.digest)) for pdf in InvoicePdf.objects.order_by("id")}
    printed = dict(Invoice.objects.exclude(number=None).values_list("pk", "wording"))
    code = twin.claim_code
    assert theirs.pk in papers and code and code in str(printed[theirs.pk])
    due = [sum(row.remaining_cents for row in Invoice.objects.filter(payer=item)) for item in (town.citizen, twin)]

    with django_assert_max_num_queries(45):
        kept = merge(town.citizen, twin)

    for model, name in MOVED:
        rows = model._default_manager
        assert not rows.filter(**{name: twin}).exists() and rows.filter(**{name: kept}).exists(), model
    assert sum(row.remaining_cents for row in Invoice.objects.filter(payer=kept)) == sum(due)
    run_tasks()
    assert {pdf.invoice_id: (pdf.digest, files.get(pdf.digest)) for pdf in InvoicePdf.objects.order_by("id")} == papers
    assert dict(Invoice.objects.exclude(number=None).values_list("pk", "wording")) == printed
    twin.refresh_from_db()
    assert (twin.merged_into, twin.merged_at, twin.last_name, twin.claim_code) == (kept, AT, "Lefevre", None)
    assert (kept.phone, kept.last_name, kept.user) == ("0102030405", "Lefèvre", town.citizen.user)
    check_books()


def test_the_records_hold_all_that_moved(town: Town, twin: Citizen) -> None:
    invoice = make_invoice(town, citizen=twin)
    fill(town, twin)
    moved = {model._meta.model_name: sorted(model._default_manager.values_list("pk", flat=True)) for model, _n in MOVED}
    merge(town.citizen, twin)
    record = Record.objects.get(verb="citizen.merge")
    assert (record.subject_id, record.details["into"]) == (twin.pk, town.citizen.pk)
    assert {name: record.details[name] for name in moved} == moved and invoice.pk in moved["invoice"]
    assert record.details["reason"] == "même pièce d’identité" and record.details["account"] is None
    other = Record.objects.get(verb="citizen.absorb")
    assert (other.subject_id, other.details) == (town.citizen.pk, {"merged": twin.pk, "filled": "phone"})
    told = queries.merged_into(town.citizen)
    assert [(item.citizen.display_name, item.reason, item.by) for item in told] == [
        ("Maud Lefevre", "même pièce d’identité", WHO.name)
    ]


def test_a_second_time_changes_nothing(town: Town, twin: Citizen) -> None:
    merge(town.citizen, twin)
    before = Record.objects.count()
    assert merge(town.citizen, twin) == town.citizen
    assert Record.objects.count() == before
    with pytest.raises(operations.MergeRefused, match="déjà été fusionnée"):
        merge(twin, town.citizen)
    with pytest.raises(operations.MergeRefused, match="déjà été fusionnée"):
        merge(make_citizen("tiers@example.org"), twin)


def test_the_account_goes_with_the_file(town: Town, twin: Citizen) -> None:
    user = town.citizen.user
    kept = merge(twin, town.citizen)
    assert (kept.user, kept.claim_code, kept.email) == (user, None, "usager@example.org")
    assert Record.objects.get(verb="citizen.merge").details["account"] == user.pk


def test_neg_two_accounts_stay_two_until_their_owner_leaves_one(town: Town) -> None:
    other = make_citizen("autre@example.org")
    make_invoice(town, citizen=other)
    with pytest.raises(operations.MergeRefused, match="Seul l’usager prouve"):
        merge(town.citizen, other)
    assert Invoice.objects.get().payer == other
    left = operations.leave_account(citizen_id=other.pk, actor=other.actor, at=AT)
    assert left.user is None and left.claim_code and left.last_name == "Lefèvre" and left.email == "autre@example.org"
    assert not type(other.user)._default_manager.filter(email="autre@example.org").exists()
    merge(town.citizen, other)
    assert Invoice.objects.get().payer == town.citizen


def test_neg_an_account_of_an_agent_is_not_left(town: Town) -> None:
    other = directory.register_citizen(values={"last_name": "X"}, user_id=town.agent.user_id, actor=WHO, at=NOON)
    with pytest.raises(operations.MustBeKept):
        operations.leave_account(citizen_id=other.pk, actor=other.actor, at=AT)
    other.refresh_from_db()
    assert other.user == town.agent.user


@pytest.mark.parametrize("whose", ["kept", "merged"])
def test_neg_not_while_a_payment_is_open(town: Town, twin: Citizen, whose: str) -> None:
    attempt = try_to_pay(make_invoice(town, citizen=town.citizen if whose == "kept" else twin))
    assert attempt.state == "waiting"
    with pytest.raises(operations.MergeRefused, match="Un paiement est en cours"):
        merge(town.citizen, twin)
    twin.refresh_from_db()
    assert twin.merged_into is None and not Record.objects.filter(verb="citizen.merge").exists()


def test_neg_not_two_people_who_were_born_on_two_days(town: Town, twin: Citizen) -> None:
    Citizen.objects.filter(pk=town.citizen.pk).update(birth_date=date(1979, 12, 31))
    Citizen.objects.filter(pk=twin.pk).update(birth_date=date(2011, 4, 2))
    with pytest.raises(operations.MergeRefused, match="la même date de naissance"):
        merge(town.citizen, twin)
    Citizen.objects.filter(pk=twin.pk).update(birth_date=None)
    assert merge(town.citizen, twin) == town.citizen


def test_neg_other_refusals(town: Town, twin: Citizen) -> None:
    with pytest.raises(operations.MergeRefused, match="la même fiche"):
        merge(twin, twin)
    with pytest.raises(ValidationError, match="Dites pourquoi"):
        merge(town.citizen, twin, reason=" \u200b ")
    directory.record_death(citizen_id=twin.pk, deceased_on=NOON.date(), correspondent="", actor=WHO, at=AT)
    with pytest.raises(operations.MergeRefused, match="décès"):
        merge(town.citizen, twin)
    third = directory.register_citizen(values={"last_name": "Lefevre"}, actor=WHO, at=NOON)
    operations.forget_citizen(citizen_id=third.pk, actor=WHO, at=AT)
    with pytest.raises(operations.MergeRefused, match="effacée"):
        merge(town.citizen, third)
    with pytest.raises(Citizen.DoesNotExist):
        operations.merge_citizens(kept_id=town.citizen.pk, merged_id=2_000_000, reason="x", actor=WHO, at=AT)


def test_neg_who_handles_a_part_only_does_not_decide(town: Town, twin: Citizen) -> None:
    reader = make_agent(Profile.READER, email="lit@valbourg.example")
    with pytest.raises(NotAllowed):
        merge(town.citizen, twin, actor=reader.actor)
    make_invoice(town, citizen=twin)
    apart = make_agent(Profile.REVIEWER, email="apart@valbourg.example", all_services=False)
    for agent in (apart, reader):
        with pytest.raises(NotAllowed):
            merge(town.citizen, twin, actor=agent.actor)
    with pytest.raises(NotAllowed):
        merge(town.citizen, twin, actor=town.citizen.actor)
    reads: dict[str, Any] = {"agent_id": apart.pk, "actor": WHO, "at": NOON}
    catalogue.give_service_access(handled=set(), read={town.scheme.service_id}, **reads)
    with pytest.raises(NotAllowed):
        merge(town.citizen, twin, actor=apart.actor)
    catalogue.give_service_access(handled={town.scheme.service_id}, read=set(), **reads)
    assert merge(town.citizen, twin, actor=apart.actor) == town.citizen


def test_neg_the_database_lets_a_payer_change_for_a_merge_alone(town: Town, twin: Citizen) -> None:
    invoice = make_invoice(town, citizen=twin)
    fill(town, twin)
    for model in (Invoice, BillingPlan, CarryOver):
        rows = model._default_manager.filter(payer=twin)
        if model is Invoice:
            rows = rows.exclude(number=None)
        with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
            rows.update(payer=town.citizen)
    Citizen.objects.filter(pk=twin.pk).update(merged_into=town.citizen, merged_at=AT, claim_code=None)
    stranger = make_citizen("tiers@example.org")
    for change in (
        {"payer": stranger},
        {"payer": town.citizen, "label": "autre"},
        {"payer": town.citizen, "year": 1999},
    ):
        with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
            Invoice.objects.filter(pk=invoice.pk).update(**change)
    with pytest.raises(DatabaseError, match="Cannot update or delete"), transaction.atomic():
        BillingPlan.objects.all()._raw_delete("default")
    assert Invoice.objects.filter(pk=invoice.pk).update(payer=town.citizen) == 1


def test_neg_a_merged_file_lets_nobody_in(town: Town, twin: Citizen) -> None:
    merge(town.citizen, twin)
    for change in (
        {"user": town.agent.user},
        {"claim_code": "AAAAA-BBBBB"},
        {"merged_at": None},
        {"merged_into": twin},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Citizen.objects.filter(pk=twin.pk).update(**change)


def test_who_writes_to_the_file_that_was_merged_writes_to_the_other(town: Town, twin: Citizen) -> None:
    merge(town.citizen, twin)
    assert make_dossier(town, citizen=twin).citizen == town.citizen
    directory.update_citizen(citizen_id=twin.pk, values={"phone": "0908070605"}, actor=WHO, at=AT)
    town.citizen.refresh_from_db()
    assert town.citizen.phone == "0908070605"
    assert (
        directory.record_death(citizen_id=twin.pk, deceased_on=NOON.date(), correspondent="", actor=WHO, at=AT)
        == town.citizen
    )


def test_a_draft_of_the_same_dispositif_stays_where_it_was(town: Town, twin: Citizen) -> None:
    for citizen in (town.citizen, twin):
        ApplicationDraft.objects.create(citizen=citizen, scheme=town.scheme, form=town.form, kept_at=NOON)
    merge(town.citizen, twin)
    assert ApplicationDraft.objects.filter(citizen=twin).count() == 1
    assert Record.objects.get(verb="citizen.merge").details["applicationdraft"] == []


def test_money_that_waits_is_counted_for_the_invoices_of_both(town: Town, twin: Citizen) -> None:
    paid, due = make_invoice(town, citizen=twin), make_invoice(town)
    attempt = pay(paid)
    billing_before = payments.payer_id_of(attempt.receipt)
    merge(town.citizen, twin)
    attempt.refresh_from_db()
    assert (billing_before, payments.payer_id_of(attempt.receipt)) == (twin.pk, town.citizen.pk)
    assert list(payments.invoices_to_count(attempt.receipt)) == [due]


def test_the_next_part_is_billed_to_the_file_that_stays(town: Town, twin: Citizen) -> None:
    bill(town, publish(town, HALL), HALL_ASKED, dossier=make_dossier(town, citizen=twin), later=[later(days=9).date()])
    merge(town.citizen, twin)
    part = PlannedInstalment.objects.get(kind="balance")
    invoice = billing.bill_due_instalment(part_id=part.pk, at=later(days=9))
    assert invoice is not None and invoice.payer == town.citizen
    assert {row.payer for row in SecurityDeposit.objects.all()} == {town.citizen}
    check_books()


def test_files_merged_one_into_another_lead_to_the_last_and_are_forgotten_with_it(town: Town, twin: Citizen) -> None:
    third = directory.register_citizen(values={"last_name": "Lefèvre-Petit"}, actor=WHO, at=NOON)
    merge(twin, third)
    merge(town.citizen, twin)
    third.refresh_from_db()
    assert people.last_file(third) == town.citizen
    assert {item.citizen for item in queries.merged_into(town.citizen)} == {third, twin}
    assert queries.known_of(town.citizen)["merged_files"]
    operations.forget_citizen(citizen_id=town.citizen.pk, actor=WHO, at=AT)
    names = set(Citizen.objects.values_list("last_name", flat=True))
    assert names == {f"Usager effacé {item.pk}" for item in (town.citizen, twin, third)}


def test_a_caution_that_is_held_keeps_its_owner_known(town: Town) -> None:
    dossier = make_dossier(town)
    bill(town, publish(town, HALL), HALL_ASKED, dossier=dossier)
    caution = SecurityDeposit.objects.order_by("id")[0]
    regies.configure_regie(regie_id=town.regie.pk, values={"holds_cautions": True}, actor=WHO, at=NOON)
    billing.receive_security_deposit(caution_id=caution.pk, means="cheque", reference="12", actor=WHO, at=AT)
    for invoice in Invoice.objects.filter(state="due"):
        billing.cancel_invoice(invoice_id=invoice.pk, code="other", comment="x", actor=WHO, at=AT)
    Dossier.objects.update(state="closed", decided_at=NOON)
    Invoice.objects.filter(state="draft").delete()
    with pytest.raises(operations.MustBeKept, match="caution"):
        operations.forget_citizen(citizen_id=town.citizen.pk, actor=WHO, at=AT)


def test_a_draft_invoice_moves_and_is_issued_to_who_stays(town: Town, twin: Citizen) -> None:
    invoice = bill_dossier(make_dossier(town, citizen=twin), town.type)
    billing.cancel_invoice(invoice_id=invoice.pk, code="other", comment="x", actor=WHO, at=AT)
    draft = billing.redo_invoice(invoice_id=invoice.pk, actor=WHO, at=AT)
    merge(town.citizen, twin)
    draft.refresh_from_db()
    assert draft.payer == town.citizen
