"""How long to search, by the clock or by a number of rounds, and how warm it is on the way."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

FEW_ROUNDS = 200
LONGEST_TURN_S = 0.25


@dataclass(frozen=True)
class Effort:
    """How long to search: `seconds`, and not more than `rounds` (with these alone the result does not depend on the machine)."""

    seconds: float
    rounds: int | None = None
    seed: int = 0


def turns(effort: Effort, began: float, hot: float, cold: float) -> Iterator[tuple[float, float, int]]:
    """(heat at first, heat at last, rounds) of each turn: short ones, so that the clock is looked at often enough."""
    done, rounds, past = 0, FEW_ROUNDS, _past(effort, 0, began)
    while past < 1:
        if effort.rounds is not None:
            rounds = min(rounds, effort.rounds - done)
        clock = time.perf_counter()
        share = min(1.0, past + (rounds / effort.rounds if effort.rounds else _share_of(effort, began, done, rounds)))
        yield hot * (cold / hot) ** past, hot * (cold / hot) ** share, rounds
        done += rounds
        if effort.rounds is None and time.perf_counter() - clock < LONGEST_TURN_S / 2:
            rounds *= 2
        past = _past(effort, done, began)


def _past(effort: Effort, done: int, began: float) -> float:
    """The part of the way that lies behind; at the end of time it is over, however few rounds there were."""
    clock = (time.perf_counter() - began) / effort.seconds if effort.seconds > 0 else 1.0
    if effort.rounds is None:
        return clock
    return 1.0 if clock >= 1 or done >= effort.rounds else done / effort.rounds


def _share_of(effort: Effort, began: float, done: int, rounds: int) -> float:
    """The part of the way that so many rounds are likely to take."""
    return (time.perf_counter() - began) / done * rounds / effort.seconds if done else 0.0
