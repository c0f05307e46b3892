"""Keys of other software, and the calls that they make, for tests."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import time_machine
from django.test import Client

from obole.api_keys.models import ApiKey
from obole.api_keys.rules import Scope
from obole.catalogue import operations as catalogue
from obole.catalogue.models import Service
from obole.dossiers.models import Dossier
from obole.lib import dates, texts
from tests.world import NOON, WHO, later

ALL = tuple(Scope.values)
MONDAY = date(2026, 11, 23)
FOR_A_YEAR = NOON.date() + timedelta(days=365)


def make_key(
    *services: Service, scopes: Sequence[str] = ALL, name: str = "", until: date = FOR_A_YEAR, at: datetime = NOON
) -> tuple[ApiKey, str]:
    """Make a key for some prestations, with all the rights unless some are said."""
    values = {"name": name or texts.token(), "scopes": list(scopes), "expires_on": until}
    return catalogue.create_api_key(values=values, service_ids=[one.pk for one in services], actor=WHO, at=at)


class Software:
    """Something that calls with a key, at noon unless another time is said."""

    def __init__(self, token: str, **headers: str) -> None:
        self.client = Client()
        self.client.raise_request_exception = True
        self.headers = {"Authorization": f"Bearer {token}", **headers} if token else headers
        self.at = later(60)

    def get(self, path: str, **query: Any) -> Any:
        with time_machine.travel(self.at, tick=False):
            return self.client.get(f"/api/v1/{path}", query, headers=self.headers)

    def post(self, body: Any, *, name: str | None = "", path: str = "consumption", **more: Any) -> Any:
        """Send something, under a name that it alone has unless one is said; None for none."""
        named = {} if name is None else {"Idempotency-Key": name or texts.token()}
        with time_machine.travel(self.at, tick=False):
            return self.client.post(
                f"/api/v1/{path}", body, content_type="application/json", headers={**self.headers, **named}, **more
            )

    def send(self, *facts: dict[str, Any], name: str = "", **more: Any) -> Any:
        """Send facts, and return what became of each: its outcome, or why it was refused."""
        answer = self.post({"facts": facts, **more}, name=name)
        assert answer.status_code == 200, answer.content.decode()
        return [one["code"] or one["outcome"] for one in answer.json()["facts"]]


def fact(dossier: Dossier | str, *, day: date = MONDAY, quantity: Any = 1, **more: Any) -> dict[str, Any]:
    """Return a meal of a Monday."""
    number = dossier if isinstance(dossier, str) else dossier.reference
    return {"dossier": number, "question": "repas", "day": day.isoformat(), "quantity": quantity, **more}


def today_of(software: Software) -> date:
    return dates.day_of(software.at)
