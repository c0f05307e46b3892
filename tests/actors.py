"""Who acts in tests, when it does not matter that they exist."""

from obole.lib.actors import Actor


def somebody(name: str) -> Actor:
    """Return who acts under this name: two names are two people, trusted as the operator is."""
    return Actor(f"operator:{name}", name)
