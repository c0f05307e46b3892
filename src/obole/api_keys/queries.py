"""How keys are found."""

from datetime import date

from django.db.models import F, QuerySet

from obole.api_keys import rules
from obole.api_keys.models import ApiKey


def key_of(sent: str) -> ApiKey | None:
    """Return the key that a software sent, whether it is still good or not; None for one that is not ours."""
    token = rules.read_token(sent)
    key = ApiKey.objects.filter(prefix=token.prefix).first() if token else None
    return key if token and key and token.is_of(key.digest) else None


def keys() -> QuerySet[ApiKey]:
    """Return every key, those that were not revoked first."""
    return ApiKey.objects.order_by(F("revoked_at").desc(nulls_first=True), "name", "id")


def keys_in_use(today: date) -> QuerySet[ApiKey]:
    """Return the keys that open something."""
    return ApiKey.objects.filter(revoked_at=None, expires_on__gte=today).order_by("name", "id")
