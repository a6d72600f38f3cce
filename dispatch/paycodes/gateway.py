"""What a channel that takes money by code can do, and which of them this process has.

An adapter never sees the database, and is never called within a transaction. Whatever it answers was signed by the channel.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Generic, Protocol, TypeVar


class GatewayFailed(Exception):
    """The channel gave no answer, or none that is of use: nobody knows how it stands. The text is for the log and finance."""


class Forged(Exception):
    """A callback that the channel has not signed, or that is not for this company. The text says why, without its content."""


@dataclass(frozen=True)
class Payment:
    """Money that a channel says it has taken: our number, its own number, how much, when and from whom."""

    number: str
    reference: str
    amount: Decimal
    paid_at: datetime
    payer: str | None = None


@dataclass(frozen=True)
class Standing:
    """How a code stands at the channel: open (nobody has paid), closed (nobody can any more), paid, or unknown."""

    state: str
    payment: Payment | None = None


@dataclass(frozen=True)
class CodeAsked:
    """A code to be made: our number, how much, what the customer reads, and when it ends."""

    number: str
    amount: Decimal
    description: str
    until: datetime


@dataclass(frozen=True)
class RefundAsked:
    """Money to be given back: our number of the refund, that of the payment and the channel's, how much of how much, and why."""

    number: str
    of_number: str
    of_reference: str
    amount: Decimal
    of_amount: Decimal
    reason: str


@dataclass(frozen=True)
class RefundAnswer:
    """How a refund stands: asked (on its way), done, or failed and why; `reference` is the channel's number of it."""

    state: str
    reference: str | None = None
    told: str | None = None


class Gateway(Protocol):
    """One channel. Each call but `verify` goes over the network, with a limit of time, and raises GatewayFailed."""

    def make(self, asked: CodeAsked) -> str:
        """A code for an amount: the address that its QR code carries."""

    def ask(self, number: str) -> Standing:
        """How the code of this number stands."""

    def close(self, number: str) -> Standing:
        """Let nobody pay it any more: closed, paid if the customer was faster, open if the channel does not know it yet."""

    def refund(self, asked: RefundAsked) -> RefundAnswer:
        """Give money back; asked again with the same number, it is given back once."""

    def verify(self, body: bytes, headers: Mapping[str, str]) -> Payment | None:
        """What a callback says was paid; None for a true one that tells of something else. Raises Forged. No network."""


Keys = TypeVar("Keys")


class Merchant(Generic[Keys]):
    """What the adapters of channels have in common: keys, where the channel tells of payments, so many seconds for an answer, and
    (in tests) another address than the channel's own.
    """

    def __init__(self, keys: Keys, *, notify_url: str, seconds: float, address: str = "") -> None:
        self._keys, self._notify_url, self._seconds, self._address = keys, notify_url, seconds, address


@dataclass(frozen=True)
class Connected:
    """The channels of this process, how long a code is good, and whether they are only played (the demonstration)."""

    gateways: Mapping[str, Gateway]
    good_for: timedelta = timedelta(minutes=15)
    pretended: bool = False


_connected = Connected({})


def configure(connected: Connected) -> None:
    """Take over what the settings of this process say."""
    global _connected
    _connected = connected


def connected() -> Connected:
    """What this process is connected to."""
    return _connected


def offered() -> tuple[str, ...]:
    """The channels by which codes can be shown."""
    return tuple(_connected.gateways)


def gateway_of(channel: str) -> Gateway:
    """The adapter of a channel. Raises GatewayFailed when there is none (any more)."""
    try:
        return _connected.gateways[channel]
    except KeyError:
        raise GatewayFailed(f"{channel} is not connected") from None


def url_in(said: Mapping[str, object], name: str) -> str:
    """The address of a code in an answer. Raises GatewayFailed for an answer without one."""
    url = said.get(name)
    if not isinstance(url, str) or not url:
        raise GatewayFailed(f"no {name} in the answer")
    return url


def first_of(texts: Iterable[object]) -> str:
    """The first text that says something."""
    return next((str(text) for text in texts if text), "")
