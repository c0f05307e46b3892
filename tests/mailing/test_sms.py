"""SMS: their alphabet and length, the folder where they are handed over, and how they fail."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from obole.gateways.sms import contract, registry
from obole.lib import texts
from obole.mailing import operations as mailing, rules
from obole.mailing.models import Message
from obole.mailing.rules import RenderedMail, sms as wording
from obole.mailing.states import Channel, label_of
from tests.world import later


def queued(text: str = "Votre facture reste a payer.") -> Message:
    letter = mailing.Email(
        cause=texts.token(),
        kind="reminder_sms",
        channel=Channel.SMS,
        to="+33612345678",
        rendered=RenderedMail("SMS de relance", text, ""),
        at_most_once=True,
    )
    with transaction.atomic():
        message = mailing.queue(letter, at=later())
    assert message is not None
    return message


def delivered(message: Message, minutes: float = 1) -> Message:
    mailing.deliver(message_id=message.pk, at=later(minutes))
    message.refresh_from_db()
    return message


@pytest.mark.django_db
def test_a_folder_gets_a_file_whole_and_once(settings: Any, tmp_path: Path) -> None:
    settings.SMS_URL = f"file://{tmp_path}/sortie"
    message = delivered(queued("Réglez 5 € à l'école"))
    assert (message.state, label_of(message.state, message.channel)) == ("sent", "Remis au service de SMS")
    (file,) = (tmp_path / "sortie").iterdir()
    assert file.name == f"{message.public_id}.json"
    assert json.loads(file.read_text(encoding="utf-8")) == {"to": "+33612345678", "text": "Réglez 5 € à l'école"}
    delivered(message, 2)
    assert len(list((tmp_path / "sortie").iterdir())) == 1


@pytest.mark.django_db
def test_without_a_service_it_is_kept_even_where_mails_leave(settings: Any) -> None:
    settings.SMS_URL = ""
    assert delivered(queued()).state == "kept"


class Failing:
    """A service that fails in one way."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def send(self, sms: contract.Sms) -> None:
        raise self._error


@pytest.mark.django_db
def test_a_refusal_is_for_good_and_said_in_french(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.SMS_URL = "file:///x"
    monkeypatch.setitem(registry.SERVICES, "file", lambda _place: Failing(contract.Refused("unknown number")))
    message = delivered(queued())
    assert (message.state, message.tries) == ("failed", 1)
    assert rules.explain(message.state, message.last_error) == "Le service de SMS ne l’a pas pris."


@pytest.mark.django_db
def test_a_full_disk_is_tried_again(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.SMS_URL = "file:///x"
    monkeypatch.setitem(registry.SERVICES, "file", lambda _place: Failing(OSError("no space left")))
    message = queued()
    with pytest.raises(OSError, match="no space left"):
        mailing.deliver(message_id=message.pk, at=later(1))
    message.refresh_from_db()
    assert message.state == "queued"


@pytest.mark.parametrize("url", ["http://x/y", "file://relatif", "file://", "sms"])
def test_an_address_of_a_service_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="file:///dossier/des/sms"):
        registry.service(url)


@pytest.mark.parametrize(
    ("typed", "plain"),
    [
        ("L’école « Jules-Ferry »\u00a0: 5\u202f€…", 'L\'école "Jules-Ferry" : 5 €...'),
        ("Façade, forêt, cœur, Noël", "Facade, foret, coeur, Noel"),
        ("à è é ù ì ò Ç É", "à è é ù ì ò Ç É"),
        ("deux\n\nlignes", "deux lignes"),
        ("日本 😀", "?? ?"),
    ],
)
def test_the_alphabet_of_sms(typed: str, plain: str) -> None:
    assert wording.plain(typed) == plain
    assert set(wording.plain(typed)) <= wording.ALPHABET | wording.TWICE


@pytest.mark.parametrize(
    ("signs", "count"), [("a" * 160, 1), ("a" * 161, 2), ("€" * 80, 1), ("€" * 81, 2), ("a" * 307, 3)]
)
def test_how_many_sms_a_text_is_paid_as(signs: str, count: int) -> None:
    assert wording.count(signs) == count


@pytest.mark.parametrize(
    ("typed", "mobile"),
    [
        ("06 12 34 56 78", "+33612345678"),
        ("+33 7 12 34 56 78", "+33712345678"),
        ("0033612345678", "+33612345678"),
        ("01 23 45 67 89", ""),
        ("", ""),
        ("06 12 34", ""),
        ("+44 7700 900123", ""),
    ],
)
def test_a_mobile_is_one_of_france(typed: str, mobile: str) -> None:
    assert wording.mobile(typed) == mobile
