"""What a terminal itself says about the points of a test-run (P11): proven, contradicted, or nothing known. Never guessed.

Only what was heard after the change at the vehicle counts, and only whole frames that were not kept back while there was no
network. A terminal that calls itself by another number than the fitted one is another terminal: what it says proves nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from dispatch.devices.firmware_rules import new_enough
from dispatch.devices.rules import ICCID_KEY, in_fours
from dispatch.field.told_rules import Told
from dispatch.geo.rules import Coordinates, distance_words, is_place, metres
from dispatch.words import Text, say

__all__ = ["Asked", "Evidence", "Fitted", "Told", "evidence"]

CLOCK_AHEAD = timedelta(minutes=10)
"""A position that claims to be from further in the future was stamped by a clock that says nothing about before and after."""
SIGNAL_MOST = 31
"""The end of the scale; a larger number (99, mostly) means that the terminal does not know."""
IMEI_BODY = 14
"""The fifteenth digit is a check digit, which some terminals leave out."""

Verdict = Literal["proven", "contradicted", "unknown"]


@dataclass(frozen=True)
class Fitted:
    """The numbers of the terminal and the SIM that the record has in the vehicle; `iccid` is the SIM's first 19 characters."""

    terminal_id: str | None = None
    phone: str | None = None
    imei: str | None = None
    iccid: str | None = None


@dataclass(frozen=True)
class Asked:
    """What a terminal's words are measured against.

    `since` is the moment of the last change at the vehicle, else of the arrival. `place` is where the phone was on arrival
    (WGS-84), good to `accuracy_m`; a position proves itself within `within_m` of it. `least_signal` is of 31. `least_firmware` is
    what is asked of the terminal's model; nothing, where any will do.
    """

    fitted: Fitted
    since: datetime
    place: Coordinates | None = None
    accuracy_m: float = 0
    within_m: int = 500
    least_signal: int = 10
    least_satellites: int = 4
    least_firmware: str | None = None


@dataclass(frozen=True)
class Evidence:
    """What is known of one point, in words fit to stand after "the terminal said so", and the observation that says so."""

    verdict: Verdict
    said: Text
    told: Told | None = None


def evidence(asked: Asked, told: Sequence[Told]) -> dict[str, Evidence]:
    """Point of the test-run -> what is known of it. `told` is what the fitted terminal was heard to say, in the order of time."""
    heard = [one for one in told if _counts(one, asked.since)]
    identity, own = _identity(asked.fitted, heard)
    if identity.verdict == "contradicted":
        others = Evidence("unknown", say("Another terminal reports under the number of the fitted one."))
        return dict.fromkeys(POINTS, others) | {"identity": identity}
    return {"identity": identity} | {item: judge(asked, own) for item, judge in POINTS.items()}


def _counts(one: Told, since: datetime) -> bool:
    """Whether an observation can prove anything: whole, not kept back, and from after the change by both clocks."""
    if not one.whole or one.late or one.kind == "left" or one.received_at <= since:
        return False
    return one.device_time is None or since < one.device_time <= one.received_at + CLOCK_AHEAD


# --- who it is


def _identity(fitted: Fitted, heard: Sequence[Told]) -> tuple[Evidence, Sequence[Told]]:
    """Whether it is the fitted terminal that reports, and what it has said since it last was not.

    A terminal id or an IMEI says more than the phone: a terminal that was exchanged may go on under the phone of its successor.
    """
    named = [(place, is_it) for place, one in enumerate(heard) if (is_it := _is_fitted(fitted, one)) is not None]
    wrong = next((place for place, is_it in reversed(named) if not is_it), None)
    right = next((place for place, is_it in named if is_it and (wrong is None or place > wrong)), None)
    if right is not None:
        said = say("its number is %(number)s", number=_number(heard[right]))
        return Evidence("proven", said, heard[right]), heard if wrong is None else heard[right:]
    if wrong is not None:
        return Evidence("contradicted", say("it calls itself %(number)s", number=_number(heard[wrong])), heard[wrong]), ()
    by_phone = next((one for one in heard if fitted.phone and _bare(one.phone) == _bare(fitted.phone)), None)
    if by_phone is not None:
        return Evidence("proven", say("its number is %(number)s", number=_bare(by_phone.phone)), by_phone), heard
    return Evidence("unknown", say("It has not told its number yet.")), heard


def _is_fitted(fitted: Fitted, one: Told) -> bool | None:
    """Whether the numbers in an observation are the fitted terminal's; nothing when it names none that we could compare."""
    answers = [_same_imei(one.imei, fitted.imei), _same(one.terminal_id, fitted.terminal_id)]
    known = [answer for answer in answers if answer is not None]
    return all(known) if known else None


def _same(shown: str | None, fitted: str | None) -> bool | None:
    if not _bare(shown) or not _bare(fitted):
        return None
    return _bare(shown) == _bare(fitted)


def _same_imei(shown: str | None, fitted: str | None) -> bool | None:
    """An IMEI of zeros, or of too few digits, is none."""
    mine, its = (fitted or "").strip(), (shown or "").strip()
    if not mine or len(its) < IMEI_BODY or not its.isdecimal() or not its.strip("0"):
        return None
    return its[:IMEI_BODY] == mine[:IMEI_BODY]


def _bare(number: str | None) -> str:
    return (number or "").strip().lstrip("0").upper()


def _number(one: Told) -> str:
    return one.terminal_id or one.imei or _bare(one.phone)


# --- the other points


def _online(asked: Asked, own: Sequence[Told]) -> Evidence:
    first = next(iter(own), None)
    return Evidence("proven", say("it has reported"), first) if first else Evidence("unknown", say("It has not reported yet."))


def _iccid(asked: Asked, own: Sequence[Told]) -> Evidence:
    """The newest SIM it named counts: cards can be changed."""
    named = [one for one in own if one.iccid]
    if not named:
        return Evidence("unknown", say("It has not told its SIM yet."))
    key = (named[-1].iccid or "").upper()[:ICCID_KEY]
    if asked.fitted.iccid is None:
        return Evidence("unknown", say("It has SIM %(iccid)s, but no SIM of this vehicle is on record.", iccid=in_fours(key)))
    fitted = asked.fitted.iccid.upper()[:ICCID_KEY]
    if key == fitted:
        return Evidence("proven", say("it has SIM %(iccid)s", iccid=in_fours(key)), _first_alike(named))
    said = say("it has SIM %(iccid)s, and fitted is %(fitted)s", iccid=in_fours(key), fitted=in_fours(fitted))
    return Evidence("contradicted", said, named[-1])


def _first_alike(named: Sequence[Told]) -> Told:
    """The first of those at the end that name the same SIM."""
    last, first = named[-1], named[-1]
    for one in reversed(named):
        if (one.iccid or "")[:ICCID_KEY] != (last.iccid or "")[:ICCID_KEY]:
            break
        first = one
    return first


def _fix(asked: Asked, own: Sequence[Told]) -> Evidence:
    positions = [one for one in own if one.positioned is not None]
    if not positions:
        return Evidence("unknown", say("It has not told its position yet."))
    away = [(_away(asked.place, one), one) for one in positions if one.positioned]
    near = next(((m, one) for m, one in away if m is not None and m <= asked.within_m), None)
    if near:
        return Evidence("proven", say("%(distance)s from the phone", distance=distance_words(near[0])), near[1])
    if not positions[-1].positioned:
        return Evidence("contradicted", say("it has no fix"), positions[-1])
    return _far(asked, *away[-1])


def _far(asked: Asked, distance: float | None, one: Told) -> Evidence:
    """The newest fix is not where the phone was, as far as that is known."""
    if asked.place is None:
        return Evidence("unknown", say("It has a fix, but where the phone was on arrival is not known."))
    if distance is None:
        return Evidence("unknown", say("It has a fix, but did not say where."))
    if distance <= asked.within_m + asked.accuracy_m:
        far = distance_words(distance)
        return Evidence("unknown", say("It is %(distance)s from the phone, whose own position was not exact.", distance=far))
    return Evidence("contradicted", say("it is %(distance)s from the phone", distance=distance_words(distance)), one)


def _away(place: Coordinates | None, one: Told) -> float | None:
    if place is None or one.lat is None or one.lon is None or not is_place(one.lat, one.lon):
        return None
    return metres(place, (one.lat, one.lon))


def _signal(asked: Asked, own: Sequence[Told]) -> Evidence:
    measured = [(one.signal, one) for one in own if one.signal is not None and one.signal <= SIGNAL_MOST]
    if not measured:
        return Evidence("unknown", say("It has not told its signal yet."))
    enough = next(((n, one) for n, one in measured if n >= asked.least_signal), None)
    if enough:
        return Evidence("proven", say("strength %(n)s of 31", n=enough[0]), enough[1])
    n, newest = measured[-1]
    return Evidence(
        "contradicted", say("strength %(n)s, and at least %(least)s is asked for", n=n, least=asked.least_signal), newest
    )


def _satellites(asked: Asked, own: Sequence[Told]) -> Evidence:
    counted = [(one.satellites, one) for one in own if one.satellites is not None and one.positioned]
    if not counted:
        return Evidence("unknown", say("It has not told yet how many satellites it sees."))
    enough = next(((n, one) for n, one in counted if n >= asked.least_satellites), None)
    if enough:
        return Evidence("proven", say("%(n)s satellites", n=enough[0]), enough[1])
    n, newest = counted[-1]
    said = say("%(n)s satellites, and at least %(least)s are asked for", n=n, least=asked.least_satellites)
    return Evidence("contradicted", said, newest)


def _firmware(asked: Asked, own: Sequence[Told]) -> Evidence:
    """The newest version it named counts: it may have been renewed on the spot."""
    named = [(one.firmware, one) for one in own if one.firmware]
    if not named:
        return Evidence("unknown", say("It has not told its firmware yet."))
    version, one = named[-1]
    least = asked.least_firmware
    if least is None:
        return Evidence("proven", say("firmware %(version)s, and any will do", version=version), one)
    enough = new_enough(version, least)
    if enough is None:
        said = say("It has firmware %(version)s, which cannot be compared with %(least)s.", version=version, least=least)
        return Evidence("unknown", said)
    if enough:
        return Evidence("proven", say("firmware %(version)s", version=version), one)
    said = say("firmware %(version)s, and at least %(least)s is asked for", version=version, least=least)
    return Evidence("contradicted", said, one)


def _acc(asked: Asked, own: Sequence[Told]) -> Evidence:
    first = {state: next((one for one in own if one.acc is state), None) for state in (True, False)}
    on, off = first[True], first[False]
    if on and off:
        return Evidence("proven", say("both on and off"), max((on, off), key=lambda one: (one.received_at, one.id)))
    if on:
        return Evidence("unknown", say("ACC on was reported, off not yet."))
    return Evidence("unknown", say("ACC off was reported, on not yet.") if off else say("It has not told ACC yet."))


def _power(asked: Asked, own: Sequence[Told]) -> Evidence:
    cut = next((one for one in own if one.power_cut), None)
    return Evidence("proven", say("main power was gone"), cut) if cut else Evidence("unknown", say("No such alarm has come yet."))


POINTS: dict[str, Callable[[Asked, Sequence[Told]], Evidence]] = {
    "online": _online,
    "firmware": _firmware,
    "iccid": _iccid,
    "fix": _fix,
    "satellites": _satellites,
    "signal": _signal,
    "acc": _acc,
    "power": _power,
}
