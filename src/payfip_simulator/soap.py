"""The door of the web service: the contract by GET, the calls by POST."""

import random
import time
from collections.abc import Callable

from flask import Blueprint, Response, abort, render_template, request
from werkzeug.exceptions import RequestEntityTooLarge

from payfip_simulator.bank import Bank, Refusal
from payfip_simulator.checks import check_numcli, first_anomaly
from payfip_simulator.clock import as_paris_words
from payfip_simulator.codes import TECHNICAL, Trouble, functional
from payfip_simulator.contract import (
    CLIENT,
    CREER,
    DETAIL,
    FAULT_ELEMENTS,
    FAULT_FIELDS,
    OPERATIONS,
    REPONSE,
    REQUETE,
    SOAP_PATH,
    TNS,
)
from payfip_simulator.current import bank
from payfip_simulator.dropping import drop_connection
from payfip_simulator.envelope import Call, Unreadable, read_call, write_answer, write_fault
from payfip_simulator.switches import BROKEN_ANSWERS

door = Blueprint("soap", __name__)

XML = "text/xml; charset=utf-8"
HTML_PAGE = "<!DOCTYPE html><html lang=fr><title>{0}</title><h1>{0}</h1><p>Le service est momentanément indisponible."

Fields = list[tuple[str, str | None]]


@door.get(SOAP_PATH)
def publish() -> Response:
    """Publish the WSDL and its schemas, whose addresses are those by which one came."""
    if "wsdl" in request.args:
        template = "contract/service.wsdl"
    elif request.args.get("xsd") in {"1", "2", "3"}:
        template = f"contract/{request.args['xsd']}.xsd"
    else:
        abort(404)
    text = render_template(
        template,
        address=request.base_url,
        tns=TNS,
        requete=REQUETE,
        reponse=REPONSE,
        operations=OPERATIONS,
        faults=FAULT_ELEMENTS,
        fault_fields=FAULT_FIELDS,
    )
    return Response(text.strip(), content_type=XML)


@door.post(SOAP_PATH)
def answer() -> Response:
    """Answer one call, as the switches command."""
    if request.mimetype != "text/xml":
        return Response("", 415)
    try:
        call = read_call(request.get_data())
    except (Unreadable, RequestEntityTooLarge):
        return _fault(TECHNICAL["tech_protocolaire"])
    word = OPERATIONS[call.operation].word
    bank().count_call(word)
    switches = bank().switches
    time.sleep(switches.latency_ms / 1000)
    response = _served(call, switches.answer(word))
    # The work is done: what the caller loses from here on is only the answer.
    time.sleep(switches.hang(word))
    return response


def _served(call: Call, kind: str) -> Response:
    """Do the work, unless the answer is a fault; then answer, or answer rubbish."""
    if kind in TECHNICAL:
        return _fault(TECHNICAL[kind])
    if kind != "normal" and kind not in BROKEN_ANSWERS:
        return _fault(functional(kind))
    if bank().switches.strict_order and not call.in_schema_order:
        return _fault(TECHNICAL["tech_protocolaire"])
    try:
        fields = HANDLERS[call.operation](bank(), call.fields)
    except Refusal as refusal:
        response = _fault(functional(refusal.code))
    else:
        response = Response(write_answer(call.operation, _disguised(fields)), content_type=XML)
    return response if kind == "normal" else _broken(kind, response)


def _fault(trouble: Trouble) -> Response:
    return Response(write_fault(trouble), 500, content_type=XML)


def _broken(kind: str, response: Response) -> Response:
    """Turn an answer into what a proxy, or a bad day, makes of it."""
    if kind == "drop":
        return drop_connection()
    if kind == "empty":
        return Response("", 200, content_type=XML)
    if kind == "malformed":
        return Response(response.get_data()[:-20], response.status_code, content_type=XML)
    status = int(kind.removeprefix("html_"))
    title = {502: "502 Bad Gateway", 503: "503 Service Unavailable", 200: "Maintenance"}[status]
    return Response(HTML_PAGE.format(title), status, content_type="text/html; charset=utf-8")


def _disguised(fields: Fields) -> Fields:
    """Rename and shuffle the elements of an answer if the switches say so."""
    switches = bank().switches
    renamed = [(switches.response_idop_element if name == "idOp" else name, value) for name, value in fields]
    if switches.shuffle_children:
        random.shuffle(renamed)
    return renamed


def _create(bank: Bank, fields: dict[str, str]) -> Fields:
    code = first_anomaly(fields, clients=bank.switches.known_clients())
    if code:
        raise Refusal(code)
    return [("idOp", bank.create(fields))]


def _client(bank: Bank, fields: dict[str, str]) -> Fields:
    clients = bank.switches.known_clients()
    numcli = fields.get("numCli", "")
    code = check_numcli(numcli, clients=clients)
    if code:
        raise Refusal(code)
    labels = clients[numcli].labels
    return [("libelleN1", labels[0]), ("libelleN2", labels[1]), ("libelleN3", labels[2]), ("numcli", numcli)]


def _detail(bank: Bank, fields: dict[str, str]) -> Fields:
    idop = fields.get("idOp", "")
    payment = bank.find(idop)
    bank.store.count_detail(idop)
    if payment.result is None or payment.settled is None:
        raise Refusal("P5")
    seen = bank.seen_as(payment)
    day, hour = as_paris_words(payment.settled)
    values: dict[str, str | None] = {name: getattr(seen, name) for name in ("exer", "mel", "montant", "numcli")}
    values |= {name: getattr(seen, name) for name in ("objet", "refdet", "saisie", "numauto")}
    values |= {"idOp": idop, "resultrans": seen.result, "dattrans": day, "heurtrans": hour}
    values |= bank.switches.detail_override
    return [(name, values[name]) for name in OPERATIONS[DETAIL].gives]


HANDLERS: dict[str, Callable[[Bank, dict[str, str]], Fields]] = {CREER: _create, CLIENT: _client, DETAIL: _detail}
