"""« Historique »: who changed what, when, before and after, on each page and on one page for all."""

from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from obole.billing import operations as billing
from obole.catalogue import operations as catalogue
from obole.catalogue.models import Scheme
from obole.pricing.text import codec
from obole.regies import operations as regies
from obole_demo.dispositifs import canteen
from tests.actors import somebody
from tests.crm.settings_desk import Desk, open_desk, text_of, url
from tests.world import WHO, later

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> Desk:
    return open_desk()


def listed(desk: Desk, **asked: object) -> str:
    answer = desk.client.get(url("settings_history"), asked)
    assert answer.status_code == 200
    assert "UNDEFINED-VARIABLE" not in answer.content.decode()
    return text_of(answer)


def test_a_page_shows_what_changed_before_and_after(desk: Desk) -> None:
    town = desk.town
    billing.configure_type(
        type_id=town.type.pk,
        actor=somebody("claire@valbourg.example"),
        at=later(1),
        values={"payment_term": 45, "accepts_cesu": True, "introduction": "Bonjour,\nVoici votre facture.\nMerci."},
    )
    billing.configure_type(
        type_id=town.type.pk,
        values={"introduction": "Bonjour,\nVoici la facture.\nMerci."},
        actor=somebody("paul@valbourg.example"),
        at=later(2),
    )
    said = text_of(desk.get("settings_type", town.type.pk)).split("Historique")[-1]
    for part in (
        "paul@valbourg.example · introduction",
        "claire@valbourg.example",
        "Délai de paiement (jours)",
        "20 →. Après : 45",
        "CESU acceptés au guichet",
        "non →. Après : oui",
    ):
        assert part in said, part
    page = desk.get("settings_type", town.type.pk).content.decode()
    assert "<del>Voici votre facture.</del><ins>Voici la facture.</ins>" in page
    assert "<ins>Bonjour,</ins>" in page


def test_the_whole_history_is_one_page(desk: Desk) -> None:
    town = desk.town
    catalogue.configure_scheme(
        scheme_id=town.scheme.pk, values={"position": 3}, actor=somebody("claire@valbourg.example"), at=later(1)
    )
    regies.give_mandates(regie_id=town.regie.pk, agent_ids=[], actor=WHO, at=later(2))
    said = listed(desk)
    for part in (
        "Mandat retiré : Régie Enfance – Agent Régisseur",
        "Dispositif « Inscription cantine 2026-2027 » : modification",
        "0 →. Après : 3",
        "claire@valbourg.example",
        "Formulaire publié : Inscription cantine 2026-2027, version 1",
        "Dispositif ajouté à un type de facture : Inscription cantine 2026-2027 – Cantine et périscolaire",
        "Collectivité",
    ):
        assert part in said, part
    assert said.index("Mandat retiré") < said.index("» : modification") < said.index("création")


def test_it_is_narrowed_by_thing_by_person_and_by_day(desk: Desk) -> None:
    town = desk.town
    catalogue.configure_scheme(
        scheme_id=town.scheme.pk, values={"position": 4}, actor=somebody("claire@valbourg.example"), at=later(days=3)
    )
    assert "Tarification publiée : Inscription cantine 2026-2027, version 1" in listed(desk, sort="scheme")
    assert "Tarification publiée" not in listed(desk, sort="regie")
    only = listed(desk, who="claire@valbourg.example")
    assert "Ordre 0" not in only and "Ordre Avant : 0" in only and "création" not in only
    assert "création" not in listed(desk, since="2026-11-28") and "modification" in listed(desk, since="2026-11-28")
    assert "modification" not in listed(desk, until="2026-11-27") and "création" in listed(desk, until="2026-11-25")
    other = catalogue.configure_scheme(
        scheme_id=None, values={"service": town.scheme.service, "name": "Aide au repas"}, actor=WHO, at=later()
    )
    one = listed(desk, sort="scheme", one=other.pk)
    assert (
        "Seulement « Aide au repas »" in one
        and "Dispositif « Aide au repas » : création" in one
        and "Inscription cantine" not in one
    )
    assert f"?sort=scheme&amp;one={other.pk}" in desk.get("settings_scheme", other.pk).content.decode()


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"sort": "<script>"}, "choix valide"),
        ({"who": "x' OR 1=1"}, "choix valide"),
        ({"since": "hier"}, "date valide"),
        ({"sort": "scheme", "one": "99999"}, "Cet objet n’existe pas"),
        ({"sort": "scheme", "one": "9" * 30}, "inférieure ou égale"),
        ({"until": "9999-12-31", "since": "0001-01-01"}, "création"),
        ({"page": "9999"}, "création"),
    ],
)
def test_a_wrong_question_has_an_answer(desk: Desk, asked: dict[str, str], sentence: str) -> None:
    assert sentence in listed(desk, **asked)


def test_what_was_done_by_hand_is_told(desk: Desk) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('pghistory.context_metadata', '', true)")
    Scheme.objects.filter(pk=desk.town.scheme.pk).update(position=1)
    assert "directement dans la base de données" in listed(desk)
    assert "directement dans la base de données" in text_of(desk.get("settings_scheme", desk.town.scheme.pk))


def test_the_page_costs_the_same_whatever_it_lists(desk: Desk) -> None:
    listed(desk)
    with CaptureQueriesContext(connection) as few:
        listed(desk)
    for n in range(40):
        catalogue.configure_scheme(
            scheme_id=desk.town.scheme.pk, values={"position": n}, actor=somebody(f"{n}@v.example"), at=later(n)
        )
    with CaptureQueriesContext(connection) as many:
        assert "Suivante" in listed(desk)
    assert len(many) <= len(few)


def test_a_version_says_what_it_changes(desk: Desk) -> None:
    scheme, form = desk.town.scheme, desk.town.form.form_fields
    published = codec.as_dict(canteen.PRICING)
    catalogue.publish_pricing(scheme_id=scheme.pk, described=published, actor=WHO, at=later(1))
    changed = {**published, "cautions": [{"key": "badge", "label": "Badge", "cents": 500}]}
    catalogue.publish_pricing(
        scheme_id=scheme.pk, described=changed, actor=somebody("claire@valbourg.example"), at=later(2)
    )
    moved = [replace(form[0], label="Prénom"), form[1]]
    catalogue.publish_form(scheme_id=scheme.pk, fields=moved, actor=somebody("claire@valbourg.example"), at=later(3))
    for said in (
        listed(desk, who="claire@valbourg.example"),
        text_of(desk.get("settings_scheme", scheme.pk)).split("Historique")[1],
    ):
        for part in ("Modifié Prénom", "Retiré Remarque", "Ajouté caution « Badge »"):
            assert part in said, part
