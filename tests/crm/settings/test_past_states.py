"""« Restaurer »: what a type de facture or the words of a mail were is taken again by the ordinary operation."""

from typing import Any

import pytest
from django.http import HttpResponse
from lxml import html

from obole.audit_log.models import Record
from obole.billing import operations as billing
from obole.billing.models import InvoiceType
from obole.mailing import operations as mailing
from obole.mailing.models import Template
from obole.mailing.queries import template_of
from tests.crm.settings_desk import Desk, open_desk, text_of, url
from tests.world import NOON, WHO, later, make_type

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> Desk:
    return open_desk()


def change(desk: Desk, minutes: float, **values: Any) -> None:
    billing.configure_type(type_id=desk.town.type.pk, values=values, actor=WHO, at=later(minutes))


def links(response: HttpResponse) -> list[str]:
    """Return, newest first, where the page says that a state can be taken again."""
    page = html.fromstring(response.content.decode())
    return [str(item) for item in page.xpath('//ol[contains(@class, "timeline")]//a[contains(@href, "/etats/")]/@href')]


def test_a_type_is_as_it_was_and_what_it_was_meanwhile_is_kept(desk: Desk) -> None:
    change(desk, 1, closing="Merci.", payment_term=10)
    change(desk, 2, closing="", payment_term=45, regie=None)
    [state, first] = links(desk.get("settings_type", desk.town.type.pk))
    shown = text_of(desk.client.get(state))
    for said in ("Tel qu’il était le 25/11/2026 12 h 01", "Merci.", "45", "10", "Régie Enfance"):
        assert said in shown, said
    assert InvoiceType.objects.get().payment_term == 45, "nothing before it is confirmed"

    page = desk.client.post(state, follow=True)

    assert "est de nouveau comme le 25/11/2026 à 12 h 01" in text_of(page)
    kept = InvoiceType.objects.get()
    assert (kept.closing, kept.payment_term, kept.regie) == ("Merci.", 10, desk.town.regie)
    assert list(kept.schemes.all()) == [desk.town.scheme]
    record = Record.objects.filter(subject_kind="billing.invoicetype").order_by("-id")[0]
    assert (record.verb, record.actor.name) == ("configure", desk.town.admin.name)
    assert len(links(page)) == 3 and first in links(page)  # type: ignore[arg-type]


def test_the_state_of_today_has_nothing_to_restore(desk: Desk) -> None:
    change(desk, 1, closing="Merci.")
    change(desk, 2, closing="")
    [_closing, first] = links(desk.get("settings_type", desk.town.type.pk))
    before = Record.objects.count()
    assert "C’est exactement l’état d’aujourd’hui." in text_of(desk.client.get(first))
    assert desk.client.post(first).status_code == 200 and Record.objects.count() == before


def test_what_is_refused_today_is_said_and_changes_nothing(desk: Desk) -> None:
    change(desk, 1, name="Cantine")
    make_type(None, [], name="Cantine et périscolaire", at=later(2))
    [first] = links(desk.get("settings_type", desk.town.type.pk))
    answer = desk.client.post(first)
    assert answer.status_code == 200 and "Cet état ne peut plus être repris" in text_of(answer)
    assert InvoiceType.objects.get(pk=desk.town.type.pk).name == "Cantine"


def test_a_logo_that_is_no_longer_stored_is_left_as_it_is(desk: Desk) -> None:
    change(desk, 1, logo_digest="a" * 64, logo_format="png")
    change(desk, 2, logo_digest="", logo_format="", closing="Merci.")
    state = links(desk.get("settings_type", desk.town.type.pk))[0]
    assert desk.client.post(state).status_code == 302
    kept = InvoiceType.objects.get()
    assert (kept.logo_digest, kept.closing) == ("", "")


def test_the_words_of_a_mail_are_taken_again(desk: Desk) -> None:
    for minutes, subject in enumerate(("Un", "Deux")):
        mailing.configure_template(kind="reminder_1", subject=subject, body="Bonjour", actor=WHO, at=later(minutes))
    [state] = links(desk.get("settings_mail", "reminder_1"))
    assert "Un" in text_of(desk.client.get(state))
    assert "est de nouveau" in text_of(desk.client.post(state, follow=True))  # type: ignore[arg-type]
    assert template_of("reminder_1").subject == "Un"


def test_a_state_of_another_thing_is_not_found(desk: Desk) -> None:
    change(desk, 1, closing="Merci.")
    state = int(links(desk.get("settings_type", desk.town.type.pk))[0].rstrip("/").rpartition("/")[2])
    other = make_type(None, [], name="Autre", at=later(2))
    mailing.configure_template(kind="reminder_1", subject="Un", body="Bonjour", actor=WHO, at=NOON)
    for address in (
        url("settings_type_state", other.pk, state),
        url("settings_type_state", desk.town.type.pk, 999_999_999),
        url("settings_mail_state", "reminder_2", 1),
        url("settings_mail_state", "rien", 1),
    ):
        assert desk.client.get(address).status_code == 404, address
        assert desk.client.post(address).status_code == 404, address
    assert Template.objects.count() == 1


def test_the_whole_history_leads_there_too(desk: Desk) -> None:
    change(desk, 1, closing="Merci.")
    assert len(links(desk.get("settings_history"))) == 2
