"""What the library's adapter does, kept in the journal: who came in, who was refused, and what they changed."""

from typing import Any

from django.http import HttpRequest

from obole.audit_log import operations as audit_log
from obole.audit_log.models import Access
from obole.directory import queries as directory
from obole.directory.models import User
from obole.lib import dates
from obole.lib.actors import Actor
from obole.lib.client_address import client_address

NOBODY = Actor("anonymous", "inconnu")


class JournaledAdapter:
    """Keeps sign-ins, refusals, sign-outs and changes of passwords, addresses and second factors."""

    def login(self, request: HttpRequest, user: User) -> None:
        """Let somebody in."""
        super().login(request, user)  # type: ignore[misc]
        _keep(Access.Verb.SIGN_IN, request, user)

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Keep that a password was wrong: whose account it is, if there is one, and never what was typed."""
        super().authentication_failed(request, **credentials)  # type: ignore[misc]
        if isinstance(request.user, User):
            # Who is in already was asked once more, before an act that matters.
            keep_refusal(request, request.user, Access.Verb.CONFIRMATION_REFUSED, what="password")
            return
        typed = str(credentials.get("email") or credentials.get("username") or "").strip().lower()
        _keep(Access.Verb.REFUSED, request, None, about=User.objects.filter(email=typed).first())

    def logout(self, request: HttpRequest) -> None:
        """Let somebody out."""
        user = request.user
        super().logout(request)  # type: ignore[misc]
        if isinstance(user, User):
            _keep(Access.Verb.SIGN_OUT, request, user)

    def send_notification_mail(self, template_prefix: str, user: User, *args: Any, **options: Any) -> None:
        """Tell the owner what changed of how they come in, and keep it."""
        super().send_notification_mail(template_prefix, user, *args, **options)  # type: ignore[misc]
        _keep(Access.Verb.CREDENTIALS, self.request, user, what=template_prefix.rpartition("/")[2])  # type: ignore[attr-defined]


def keep_refusal(request: HttpRequest, user: User, verb: Access.Verb, *, what: str) -> None:
    """Keep that a proof was refused: by whom, where they are in already; else only whose account was tried."""
    is_in = isinstance(request.user, User) and request.user.pk == user.pk
    _keep(verb, request, user if is_in else None, about=user, what=what)


def _keep(
    verb: Access.Verb, request: HttpRequest, user: User | None, *, about: User | None = None, **details: str
) -> None:
    actor = directory.actor_of(user) if user else NOBODY
    audit_log.log_access(
        verb, actor=actor, at=dates.now(), subject=about or user, address=client_address(request), **details
    )
