"""The server: one bank behind four doors."""

from datetime import datetime
from pathlib import Path
from typing import Any

from flask import Flask, render_template, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from payfip_simulator import control, pages, panel, soap
from payfip_simulator.bank import Bank
from payfip_simulator.clock import PARIS
from payfip_simulator.store import Store

LARGEST_REQUEST = 256 * 1024
NARROW_SPACE = "\u202f"
HARD_SPACE = "\u00a0"

# Everything comes from here and nothing runs: a page of the bank has no script.
POLICY = "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'"


def as_euros(cents: str) -> str:
    """Write cents as an amount in euros: `158,88 €`."""
    units, rest = divmod(int(cents), 100)
    return f"{units:,}".replace(",", NARROW_SPACE) + f",{rest:02d}{HARD_SPACE}€"


def as_paris(at: datetime | float | None) -> str:
    """Write an instant as people in Paris read it."""
    if at is None:
        return ""
    instant = at if isinstance(at, datetime) else datetime.fromtimestamp(at, tz=PARIS)
    return instant.astimezone(PARIS).strftime("%d/%m/%Y à %H:%M:%S")


def _harden(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _explain(error: HTTPException) -> tuple[str, int]:
    label = "Page introuvable" if error.code == 404 else "Demande refusée"
    return render_template(
        "error.html", code="", label=label, advice=f"{request.path} : {error.name}."
    ), error.code or 500


def create_app(state: str | Path = ":memory:") -> Flask:
    """Build the server around the payments kept in `state`."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_REQUEST
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.extensions["bank"] = bank = Bank(Store(str(state)))
    app.jinja_env.filters |= {"euros": as_euros, "paris": as_paris}
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    for module in (soap, pages, control, panel):
        app.register_blueprint(module.door)
    app.register_error_handler(HTTPException, _explain)
    app.after_request(_harden)

    @app.context_processor
    def everywhere() -> dict[str, Any]:
        return {"active": sorted(bank.switches.changed()), "now": bank.now()}

    return app
