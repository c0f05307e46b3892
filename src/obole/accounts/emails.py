"""The mails about agents' accounts. They hold links that sign in: no agent reads them, and no town words them."""

from datetime import datetime

from django.conf import settings

from obole.accounts.models import Invitation
from obole.directory import queries as directory
from obole.directory.models import Agent
from obole.lib import dates, texts
from obole.mailing import operations as mailing
from obole.mailing.rules import RenderedMail


def link(token: str) -> str:
    """Return the address where an invitation is answered; what a request says of its host plays no part."""
    return f"{settings.BASE_URL}/compte/invitation/{token}/"


def send_invitation(invitation: Invitation, token: str, *, at: datetime) -> None:
    """Mail an invitation."""
    last_day = dates.format_long(dates.day_of(invitation.expires_at))
    _send(
        invitation.email,
        "Votre compte d’agent est prêt",
        f"Un compte d’agent vous est ouvert au nom de {invitation.agent.name}.",
        f"Pour le rejoindre, ouvrez ce lien et choisissez votre mot de passe\u00a0:\n\n{link(token)}",
        f"Il sert une fois, jusqu’au {last_day}. Si vous n’attendez rien de tel, ne faites rien.",
        at=at,
    )


def send_address_change(agent: Agent, *, before: str, at: datetime) -> None:
    """Tell both addresses of an agent that an administrator replaced one by the other."""
    for email in (before, agent.user.email):
        _send(
            email,
            "L’adresse de votre compte d’agent a changé",
            f"Un administrateur a remplacé l’adresse {before} par {agent.user.email}\u00a0: c’est avec elle que vous"
            " vous connectez désormais. Vos sessions sont terminées.",
            "Si vous n’en saviez rien, prévenez la direction aussitôt.",
            at=at,
        )


def send_rights_change(agent: Agent, *, at: datetime) -> None:
    """Tell an agent that their rights changed."""
    profile = texts.in_french(agent.get_profile_display())
    if agent.user.is_active:
        said = (
            f"Un administrateur a changé vos droits\u00a0: votre profil est «\u00a0{profile}\u00a0». Reconnectez-vous."
        )
    else:
        said = "Un administrateur a désactivé votre compte d’agent\u00a0: il ne permet plus de se connecter."
    _send(agent.user.email, "Vos droits d’agent ont changé", said, at=at)


def send_second_factors_gone(agent: Agent, *, at: datetime) -> None:
    """Tell an agent that an administrator took their second factors away."""
    _send(
        agent.user.email,
        "Vos secondes preuves ont été retirées",
        "Un administrateur a retiré de votre compte l’application d’authentification, les clés d’accès et les codes de"
        " secours. Vos sessions sont terminées\u00a0: à la prochaine connexion, ajoutez une autre preuve.",
        "Si vous n’en saviez rien, prévenez la direction aussitôt.",
        at=at,
    )


def _send(to: str, subject: str, *paragraphs: str, at: datetime) -> None:
    text = "\n\n".join(("Bonjour,", *paragraphs, directory.the_authority().name))
    letter = mailing.Email(
        cause=f"account:{texts.token()}",
        kind="account",
        to=to,
        rendered=RenderedMail(subject, text, ""),
        confidential=True,
    )
    mailing.queue(letter, at=at)
