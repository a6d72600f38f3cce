"""What a technician carries, as his phone has it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Bag:
    """What he carries: units by number, parts by count. A scanned number that is among no `scans` of these is not in his bag."""

    units: Sequence[BagUnit]
    parts: Sequence[BagPart]
    cash: Mapping[str, Any] | None
    """What he holds, and how much he may: {"held", "most"}; null for nobody's money."""


@dataclass(frozen=True)
class BagUnit:
    """A unit of his bag, the oldest first. `used`: it came out of a vehicle and was in no store since, so nothing proposes it;
    `owner`: "ours", "customer" or "third_party"; `closed`: the carrier has closed this SIM, and it fits nowhere."""

    id: int
    kind: str
    numbers: Mapping[str, str | None]
    scans: Sequence[str]
    used: bool
    owner: str
    closed: bool


@dataclass(frozen=True)
class BagPart:
    """A counted part, and how many of it."""

    code: str
    name: str
    unit: str
    quantity: int
