"""Who is found by what a caller says: in any order, with a letter wrong, by mail, telephone or street."""

from collections.abc import Iterator

import pytest

from obole.directory import operations as directory, queries
from obole.directory.models import Citizen
from tests.world import NOON, WHO

pytestmark = pytest.mark.django_db
PEOPLE = {
    "nguyen": ("N’Guyen", "Thị", "thi.nguyen@example.org", "06 12 34 56 78", "8 rue des Lilas\n99999 Valbourg"),
    "lhay": ("L’Haÿ", "Rose", "", "+33 1 23 45 67 89", "2 avenue Victor-Hugo\n99999 Valbourg"),
    "ben": ("Ben Haddou", "Samir", "samir@example.com", "", ""),
    "moreau": ("Moreau", "Jean-Pierre", "", "", ""),
    "silva": ("Da Silva", "Inès", "", "", ""),
    "lefevre": ("Lefèvre", "Maud", "", "", ""),
}


@pytest.fixture
def people(db: None) -> Iterator[dict[str, Citizen]]:
    names = ("last_name", "first_name", "email", "phone", "address")
    yield {
        key: directory.register_citizen(values=dict(zip(names, values, strict=True)), user_id=None, actor=WHO, at=NOON)
        for key, values in PEOPLE.items()
    }


@pytest.mark.parametrize(
    ("typed", "who"),
    [
        ("nguyen", "nguyen"),
        ("n guyen thi", "nguyen"),
        ("N'GUYEN", "nguyen"),
        ("lehay", "lhay"),
        ("l hay", "lhay"),
        ("benhaddou", "ben"),
        ("samir ben", "ben"),
        ("Mme Moreau", "moreau"),
        ("moro", None),
        ("morau", "moreau"),
        ("maureau", None),
        ("mroeau", "moreau"),
        ("dasilva", "silva"),
        ("ines da silva", "silva"),
        ("lefebvre", "lefevre"),
        ("leffevre", "lefevre"),
        ("paul lefevre", None),
        ("thi.nguyen@example.org", "nguyen"),
        ("THI.NGUYEN@EXAMPLE.ORG", "nguyen"),
        ("0612345678", "nguyen"),
        ("06.12.34.56.78", "nguyen"),
        ("+33 6 12 34 56 78", "nguyen"),
        ("0123456789", "lhay"),
        ("lilas", "nguyen"),
        ("victor hugo", "lhay"),
        ("(", None),
        ("*", None),
        ("pierre moreau", "moreau"),
    ],
)
def test_who_is_found(people: dict[str, Citizen], typed: str, who: str | None) -> None:
    assert list(queries.search_citizens(typed)) == ([people[who]] if who else [])


def test_a_new_name_is_found_and_the_old_one_is_not(people: dict[str, Citizen]) -> None:
    directory.update_citizen(
        citizen_id=people["moreau"].pk, values={"last_name": "Garnier", "phone": "01 99 00 11 22"}, actor=WHO, at=NOON
    )
    assert list(queries.search_citizens("garnier")) == list(queries.search_citizens("0199001122")) == [people["moreau"]]
    assert list(queries.search_citizens("moreau")) == []
