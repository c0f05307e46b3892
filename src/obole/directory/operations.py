"""Every write about people."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.db import models
from django.http import QueryDict
from django.utils.translation import gettext as _

from obole.audit_log import configuration, operations as audit_log
from obole.directory import rules
from obole.directory.models import Agent, Authority, Citizen, ListLayout, ListName, SavedList, User
from obole.lib import dates, languages, texts
from obole.lib.actors import Actor
from obole.lib.languages import Language
from obole.lib.transactions import atomic_with_retry


class UnknownCode(Exception):
    """No file waits for its owner with this code."""


class HasOwnFile(Exception):
    """An account has one file, and this one has something in it."""


@atomic_with_retry
def open_account(*, email: str, password: str | None, proven: bool) -> User:
    """Open an account for somebody whose address has none; it gives nothing until the address is proven."""
    user = User.objects.create_user(email, password)
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=proven)
    return user


@atomic_with_retry
def register_citizen(
    *, values: Mapping[str, Any], actor: Actor | None, at: datetime, user_id: int | None = None
) -> Citizen:
    """
    Open a citizen's file, with an account (``user_id``) or, at the counter, without one.

    :param actor: None for whoever opens their own.
    """
    citizen = Citizen(user_id=user_id, **{name: _clean(value) for name, value in values.items()})
    citizen.claim_code = rules.new_claim_code() if user_id is None else None
    citizen.full_clean()
    citizen.save()
    audit_log.log_event("citizen.register", subject=citizen, actor=actor or citizen.actor, at=at)
    return citizen


def lock_file(citizen_id: int) -> Citizen:
    """Lock somebody's file: where two were merged meanwhile, the one that stays. The caller's transaction holds it."""
    citizen = Citizen.objects.select_for_update(of=("self",), no_key=True).get(pk=citizen_id)
    return citizen if citizen.merged_into_id is None else lock_file(citizen.merged_into_id)


@atomic_with_retry
def record_death(*, citizen_id: int, deceased_on: date, correspondent: str, actor: Actor, at: datetime) -> Citizen:
    """
    Record that somebody died: no mail leaves any more, their account is closed, and what they owe stays due.

    :param correspondent: name and address of whom letters go to from now on (notaire, héritier), or nothing.
    :raises django.core.exceptions.ValidationError: at ``deceased_on``, if that day is not over yet.
    """
    citizen = lock_file(citizen_id)
    if deceased_on > dates.day_of(at):
        raise ValidationError({"deceased_on": _("Ce jour n’est pas encore venu : corrigez la date.")})
    citizen.deceased_on, citizen.email = deceased_on, ""
    if correspondent.strip():
        citizen.address = _clean(correspondent)
    citizen.save(update_fields=["deceased_on", "email", "address"])
    if citizen.user_id is not None and not Agent.objects.filter(user=citizen.user_id).exists():
        User.objects.filter(pk=citizen.user_id).update(is_active=False)
        end_sessions(user_id=citizen.user_id)
    audit_log.log_event("citizen.death", subject=citizen, actor=actor, at=at, day=deceased_on.isoformat())
    return citizen


@atomic_with_retry
def claim_file(*, user_id: int, code: str, at: datetime) -> Citizen:
    """
    Give a file that was opened at the counter to the account of whoever knows its code; never to an equal address.

    The account's own file has nothing in it: it goes, and what was asked and owed at the counter is theirs.

    :raises UnknownCode: if no file waits with this code.
    :raises HasOwnFile: if the account has dossiers or invoices of its own: the town puts both together.
    """
    known = Citizen.objects.select_for_update().filter(user=None, claim_code=rules.read_claim_code(code)).first()
    if known is None:
        raise UnknownCode
    own = Citizen.objects.select_for_update().filter(user_id=user_id).first()
    try:
        replaced = own.delete()[0] if own else 0
    except models.ProtectedError:
        raise HasOwnFile from None
    known.user_id, known.claim_code = user_id, None
    if own is not None:
        known.email, known.language = known.email or own.email, languages.chosen(own.language, known.language)
    known.save(update_fields=["user", "claim_code", "email", "language"])
    audit_log.log_event("citizen.claim", subject=known, actor=known.actor, at=at, replaced=replaced)
    return known


@atomic_with_retry
def renew_claim_code(*, citizen_id: int, actor: Actor, at: datetime) -> Citizen:
    """
    Replace the code of a file without account: a letter went to the wrong person.

    :raises HasOwnFile: if the file has its account already.
    """
    citizen = lock_file(citizen_id)
    if citizen.user_id is not None:
        raise HasOwnFile
    citizen.claim_code = rules.new_claim_code()
    citizen.save(update_fields=["claim_code"])
    audit_log.log_event("citizen.renew_claim_code", subject=citizen, actor=actor, at=at)
    return citizen


@atomic_with_retry
def update_citizen(*, citizen_id: int, values: Mapping[str, Any], actor: Actor, at: datetime) -> Citizen:
    """Change a citizen's name, address or ways to be reached."""
    citizen = lock_file(citizen_id)
    for name, value in values.items():
        setattr(citizen, name, _clean(value))
    citizen.full_clean()
    citizen.save()
    audit_log.log_event("citizen.update", subject=citizen, actor=actor, at=at, fields=", ".join(sorted(values)))
    return citizen


@atomic_with_retry
def choose_language(*, user_id: int, language: Language, at: datetime) -> Citizen | None:
    """
    Write to the owner of an account in this language from now on; chosen again, it changes nothing.

    :returns: their file; None for an account that has none: an agent's.
    """
    citizen = Citizen.objects.select_for_update(of=("self",), no_key=True).filter(user=user_id).first()
    if citizen is not None and citizen.language != language:
        citizen.language = language
        citizen.save(update_fields=["language"])
        audit_log.log_event("citizen.language", subject=citizen, actor=citizen.actor, at=at, language=str(language))
    return citizen


@atomic_with_retry
def register_agent(*, user_id: int, values: Mapping[str, Any], actor: Actor, at: datetime) -> Agent:
    """Let the owner of an account work in the CRM; ``accounts.operations.invite_agent`` is how a town does it."""
    user = User.objects.select_for_update().get(pk=user_id)
    return configuration.configure(Agent, pk=None, values={"user": user, **values}, actor=actor, at=at)


@atomic_with_retry
def configure_agent(*, agent_id: int, values: Mapping[str, Any], active: bool, actor: Actor, at: datetime) -> Agent:
    """Change an agent's profile; who is switched off, or gets other rights, has no session left, now or later."""
    before = Agent.objects.select_for_update().get(pk=agent_id).profile
    values = {**values, "may_sign_in": active}
    agent = configuration.configure(Agent, pk=agent_id, values=values, actor=actor, at=at)
    switched = User.objects.exclude(is_active=active).filter(pk=agent.user_id).update(is_active=active)
    if switched:
        audit_log.log_event("agent.open" if active else "agent.shut", subject=agent, actor=actor, at=at)
    if switched or agent.profile != before:
        end_sessions(user_id=agent.user_id)
    return agent


@atomic_with_retry
def end_sessions(*, user_id: int) -> None:
    """End every session of an account for good, wherever it was opened."""
    User.objects.filter(pk=user_id).update(session_generation=models.F("session_generation") + 1)


def configure_authority(*, values: Mapping[str, Any], actor: Actor, at: datetime) -> Authority:
    """Describe the town."""
    existing = Authority.objects.filter(only=True).first()
    return configuration.configure(Authority, pk=existing.pk if existing else None, values=values, actor=actor, at=at)


def _clean(value: Any) -> Any:
    """Keep line breaks (postal addresses), drop what no line should hold."""
    if not isinstance(value, str):
        return value
    return "\n".join(texts.clean_line(line) for line in value.splitlines()).strip()


class TooManyViews(Exception):
    """An agent keeps as many views of a list as there may be."""


@atomic_with_retry
def save_view(*, agent: Agent, name: ListName, title: str, query: str, is_shared: bool) -> SavedList:
    """
    Keep a view of a list under a name; the same name again is the same view, as it is now.

    :raises TooManyViews: if the agent keeps ``rules.MOST_VIEWS`` of them.
    """
    Agent.objects.select_for_update().get(pk=agent.pk)
    kept, wanted = rules.query_to_keep(QueryDict(query)), texts.clean_line(title)[:60]
    mine = SavedList.objects.filter(agent=agent, list_name=name)
    if mine.count() >= rules.MOST_VIEWS and not mine.filter(name=wanted).exists():
        raise TooManyViews
    return SavedList.objects.update_or_create(
        agent=agent, list_name=name, name=wanted, defaults={"query": kept, "is_shared": is_shared}
    )[0]


def drop_view(*, agent: Agent, view_id: int) -> None:
    """
    Forget a view of one's own.

    :raises SavedList.DoesNotExist: if it is nobody's, or somebody else's.
    """
    SavedList.objects.get(agent=agent, pk=view_id).delete()


def keep_layout(
    *, agent: Agent, name: ListName, columns: Sequence[str], rows: int, is_dense: bool = False
) -> ListLayout:
    """Keep which columns of a list an agent wants, in their order, how many rows, and how close."""
    values = {"columns": [column[:30] for column in columns][:40], "rows": rows, "is_dense": is_dense}
    return ListLayout.objects.update_or_create(agent=agent, list_name=name, defaults=values)[0]
