"""A transmission in PES V2 on screen: what lacks, the file made and taken, one that was refused."""

from typing import Any

import pytest
from django.test import Client

from obole.audit_log.models import Access
from obole.directory.models import Citizen
from obole.directory.rules import Profile
from obole.recovery.models import PesFile, TransmissionLine
from obole.regies import operations as regies
from tests.crm.bookkeeping.test_transmissions import form_of
from tests.crm.desk import browser, get, rows_of, text_of, url
from tests.recovery.pes import make_file, set_codes, values_of
from tests.recovery.steps import LATE, come_back, hand_over, remind_all, request, want_two
from tests.recovery.test_transmissions import take
from tests.world import WHO, Town, later, make_agent, make_citizen, make_invoice, make_town

pytestmark = pytest.mark.django_db


@pytest.fixture
def town() -> Town:
    return make_town()


@pytest.fixture
def lines(town: Town) -> list[TransmissionLine]:
    made = [make_invoice(town, citizen=make_citizen("loin@example.org")), make_invoice(town, meals=4)]
    take(made[1], 300)
    remind_all(town)
    return hand_over(town, *made)


@pytest.fixture
def client(town: Town, lines: list[TransmissionLine], time_machine: Any) -> Client:
    time_machine.move_to(later(days=LATE + 1), tick=False)
    return browser(town.regisseur)


def here(town: Town, line: TransmissionLine, *more: object, name: str = "transmission_pes") -> str:
    return url(name, town.regie.pk, line.transmission_id, *more)


def test_codes_are_asked_for_first(client: Client, town: Town, lines: list[TransmissionLine]) -> None:
    page = get(client, "transmission_pes", town.regie.pk, lines[0].transmission_id)
    assert "Les codes du comptable ne sont pas réglés" in text_of(page)
    assert url("settings_regie_pes", town.regie.pk) in page.content.decode()
    answer = client.post(here(town, lines[0]), follow=True)
    assert "ne peut pas encore être fait" in text_of(answer) and not PesFile.objects.exists()


def test_a_file_is_looked_at_made_and_taken(client: Client, town: Town, lines: list[TransmissionLine]) -> None:
    set_codes(town)
    page = get(client, "transmission_pes", town.regie.pk, lines[0].transmission_id)
    shown = text_of(page)
    assert "2027-0000001" in shown and "62,00 €" in shown and "non validé par le schéma officiel" in shown
    assert "1 pièce est de moins de 15 €" in shown and "Ce qui manque" not in shown
    assert not PesFile.objects.exists(), "looking takes no number"
    made = client.post(here(town, lines[0]), {"notices_on": "2027-03-08"}, follow=True)
    assert "le fichier du bordereau 2027-0000001 est fait" in text_of(made)
    assert "Télécharger le fichier (XML)" in text_of(made) and "8 mars 2027" in text_of(made)
    file = PesFile.objects.get()
    answer = client.get(here(town, lines[0], file.pk, name="transmission_pes_file"))
    assert answer["Content-Type"] == "application/xml"
    assert answer["Content-Disposition"] == 'attachment; filename="ORMC732829320000740020270000001.xml"'
    assert values_of(answer.content, "MtBordHt") == ["62.00"] and values_of(answer.content, "DteAsp") == ["2027-03-08"]
    kept = Access.objects.filter(verb=Access.Verb.EXPORT).latest("id")
    assert (kept.details["what"], kept.details["rows"]) == ("transmission_pes", 2)


def test_what_lacks_is_listed_with_where_to_mend_it(client: Client, town: Town, lines: list[TransmissionLine]) -> None:
    set_codes(town, products={}, siret="73282932000074")
    Citizen.objects.update(address="3 rue X\n1000 Bruxelles")
    page = get(client, "transmission_pes", town.regie.pk, lines[0].transmission_id)
    assert [row[0] for row in rows_of(page)] == [
        "Codes PES V2",
        "Lefèvre Maud (ENF-2026-000001)",
        "Lefèvre Maud (ENF-2026-000002)",
    ]
    shown, raw = text_of(page), page.content.decode()
    assert "aucun code produit local pour l’imputation « 7067 »" in shown and "code postal français" in shown
    assert url("citizen", town.citizen.pk) in raw and url("settings_regie_pes", town.regie.pk) in raw
    assert "Faire le fichier" not in shown, "nothing would be left of it"


def test_what_cannot_be_written_is_left_out_by_who_says_so(
    client: Client, town: Town, lines: list[TransmissionLine]
) -> None:
    set_codes(town)
    Citizen.objects.filter(email="loin@example.org").update(address="")
    answer = client.post(here(town, lines[0]), {"notices_on": "2027-03-01"})
    assert "Les avis ne peuvent pas partir avant" in text_of(answer)
    answer = client.post(here(town, lines[0]), {"notices_on": ""})
    assert "Corrigez ce qui manque, ou cochez" in text_of(answer) and not PesFile.objects.exists()
    assert "1 facture ne peut pas être écrite" in text_of(answer)
    made = client.post(here(town, lines[0]), {"leaves_out": "on"}, follow=True)
    assert "1 facture passée au comptable n’est pas dans le fichier" in text_of(made)
    assert PesFile.objects.get().pieces.get().line == lines[1]
    come_back(lines[1], town)
    again = text_of(client.get(here(town, lines[0])))
    assert "1 facture du fichier est revenue à la régie depuis" in again
    come_back(lines[0], town)
    assert "n’est pas dans le fichier" not in text_of(client.get(here(town, lines[0]))), "the comptable has it no more"


def test_a_file_that_was_refused_is_withdrawn_and_kept(
    client: Client, town: Town, lines: list[TransmissionLine]
) -> None:
    set_codes(town)
    client.post(here(town, lines[0]))
    first = PesFile.objects.get()
    page = client.get(here(town, lines[0]))
    sent = form_of(page, holds="reason")
    assert "Écrivez ce que le comptable a refusé" in text_of(client.post(here(town, lines[0]), sent))
    said = client.post(here(town, lines[0]), {**sent, "reason": "Codique inconnu"}, follow=True)
    assert "un autre peut être fait" in text_of(said) and "Codique inconnu" in text_of(said)
    client.post(here(town, lines[0]))
    assert sorted(PesFile.objects.values_list("bordereau", flat=True)) == [1, 2]
    stale = client.post(here(town, lines[0]), {**sent, "reason": "encore"}, follow=True)
    assert "un autre l’a remplacé" in text_of(stale)
    assert PesFile.objects.filter(withdrawn_at=None).count() == 1
    old = client.get(here(town, lines[0], first.pk, name="transmission_pes_file"))
    assert values_of(old.content, "IdBord") == ["0000001"]


def test_a_number_whose_file_was_not_written_says_what_to_mend(
    client: Client, town: Town, lines: list[TransmissionLine]
) -> None:
    set_codes(town)
    file = make_file(town, lines[0])
    Citizen.objects.update(address="")
    taken = here(town, lines[0], file.pk, name="transmission_pes_file")
    assert "code postal français" in text_of(client.get(taken, follow=True))
    Citizen.objects.update(address="3 rue X\n59000 Valbourg")
    assert values_of(client.get(taken).content, "NbrPce") == ["2"]


def test_one_that_is_not_over_waits(client: Client, town: Town) -> None:
    set_codes(town)
    want_two(town)
    asked = request(town, make_invoice(town), at=later(days=LATE + 200))
    assert client.get(url("transmission_pes", town.regie.pk, asked.pk)).status_code == 404, "it has no number"


def test_neg_who_only_reads_takes_it_and_makes_none(client: Client, town: Town, lines: list[TransmissionLine]) -> None:
    set_codes(town)
    reader = make_agent(Profile.REGISSEUR, email="lecteur@valbourg.example")
    terms = {town.regie.pk: regies.MandateTerms(kind="reader")}
    regies.configure_mandates(agent_id=reader.pk, terms=terms, actor=WHO, at=later())
    other = browser(reader)
    page = other.get(here(town, lines[0]))
    assert page.status_code == 200 and "Faire le fichier" not in text_of(page)
    assert other.post(here(town, lines[0])).status_code == 404 and not PesFile.objects.exists()
    client.post(here(town, lines[0]))
    assert "Le comptable l’a refusé" not in text_of(other.get(here(town, lines[0])))
    file = PesFile.objects.get()
    assert other.get(here(town, lines[0], file.pk, name="transmission_pes_file")).status_code == 200
    stranger = browser(make_agent(Profile.REGISSEUR, email="ailleurs@valbourg.example"))
    assert stranger.get(here(town, lines[0], file.pk, name="transmission_pes_file")).status_code == 404
    assert client.get(here(town, lines[0], file.pk + 1, name="transmission_pes_file")).status_code == 404


def test_neg_a_file_is_found_under_its_own_transmission_alone(
    client: Client, town: Town, lines: list[TransmissionLine]
) -> None:
    set_codes(town)
    other = make_file(town, lines[0])
    asked = request(town, make_invoice(town))
    assert client.get(url("transmission_pes_file", town.regie.pk, asked.pk, other.pk)).status_code == 404
    assert client.get(here(town, lines[0], other.pk, name="transmission_pes_file")).status_code == 200


def test_the_queries_do_not_grow(
    client: Client, town: Town, lines: list[TransmissionLine], django_assert_max_num_queries: Any
) -> None:
    set_codes(town)
    with django_assert_max_num_queries(24):
        get(client, "transmission_pes", town.regie.pk, lines[0].transmission_id)
