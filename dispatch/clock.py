"""The one place that reads the clock. Edges call `now()` and hand the moment down as `at`. And clocks on the wall."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

Piece = tuple[int, int]
"""Some of a day in minutes after its midnight; one that goes on over midnight ends beyond 1440."""
DAY_MINUTES = 24 * 60
LEAST_MINUTES = 60
"""A working day is no shorter: else a limit could lie beyond all calendars."""


def now() -> datetime:
    """The present moment, in UTC."""
    return datetime.now(UTC)


def local_day(at: datetime, zone: str) -> date:
    """The calendar day of a moment in a branch's time zone."""
    return at.astimezone(ZoneInfo(zone)).date()


def moment_of(seconds: int, day: date, zone: str) -> datetime:
    """Seconds after local midnight, by the clock on the wall -> a moment."""
    return (datetime.combine(day, time.min, ZoneInfo(zone)) + timedelta(seconds=seconds)).astimezone(UTC)


def day_bounds(day: date, zone: str) -> tuple[datetime, datetime]:
    """The moments between which a local day lies: [start, end)."""
    return moment_of(0, day, zone), moment_of(0, day + timedelta(days=1), zone)


def seconds_of(at: datetime, day: date, zone: str) -> int:
    """A moment -> seconds after the local midnight of `day`, by the clock on the wall."""
    local = at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    return int((local - datetime.combine(day, time.min)).total_seconds())


def seconds_of_clock(clock: time) -> int:
    """A time of day -> seconds after midnight."""
    return clock.hour * 3600 + clock.minute * 60 + clock.second


def read_hours(text: str) -> tuple[Piece, ...] | None:
    """Working hours as they are typed, as in `08:30-12:00,13:00-17:30` or `22:00-06:00`; None for what cannot be read.

    The last piece may go over midnight; 00:00-24:00 is a whole day.
    """
    found = [_piece(part) for part in text.replace("，", ",").replace("：", ":").split(",") if part.strip()]
    pieces = tuple(piece for piece in found if piece is not None)
    whole = bool(pieces) and len(pieces) == len(found)
    apart = all(before[1] <= after[0] for before, after in pairwise(pieces))
    within = whole and apart and pieces[-1][1] - pieces[0][0] <= DAY_MINUTES
    return pieces if within and sum(closes - opens for opens, closes in pieces) >= LEAST_MINUTES else None


def _piece(text: str) -> Piece | None:
    ends = [_minute(end.strip()) for end in text.replace("–", "-").split("-")]
    if len(ends) != 2 or ends[0] is None or ends[1] is None or ends[0] == DAY_MINUTES:
        return None
    return ends[0], ends[1] if ends[1] > ends[0] else ends[1] + DAY_MINUTES


def _minute(text: str) -> int | None:
    hour, colon, minute = text.partition(":")
    if not (colon and hour.isascii() and hour.isdigit() and minute.isascii() and minute.isdigit() and len(minute) == 2):
        return None
    found = int(hour) * 60 + int(minute)
    return found if int(minute) < 60 and found <= DAY_MINUTES else None


def show_hours(pieces: Sequence[Piece]) -> str:
    """Working hours as they are typed."""
    return ",".join(f"{_clock(opens)}-{_clock(closes)}" for opens, closes in pieces)


def _clock(minute: int) -> str:
    within = minute if minute <= DAY_MINUTES else minute - DAY_MINUTES
    return f"{within // 60:02d}:{within % 60:02d}"
