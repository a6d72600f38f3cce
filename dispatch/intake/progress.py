"""Long work on files: when it is long, how far it is, and when nobody has heard of it for too long."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from dispatch.words import Text, say

WORKS: dict[str, Text] = {"read": say("The file is being read"), "take": say("The file is being taken in")}
STATES = ("asked", "running", "done", "failed")
UNDER_WAY = ("asked", "running")
STAGES: dict[str, Text] = {
    "opening": say("The file is opened"),
    "reading": say("The lines are read"),
    "checking": say("The lines are checked against the record"),
    "vehicles": say("The vehicles are written"),
    "orders": say("The orders are written"),
    "joining": say("Further calls are added to their orders"),
    "rows": say("The rows are written"),
}
WAITS = say("It waits for its turn")

LARGE_FILE = 64 * 1024
LONG = {"request": 500, "calls": 150, "technicians": 100, "parts": 500}
USUALLY_LONG = 1000
"""More bytes, or more lines of a kind, than the machine reads or writes within a second."""

LOST_AFTER = timedelta(minutes=1)


def is_long(purpose: str, lines: int) -> bool:
    """Would somebody have to wait for more than a moment until so many lines of a kind are taken in?"""
    return lines > LONG.get(purpose, USUALLY_LONG)


def is_lost(heard_at: datetime, at: datetime) -> bool:
    """Has nobody heard of it for so long that it may be asked for again?"""
    return at - heard_at > LOST_AFTER


class Tell(Protocol):
    """Called with a stage, how many lines are done and how many there are (0: not known yet)."""

    def __call__(self, stage: str, done: int = 0, total: int = 0) -> None: ...


def in_silence(stage: str, done: int = 0, total: int = 0) -> None:
    """Nobody listens."""


@dataclass(frozen=True)
class HowFar:
    """What a page shows of work under way. `lost`: nobody has heard of it for a while."""

    work: Text
    stage: Text
    done: int
    total: int
    file_name: str
    asked_at: datetime
    lost: bool
