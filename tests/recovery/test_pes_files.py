"""The file of a transmission: numbered once, kept once, of what the comptable has; refused with what to mend."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.utils import InternalError

from obole.audit_log.models import Record
from obole.billing.models import Invoice, InvoiceLine
from obole.configuration.queries import history
from obole.directory.rules import NotAllowed, Profile
from obole.lib import files
from obole.recovery import operations as recovery
from obole.recovery.documents import pes_files
from obole.recovery.models import PesContent, PesFile, PesPiece, PesSettings, TransmissionLine
from obole.regies import operations as regies
from tests.books import check_books
from tests.recovery.pes import SIRET, content_of, make_file, set_codes, values_of
from tests.recovery.steps import LATE, come_back, hand_over, remind_all, request
from tests.recovery.test_transmissions import take
from tests.world import NOON, WHO, Town, later, make_agent, make_citizen, make_invoice, make_regie, make_town, make_type

pytestmark = pytest.mark.django_db


@pytest.fixture
def town() -> Town:
    return make_town()


def handed(town: Town, *invoices: Invoice) -> list[TransmissionLine]:
    remind_all(town)
    return hand_over(town, *invoices)


def test_a_file_holds_what_the_comptable_has(town: Town) -> None:
    set_codes(town)
    one, two = make_invoice(town), make_invoice(town, meals=4)
    take(two, 300)
    lines = handed(town, one, two)
    file = make_file(town, lines[0])
    content = content_of(file)
    assert (str(file), file.post, file.siret) == ("2027-0000001", "034000", SIRET)
    assert values_of(content, "MtHT") == ["52.00", "10.00"] and values_of(content, "MtBordHt") == ["62.00"]
    assert values_of(content, "NumeroFacture") == [one.number, two.number]
    assert values_of(content, "NumDette") == ["2026000001", "2026000002"]
    assert values_of(content, "CodProdLoc") == ["83", "83"]
    assert values_of(content, "Objet") == ["Factures impayées, transmission ENF-T-2027-000001"]
    assert values_of(content, "NomFic") == [pes_files.name_of(file)]
    assert list(file.pieces.values_list("number", "line")) == [(1, lines[0].pk), (2, lines[1].pk)]
    [said] = Record.objects.filter(verb="transmission.pes")
    assert (said.details["bordereau"], said.details["pieces"]) == ("2027-0000001", 2)
    check_books()


def test_it_is_made_once_and_kept_as_it_is(town: Town) -> None:
    set_codes(town)
    [line] = handed(town, make_invoice(town))
    file = make_file(town, line)
    content = content_of(file)
    town.citizen.__class__.objects.update(last_name="Autre")
    set_codes(town, budget="A1")
    assert make_file(town, line) == file and content_of(file) == content
    kept = PesContent.objects.get()
    assert files.get(kept.digest) == content and kept.size == len(content)


def test_of_a_partly_paid_invoice_each_imputation_asks_what_is_left_of_it(town: Town) -> None:
    set_codes(town, products={"7067": "CANT", "752": "SALL"})
    invoice = make_invoice(town)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        InvoiceLine.objects.filter(invoice=invoice).update(
            nature="7067", amount_cents=2000, unit_price_cents=2000, quantity=1
        )
        InvoiceLine.objects.create(
            invoice=invoice,
            position=2,
            label="Salle",
            quantity=1,
            unit_price_cents=3200,
            amount_cents=3200,
            nature="752",
        )
        cursor.execute("SET LOCAL session_replication_role = origin")
    take(invoice, 1200)
    [line] = handed(town, invoice)
    content = content_of(make_file(town, line))
    assert list(zip(values_of(content, "CodProdLoc"), values_of(content, "MtHT"), strict=True)) == [
        ("CANT", "8.00"),
        ("SALL", "32.00"),
    ]
    assert values_of(content, "IdPce") == ["1"] and values_of(content, "MtBordHt") == ["40.00"]


def test_what_came_back_is_not_in_it(town: Town) -> None:
    set_codes(town)
    lines = handed(town, make_invoice(town), make_invoice(town, meals=4))
    come_back(lines[0], town)
    assert values_of(content_of(make_file(town, lines[1])), "MtBordHt") == ["13.00"]


def test_nothing_is_made_before_the_end_nor_without_codes(town: Town) -> None:
    invoice = make_invoice(town)
    remind_all(town)
    asked = request(town, invoice)
    set_codes(town)
    with pytest.raises(recovery.NotHandedOver):
        make_file(town, asked.lines.get())
    PesSettings.objects.all().delete()
    [line] = hand_over(town, make_invoice(town))[:1]
    with pytest.raises(recovery.NotHandedOver):
        make_file(town, line)
    assert not PesFile.objects.exists()


def test_what_lacks_stops_it_or_is_left_out_when_that_is_asked(town: Town) -> None:
    set_codes(town)
    far = make_citizen("loin@example.org", last_name="Peeters")
    far.address = "Rue Neuve 12\n1000 Bruxelles"
    far.save()
    lines = handed(town, make_invoice(town, citizen=far), make_invoice(town, meals=4))
    with pytest.raises(recovery.NotWritable) as refusal:
        make_file(town, lines[0])
    assert [problem.pk for problem in refusal.value.problems] == [far.pk]
    assert not PesFile.objects.exists() and not PesPiece.objects.exists(), "a refusal takes no number"
    file = make_file(town, lines[0], leaves_out=True)
    assert list(file.pieces.values_list("number", "line")) == [(1, lines[1].pk)]
    assert values_of(content_of(file), "NbrPce") == ["1"]


def test_nothing_is_left_to_write(town: Town) -> None:
    set_codes(town, products={})
    [line] = handed(town, make_invoice(town))
    for leaves_out in (False, True):
        with pytest.raises(recovery.NotWritable):
            make_file(town, line, leaves_out=leaves_out)


def test_one_that_was_refused_is_withdrawn_and_the_next_has_another_number(town: Town) -> None:
    set_codes(town)
    [line] = handed(town, make_invoice(town))
    first = make_file(town, line)
    kept = content_of(first)
    who: dict[str, Any] = {"actor": town.regisseur.actor, "at": later(days=LATE + 2)}
    with pytest.raises(recovery.WithdrawalUnexplained):
        recovery.withdraw_pes_file(file_id=first.pk, reason=" \n", **who)
    for reason in ("Codique inconnu", "encore"):
        recovery.withdraw_pes_file(file_id=first.pk, reason=reason, **who)
    first.refresh_from_db()
    assert first.withdrawn_reason == "Codique inconnu"
    second = make_file(town, line)
    assert (first.bordereau, second.bordereau) == (1, 2)
    assert content_of(first) == kept != content_of(second)
    assert Record.objects.filter(verb="transmission.pes_withdrawn").count() == 1


def test_a_number_taken_before_the_file_was_written_waits_for_it(town: Town) -> None:
    set_codes(town)
    [line] = handed(town, make_invoice(town))
    file = make_file(town, line)
    town.citizen.__class__.objects.update(address="")
    with pytest.raises(pes_files.ChangedSince, match="code postal"):
        content_of(file)
    town.citizen.__class__.objects.update(address="3 rue X\n59000 Valbourg")
    assert values_of(content_of(file), "CP") == ["59000"]


def test_two_regies_of_a_budget_share_its_numbers(town: Town) -> None:
    set_codes(town, first_bordereau=500)
    other = make_regie("CUL", "Régie Culture")
    regies.give_mandates(regie_id=other.pk, agent_ids=[town.regisseur.pk], actor=WHO, at=NOON)
    with pytest.raises(ValidationError, match="même numéro de dette"):
        set_codes(Town(**{**vars(town), "regie": other}))
    culture = Town(**{**vars(town), "regie": other, "type": make_type(other, [town.scheme], name="Concerts")})
    set_codes(culture, debt_prefix="2", first_bordereau=1)
    mine, theirs = make_invoice(town), make_invoice(culture)
    [one], [two] = handed(town, mine), hand_over(culture, theirs)
    assert [make_file(town, one).bordereau, make_file(culture, two).bordereau] == [500, 501]
    numbers = {value for file in PesFile.objects.all() for value in values_of(content_of(file), "NumDette")}
    assert numbers == {"2026000001", "22026000001"}


def test_a_bordereau_a_piece_and_a_line_are_named_once(town: Town) -> None:
    set_codes(town)
    lines = handed(town, make_invoice(town), make_invoice(town))
    file = make_file(town, lines[0])
    again = {
        field.attname: getattr(file, field.attname) for field in PesFile._meta.concrete_fields if field.attname != "id"
    }
    rows: list[Any] = [
        PesFile(**again),
        PesFile(**{**again, "bordereau": 2}),
        PesFile(**{**again, "bordereau": 0, "year": 2020}),
        PesPiece(file=file, line=lines[0], number=3),
        PesPiece(file=file, line=lines[1], number=1),
    ]
    for row in rows:
        with pytest.raises(IntegrityError), transaction.atomic():
            row.save()


def test_what_was_handed_over_never_changes(town: Town) -> None:
    set_codes(town)
    [line] = handed(town, make_invoice(town))
    file = make_file(town, line)
    content_of(file)
    acts = [
        lambda: PesFile.objects.update(bordereau=9),
        lambda: PesFile.objects.all().delete(),
        lambda: PesPiece.objects.update(number=9),
        lambda: PesContent.objects.update(size=1),
        lambda: connection.cursor().execute("TRUNCATE recovery_pescontent"),
        lambda: connection.cursor().execute("TRUNCATE recovery_pessettingsevent"),
    ]
    for act in acts:
        with pytest.raises((InternalError, DatabaseError)), transaction.atomic():
            act()


def test_neg_who_has_no_mandate_makes_and_withdraws_nothing(town: Town) -> None:
    set_codes(town)
    [line] = handed(town, make_invoice(town))
    stranger = make_agent(Profile.REGISSEUR, email="ailleurs@valbourg.example")
    for actor in (stranger.actor, town.admin.actor):
        with pytest.raises(NotAllowed):
            make_file(town, line, actor=actor)
    file = make_file(town, line)
    with pytest.raises(NotAllowed):
        recovery.withdraw_pes_file(file_id=file.pk, reason="non", actor=stranger.actor, at=later(days=LATE))


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"post": "12345"}, "post"),
        ({"post": "034000\n"}, "post"),
        ({"siret": "73282932000075"}, "siret"),
        ({"siret": "x"}, "siret"),
        ({"collectivity": "1"}, "collectivity"),
        ({"budget": "a0"}, "budget"),
        ({"first_bordereau": 0}, "first_bordereau"),
        ({"first_bordereau": 10**7}, "first_bordereau"),
        ({"debt_prefix": "A"}, "debt_prefix"),
        ({"period": "x"}, "period"),
        ({"edition": "03"}, "edition"),
        ({"organisations": "5"}, "organisations"),
        ({"products": {"7067": "trop long"}}, "products"),
        ({"products": {"7067": 3}}, "products"),
        ({"products": ["7067"]}, "products"),
    ],
)
def test_neg_a_code_that_the_protocol_would_refuse_is_not_kept(town: Town, values: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        set_codes(town, **values)
    assert field in refusal.value.message_dict
    assert not PesSettings.objects.exists()


def test_the_history_of_the_codes_is_kept(town: Town) -> None:
    set_codes(town)
    set_codes(town, products={"7067": "84"})
    assert PesSettings.objects.get().products == {"7067": "84"}
    told = history.describe_changes(history.changes(about=town.regie).values_list("pgh_slug", flat=True))
    [changed] = [item for item in told if item.model is PesSettings and item.label == "update"]
    assert changed.who == WHO.name and [name for name, _before, _after in changed.changes] == ["products"]


def test_the_exercice_of_january_is_that_of_the_transmission(town: Town) -> None:
    set_codes(town)
    [line] = handed(town, make_invoice(town))
    file = make_file(town, line, at=later(days=LATE) + timedelta(days=400))
    assert file.year == 2028 and values_of(content_of(file), "DteBordEm")[0].startswith("2028-")
