"""What the platform keeps of a message: one flat record per thing a terminal reported."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from dispatch.devices.jt808.frames import Frame
from dispatch.devices.jt808.messages import Authenticate, Deregister, Heartbeat, Message, Properties, Register
from dispatch.devices.jt808.positions import Batch, Position

Kind = Literal["registered", "online", "heartbeat", "position", "properties", "left"]

MOST_RAW = 512
"""Bytes of a frame that are kept as evidence; longer ones are cut."""


@dataclass(frozen=True, slots=True)
class Terminal:
    """A terminal that may speak. `who` is our own number for it; observations carry it."""

    who: int


@dataclass(frozen=True, slots=True)
class Observation:
    """One fact from one terminal. What a message of this kind does not tell is nothing, never guessed.

    `device_time` is the terminal's clock, `received_at` ours; both UTC. Degrees as reported. `late` marks a position kept while
    there was no network. `raw` is the frame in hex, without flags and escapes. `whole` is false where the header announced
    another length than came: good enough to know the terminal lives, not to prove anything. `source` says over what it was told;
    what a platform passed on has that platform's own number, and no serial.
    """

    who: int
    kind: Kind
    phone: str
    serial: int
    received_at: datetime
    raw: str
    whole: bool = True
    source: str = "jt808"
    platform_id: int | None = None
    device_time: datetime | None = None
    late: bool = False
    positioned: bool | None = None
    lat: float | None = None
    lon: float | None = None
    speed_kmh: float | None = None
    acc: bool | None = None
    satellites: int | None = None
    signal: int | None = None
    mileage_km: float | None = None
    power_cut: bool | None = None
    power_low: bool | None = None
    iccid: str | None = None
    imei: str | None = None
    terminal_id: str | None = None
    model: str | None = None
    hardware: str | None = None
    firmware: str | None = None
    plate: str | None = None


def observed(terminal: Terminal, frame: Frame, message: Message, at: datetime) -> tuple[Observation, ...]:
    """The facts in one message; none in those that only keep the conversation going."""
    facts = FACTS.get(type(message))
    if facts is None:
        return ()
    kind, tell = facts
    common: Fields = {
        "who": terminal.who,
        "kind": kind,
        "phone": frame.header.phone,
        "serial": frame.header.serial,
        "received_at": at,
        "raw": frame.raw[:MOST_RAW].hex(),
        "whole": frame.whole,
    }
    return tuple(Observation(**common, **fields) for fields in tell(message))


Fields = dict[str, Any]


def _nothing_more(_: object) -> list[Fields]:
    return [{}]


def _register(message: Register) -> list[Fields]:
    return [{"terminal_id": message.terminal_id or None, "model": message.model or None, "plate": message.plate or None}]


def _authenticate(message: Authenticate) -> list[Fields]:
    return [{"imei": message.imei, "firmware": message.firmware}]


def _properties(message: Properties) -> list[Fields]:
    return [
        {
            "iccid": message.iccid,
            "terminal_id": message.terminal_id or None,
            "model": message.model or None,
            "hardware": message.hardware or None,
            "firmware": message.firmware or None,
        }
    ]


def _position(message: Position, *, late: bool = False) -> Fields:
    return {
        "device_time": message.device_time,
        "late": late,
        "positioned": message.positioned,
        "lat": message.lat,
        "lon": message.lon,
        "speed_kmh": message.speed_kmh,
        "acc": message.acc,
        "satellites": message.satellites,
        "signal": message.signal,
        "mileage_km": message.mileage_km,
        "power_cut": message.power_cut,
        "power_low": message.power_low,
    }


FACTS: dict[type, tuple[Kind, Callable[[Any], list[Fields]]]] = {
    Register: ("registered", _register),
    Authenticate: ("online", _authenticate),
    Heartbeat: ("heartbeat", _nothing_more),
    Deregister: ("left", _nothing_more),
    Properties: ("properties", _properties),
    Position: ("position", lambda message: [_position(message)]),
    Batch: ("position", lambda message: [_position(one, late=message.late) for one in message.positions]),
}
