"""Who asks, behind the proxies that the operator declared: the product's one notion of a client's address."""

import ipaddress
from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def client_address(request: HttpRequest) -> str:
    """
    Return the address of who asked.

    From the nearest to the farthest, the declared proxies are believed: what the first stranger says is not.
    """
    said = [item.strip() for item in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if item.strip()]
    address = str(request.META.get("REMOTE_ADDR", ""))
    while said and is_proxy(address):
        address = said.pop()
    return _plain(address)


def is_proxy(address: str) -> bool:
    """Tell whether an address is one of the declared proxies; who comes by a Unix socket has none, and is."""
    if not address:
        return True
    try:
        found = ipaddress.ip_address(_plain(address))
    except ValueError:
        return False
    return any(found in network for network in proxies(tuple(settings.PROXIES)))


def is_this_machine(address: str) -> bool:
    """Tell whether an address is the machine's own."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


@lru_cache(maxsize=8)
def proxies(declared: tuple[str, ...]) -> tuple[Network, ...]:
    """
    Return the networks of the declared proxies.

    :raises ValueError: if one is neither an address nor a network.
    """
    return tuple(ipaddress.ip_network(item, strict=False) for item in declared)


def _plain(address: str) -> str:
    """Return an address without its port, and an IPv4 one as IPv4."""
    bare = address.split("]")[0].removeprefix("[")
    if bare.count(":") == 1:
        bare = bare.split(":")[0]
    try:
        found = ipaddress.ip_address(bare)
    except ValueError:
        return address
    return str(getattr(found, "ipv4_mapped", None) or found)
