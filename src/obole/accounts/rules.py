"""How long an invitation lasts, and how its secret is known again."""

import hashlib
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

INVITATION_LASTS = timedelta(days=7)


def digest(token: str) -> str:
    """Return what is kept of a secret."""
    return hashlib.sha256(token.encode()).hexdigest()


PIVOT = ("family_name", "given_name", "birthdate", "birthplace", "gender")


def pivot_of(claims: Mapping[str, Any]) -> dict[str, str]:
    """Return what is kept of an identity: what tells two people of one name apart, and no more."""
    return {name: str(claims.get(name) or "") for name in PIVOT}
