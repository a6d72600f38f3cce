"""A search by the clock or by a number of rounds, on one core or on several, each with a seed of its own; the best plan wins."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection

from dispatch.routing.search.anneal import Kept, anneal, kept
from dispatch.routing.search.chance import dice
from dispatch.routing.search.recreate import construct
from dispatch.routing.search.routes import empty_routes
from dispatch.routing.search.ruin import TOUCHED, desk
from dispatch.routing.search.tables import Tables

HOT, COLD = 3000.0, 30.0
"""Seconds on the road: how much worse a plan may become in the beginning and at the end."""
PRIZE = 3000.0
"""Seconds on the road that a point of priority is worth while searching; what counts in the end is priority first."""
FEW_ROUNDS = 200
LONGEST_TURN_S = 0.25


@dataclass(frozen=True)
class Effort:
    """How long to search: `seconds`, and not more than `rounds` (with these alone the result does not depend on the machine)."""

    seconds: float
    rounds: int | None = None
    seed: int = 0


@dataclass(frozen=True)
class Found:
    """The stops of each technician (rows of the tables), the priority that nobody has, what all costs, and what it took.

    Costs are seconds on the road, and what else has a price counted as such.
    """

    routes: list[list[int]]
    lost: int
    cost: int
    rounds: int
    first_s: float
    interrupted: bool = False


Tell = Callable[[Found], None]


def _nobody(_found: Found) -> None:
    """Nobody listens."""


FORK = multiprocessing.get_context("fork")


def searched(tables: Tables, effort: Effort, processes: int = 1, tell: Tell | None = None) -> Found:
    """The best of one search on each core; on one core alone `tell` is told of the best so far."""
    if processes < 2 or not tables.jobs or not tables.people:
        return one_search(tables, effort, tell)
    return _best_of(tables, effort, processes)


def one_search(tables: Tables, effort: Effort, tell: Tell | None = None) -> Found:
    """First a plan at once, then a better one until time or rounds are over, or somebody interrupts.

    `tell` is given the best so far: the first plan, and what stands after each turn.
    """
    began = time.perf_counter()
    routes, paper = empty_routes(tables), desk(tables, dice(effort.seed))
    construct(tables, routes, paper)
    paper.is_touched[:], paper.counts[TOUCHED] = 0, 0
    now, best = kept(routes, paper), kept(routes, paper)
    first_s = time.perf_counter() - began
    done, interrupted = 0, False
    tell = tell or _nobody
    tell(_found(best, done, first_s, interrupted=False))
    if tables.jobs and tables.people:
        try:
            for hot, cold, rounds in turns(effort, began):
                anneal(tables, routes, paper, now, best, PRIZE, rounds, hot, cold)
                done += rounds
                tell(_found(best, done, first_s, interrupted=False))
        except KeyboardInterrupt:
            interrupted = True  # the best so far is what was asked for
    return _found(best, done, first_s, interrupted=interrupted)


def turns(effort: Effort, began: float) -> Iterator[tuple[float, float, int]]:
    """(heat at first, heat at last, rounds) of each turn: short ones, so that the clock is looked at often enough."""
    done, rounds, past = 0, FEW_ROUNDS, _past(effort, 0, began)
    while past < 1:
        if effort.rounds is not None:
            rounds = min(rounds, effort.rounds - done)
        clock = time.perf_counter()
        share = min(1.0, past + (rounds / effort.rounds if effort.rounds else _share_of(effort, began, done, rounds)))
        yield heat(past), heat(share), rounds
        done += rounds
        if effort.rounds is None and time.perf_counter() - clock < LONGEST_TURN_S / 2:
            rounds *= 2
        past = _past(effort, done, began)


def heat(past: float) -> float:
    """How warm it is after a part of the way."""
    return HOT * float((COLD / HOT) ** past)


def _past(effort: Effort, done: int, began: float) -> float:
    """The part of the way that lies behind; at the end of time it is over, however few rounds there were."""
    clock = (time.perf_counter() - began) / effort.seconds if effort.seconds > 0 else 1.0
    if effort.rounds is None:
        return clock
    return 1.0 if clock >= 1 or done >= effort.rounds else done / effort.rounds


def _share_of(effort: Effort, began: float, done: int, rounds: int) -> float:
    """The part of the way that so many rounds are likely to take."""
    return (time.perf_counter() - began) / done * rounds / effort.seconds if done else 0.0


def _found(best: Kept, rounds: int, first_s: float, *, interrupted: bool) -> Found:
    routes = [best.stops[who, :count].tolist() for who, count in enumerate(best.many.tolist())]
    return Found(routes, int(best.sums[0]), int(best.sums[1]), rounds, first_s, interrupted)


def _best_of(tables: Tables, effort: Effort, processes: int) -> Found:
    """One process for each further seed beside this one. A process that dies is missed, no more."""
    children = [_Child(tables, Effort(effort.seconds, effort.rounds, effort.seed + k)) for k in range(1, processes)]
    try:
        found: list[Found | None] = [one_search(tables, effort)]
        if found[0] and found[0].interrupted:
            for child in children:
                child.interrupt()
        found += [child.answer() for child in children]
    finally:
        for child in children:
            child.end()
    told = [one for one in found if one is not None]
    best = min(told, key=lambda one: (one.lost, one.cost))
    return Found(best.routes, best.lost, best.cost, sum(one.rounds for one in told), told[0].first_s)


class _Child:
    """A search in a process of its own; it inherits the tables. Only for programs without threads."""

    def __init__(self, tables: Tables, effort: Effort) -> None:
        self.ours, theirs = FORK.Pipe(duplex=False)
        self.process = FORK.Process(target=_search_and_tell, args=(theirs, tables, effort), daemon=True)
        self.process.start()
        theirs.close()

    def answer(self) -> Found | None:
        """What it found; who presses Ctrl-C interrupts it as well, so that waiting again is short."""
        for _ in range(2):
            try:
                found: Found = self.ours.recv()
            except KeyboardInterrupt:
                continue
            except EOFError:
                return None
            return found
        return None

    def interrupt(self) -> None:
        """Somebody interrupted us, perhaps us alone."""
        if self.process.pid and self.process.is_alive():
            os.kill(self.process.pid, signal.SIGINT)

    def end(self) -> None:
        """Leaves no process behind."""
        self.process.terminate()
        self.process.join()
        self.ours.close()


def _search_and_tell(theirs: Connection, tables: Tables, effort: Effort) -> None:
    found = one_search(tables, effort)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # what was found is told, whatever comes now
    theirs.send(found)
