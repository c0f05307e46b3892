"""Files that nobody should send: each is told what is wrong, where, and nothing is written."""

import json
from typing import Any

import pytest

from obole.audit_log.models import Record
from obole.catalogue.models import Scheme
from obole.configuration import operations
from obole.configuration.rules import text
from obole.pricing.model.problems import Refused
from tests.spaces import plain
from tests.world import WHO, later, make_town

pytestmark = pytest.mark.django_db

HEAD = '{"obole": {"format": 2}'
SCHEME = "Inscription cantine 2026-2027"


def refusals(content: bytes) -> dict[str, str]:
    """Return what is said, by path, once nothing was written."""
    before = Record.objects.count()
    with pytest.raises(Refused) as refused:
        operations.import_file(tree=text.read(content), seen=None, actor=WHO, at=later())
    assert Record.objects.count() == before
    said = {problem.path: problem.message for problem in refused.value.problems}
    assert all(message.encode() and len(message) < 700 for message in said.values())
    return said


def form(fields: Any) -> Any:
    return {"schemes": [{"name": SCHEME, "form": fields}]}


def act(**values: Any) -> Any:
    said = {"regie": "ENF", "reference": "A1", "signed_on": "2026-01-31", "allowed_means": ["cash"]}
    return {"founding_acts": [{**said, "max_held_cents": 100_00, **values}]}


def kind(values: Any) -> Any:
    return {"invoice_types": [{"name": "T", **values}]}


def with_sections(**sections: Any) -> bytes:
    return json.dumps({"obole": {"format": 2}, **sections}).encode()


@pytest.mark.parametrize(
    ("content", "path", "sentence"),
    [
        (b"", "", "Choisissez un fichier"),
        (b"\xff\xfe", "", "UTF-8"),
        (b"\x00" * 20, "", "JSON"),
        (b"{", "", "ligne 1, colonne 2"),
        (b"[" * 100_000, "", "trop imbriqué"),
        (b'{"a": ' * 70 + b"1" + b"}" * 70, "a" + ".a" * 60, "trop imbriquée"),
        (b"1" * 5_000, "", "démesuré"),
        (b"NaN", "", "n’est pas un nombre"),
        (b'{"obole": {"format": 2}, "obole": {"format": 2}}', "", "« obole » est écrit deux fois"),
        (b" " * 5_000_001, "", "5 Mo au plus"),
        (b"[]", "", "ce n’est pas un fichier de configuration"),
        (b"null", "", "ce n’est pas un fichier de configuration"),
        (b'{"tariffs": []}', "", "ce n’est pas un fichier de configuration"),
        (b'{"obole": {"format": 3}}', "obole.format", "inconnu de cette version"),
        (b'{"obole": {"format": true}}', "obole.format", "inconnu de cette version"),
        (b'{"obole": {"format": 2, "by": 3}}', "obole", "« by » est inconnu ici"),
        ((HEAD + ', "<script>": 1}').encode(), "", "« <script> » est inconnu ici"),
        ((HEAD + ', "\\ud800": 1}').encode(), "", "ne peut pas être gardé"),
        ((HEAD + ', "services": [{"name": "a\\u0000b"}]}').encode(), "services[0].name", "ne peut pas être gardé"),
        ((HEAD + ', "services": [{"name": "\\ud83d"}]}').encode(), "services[0].name", "ne peut pas être gardé"),
        ((HEAD + ', "services": [{"name": "a\\u202eb"}]}').encode(), "services[0].name", "caractère invisible"),
        ((HEAD + ', "services": [{"name": "a\\u200bb"}]}').encode(), "services[0].name", "caractère invisible"),
        ((HEAD + ', "services": [{"name": "a\\nb"}]}').encode(), "services[0].name", "caractère invisible"),
        (
            (HEAD + ', "services": [{"name": "a", "position": 1.5}]}').encode(),
            "services[0].position",
            "entre guillemets",
        ),
    ],
)
def test_a_text_that_cannot_be_read(content: bytes, path: str, sentence: str) -> None:
    said = refusals(content)
    assert sentence in plain(said[path]), said


@pytest.mark.parametrize(
    ("sections", "path", "sentence"),
    [
        ({"services": {}}, "services", "une liste est attendue"),
        ({"services": ["Salle"]}, "services[0]", "un objet est attendu"),
        ({"services": [{}]}, "services[0]", "il manque « name »"),
        ({"services": [{"name": ""}]}, "services[0].name", "ne peut pas être vide"),
        ({"services": [{"name": 12}]}, "services[0].name", "un texte est attendu"),
        ({"services": [{"name": "x" * 10_000}]}, "services[0].name", "120 caractères au plus"),
        ({"services": [{"name": "a", "id": 3}]}, "services[0]", "« id » est inconnu ici"),
        ({"services": [{"name": "a"}, {"name": "a "}]}, "services[1]", "décrite deux fois"),
        ({"services": [{"name": "a", "pictogram": "dragon"}]}, "services[0].pictogram", "n’existe pas"),
        ({"services": [{"name": "a", "position": 40_000}]}, "services[0].position", "32767"),
        ({"services": [{"name": "a", "position": True}]}, "services[0].position", "nombre entier"),
        ({"services": [{"name": "a", "enabled": 1}]}, "services[0].enabled", "oui (true) ou non (false)"),
        ({"services": [{"name": "a", "description": "y" * 20_001}]}, "services[0].description", "20000 caractères"),
        ({"services": [{"name": f"n{n}"} for n in range(1_001)]}, "services", "trop longue"),
        ({"authority": []}, "authority", "un objet est attendu"),
        ({"authority": {"name": "V", "colour": "#ffff00"}}, "authority.colour", "trop claire"),
        ({"authority": {"name": "V", "colour": "rouge"}}, "authority.colour", "valeur valide"),
        ({"authority": {"name": "V", "siret": "12"}}, "authority.siret", "valeur valide"),
        ({"authority": {"name": "V", "email": "pas une adresse"}}, "authority.email", "valide"),
        ({"regies": [{"code": "enf", "name": "R"}]}, "regies[0].code", "majuscules"),
        ({"regies": [{"code": "DOM", "name": "R", "gateway": "swift"}]}, "regies[0].gateway", "n’existe pas"),
        ({"regies": [{"code": "ENF", "gateway": "payfip"}]}, "regies[0].gateway", "retirez cette ligne"),
        ({"regies": [{"code": "DOM", "name": "Régie Enfance"}]}, "regies[0].name", "porte déjà ce nom"),
        ({"regies": [{"code": "DOM", "name": "R", "release_delay": 2}]}, "regies[0].release_delay", "15"),
        (
            {"regies": [{"code": "ENF", "gateway_settings": {"mode": "W"}}]},
            "regies[0]",
            "« gateway_settings » est inconnu",
        ),
        (act(iban="FR7630006000011234567890189"), "founding_acts[0]", "« iban » est inconnu"),
        (act(regie="XXX"), "founding_acts[0].regie", "« XXX » n’existe ni ici"),
        (act(regie=None), "founding_acts[0].regie", "un texte est attendu"),
        (act(signed_on="31/01/2026"), "founding_acts[0].signed_on", "une date est attendue"),
        (act(signed_on=20260131), "founding_acts[0].signed_on", "une date est attendue"),
        (act(allowed_means=["gold"]), "founding_acts[0].allowed_means", "valeur"),
        (act(allowed_means=[]), "founding_acts[0].allowed_means", "ne peut pas être vide"),
        (act(allowed_means=[["cash"]]), "founding_acts[0].allowed_means[0]", "un texte est attendu"),
        (act(max_held_cents=0), "founding_acts[0].max_held_cents", "1"),
        (act(max_held_cents="12"), "founding_acts[0].max_held_cents", "nombre entier"),
        ({"founding_acts": [{"reference": "A"}]}, "founding_acts[0]", "il manque « regie »"),
        ({"schemes": [{"name": "D"}]}, "schemes[0]", "il manque « service »"),
        ({"schemes": [{"name": "D", "service": None}]}, "schemes[0].service", "un texte est attendu"),
        ({"schemes": [{"name": "D", "service": "Rien"}]}, "schemes[0].service", "« Rien » n’existe ni ici"),
        (form({}), "schemes[0].form", "une liste de champs"),
        (form(["x"]), "schemes[0].form[0]", "un objet"),
        (form([{"key": "a"}]), "schemes[0].form[0]", "il manque « label »"),
        (form([{"key": "a", "label": "b", "x": 1}]), "schemes[0].form[0]", "« x » est inconnu"),
        (form([{"key": "a", "label": 3}]), "schemes[0].form[0].label", "un texte"),
        (form([{"key": "a", "label": "x" * 10_000}]), "schemes[0].form[0].label", "150"),
        (form([{"key": "a", "label": "A", "kind": "x"}]), "schemes[0].form", "type inconnu"),
        (form([{"key": "a", "label": "A", "choices": "bc"}]), "schemes[0].form[0].choices", "liste de textes"),
        (form([{"key": "a", "label": "A", "shown_if": []}]), "schemes[0].form[0].shown_if", "condition"),
        (form([{"key": "a", "label": "A", "shown_if": {"kind": "?"}}]), "schemes[0].form", "« A », affichage"),
        (form([{"key": "enfant", "label": "A", "kind": "date"}]), "schemes[0].form[0]", "autre sorte"),
        (form([{"key": "a", "label": "A"}] * 301), "schemes[0].form", "trop de champs"),
        ({"schemes": [{"name": SCHEME, "pricing": []}]}, "schemes[0].pricing", "un objet est attendu"),
        (
            {"schemes": [{"name": SCHEME, "pricing": {"lines": 3}}]},
            "schemes[0].pricing.lines",
            "une liste est attendue",
        ),
        (kind({"regie": "NON"}), "invoice_types[0].regie", "« NON » n’existe ni ici"),
        (kind({"schemes": "tous"}), "invoice_types[0].schemes", "une liste"),
        (kind({"schemes": [SCHEME, SCHEME]}), "invoice_types[0].schemes", "écrite deux fois"),
        (kind({"amount_mode": "fixed"}), "invoice_types[0]", "« amount_mode » est inconnu ici"),
        ({"schemes": [{"name": SCHEME, "products": []}]}, "schemes[0]", "« products » est inconnu ici"),
        (kind({"reminder_delays": [7, 7]}), "invoice_types[0].reminder_steps", "le même jour"),
        (kind({"reminder_steps": [{"days": "7"}]}), "invoice_types[0].reminder_steps[0].days", "nombre entier"),
        (kind({"reminder_steps": [7]}), "invoice_types[0].reminder_steps[0]", "une étape est attendue"),
        (kind({"reminder_steps": [{"days": 366}]}), "invoice_types[0].reminder_steps", "365"),
        (kind({"reminder_delays": list(range(1, 14))}), "invoice_types[0].reminder_steps", "12"),
        (
            kind({"reminder_delays": [7], "reminder_subject": "Retard"}),
            "invoice_types[0].reminder_steps",
            "laissez les deux vides",
        ),
        (
            kind({"reminder_steps": [{"days": 7, "subject": "R", "body": "{{ mdp }}"}]}),
            "invoice_types[0].reminder_steps",
            "« mdp » n’existe pas",
        ),
        (kind({"introduction": "x" * 3_001}), "invoice_types[0].introduction", "3000 caractères"),
        ({"mails": [{"kind": "spam", "subject": "a", "body": "b"}]}, "mails[0].kind", "n’existe pas"),
        ({"mails": [{"kind": "reminder_1", "subject": "a", "body": ""}]}, "mails[0].body", "vide"),
        ({"mails": [{"kind": "reminder_1", "subject": "{% for %}", "body": "b"}]}, "mails[0].subject", "balise"),
    ],
)
def test_a_part_that_cannot_be_kept(sections: dict[str, Any], path: str, sentence: str) -> None:
    make_town()
    said = refusals(with_sections(**sections))
    assert sentence in said[path].replace("\u202f", "").replace("\u00a0", " "), said


def test_five_thousand_dispositifs_are_a_sentence() -> None:
    make_town()
    many = [{"name": f"D{n}", "service": "Restauration scolaire"} for n in range(5_000)]
    assert refusals(with_sections(schemes=many)) == {"schemes": "cette liste est trop longue\u00a0: 1000 au plus."}
    names = [{"name": f"N{n}"} for n in range(1_000)]
    codes = [{"code": f"R{n}", "name": f"N{n}"} for n in range(1_001)]
    spread = {"schemes": many[:1_000], "services": names, "invoice_types": names, "regies": codes[:1_000]}
    assert "trop de choses (4000, 3000 au plus)" in refusals(with_sections(**spread))[""]
    assert Scheme.objects.count() == 1


def test_a_file_of_before_the_only_way_to_price_is_told_what_to_do() -> None:
    old = {"obole": {"format": 1}, "schemes": [{"name": SCHEME, "products": [{"name": "Repas"}]}]}
    assert "exportez-le de nouveau d’une installation à jour" in refusals(json.dumps(old).encode())["obole.format"]


def test_everything_wrong_is_told_at_once_but_not_more_than_anybody_mends() -> None:
    make_town()
    wrong = [{"name": f"S{n}", "position": -1} for n in range(300)]
    said = refusals(with_sections(services=wrong))
    assert len(said) == 100
    two = refusals(
        with_sections(services=[{"name": "a", "position": -1}], mails=[{"kind": "x", "subject": "", "body": ""}])
    )
    assert {"services[0].position", "mails[0].kind", "mails[0].subject"} <= set(two)


def test_a_wrong_form_does_not_hide_a_wrong_value() -> None:
    make_town()
    wrong = {"services": [{"name": "a", "x": 1, "position": -1}, {"name": "b", "position": -1}], "surprise": 1}
    said = refusals(with_sections(**wrong, schemes=[{"name": "D", "service": "a"}, {"name": "E", "service": "z"}]))
    assert set(said) == {"", "services[0]", "services[1].position", "schemes[1].service"}


def test_emoji_and_soft_hyphens_are_texts() -> None:
    make_town()
    name = "Fêtes \U0001f468\u200d\U0001f373 anti\u00adconstitutionnellement"
    operations.import_file(tree=text.read(with_sections(services=[{"name": name}])), seen=None, actor=WHO, at=later())
    assert Record.objects.order_by("-id")[0].verb == "configure"
