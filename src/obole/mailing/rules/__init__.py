"""
How the words that agents write become a mail: Liquid is kept on a short leash, variables and a few filters. And how
what the mail server says becomes words, or a mark on an address.
"""

import re
import smtplib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from django.utils.translation import gettext as _
from liquid import BoundTemplate, Environment, StrictUndefined
from liquid.exceptions import LiquidError, UndefinedError, UnknownFilterError

from obole.lib import dates, texts
from obole.lib.languages import Language
from obole.mailing.rules import layout
from obole.mailing.states import AddressFault, MessageState

LONGEST_SOURCE = 6000
DEFAULT_COLOUR = "#1f4a8a"
FILTERS = frozenset({"upcase", "downcase", "capitalize", "strip", "default"})
_QUOTED = re.compile(r"'([^']{1,60})'")
INTERRUPTED = "interrupted"
NOT_DUE = "the invoice is not due any more"
UNDELIVERABLE = "mails to this address come back"
UNWRITABLE = "cannot be written as a mail: "
SMS_REFUSED = "sms: "
"""Begins what the service that carries SMS said of one that it will never take."""
DELAYED = "delayed: "
"""Begins what is kept of a mail that a server of its way holds back for now."""
_FOR_GOOD = range(500, 600)
_CODE = re.compile(r"\b([45]\d\d)\b")
_DETAIL = re.compile(r"\b([45]\.\d{1,3}\.\d{1,3})\b")
_STATUS = re.compile(r"5\d\d[ -](5\.\d{1,3}\.\d{1,3})(?![.\d])")
_FAULTS = {
    "5.1.1": AddressFault.NO_MAILBOX,
    "5.1.2": AddressFault.NO_DOMAIN,
    "5.1.3": AddressFault.NO_MAILBOX,
    "5.1.6": AddressFault.NO_MAILBOX,
    "5.1.10": AddressFault.NO_MAILBOX,
    "5.2.1": AddressFault.CLOSED,
    "5.4.4": AddressFault.NO_DOMAIN,
}
"""
What is said of the mailbox or its domain, and will be said again (RFC 3463); nothing that is said of this
mail, of who sends it, or of a mailbox that is full.
"""
_IN_WORDS = re.compile(
    r"(?:550|551|553)[ -].*?(?:no such (?:user|recipient|mailbox)|(?:user|recipient) unknown|unknown (?:user|recipient)"
    r"|no mailbox here|mailbox (?:not found|does not exist)|user does(?: not|n't) exist)",
    re.I,
)
_NO_MAILBOX = re.compile(r"no such user|user unknown|unknown user|does not exist|not found|no mailbox|invalid", re.I)


Values = Mapping[str, str | date]
"""What the variables of a mail hold; days are written once it is known in which language."""


class BadTemplate(ValueError):
    """The words of a mail cannot be used; the message is a French sentence for who wrote them."""


@dataclass(frozen=True)
class RenderedMail:
    """A mail ready to go: one line of subject, a text, and the same text as HTML; ``action`` is where it asks to go."""

    subject: str
    text: str
    html: str
    action: str = ""

    @property
    def blocks(self) -> list[layout.Block]:
        """Its parts, for a page that shows it as its reader sees it."""
        return layout.blocks(self.text, self.action)


class _Leash(Environment):
    """The limits do not bound one expression: the list of filters and the length of the source do."""

    loop_iteration_limit = 100
    output_stream_limit = 20_000
    local_namespace_limit = 20_000
    context_depth_limit = 5


def _environment() -> Environment:
    environment = _Leash(undefined=StrictUndefined)
    for name in set(environment.filters) - FILTERS:
        del environment.filters[name]
    for name in set(environment.tags) - {"if", "#", "content", "output", "illegal"}:
        environment.tags.pop(name, None)
    return environment


_ENVIRONMENT = _environment()


def render(subject: str, body: str, values: Values, *, language: str = Language.FRENCH) -> RenderedMail:
    """
    Fill a template.

    :param language: that its words are in.
    :raises BadTemplate: if it is too long, is not Liquid, or names a variable that this kind of mail does not have.
    """
    variables = written(values, language)
    text = re.sub(r"\n{3,}", "\n\n", _fill(body, variables)).strip()
    filled, action = texts.clean_line(_fill(subject, variables))[:250], variables.get("url", "")
    town, colour = variables.get("ville", ""), variables.get("couleur", DEFAULT_COLOUR)
    html = layout.as_html(filled, layout.blocks(text, action), town=town, colour=colour, language=language)
    return RenderedMail(filled, text, html, action)


def written(values: Values, language: str = Language.FRENCH) -> dict[str, str]:
    """Write the days that variables hold."""
    return {
        name: dates.format_long(value, language) if isinstance(value, date) else value for name, value in values.items()
    }


def check(subject: str, body: str, variables: frozenset[str]) -> None:
    """
    Try a template with a value for every variable, then look at the branches that this did not take, before it is
    saved.

    :raises BadTemplate: with a sentence that says what to change.
    """
    render(subject, body, dict.fromkeys(variables, "…"))
    for source in (subject, body):
        _check_every_branch(source, variables)


def _fill(source: str, variables: Mapping[str, str]) -> str:
    if len(source) > LONGEST_SOURCE:
        raise BadTemplate(_("Ce texte est trop long : %(most)s caractères au plus.") % {"most": LONGEST_SOURCE})
    try:
        return _parsed(source).render(**variables)
    except LiquidError as error:
        raise BadTemplate(_sentence(error, variables)) from error


@lru_cache(maxsize=256)
def _parsed(source: str) -> BoundTemplate:
    """Parse a template once: a campaign fills the same few thousands of times."""
    return _ENVIRONMENT.from_string(source)


def _check_every_branch(source: str, variables: frozenset[str]) -> None:
    """Refuse what would only fail once a value is missing: the mail goes with an invoice, which must not fail then."""
    template = _parsed(source)
    for path in template.global_variable_paths():
        if path not in variables:
            raise BadTemplate(_no_variable(path, variables))
    for name in template.filter_names():
        if name not in FILTERS:
            raise BadTemplate(_no_filter(name))


def _sentence(error: LiquidError, variables: Mapping[str, str]) -> str:
    """Say it to who writes mails: the library's own words are English and for developers."""
    quoted = _QUOTED.search(str(error.args[0] if error.args else ""))
    name = quoted[1] if quoted else "…"
    if isinstance(error, UnknownFilterError):
        return _no_filter(name)
    if isinstance(error, UndefinedError):
        return _no_variable(name, variables)
    sentence = _(
        "Une balise est mal écrite ou n’est pas permise : seuls {{ variable }} et {%% if variable %%}…{%% endif %%} le"
        " sont. Variables possibles : %(known)s."
    )
    return sentence % {"known": ", ".join(sorted(variables))}


def _no_filter(name: str) -> str:
    sentence = _("Le filtre « %(name)s » n’est pas permis. Filtres possibles : %(known)s.")
    return sentence % {"name": name, "known": ", ".join(sorted(FILTERS))}


def _no_variable(name: str, variables: Iterable[str]) -> str:
    sentence = _("La variable « %(name)s » n’existe pas dans ce courriel. Variables possibles : %(known)s.")
    return sentence % {"name": name, "known": ", ".join(sorted(variables))}


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


def explain(state: str, said: str) -> str:
    """
    Say in words why a mail did not leave, or has not left yet; nothing where there is nothing to explain.

    :param said: what was kept of the server's last answer, or of what happened instead.
    """
    if state == MessageState.SENT and said.startswith(DELAYED):
        return _("Le serveur du destinataire fait attendre ce courriel.")
    if not said or state == MessageState.SENT:
        return ""
    if state == MessageState.DOUBTFUL:
        return _("L’envoi a été interrompu : le courriel est peut-être parti.")
    known = {
        INTERRUPTED: _("L’envoi a été interrompu."),
        NOT_DUE: _("La facture n’était plus à payer."),
        UNDELIVERABLE: _("Les courriels à cette adresse reviennent : celui-ci n’a pas été envoyé."),
    }
    if said in known:
        return known[said]
    if said.startswith(SMS_REFUSED):
        return _("Le service de SMS ne l’a pas pris.")
    if said.startswith(UNWRITABLE):
        return _("L’adresse ou l’objet ne peut pas s’écrire dans un courriel.")
    if state == MessageState.BOUNCED and said.startswith("4"):
        return _("Le serveur du destinataire ne l’a pas pris à temps.")
    return said if state == MessageState.DROPPED else _refusal(said)


def _refusal(said: str) -> str:
    code, detail = _first(_CODE, said), _first(_DETAIL, said)
    code = code or (f"{detail[0]}50" if detail else "")
    if not code:
        return _("Le serveur de courriel n’a pas répondu.")
    if code.startswith("4"):
        return _("Le serveur du destinataire demande d’attendre.")
    if detail in ("5.1.2", "5.4.4"):
        return _("Le domaine de l’adresse n’existe pas.")
    if code == "552" or detail in ("5.2.2", "5.3.4"):
        return _("La boîte du destinataire est pleine, ou le courriel trop lourd pour elle.")
    if detail == "5.2.1":
        return _("La boîte du destinataire est fermée.")
    if detail in ("5.1.1", "5.1.3", "5.1.6", "5.1.10") or code in ("551", "553") or _NO_MAILBOX.search(said):
        return _("L’adresse n’existe pas.")
    if code == "550" and not detail:
        return _("L’adresse n’existe pas.")
    return _("Le serveur du destinataire refuse ce courriel.")


def message_id(public_id: str) -> str:
    """Return the Message-ID of a mail: only who got it, or carried it, knows it."""
    return f"<{public_id}@obole>"


def normalised(address: str) -> str:
    """Write an address as it is compared with others: servers tell capitals from small letters, and people do not."""
    return address.strip().lower()


def fault_of(said: str) -> AddressFault | None:
    """
    Return what a final refusal says of the mailbox itself; None for what it says of the mail, of us, or for now.

    :param said: what the server answered, its code first: ``550 5.1.1 No such user``.
    """
    status = _STATUS.match(said)
    if status is not None:
        return _FAULTS.get(status[1])
    return AddressFault.NO_MAILBOX if _IN_WORDS.match(said) else None


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
