"""What a service that carries SMS does, and how it fails."""

from dataclasses import dataclass
from typing import Protocol


class Refused(Exception):
    """The service will never take this SMS; the message is what it said."""


@dataclass(frozen=True)
class Sms:
    """
    One SMS to hand over.

    :param key: the same for the same SMS: a service that was given it already does nothing.
    :param to: as it is dialled from anywhere, ``+33612345678``.
    """

    key: str
    to: str
    text: str


class Service(Protocol):
    """Carries SMS."""

    def send(self, sms: Sms) -> None:
        """
        Take an SMS; taken twice under the same key, it leaves once.

        :raises Refused: if it never will.
        :raises OSError: if it cannot now; it will be tried again.
        """
