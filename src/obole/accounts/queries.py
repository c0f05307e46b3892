"""What is asked about accounts."""

from datetime import datetime

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.db.models import Q

from obole.accounts.models import Identity, Invitation
from obole.accounts.rules import digest
from obole.directory import access
from obole.directory.models import Agent, User


def is_taken(email: str, *, but: User | None = None) -> bool:
    """Tell whether another account has this address, proven or not."""
    known = User.objects.filter(Q(email=email.lower()) | Q(emailaddress__email=email.lower()))
    return (known if but is None else known.exclude(pk=but.pk)).exists()


def is_proven(user: User) -> bool:
    """Tell whether somebody showed that they read the mails of this account's address."""
    return bool(EmailAddress.objects.filter(user=user, email=user.email, verified=True).exists())


def invitation_to_answer(token: str, *, at: datetime) -> Invitation | None:
    """Return the invitation that a link holds the secret of, if it can still be answered."""
    open_ones = Invitation.objects.filter(used_at=None, revoked_at=None, expires_at__gt=at, agent__user__is_active=True)
    return open_ones.select_related("agent__user").filter(digest=digest(token)).first()


def last_invitation(agent: Agent) -> Invitation | None:
    """Return the invitation that waits for an agent's answer, expired or not; nothing for who answered."""
    return Invitation.objects.filter(agent=agent, used_at=None, revoked_at=None).first()


def has_second_factor(user: User) -> bool:
    """Tell whether somebody proves who they are by more than a password; recovery codes alone are none."""
    return bool(Authenticator.objects.filter(user=user).exclude(type=Authenticator.Type.RECOVERY_CODES).exists())


def must_add_second_factor(user: User) -> bool:
    """Tell whether somebody has to set up a second factor before the CRM opens."""
    agent = Agent.objects.filter(user=user).first()
    return agent is not None and access.waits_for_second_factor(agent)


def must_keep(authenticator: Authenticator) -> bool:
    """Tell whether this is the last second factor of an agent who has to have one."""
    agent = Agent.objects.filter(user=authenticator.user_id).first()
    if agent is None or not access.needs_second_factor(agent):
        return False
    others = Authenticator.objects.filter(user=authenticator.user_id).exclude(pk=authenticator.pk)
    return not others.exclude(type=Authenticator.Type.RECOVERY_CODES).exists()


def linked_providers(user: User) -> frozenset[str]:
    """Return the providers of identities that let the owner of an account in."""
    return frozenset(Identity.objects.filter(user=user).values_list("provider", flat=True))
