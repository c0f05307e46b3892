"""What every bank must answer, in our own words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Protocol


def gettext_noop(text: str) -> str:
    """
    Mark a French sentence for the translators; whoever shows it translates it. (Django has one, which is not allowed
    here.)
    """
    return text


class Status(StrEnum):
    """Our words for what a bank says of one payment."""

    PAID_BY_CARD = "paid_by_card"
    PAID_BY_DEBIT = "paid_by_debit"
    REFUSED = "refused"
    ABANDONED = "abandoned"
    PENDING = "pending"
    """The bank does not know the result yet: ask again."""
    MISSING = "missing"
    """The bank does not know this payment: too young, or purged."""
    UNKNOWN = "unknown"
    """The bank used a word that we do not know: a person must look."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Facts of a bank that callers check before they send anything."""

    min_cents: int
    max_cents: int
    email_max_length: int
    window_minutes: int
    """How long a payer may open the payment page after it was created."""


@dataclass(frozen=True, kw_only=True)
class SettingField:
    """One setting that a régie gives for a bank. French texts are message ids; ``help`` is also the error sentence."""

    name: str
    """One that is a secret is called so (password, secret, key, token): its history is masked (``Regie.save``)."""
    label: str
    help: str
    pattern: str = ""
    """A regular expression that the whole value must match; none if empty."""
    choices: Mapping[str, str] = field(default_factory=dict)
    """Value to French label; anything goes if empty."""
    default: str = ""
    """Taken when nothing is given; a field without one is compulsory."""
    example: str = ""
    is_address: bool = False
    """Whether it is an address that we call, or send payers to: one of a bank that the operator allows."""


@dataclass(frozen=True, kw_only=True)
class Order:
    """What we ask a bank to collect. Amounts are integer cents."""

    reference: str
    amount_cents: int
    label: str
    email: str
    fiscal_year: int
    notification_url: str
    return_url: str


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """One question and its answer, word for word, kept as evidence."""

    request: str
    response: str


@dataclass(frozen=True, kw_only=True)
class Redirect:
    """Where to send the payer, and the bank's own reference of the payment."""

    gateway_reference: str
    url: str
    exchange: Exchange


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What the bank says of a payment: our word (``status``) and its own (``said``, ``facts``, ``exchange``)."""

    status: Status
    said: str
    exchange: Exchange
    facts: Mapping[str, str]
    """The bank's fields that must equal what was sent: ``reference``, ``amount``, ``client``, ``year``, ``mode``,
    ``gateway_reference``. Strings to compare with ``sent_facts`` by ``differences``; a missing one is a difference.
    Empty unless the bank gave a result."""
    amount_cents: int | None = None
    authorisation: str = ""
    bank_time: datetime | None = None
    """When the bank says it happened (aware, Europe/Paris); never used to order or to expire."""
    bank_time_raw: str = ""


class GatewayError(Exception):
    """A bank did not do what was asked. Carries the raw exchange and a sentence for our logs."""

    def __init__(self, message: str, *, exchange: Exchange, code: str = "") -> None:
        super().__init__(message)
        self.exchange = exchange
        self.code = code


class Unreachable(GatewayError):
    """No answer, or not one of the bank's: ask again later. Nothing is known of the payment."""


class Rejected(GatewayError):
    """The bank understood and refuses: asking the same again changes nothing."""


class BadSettings(ValueError):
    """A gateway was built with settings that ``check_settings`` refuses: ``errors`` is field to French sentence."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {sentence}" for name, sentence in errors.items()))
        self.errors = dict(errors)


class BadCallback(Exception):
    """A callback that cannot be read: believe nothing of it."""


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Who the bank says our client number is (the « Tester » button)."""

    labels: tuple[str, ...]
    client: str


class Gateway(Protocol):
    """A bank. Built with its settings and a time-out in seconds; safe to build anew for each use."""

    kind: ClassVar[str]
    name: ClassVar[str]
    limits: ClassVar[Limits]

    def sent_facts(self, order: Order) -> Mapping[str, str]:
        """Return the facts that the bank must echo for ``order``, to compare with ``Outcome.facts``."""
        ...

    def start(self, order: Order) -> Redirect:
        """
        Ask the bank to create the payment.

        :raises Rejected: if the bank refuses it.
        :raises Unreachable: if there is no usable answer.
        """
        ...

    def ask(self, gateway_reference: str) -> Outcome:
        """
        Ask the bank what became of a payment.

        :raises Unreachable: if there is no usable answer.
        """
        ...

    def identify(self) -> Identity:
        """
        Ask the bank who we are; no side effect.

        :raises Rejected: if it does not know our client number.
        :raises Unreachable: if there is no usable answer.
        """
        ...

    @staticmethod
    def read_callback(body: Mapping[str, str]) -> str:
        """
        Return the bank's reference that a notification or a return carries: it announces, and proves nothing.

        :raises BadCallback: if it carries none.
        """
        ...


class RegisteredGateway(Gateway, Protocol):
    """What a class must also have to stand in the registry."""

    fields: ClassVar[tuple[SettingField, ...]]
    payer_codes: ClassVar[frozenset[str]]
    """The refusals of what the payer gave: another address mends them."""

    def __init__(self, settings: Mapping[str, str], *, timeout: float) -> None:
        """
        Read the settings.

        :raises BadSettings: if they are not right.
        """
        ...

    @staticmethod
    def explain(code: str) -> str:
        """Return what a person can do about a code of the bank, in French; empty if nothing is known."""
        ...


def differences(sent: Mapping[str, str], said: Mapping[str, str]) -> tuple[str, ...]:
    """Return the names of the facts that the bank did not give back as they were sent."""
    return tuple(name for name, value in sent.items() if said.get(name) != value)


def breach(order: Order, limits: Limits) -> str:
    """Return the limit that ``order`` breaks, as a sentence for our logs; empty if none."""
    if not limits.min_cents <= order.amount_cents <= limits.max_cents:
        return f"amount of {order.amount_cents} cents, outside {limits.min_cents} to {limits.max_cents}"
    if len(order.email) > limits.email_max_length:
        return f"e-mail longer than {limits.email_max_length} characters"
    return ""
