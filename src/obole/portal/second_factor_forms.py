"""The library's forms that take a second factor, with each refusal kept in the journal; never what was typed."""

from typing import Any

from allauth.core import context
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.webauthn.forms import AuthenticateWebAuthnForm, ReauthenticateWebAuthnForm

from obole.audit_log.models import Access
from obole.portal.access_journal import keep_refusal


class _Journaled:
    """Keeps that what was sent is refused, wrong or one try too many; a form that was sent empty says nothing."""

    verb = Access.Verb.FACTOR_REFUSED
    field, what = "code", "code"
    user: Any
    data: Any

    def is_valid(self) -> bool:
        valid: bool = super().is_valid()  # type: ignore[misc]  # of the form beside
        if not valid and self.data.get(self.field):
            keep_refusal(context.request, self.user, self.verb, what=self.what)
        return valid


class JournaledAuthenticateForm(_Journaled, AuthenticateForm):  # type: ignore[misc]  # untyped library
    """A code, after a password."""


class JournaledReauthenticateForm(_Journaled, ReauthenticateForm):  # type: ignore[misc]
    """A code, before an act that matters."""

    verb = Access.Verb.CONFIRMATION_REFUSED


class JournaledKeyForm(_Journaled, AuthenticateWebAuthnForm):  # type: ignore[misc]
    """A passkey, after a password."""

    field, what = "credential", "passkey"


class JournaledKeyAgainForm(_Journaled, ReauthenticateWebAuthnForm):  # type: ignore[misc]
    """A passkey, before an act that matters."""

    verb = Access.Verb.CONFIRMATION_REFUSED
    field, what = "credential", "passkey"
