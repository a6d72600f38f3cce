"""How much of everything one peer, one address and all together may have."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Limits:
    """All numbers in one place. Seconds, bytes, counts.

    Carriers hide thousands of terminals behind one address, so an address's limits bind those that have not authenticated.
    """

    connections: int = 5_000
    unproven_per_address: int = 500
    unproven_bytes: int = 8_192
    unproven_seconds: float = 30.0
    idle_seconds: float = 900.0

    bytes_per_second: float = 32_768
    bytes_at_once: float = 131_072
    address_bytes_per_second: float = 2_000_000
    address_bytes_at_once: float = 8_000_000

    faults_at_once: float = 50
    faults_per_second: float = 0.5
    address_faults_at_once: float = 500
    address_faults_per_second: float = 2

    outstanding: int = 256
    """Observations of one connection that wait to be stored; beyond it we stop reading from that connection."""
    pending: int = 20_000
    """The same for all connections together."""
    batch: int = 500
    linger_seconds: float = 0.2
    sink_seconds: float = 30.0
    remembered: int = 32
    """Reports of one terminal remembered, so that one sent twice is answered twice and stored once."""

    write_buffer: int = 16_384
    slow_seconds: float = 20.0
    closing_seconds: float = 2.0
    sweep_seconds: float = 1.0
    recheck_seconds: float = 60.0


class Bucket:
    """An allowance that refills. Taking more than there is leads into debt; the debt is told in seconds."""

    __slots__ = ("_at", "_level", "_most", "_rate")

    def __init__(self, most: float, per_second: float) -> None:
        self._most = self._level = most
        self._rate = per_second
        self._at = float("-inf")

    def take(self, amount: float, at: float) -> float:
        """Take, and say for how many seconds the taker is in debt; zero when there was enough."""
        gained = (at - self._at) * self._rate if self._at > float("-inf") else 0
        self._level = min(self._most, self._level + gained) - amount
        self._at = at
        return max(0.0, -self._level / self._rate)

    def is_full(self, at: float) -> bool:
        """Has everything been refilled?"""
        return self.take(0, at) == 0 and self._level >= self._most


@dataclass(slots=True)
class Address:
    """What one address has and has done."""

    arrived: Bucket
    faults: Bucket
    connections: int = 0
    unproven: int = 0


@dataclass(slots=True)
class Addresses:
    """Every address that is connected or has lately misbehaved."""

    limits: Limits
    known: dict[str, Address] = field(default_factory=dict)

    def of(self, host: str) -> Address:
        """The record of the address this host belongs to."""
        key, limits = address_key(host), self.limits
        found = self.known.get(key)
        if found is None:
            found = self.known[key] = Address(
                Bucket(limits.address_bytes_at_once, limits.address_bytes_per_second),
                Bucket(limits.address_faults_at_once, limits.address_faults_per_second),
            )
        return found

    def forget_quiet(self, at: float) -> None:
        """Drop the addresses nobody is connected from and that owe nothing."""
        quiet = [key for key, one in self.known.items() if not one.connections and one.faults.is_full(at)]
        for key in quiet:
            del self.known[key]


def address_key(host: str) -> str:
    """The address itself in IPv4, its network of 64 bits in IPv6, where one peer has them all."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv4Address):
        return host
    return str(ipaddress.ip_network((address, 64), strict=False))
