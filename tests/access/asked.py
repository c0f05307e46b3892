"""What each operation is given: something of one side, ready to be done."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from obole.bank_statements import operations as bank_statements, queries as bank
from obole.billing.models import Invoice
from obole.billing.operations import PricingAnswers
from obole.books.operations import Handing
from obole.campaigns import queries as campaigns
from obole.campaigns.operations import CampaignRequest
from obole.catalogue import queries as catalogue
from obole.consumption.models import Sharing
from obole.consumption.operations import AbsenceRequest, BookingRequest, SharingRequest
from obole.consumption.operations.files import SentFile
from obole.consumption.rules.layouts import Layout
from obole.consumption.rules.planning import Stay
from obole.dossiers import operations as dossiers
from obole.dossiers.models import Dossier
from obole.payments import operations as payments
from obole.payments.models import Anomaly, Receipt, Reversal
from obole.recovery.operations import HoldRequest
from obole.regies import ledger
from obole.regies.models import Entry
from tests.access.sides import Side
from tests.recovery.agreements import shared
from tests.world import NOON, later

NOTHING = dossiers.Application(answers={"enfant": "Zoé", "ecole": "Jules-Ferry", "repas": 1})
CASH = payments.Money(cents=100, means=Receipt.Means.CASH)


def of_applicants(side: Side) -> dict[str, dict[str, Any]]:
    """Return what the citizen alone does."""
    mine = {"dossier_id": Dossier.objects.get(public_id=side.objects["my unfinished"][0]).pk}
    form = catalogue.current_form(side.town.scheme)
    assert form is not None
    return {
        "dossiers.submit": {
            "citizen_id": side.town.citizen.pk,
            "form_id": form.pk,
            "request_key": "n",
            "filled": NOTHING,
        },
        "dossiers.complete": {**mine, "filled": NOTHING},
        "dossiers.withdraw": mine,
        "recovery.report_error": {"invoice_id": side.objects["due"][0], "said": "Absent"},
    }


def of_prestations(side: Side, agent_id: int) -> dict[str, dict[str, Any]]:
    """Return what takes the prestation, or the mandate, ready to be done."""
    review, sent, accepted = ({"dossier_id": side.objects[name][0]} for name in ("review", "sent", "accepted"))
    due, draft, again = ({"invoice_id": side.objects[name][0]} for name in ("due", "draft", "cancelled"))
    part, carried = {"part_id": side.objects["part"][0]}, {"carried_id": side.objects["carried"][0]}
    campaign, rows = {"campaign_id": side.objects["campaign"][0]}, {"row_ids": [1]}
    reason, kind = {"reason": "Erreur"}, {"type_id": side.town.type.pk}
    priced = {"answered": answered(side), "period": ""}
    form = catalogue.current_form(side.town.scheme)
    assert form is not None
    unfinished = Dossier.objects.get(public_id=side.objects["my unfinished"][0])
    file = {"file_id": side.objects["attendance file"][1]}
    sent_file = SentFile(name="presences.csv", digest="0" * 64, line_count=1)
    filed = {"citizen_id": side.town.citizen.pk, "form_id": form.pk, "request_key": "f", "filled": NOTHING}
    return {
        "dossiers.submit_for": filed,
        "dossiers.complete_for": {"dossier_id": unfinished.pk, "filled": NOTHING},
        "dossiers.take": {**sent, "agent_id": agent_id},
        "dossiers.ask_complement": {**review, **reason},
        "dossiers.accept": {**review, **reason},
        "dossiers.reject": {**review, **reason},
        "dossiers.answer_as_agent": {**review, "answers": {}},
        "dossiers.date_answer": {
            **review,
            "change": dossiers.Change(question="repas", value=2, since=NOON.date(), motive="Contrat", unproven="Appel"),
        },
        "dossiers.close": accepted,
        "dossiers.reopen": {"dossier_id": side.objects["closed"][0]},
        "dossiers.reconsider": {"dossier_id": side.objects["rejected"][0], **reason},
        "dossiers.assign": {**review, "agent_id": side.town.agent.pk},
        "dossiers.give_back": review,
        "dossiers.note": {**review, "text": "À rappeler"},
        "consumption.share": {
            "asked": SharingRequest(
                host_id=review["dossier_id"],
                host_row=None,
                citizen_id=Sharing.objects.get(pk=side.objects["sharing"][1]).guest.citizen_id,
                odd=True,
                first=NOON.date(),
                request_key="s",
            )
        },
        "consumption.end_sharing": {"sharing_id": side.objects["sharing"][1], "last": NOON.date()},
        "consumption.record": {**review, "question": "repas", "counted": []},
        "consumption.book": {**review, "seen": 0, "asked": week()},
        "consumption.announce_absence": {**review, "seen": 0, "asked": away()},
        "consumption.cancel_absence": {"absence_id": side.objects["absence"][1]},
        "consumption.enrol": {**review, "seen": 0, "row": None, "stay": Stay(None, NOON.date())},
        "consumption.receive": {"scheme_id": side.town.scheme.pk, "sent": sent_file},
        "consumption.check": {**file, "layout": Layout({"full_name": "Nom", "day": "Jour"}, "repas")},
        "consumption.confirm": {**file, "revision": 1},
        "consumption.stop": file,
        "billing.generate_invoice": {**review, **kind, **priced, "request_key": "g"},
        "billing.carry_price": {**review, **kind, **priced, "request_key": "c"},
        "billing.correct_draft": {**draft, **priced},
        "billing.discard_draft": draft,
        "billing.issue_invoice": draft,
        "billing.issue_batch": {"invoice_ids": [draft["invoice_id"]]},
        "billing.redo_invoice": again,
        "reminders.remind_now": due,
        "billing.change_due_date": {**due, **reason, "due_date": later(days=60).date()},
        "recovery.open_dispute": {**due, **reason},
        "recovery.place_hold": {**due, "asked": HoldRequest(later(days=30).date(), "difficulty")},
        "recovery.make_agreement": {**due, "asked": shared(Invoice.objects.get(pk=due["invoice_id"]), later(9))},
        "recovery.end_agreement": {"agreement_id": side.objects["agreement"][1]},
        "reminders.make_batch": {"regie_id": side.town.regie.pk},
        "reminders.post_batch": {"batch_id": side.objects["letters"][0]},
        "recovery.lift_hold": {"hold_id": side.objects["hold"][1]},
        "recovery.close_dispute": {"dispute_id": side.objects["dispute"][0], "answer": "Vu"},
        "billing.cancel_invoice": {**due, "code": "twice", "comment": ""},
        "payments.resend_message": {"message_id": side.objects["message"][0]},
        "billing.bill_instalment": part,
        "billing.reschedule_instalment": {**part, "issue_on": NOON.date() + timedelta(days=5)},
        "billing.abandon_instalments": {**part, **reason},
        "campaigns.open_campaign": {"asked": of_may(side), "request_key": "k"},
        "campaigns.compute_again": campaign,
        "campaigns.leave_rows": {**campaign, **rows},
        "campaigns.take_back_rows": {**campaign, **rows},
        "campaigns.give_up_campaign": campaign,
        "campaigns.redo_invoice": {**due, "code": "quantity", "comment": ""},
        "campaigns.deposit_campaign": {**campaign, "shown": campaigns.ToDeposit(0, 0)},
        "billing.give_up_carry_over": {**carried, **reason},
        "billing.cancel_security_deposit": {"caution_id": side.objects["caution"][0], **reason},
        "billing.bill_kept_security_deposit": {"caution_id": side.objects["caution"][0], **kind},
    }


def week() -> BookingRequest:
    return BookingRequest(row=None, question="repas", first=NOON.date(), last=None, quantities=(Decimal(1),) * 7)


def away() -> AbsenceRequest:
    return AbsenceRequest(row=None, question="", first=NOON.date(), last=NOON.date(), reason="Grève")


def of_may(side: Side) -> CampaignRequest:
    return CampaignRequest(type_id=side.town.type.pk, scheme_ids=[side.town.scheme.pk], period="mai 2026")


def of_mandates(side: Side) -> dict[str, dict[str, Any]]:
    """Return what moves money."""
    due = {"invoice_id": side.objects["due"][0]}
    caution = {"caution_id": side.objects["caution"][0]}
    receipt, refund = {"receipt_id": side.objects["receipt"][0]}, {"refund_id": side.objects["refund"][0]}
    waits = {"receipt_id": Anomaly.objects.get(pk=side.objects["task"][0]).receipt_id}
    reason, regie = {"reason": "Erreur"}, {"regie_id": side.town.regie.pk}
    entry = Entry.objects.filter(regie=side.town.regie).earliest("id")
    credited = {"cause": ledger.Cause(kind="clearing", key="c"), "label": "Relevé"}
    return {
        "billing.return_invoice": {**due, "due_date": later(days=9).date(), **reason, "reference": "R1"},
        "billing.receive_security_deposit": {**caution, "means": "cheque", "reference": ""},
        "billing.return_security_deposit": caution,
        "billing.keep_security_deposit": {**caution, "cents": 1, **reason, "type_id": side.town.type.pk},
        "billing.transfer_invoice": due,
        "payments.take_money": {**due, "money": CASH, "request_key": "t"},
        "payments.take_unmatched": {**regie, "money": CASH, "request_key": "u"},
        "payments.take_for_invoices": {"invoice_ids": [due["invoice_id"]], "money": CASH, "request_key": "m"},
        "payments.request_refund": {**waits, "cents": 1, **reason, "request_key": "r"},
        "payments.approve_refund": refund,
        "payments.complete_refund": {**refund, "mandate": "12"},
        "payments.give_up_refund": {**refund, **reason},
        "payments.apply_receipt": {**waits, **due, "cents": 1, **reason, "request_key": "a"},
        "payments.rebill_receipt": {**waits, "invoice_id": side.objects["cancelled"][0], **reason},
        "payments.reverse_receipt": {**receipt, "kind": Reversal.Kind.MISTAKE, **reason},
        "payments.cancel_invoice": {**due, "code": "twice", "comment": ""},
        "payments.clear_receipts": {**regie, "receipt_ids": [receipt["receipt_id"]], **credited},
        "payments.clear_many": {**regie, "credited": []},
        "payments.undo_clearing": {"entry_id": entry.pk, **credited},
        "payments.regularise_receipts": {**regie, "receipt_ids": [waits["receipt_id"]], "reference": "M1"},
        "payments.assign_anomaly": {"anomaly_id": side.objects["task"][0], "agent_id": None},
        "payments.close_anomaly": {"anomaly_id": side.objects["task"][0], "note": "Vu", "keep": True},
        "regies.close_period": {**regie, "until": later(days=-1).date()},
    }


def answered(side: Side) -> PricingAnswers:
    version = catalogue.current_pricing(side.town.scheme)
    assert version is not None
    return PricingAnswers(version_id=version.pk, answers={"repas": "2"}, on=NOON.date())


def of_the_bank(side: Side) -> dict[str, dict[str, Any]]:
    """Return what is done with the bank's statements."""
    regie, line = {"regie_id": side.town.regie.pk}, {"line_id": side.objects["bank line"][1]}
    source, reason = bank_statements.Source(name="releve", digest="d"), {"reason": "Erreur"}
    return {
        "bank_statements.keep_statements": {**regie, "kind": "account", "readings": [], "source": source},
        "bank_statements.remember_layout": {**regie, "kind": "account", "columns": {}},
        "bank_statements.withdraw_statement": {"statement_id": side.objects["statement"][1], **reason},
        "bank_statements.accept_line": {**line, "seen": ""},
        "bank_statements.accept_all": {**regie, "seen": bank.Sums(0, 0)},
        "bank_statements.choose_receipts": {**line, "receipt_ids": [side.objects["receipt"][0]]},
        "bank_statements.choose_slip": {**line, "slip_id": side.objects["deposit"][1]},
        "bank_statements.undo_credit": {"deposit_id": side.objects["deposit"][1], **reason},
        "bank_statements.undo_transfer": {"remittance_id": side.objects["remittance"][1], **reason},
        "bank_statements.classify_line": {**line, "payer_name": "Le Goff", "reference": "V1"},
        "bank_statements.mark_fees": line,
        "bank_statements.ignore_line": {**line, **reason},
        "bank_statements.reopen_line": line,
        "bank_statements.undo_match": {**line, **reason},
    }


def of_the_treasury(side: Side) -> dict[str, dict[str, Any]]:
    """Return what is handed to the comptable, or comes back."""
    handed, due = {"transmission_id": side.objects["transmission"][1]}, {"invoice_id": side.objects["due"][0]}
    regie, reason = {"regie_id": side.town.regie.pk}, {"reason": "Erreur"}
    line = {"line_id": side.objects["transmission line"][2], "due_date": later(days=9).date(), "reference": "R1"}
    signed = {"remittance_id": side.objects["remittance"][1]}
    return {
        "recovery.request_transmission": {**regie, "invoice_ids": [due["invoice_id"]], "request_key": "r"},
        "recovery.send_transmission": handed,
        "recovery.give_up_transmission": {**handed, **reason},
        "recovery.record_titres": {**handed, "titres": {}},
        "recovery.return_line": {**line, **reason},
        "recovery.make_pes_file": {**handed, "leaves_out": False, "notices_on": None},
        "recovery.withdraw_pes_file": {"file_id": side.objects["transmission file"][2], **reason},
        "remittances.record_transfer": {**signed, "reference": "V2"},
        "remittances.undo_transfer": {**signed, **reason},
        "books.close_period": {**regie, "until": later(days=-1).date()},
        "books.cancel_handover": {"handover_id": side.objects["handover"][1], **reason},
    }


def of_the_drawers(side: Side) -> dict[str, dict[str, Any]]:
    """Return what is done with cash at the counter."""
    regie, deposit = {"regie_id": side.town.regie.pk}, {"deposit_id": side.objects["deposit"][1]}
    receipts = [side.objects["receipt"][0]]
    counted = {"count": {100: 1}, "explanation": "Erreur", "expected_cents": 0}
    settled = {"cents": 1, "reference": "O1", "request_key": "s"}
    taken_back = {"kind": Reversal.Kind.MISTAKE, "code": None, "reason": "Erreur"}
    return {
        "cash_desk.take_money": {"invoice_id": side.objects["due"][0], "money": CASH, "request_key": "t"},
        "cash_desk.take_for_invoices": {"invoice_ids": [side.objects["due"][0]], "money": CASH, "request_key": "m"},
        "cash_desk.take_unmatched": {**regie, "money": CASH, "request_key": "u"},
        "cash_desk.reverse_receipt": {"receipt_id": receipts[0], **taken_back},
        "cash_desk.open_session": {"drawer_id": side.objects["short drawer"][1], "count": {}, "reason": "Erreur"},
        "cash_desk.close_session": {"session_id": side.objects["cash session"][1], **counted},
        "cash_desk.settle_difference": {"session_id": side.objects["short session"][1], **settled},
        "cash_desk.prepare_deposit": {**regie, "kind": "cheque", "receipt_ids": receipts, "request_key": "p"},
        "cash_desk.prepare_cash_deposit": {**regie, "count": {100: 1}, "from_drawer": False, "request_key": "c"},
        "cash_desk.credit_deposit": {**deposit, "reference": "B1"},
        "cash_desk.undo_credit": {**deposit, "reason": "Erreur"},
        "cash_desk.cancel_deposit": {**deposit, "reason": "Erreur"},
    }


def of_titulaires(side: Side) -> dict[str, dict[str, Any]]:
    """Return what the régisseur alone signs, or a suppléant."""
    regie, until = side.town.regie.pk, later(days=9).date()
    handing = Handing(kind="absence", arriving_id=1, places={})
    return {
        "remittances.sign_remittance": {"regie_id": regie, "until": until, "expected_cents": 1, "request_key": "o"},
        "books.sign_handover": {"regie_id": regie, "handing": handing, "seen": "", "request_key": "h"},
    }


def of_money(side: Side) -> dict[str, dict[str, Any]]:
    """Return all that asks for a mandate, of any quality."""
    return {**of_mandates(side), **of_the_bank(side), **of_the_treasury(side), **of_the_drawers(side)}
