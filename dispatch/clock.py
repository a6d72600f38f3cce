"""The one place that reads the clock. Edges call `now()` and hand the moment down as `at`."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo


def now() -> datetime:
    """The present moment, in UTC."""
    return datetime.now(UTC)


def local_day(at: datetime, zone: str) -> date:
    """The calendar day of a moment in a branch's time zone."""
    return at.astimezone(ZoneInfo(zone)).date()
