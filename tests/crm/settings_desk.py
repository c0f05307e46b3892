"""What the tests of « Paramétrage » share: an administrator at a desk, who sends forms as a browser does."""

from dataclasses import dataclass, field
from typing import Any

from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from lxml import html

from obole.audit_log.models import Record
from tests.accounts.browsers import sign_in
from tests.world import Town, make_town


def url(name: str, *args: object) -> str:
    return reverse(f"crm:{name}", args=args)


def text_of(response: HttpResponse) -> str:
    """Return what people read, with single spaces and plain ones."""
    page = html.fromstring(response.content.decode())
    return " ".join(page.text_content().replace("\u202f", " ").replace("\u00a0", " ").split())


def errors_of(response: HttpResponse) -> str:
    """Return what the page says at its fields and in its summary."""
    page = html.fromstring(response.content.decode())
    return " ".join(
        " ".join(node.text_content().split()) for node in page.xpath('//*[contains(@class, "form-errors")]')
    )


def filled(response: HttpResponse, **changes: Any) -> dict[str, Any]:
    """Return what the page's main form would send, with some values changed; ``None`` leaves a value out."""
    page = html.fromstring(response.content.decode())
    form = next(form for form in page.forms if form.xpath('.//button[normalize-space()="Enregistrer"]'))
    sent: dict[str, Any] = {}
    for name, value in form.form_values():
        # The first line break of a text area is the page's, not the text's.
        sent.setdefault(name, []).append(value.removeprefix("\n"))
    for control in form.xpath(".//input[@type='text' or @type='email'][not(@value)] | .//textarea[not(text())]"):
        sent.setdefault(control.get("name"), [""])
    for name, value in changes.items():
        sent.pop(name, None)
        if value is not None:
            sent[name] = value
    return sent


@dataclass
class Desk:
    """An administrator's browser."""

    town: Town
    client: Client = field(default_factory=Client)

    def get(self, name: str, /, *args: object) -> HttpResponse:
        answer: HttpResponse = self.client.get(url(name, *args))
        assert answer.status_code == 200, answer
        return answer

    def send(self, name: str, /, *args: object, **changes: Any) -> HttpResponse:
        """Open a page, change some fields, and send its form."""
        sent = filled(self.get(name, *args), **changes)
        answer: HttpResponse = self.client.post(url(name, *args), sent)
        return answer

    def refused(self, name: str, /, *args: object, **changes: Any) -> str:
        """Send a form that must be refused; return its errors, once nothing was recorded."""
        before = Record.objects.count()
        answer = self.send(name, *args, **changes)
        assert answer.status_code == 200, answer
        assert Record.objects.count() == before
        return errors_of(answer)

    def saved(self, name: str, /, *args: object, **changes: Any) -> HttpResponse:
        """Send a form that must be taken; return the page that follows."""
        before = Record.objects.count()
        answer = self.send(name, *args, **changes)
        assert answer.status_code == 302, errors_of(answer)
        assert Record.objects.count() > before
        following: HttpResponse = self.client.get(answer["Location"])
        assert "C’est fait" in text_of(following)
        return following


def open_desk(**options: Any) -> Desk:
    """Return the desk of the administrator of a small town."""
    desk = Desk(make_town(**options))
    sign_in(desk.client, desk.town.admin.user)
    return desk
