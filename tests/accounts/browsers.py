"""Browsers of people who have just signed in."""

import time

from django.test import Client

from obole.directory.models import User

NEVER_OLD = 10**9
"""Seconds: tests move the clock, and what they try is not whether a sign-in is recent."""


def sign_in(client: Client, user: User, *, ago: float = -NEVER_OLD) -> None:
    """Sign somebody in, as if they had typed their password so many seconds ago."""
    client.force_login(user)
    session = client.session
    session["account_authentication_methods"] = [{"method": "password", "at": time.time() - ago}]
    session["account_authentication_methods_user"] = str(user.pk)
    session.save()
