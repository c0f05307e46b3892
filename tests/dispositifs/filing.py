"""
From the page of a dispositif to its invoice, as people go: the citizen's form, the agent's answers, the sous-panel.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.test import Client
from lxml import html

from obole.billing.models import Invoice
from obole.catalogue.forms import rows
from obole.directory.rules import Profile
from obole.dossiers.models import Dossier
from obole.regies import operations as regies
from obole_demo import dispositifs
from obole_demo.town import OpenScheme, open_schemes
from tests.crm.desk import browser, get, looked_at, text_of, url
from tests.world import NOON, WHO, make_agent, make_citizen, make_regie

Typed = Mapping[str, Any]
"""What is typed, by question; a list of rows for a repeated group; a pair of days for a period."""


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


@dataclass(frozen=True)
class Billed:
    """What people read of an invoice."""

    tried: str
    """To the administrator, who gives the same answers to the simulator."""
    citizen: str
    agent: str


@dataclass
class Counter:
    """A few dispositifs of the demo's town, a citizen's browser, an agent's and an administrator's."""

    schemes: dict[str, OpenScheme]
    citizen: Client
    agent: Client
    admin: Client

    @classmethod
    def open(cls, *keys: str) -> "Counter":
        """Configure these dispositifs by what configures the demo's."""
        both = {code: make_regie(code, f"Régie {code}") for code in ("ENF", "DOM")}
        regisseur, agent, admin = (
            make_agent(profile) for profile in (Profile.REGISSEUR, Profile.REVIEWER, Profile.ADMINISTRATOR)
        )
        for regie in both.values():
            regies.give_mandates(regie_id=regie.pk, agent_ids=[regisseur.pk], actor=WHO, at=NOON)
        opened = open_schemes([dispositifs.BY_KEY[key] for key in keys], both, NOON)
        citizen = make_citizen("usager@example.org")
        return cls(opened, signed_in(citizen.user), browser(agent), browser(admin))

    def send(self, key: str, typed: Typed) -> HttpResponse:
        """Fill the dispositif's own page, with a row more each time one is missing, and send it."""
        page: HttpResponse = self.citizen.get(self._address(key))
        for group, filled in typed.items():
            for _more in range(len(filled) - 1 if _is_rows(filled) else 0):
                page = self.press(page, key, **{rows.ADD: group})
        return self.press(page, key, **_named(typed))

    def press(self, page: HttpResponse, key: str, **changes: Any) -> HttpResponse:
        """Send a page with some answers given, or one of its buttons pressed."""
        sent = _sent(page)
        unknown = set(changes) - set(sent) - {rows.ADD, rows.REMOVE}
        assert not unknown, f"the form asks no {unknown}"
        answer: HttpResponse = self.citizen.post(self._address(key), _chosen({**sent, **changes}))
        return answer

    def finish(self, page: HttpResponse, key: str, **changes: Any) -> Dossier:
        """Send a page that is complete now."""
        return _filed(self.press(page, key, **changes))

    def file(self, key: str, typed: Typed) -> Dossier:
        """Fill the page and send it: it is complete."""
        return _filed(self.send(key, typed))

    def _address(self, key: str) -> str:
        return f"/demarches/{self.schemes[key].scheme.public_id}/demande/"

    def review(self, dossier: Dossier, noted: Typed) -> None:
        """Take the dossier, answer what its form asks of agents, and accept it."""
        assert self.agent.post(url("dossier_take", dossier.pk)).status_code == 302
        if noted:
            sent = _fields(get(self.agent, "dossier_answers", dossier.pk))
            assert {f"answer_{name}" for name in noted} <= set(sent)
            sent |= {f"answer_{name}": value for name, value in noted.items()}
            assert self.agent.post(url("dossier_answers", dossier.pk), _chosen(sent)).status_code == 302
        assert self.agent.post(url("dossier_accept", dossier.pk), {"reason": ""}).status_code == 302

    def panel(self, dossier: Dossier) -> dict[str, str]:
        """Return what the sous-panel « Générer une facture » would send, with what it knows of the answers."""
        return _fields(get(self.agent, "dossier", dossier.pk, panneau="factures"), url("generate_invoice", dossier.pk))

    def fill(self, dossier: Dossier, counted: Typed) -> dict[str, str]:
        """Add in the sous-panel what only the agent knows, a row more where one is missing."""
        action, sent = url("generate_invoice", dossier.pk), self.panel(dossier)
        for group, filled in counted.items():
            while _is_rows(filled) and int(sent[f"n-{group}"]) < len(filled):
                sent = _fields(self.agent.post(action, {**sent, f"plus-{group}": "1"}), action)
        for name, value in _asked(counted).items():
            assert name in sent, f"the sous-panel asks no {name}"
            sent[name] = value
        # Where a price may be several invoices, its whole is what the example says.
        return {**sent, "at_once": "on"} if "at_once" in sent else sent

    def bill(self, key: str, typed: Typed, *, noted: Typed | None = None, counted: Typed | None = None) -> "Billed":
        """Go all the way: what the simulator says of the same answers, and the invoice that they make."""
        dossier = self.file(key, typed)
        self.review(dossier, noted or {})
        action, sent = url("generate_invoice", dossier.pk), self.fill(dossier, counted or {})
        tried = self.simulate(key, {name: value for name, value in sent.items() if name[:2] in ("r-", "n-")})
        answer = self.agent.post(action, looked_at(self.agent, dossier, sent))
        assert answer.status_code == 302, text_of(answer)
        invoice = Invoice.objects.get(dossier=dossier)
        page = text_of(get(self.agent, "invoice", invoice.pk))
        return Billed(tried, text_of(self.citizen.get(f"/mes-factures/{invoice.public_id}/")), page)

    def simulate(self, key: str, answers: Mapping[str, str]) -> str:
        """Try answers in the administrator's simulator."""
        address = url("settings_simulator", self.schemes[key].scheme.pk)
        sent = {"on": "2026-11-25", "version": "1", **answers}
        return text_of(self.admin.post(address, sent))


def _filed(answer: HttpResponse) -> Dossier:
    assert answer.status_code == 303, text_of(answer)
    return Dossier.objects.get(public_id=answer["Location"].rstrip("/").rpartition("/")[2])


def _is_rows(value: Any) -> bool:
    return isinstance(value, list) and isinstance(value[0], dict)


def _named(typed: Typed) -> dict[str, Any]:
    """Return what is typed by the names of the portal's controls."""
    found: dict[str, Any] = {}
    for key, value in typed.items():
        if _is_rows(value):
            found |= {rows.control(key, n, name): item for n, row in enumerate(value) for name, item in row.items()}
        elif isinstance(value, tuple):
            found |= {f"answer_{key}_{n}": day for n, day in enumerate(value)}
        else:
            found[f"answer_{key}"] = value
    return found


def _asked(counted: Typed) -> dict[str, str]:
    """Return what is typed by the names of the sous-panel's controls."""
    found: dict[str, str] = {}
    for key, value in counted.items():
        if _is_rows(value):
            found |= {f"r-{key}-{n}-{name}": item for n, row in enumerate(value) for name, item in row.items()}
        else:
            found[f"r-{key}"] = value
    return found


def _sent(page: HttpResponse) -> dict[str, Any]:
    """Return what the citizen's form would send; what has no answer yet is there, empty."""
    return _values(next(form for form in _forms(page) if form.xpath(".//*[@name='form_id']")))


def _fields(page: HttpResponse, action: str | None = None) -> dict[str, str]:
    """Return what a form of the CRM would send: the one of the questions, or that of an address, with a version."""
    if action is None:
        return _values(next(form for form in _forms(page) if form.xpath(".//*[starts-with(@name, 'answer_')]")))
    return _values(
        next(form for form in _forms(page) if form.get("action") == action and form.xpath(".//*[@name='version']"))
    )


def _forms(page: HttpResponse) -> list[Any]:
    return list(html.fromstring(page.content.decode()).forms)


def _values(form: Any) -> dict[str, Any]:
    """Return every control with what it would send; None where a browser would send nothing."""
    found: dict[str, Any] = {}
    for name, value in form.form_values():
        found.setdefault(name, []).append(value)
    given = {name: values if len(values) > 1 else values[0] for name, values in found.items()}
    controls = form.xpath(".//*[@name][not(self::button)]")
    return {control.get("name"): None if control.get("type") in _SILENT else "" for control in controls} | given


def _chosen(sent: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in sent.items() if value is not None}


_SILENT = {"checkbox", "radio", "file"}
