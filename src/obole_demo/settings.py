"""
The settings of a checkout: the product's own, and the demonstration.

Where nobody gave OBOLE_DATABASE_URL, they lead to the demonstration's private PostgreSQL: `obole demo` and `obole seed`
start and stop it, any other command joins it while it runs.
"""

import os
import sys
from pathlib import Path

from obole.config import env
from obole_demo.embedded_postgres import EmbeddedServer

if env.given("OBOLE_DATABASE_URL") is None:
    _private = EmbeddedServer(Path(env.given("OBOLE_VAR") or "var"))
    if sys.argv[1:2] in (["demo"], ["seed"]) or _private.is_running():
        os.environ |= {"OBOLE_DATABASE_URL": _private.url, "OBOLE_DEMO": "yes"}
if env.given("OBOLE_DEMO") == "yes":
    os.environ.setdefault("OBOLE_BASE_URL", f"http://localhost:{env.given('OBOLE_PORT') or 8000}")
    os.environ.setdefault("OBOLE_MAIL_FROM", "facturation@valbourg.example")
    # Its four accounts are for whoever comes by: nobody could share a second factor.
    os.environ.setdefault("OBOLE_REQUIRE_MFA", "no")
    # The only bank of the demonstration: neither the régies nor the payers may reach the real one.
    _simulator = env.given("OBOLE_SIMULATOR_URL") or f"http://localhost:{env.given('OBOLE_SIMULATOR_PORT') or 8001}"
    os.environ.setdefault("OBOLE_BANKS", _simulator)
    os.environ.setdefault("OBOLE_TRAINING", "yes")

from obole.config.settings import *  # noqa: F403
from obole.config.settings import INSTALLED_APPS

# First: its templates stand in for the empty ones of the product.
INSTALLED_APPS = ["obole_demo", *INSTALLED_APPS]
DEMO = env.flag("OBOLE_DEMO", False, "Let `obole demo` use a database of yours, if it is empty or the demonstration's.")
PORT = env.integer("OBOLE_PORT", 8000, "Where the web server listens.")
SIMULATOR_PORT = env.integer("OBOLE_SIMULATOR_PORT", 8001, "Where the simulator of the bank listens.")
SIMULATOR_URL = env.text("OBOLE_SIMULATOR_URL", f"http://localhost:{SIMULATOR_PORT}", "Where its pages are.")
