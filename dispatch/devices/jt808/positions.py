"""Where a vehicle is and how its terminal fares: position 0x0200 and batch 0x0704."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from datetime import datetime

from dispatch.devices.jt808.fields import Cursor, TooShort, moment

ACC_ON, POSITIONED, SOUTH, WEST, CIRCUIT_CUT = 1 << 0, 1 << 1, 1 << 2, 1 << 3, 1 << 11
"""Bits of the status word (table 24). Bit 11: the vehicle's circuit is disconnected."""
ANTENNA_OPEN, ANTENNA_SHORT, POWER_LOW, POWER_CUT = 1 << 5, 1 << 6, 1 << 7, 1 << 8
"""Bits of the alarm word (table 25)."""

MILEAGE, SIGNAL, SATELLITES = 0x01, 0x30, 0x31
_SIZES = {MILEAGE: 4, SIGNAL: 1, SATELLITES: 1}
_BASIC = struct.Struct(">IIIIhHH6s")
"""Table 23. Height is signed here: Turpan lies 150 m below the sea, and terminals there send the complement."""


@dataclass(frozen=True, slots=True)
class Position:
    """One report. Degrees in WGS-84, north and east positive; metres, km/h, degrees from north; kilometres.

    A co-ordinate outside the globe is nothing, as is a time that is none. `items` holds every additional item as it came, known
    or not; `spare` what follows the last readable one.
    """

    alarm: int
    state: int
    lat: float | None
    lon: float | None
    altitude_m: int
    speed_kmh: float
    direction: int
    device_time: datetime | None
    items: tuple[tuple[int, bytes], ...] = ()
    spare: bytes = b""

    @property
    def acc(self) -> bool:
        """Is the ignition on?"""
        return bool(self.state & ACC_ON)

    @property
    def positioned(self) -> bool:
        """Has the receiver a fix? Without one the co-ordinates are those of the last."""
        return bool(self.state & POSITIONED)

    @property
    def power_cut(self) -> bool:
        """Main power gone?"""
        return bool(self.alarm & POWER_CUT)

    @property
    def power_low(self) -> bool:
        """Main power under its voltage?"""
        return bool(self.alarm & POWER_LOW)

    @property
    def satellites(self) -> int | None:
        """Satellites used for the fix."""
        return self._item(SATELLITES)

    @property
    def signal(self) -> int | None:
        """Strength of the radio network, 0 to 31 on most terminals."""
        return self._item(SIGNAL)

    @property
    def mileage_km(self) -> float | None:
        """The terminal's own odometer."""
        tenths = self._item(MILEAGE)
        return None if tenths is None else tenths / 10

    def _item(self, wanted: int) -> int | None:
        """A known item as a number (table 27), provided it has the length the table gives it."""
        found = (value for key, value in self.items if key == wanted and len(value) == _SIZES[wanted])
        value = next(found, None)
        return None if value is None else int.from_bytes(value, "big")


@dataclass(frozen=True, slots=True)
class Batch:
    """Several reports at once (0x0704, table 76): sent together, or kept while there was no network (`late`)."""

    late: bool
    positions: tuple[Position, ...]
    unreadable: int = 0
    """Reports that were announced and could not be read."""


def position(cursor: Cursor) -> Position:
    """The body of 0x0200: table 23, then additional items (tables 26 and 27)."""
    alarm, state, lat, lon, altitude, speed, direction, time = _BASIC.unpack(cursor.take(_BASIC.size))
    items, spare = _items(cursor.rest())
    return Position(
        alarm=alarm,
        state=state,
        lat=_degrees(lat, 90, negative=bool(state & SOUTH)),
        lon=_degrees(lon, 180, negative=bool(state & WEST)),
        altitude_m=altitude,
        speed_kmh=speed / 10,
        direction=direction,
        device_time=moment(time),
        items=items,
        spare=spare,
    )


def batch(cursor: Cursor) -> Batch:
    """The body of 0x0704: a count, the kind, then each report with its length. A damaged report does not spoil the others."""
    count, late = cursor.number(2), cursor.number(1) == 1
    found: list[Position] = []
    try:
        for _ in range(count):
            report = Cursor(cursor.take(cursor.number(2)))
            if report.left >= _BASIC.size:
                found.append(position(report))
    except TooShort:
        pass  # the last report was cut off
    return Batch(late, tuple(found), count - len(found))


def _degrees(millionths: int, most: int, *, negative: bool) -> float | None:
    value = millionths / 1_000_000
    if value > most:
        return None
    return -value if negative and millionths else value


def _items(raw: bytes) -> tuple[tuple[tuple[int, bytes], ...], bytes]:
    """Identifier, length, value, again and again; what does not come out even is returned beside them."""
    found, at = [], 0
    while at + 2 <= len(raw) and at + 2 + raw[at + 1] <= len(raw):
        end = at + 2 + raw[at + 1]
        found.append((raw[at], raw[at + 2 : end]))
        at = end
    return tuple(found), raw[at:]
