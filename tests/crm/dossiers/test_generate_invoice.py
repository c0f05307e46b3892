"""« Générer une facture » from a dossier: what it would come to, what is refused, and that twice is once."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from lxml import html

from obole.audit_log.models import Record
from obole.billing.models import Invoice
from obole.catalogue import operations as catalogue
from obole.dossiers import operations as dossiers
from obole.dossiers.models import Dossier
from obole.regies import operations as regies
from tests.actors import somebody
from tests.crm.desk import browser, get, looked_at, text_of, url
from tests.world import WHO, Town, later, make_dossier, make_fixed, make_regie, make_town, make_type

pytestmark = pytest.mark.django_db


@pytest.fixture
def town(time_machine: Any) -> Town:
    time_machine.move_to(later(30), tick=False)
    return make_town()


@pytest.fixture
def client(town: Town) -> Client:
    return browser(town.agent)


@pytest.fixture
def dossier(town: Town) -> Dossier:
    return make_dossier(town, meals=16)


@pytest.fixture
def unchanged() -> Iterator[None]:
    """A refusal leaves nothing behind."""
    before = Record.objects.count(), Invoice.objects.count()
    yield
    assert (Record.objects.count(), Invoice.objects.count()) == before


def form_of(client: Client, dossier: Dossier) -> dict[str, str]:
    """Return what the form of the sous-panel would send."""
    page = html.fromstring(get(client, "dossier", dossier.pk, panneau="factures").content.decode())
    form = next(form for form in page.forms if form.get("action") == url("generate_invoice", dossier.pk))
    return dict(form.form_values())


def send(client: Client, dossier: Dossier, sent: dict[str, str], **changes: str) -> HttpResponse:
    """Send the form, once its total was looked at."""
    sent = looked_at(client, dossier, {**sent, **changes})
    answer: HttpResponse = client.post(url("generate_invoice", dossier.pk), sent)
    return answer


def test_the_sous_panel_shows_what_it_will_come_to(town: Town, client: Client, dossier: Dossier) -> None:
    page = text_of(get(client, "dossier", dossier.pk, panneau="factures"))
    assert "16 repas 3,25 52,00" in page and "Total 52,00 €" in page
    assert "Échéance : 15/12/2026 (20 jours). Numéro : le suivant de la série 2026." in page
    assert form_of(client, dossier)["period"] == "novembre 2026"


def test_an_invoice_is_made_deposited_and_shown(town: Town, client: Client, dossier: Dossier) -> None:
    answer = send(client, dossier, form_of(client, dossier), **{"r-majoration": "2"})
    assert answer.status_code == 302 and answer["Location"].endswith(f"/dossiers/{dossier.pk}/?panneau=factures")
    invoice = Invoice.objects.get()
    assert (invoice.number, invoice.state, invoice.total_cents) == ("ENF-2026-000001", "due", 5600)
    assert invoice.period == "novembre 2026"
    page = text_of(get(client, "dossier", dossier.pk, panneau="factures"))
    assert "la facture ENF-2026-000001 est émise" in page and "56,00" in page
    assert Record.objects.get(verb="invoice.issue").actor == town.agent.actor


def test_the_same_form_sent_twice_makes_one_invoice(town: Town, client: Client, dossier: Dossier) -> None:
    sent = form_of(client, dossier)
    assert [send(client, dossier, sent).status_code for _n in range(3)] == [302, 302, 302]
    assert Invoice.objects.count() == 1
    assert send(client, dossier, form_of(client, dossier), again="on").status_code == 302
    assert Invoice.objects.count() == 2, "a new form makes another invoice, once that is confirmed"


def test_a_key_of_another_dossier_makes_its_own_invoice(town: Town, client: Client, dossier: Dossier) -> None:
    sent = form_of(client, dossier)
    send(client, dossier, sent)
    send(client, make_dossier(town), sent, again="on")
    assert Invoice.objects.values("dossier").distinct().count() == 2


def test_the_sum_is_calculated_without_writing(town: Town, client: Client, dossier: Dossier, unchanged: None) -> None:
    sent = form_of(client, dossier)
    answer = send(client, dossier, sent, recalculer="1", **{"r-majoration": "3"})
    assert answer.status_code == 200 and "Total 58,00 €" in text_of(answer)
    assert f'value="{sent["request_key"]}"' in answer.content.decode(), "the form keeps its key"
    dossier.refresh_from_db()
    assert "majoration" not in dossier.answers


def test_the_type_changes_the_due_date_and_nothing_else(town: Town, client: Client, dossier: Dossier) -> None:
    other = make_type(town.regie, [town.scheme], name="Forfait", payment_term=5)
    before = Record.objects.count()
    answer = send(client, dossier, form_of(client, dossier), type=str(other.pk), recalculer="1")
    assert "16 repas 3,25 52,00" in text_of(answer) and "Échéance : 30/11/2026 (5 jours)" in text_of(answer)
    assert Record.objects.count() == before and not Invoice.objects.exists()


def test_a_fixed_amount_is_billed_and_asks_for_nothing(town: Town, client: Client) -> None:
    scheme, form = make_fixed(town, 2200, label="Abonnement")
    kind = make_type(town.regie, [scheme], name="Abonnement")
    dossier = make_dossier(town, form=form)
    page = text_of(get(client, "dossier", dossier.pk, panneau="factures"))
    assert "1 22,00 22,00" in page and "Total 22,00 €" in page
    assert not [name for name in form_of(client, dossier) if name.startswith("r-")]
    assert send(client, dossier, form_of(client, dossier), type=str(kind.pk)).status_code == 302
    line = Invoice.objects.get().lines.get()
    assert (line.label, line.quantity, line.unit_price_cents, line.amount_cents) == ("Abonnement", 1, 2200, 2200)


def test_without_a_pricing_there_is_nothing_to_bill_and_who_may_builds_one(
    town: Town, client: Client, dossier: Dossier
) -> None:
    sent = form_of(client, dossier)
    scheme = catalogue.configure_scheme(
        scheme_id=None, values={"service": town.scheme.service, "name": "Sans prix"}, actor=WHO, at=later()
    )
    Dossier.objects.filter(pk=dossier.pk).update(scheme=scheme)
    town.type.schemes.add(scheme)
    said, link = "Ce dispositif n’a pas de tarification : rien à facturer encore.", url("settings_pricing", scheme.pk)
    page = get(client, "dossier", dossier.pk, panneau="factures")
    assert said in text_of(page) and link not in page.content.decode()
    assert link in get(browser(town.admin), "dossier", dossier.pk, panneau="factures").content.decode()
    answer = send(client, dossier, sent)
    assert answer.status_code == 200 and said in text_of(answer) and not Invoice.objects.exists()


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("-1", "Ce nombre est trop petit : 0 au moins."),
        ("1,5", "Un nombre entier est attendu."),
        ("101", "Ce nombre est trop grand : 100 au plus."),
        ("deux", "Ce n’est pas un nombre"),
        ("1e3", "Ce n’est pas un nombre"),
        ("99999999999999999999", "Ce nombre est trop grand"),
    ],
)
def test_a_wrong_quantity_is_said_at_its_field(
    town: Town, client: Client, dossier: Dossier, unchanged: None, typed: str, sentence: str
) -> None:
    answer = send(client, dossier, form_of(client, dossier), **{"r-majoration": typed})
    page = answer.content.decode()
    assert answer.status_code == 200 and sentence in text_of(answer)
    assert 'aria-invalid="true"' in page and 'href="#id_r-majoration"' in page


def test_what_the_citizen_answered_stays_whatever_is_billed(town: Town, client: Client, dossier: Dossier) -> None:
    send(client, dossier, form_of(client, dossier), **{"r-repas": "1"})
    dossier.refresh_from_db()
    assert (Invoice.objects.get().total_cents, dossier.answers["repas"]) == (325, 16)


def test_nothing_to_pay_is_no_invoice(town: Town, client: Client) -> None:
    empty = make_dossier(town, meals=0)
    before = Record.objects.count()
    answer = send(client, empty, form_of(client, empty))
    assert answer.status_code == 200 and "il n’y a rien à facturer" in text_of(answer)
    assert Record.objects.count() == before and not Invoice.objects.exists()


def test_a_type_without_regie_or_with_a_closed_one_makes_no_invoice(
    town: Town, client: Client, dossier: Dossier
) -> None:
    orphan = make_type(None, [town.scheme], name="Sans régie")
    answer = send(client, dossier, form_of(client, dossier), type=str(orphan.pk))
    assert "un administrateur doit lui en donner une" in text_of(answer)
    regies.configure_regie(regie_id=town.regie.pk, values={"enabled": False}, actor=WHO, at=later())
    answer = send(client, dossier, form_of(client, dossier), type=str(town.type.pk))
    assert "aucune facture ne peut être émise" in text_of(answer)
    assert not Invoice.objects.exists()


def test_a_type_of_another_dispositif_is_refused_at_the_field(
    town: Town, client: Client, dossier: Dossier, unchanged: None
) -> None:
    for wrong in (str(2_000_000_000), "abc", ""):
        answer = send(client, dossier, form_of(client, dossier), type=wrong)
        assert answer.status_code == 200 and "form-errors" in answer.content.decode()


def test_a_foreign_type_is_not_offered(town: Town, client: Client, dossier: Dossier) -> None:
    foreign = make_type(make_regie("TER", "Régie Terrasses"), [], name="Terrasses")
    answer = send(client, dossier, form_of(client, dossier), type=str(foreign.pk))
    assert answer.status_code == 200 and "ne s’applique pas à ce dispositif" in text_of(answer)
    assert not Invoice.objects.exists()


def test_a_missing_key_or_one_too_long_makes_nothing(
    town: Town, client: Client, dossier: Dossier, unchanged: None
) -> None:
    for key in ("", "x" * 100):
        answer = send(client, dossier, form_of(client, dossier), request_key=key)
        assert answer.status_code == 200 and "form-errors" in answer.content.decode()


def test_a_dossier_that_is_not_under_review_has_no_form(town: Town, client: Client, dossier: Dossier) -> None:
    filled = dossiers.Application(answers={"enfant": "Zoé", "ecole": "Jules-Ferry"})
    waiting = dossiers.submit(
        citizen_id=town.citizen.pk,
        form_id=town.form.pk,
        request_key="k",
        filled=filled,
        actor=somebody("usager"),
        at=later(),
    )
    page = text_of(get(client, "dossier", waiting.pk, panneau="factures"))
    assert "Une facture se fait d’un dossier en instruction ou accepté" in page
    answer = send(client, waiting, {**form_of(client, dossier), "request_key": "k"})
    assert answer.status_code == 200 and "prenez-le d’abord en charge" in text_of(answer)
    assert not Invoice.objects.exists()


def test_without_a_type_the_sous_panel_says_what_is_missing(town: Town, client: Client, dossier: Dossier) -> None:
    type(town.type).objects.update(enabled=False)
    page = text_of(get(client, "dossier", dossier.pk, panneau="factures"))
    assert "Aucun type de facture ne s’applique à ce dispositif" in page
    answer = send(client, dossier, {"type": str(town.type.pk), "request_key": "k"})
    assert answer.status_code == 200 and not Invoice.objects.exists()


def test_the_type_used_last_is_proposed_again(town: Town, client: Client, dossier: Dossier) -> None:
    make_type(town.regie, [town.scheme], name="Abonnement")
    send(client, dossier, form_of(client, dossier), type=str(town.type.pk))
    assert form_of(client, dossier)["type"] == str(town.type.pk)


def test_only_who_may_know_reads_the_regies_name(town: Town, client: Client, dossier: Dossier) -> None:
    assert "Régie Enfance" not in text_of(get(client, "dossier", dossier.pk, panneau="factures"))
    assert "Cantine et périscolaire – Régie Enfance" in text_of(
        get(browser(town.admin), "dossier", dossier.pk, panneau="factures")
    )
