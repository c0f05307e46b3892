"""How the words that agents write become a mail. Liquid is kept on a short leash: variables and a few filters."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils.html import escape
from django.utils.translation import gettext as _
from liquid import Environment, StrictUndefined
from liquid.exceptions import LiquidError, UndefinedError, UnknownFilterError

from obole.lib import texts

LONGEST_SOURCE = 6000
FILTERS = frozenset({"upcase", "downcase", "capitalize", "strip", "default"})
_LINK = re.compile(r"https?://[^\s<>\"]+")
_QUOTED = re.compile(r"'([^']{1,60})'")


class BadTemplate(ValueError):
    """The words of a mail cannot be used; the message is a French sentence for who wrote them."""


@dataclass(frozen=True)
class RenderedMail:
    """A mail ready to go: one line of subject, a text, and the same text as HTML."""

    subject: str
    text: str
    html: str


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


def render(subject: str, body: str, variables: Mapping[str, str]) -> RenderedMail:
    """
    Fill a template.

    :raises BadTemplate: if it is too long, is not Liquid, or names a variable that this kind of mail does not have.
    """
    text = re.sub(r"\n{3,}", "\n\n", _fill(body, variables)).strip()
    return RenderedMail(subject=texts.clean_line(_fill(subject, variables))[:250], text=text, html=_to_html(text))


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
        return _ENVIRONMENT.from_string(source).render(**variables)
    except LiquidError as error:
        raise BadTemplate(_sentence(error, variables)) from error


def _check_every_branch(source: str, variables: frozenset[str]) -> None:
    """Refuse what would only fail once a value is missing: the mail goes with an invoice, which must not fail then."""
    template = _ENVIRONMENT.from_string(source)
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


def _to_html(text: str) -> str:
    paragraphs = [_LINK.sub(_anchor, str(escape(part))).replace("\n", "<br>") for part in text.split("\n\n")]
    return '<!doctype html><html lang="fr"><body>' + "".join(f"<p>{part}</p>" for part in paragraphs) + "</body></html>"


def _anchor(match: re.Match[str]) -> str:
    url = match[0].rstrip(".,;:")
    return f'<a href="{url}">{url}</a>{match[0][len(url) :]}'
