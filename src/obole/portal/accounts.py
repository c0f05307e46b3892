"""How allauth meets the rest of the product: its mails leave by the outbox, its accounts are citizens."""

import time
from typing import Any
from urllib.parse import urlsplit

from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.models import EmailAddress
from allauth.core.exceptions import ImmediateHttpResponse
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse

from obole.accounts import operations as accounts
from obole.directory import queries as directory
from obole.directory.models import Citizen, User
from obole.directory.rules import NOWHERE
from obole.lib import dates, texts
from obole.lib.client_address import client_address
from obole.mailing import operations as mailing
from obole.mailing.rules import RenderedMail
from obole.portal import agent_sessions, openid
from obole.portal.access_journal import JournaledAdapter
from obole.portal.sign_in import PatientSignIn

_SEEN = "obole_account_seen"


def landing_page(user: User | AnonymousUser) -> str:
    """Return the first page of somebody: agents have a desk, everybody else a home."""
    if user.is_authenticated and not Citizen.objects.filter(user=user.pk).exists():
        return reverse("crm:home")
    return reverse("portal:home")


class AccountAdapter(JournaledAdapter, PatientSignIn, DefaultAccountAdapter):  # type: ignore[misc]
    """Queues account mails like any other; they hold what signs in, so no agent may read them."""

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return the address of who asks, as everywhere in the product."""
        return client_address(request)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Put a mail about an account in the outbox; an account without address gets none."""
        if email.endswith(NOWHERE):
            return
        links = {name: _at_home(link) for name, link in context.items() if name.endswith("_url")}
        context = {**context, **links, "email": email}
        subject = texts.clean_line(render_to_string(f"{template_prefix}_subject.txt", context, request=self.request))
        text = render_to_string(f"{template_prefix}_message.txt", context, request=self.request).strip()
        letter = mailing.Email(
            cause=f"account:{texts.token()}",
            kind="account",
            to=email,
            rendered=RenderedMail(subject, text, ""),
            confidential=True,
        )
        with transaction.atomic():
            mailing.queue(letter, at=dates.now())

    def pre_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse | None:
        """Remember what the account was when its password was right: other steps may come before it lets in."""
        request.session[_SEEN] = user.get_session_auth_hash()
        response: HttpResponse | None = super().pre_login(request, user, **kwargs)
        return response

    def login(self, request: HttpRequest, user: User) -> None:
        """
        Let somebody in, unless the account's password or rights changed while they were on their way.

        :raises ImmediateHttpResponse: if they did: sign in again.
        """
        if request.session.pop(_SEEN, None) != user.get_session_auth_hash():
            raise ImmediateHttpResponse(redirect("account_login"))
        # The session, the journal and the list of sessions are kept together: one commit, not five.
        with transaction.atomic():
            super().login(request, user)
        agent_sessions.keep_time(request)

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Return where who has just signed in lands."""
        return landing_page(request.user)

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Tell whether somebody has to say once more who they are; to have just signed in is to have said it."""
        records = get_authentication_records(self.request, self.request.user)
        return not any(time.time() - record["at"] < app_settings.REAUTHENTICATION_TIMEOUT for record in records)

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        """Take an address for proven; refuse one that another account proved meanwhile."""
        user, before = email_address.user, email_address.user.email
        try:
            with transaction.atomic():
                done = bool(super().confirm_email(request, email_address))
                if done:
                    accounts.keep_proven_address(
                        user_id=user.pk, before=before, actor=directory.actor_of(user), at=dates.now()
                    )
        except IntegrityError:
            done, said = False, {"email": email_address.email}
            self.add_message(request, messages.ERROR, "account/messages/email_confirmation_failed.txt", said)
        return done

    def get_logout_redirect_url(self, request: HttpRequest) -> str:
        """Lead somebody who came in by a provider to its own sign-out, which leads back here."""
        home, opened = str(super().get_logout_redirect_url(request)), request.session.get(openid.SIGNED_IN) or {}
        known = openid.providers().get(opened.get("provider", ""))
        try:
            return openid.logout_url(known, opened["id_token"]) if known and request.method == "POST" else home
        except openid.NotProven:
            return home

    def get_email_verification_redirect_url(self, email_address: EmailAddress) -> str:
        """Lead somebody who changed their address back to their account."""
        return reverse("account_email")


def _at_home(link: str) -> str:
    """Return a link with the address of the town's portal: what a request says of its host may be anybody's."""
    return f"{settings.BASE_URL}{urlsplit(link).path}"
