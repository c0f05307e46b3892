"""What the comptable calls an invoice, and one that was handed over wrongly: due again, told, and handed over anew."""

import pytest

from obole.billing.models import Invoice
from obole.billing.operations import BadDays
from obole.lib.states import ForbiddenTransition
from obole.mailing.models import Message
from obole.payments import operations as payments
from obole.payments.models import Reversal
from obole.payments.queries import entries_of
from obole.recovery import operations as recovery, queries
from obole.recovery.models import TransmissionLine
from obole.recovery.rules import BadTitreFile, read_titres
from tests.books import check_books
from tests.payments.steps import held
from tests.payments.test_reversals import debit, reject
from tests.recovery.steps import LATE, come_back, hand_over, remind_all
from tests.recovery.test_transmissions import take
from tests.spaces import plain
from tests.world import Town, later, make_invoice, make_town

pytestmark = pytest.mark.django_db


@pytest.fixture
def town() -> Town:
    return make_town()


def test_an_invoice_comes_back_and_goes_again(town: Town) -> None:
    invoice = make_invoice(town)
    remind_all(town)
    [line] = hand_over(town, invoice)
    back = come_back(line, town)
    invoice.refresh_from_db()
    assert (back.state, invoice.state, invoice.due_date) == ("returned", "due", later(days=LATE + 35).date())
    assert invoice.payable_until == later(days=LATE + 95).date()
    assert held(town.regie, "receivable", "claims") == (5200, 5200)
    told = Message.objects.get(kind="invoice_returned")
    assert "Erreur de payeur" in told.text and "52,00" in told.text
    with pytest.raises(ForbiddenTransition):
        come_back(line, town)
    check_books()

    assert not queries.proposals(town.regie, later(days=LATE + 95).date()).exists()
    [again] = hand_over(town, invoice, at=later(days=LATE + 96))
    assert (again.state, again.transmission.sequence) == ("sent", 2)
    come_back(again, town, days=LATE + 100)
    kinds = [entry.cause_kind for entry in entries_of(invoice)]
    assert kinds == ["invoice", "transfer", "transfer_return", "transfer", "transfer_return"]
    check_books()


def test_a_return_says_why_and_leaves_time(town: Town) -> None:
    invoice = make_invoice(town)
    remind_all(town)
    [line] = hand_over(town, invoice)
    for changes in ({"reason": " "}, {"reference": ""}):
        with pytest.raises(recovery.ReasonMissing):
            come_back(line, town, **changes)
    with pytest.raises(BadDays):
        come_back(line, town, due_date=later(days=LATE + 5).date())
    assert TransmissionLine.objects.get().state == "sent"
    check_books()


def test_money_taken_back_while_the_comptable_has_it_is_due_when_it_returns(town: Town) -> None:
    whole = make_invoice(town)
    direct = debit(town, make_invoice(town))
    take(whole, 1200)
    remind_all(town)
    [line] = hand_over(town, whole)
    assert line.cents == 4000
    payments.reverse_receipt(
        receipt_id=whole.allocations.get().receipt_id,
        kind=Reversal.Kind.BOUNCED,
        reason="Sans provision",
        actor=town.regisseur.actor,
        at=later(days=LATE + 1),
    )
    check_books()
    come_back(line, town)
    assert Invoice.objects.get(pk=whole.pk).remaining_cents == 5200
    assert held(town.regie, "receivable") == (5200,)
    reject(direct)
    check_books()


def test_titres_are_written_once_for_all(town: Town) -> None:
    one, two = make_invoice(town), make_invoice(town)
    remind_all(town)
    lines = hand_over(town, one, two)
    who = {"transmission_id": lines[0].transmission_id, "actor": town.regisseur.actor, "at": later(days=LATE + 9)}
    wanted = {line.pk: (2027, f"45{line.pk}") for line in lines}
    assert len(recovery.record_titres(titres=wanted, **who)) == 2
    assert recovery.record_titres(titres=wanted, **who) == []
    handed = queries.handover_of(one)
    assert handed is not None and handed.titre == f"2027-45{lines[0].pk}"
    come_back(lines[1], town)
    with pytest.raises(recovery.NotWithTheComptable):
        recovery.record_titres(titres={lines[0].pk: (2027, "9"), lines[1].pk: (2027, "9")}, **who)
    for bad in ((1999, "1"), (2027, "=1+1"), (2027, ""), (2027, "9" * 21)):
        with pytest.raises(ValueError):
            recovery.record_titres(titres={lines[0].pk: bad}, **who)
    lines[0].refresh_from_db()
    assert lines[0].titre_number == f"45{lines[0].pk}"


@pytest.mark.parametrize(
    "text",
    [
        "ENF-2026-000001;2027;451\nENF-2026-000002;2027;452",
        "\ufeffFacture;Exercice;Titre\r\nENF-2026-000001;2027;451\r\n\r\nENF-2026-000002;2027;452\r\n",
        "enf-2026-000001\t2027\t451\nenf-2026-000002\t2027\t452",
        'facture,exercice,titre\n"ENF-2026-000001","2027","451"\nENF-2026-000002 , 2027 , 452',
    ],
)
def test_a_file_of_titres_is_read_however_it_is_separated(text: str) -> None:
    found = [(titre.invoice, titre.year, titre.number) for titre in read_titres(text)]
    assert found == [("ENF-2026-000001", 2027, "451"), ("ENF-2026-000002", 2027, "452")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "aucune ligne"),
        ("ENF-2026-000001;2027", "Ligne 1 : il faut trois colonnes"),
        ("ENF-2026-000001;2027;451;x", "Ligne 1 : il faut trois colonnes"),
        ("F;27;451", "Ligne 1 : l’exercice"),
        ("F;٢٠٢٧;451", "Ligne 1 : l’exercice"),
        ("F;2027;=cmd|'/c calc'!A0", "Ligne 1 : le numéro du titre"),
        ("F;2027;@SUM(1)", "Ligne 1 : le numéro du titre"),
        ("F;2027;<script>", "Ligne 1 : le numéro du titre"),
        ("F;2027;" + "9" * 40, "Ligne 1 : le numéro du titre"),
        ("=F;2027;1", "Ligne 1 : le numéro de la facture"),
        ("F;2027;1\nf;2027;2", "Ligne 2 : la facture F est déjà à la ligne 1"),
        ("F;2027;1\n" * 5001, "trop long"),
        ("x" * 1_000_001, "trop long"),
        ('"' + "x" * 200_000, "CSV lisible"),
        ("F;" + "9" * 5000 + ";1", "Ligne 1 : l’exercice"),
    ],
)
def test_a_bad_file_names_its_line(text: str, said: str) -> None:
    with pytest.raises(BadTitreFile) as refusal:
        read_titres(text)
    assert said in plain(" ".join(refusal.value.sentences))
