"""What is particular in who sees what: days of mandates, sensitive answers, and the page where rights are given."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import connection
from django.http import HttpResponse, StreamingHttpResponse
from django.test import Client

from obole.catalogue import operations as catalogue
from obole.catalogue.fields import FieldKind, FormField
from obole.catalogue.models import ServiceAccess
from obole.crm.dossiers.dossier_detail import PANELS
from obole.directory.models import Agent
from obole.directory.rules import Profile
from obole.dossiers import operations as dossiers, uploads
from obole.regies import operations as regies
from obole.regies.models import Mandate
from tests.access.sides import beside
from tests.crm.desk import PDF, Desk, browser, make_desk, pay, url
from tests.world import NOON, WHO, Town, later, make_agent, make_invoice

pytestmark = pytest.mark.django_db


@dataclass
class Two:
    """The desk, and beside it a régie, a prestation and a citizen of their own, with two agents who know only these."""

    desk: Desk
    other: Town
    reviewer: Agent
    regisseur: Agent


@pytest.fixture
def two() -> Iterator[Two]:
    with time_machine.travel(later(30), tick=False):
        desk = make_desk()
        other = beside(desk.town)
        pay(make_invoice(other, citizen=other.citizen, meals=3))
        make_invoice(other, citizen=other.citizen, meals=5)
        reviewer = make_agent(Profile.REVIEWER, email="salle@valbourg.example", all_services=False)
        who = {"actor": WHO, "at": NOON}
        catalogue.give_service_access(agent_id=reviewer.pk, handled={other.scheme.service_id}, read=set(), **who)
        regisseur = make_agent(Profile.REGISSEUR, email="regie.salle@valbourg.example", all_services=False)
        regies.configure_mandates(agent_id=regisseur.pk, terms={other.regie.pk: regies.MandateTerms()}, **who)
        yield Two(desk, other, reviewer, regisseur)


def text_of_anything(answer: HttpResponse | StreamingHttpResponse) -> str:
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content  # type: ignore[union-attr]
    return content.decode("utf-8", "replace")


@pytest.mark.parametrize("who", ["reviewer", "regisseur"])
def test_one_s_own_is_there(two: Two, who: str) -> None:
    page = text_of_anything(browser(getattr(two, who)).get(url("invoices")))
    assert "DOM-2026-000001" in page and "Kervella" in page and "2 factures" in page


@pytest.mark.parametrize(
    ("terms", "sees", "acts"),
    [
        ({}, True, True),
        ({"kind": Mandate.Kind.READER}, True, False),
        ({"ends_on": 0}, True, True),
        ({"ends_on": -1}, False, False),
        ({"starts_on": 1}, False, False),
    ],
)
def test_a_mandate_has_a_quality_and_days(two: Two, terms: dict[str, Any], sees: bool, acts: bool) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT (now() AT TIME ZONE 'Europe/Paris')::date")
        today = cursor.fetchone()[0]
    given = {name: today + timedelta(days=value) if isinstance(value, int) else value for name, value in terms.items()}
    agent = make_agent(Profile.REGISSEUR, email="mandat@valbourg.example", all_services=False)
    regies.configure_mandates(
        agent_id=agent.pk, terms={two.desk.town.regie.pk: regies.MandateTerms(**given)}, actor=WHO, at=NOON
    )
    client: Client = browser(agent)
    assert client.get(url("regie", two.desk.town.regie.pk)).status_code == (200 if sees else 404)
    assert client.get(url("take_money", two.desk.due.pk)).status_code == (200 if acts else 404)


def test_who_does_not_see_the_money_reads_no_word_of_the_bank(two: Two) -> None:
    desk = two.desk
    places = [
        url("invoice", desk.paid.pk),
        *(f"{url('dossier', desk.paid.dossier_id)}?panneau={name}" for name in PANELS),
    ]
    for place in places:
        page = text_of_anything(browser(desk.town.agent).get(place))
        assert not [word for word in ("Régie Enfance", "échange brut", "Écritures de la régie") if word in page], place


def test_a_sensitive_answer_is_read_by_who_has_the_right_alone(two: Two) -> None:
    town = two.desk.town
    fields = [
        FormField(key="pai", label="Allergie", sensitive=True),
        FormField(key="iban", label="Compte", kind=FieldKind.IBAN),
        FormField(key="plan", label="Protocole", kind=FieldKind.FILE, sensitive=True),
    ]
    form = catalogue.publish_form(scheme_id=town.scheme.pk, fields=fields, actor=WHO, at=NOON)
    given = dossiers.Application(
        answers={"pai": "arachide", "iban": "FR7630006000011234567890189"},
        uploads=[uploads.store(field_key="plan", name="protocole.pdf", content=PDF)],
    )
    dossier = dossiers.submit(
        citizen_id=town.citizen.pk, form_id=form.pk, request_key="pai", filled=given, actor=WHO, at=NOON
    )
    file = dossier.attachments.get()
    for agent, reads in ((town.agent, True), (town.regisseur, False), (town.admin, False)):
        client = browser(agent)
        seen = [text_of_anything(client.get(url("dossier", dossier.pk), {"panneau": name})) for name in PANELS]
        assert ("arachide" in " ".join(seen), "7890" in " ".join(seen), "protocole" in " ".join(seen)) == (reads,) * 3
        assert client.get(url("attachment", dossier.pk, file.pk)).status_code == (200 if reads else 404)
        assert ("Réponse sensible" in seen[0]) is not reads


def test_nobody_gives_themself_a_mandate(two: Two) -> None:
    admin = two.desk.town.admin
    who = {"actor": admin.actor, "at": NOON}
    with pytest.raises(ValidationError, match="demandez à un autre administrateur"):
        regies.configure_mandates(agent_id=admin.pk, terms={two.other.regie.pk: regies.MandateTerms()}, **who)
    with pytest.raises(ValidationError, match="demandez à un autre administrateur"):
        regies.give_mandates(regie_id=two.other.regie.pk, agent_ids=[admin.pk], **who)
    assert not Mandate.objects.filter(agent=admin).exists()


def test_the_rights_of_an_agent_are_set_on_one_page(two: Two) -> None:
    client, agent, regie = browser(two.desk.town.admin), two.reviewer, two.desk.town.regie
    page = client.get(url("settings_agent_rights", agent.pk))
    assert "Salles" in text_of_anything(page) and "Régie Enfance" in text_of_anything(page)
    sent = {
        "handled": [two.desk.town.scheme.service_id],
        "read": [two.other.scheme.service_id],
        "sees_sensitive": "on",
        f"kind_{regie.pk}": "substitute",
        f"from_{regie.pk}": "2026-12-01",
        f"to_{regie.pk}": "2026-11-01",
    }
    refused = text_of_anything(client.post(url("settings_agent_rights", agent.pk), sent))
    assert "Ce mandat finirait avant de commencer" in refused
    client.post(url("settings_agent_rights", agent.pk), {**sent, f"to_{regie.pk}": "2026-12-31"})
    agent.refresh_from_db()
    assert (agent.sees_sensitive, agent.all_services) == (True, False)
    accesses = ServiceAccess.objects.filter(agent=agent).order_by("service").values_list("service", "handles")
    assert dict(accesses) == {two.desk.town.scheme.service_id: True, two.other.scheme.service_id: False}
    mandate = Mandate.objects.get(agent=agent)
    assert (mandate.regie, mandate.kind, str(mandate.ends_on)) == (regie, "substitute", "2026-12-31")
