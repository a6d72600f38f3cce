"""Saying how far long work is: the operation calls, whoever started it listens."""

from __future__ import annotations

from typing import Protocol

from dispatch.words import Text, say

STAGES: dict[str, Text] = {
    "opening": say("The file is opened"),
    "reading": say("The lines are read"),
    "checking": say("The lines are checked against the record"),
    "vehicles": say("The vehicles are written"),
    "orders": say("The orders are written"),
    "joining": say("Further calls are added to their orders"),
    "rows": say("The rows are written"),
}


class Tell(Protocol):
    """Called with a stage, how many lines are done and how many there are (0: not known yet)."""

    def __call__(self, stage: str, done: int = 0, total: int = 0) -> None: ...


def in_silence(stage: str, done: int = 0, total: int = 0) -> None:
    """Nobody listens."""
