"""« Où est-ce utilisé ? » on the page of each setting: counts, links, and no more queries when there is more."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from obole.billing import operations as billing
from obole.configuration.queries import usage
from obole.mailing import operations as mailing
from tests.crm.settings_desk import Desk, open_desk, text_of, url
from tests.world import NOON, WHO, bill_dossier, later, make_citizen, make_dossier, make_invoice, make_type

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> Desk:
    return open_desk()


def live(desk: Desk) -> None:
    """Issue an invoice, cancel another and do it again as a draft, and leave a dossier alone."""
    town = desk.town
    make_dossier(town)
    make_invoice(town, meals=2)
    wrong = make_invoice(town, meals=3)
    billing.cancel_invoice(invoice_id=wrong.pk, code="price", comment="", actor=WHO, at=later(1))
    billing.redo_invoice(invoice_id=wrong.pk, actor=WHO, at=later(2))


def pages(desk: Desk) -> dict[str, tuple[str, object]]:
    town = desk.town
    return {
        "service": ("settings_service", town.scheme.service_id),
        "scheme": ("settings_scheme", town.scheme.pk),
        "type": ("settings_type", town.type.pk),
        "regie": ("settings_regie", town.regie.pk),
        "mail": ("settings_mail", "invoice_deposited"),
    }


MONEY = ("1 brouillon de facture", "2 factures émises")
SAID = {
    "service": ("Inscription cantine 2026-2027", "Cantine et périscolaire", "3 dossiers", *MONEY),
    "scheme": ("Cantine et périscolaire", "3 dossiers", *MONEY),
    "type": ("Inscription cantine 2026-2027", *MONEY),
    "regie": ("Cantine et périscolaire", *MONEY),
    "mail": ("2 courriels préparés avec ce modèle",),
}


@pytest.mark.parametrize("name", SAID)
def test_a_page_says_what_uses_its_setting(desk: Desk, name: str) -> None:
    live(desk)
    said = text_of(desk.get(*pages(desk)[name]))
    after = said.split("Où est-ce utilisé ?", 1)[1]
    for part in SAID[name]:
        assert part in after, part
    assert "Nulle part encore." not in said


def test_what_is_used_nowhere_says_so(desk: Desk) -> None:
    for name, (view, pk) in pages(desk).items():
        said = text_of(desk.get(view, pk))
        assert ("Nulle part encore." in said) is (name == "mail"), name
    assert "Cantine et périscolaire" in text_of(desk.get("settings_mail", "reminder_1")).split("Où est-ce utilisé")[1]
    assert "Où est-ce utilisé" not in text_of(desk.get("settings_service_new"))


def test_links_lead_to_lists_of_that_only(desk: Desk) -> None:
    live(desk)
    other = make_type(desk.town.regie, [desk.town.scheme], name="Autre")
    dossier = make_dossier(desk.town, citizen=make_citizen("autre@example.org"))
    bill_dossier(dossier, other, at=later(3))
    page = desk.get("settings_type", other.pk).content.decode()
    address = f"{url('invoices')}?type={other.pk}"
    assert f'href="{address}"' in page and "1 facture émise" in page
    listed = text_of(desk.client.get(address))
    assert "ENF-2026-000003" in listed and "ENF-2026-000001" not in listed
    assert (
        f"{url('dossiers')}?scheme={desk.town.scheme.pk}"
        in desk.get("settings_scheme", desk.town.scheme.pk).content.decode()
    )


@pytest.mark.parametrize("name", SAID)
def test_counting_costs_the_same_whatever_there_is(desk: Desk, name: str) -> None:
    view, pk = pages(desk)[name]
    make_invoice(desk.town)
    with CaptureQueriesContext(connection) as few:
        desk.get(view, pk)
    live(desk)
    for n in range(3):
        make_type(desk.town.regie, [desk.town.scheme], name=f"Type {n}")
    with CaptureQueriesContext(connection) as many:
        desk.get(view, pk)
    assert len(many) <= len(few)


def test_a_count_stops_where_nobody_reads_it(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usage, "COUNTED", 1)
    monkeypatch.setattr("obole.crm.settings.where_used.COUNTED", 1)
    live(desk)
    assert "plus de 1 dossier" in text_of(desk.get("settings_scheme", desk.town.scheme.pk))
    mailing.configure_template(kind="reminder_1", subject="a", body="b", actor=WHO, at=NOON)
