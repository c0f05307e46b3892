"""What strangers, citizens and agents may do so often; each refusal says when to come back, and loses nothing typed."""

import os
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client

from obole.catalogue import operations as catalogue
from obole.catalogue.fields import FieldKind, FormField
from obole.directory.models import User
from obole.dossiers.models import Dossier
from obole.limits import operations as limits, rules
from obole.mailing.models import Message
from obole.mailing.operations import outbox
from tests.crm.desk import browser, text_of
from tests.world import WHO, Town, later, make_town

pytestmark = pytest.mark.django_db
LOGIN, PASSWORD = "/compte/login/", "un-mot-de-passe-long-7"


@pytest.fixture
def town() -> Town:
    with time_machine.travel(later(), tick=False):
        made = make_town()
        for user in (made.admin.user, made.citizen.user):
            user.set_password(PASSWORD)
            user.save()
            _prove(user)
        return made


def _prove(user: User) -> None:
    """Make the address a proven one, as it is once its owner signed in."""
    user.emailaddress_set.update_or_create(email=user.email, defaults={"verified": True, "primary": True})


def visitor(address: str, *, proxy: str = "127.0.0.1") -> Client:
    """Return the browser of somebody, behind the town's proxy."""
    return Client(REMOTE_ADDR=proxy, headers={"x-forwarded-for": address})


def sign_in(client: Client, email: str, password: str) -> Any:
    return client.post(LOGIN, {"login": email, "password": password})


def is_in(answer: HttpResponse) -> bool:
    return answer.status_code == 302


def test_a_flood_of_wrong_passwords_keeps_neither_the_owner_nor_the_town_out(town: Town) -> None:
    """Anybody can send 24 wrong passwords a minute: this closed the sign-in to all."""
    with time_machine.travel(later(), tick=False):
        known = visitor("198.51.100.1")
        assert is_in(sign_in(known, town.admin.user.email, PASSWORD))
        known.post("/compte/logout/")
        attacker = visitor("203.0.113.7")
        codes = [sign_in(attacker, f"personne{n}@ailleurs.example", "faux").status_code for n in range(70)]
        assert codes.count(429) >= 10 and codes[0] == 200
        targeted = [sign_in(attacker, town.admin.user.email, "faux") for _n in range(8)]
        assert targeted[-1].status_code == 429
        assert is_in(sign_in(visitor("198.51.100.2"), town.citizen.user.email, PASSWORD)), "another citizen"
        assert is_in(sign_in(known, town.admin.user.email, PASSWORD)), "the owner, where they are known"
        assert is_in(sign_in(visitor("198.51.100.3"), town.admin.user.email, PASSWORD)), "the owner, from elsewhere"


def test_whoever_guesses_waits_longer_and_longer_and_keeps_what_was_typed(town: Town) -> None:
    with time_machine.travel(later(), tick=False) as clock:
        attacker, waits = visitor("203.0.113.7"), []
        for _n in range(11):
            answer = sign_in(attacker, town.admin.user.email, "faux")
            if answer.status_code == 429:
                waits.append(int(answer["Retry-After"]))
                assert "recommencez dans" in text_of(answer) and town.admin.user.email in answer.content.decode()
                clock.shift(waits[-1])
        assert waits == sorted(waits) and waits[0] == 15 and waits[-1] >= 30
        assert sign_in(attacker, town.admin.user.email, PASSWORD).status_code == 429, "a right guess, too early"


def test_guesses_from_everywhere_slow_strangers_and_not_the_owner(town: Town) -> None:
    with time_machine.travel(later(), tick=False):
        known = visitor("198.51.100.1")
        assert is_in(sign_in(known, town.admin.user.email, PASSWORD))
        known.post("/compte/logout/")
        for _n in range(rules.SIGN_IN_ACCOUNT.tries):
            limits.try_once(rules.SIGN_IN_ACCOUNT, town.admin.user.email, at=later())
        assert sign_in(visitor("203.0.113.99"), town.admin.user.email, PASSWORD).status_code == 429
        assert is_in(sign_in(known, town.admin.user.email, PASSWORD))


def test_a_stranger_s_cookie_is_nobody_s(town: Town) -> None:
    with time_machine.travel(later(), tick=False):
        theirs = visitor("203.0.113.7")
        assert is_in(sign_in(theirs, town.citizen.user.email, PASSWORD))
        theirs.post("/compte/logout/")
        codes = [sign_in(theirs, town.admin.user.email, "faux").status_code for _n in range(7)]
        assert codes[-1] == 429


def test_a_stranger_who_says_to_be_behind_a_proxy_is_not_believed(town: Town) -> None:
    with time_machine.travel(later(), tick=False):
        codes = [
            sign_in(visitor(f"198.51.100.{n}", proxy="203.0.113.7"), town.admin.user.email, "faux").status_code
            for n in range(7)
        ]
    assert codes[-1] == 429


def test_sign_ups_of_one_address_are_bounded(town: Town) -> None:
    values = {"first_name": "Zoé", "last_name": "Martin", "password1": PASSWORD, "password2": PASSWORD}
    with time_machine.travel(later(), tick=False):
        answers = [
            visitor("203.0.113.7").post("/compte/signup/", {**values, "email": f"z{n}@ailleurs.example"})
            for n in range(rules.SIGN_UP.most + 1)
        ]
    assert [answer.status_code for answer in answers[-2:]] == [302, 429]
    assert "recommencez dans" in text_of(answers[-1]) and 'value="Martin"' in answers[-1].content.decode()


def test_one_address_gets_few_mails_that_anybody_can_have_sent(town: Town) -> None:
    with time_machine.travel(later(), tick=False):
        for n in range(30):
            visitor(f"203.0.113.{n}").post("/compte/password/reset/", {"email": "victime@ailleurs.example"})
    assert Message.objects.filter(to="victime@ailleurs.example").count() <= rules.ACCOUNT_MAILS.most


def test_one_client_makes_few_mails_be_sent(town: Town) -> None:
    attacker = visitor("203.0.113.7")
    with time_machine.travel(later(), tick=False):
        codes = [
            attacker.post("/compte/password/reset/", {"email": f"v{n}@ailleurs.example"}).status_code for n in range(25)
        ]
    assert codes.count(429) == 25 - rules.RESET.most


def test_a_mail_about_money_is_never_counted() -> None:
    assert set(outbox.MADE_BY_STRANGERS) == {"account", "dossier_received"}


def test_previews_of_one_citizen_and_simulations_of_one_address_are_bounded(town: Town) -> None:
    address = f"/demarches/{town.scheme.public_id}/demande/montant/"
    citizen = Client()
    citizen.force_login(town.citizen.user)
    with time_machine.travel(later(), tick=False) as clock:
        assert citizen.post(address).status_code == 200
        for _n in range(rules.ESTIMATES.most - 1):
            limits.use(rules.ESTIMATES, town.citizen.pk, at=later())
        answer = citizen.post(address)
        assert (answer.status_code, answer["Retry-After"]) == (429, "1")
        assert "recommencez dans 1 seconde" in text_of(answer)
        clock.shift(timedelta(seconds=1))
        assert citizen.post(address).status_code == 200


def test_exports_of_one_agent_are_bounded(town: Town) -> None:
    with time_machine.travel(later(), tick=False):
        client = browser(town.admin)
        for _n in range(rules.EXPORTS.most):
            limits.use(rules.EXPORTS, town.admin.pk, at=later())
        assert client.get("/crm/factures/export.csv").status_code == 429
        assert browser(town.regisseur).get("/crm/factures/export.csv").status_code == 200


def test_nothing_is_counted_of_the_machine_itself(town: Town) -> None:
    """A proxy that says nothing of who asks must not make one client of the whole town."""
    with time_machine.travel(later(), tick=False):
        codes = [sign_in(Client(), f"personne{n}@ailleurs.example", "faux").status_code for n in range(80)]
    assert set(codes) == {200}


def test_dossiers_of_one_citizen_are_bounded_and_nothing_typed_is_lost(town: Town) -> None:
    citizen = Client()
    citizen.force_login(town.citizen.user)
    address = f"/demarches/{town.scheme.public_id}/demande/"
    with time_machine.travel(later(), tick=False):
        for _n in range(rules.DOSSIERS.most):
            limits.use(rules.DOSSIERS, town.citizen.pk, at=later())
        sent = {"form_id": town.form.pk, "answer_enfant": "Zoé", "answer_ecole": "Jules-Ferry", "answer_repas": "3"}
        answer = citizen.post(address, sent)
        assert answer.status_code == 429 and int(answer["Retry-After"]) > 60
        assert 'value="Zoé"' in answer.content.decode() and "recommencez dans" in text_of(answer)
        assert not Dossier.objects.exists()
        limits.give_back(rules.DOSSIERS, town.citizen.pk, at=later())
        assert citizen.post(address, sent).status_code == 303
        assert Dossier.objects.count() == 1


def test_what_one_citizen_uploads_in_a_day_is_bounded(town: Town) -> None:
    field = FormField(key="piece", label="Justificatif", kind=FieldKind.FILE, required=False)
    form = catalogue.publish_form(scheme_id=town.scheme.pk, fields=[field], actor=WHO, at=later())
    citizen = Client()
    citizen.force_login(town.citizen.user)
    sent = {"form_id": form.pk, "answer_piece": SimpleUploadedFile("a.pdf", b"%PDF-1.7 " * 200)}
    with time_machine.travel(later(), tick=False):
        limits.use(rules.UPLOADED_BYTES, town.citizen.public_id, at=later(), cost=rules.UPLOADED_BYTES.most - 1000)
        answer = citizen.post(f"/demarches/{town.scheme.public_id}/demande/", sent)
    assert not [name for _folder, _folders, names in os.walk(default_storage.location) for name in names]
    assert (answer.status_code, "recommencez dans" in text_of(answer)) == (429, True)
