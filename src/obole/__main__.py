"""The `obole` command: Django's own command line."""

import os
import sys
from importlib.util import find_spec

from django.core.management import execute_from_command_line

from obole.config.unset_database.base import NoDatabase


def main() -> None:
    """Run a command, under the settings of the checkout where there is one: they bring the demonstration."""
    settings = "obole_demo.settings" if find_spec("obole_demo") else "obole.config.settings"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", settings)
    try:
        execute_from_command_line(["obole", *(sys.argv[1:] or ["help"])])
    except NoDatabase as refusal:
        raise SystemExit(str(refusal)) from None


if __name__ == "__main__":
    main()
