"""A configuration that goes from one installation to another by a file, and nothing that should stay at home."""

import json
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from obole.audit_log.models import Record
from obole.billing import operations as billing
from obole.billing.models import InvoiceType
from obole.catalogue import operations as catalogue
from obole.catalogue.fields import FormField
from obole.catalogue.models import FormDraft, FormVersion, PricingVersion, Scheme, Service
from obole.configuration import operations, queries
from obole.configuration.queries.import_plan import Plan
from obole.configuration.rules import file_parser, text
from obole.directory.models import Authority
from obole.mailing import operations as mailing
from obole.mailing.models import Template
from obole.pricing.model.problems import Refused
from obole.pricing.text import codec
from obole.regies import operations as regies
from obole.regies.models import FoundingAct, Mandate, Regie
from obole_demo.dispositifs import canteen
from tests import database
from tests.pricing.dispositifs import TOWN
from tests.remittances.steps import ACT
from tests.spaces import plain
from tests.world import NOON, WHO, Town, canteen as meals, later, make_town, make_type, publish, steps

pytestmark = pytest.mark.django_db

BANK = {"mode": "W", "secret": "s3cr3t-of-the-bank"}


def exported() -> str:
    return text.write(queries.everything_as_dict(queries.take_snapshot()))


def tree_of_now() -> Any:
    return json.loads(exported())


def imported(said: Any, *, seen: str | None = None) -> Plan:
    content = said if isinstance(said, str) else json.dumps(said)
    return operations.import_file(tree=text.read(content.encode()), seen=seen, actor=WHO, at=later(5))


def tried(said: Any) -> Plan:
    return queries.plan(file_parser.read(text.read(json.dumps(said).encode())), queries.take_snapshot())


def full_town() -> Town:
    """Return a town with something in every section."""
    town = make_town(gateway_settings=BANK)
    catalogue.configure_service(
        service_id=town.scheme.service_id,
        values={"pictogram": "fork", "description": "Midi\r\net soir\n🍽️ « é »"},
        actor=WHO,
        at=NOON,
    )
    catalogue.publish_pricing(scheme_id=town.scheme.pk, described=codec.as_dict(canteen.PRICING), actor=WHO, at=NOON)
    second = regies.configure_regie(
        regie_id=None,
        values={
            "code": "DOM",
            "name": "Régie Salles",
            "gateway": "payfip",
            "gateway_settings": {"client_number": "090909"},
        },
        actor=WHO,
        at=NOON,
    )
    regies.configure_act(regie_id=second.pk, values=ACT, actor=WHO, at=NOON)
    hall = catalogue.configure_scheme(
        scheme_id=None,
        values={"service": town.scheme.service, "name": "Aide au repas", "billed_on": "all_year"},
        actor=WHO,
        at=NOON,
    )
    make_type(second, [hall, town.scheme], name="Au forfait", reminder_steps=[])
    make_type(None, [], name="Sans régie", reminder_steps=steps(7, subject="Retard", body="{{ numero }} ?\n\nMerci."))
    mailing.configure_template(kind="reminder_1", subject="Rappel", body="Bonjour,\n\n{{ numero }}", actor=WHO, at=NOON)
    return town


def forget() -> None:
    """Empty the configuration, as a new installation is."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    database.erase()


def test_a_town_comes_back_byte_for_byte_in_an_empty_database() -> None:
    full_town()
    before = exported()
    forget()
    plan = imported(before)
    assert all(change.is_new for change in plan.changes)
    assert exported() == before
    for part in (
        "all_year",
        "Maladie avec certificat",
        "Régie Salles",
        "tariffs",
        "Rappel",
        "🍽️",
        '"reminder_steps": []',
    ):
        assert part in before


def test_imported_twice_it_changes_nothing() -> None:
    full_town()
    said = exported()
    records = Record.objects.count()
    plan = imported(said)
    assert plan.changes == [] and len(plan.kept) == 11
    assert Record.objects.count() == records
    assert (FormVersion.objects.count(), PricingVersion.objects.count()) == (1, 2)


def test_the_import_of_a_dry_run_is_what_it_said() -> None:
    full_town()
    said = exported()
    forget()
    plan = tried(json.loads(said))
    assert not Scheme.objects.exists() and not Record.objects.filter(at=later(5)).exists()
    done = imported(said, seen=plan.seen)
    assert [(change.sort.section, change.key) for change in done.changes] == [
        (change.sort.section, change.key) for change in plan.changes
    ]
    assert Record.objects.filter(at=later(5)).count() == 13


def test_secrets_people_and_what_use_made_stay_here() -> None:
    town = full_town()
    said = exported()
    for secret in (
        "s3cr3t-of-the-bank",
        "090909",
        "gateway_settings",
        town.regisseur.name,
        town.citizen.email,
        town.scheme.public_id,
        "entry_head",
        ACT["iban"].replace(" ", ""),
        "iban",
    ):
        assert secret not in said
    assert '"id"' not in said and "_id" not in said


def test_an_act_comes_with_its_regie_and_leaves_its_account_where_it_is() -> None:
    full_town()
    before = FoundingAct.objects.get()
    [said] = tree_of_now()["founding_acts"]
    assert said["regie"] == "DOM" and said["signed_on"] == before.signed_on.isoformat()
    assert said["allowed_means"] == sorted(ACT["allowed_means"])
    changed = {**said, "max_held_cents": 12_345_00, "allowed_means": ["cheque", "card"]}
    plan = imported({"obole": {"format": 2}, "founding_acts": [changed]})
    [change] = plan.changes
    assert {name for name, _before, _after in change.fields} == {"max_held_cents", "allowed_means"}
    act = FoundingAct.objects.get()
    assert (act.iban, act.max_held_cents, act.allowed_means) == (before.iban, 12_345_00, ["card", "cheque"])
    first = {"obole": {"format": 2}, "founding_acts": [{"regie": "ENF", "max_held_cents": 1}]}
    with pytest.raises(Refused) as refused:
        imported(first)
    assert {problem.path.rpartition(".")[2] for problem in refused.value.problems} == {
        "reference",
        "signed_on",
        "allowed_means",
    }
    assert FoundingAct.objects.count() == 1


def test_an_import_leaves_the_bank_the_mandates_and_the_logo_alone() -> None:
    town = full_town()
    billing.configure_type(
        type_id=town.type.pk, values={"logo_digest": "a" * 64, "logo_format": "png"}, actor=WHO, at=NOON
    )
    tree = tree_of_now()
    tree["regies"][1]["description"] = "Encaisse la cantine."
    tree["invoice_types"][1]["heading"] = "Cantine"
    imported(tree)
    regie, kind = Regie.objects.get(code="ENF"), InvoiceType.objects.get(pk=town.type.pk)
    assert (regie.description, regie.gateway_settings) == ("Encaisse la cantine.", BANK)
    assert Mandate.objects.filter(regie=regie).count() == 1
    assert (kind.heading, kind.logo_format) == ("Cantine", "png")


def test_only_what_the_file_says_changes() -> None:
    town = full_town()
    before = tree_of_now()
    said = {"obole": {"format": 2}, "schemes": [{"name": town.scheme.name, "position": 4}]}
    plan = tried(said)
    (change,) = plan.changes
    assert change.fields == [("position", 0, 4)] and change.form is None and change.pricing is None
    imported(said)
    after = tree_of_now()
    next(item for item in before["schemes"] if item["name"] == town.scheme.name)["position"] = 4
    assert after == before
    record = Record.objects.order_by("-id")[0]
    assert (record.details["fields"], record.actor) == ("position", WHO)


def test_a_dispositif_goes_alone_with_its_prestation() -> None:
    town = full_town()
    tree = queries.scheme_as_dict(queries.take_snapshot(), town.scheme)
    assert list(tree) == ["obole", "services", "schemes"]
    forget()
    imported(tree)
    assert queries.scheme_as_dict(queries.take_snapshot(), Scheme.objects.get()) == tree
    assert PricingVersion.objects.get().created_by == WHO


def test_a_type_names_what_it_needs_and_is_refused_without() -> None:
    town = full_town()
    tree = queries.type_as_dict(queries.take_snapshot(), town.type)
    assert list(tree) == ["obole", "invoice_types"]
    forget()
    with pytest.raises(Refused) as refused:
        tried(tree)
    assert [problem.path for problem in refused.value.problems] == [
        "invoice_types[0].regie",
        "invoice_types[0].schemes",
    ]
    assert "« ENF » n’existe ni ici ni dans ce fichier" in plain(refused.value.problems[0].message)
    assert "Cantine et périscolaire" in plain(refused.value.problems[0].message)


def test_a_configuration_that_moved_since_it_was_seen_is_not_imported() -> None:
    town = full_town()
    tree = tree_of_now()
    tree["services"][0]["description"] = "Autre"
    seen = tried(tree).seen
    catalogue.configure_scheme(scheme_id=town.scheme.pk, values={"position": 9}, actor=WHO, at=later(1))
    with pytest.raises(operations.ConfigurationMoved):
        imported(tree, seen=seen)
    assert Service.objects.get().description != "Autre"
    assert imported(tree, seen=tried(tree).seen).changes


def test_all_or_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    full_town()
    said = exported()
    forget()

    def fails(**_values: object) -> None:
        raise RuntimeError("the power went")

    monkeypatch.setattr(mailing, "configure_template", fails)
    with pytest.raises(RuntimeError):
        imported(said)
    assert not Authority.objects.exists() and not Regie.objects.exists() and not Scheme.objects.exists()
    assert not Record.objects.filter(at=later(5)).exists()


def test_a_draft_of_a_form_is_left_alone() -> None:
    town = full_town()
    catalogue.edit_form(
        scheme_id=town.scheme.pk, fields=[FormField(key="a", label="A")], revision=0, actor=WHO, at=NOON
    )
    tree = tree_of_now()
    scheme = next(item for item in tree["schemes"] if "form" in item)
    assert [field["key"] for field in scheme["form"]] == ["enfant", "ecole", "remarque", "repas"]
    scheme["form"][0]["label"] = "Prénom"
    imported(tree)
    assert FormDraft.objects.get().revision == 1
    assert FormVersion.objects.order_by("-number")[0].fields[0]["label"] == "Prénom"


def test_reading_costs_the_same_whatever_there_is() -> None:
    town = full_town()
    with CaptureQueriesContext(connection) as few:
        exported()
    for n in range(6):
        scheme = catalogue.configure_scheme(
            scheme_id=None, values={"service": town.scheme.service, "name": f"Atelier {n}"}, actor=WHO, at=NOON
        )
        publish(scheme, meals())
        make_type(town.regie, [scheme], name=f"Type {n}")
    with CaptureQueriesContext(connection) as many:
        exported()
    assert len(few) == len(many) <= 10


def test_templates_are_the_town_s_own_only() -> None:
    make_town()
    assert tree_of_now()["mails"] == []
    imported({"obole": {"format": 2}, "mails": [{"kind": "reminder_2", "subject": "Encore", "body": "{{ numero }}"}]})
    assert Template.objects.get().subject == "Encore"


def test_every_kind_of_pricing_comes_back() -> None:
    town = make_town()
    for n, pricing in enumerate(TOWN.values()):
        scheme = catalogue.configure_scheme(
            scheme_id=None, values={"service": town.scheme.service, "name": f"Dispositif {n}"}, actor=WHO, at=NOON
        )
        catalogue.publish_pricing(scheme_id=scheme.pk, described=codec.as_dict(pricing), actor=WHO, at=NOON)
    before = exported()
    forget()
    imported(before)
    assert exported() == before and PricingVersion.objects.count() == len(TOWN) + 1 > 10
