"""A search in a process of its own that tells of each better plan while it looks: the caller's process stays free.

The child is a fresh Python. It ends with its work, when it is told to, and when the process that began it is gone.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from multiprocessing.connection import Connection, Pipe
from typing import NamedTuple

from dispatch.routing.model import Plan, Problem
from dispatch.routing.roads import Roads

_BOOT = "import json, sys; sys.path[:] = json.loads(sys.argv[2]); from dispatch.routing.apart import live; live(int(sys.argv[1]))"
TICK_S = 1.0
STARTING_S = 60
"""More than the time of the search itself, which may have to be compiled first; after that the child is given up."""


class Asked(NamedTuple):
    """What the child is to search, for how long, and with which seed."""

    problem: Problem
    seconds: float
    seed: int
    roads: Roads | None


class Broke(Exception):
    """The search raised; the text says what."""


def bettered(problem: Problem, seconds: float, *, seed: int = 0, roads: Roads | None = None) -> Iterator[Plan | None]:
    """Better and better plans, without reasons, each checked; None about once a second when there is nothing new.

    Ends when the search does, or its process; to close it ends the process. Raises Broke when the search cannot be made.
    """
    ours, theirs = Pipe()
    given = [sys.executable, "-c", _BOOT, str(theirs.fileno()), json.dumps(sys.path)]
    child = subprocess.Popen(given, stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()])
    theirs.close()
    try:
        with suppress(EOFError, OSError):
            ours.send(Asked(problem, seconds, seed, roads))
            yield from _told(ours, int((seconds + STARTING_S) / TICK_S))
    finally:
        ours.close()
        child.kill()
        child.wait()


def _told(pipe: Connection, ticks: int) -> Iterator[Plan | None]:
    """What the child says, until it has nothing more to say."""
    while ticks > 0:
        if not pipe.poll(TICK_S):
            ticks -= 1
            yield None
            continue
        told = pipe.recv()
        if isinstance(told, str):
            raise Broke(told)
        yield told


def live(number: int) -> None:
    """The child's life: one search; whatever comes after what was asked, or the end of the pipe, is its end."""
    with Connection(number) as pipe, suppress(EOFError, BrokenPipeError, ConnectionResetError):
        asked: Asked = pipe.recv()
        threading.Thread(target=_end_with, args=(pipe,), daemon=True).start()
        try:
            _search(pipe, asked)
        except (ValueError, AssertionError) as reason:
            pipe.send(f"{type(reason).__name__}: {reason}")


def _end_with(pipe: Connection) -> None:
    """The parent says nothing more: when its end of the pipe closes, nobody wants the search any more."""
    with suppress(EOFError, OSError):
        pipe.recv()
    os._exit(0)


def _search(pipe: Connection, asked: Asked) -> None:
    from dispatch.routing.improve import improved  # loads the compiled search, which the parent has no need of
    from dispatch.routing.search.run import Effort

    effort = Effort(asked.seconds, None, asked.seed)
    made = improved(asked.problem, effort, roads=asked.roads, tell=lambda better: pipe.send(better.plan))
    pipe.send(made.plan)
