"""No amount is issued that was not on the screen, and nothing is billed twice without a word."""

from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from lxml import html

from obole.audit_log.models import Record
from obole.billing import operations as billing
from obole.billing.models import Invoice
from obole.dossiers.models import Dossier
from tests.crm.desk import browser, get, looked_at, text_of, url
from tests.crm.dossiers.test_generate_invoice import form_of, send
from tests.world import (
    WHO,
    Town,
    answered_by,
    bill_dossier,
    later,
    make_citizen,
    make_dossier,
    make_fixed,
    make_old_draft,
    make_town,
    make_type,
)

pytestmark = pytest.mark.django_db
NOT_SHOWN = "Le montant n’est plus celui qui était affiché : vérifiez-le, puis générez"


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


def post(client: Client, dossier: Dossier, sent: dict[str, str]) -> HttpResponse:
    answer: HttpResponse = client.post(url("generate_invoice", dossier.pk), sent)
    return answer


def panel_of(answer: HttpResponse, dossier: Dossier) -> dict[str, str]:
    page = html.fromstring(answer.content.decode())
    form = next(form for form in page.forms if form.get("action") == url("generate_invoice", dossier.pk))
    return dict(form.form_values())


def test_an_amount_that_was_not_shown_comes_back_and_is_issued_by_a_second_click(
    client: Client, dossier: Dossier
) -> None:
    typed = {**form_of(client, dossier), "r-repas": "1", "r-majoration": "2", "period": "octobre 2026"}
    before = Record.objects.count()
    first = post(client, dossier, typed)
    assert first.status_code == 200 and NOT_SHOWN in text_of(first) and "Total 7,25 €" in text_of(first)
    assert not Invoice.objects.exists() and Record.objects.count() == before
    sent = panel_of(first, dossier)
    kept = ("r-repas", "r-majoration", "period", "request_key")
    assert {name: sent[name] for name in kept} == {name: typed[name] for name in kept}
    assert post(client, dossier, sent).status_code == 302
    assert Invoice.objects.get().total_cents == 725


@pytest.mark.parametrize("shown", ["", "0", "5201", "99999999999999999999"])
def test_a_total_that_is_not_told_or_is_another_issues_nothing(client: Client, dossier: Dossier, shown: str) -> None:
    answer = post(client, dossier, {**form_of(client, dossier), "shown": shown})
    assert answer.status_code == 200 and NOT_SHOWN in text_of(answer) and not Invoice.objects.exists()


def test_carry_overs_that_came_meanwhile_are_not_billed_unseen(town: Town, client: Client, dossier: Dossier) -> None:
    answer = post(client, dossier, {**form_of(client, dossier), "beside": "100"})
    assert answer.status_code == 200 and NOT_SHOWN in text_of(answer) and not Invoice.objects.exists()


@pytest.mark.parametrize(("confirmed", "cents"), [({"cents": 5199}, None), ({"cents": 5200}, 5200), ({}, 5200)])
def test_the_operation_itself_refuses_another_amount(
    town: Town, dossier: Dossier, confirmed: dict[str, int], cents: int | None
) -> None:
    def make() -> Invoice:
        return billing.generate_invoice(
            dossier_id=dossier.pk,
            type_id=town.type.pk,
            answered=answered_by(dossier),
            period="",
            request_key="k",
            confirmed=billing.Confirmed(**confirmed),
            actor=WHO,
            at=later(),
        )

    if cents is not None:
        assert make().total_cents == cents
        return
    with pytest.raises(billing.AmountNotShown):
        make()
    assert not Invoice.objects.exists()


def test_a_draft_as_it_is_is_issued_at_what_was_shown(town: Town, client: Client) -> None:
    draft = make_old_draft(town)
    page = html.fromstring(get(client, "draft", draft.pk).content.decode())
    sent = dict(next(form for form in page.forms if "draft" in form.get("class", "")).form_values())
    for shown in ("", "4959", "x"):
        client.post(url("draft", draft.pk), {**sent, "shown": shown, "emettre": "1"})
        draft.refresh_from_db()
        assert draft.state == "draft", shown
    assert sent["shown"] == str(draft.total_cents)
    client.post(url("draft", draft.pk), {**sent, "emettre": "1"})
    draft.refresh_from_db()
    assert draft.state == "due"


def test_drafts_together_come_to_what_was_shown(town: Town) -> None:
    drafts = [make_old_draft(town), make_old_draft(town, meals=1)]
    given = {"invoice_ids": [draft.pk for draft in drafts], "actor": WHO, "at": later()}
    with pytest.raises(billing.AmountNotShown):
        billing.issue_batch(shown_cents=17 * 310 + 1, **given)
    assert Invoice.objects.filter(state="draft").count() == 2
    assert len(billing.issue_batch(shown_cents=17 * 310, **given)) == 2


def test_the_same_period_is_billed_again_only_when_that_is_said(town: Town, client: Client, dossier: Dossier) -> None:
    made = bill_dossier(dossier, town.type)
    page = text_of(get(client, "dossier", dossier.pk, panneau="factures"))
    assert "novembre 2026 est déjà facturé : ENF-2026-000001 , 52,00 € À payer" in page
    assert "Facturer tout de même" in page
    sent = form_of(client, dossier)
    answer = send(client, dossier, sent, period=" NOVEMBRE  2026 ")
    assert answer.status_code == 200 and "C’est déjà facturé : cochez" in text_of(answer)
    assert url("invoice", made.pk) in answer.content.decode() and Invoice.objects.count() == 1
    assert send(client, dossier, sent, again="on").status_code == 302
    assert Invoice.objects.count() == 2


def test_another_period_another_type_or_a_cancelled_invoice_are_no_second_time(
    town: Town, client: Client, dossier: Dossier
) -> None:
    made = bill_dossier(dossier, town.type)
    other = make_type(town.regie, [town.scheme], name="Forfait")
    assert send(client, dossier, form_of(client, dossier), period="décembre 2026").status_code == 302
    assert send(client, dossier, form_of(client, dossier), type=str(other.pk)).status_code == 302
    billing.cancel_invoice(invoice_id=made.pk, code="quantity", comment="", actor=WHO, at=later(1))
    sent = {**form_of(client, dossier), "type": str(town.type.pk)}
    assert send(client, dossier, sent).status_code == 302
    assert Invoice.objects.count() == 4


def test_a_brother_s_dossier_is_told_and_a_neighbour_s_is_not(town: Town, client: Client, dossier: Dossier) -> None:
    bill_dossier(dossier, town.type)
    brother = make_dossier(town)
    neighbour = make_dossier(town, citizen=make_citizen("voisin@example.org", last_name="Voisin"))
    page = text_of(get(client, "dossier", brother.pk, panneau="factures"))
    assert "novembre 2026 est déjà facturé" in page and dossier.reference in page
    assert "déjà facturé" not in text_of(get(client, "dossier", neighbour.pk, panneau="factures"))
    assert send(client, neighbour, form_of(client, neighbour)).status_code == 302


def test_the_operation_itself_refuses_a_second_time(town: Town, dossier: Dossier) -> None:
    bill_dossier(dossier, town.type)
    given = {
        "dossier_id": dossier.pk,
        "type_id": town.type.pk,
        "answered": answered_by(dossier),
        "period": "Novembre 2026",
        "actor": WHO,
        "at": later(),
    }
    before = Record.objects.count()
    with pytest.raises(billing.AlreadyBilled, match="ENF-2026-000001, 52,00"):
        billing.generate_invoice(**given, request_key="two")
    assert Invoice.objects.count() == 1 and Record.objects.count() == before
    billing.generate_invoice(**given, request_key="three", confirmed=billing.Confirmed(again=True))
    assert Invoice.objects.count() == 2


def test_the_panel_folds_once_something_was_made_and_links_to_it(town: Town, client: Client, dossier: Dossier) -> None:
    panel = "//details[contains(@class, 'fold')]"
    (fold,) = html.fromstring(get(client, "dossier", dossier.pk, panneau="factures").content.decode()).xpath(panel)
    assert "open" in fold.attrib
    sent = looked_at(client, dossier, form_of(client, dossier))
    answer = client.post(url("generate_invoice", dossier.pk), sent, follow=True)
    made = Invoice.objects.get()
    page = html.fromstring(answer.content.decode())
    (fold,) = page.xpath(panel)
    assert "open" not in fold.attrib and "Générer une autre facture" in fold.text_content()
    links = page.xpath("//div[@class='messages']//a/@href")
    assert links == [url("invoice", made.pk), url("invoice_pdf", made.pk)]


def test_a_wrong_quantity_takes_the_lines_and_the_total_away(client: Client, dossier: Dossier) -> None:
    answer = send(client, dossier, form_of(client, dossier), recalculer="1", **{"r-majoration": "deux"})
    page = text_of(answer)
    assert "Ce n’est pas un nombre" in page and "les lignes et le total paraîtront ensuite" in page
    assert "52,00" not in page and "shown" not in panel_of(answer, dossier)


def test_a_wrong_quantity_is_said_whatever_else_is_wrong(town: Town, client: Client, dossier: Dossier) -> None:
    bill_dossier(dossier, town.type)
    for other in ({}, {"period": "x" * 61}, {"recalculer": "1", "request_key": ""}):
        answer = post(client, dossier, {**form_of(client, dossier), "r-majoration": "deux", **other})
        page = text_of(answer)
        assert "Ce n’est pas un nombre" in page and "le total paraîtront ensuite" in page, other
        assert "16 repas" not in page


def test_what_is_billed_once_offers_no_month(town: Town, client: Client, dossier: Dossier) -> None:
    assert form_of(client, dossier)["period"] == "novembre 2026"
    scheme, form = make_fixed(town, 2200)
    make_type(town.regie, [scheme], name="Abonnement")
    assert not form_of(client, make_dossier(town, form=form)).get("period")


def test_the_agent_s_questions_come_first_and_the_citizen_s_words_are_called_so(
    client: Client, dossier: Dossier
) -> None:
    page = text_of(get(client, "dossier", dossier.pk, panneau="factures"))
    assert page.index("Majoration") < page.index("Réponses de l’usager") < page.index("Repas (")
    assert "« vous » est l’usager" in page


def test_the_invoices_of_a_dossier_say_their_period(town: Town, client: Client, dossier: Dossier) -> None:
    bill_dossier(dossier, town.type, period="octobre 2026")
    page = text_of(get(client, "dossier", dossier.pk, panneau="factures"))
    assert "Période" in page and "octobre 2026" in page
