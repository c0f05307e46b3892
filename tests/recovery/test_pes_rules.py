"""The file of a rôle: its elements in their order, what names and amounts become, what is refused, in a sentence."""

import string
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from obole.recovery.rules import pes
from obole.recovery.rules.pes import characters, debtors
from obole.recovery.rules.pes.flow import second_key
from tests.recovery.pes import PAYER, SIRET, make_flow, make_piece, payer_with, read, values_of
from tests.spaces import plain

GOLDEN = """
PES_Aller Enveloppe Parametres Version=2 TypFic=PESORMC NomFic=ORMC732829320000740020270000012.xml
Emetteur Sigle=Obole Adresse=Obole
EnTetePES DteStr=2027-03-01 IdPost=034000 IdColl=73282932000074 CodCol=123 CodBud=00
PES_RecetteAller EnTeteRecette IdVer=2 InfoDematerialisee=0
Bordereau BlocBordereau Exer=2027 IdBord=0000012 DteBordEm=2027-03-01 TypBord=06 NbrPce=1 MtBordHt=52.00
DteAsp=2027-03-02 Objet=Factures_impayées
Piece BlocPiece IdPce=1 TypPce=15 NatPce=01 Edition=04 ObjPce=Cantine NumDette=2026000001 Per=1 Cle2=M
NumeroFacture=ENF-2026-000001
LigneDePiece BlocLignePiece InfoLignePiece IdLigne=1 ObjLignePce=Cantine CodProdLoc=83 Nature=588 Majo=0 TvaIntraCom=0
MtHT=52.00
Tiers InfoTiers CatTiers=01 NatJur=01 TypTiers=01 Civilite=MME Nom=Lefèvre Prenom=Maud
Adresse TypAdr=1 Adr2=3_rue_des_Halles CP=59000 Ville=Valbourg CodRes=0
"""
"""What is known of the protocol, element by element, in its order."""
WORDS = st.text(st.characters(codec="utf-8"), max_size=60)
LATIN = st.text(string.ascii_letters + "éèàçÉœ’ -", max_size=30)


def outline(content: bytes) -> list[str]:
    said = []
    for element in read(content).iter():
        name, value = str(element.tag).rpartition("}")[2], element.get("V")
        said.append(name if value is None else f"{name}={value.replace(' ', '_')}")
    return said


def sentences(flow: pes.Flow) -> str:
    return plain(" | ".join(problem.sentence for problem in pes.problems_of(flow)))


def with_payer(**values: str) -> pes.Flow:
    return make_flow(make_piece(payer=payer_with(**values)))


def test_every_element_in_its_place() -> None:
    content = pes.write(make_flow(notices_on=date(2027, 3, 2), edition="04"))
    assert outline(content) == GOLDEN.split()
    assert content.startswith(b"<?xml version='1.0' encoding='ISO-8859-1'?>")
    assert "Lefèvre".encode("latin-1") in content
    root = read(content)
    assert root.tag == "{http://www.minefi.gouv.fr/cp/helios/pes_v2/Rev0/aller}PES_Aller"


def test_the_same_values_are_the_same_bytes() -> None:
    assert pes.write(make_flow()) == pes.write(make_flow())


def test_a_piece_of_several_imputations_has_one_debtor_on_each_line() -> None:
    lines = [pes.Line(nature="7067", product="83", cents=1000), pes.Line(nature="752", product="SALL", cents=250)]
    content = pes.write(make_flow(make_piece(lines=lines), make_piece(2)))
    assert values_of(content, "IdLigne") == ["1", "2", "1"]
    assert values_of(content, "CodProdLoc") == ["83", "SALL", "83"]
    assert values_of(content, "MtHT") == ["10.00", "2.50", "52.00"]
    assert values_of(content, "MtBordHt") == ["64.50"] and values_of(content, "NbrPce") == ["2"]
    assert len(list(read(content).iter("Tiers"))) == 3


@pytest.mark.parametrize(
    ("kind", "expected"), [("person", ("01", "01")), ("association", ("50", "06")), ("company", ("50", "03"))]
)
def test_who_owes_is_of_a_category(kind: str, expected: tuple[str, str]) -> None:
    debtor = pes.debtor_of(payer_with(kind=kind, organisation="Les Amis de la Fête"), organisations="50")
    assert (debtor.category, debtor.legal_nature) == expected
    assert debtor.name == ("Lefèvre" if kind == "person" else "Les Amis de la Fête")
    assert not (kind != "person" and (debtor.civility or debtor.first_name)), "an organisation has no first name"


def test_a_long_name_is_cut_between_words_in_two_parts() -> None:
    long = "Association intercommunale des parents d’élèves et amis des écoles de Valbourg"
    debtor = pes.debtor_of(payer_with(kind="association", organisation=long), organisations="50")
    assert (debtor.name, debtor.name_more) == (
        "Association intercommunale des parents",
        "d’élèves et amis des écoles de Valbourg",
    )
    assert "deux fois 38" in sentences(with_payer(kind="company", organisation=f"{long} et alentours"))


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("3 rue des Halles\n59000 Valbourg", ("", "3 rue des Halles", "", "59000", "Valbourg")),
        ("3, rue des Halles, 59000 Valbourg", ("", "3 rue des Halles", "", "59000", "Valbourg")),
        ("3 rue des Halles 59000 Valbourg Cedex 9", ("", "3 rue des Halles", "", "59000", "Valbourg Cedex 9")),
        ("Bât. B\n12 bis\nrue X\n59000 Valbourg", ("Bât. B", "12 bis rue X", "", "59000", "Valbourg")),
        (
            "Résidence Y\n3 rue X\nBP 12\nF-59000-Valbourg\nFrance",
            ("Résidence Y", "3 rue X", "BP 12", "59000", "Valbourg"),
        ),
        ("Lieu-dit Le Bois\n59000 Valbourg", ("", "Lieu-dit Le Bois", "", "59000", "Valbourg")),
        ("59000 Valbourg", ("", "", "", "59000", "Valbourg")),
        ("Rue Neuve 12\n1000 Bruxelles", ("", "", "", "", "")),
        ("5 rue X\n5900A Valbourg", ("", "", "", "", "")),
        ("5 rue X\n٥٩٠٠٠ Valbourg", ("", "", "", "", "")),
        ("", ("", "", "", "", "")),
    ],
)
def test_an_address_in_the_parts_of_the_norm(address: str, expected: tuple[str, ...]) -> None:
    read_one = debtors.read_address(address)
    assert (read_one.before, read_one.street, read_one.after, read_one.postcode, read_one.town) == expected


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("Œuvrard", "OEuvrard"),
        ("L’Haÿ-les-Roses", "L'Haÿ-les-Roses"),
        ("Łukasz Škoda", "Lukasz Skoda"),
        ("12\u202f€ – « plein »", "12 EUR - « plein »"),
        ("a\x00b\u200b\tc\u00add", "a b cd"),
        ("山田", "山田"),
    ],
)
def test_what_has_no_such_letter_is_said_with_others(typed: str, written: str) -> None:
    assert characters.latin(typed) == written


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"post": "34"}, "le codique du poste comptable a 6 ou 7 chiffres"),
        ({"post": "٣٤٠٠٠٠"}, "n’existe pas en ISO-8859-1"),
        ({"siret": "7328293200007"}, "le SIRET du budget a 14 chiffres"),
        ({"siret": "73282932000075"}, "mal recopié"),
        ({"collectivity": "12"}, "le code collectivité a 3 chiffres"),
        ({"budget": "0"}, "le code budget a 2 caractères"),
        ({"bordereau": 10_000_000}, "le numéro de bordereau a 7 chiffres"),
        ({"notices_on": date(2027, 2, 28)}, "ne peuvent pas partir avant"),
        ({"period": "12"}, "la période est un chiffre"),
        ({"pieces": []}, "de 1 à 99 999 pièces"),
        ({"subject": " "}, "l’objet du bordereau manque"),
    ],
)
def test_what_stops_the_whole_file(values: dict[str, Any], sentence: str) -> None:
    assert sentence in sentences(make_flow(**values))


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"number": 0}, "le numéro de la pièce"),
        ({"debt": "2026A1"}, "le numéro de dette a 13 chiffres au plus"),
        ({"debt": "1" * 14}, "le numéro de dette a 13 chiffres au plus"),
        ({"lines": []}, "au-dessus de zéro"),
        ({"lines": [pes.Line(nature="7067", product="83", cents=0)]}, "au-dessus de zéro"),
        (
            {"lines": [pes.Line(nature="752", product="", cents=1)]},
            "aucun code produit local pour l’imputation « 752 »",
        ),
        ({"lines": [pes.Line(nature="", product="", cents=1)]}, "pour l’imputation « sans imputation »"),
        ({"lines": [pes.Line(nature="752", product="ABCDE", cents=1)]}, "aucun code produit local"),
    ],
)
def test_what_stops_a_piece(values: dict[str, Any], sentence: str) -> None:
    flow = make_flow(make_piece(2), make_piece(**values))
    assert sentence in sentences(flow)
    assert {problem.piece for problem in pes.problems_of(flow) if problem.piece} <= {0, flow.pieces[1].number}


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"last_name": ""}, "le nom manque"),
        ({"last_name": "X" * 39}, "dépasse 38 caractères"),
        ({"last_name": "山田"}, "« 山 » (dans « 山田 ») n’existe pas en ISO-8859-1"),
        ({"first_name": "x" * 39}, "le prénom dépasse 38 caractères"),
        ({"address": ""}, "l’adresse doit finir par un code postal français"),
        ({"address": "Rue Neuve 12\n1000 Bruxelles"}, "l’adresse doit finir par un code postal français"),
        ({"address": "59000 Valbourg"}, "la rue manque"),
        ({"address": f"3 rue {'X' * 40}\n59000 Valbourg"}, "la rue manque, ou dépasse 38"),
        ({"address": f"3 rue X\n59000 {'X' * 40}"}, "une ville"),
        ({"address": f"{'é' * 39}\n3 rue X\n59000 Valbourg"}, "ce qui précède la rue"),
    ],
)
def test_what_is_wrong_with_who_owes_leads_to_their_file(values: dict[str, str], sentence: str) -> None:
    problems = pes.problems_of(with_payer(**values))
    assert sentence in plain(problems[0].sentence)
    assert {(problem.place, problem.pk, problem.piece) for problem in problems} == {(pes.Place.PAYER, PAYER.pk, 1)}


def test_an_organisation_without_a_category_leads_to_the_settings() -> None:
    debtor = pes.debtor_of(payer_with(kind="company", organisation="Traiteur"), organisations="")
    [problem] = pes.problems_of(make_flow(make_piece(debtor=debtor)))
    assert (problem.place, problem.piece) == (pes.Place.SETTINGS, 1) and "catégorie" in problem.sentence


@pytest.mark.parametrize("twice", [{"number": 1}, {"debt": "2026000001"}])
def test_no_number_comes_twice(twice: dict[str, Any]) -> None:
    flow = make_flow(make_piece(), replace(make_piece(2), **twice))
    assert "sont les mêmes" in sentences(flow)
    assert not pes.problems_of(make_flow(make_piece(), make_piece(2)))


def test_the_key_of_a_debt_is_its_number_modulo_23() -> None:
    flow = make_flow()
    number = int("27" + "1" + "00" + "0002026000001")
    assert second_key(flow, make_piece()) == "ABCDEFGHJKLMNPQRSTUVWXY"[number % 23]
    assert second_key(flow, make_piece(debt="٣")) == "" == second_key(flow, make_piece(debt="A"))


@pytest.mark.parametrize(
    ("year", "day", "expected"),
    [
        (2026, date(2026, 12, 31), 2026),
        (2026, date(2027, 1, 31), 2026),
        (2026, date(2027, 2, 1), 2027),
        (2027, date(2027, 3, 1), 2027),
    ],
)
def test_the_exercice_lasts_until_its_complementary_day(year: int, day: date, expected: int) -> None:
    assert pes.exercice_of(year, day) == expected


@settings(max_examples=80, deadline=None)
@given(
    name=WORDS,
    first=WORDS,
    organisation=WORDS,
    address=WORDS,
    subject=WORDS,
    kind=st.sampled_from(["person", "company"]),
)
def test_whatever_is_typed_is_written_whole_or_refused(
    name: str, first: str, organisation: str, address: str, subject: str, kind: str
) -> None:
    payer = payer_with(kind=kind, last_name=name, first_name=first, organisation=organisation, address=address)
    flow = make_flow(make_piece(payer=payer, subject=f"Facture {subject}"))
    if pes.problems_of(flow):
        return
    content = pes.write(flow)
    content.decode("ascii" if content.isascii() else "latin-1")
    assert b"&#" not in content.replace(b"&#38;", b""), "nothing outside of ISO-8859-1"
    [said] = values_of(content, "Nom")
    assert 1 <= len(said) <= 38


@settings(max_examples=60, deadline=None)
@given(
    name=LATIN.filter(str.strip),
    cents=st.lists(st.lists(st.integers(1, 10**9), min_size=1, max_size=4), min_size=1, max_size=5),
)
def test_what_is_read_again_is_what_was_meant(name: str, cents: list[list[int]]) -> None:
    pieces = [
        make_piece(
            number,
            payer=payer_with(last_name=name),
            lines=[pes.Line(nature=str(n), product="83", cents=said) for n, said in enumerate(lines)],
        )
        for number, lines in enumerate(cents, start=1)
    ]
    flow = make_flow(*pieces)
    assert not pes.problems_of(flow)
    content = pes.write(flow)
    amounts = [Decimal(said) for said in values_of(content, "MtHT")]
    assert [int(amount * 100) for amount in amounts] == [said for lines in cents for said in lines]
    assert [Decimal(said) for said in values_of(content, "MtBordHt")] == [sum(amounts)]
    assert set(values_of(content, "Nom")) == {characters.latin(name)}
    assert values_of(content, "IdPce") == [str(piece.number) for piece in pieces]


@pytest.mark.parametrize("hostile", ['"/><Piece/><X V="', "]]>", "<!ENTITY x SYSTEM 'file:///etc/passwd'>", "&x;"])
def test_neg_a_text_is_a_text(hostile: str) -> None:
    content = pes.write(make_flow(make_piece(payer=payer_with(last_name=hostile), subject=hostile)))
    said = [*values_of(content, "Nom"), *values_of(content, "ComplNom")]
    assert " ".join(said).split() == hostile.split()
    assert len(list(read(content).iter("Piece"))) == 1


def test_the_siret_of_the_tests_is_right() -> None:
    assert pes.checking.siret_is_right(SIRET)
    assert not pes.checking.siret_is_right("٧٣٢٨٢٩٣٢٠٠٠٠٧٤")
