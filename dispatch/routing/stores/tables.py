"""The problem as tables of whole numbers, the only thing that compiled code reads. A moment is a millionth of a unit of time."""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil
from typing import NamedTuple

import numpy as np

from dispatch.routing.search.tables import Flags, Ints
from dispatch.routing.stores.model import Place, Problem, Request, Technician

NEVER = 1 << 60
TICKS = 1_000_000
UNSEEN = 1e-4
"""Of a tick: what the computer's own rounding may add to a way that is whole."""
NOT_ABLE, AFTER_STORE, ABLE = 0, 1, 2
SOONER = 1.0
"""How much of the way a unit of time between two windows counts where requests are compared."""


class Tables(NamedTuple):
    """Rows of `drive`, `opens`, `closes` and `service` are the requests, then the homes, then the store.

    Ways are rounded up, so that who is in time here is in time. `able[who, job]`: NOT_ABLE, AFTER_STORE (the bag alone
    lacks something) or ABLE. `has_tools[who, job]`. `near`: for each job the others, the nearest first; `like`: the most alike
    first, by way and window.
    """

    drive: Ints
    opens: Ints
    closes: Ints
    service: Ints
    parts: Ints
    bag: Ints
    able: Flags
    has_tools: Flags
    near: Ints
    like: Ints

    @property
    def jobs(self) -> int:
        """How many requests there are."""
        return len(self.parts)

    @property
    def people(self) -> int:
        """How many technicians there are."""
        return len(self.bag)


def tables_of(problem: Problem) -> Tables:
    """All of a problem; requests and technicians keep their order."""
    requests, people = problem.requests, problem.technicians
    places = [*(one.place for one in requests), *(_unmanned(one.home) for one in people), problem.store]
    drive, jobs = _drive(places), len(requests)
    has_tools = _flags([[one.tools <= who.tools for one in requests] for who in people], jobs)
    middle = np.array([(one.place.opens + one.place.closes) / 2 for one in requests], dtype=np.float64) * TICKS
    apart = drive[:jobs, :jobs] + SOONER * np.abs(middle[:, None] - middle[None, :])
    return Tables(
        drive=drive,
        opens=_moments(ceil(place.opens * TICKS) for place in places),
        closes=_moments(int(place.closes * TICKS) for place in places),
        service=_moments(ceil(place.service * TICKS - UNSEEN) for place in places),
        parts=_counts([one.parts for one in requests], problem),
        bag=_counts([who.parts for who in people], problem),
        able=_flags([[_able(who, one) for one in requests] for who in people], jobs),
        has_tools=has_tools,
        near=_sorted(drive[:jobs, :jobs].astype(np.float64)),
        like=_sorted(apart),
    )


def _unmanned(home: Place) -> Place:
    return Place(home.at, home.opens, home.closes)


def _drive(places: list[Place]) -> Ints:
    return np.array([[ceil(one.far(other) * TICKS - UNSEEN) for other in places] for one in places], dtype=np.int64)


def _able(who: Technician, one: Request) -> int:
    if not one.skills <= who.skills:
        return NOT_ABLE
    enough = all(need <= has for need, has in zip(one.parts, who.parts, strict=True))
    return ABLE if enough and one.tools <= who.tools else AFTER_STORE


def _moments(values: Iterable[int]) -> Ints:
    return np.fromiter(values, dtype=np.int64)


def _counts(rows: list[tuple[int, ...]], problem: Problem) -> Ints:
    some = [one.parts for one in problem.requests[:1]] or [one.parts for one in problem.technicians[:1]] or [()]
    return np.array(rows, dtype=np.int64).reshape(len(rows), len(some[0]))


def _flags(rows: list[list[int]] | list[list[bool]], jobs: int) -> Flags:
    return np.array(rows, dtype=np.uint8).reshape(len(rows), jobs)


def _sorted(apart: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> Ints:
    np.fill_diagonal(apart, -1)  # oneself first
    return np.ascontiguousarray(np.argsort(apart, axis=1, kind="stable").astype(np.int64))
