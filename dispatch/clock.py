"""The one place that reads the clock. Edges call `now()` and hand the moment down as `at`. And clocks on the wall."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


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
