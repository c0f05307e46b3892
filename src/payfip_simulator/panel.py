"""The screens of whoever drives the simulator: what it is, what it saw, and the incidents one can order."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from payfip_simulator.cards import CHALLENGE_CODE, TEST_CARDS, TEST_IBANS
from payfip_simulator.clock import PARIS
from payfip_simulator.codes import CODES
from payfip_simulator.current import bank
from payfip_simulator.switches import BadSwitch

door = Blueprint("panel", __name__)

ANSWERS = {
    "normal": "Normale",
    "tech_indisponibilite": "Erreur technique : service indisponible",
    "tech_dysfonctionnement": "Erreur technique : dysfonctionnement (999)",
    "tech_protocolaire": "Erreur technique : message illisible",
    "html_502": "Page HTML 502 d’un relais",
    "html_503": "Page HTML 503 d’un relais",
    "html_200": "Page HTML 200 (maintenance)",
    "empty": "Réponse vide",
    "malformed": "XML tronqué",
    "drop": "Connexion coupée sans réponse",
} | {code: f"Erreur {code} : {anomaly.label}" for code, anomaly in CODES.items()}


@dataclass(frozen=True)
class Knob:
    """One switch as the panel shows it: a list, a number, a box, or several boxes."""

    name: str
    label: str
    choices: Mapping[str, str] = field(default_factory=dict)
    kind: str = "choice"
    help: str = ""


GROUPS: dict[str, tuple[Knob, ...]] = {
    "Notification au créancier": (
        Knob(
            "notifications",
            "Envoi de la notification",
            {"on": "Normal", "off": "Jamais envoyée", "duplicated": "Envoyée plusieurs fois", "late": "En retard"},
        ),
        Knob("notification_copies", "Nombre d’envois, si plusieurs", kind="number"),
        Knob("notification_late_seconds", "Retard, en secondes", kind="number"),
        Knob("notification_method", "Méthode", {"POST": "POST (formulaire)", "GET": "GET (adresse)"}),
        Knob("notification_key", "Nom du paramètre", {"idop": "idop", "idOp": "idOp"}),
    ),
    "Retour du payeur": (
        Knob(
            "return_mode",
            "Retour sur le site du créancier",
            {
                "normal": "Normal",
                "before_notification": "Avant la notification",
                "none": "Aucun : le payeur ferme l’onglet",
            },
        ),
    ),
    "Réponse des services": (
        Knob("answer_creer", "Création d’un paiement", ANSWERS),
        Knob("answer_detail", "Détail d’un paiement", ANSWERS),
        Knob("answer_client", "Détail d’un client", ANSWERS),
        Knob(
            "hang_creer_seconds",
            "Création : attente avant de répondre, en secondes",
            kind="number",
            help="Le paiement est créé avant l’attente : seule la réponse manque à l’appelant.",
        ),
        Knob("hang_detail_seconds", "Détail : attente avant de répondre, en secondes", kind="number"),
        Knob("hang_client_seconds", "Client : attente avant de répondre, en secondes", kind="number"),
        Knob("latency_ms", "Latence de tous les services, en millisecondes", kind="number"),
        Knob("strict_order", "Refuser les éléments qui ne sont pas dans l’ordre du schéma", kind="flag"),
    ),
    "Contenu du détail": (
        Knob(
            "amount_delta_cents",
            "Montant faussé de, en centimes",
            kind="number",
            help="Peut être négatif. 0 : le montant est juste.",
        ),
        Knob(
            "altered_fields",
            "Champs altérés",
            {"refdet": "Référence", "numcli": "Numéro de client", "exer": "Exercice", "saisie": "Mode de saisie"},
            kind="several",
        ),
        Knob(
            "unknown_result",
            "Résultat inconnu",
            kind="text",
            help="Une lettre, par exemple Y. Vide : le vrai résultat.",
        ),
        Knob("response_idop_element", "Nom de l’élément idOp", {"idOp": "idOp", "idop": "idop"}),
        Knob("shuffle_children", "Mélanger l’ordre des éléments", kind="flag"),
    ),
    "Prélèvement": (Knob("prelevement", "Réponse de la banque", {"accepted": "Accepté", "refused": "Refusé"}),),
}


@door.get("/")
def home() -> str:
    """Say what this is, and show the last payments."""
    return render_template(
        "home.html",
        payments=bank().store.payments(limit=20),
        test_cards=TEST_CARDS,
        test_ibans=TEST_IBANS,
        code=CHALLENGE_CODE,
        clients=bank().switches.known_clients(),
    )


def _read_form() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for knob in (knob for group in GROUPS.values() for knob in group):
        if knob.kind == "flag":
            found[knob.name] = knob.name in request.form
        elif knob.kind == "several":
            found[knob.name] = request.form.getlist(knob.name)
        elif knob.name in request.form:
            found[knob.name] = request.form[knob.name]
    return found


@door.route("/incidents", methods=["GET", "POST"])
def incidents() -> str | tuple[str, int] | Response:
    """Show the incidents, and order them."""
    if request.method == "GET":
        return render_template("incidents.html", groups=GROUPS, values=bank().switches, wrong="")
    typed = _read_form()
    try:
        bank().change(typed)
    except BadSwitch as error:
        wrong = str(error).partition(":")[0]
        return render_template("incidents.html", groups=GROUPS, values=typed, wrong=wrong), 400
    return redirect(url_for("panel.incidents", fait="enregistre"), 303)


@door.post("/incidents/normal")
def back_to_normal() -> Response:
    """End every incident."""
    bank().reset()
    return redirect(url_for("panel.incidents", fait="normal"), 303)


@door.post("/incidents/horloge")
def move_clock() -> Response:
    """Move the simulated time forward."""
    now = bank().now()
    steps = {"15min": timedelta(minutes=15, seconds=1), "1h": timedelta(hours=1), "nuit": _until_after_the_night(now)}
    step = steps.get(request.form.get("pas", ""))
    if step is not None:
        bank().advance(step.total_seconds())
    return redirect(url_for("panel.incidents", fait="horloge"), 303)


def _until_after_the_night(now: datetime) -> timedelta:
    day = now.astimezone(PARIS).date() + timedelta(days=1)
    return datetime(day.year, day.month, day.day, 4, tzinfo=PARIS) - now
