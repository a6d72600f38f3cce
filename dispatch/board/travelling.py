"""How long it takes from place to place: measured by the road engine, where one is set up; by the branch's own speeds otherwise.

What the engine does not know, or all of it while the engine is away, is filled with the default. What was measured is kept in
this process for a day.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import structlog

from dispatch.board.travel_queries import hours_of, paces_told
from dispatch.board.work import Ways
from dispatch.geo.road_engines import BLOCK, Legs, RoadEngine, RoadEngineAway
from dispatch.geo.rules import Coordinates
from dispatch.routing import Job, Plan, Problem, Roads
from dispatch.routing.roads import Marks, Numbers, corrected, great_circle, places_of, straight
from dispatch.staff.models import Person

log = structlog.get_logger("board")

KEPT_S, MOST_KEPT = 86_400, 1_000_000
AWAY_S = 60
"""For so long an engine that did not answer is not asked again: a dispatcher is waiting."""
ASKED_S = 90
"""A slow engine is asked no longer for one day; what it has told by then is kept, the rest is guessed."""
FASTEST_KMH, LONGEST_S, FARTHEST_M = 200, 7 * 86_400, 20_000_000
"""What is faster than that as the crow flies, or longer, is no drive: a hole in the engine's map, or nonsense."""
Leg = tuple[Coordinates, Coordinates]

_engine: RoadEngine | None = None
_name = ""
_known: OrderedDict[Leg, tuple[float, float, float]] = OrderedDict()
_away_until = 0.0
_lock = threading.Lock()


def configure(engine: RoadEngine | None, name: str = "") -> None:
    """Which engine is asked, and what it is called; none: the default holds everywhere."""
    global _engine, _name, _away_until
    _engine, _name, _away_until = engine, name if engine else "", 0.0
    _known.clear()


def engine_name() -> str:
    """What the engine is called that is asked; "" for none."""
    return _name


def ways_of_branch(ways: Ways, people: Sequence[Person]) -> Ways:
    """The company's ways as a branch goes them: its speeds and what its drives taught, as the mean over its people's hours."""
    paces = paces_told(people[0].branch.travel if people else None, ways.travel, _name)
    hours = hours_of(people)
    travel = replace(ways.travel, curve=paces.mean(hours), measured=paces.measured_mean(hours))
    return replace(ways, travel=travel, paces=paces)


def roads_for(problem: Problem, job: Job | None = None) -> Roads | None:
    """Measured roads between all places of a problem and of a job; None where there is no engine."""
    if _engine is None:
        return None
    places = [*places_of(problem), *([job.at] if job else [])]
    default = great_circle(places, problem.travel)
    measured = _measured(list(default.index))
    guessed = ~_is_drive(measured, straight(list(default.index)))
    far = np.array(default.metres, dtype=float).reshape(guessed.shape)
    seconds = np.where(guessed, default.table, corrected(measured.seconds, list(default.index), problem.travel))
    return Roads(list(default.index), _whole(seconds), _whole(np.where(guessed, far, measured.metres)), guessed)


def measured_seconds(legs: Iterable[Leg]) -> Iterator[float | None]:
    """What the engine says of single legs, before anything that was learned; None where it knows nothing, or there is none."""
    for start, end in legs:
        seconds = float(_measured([start, end]).seconds[0, 1]) if _engine else np.nan
        yield None if np.isnan(seconds) else seconds


def guessed_drives(problem: Problem, plan: Plan, roads: Roads | None) -> dict[str, int]:
    """How many drives of a plan the engine did not know, of how many; nothing where no engine is asked."""
    if roads is None or roads.guessed is None:
        return {}
    homes, places = {t.id: t.home for t in problem.technicians}, {job.id: job.at for job in problem.jobs}
    stations = ([homes[r.technician], *(places[stop.job] for stop in r.stops), homes[r.technician]] for r in plan.routes)
    legs = [(roads.index[a], roads.index[b]) for route in stations for a, b in pairwise(route) if a != b]
    return {"guessed": sum(bool(roads.guessed[leg]) for leg in legs), "driven": len(legs)}


def _is_drive(legs: Legs, far: Numbers) -> Marks:
    """Which of the measured legs can be driven so; far is straight, in metres."""
    with np.errstate(invalid="ignore"):
        possible: Marks = (legs.seconds >= far / (FASTEST_KMH / 3.6)) & (legs.seconds <= LONGEST_S) & (legs.metres <= FARTHEST_M)
    return possible


def _whole(table: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    return np.rint(table).astype(np.int64)


def _measured(places: Sequence[Coordinates]) -> Legs:
    """What is known of the legs between the places, after asking about what is not."""
    with _lock:
        _forget()
    unknown: dict[tuple[Coordinates, ...], list[Coordinates]] = {}
    for start in places:
        unknown.setdefault(tuple(end for end in places if (start, end) not in _known), []).append(start)
    until = time.monotonic() + ASKED_S
    for targets, sources in unknown.items():
        _ask(sources, targets, until)
    nothing = (np.nan, np.nan, 0.0)
    rows = [[(0.0, 0.0) if start == end else _known.get((start, end), nothing)[:2] for end in places] for start in places]
    table = np.array(rows, dtype=float).reshape(len(places), len(places), 2)
    return Legs(table[..., 0], table[..., 1])


def _ask(sources: Sequence[Coordinates], targets: Sequence[Coordinates], until: float) -> None:
    """Ask block by block until a moment; an engine that is away is left alone for a while."""
    global _away_until
    for mine in _blocks(sources):
        for theirs in _blocks(targets):
            if _engine is None or not _away_until <= time.monotonic() <= until:
                return
            try:
                legs = _engine.legs(mine, theirs)
            except RoadEngineAway as error:
                _away_until = time.monotonic() + AWAY_S
                log.warning("road_engine_away", why=str(error))
                return
            _keep(mine, theirs, legs)


def _blocks(places: Sequence[Coordinates]) -> Iterable[Sequence[Coordinates]]:
    return (places[first : first + BLOCK] for first in range(0, len(places), BLOCK))


def _keep(sources: Sequence[Coordinates], targets: Sequence[Coordinates], legs: Legs) -> None:
    at = time.monotonic()
    with _lock:
        for start, seconds, metres in zip(sources, legs.seconds.tolist(), legs.metres.tolist(), strict=True):
            for end, each_s, each_m in zip(targets, seconds, metres, strict=True):
                _known[start, end] = (each_s, each_m, at)


def _forget() -> None:
    """What is a day old, and the oldest of too many."""
    old = time.monotonic() - KEPT_S
    while _known and (len(_known) > MOST_KEPT or next(iter(_known.values()))[2] < old):
        _known.popitem(last=False)
