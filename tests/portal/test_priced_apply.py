"""Applying where a pricing makes the amount: nothing is promised that would not be billed."""

import pytest
from django.test import Client

from obole.dossiers.models import Dossier, Item
from obole.lib import words
from tests.billing.priced import publish
from tests.portal.conftest import text_of
from tests.world import Town

pytestmark = pytest.mark.django_db(transaction=True)


def test_no_amount_is_promised_where_a_pricing_makes_it(town: Town, browser: Client) -> None:
    publish(town)
    page = text_of(browser.get(f"/demarches/{town.scheme.public_id}/"))
    assert "3,25" not in page and "Le tarif dépend de votre situation" in page
    page = text_of(browser.get(f"/demarches/{town.scheme.public_id}/demande/"))
    assert "3,25" not in page and "Quantités" not in page and "Le montant dépend de vos réponses" in page


def test_a_priced_application_is_filed_without_quantities(town: Town, browser: Client) -> None:
    publish(town)
    answers = {
        "answer_enfant": "Zoé",
        "answer_ecole": "Jules-Ferry",
        "request_key": words.token(),
        "form": str(town.form.pk),
    }
    browser.post(f"/demarches/{town.scheme.public_id}/demande/", answers)
    assert Dossier.objects.get().state == "submitted"
    assert not Item.objects.filter(quantity__gt=0).exists()
