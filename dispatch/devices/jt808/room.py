"""What all connections of one gateway share, and what is counted about them."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from dispatch.devices.jt808.limits import Addresses, Limits
from dispatch.devices.jt808.mailbox import Mailbox
from dispatch.devices.jt808.session import Known

if TYPE_CHECKING:
    from dispatch.devices.jt808.connection import Connection

CHUNK = 8_192
"""Bytes read at once: small, so that a peer who floods us takes turns with everybody else."""
MOST_STRANGERS = 200


@dataclass(slots=True)
class Figures:
    """What happened since the start. `closed` and `faults` count by reason."""

    opened: int = 0
    frames: int = 0
    answers: int = 0
    mistakes: int = 0
    """Frames that raised an exception in our own code. Always zero, or there is something to mend."""
    closed: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    strangers: OrderedDict[str, datetime] = field(default_factory=OrderedDict)
    """The last phones that called and are not configured, with when: usually a terminal somebody forgot to enter."""

    def stranger(self, phone: str, at: datetime) -> None:
        """Remember a refused phone."""
        self.strangers[phone] = at
        self.strangers.move_to_end(phone)
        if len(self.strangers) > MOST_STRANGERS:
            self.strangers.popitem(last=False)


@dataclass(slots=True)
class Room:
    """What all connections share."""

    known: Known
    secret: bytes
    limits: Limits
    mailbox: Mailbox
    addresses: Addresses
    clock: Callable[[], datetime]
    steady: Callable[[], float]
    figures: Figures = field(default_factory=Figures)
    connections: set[Connection] = field(default_factory=set)
    proven: dict[int, Connection] = field(default_factory=dict)
    chunk: bytearray = field(default_factory=lambda: bytearray(CHUNK))
