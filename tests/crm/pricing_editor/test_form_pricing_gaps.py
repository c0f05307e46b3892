"""When a form or a pricing is published, an administrator is told what does not fit; nothing is refused for it."""

import json
from dataclasses import replace
from typing import Any

import pytest
from django.http import HttpResponse

from obole.catalogue import operations as catalogue
from obole.catalogue.fields import FieldKind, FormField
from obole.catalogue.models import FormVersion, PricingVersion
from obole.pricing.text import codec
from tests.billing.priced import publish
from tests.crm.settings_desk import Desk, open_desk, text_of, url
from tests.portal.priced import HALL_FORM
from tests.pricing.dispositifs import HALL
from tests.world import NOON, WHO, later

pytestmark = pytest.mark.django_db
UNASKED = "Le formulaire ne pose pas ces questions de la tarification : l’agent y répondra."
WRONG = tuple(
    replace(item, kind=FieldKind.TEXT, label="Nombre de couverts") if item.key == "couverts" else item
    for item in HALL_FORM
)


@pytest.fixture
def desk(time_machine: Any) -> Desk:
    time_machine.move_to(later(30), tick=False)
    return open_desk(priced=False)


def publish_form(desk: Desk, fields: tuple[FormField, ...]) -> HttpResponse:
    pk = desk.town.scheme.pk
    draft = catalogue.edit_form(scheme_id=pk, fields=fields, revision=0, actor=WHO, at=NOON)
    answer: HttpResponse = desk.client.post(
        url("settings_form_publish", pk), {"revision": str(draft.revision)}, follow=True
    )
    assert answer.status_code == 200 and FormVersion.objects.latest("number").form_fields == fields
    return answer


def publish_pricing(desk: Desk) -> HttpResponse:
    content = json.dumps(codec.as_dict(HALL))
    sent = {"replaces": "0", "content": content, "publier": "1"}
    answer: HttpResponse = desk.client.post(url("settings_pricing_import", desk.town.scheme.pk), sent, follow=True)
    assert answer.status_code == 200 and PricingVersion.objects.count() == 1
    return answer


def test_a_pricing_whose_questions_the_form_does_not_ask_is_published_with_a_warning(desk: Desk) -> None:
    page = text_of(publish_pricing(desk))
    assert f"{UNASKED} « Demandeur », « Duree », « Du », « Cuisine », « Couverts »." in page


def test_a_form_that_does_not_fit_is_published_with_both_names(desk: Desk) -> None:
    publish(desk.town, HALL)
    page = text_of(publish_form(desk, WRONG))
    assert (
        "« Nombre de couverts » (formulaire) et « Couverts » (tarification) : le formulaire demande un texte, "
        "la tarification attend un nombre. L’agent répondra de nouveau."
    ) in page
    assert UNASKED not in page


def test_what_fits_is_published_without_a_word(desk: Desk) -> None:
    publish(desk.town, HALL)
    page = text_of(publish_form(desk, HALL_FORM))
    assert "est publiée" in page and UNASKED not in page and "(tarification)" not in page


def test_a_form_without_a_pricing_is_not_compared(desk: Desk) -> None:
    page = text_of(publish_form(desk, WRONG))
    assert "est publiée" in page and "(tarification)" not in page and UNASKED not in page
