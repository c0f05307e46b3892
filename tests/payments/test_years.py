"""What was paid in a year, to the cent: taken back, given back, late, for several children, to several régies."""

import io
import re
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pypdf
import pytest
from django.db import connection
from django.db.models import Sum
from django.test.utils import CaptureQueriesContext

from obole.billing import operations as billing
from obole.billing.models import Invoice, InvoiceType, PlannedInstalment
from obole.catalogue import operations as catalogue
from obole.catalogue.fields import FieldKind, FormField
from obole.directory.models import Citizen
from obole.dossiers import operations as dossiers
from obole.dossiers.models import Dossier
from obole.dossiers.rules import Child
from obole.lib import texts
from obole.payments import operations as payments, pdf_documents
from obole.payments.models import Receipt, Refund, Reversal
from obole.payments.queries import accounts, years
from obole.payments.queries.accounts import MovementKind
from obole.payments.queries.years import YearPayment, YearSum
from obole.personal_data import operations as personal_data
from obole.pricing.model import parts as p
from obole.regies.models import Line
from tests.billing import priced
from tests.payments.test_counter import take
from tests.payments.test_reversals import debit, reject
from tests.payments.test_suspense import OTHER, apply, ask_refund, surplus
from tests.pricing.dispositifs import SCHOOL
from tests.spaces import plain
from tests.world import NOON, WHO, Town, handed, later, make_citizen, make_invoice, make_regie, make_town, make_type

pytestmark = pytest.mark.django_db

K = FieldKind
NEXT_YEAR = 60
"""Days after which it is 24 January 2027."""
HELD = ("card_clearing", "debit_clearing", "cash", "cheques", "treasury_deposit")


@pytest.fixture
def town() -> Town:
    return make_town()


def of(citizen: Citizen) -> Any:
    return Invoice.objects.of_payer(citizen)


def paid(town: Town, year: int = 2026) -> list[YearPayment]:
    return years.paid_in_year(of(town.citizen), year)


def cents(found: list[YearPayment]) -> int:
    return sum(one.cents for one in found)


def give_back(receipt: Receipt, part: int) -> Refund:
    refund = ask_refund(receipt, part)
    payments.approve_refund(refund_id=refund.pk, actor=OTHER, at=later(31))
    return payments.complete_refund(refund_id=refund.pk, mandate="Mandat 2026-118", actor=WHO, at=later(32))


def ledger_of(year: int) -> int:
    """Return what the ledger says that payers paid in a year: received, less taken back, less given back to them."""
    received = Receipt.objects.filter(received_at__year=year)
    came = Line.objects.filter(entry__receipt__in=received, account__in=HELD).aggregate(sum=Sum("debit"))["sum"] or 0
    back = Line.objects.filter(entry__reversal__receipt__in=received, account__in=HELD)
    given = Line.objects.filter(entry__refund__receipt__in=received, account="suspense")
    return came - (back.aggregate(sum=Sum("credit"))["sum"] or 0) - (given.aggregate(sum=Sum("debit"))["sum"] or 0)


def words_of(content: bytes) -> str:
    reader = pypdf.PdfReader(io.BytesIO(content))
    return re.sub(r"\s+", " ", plain(" ".join(page.extract_text() for page in reader.pages)))


def attested(town: Town, year: int = 2026, at: datetime | None = None, **options: Any) -> str:
    made = pdf_documents.render_year(town.citizen, of(town.citizen), year, at=at or later(days=90), **options)
    return words_of(made)


def test_nothing_paid_is_nothing_to_attest(town: Town) -> None:
    make_invoice(town)
    assert years.years_paid(of(town.citizen)) == []
    with pytest.raises(pdf_documents.NothingPaid):
        attested(town)


def test_a_year_is_its_receipts_less_what_was_taken_back_and_given_back_as_the_ledger_has_it(town: Town) -> None:
    kept = make_invoice(town)
    take(kept.pk, 5200)
    rejected = debit(town, make_invoice(town, meals=10))
    reject(rejected)
    _paid, twice = surplus(town)
    give_back(twice, 5000)

    found = paid(town)

    # 52,00 € each for the first and the invoice that was paid twice, and 2,00 € that nobody gave back.
    assert cents(found) == 5200 + 5200 + 200 == ledger_of(2026)
    assert [one.cents for one in found if one.invoice is None] == [200]
    assert rejected not in [one.receipt for one in found]
    assert years.years_paid(of(town.citizen)) == [YearSum(2026, 10600, 0)]
    words = attested(town)
    assert "Payé en 2026 106,00 €" in words and "Gardé par la régie" in words
    assert "Régie Enfance (Ville de Valbourg) atteste avoir reçu de Maud Lefèvre" in words
    assert "pour servir et valoir ce que de droit" in words


def test_an_avoir_frees_money_that_counts_until_it_is_given_back(town: Town) -> None:
    invoice = make_invoice(town)
    receipt = take(invoice.pk, 5200)
    payments.cancel_invoice(invoice_id=invoice.pk, code="twice", comment="", actor=WHO, at=later(10))

    assert [(one.invoice, one.cents) for one in paid(town)] == [(None, 5200)]
    give_back(receipt, 5200)
    assert paid(town) == []
    assert years.years_paid(of(town.citizen)) == []


def test_an_old_invoice_that_is_paid_in_the_new_year_is_of_that_year(town: Town) -> None:
    invoice = make_invoice(town)
    take(invoice.pk, 2000)
    take(invoice.pk, 3200, minutes=60 * 24 * NEXT_YEAR)

    assert (cents(paid(town)), cents(paid(town, 2027))) == (2000, 3200) == (ledger_of(2026), ledger_of(2027))
    assert [one.year for one in years.years_paid(of(town.citizen))] == [2027, 2026]
    assert "24/01/2027" in attested(town, 2027) and "24/01/2027" not in attested(town)


def test_a_year_that_is_not_over_says_until_when(town: Town) -> None:
    take(make_invoice(town).pk, 5200)
    assert "du 1er janvier 2026 au 25 novembre 2026" in attested(town, at=later(60))
    assert "du 1er janvier au 31 décembre 2026" in attested(town)


def test_a_transfer_counts_on_the_day_of_its_value(town: Town) -> None:
    invoice = make_invoice(town)
    money = handed(5200, Receipt.Means.TRANSFER, reference="VIR 1")
    payments.take_money(
        invoice_id=invoice.pk,
        money=payments.Money(**{**vars(money), "valued_on": date(2026, 12, 31)}),
        request_key=texts.token(),
        actor=WHO,
        at=later(days=NEXT_YEAR),
    )
    assert [one.paid_on for one in paid(town)] == [date(2026, 12, 31)]
    assert paid(town, 2027) == []


def test_a_payment_late_at_night_is_of_the_year_that_it_is_in_paris(town: Town) -> None:
    take(make_invoice(town).pk, 5200)
    minutes = (datetime(2026, 12, 31, 23, 30, tzinfo=NOON.tzinfo) - NOON).total_seconds() / 60
    take(make_invoice(town).pk, 5200, minutes=minutes)
    assert cents(paid(town, 2027)) == 5200


FORM = (
    FormField(key="enfants", label="Enfants à inscrire", kind=K.GROUP, row_name="enfant"),
    FormField(key="prenom", label="Prénom", group="enfants"),
    FormField(key="naissance", label="Date de naissance", kind=K.DATE, group="enfants"),
)


def family(town: Town, **born: str) -> Dossier:
    form = catalogue.publish_form(scheme_id=town.scheme.pk, fields=FORM, actor=WHO, at=NOON)
    rows = [{"prenom": name, "naissance": day} for name, day in born.items()]
    dossier = dossiers.submit(
        citizen_id=town.citizen.pk,
        form_id=form.pk,
        request_key=texts.token(),
        filled=dossiers.Application(answers={"enfants": rows}),
        actor=WHO,
        at=NOON,
    )
    return dossiers.take(dossier_id=dossier.pk, agent_id=town.agent.pk, actor=WHO, at=NOON)


def two_children(town: Town) -> Invoice:
    """Bill two children, one of whom is six since 2022."""
    dossier = family(town, Léa="2020-01-01", Tom="2016-03-02")
    rows = [{"prenom": "Léa", "repas": "16"}, {"prenom": "Tom", "repas": "10"}]
    version = priced.publish(town)
    return priced.bill(town, version, {"qf": "842", "resident": "yes", "enfants": rows}, dossier=dossier)


def test_an_invoice_of_two_children_is_shared_between_them_to_the_cent(town: Town) -> None:
    invoice = two_children(town)
    lines = {line.label.split(" — ")[0]: line.amount_cents for line in invoice.lines.order_by("position")}
    for part in (1, 1, 999):
        take(invoice.pk, part)
    take(invoice.pk, invoice.total_cents - 1001, minutes=60 * 24 * NEXT_YEAR)

    sums = [years.summed(paid(town, year)) for year in (2026, 2027)]

    assert [sum(of_year.values()) for of_year in sums] == [1001, invoice.total_cents - 1001]
    by_child = {
        name: sum(cents for one in sums for (child, _), cents in one.items() if child.name == name) for name in lines
    }
    assert by_child == lines
    assert "né(e) le 01/01/2020" in attested(town)


def test_the_invoices_of_one_price_are_shared_between_its_children_as_the_price_is(town: Town) -> None:
    dossier = family(town, Léa="2021-01-01", Tom="2016-03-02")
    rows = [{"prenom": "Léa", "repas": "16"}, {"prenom": "Tom", "repas": "10"}]
    version = priced.publish(town, replace(SCHOOL, terms=p.Terms(acompte=Decimal(30))))
    asked = {"qf": "842", "resident": "yes", "enfants": rows}
    acompte = priced.bill(town, version, asked, dossier=dossier, later=[date(2026, 12, 20)])
    part = PlannedInstalment.objects.get(state="planned")
    solde = billing.bill_instalment(part_id=part.pk, actor=WHO, at=NOON)
    for invoice in (acompte, solde):
        take(invoice.pk, invoice.total_cents)

    found = years.summed(paid(town))

    by_child = {child.name: cents for (child, _activity), cents in found.items()}
    whole = {line.label.split(" — ")[0]: line.amount_cents for line in solde.lines.order_by("position")[:2]}
    assert by_child == whole and sum(whole.values()) == acompte.total_cents + solde.total_cents
    InvoiceType.objects.update(is_childcare=True)
    assert cents(years.childcare_of(paid(town), 2026)) == whole["Léa"]


def test_only_the_payments_for_children_under_six_are_for_the_tax_credit(town: Town) -> None:
    take(make_invoice(town).pk, 5200)
    invoice = two_children(town)
    take(invoice.pk, invoice.total_cents)
    assert years.childcare_of(paid(town), 2026) == [], "no type gives a right to it"

    InvoiceType.objects.filter(pk=invoice.type_id).update(is_childcare=True)
    counted = years.childcare_of(paid(town), 2026)

    lea = sum(line.amount_cents for line in invoice.lines.all() if line.label.startswith("Léa"))
    # Of the other invoice nobody knows a birth: its child may be young.
    assert cents(counted) == lea + 5200
    words = attested(town, childcare=True)
    assert "Attestation fiscale 2026" in words and "nés à compter du 1er janvier 2020" in words
    assert "Les paiements pour Tom, de six ans ou plus au 1er janvier 2026" in words
    assert "Zoé" in words, "the form of the other names its child"


def test_a_birth_that_another_dossier_of_the_payer_says_is_known_unless_they_disagree(town: Town) -> None:
    take(make_invoice(town).pk, 5200)
    zoe = {share.child for one in paid(town) for share in one.shares}
    assert zoe == {Child("Zoé")}
    version = priced.publish(town)
    answers = {"qf": "842", "resident": "yes", "enfants": [{"prenom": "Zoé", "repas": "2"}]}
    for born, known in (("2021-05-01", date(2021, 5, 1)), ("2022-05-01", None)):
        dossier = family(town, Zoé=born)
        invoice = priced.bill(town, version, answers, dossier=dossier, key=born)
        take(invoice.pk, invoice.total_cents)
        births = [share.child.born for one in paid(town) for share in one.shares if share.activity == "Repas"]
        assert births[0] == known


@pytest.mark.parametrize(
    ("born", "is_young"),
    [(date(2020, 1, 1), True), (date(2019, 12, 31), False), (date(2026, 9, 1), True), (None, True)],
)
def test_a_child_born_in_the_year_in_which_it_was_six_on_new_year_s_day_counts(
    born: date | None, is_young: bool
) -> None:
    assert years.is_young(Child("Léa", born), 2026) is is_young


def test_two_regies_attest_together_what_each_received(town: Town) -> None:
    take(make_invoice(town).pk, 5200)
    sports = make_regie("SPO", "Régie Sports")
    town.type = make_type(sports, [town.scheme], name="Sports")
    take(make_invoice(town, meals=10).pk, 3250)

    words = attested(town)

    assert "Payé en 2026 84,50 €" in words
    assert "par ses régies (Régie Enfance, Régie Sports)" in words
    assert "Total de Régie Enfance 52,00 €" in words and "Total de Régie Sports 32,50 €" in words
    only = pdf_documents.render_year(
        town.citizen, of(town.citizen).filter(regie=sports), 2026, partial=True, at=later(days=90)
    )
    assert "Cette attestation porte sur ces seules factures : Sports." in words_of(only)
    assert "32,50 €" in words_of(only) and "52,00 €" not in words_of(only)


def test_what_a_merged_file_paid_follows_it(town: Town) -> None:
    other = make_citizen("autre@example.org", last_name="Lefevre")
    Citizen.objects.filter(pk=other.pk).update(user=None)
    take(make_invoice(town, citizen=other).pk, 5200)
    assert paid(town) == []
    personal_data.merge_citizens(
        kept_id=town.citizen.pk, merged_id=other.pk, reason="La même personne", actor=town.admin.actor, at=later(60)
    )
    assert cents(paid(town)) == 5200


def test_money_counted_for_another_invoice_is_attested_for_that_one(town: Town) -> None:
    _paid, receipt = surplus(town)
    other = make_invoice(town, meals=6)
    apply(receipt, other)
    assert {one.invoice and one.invoice.pk: one.cents for one in paid(town) if one.receipt == receipt} == {
        other.pk: 1950,
        None: 3250,
    }
    assert cents(paid(town)) == 5200 + 5200 == ledger_of(2026)


def test_an_account_runs_from_before_to_what_is_due(town: Town) -> None:
    old = make_invoice(town, at=later(days=-40))
    take(old.pk, 2000, minutes=-60 * 24 * 35)
    rejected = debit(town, make_invoice(town, meals=10))
    reject(rejected)
    cancelled = make_invoice(town, meals=2)
    payments.cancel_invoice(invoice_id=cancelled.pk, code="twice", comment="", actor=WHO, at=later(10))

    account = accounts.account_of(of(town.citizen), date(2026, 11, 1), date(2026, 12, 31))

    assert account.opening_cents == 3200
    assert [(one.kind, one.cents) for one, _balance in account.lines] == [
        (MovementKind.INVOICE, 3250),
        (MovementKind.INVOICE, 650),
        (MovementKind.PAYMENT, -3250),
        (MovementKind.CREDIT_NOTE, -650),
        (MovementKind.TAKEN_BACK, 3250),
    ]
    assert account.closing_cents == account.due_cents == 3200 + 3250
    assert account.kept_cents == 0


def test_an_account_says_what_is_kept_beside_what_is_due(town: Town) -> None:
    _paid, twice = surplus(town)
    due = make_invoice(town, meals=10)
    give_back(twice, 1000)

    account = accounts.account_of(of(town.citizen), date(2026, 11, 1), date(2026, 12, 31))

    assert (account.due_cents, account.kept_cents) == (due.total_cents, 4200)
    assert account.closing_cents == account.due_cents - account.kept_cents


def test_an_account_of_some_invoices_has_their_part_of_a_payment(town: Town) -> None:
    first, second = make_invoice(town), make_invoice(town, meals=10)
    receipt = payments.take_for_invoices(
        invoice_ids=[first.pk, second.pk], money=handed(8450), request_key="k", actor=WHO, at=later(5)
    )
    reversed_ = payments.reverse_receipt(
        receipt_id=receipt.pk, kind=Reversal.Kind.MISTAKE, reason="Erreur", actor=WHO, at=later(9)
    )
    assert reversed_
    for invoice, cents_ in ((first, 5200), (second, 3250)):
        account = accounts.account_of(of(town.citizen).filter(pk=invoice.pk), date(2026, 11, 1), date(2026, 12, 31))
        assert [one.cents for one, _ in account.lines] == [cents_, -cents_, cents_]
        assert account.closing_cents == account.due_cents == cents_


def test_a_year_and_an_account_cost_the_same_of_one_payment_and_of_many(town: Town) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert paid(town)
            years.years_paid(of(town.citizen))
            accounts.account_of(of(town.citizen), date(2026, 1, 1), date(2026, 12, 31))
        return len(captured)

    take(make_invoice(town).pk, 5200)
    one = asked()
    for _n in range(3):
        take(make_invoice(town).pk, 5200)
    assert asked() == one
