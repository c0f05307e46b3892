"""« Export et import »: what the page says before anything is written, and what it refuses."""

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from lxml import html

from obole.audit_log.models import Record
from obole.catalogue import operations as catalogue
from obole.catalogue.models import Service
from obole.pricing.text import codec
from obole_demo.dispositifs import canteen
from tests.crm.settings_desk import Desk, open_desk, text_of, url
from tests.world import WHO, later

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> Desk:
    return open_desk()


def exported(desk: Desk, name: str = "settings_configuration_file", *args: object) -> Any:
    answer = desk.get(name, *args)
    assert answer["Content-Type"] == "application/json; charset=utf-8"
    assert answer["Content-Disposition"].startswith("attachment; filename=")
    return json.loads(answer.content)


def tried(desk: Desk, tree: Any) -> HttpResponse:
    content = tree if isinstance(tree, bytes) else json.dumps(tree).encode()
    upload = SimpleUploadedFile("c.json", content)
    answer: HttpResponse = desk.client.post(url("settings_configuration"), {"file": upload, "content": ""})
    assert answer.status_code == 200
    return answer


def hidden(answer: HttpResponse) -> dict[str, str]:
    form = next(form for form in html.fromstring(answer.content.decode()).forms if form.action.endswith("/importer/"))
    return {name: value for name, value in form.form_values() if name in {"kept", "seen"}}


def test_a_file_is_shown_then_imported(desk: Desk) -> None:
    tree = exported(desk)
    tree["services"][0]["description"] = "Le midi.\nEn période scolaire."
    tree["schemes"][0]["form"][0]["label"] = "Prénom"
    tree["schemes"][0]["pricing"] = codec.as_dict(canteen.PRICING)
    tree["services"].append({"name": "Salles", "pictogram": "home"})
    before = Record.objects.count()
    page = tried(desk, tree)
    said = text_of(page)
    for part in (
        "3 éléments seraient créés ou modifiés",
        "Prestation « Restauration scolaire » Modifié",
        "Prestation « Salles » Créé",
        "Modifié Prénom",
        "Tarif «",
        "En période scolaire.",
        "resteraient tels quels",
    ):
        assert part in said, part
    assert Record.objects.count() == before and Service.objects.count() == 1
    following = desk.client.post(url("settings_configuration_import"), hidden(page), follow=True)
    assert "3 éléments créés ou modifiés." in text_of(following)
    assert Record.objects.filter(actor=desk.town.admin.actor).count() == 4
    assert "Rien : tout ce que dit ce fichier est déjà ainsi." in text_of(tried(desk, tree))


def test_what_is_wrong_is_told_with_its_path(desk: Desk) -> None:
    said = text_of(tried(desk, {"obole": {"format": 2}, "services": [{"name": "<b>é</b>", "position": "x"}, {}]}))
    assert "2 points sont à corriger. Rien n’a changé." in said
    assert "services[0].position : Prestation « <b>é</b> » : un nombre entier est attendu, sans guillemets." in said
    assert "Ce que l’import ferait" not in said


def test_what_was_pasted_is_not_lost(desk: Desk) -> None:
    pasted = '{"obole": {"format": 2}, "services": [{]}'
    answer = desk.client.post(url("settings_configuration"), {"content": pasted})
    assert "Ce n’est pas du JSON : ligne 1" in text_of(answer)
    assert "&quot;services&quot;: [{]}" in answer.content.decode()


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({"content": ""}, "Choisissez un fichier, ou collez son contenu."),
        ({"content": "x" * 1_000_001}, "trop long pour être collé"),
        ({"content": "a\x00b"}, "nul"),
        ({"file": SimpleUploadedFile("a.json", b" " * 5_000_001)}, "5 Mo au plus"),
        ({"file": SimpleUploadedFile("a.json", b"")}, "Choisissez un fichier"),
        ({"file": SimpleUploadedFile("a.json", b"\x89PNG\xff")}, "UTF-8"),
    ],
)
def test_what_cannot_be_read_is_a_sentence(desk: Desk, sent: dict[str, Any], sentence: str) -> None:
    answer = desk.client.post(url("settings_configuration"), sent)
    assert answer.status_code == 200 and sentence in text_of(answer)


def test_an_import_of_a_configuration_that_moved_shows_what_would_change_now(desk: Desk) -> None:
    tree = exported(desk)
    tree["services"][0]["description"] = "Le midi"
    sent = hidden(tried(desk, tree))
    catalogue.configure_scheme(scheme_id=desk.town.scheme.pk, values={"position": 7}, actor=WHO, at=later())
    answer = desk.client.post(url("settings_configuration_import"), sent)
    said = text_of(answer)
    assert "La configuration a changé entre-temps : rien n’est importé." in said
    assert "Ordre 7 0" in said
    assert Service.objects.get().description == ""
    assert desk.client.post(url("settings_configuration_import"), hidden(answer)).status_code == 302
    assert Service.objects.get().description == "Le midi"


@pytest.mark.parametrize("kept", ["", "faux", "YWJj:1abcde:xyz"])
def test_a_forged_or_forgotten_file_imports_nothing(desk: Desk, kept: str) -> None:
    before = Record.objects.count()
    answer = desk.client.post(url("settings_configuration_import"), {"kept": kept, "seen": "x"}, follow=True)
    assert "choisissez-le de nouveau. Rien n’est importé." in text_of(answer)
    assert Record.objects.count() == before


def test_one_dispositif_and_one_type_are_files_too(desk: Desk) -> None:
    scheme = exported(desk, "settings_scheme_file", desk.town.scheme.pk)
    assert [item["name"] for item in scheme["schemes"]] == ["Inscription cantine 2026-2027"]
    kind = exported(desk, "settings_type_file", desk.town.type.pk)
    assert kind["invoice_types"][0]["regie"] == "ENF"
    assert desk.client.get(url("settings_scheme_file", 99_999)).status_code == 404
    assert desk.client.get(url("settings_type_file", 99_999)).status_code == 404


def test_a_text_too_heavy_to_be_read_is_a_sentence_too(desk: Desk) -> None:
    answer = desk.client.post(url("settings_configuration"), {"content": "x" * 2_200_000})
    assert answer.status_code == 400
    assert "envoyez un long texte comme un fichier" in text_of(answer)
