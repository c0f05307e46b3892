"""What the books of each side hold: lines of the bank, what the comptable is handed, drawers, a remise de service."""

from typing import Any

from obole.bank_statements.models import AcceptanceRun
from obole.billing import operations as billing
from obole.billing.models import Invoice, LetterBatch
from obole.books import operations as books
from obole.books.documents import handover as handover_documents
from obole.books.queries import handovers as handover_queries
from obole.bulk_actions import operations as bulk_actions
from obole.bulk_actions.models import BulkAction, BulkVerb
from obole.cash_desk import operations as cash_desk, pdf_documents as deposit_documents
from obole.cash_desk.models import Deposit
from obole.directory.models import Agent, Citizen
from obole.directory.rules import Profile
from obole.lib import actors, dates, files
from obole.payments import operations as payments
from obole.payments.models import Receipt
from obole.recovery import operations as recovery
from obole.recovery.documents import pes_files
from obole.recovery.models import PesFile
from obole.regies import operations as regies
from obole.regies.models import Mandate
from obole.reminders import operations as reminders, pdf_documents as letters_pdf
from obole.remittances import operations as remittances, pdf_documents as remittance_documents
from tests.bank_statements.files import with_a_sign
from tests.bank_statements.steps import keep
from tests.recovery.agreements import agree
from tests.recovery.pes import CODES
from tests.world import NOON, WHO, Town, handed, later, make_agent, make_citizen, make_fixed_invoice

Address = tuple[object, ...]


def billed(town: Town, cents: int, *, citizen: Citizen | None = None) -> Invoice:
    name = f"Forfait {town.regie.code} {cents}"
    return make_fixed_invoice(town, cents, name=name, citizen=citizen, at=later())


def of_bank(town: Town) -> dict[str, Address]:
    """Import a statement of one line, and keep a run over it."""
    regie, content = town.regie.pk, with_a_sign([(NOON.date(), -1, f"FRAIS {town.regie.code}")])
    [statement] = keep(town.regie, content)
    files.put(content)
    run = AcceptanceRun.objects.create(regie_id=regie, cents=0, asked_by=WHO, asked_at=NOON, ended_at=NOON)
    return {
        "bank run": (regie, run.pk),
        "bank line": (regie, statement.lines.get().pk),
        "statement": (regie, statement.pk),
        "book file": (regie, "csv"),
        "entry": (regie, 1),
    }


def of_treasury(town: Town) -> dict[str, Address]:
    """Ask for a transmission, send another with its file, and sign over what came by transfer."""
    regie, code = town.regie.pk, town.regie.code
    file = handed_in_a_file(town)
    late, due = billed(town, 1600), billed(town, 1100)
    handed = recovery.request_transmission(
        regie_id=regie, invoice_ids=[late.pk], request_key=f"t {code}", actor=WHO, at=later(days=120)
    )
    money = payments.Money(cents=1100, means=Receipt.Means.TRANSFER)
    payments.take_money(invoice_id=due.pk, money=money, request_key=f"over {code}", actor=WHO, at=later(8))
    holder = make_agent(Profile.REGISSEUR, email=f"titulaire.{code.lower()}@valbourg.example")
    terms = {regie: regies.MandateTerms()}
    regies.configure_mandates(agent_id=holder.pk, terms=terms, actor=actors.OPERATOR, at=later(8))
    until = dates.day_of(later(9))
    signed = remittances.sign_remittance(
        regie_id=regie, until=until, expected_cents=1100, request_key=f"desk {code}", actor=holder.actor, at=later(9)
    )
    remittance_documents.ensure_remittance_pdf(remittance_id=signed.pk, at=later(9))
    asked = recovery.HoldRequest(later(days=40).date(), "difficulty")
    held = recovery.place_hold(invoice_id=billed(town, 1800).pk, asked=asked, actor=WHO, at=later(8))
    agreed = agree(billed(town, 2400), later(8))
    contested = recovery.open_dispute(invoice_id=billed(town, 1900).pk, reason="Absent", actor=WHO, at=later(8))
    return {
        "agreement": (agreed.invoice_id, agreed.pk),
        "dispute": (contested.pk,),
        "hold": (held.invoice_id, held.pk),
        "letters": (printed_letters(town).pk,),
        "transmission": (regie, handed.pk),
        "transmission sent": (regie, file.transmission_id),
        "transmission file": (regie, file.transmission_id, file.pk),
        "transmission line": (regie, handed.pk, handed.lines.get().pk),
        "remittance": (regie, signed.pk),
        "bulk action": (printed_by(holder, due).pk,),
    }


def printed_by(agent: Agent, invoice: Invoice) -> BulkAction:
    """Print a selection of one: whoever else sees the invoice does not see that it was printed."""
    asked = bulk_actions.BulkRequest(BulkVerb.PRINT_INVOICES, [invoice.pk])
    action = bulk_actions.start(asked=asked, request_key=f"b {invoice.pk}", actor=agent.actor, at=later(9))
    while bulk_actions.run_next(action_id=action.pk, at=later(9)):
        action.refresh_from_db()
    return action


def printed_letters(town: Town) -> LetterBatch:
    """Print the reminder of somebody who has no e-mail."""
    payer = make_citizen(f"papier.{town.regie.code.lower()}@example.org", last_name=town.citizen.last_name)
    Citizen.objects.filter(pk=payer.pk).update(email="", address="1 rue Haute\n99999 Valbourg")
    reminders.remind(invoice_id=billed(town, 1350, citizen=payer).pk, at=later(days=40))
    batch = reminders.make_batch(regie_id=town.regie.pk, actor=town.agent.actor, at=later(days=40))
    assert batch is not None
    letters_pdf.ensure_batch_pdf(batch_id=batch.pk, at=later(days=40))
    return batch


def handed_in_a_file(town: Town) -> PesFile:
    """Hand one invoice over, and write it in PES V2."""
    regie, late, at = town.regie.pk, billed(town, 1700), later(days=120)
    who: dict[str, Any] = {"actor": WHO, "at": at}
    recovery.configure_pes(regie_id=regie, values={**CODES, "debt_prefix": str(regie)}, **who)
    billing.configure_type(type_id=late.type_id, values={"reminder_steps": []}, **who)
    sent = recovery.request_transmission(regie_id=regie, invoice_ids=[late.pk], request_key=f"f {regie}", **who)
    recovery.send_transmission(transmission_id=sent.pk, **who)
    recovery.send_line(line_id=sent.lines.get().pk, at=at)
    recovery.finish_transmission(transmission_id=sent.pk, at=at)
    file = recovery.make_pes_file(transmission_id=sent.pk, leaves_out=False, notices_on=None, **who)
    pes_files.ensure_content(file_id=file.pk, at=at)
    return file


def of_cash(town: Town) -> dict[str, Address]:
    """Open two drawers, close one short, leave the other open, and hand a cheque in; another waits."""
    regie, code = town.regie, town.regie.code
    cashier = make_agent(Profile.REGISSEUR, email=f"caisse.{code.lower()}@valbourg.example", all_services=False)
    regies.configure_mandates(agent_id=cashier.pk, terms={regie.pk: regies.MandateTerms()}, actor=WHO, at=NOON)
    who: dict[str, Any] = {"actor": cashier.actor, "at": later(30)}
    short, left_open = (
        cash_desk.configure_drawer(drawer_id=None, values={"regie": regie, "name": name}, actor=WHO, at=NOON)
        for name in (f"Guichet {code}", f"Piscine {code}")
    )
    first = cash_desk.open_session(drawer_id=short.pk, count={100: 9}, **who)
    cash_desk.take_unmatched(regie_id=regie.pk, money=waiting(Receipt.Means.CASH), request_key=f"cash {code}", **who)
    cash_desk.close_session(session_id=first.pk, count={100: 12}, expected_cents=14_00, explanation="Erreur", **who)
    session = cash_desk.open_session(drawer_id=left_open.pk, count={}, **who)
    cheques = [
        payments.take_unmatched(
            regie_id=regie.pk, money=waiting(Receipt.Means.CHEQUE), request_key=f"cheque {code} {n}", **who
        )
        for n in range(2)
    ]
    deposit = cash_desk.prepare_deposit(
        regie_id=regie.pk, kind=Deposit.Kind.CHEQUE, receipt_ids=[cheques[0].pk], request_key=f"d {code}", **who
    )
    deposit_documents.ensure_deposit_pdf(deposit_id=deposit.pk, at=later(9))
    return {
        "short drawer": (regie.pk, short.pk),
        "short session": (regie.pk, first.pk),
        "cash session": (regie.pk, session.pk),
        "deposit": (regie.pk, deposit.pk),
    }


def of_a_handover(town: Town) -> dict[str, Address]:
    """Hand the régie over, from one to another who may."""
    regie, code = town.regie, town.regie.code
    leaving, arriving = (
        make_agent(Profile.REGISSEUR, email=f"{name}.{code.lower()}@valbourg.example") for name in ("part", "arrive")
    )
    for agent in (leaving, arriving):
        terms = {regie.pk: regies.MandateTerms(Mandate.Kind.SUBSTITUTE)}
        regies.configure_mandates(agent_id=agent.pk, terms=terms, actor=actors.OPERATOR, at=NOON)
    held = handover_queries.holdings(regie)
    counts = {place.key: {1: place.cents} for place in held.places}
    handing = books.Handing(kind="absence", arriving_id=arriving.pk, places=counts, explanation="Chèques non comptés")
    signed = books.sign_handover(
        regie_id=regie.pk,
        handing=handing,
        seen=held.fingerprint,
        request_key=f"h {code}",
        actor=leaving.actor,
        at=later(32),
    )
    books.countersign_handover(handover_id=signed.pk, actor=arriving.actor, at=later(33))
    handover_documents.ensure_handover_pdf(handover_id=signed.pk, at=later(34))
    return {"handover": (regie.pk, signed.pk)}


def waiting(means: Receipt.Means) -> payments.Money:
    return handed(5_00, means)
