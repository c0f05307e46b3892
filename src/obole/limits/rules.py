"""The limits themselves: what is counted, of whom, how much."""

import hashlib
import ipaddress
from dataclasses import dataclass
from datetime import timedelta

from django.utils.translation import gettext as _, ngettext

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Quota:
    """So much in so long; what was used comes back little by little."""

    name: str
    most: int
    per: timedelta


@dataclass(frozen=True, kw_only=True)
class Patience:
    """Some tries at once, then a wait before each other one, twice as long every time."""

    name: str
    tries: int
    first_wait: timedelta
    longest_wait: timedelta
    forgotten_after: timedelta


class TooMany(Exception):
    """A limit was reached; ``wait`` says how long to wait before the next try."""

    def __init__(self, name: str, wait: timedelta) -> None:
        super().__init__(name)
        self.name, self.wait = name, wait

    @property
    def seconds(self) -> int:
        """How many whole seconds to wait, one at least."""
        return max(1, -(-self.wait // timedelta(seconds=1)))

    @property
    def sentence(self) -> str:
        """What is said to who asked."""
        return _("Trop d’essais en peu de temps : recommencez dans %(wait)s.") % {"wait": _length(self.seconds)}


# Signing in. A browser that the owner signed in from is known by a cookie, and has a meter of its own: whatever others
# try with the owner's address, the owner comes in. A wrong password costs its sender, never the account.
SIGN_IN_PAIR = Patience(
    name="sign_in.pair", tries=5, first_wait=timedelta(seconds=15), longest_wait=MINUTE * 15, forgotten_after=HOUR
)
SIGN_IN_BROWSER = Patience(
    name="sign_in.browser", tries=8, first_wait=timedelta(seconds=5), longest_wait=MINUTE, forgotten_after=HOUR
)
SIGN_IN_ACCOUNT = Patience(
    name="sign_in.account", tries=100, first_wait=timedelta(seconds=30), longest_wait=MINUTE * 10, forgotten_after=DAY
)
SIGN_IN_ADDRESS = Quota(name="sign_in.address", most=60, per=MINUTE * 10)

SIGN_UP = Quota(name="sign_up", most=30, per=HOUR)
RESET = Quota(name="reset", most=20, per=HOUR)
ACCOUNT_MAILS = Quota(name="account_mails", most=12, per=DAY)
NOTICE_MAILS = Quota(name="notice_mails", most=40, per=DAY)
DOSSIERS = Quota(name="dossiers", most=30, per=DAY)
UPLOADED_BYTES = Quota(name="uploaded_bytes", most=150 * 1024 * 1024, per=DAY)
ESTIMATES = Quota(name="estimates", most=240, per=MINUTE)
EXPORTS = Quota(name="exports", most=60, per=HOUR)
OWN_DATA = Quota(name="own_data", most=6, per=HOUR)
OWN_DOCUMENTS = Quota(name="own_documents", most=60, per=HOUR)
API_CALLS = Quota(name="api_calls", most=300, per=MINUTE)
API_WRONG_KEYS = Quota(name="api_wrong_keys", most=30, per=MINUTE * 10)
BANK_QUESTIONS = Patience(
    name="bank_questions", tries=1, first_wait=timedelta(seconds=30), longest_wait=HOUR, forgotten_after=HOUR * 2
)


def key_of(limit: Quota | Patience, *whom: object) -> str:
    """Return the name of a meter: a digest, that says nothing of anybody."""
    return hashlib.sha256("\0".join([limit.name, *map(str, whom)]).encode("utf-8", "replace")).hexdigest()


def network_of(address: str) -> str:
    """
    Return what is counted as one client: an address, or the /64 of IPv6 that one subscriber has.

    Nothing for the machine itself: behind a proxy that says nothing, everybody would be that one.
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if found.is_loopback:
        return ""
    if isinstance(found, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((found, 64), strict=False).network_address)
    return str(found)


def _length(seconds: int) -> str:
    if seconds < 90:
        return ngettext("%(n)d seconde", "%(n)d secondes", seconds) % {"n": seconds}
    minutes = -(-seconds // 60)
    if minutes < 90:
        return ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}
    hours = -(-minutes // 60)
    return ngettext("%(n)d heure", "%(n)d heures", hours) % {"n": hours}
