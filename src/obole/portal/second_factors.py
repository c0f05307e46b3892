"""How allauth's second factors meet the rest: secrets are kept encrypted, keys belong to the declared address."""

import base64
from urllib.parse import urlsplit

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.utils.crypto import salted_hmac

from obole.accounts import queries as accounts
from obole.directory import queries as directory


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # untyped library
    """Names the town in people's applications and keys, and keeps what is required."""

    def get_totp_issuer(self) -> str:
        """Return what an authenticator application shows."""
        return directory.the_authority().name

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Return whose passkeys these are: the declared host's, whatever a request says of its own."""
        return {"id": urlsplit(settings.BASE_URL).hostname or "", "name": directory.the_authority().name}

    def encrypt(self, text: str) -> str:
        """Encrypt a secret before it is kept."""
        return _box().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Read a secret that was kept."""
        return _box().decrypt(encrypted_text.encode()).decode()

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Tell whether a second factor may go: not the last one of an agent who has to have one."""
        return not accounts.must_keep(authenticator)


def _box() -> MultiFernet:
    """Return what encrypts with the installation's secret, and reads what older secrets encrypted."""
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    keys = [salted_hmac("obole.second_factors", "", secret=secret, algorithm="sha256").digest() for secret in secrets]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in keys])
