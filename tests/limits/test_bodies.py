"""What is too heavy is refused before it is read, and no page takes files that it did not ask for."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from obole.ui import bodies
from tests.crm.desk import browser
from tests.world import make_town

pytestmark = pytest.mark.django_db
HEAVY = 3 * 1024 * 1024


def announce(client: Client, address: str, length: int) -> Any:
    return client.generic(
        "POST", address, b"", content_type="multipart/form-data; boundary=b", CONTENT_LENGTH=str(length)
    )


@pytest.mark.parametrize(
    "address", ["/compte/login/", "/compte/signup/", "/langue/", "/crm/parametrage/configuration/"]
)
def test_a_stranger_s_heavy_body_is_not_read(address: str) -> None:
    answer = announce(Client(enforce_csrf_checks=True), address, 60_000_000)
    assert (answer.status_code, answer["Connection"]) == (413, "close")
    assert "2 Mo au plus" in answer.content.decode().replace("\xa0", " ")


def test_pages_that_take_files_take_more_of_who_signed_in() -> None:
    town = make_town()
    citizen, address = Client(), f"/demarches/{town.scheme.public_id}/demande/"
    citizen.force_login(town.citizen.user)
    assert announce(citizen, address, 61 * bodies.MEGABYTE).status_code == 413
    assert citizen.post(address, {"x": SimpleUploadedFile("a.pdf", b"%PDF-" + b"x" * HEAVY)}).status_code == 200
    assert Client().post(address, {"x": SimpleUploadedFile("a.pdf", b"x" * HEAVY)}).status_code == 413
    assert announce(browser(town.admin), "/crm/parametrage/configuration/", 13 * bodies.MEGABYTE).status_code == 413


def test_a_file_that_nobody_asked_for_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    left: list[Any] = []
    real = bodies.NoFiles.new_file
    monkeypatch.setattr(bodies.NoFiles, "new_file", lambda self, *args, **kwargs: (left.append(args), real(self))[1])
    answer = Client().post("/compte/login/", {"login": "a@b.example", "x": SimpleUploadedFile("a.pdf", b"%PDF-")})
    assert answer.status_code == 200 and len(left) == 1 and not answer.wsgi_request.FILES
