"""What a platform's reports mean for the record: which numbers to ask by, what is kept of them, and how asking went."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from dispatch.devices.jt808.observations import MOST_RAW, Observation
from dispatch.geo.rules import is_place
from dispatch.words import Text, say

PHONE_DIGITS = 12
"""The protocol's phone has so many digits, padded with zeros; platforms keep them or not."""
KMH = 1.852
CLOCK_AHEAD = timedelta(minutes=10)
"""A report that claims to be from further in the future says nothing about before and after."""
SIGNAL_MOST = 31
"""The scale of the protocol's signal; what some terminals tell instead (dBm, per cent) is not comparable."""

LOOKS: dict[str, Text] = {
    "news": say("Traccar knows it and has reports since the change."),
    "nothing": say("Traccar knows it and has no report since the change yet."),
    "old": say("Traccar has only reports from before the change; they prove nothing."),
    "ahead": say("The terminal's clock is ahead: its reports are from the future and prove nothing."),
    "unknown_device": say("Traccar knows no device under the numbers of this terminal. Check how it is entered there."),
    "other_device": say("Traccar answered with reports of another device; nothing of them was used."),
    "unreadable": say("Traccar's answer could not be read whole; nothing of it was used."),
    "refused": say("Traccar does not let us in. The administrator has to renew the token (TRACCAR_TOKEN)."),
    "slow": say("Traccar took too long to answer. It is asked again by itself."),
    "away": say("Traccar does not answer. It is asked again by itself."),
}
"""How asking the platform about one terminal went."""
LOOK_OUTCOMES = tuple(LOOKS)
GONE_WRONG = ("away", "slow", "refused")
"""After these nobody else needs to be asked about in the same round."""


@dataclass(frozen=True, slots=True)
class Device:
    """A device as Traccar has it: its own number for it, and the number under which it reports there."""

    id: int
    unique_id: str


@dataclass(frozen=True, slots=True)
class Report:
    """One position as Traccar has it. Degrees in WGS-84; moments with their zone; `attributes` as its protocol gave them.

    `outdated` means that place and fix are those of an earlier report.
    """

    id: int
    device_id: int
    server_time: datetime
    device_time: datetime
    valid: bool
    outdated: bool
    lat: float
    lon: float
    speed_knots: float
    attributes: Mapping[str, Any]
    raw: str


@dataclass(frozen=True)
class Target:
    """A terminal to be asked about: the numbers it may go by (number -> which of its numbers that is), and since when."""

    unit_id: int
    numbers: Mapping[str, str]
    since: datetime


@dataclass(frozen=True)
class Look:
    """What asking about one terminal brought. `newest` is the terminal's own time of its newest usable report."""

    unit_id: int
    outcome: str
    device_id: int | None = None
    observations: Sequence[Observation] = field(default=())
    newest: datetime | None = None


def numbers_of(imei: str | None, terminal_id: str | None, phone: str | None) -> dict[str, str]:
    """The numbers under which a platform may have a terminal, the best first."""
    named = {"imei": imei, "terminal_id": terminal_id, "phone": phone}
    found = {number.strip(): name for name, number in named.items() if number and number.strip()}
    if phone and phone.strip().isdecimal():
        bare = phone.strip().lstrip("0")
        for number in (bare, bare.rjust(PHONE_DIGITS, "0")):
            if bare:
                found.setdefault(number, "phone")
    return found


def look(target: Target, answers: Iterable[tuple[Device, Sequence[Report | None]]], at: datetime) -> Look:
    """What is kept of a platform's answer: whole reports of the devices asked for, from after the change; and how it went."""
    answers = list(answers)
    asked = [(device, one) for device, found in answers for one in found]
    whole = [(device, one) for device, one in asked if one is not None]
    own = [(device, one) for device, one in whole if one.device_id == device.id]
    since = [(device, one) for device, one in own if one.device_time > target.since]
    right = [one for _, one in since if one.device_time <= at + CLOCK_AHEAD]
    outcome = _outcome(asked=len(asked), whole=len(whole), own=len(own), since=len(since), right=len(right))
    seen = tuple(observation(target, device, one, at) for device, one in since)
    return Look(
        target.unit_id,
        outcome,
        answers[0][0].id if answers else None,
        seen,
        max((one.device_time for one in right), default=None),
    )


def _outcome(*, asked: int, whole: int, own: int, since: int, right: int) -> str:
    """The first thing that is wrong where nothing is right; what is usable among other things counts."""
    steps = ((right > 0, "news"), (since > 0, "ahead"), (own > 0, "old"), (whole > 0, "other_device"), (asked > 0, "unreadable"))
    return next((word for found, word in steps if found), "nothing")


def observation(target: Target, device: Device, one: Report, at: datetime) -> Observation:
    """One report as the record keeps it. What the terminal calls itself goes before the number it is filed under."""
    told, field_of = one.attributes, target.numbers.get(device.unique_id)
    fix = not one.outdated and is_place(one.lat, one.lon)
    return Observation(
        who=target.unit_id,
        kind="position",
        phone=device.unique_id if field_of == "phone" else "",
        serial=0,
        source="traccar",
        platform_id=one.id,
        received_at=min(one.server_time, at),
        device_time=one.device_time,
        raw=one.raw[:MOST_RAW],
        positioned=None if one.outdated else one.valid,
        lat=one.lat if fix else None,
        lon=one.lon if fix else None,
        speed_kmh=None if one.outdated else round(one.speed_knots * KMH, 1),
        acc=_yes(told.get("ignition")),
        satellites=None if one.outdated else _count(told.get("sat"), 99),
        signal=_count(told.get("rssi"), SIGNAL_MOST),
        mileage_km=_mileage(told.get("odometer")),
        power_cut=_alarmed(told, "powerCut"),
        power_low=_alarmed(told, "lowPower"),
        iccid=_word(told.get("iccid")),
        imei=_word(told.get("imei")) or (device.unique_id if field_of == "imei" else None),
        terminal_id=device.unique_id if field_of == "terminal_id" else None,
        hardware=_word(told.get("versionHw")),
        firmware=_word(told.get("versionFw")),
    )


def _yes(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _count(value: Any, most: int) -> int | None:
    """A count as it was told; nothing where it is none."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value // 1:
        return None
    return int(value) if 0 <= value <= most else None


def _mileage(value: Any) -> float | None:
    """Metres in kilometres."""
    return round(value / 1000, 1) if isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0 else None


def _alarmed(told: Mapping[str, Any], name: str) -> bool | None:
    """Whether an alarm is among those that were raised; a report without any says nothing of it."""
    raised = told.get("alarm")
    return name in (each.strip() for each in raised.split(",")) if isinstance(raised, str) and raised.strip() else None


def _word(value: Any) -> str | None:
    """A short text without signs that no number and no version has."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    return value.strip()[:64] or None if isinstance(value, str) and value.isprintable() else None
