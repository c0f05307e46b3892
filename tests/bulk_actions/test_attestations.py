"""« Attestations d’une année »: all the payers of a régie, sorted for the post, whatever happens to one of them."""

import io
import re
import zipfile
from typing import Any

import pypdf
import pytest

from obole.billing.models import Invoice, InvoiceType
from obole.bulk_actions import operations, queries, tasks
from obole.bulk_actions.models import BulkAction, BulkVerb
from obole.bulk_actions.operations import BulkRequest, running
from obole.bulk_actions.queries import AttestationWish
from obole.directory.models import Agent, Citizen
from obole.lib import files, texts
from obole.payments import operations as payments
from obole.payments.models import Reversal
from obole.regies.models import Mandate
from tests.spaces import plain
from tests.world import (
    WHO,
    Town,
    handed,
    later,
    make_citizen,
    make_invoice,
    make_regie,
    make_town,
    make_type,
    run_tasks,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def town(db: None, time_machine: Any) -> Town:
    time_machine.move_to(later(days=50), tick=False)
    return make_town()


def paid(town: Town, name: str, address: str, meals: int = 16) -> Citizen:
    payer = make_citizen(f"{name.lower()}@example.org", last_name=name)
    Citizen.objects.filter(pk=payer.pk).update(address=address)
    take(make_invoice(town, meals=meals, citizen=payer))
    return payer


def take(invoice: Invoice) -> Any:
    return payments.take_money(
        invoice_id=invoice.pk, money=handed(invoice.total_cents), request_key=texts.token(), actor=WHO, at=later(5)
    )


def ask(town: Town, agent: Agent | None = None, **wished: Any) -> BulkAction:
    wish = AttestationWish(town.regie.pk, 2026, **wished)
    asked = BulkRequest(BulkVerb.ATTEST, queries.payers_to_attest(wish), wish.parameters)
    actor = (agent or town.regisseur).actor
    return operations.start(asked=asked, request_key=texts.token(), actor=actor, at=later(days=50))


def work(action: BulkAction) -> BulkAction:
    run_tasks()
    action.refresh_from_db()
    return action


def printed(action: BulkAction) -> dict[str, pypdf.PdfReader]:
    with zipfile.ZipFile(io.BytesIO(files.get(action.file_digest))) as archive:
        return {name: pypdf.PdfReader(io.BytesIO(archive.read(name))) for name in archive.namelist()}


def words_of(reader: pypdf.PdfReader) -> str:
    return re.sub(r"\s+", " ", plain(" ".join(page.extract_text() for page in reader.pages)))


def test_every_payer_has_a_document_in_the_order_of_the_postcodes(town: Town) -> None:
    paid(town, "Sud", "2 rue du Port\n13001 Marseille")
    paid(town, "Loin", "Rue sans code")
    paid(town, "Nord", "2 rue Haute\n59000 Lille", meals=10)
    make_invoice(town)

    action = work(ask(town))

    ((name, reader),) = printed(action).items()
    assert (name, action.done, action.failed) == ("attestations-001.pdf", 3, 0)
    assert [entry.title for entry in reader.outline] == ["Maud Sud", "Maud Nord", "Maud Loin"]
    assert len(reader.pages) == 3
    words = words_of(reader)
    assert "Régie Enfance (Ville de Valbourg) atteste avoir reçu de Maud Nord" in words
    assert "Cette attestation porte sur ces seules factures : Cantine et périscolaire." in words
    assert queries.details_of(action) == [("Régie", "Régie Enfance"), ("Attestation de paiement", "2026")]


def test_many_payers_are_several_documents(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "TOGETHER", 2)
    for n in range(3):
        paid(town, f"P{'abc'[n]}", f"{n} rue Haute\n99999 Valbourg")
    assert [len(one.pages) for one in printed(work(ask(town))).values()] == [2, 1]


def test_a_regie_attests_nothing_of_another(town: Town) -> None:
    payer = paid(town, "Deux", "2 rue Haute\n59000 Lille")
    town.type = make_type(make_regie("SPO", "Régie Sports"), [town.scheme], name="Sports")
    take(make_invoice(town, meals=10, citizen=payer))

    (reader,) = printed(work(ask(town))).values()
    assert "52,00 €" in words_of(reader) and "32,50 €" not in words_of(reader)


def test_a_type_alone_and_the_tax_credit(town: Town) -> None:
    paid(town, "Un", "2 rue Haute\n59000 Lille")
    other = make_type(town.regie, [town.scheme], name="Garderie")
    assert queries.payers_to_attest(AttestationWish(town.regie.pk, 2026, other.pk)) == []
    assert queries.payers_to_attest(AttestationWish(town.regie.pk, 2026, is_childcare=True)) == []
    assert queries.payers_to_attest(AttestationWish(town.regie.pk, 2025)) == []
    InvoiceType.objects.update(is_childcare=True)
    action = work(ask(town, type_id=town.type.pk, is_childcare=True))
    (reader,) = printed(action).values()
    assert "Attestation fiscale 2026" in words_of(reader)
    assert ("Type de facture", "Cantine et périscolaire") in queries.details_of(action)


def test_who_has_nothing_left_to_attest_stops_no_other(town: Town) -> None:
    gone, kept = paid(town, "Parti", "2 rue Haute\n13000 Aix"), paid(town, "Reste", "2 rue Haute\n59000 Lille")
    action = ask(town)
    receipt = Invoice.objects.get(payer=gone).receipts.get()
    payments.reverse_receipt(
        receipt_id=receipt.pk, kind=Reversal.Kind.MISTAKE, reason="Erreur", actor=WHO, at=later(20)
    )

    work(action)

    assert (action.done, action.failed) == (1, 1)
    assert queries.unsuccessful_rows(action)[0].reason == "Rien de ce qu’il a payé n’est à attester ainsi."
    assert [entry.title for one in printed(action).values() for entry in one.outline] == [kept.display_name]


def test_who_lost_their_mandate_attests_nothing_more(town: Town) -> None:
    paid(town, "Un", "2 rue Haute\n59000 Lille")
    action = ask(town)
    Mandate.objects.filter(agent=town.regisseur).update(ends_on=later(days=49).date())
    assert (work(action).failed, action.file_digest) == (1, "")
    assert work(ask(town, agent=town.admin)).failed == 1, "an administrator answers for no régie"


def test_a_worker_that_dies_goes_on_where_it_was(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(3):
        paid(town, f"P{'abc'[n]}", f"{n} rue Haute\n99999 Valbourg")
    action, kept, calls = ask(town), running._keep, list[Any]()

    def dying(**given: Any) -> None:
        calls.append(given)
        if len(calls) == 2:
            raise KeyboardInterrupt
        kept(**given)

    monkeypatch.setattr(running, "_keep", dying)
    with pytest.raises(KeyboardInterrupt):
        tasks.run.func(action_id=action.pk)
    assert [bool(digest) for digest in action.rows.order_by("position").values_list("file_digest", flat=True)] == [
        True,
        False,
        False,
    ]
    monkeypatch.undo()
    tasks.run.func(action_id=action.pk)
    action.refresh_from_db()
    (reader,) = printed(action).values()
    assert (action.done, len(reader.pages)) == (3, 3)
