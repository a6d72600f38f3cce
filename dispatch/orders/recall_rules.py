"""When a repair counts as a repeat of an earlier visit (返工): the same vehicle's same terminal, within so many days."""

from __future__ import annotations

from datetime import datetime, timedelta

from dispatch.words import Text, say

RECALL_STATES: dict[str, Text] = {
    "proposed": say("Recall?"),
    "confirmed": say("A recall"),
    "denied": say("No recall"),
}

_within = timedelta(days=30)


def configure(days: int) -> None:
    """Within how many days a repeat is proposed as a recall (RECALL_DAYS); 0: never."""
    global _within
    _within = timedelta(days=days)


def repeats_since(at: datetime) -> datetime:
    """A visit that ended after this moment may be the cause of what is called about at `at`."""
    return at - _within
