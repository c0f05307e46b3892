"""Why a mail did not leave: what the mail server says, kept as it says it, and told in words."""

import re
import smtplib

from django.utils.translation import gettext as _

from obole.mailing.models import Message
from obole.mailing.states import MessageState

INTERRUPTED = "interrupted"
NOT_DUE = "the invoice is not due any more"
_FOR_GOOD = range(500, 600)
_CODE = re.compile(r"\b([45]\d\d)\b")
_DETAIL = re.compile(r"\b([45]\.\d{1,3}\.\d{1,3})\b")
_NO_MAILBOX = re.compile(r"no such user|user unknown|unknown user|does not exist|not found|no mailbox|invalid", re.I)


def is_for_good(error: OSError) -> bool:
    """
    Tell whether the server says of this very mail that it will never take it. What it says of us (who we are, how we
    sign in) is the operator's to mend, and is tried again.
    """
    return bool(codes := _codes(error)) and all(code in _FOR_GOOD for code in codes)


def as_said(error: OSError) -> str:
    """Write what the server answered, code and words, or what happened to the connection."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return "; ".join(f"{code} {_text(words)}" for code, words in error.recipients.values())
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {_text(error.smtp_error)}"
    return str(error)


def explain(message: Message) -> str:
    """Say in words why a mail did not leave, or has not left yet; nothing where there is nothing to explain."""
    if not message.last_error or message.state == MessageState.SENT:
        return ""
    if message.state == MessageState.DOUBTFUL:
        return _("L’envoi a été interrompu : le courriel est peut-être parti.")
    known = {INTERRUPTED: _("L’envoi a été interrompu."), NOT_DUE: _("La facture n’était plus à payer.")}
    if message.last_error in known:
        return known[message.last_error]
    if message.state == MessageState.DROPPED:
        return message.last_error
    return _refusal(message.last_error)


def _refusal(said: str) -> str:
    code, detail = _first(_CODE, said), _first(_DETAIL, said)
    if not code:
        return _("Le serveur de courriel n’a pas répondu.")
    if code.startswith("4"):
        return _("Le serveur du destinataire demande d’attendre.")
    if detail == "5.1.2":
        return _("Le domaine de l’adresse n’existe pas.")
    if code == "552" or detail in ("5.2.2", "5.3.4"):
        return _("La boîte du destinataire est pleine, ou le courriel trop lourd pour elle.")
    if detail == "5.2.1":
        return _("La boîte du destinataire est fermée.")
    if detail in ("5.1.1", "5.1.3", "5.1.10") or code in ("551", "553") or _NO_MAILBOX.search(said):
        return _("L’adresse n’existe pas.")
    if code == "550" and not detail:
        return _("L’adresse n’existe pas.")
    return _("Le serveur du destinataire refuse ce courriel.")


def _codes(error: OSError) -> list[int]:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return [code for code, _words in error.recipients.values()]
    return [error.smtp_code] if isinstance(error, smtplib.SMTPDataError) else []


def _text(words: bytes | str) -> str:
    said = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return " ".join(said.split())


def _first(pattern: re.Pattern[str], said: str) -> str:
    found = pattern.search(said)
    return found.group(1) if found else ""
