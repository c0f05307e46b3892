"""The payer's pages: choose a means, type a test card or account, be recognised, read the ticket, go back."""

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from payfip_simulator import cards
from payfip_simulator.bank import AlreadyFinal, Refusal
from payfip_simulator.clock import PARIS
from payfip_simulator.codes import CODES
from payfip_simulator.contract import PAGE_PATH
from payfip_simulator.current import bank
from payfip_simulator.store import Payment

door = Blueprint("pages", __name__)

SESSION = "/tpa/paiement/<session>"

ADVICE = {
    "P1": "Ce paiement n’existe pas, ou il a été effacé dans la nuit.",
    "P3": "Cette page de paiement a déjà été ouverte. Elle ne peut l’être qu’une fois.",
    "P4": "Cette page de paiement devait être ouverte dans les 15 minutes.",
}


class Settled(Exception):
    """The payment is paid: its only page is now the ticket."""


@door.errorhandler(Refusal)
def explain(refusal: Refusal) -> tuple[str, int]:
    """Say why a page cannot be shown."""
    code = refusal.code
    return render_template("error.html", code=code, label=CODES[code].label, advice=ADVICE[code]), 410


@door.errorhandler(Settled)
@door.errorhandler(AlreadyFinal)
def show_ticket(_: Exception) -> Response:
    """Lead to the ticket whoever tries to pay twice."""
    return redirect(url_for("pages.ticket", **request.view_args or {}), 303)


def _payment(session: str) -> Payment:
    payment = bank().find_session(session)
    if payment.is_final:
        raise Settled
    return payment


def _show(template: str, payment: Payment, **values: object) -> str:
    client = bank().switches.known_clients().get(payment.numcli)
    labels = [label for label in client.labels if label] if client else []
    closing = bank().switches.return_mode == "none"
    return render_template(template, payment=payment, labels=labels, return_none=closing, **values)


@door.get(PAGE_PATH)
def open_page() -> Response:
    """Use up the one opening of the page, then lead to a page that can be reloaded and come back to."""
    idop = request.args.get("idop", "")
    if request.method == "HEAD":
        # Mail scanners and link previews ask for the head: they must not use the page up.
        bank().find(idop)
        return Response("")
    return redirect(url_for("pages.means", session=bank().open_page(idop).session), 303)


@door.get(SESSION)
def means(session: str) -> str:
    """Offer the means of payment."""
    return _show("means.html", _payment(session))


@door.route(f"{SESSION}/carte", methods=["GET", "POST"])
def card(session: str) -> str | Response:
    """Take a test card."""
    payment = _payment(session)
    errors: dict[str, str] = {}
    if request.method == "POST":
        errors = cards.card_errors(request.form, today=bank().now().astimezone(PARIS).date())
        if not errors:
            bank().store.keep_card(payment.idop, cards.squeeze(request.form["numero"]))
            return redirect(url_for("pages.challenge", session=session), 303)
    return _show("card.html", payment, errors=errors, form=request.form, test_cards=cards.TEST_CARDS)


@door.route(f"{SESSION}/verification", methods=["GET", "POST"])
def challenge(session: str) -> str | Response:
    """Recognise the holder of the card, then ask its bank."""
    payment = _payment(session)
    used = cards.CARDS_BY_NUMBER.get(payment.pending_card or "")
    if used is None:
        return redirect(url_for("pages.card", session=session), 303)
    if request.method == "GET":
        return _show("challenge.html", payment, card=used, code=cards.CHALLENGE_CODE, error="")
    code = cards.squeeze(request.form.get("code", ""))
    if not code:
        return _show(
            "challenge.html", payment, card=used, code=cards.CHALLENGE_CODE, error="Indiquez le code de sécurité."
        )
    refusal = used.refusal
    if code != cards.CHALLENGE_CODE:
        refusal = "Le code de sécurité était faux : l’authentification du porteur a échoué."
    bank().settle(payment.idop, "R" if refusal else "P", reason=refusal)
    return redirect(url_for("pages.ticket", session=session), 303)


@door.route(f"{SESSION}/prelevement", methods=["GET", "POST"])
def debit(session: str) -> str | Response:
    """Take a test account for a direct debit."""
    payment = _payment(session)
    errors: dict[str, str] = {}
    if request.method == "POST":
        errors = cards.iban_errors(request.form)
        if not errors:
            iban = cards.squeeze(request.form["iban"]).upper()
            refused = iban == cards.REFUSED_IBAN or bank().switches.prelevement == "refused"
            reason = "La banque a refusé le prélèvement sur ce compte." if refused else ""
            bank().settle(payment.idop, "Z" if refused else "V", reason=reason)
            return redirect(url_for("pages.ticket", session=session), 303)
    return _show("debit.html", payment, errors=errors, form=request.form, test_ibans=cards.TEST_IBANS)


@door.post(f"{SESSION}/abandon")
def abandon(session: str) -> str | Response:
    """Give up, and go straight back to the creditor."""
    payment = bank().settle(_payment(session).idop, "A")
    if bank().switches.return_mode == "none":
        return _show("ticket.html", payment)
    return redirect(bank().send_back(payment), 303)


@door.get(f"{SESSION}/ticket")
def ticket(session: str) -> str | Response:
    """Show how the payment ended."""
    payment = bank().find_session(session)
    if payment.result is None:
        return redirect(url_for("pages.means", session=session), 303)
    return _show("ticket.html", payment)


@door.get(f"{SESSION}/retour")
def go_back(session: str) -> Response:
    """Send the payer back to the creditor."""
    payment = bank().find_session(session)
    if payment.result is None:
        return redirect(url_for("pages.means", session=session), 303)
    if bank().switches.return_mode == "none":
        abort(404)
    return redirect(bank().send_back(payment), 302)


@door.after_request
def forbid_caching(response: Response) -> Response:
    """Make the browser ask again when one goes back: the payment may be over."""
    response.headers["Cache-Control"] = "no-store"
    return response
