"""The JSON door, for tests and measures: move switches, produce results, read everything."""

from dataclasses import asdict
from typing import Any, cast

from flask import Blueprint, jsonify, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from payfip_simulator.bank import AlreadyFinal, Refusal
from payfip_simulator.current import bank
from payfip_simulator.notifier import with_query
from payfip_simulator.store import Payment
from payfip_simulator.switches import BadSwitch

door = Blueprint("control", __name__, url_prefix="/control")

Json = dict[str, Any]


@door.errorhandler(BadSwitch)
def refuse_switch(error: BadSwitch) -> tuple[Json, int]:
    """Say which value was wrong."""
    return {"error": str(error)}, 400


@door.errorhandler(Refusal)
def refuse_idop(refusal: Refusal) -> tuple[Json, int]:
    """Say that the payment is unknown."""
    return {"error": refusal.code}, 404


@door.errorhandler(AlreadyFinal)
def refuse_result(_: AlreadyFinal) -> tuple[Json, int]:
    """Say that a final result stands."""
    return {"error": "already final"}, 409


@door.errorhandler(HTTPException)
def refuse(error: HTTPException) -> tuple[Json, int]:
    """Say in JSON what Flask says in HTML."""
    return {"error": error.description}, error.code or 400


def _body() -> Json:
    body = request.get_json(silent=True) if request.get_data() else {}
    if not isinstance(body, dict):
        raise BadSwitch("a JSON object is expected")
    return cast(Json, body)


def _state() -> Json:
    return asdict(bank().switches) | {"now": bank().now().isoformat()}


@door.get("")
def read() -> Json:
    """Tell the position of every switch, and the simulated time."""
    return _state()


@door.post("")
def change() -> Json:
    """Move some switches, all or none; `advance_seconds` moves the clock relative to where it is."""
    changes = _body()
    advance = changes.pop("advance_seconds", 0)
    if isinstance(advance, bool) or not isinstance(advance, (int, float)):
        raise BadSwitch("advance_seconds: a number")
    bank().change(changes, advance_seconds=advance)
    return _state()


@door.post("/reset")
def reset() -> Json:
    """Put every switch back; `{"payments": true, "clients": true}` forgets the payments and the added creditors too."""
    body = _body()
    bank().reset(clients=body.get("clients") is True)
    bank().calls.clear()
    if body.get("payments") is True:
        bank().store.forget_payments()
    return _state()


def _described(payment: Payment) -> Json:
    notifications = bank().store.notifications(payment.idop)
    return asdict(payment) | {
        "state": payment.state,
        "notifications": notifications,
        "notification_count": len(notifications),
    }


@door.get("/payments")
def payments() -> Response:
    """List the last payments with all that is known of them; `idop`, `refdet` and `limit` narrow the list."""
    found = bank().store.payments(
        limit=request.args.get("limit", 100, type=int),
        idop=request.args.get("idop", ""),
        refdet=request.args.get("refdet", ""),
    )
    return jsonify(payments=[_described(payment) for payment in found], calls=dict(bank().calls))


@door.post("/pay")
def pay() -> Json:
    """Give a payment a result without a browser; `notify` (true) and `redirect` (false) say what follows."""
    body = _body()
    idop, result = str(body.get("idop", "")), str(body.get("result", "P"))
    if not (len(result) == 1 and result.isascii() and result.isalpha() and result.isupper()):
        raise BadSwitch("result: one capital letter, usually among P, V, A, R and Z")
    payment = bank().settle(idop, result, notify=body.get("notify", True) is True)
    url = with_query(payment.urlredirect, idop=idop)
    if body.get("redirect", False) is True:
        # Not waited for: a creditor that serves one request at a time may be the one who called us.
        bank().notifier.visit(bank().send_back(payment))
    return {"idop": idop, "result": result, "numauto": payment.numauto, "redirect_url": url}
