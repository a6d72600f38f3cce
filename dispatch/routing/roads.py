"""Travel seconds and metres between all places of a problem, as tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from typing import cast

import numpy as np
import numpy.typing as npt

from dispatch.geo.rules import EARTH_RADIUS_M, Coordinates
from dispatch.routing.model import Problem, Travel

Table = npt.NDArray[np.int64] | npt.NDArray[np.int32]
Marks = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.float64]

MANY_PLACES = 1500
ROWS_AT_ONCE = 500


class Roads:
    """Tables over distinct places. `index[place]` is a place's row; `seconds[a][b]` and `metres[a][b]` lead from a to b."""

    def __init__(
        self, places: Sequence[Coordinates], seconds: Table, metres: Table | _Asked, guessed: Marks | None = None
    ) -> None:
        """Tables measured elsewhere (a road engine): one row and one column per place, in the order of `places`.

        `guessed` marks what the engine did not know and the default stands for.
        """
        if seconds.shape != (len(places), len(places)) or metres.shape != seconds.shape:
            raise ValueError("the tables must be square, with a row for each place")
        self.index = {place: row for row, place in enumerate(places)}
        self.table = seconds
        self.guessed = guessed
        self.seconds = _rows(seconds)
        self.metres = metres if isinstance(metres, _Asked) else _rows(metres)

    def retimed(self, seconds: Table) -> Roads:
        """The same ways with other times."""
        roads = copy(self)
        roads.table, roads.seconds = seconds, _rows(seconds)
        return roads


def _rows(table: Table) -> Sequence[Sequence[int]]:
    """Rows of plain numbers: one out of a numpy table costs ten times as much as out of a list, and the planner reads millions.

    Of a large table no copy is made: a row is looked at where it lies, for twice the time and none of the memory.
    """
    if len(table) <= MANY_PLACES:
        lists: list[list[int]] = table.tolist()
        return lists
    return cast(Sequence[Sequence[int]], [memoryview(row) for row in table])


def places_of(problem: Problem) -> list[Coordinates]:
    """Every place once: homes first, then jobs, then stores."""
    stores = (store.at for store in problem.stores)
    return _once([*(t.home for t in problem.technicians), *(j.at for j in problem.jobs), *stores])


def great_circle(places: Iterable[Coordinates], travel: Travel) -> Roads:
    """Tables by great circle, as `travel` makes a road of it."""
    places = _once(places)
    number = np.int64 if len(places) <= MANY_PLACES else np.int32
    seconds = np.empty((len(places), len(places)), dtype=number)
    metres = None if len(places) > MANY_PLACES else np.empty_like(seconds)
    for begin in range(0, len(places), ROWS_AT_ONCE):
        rows = slice(begin, begin + ROWS_AT_ONCE)
        far = _on_road(_great_circle_metres(places[rows], places), travel)
        seconds[rows] = np.rint(far[0])
        if metres is not None:
            metres[rows] = np.rint(far[1])
    return Roads(places, seconds, metres if metres is not None else _Asked(places, travel))


class _Asked:
    """Metres reckoned when they are asked for: a plan drives one way in ten thousand, and the table would be half a gigabyte."""

    def __init__(self, places: Sequence[Coordinates], travel: Travel) -> None:
        self.places, self.travel = places, travel
        self.shape = (len(places), len(places))

    def __getitem__(self, here: int) -> Mapping[int, int]:
        return _AskedRow(self, here)


class _AskedRow(dict[int, int]):
    def __init__(self, table: _Asked, here: int) -> None:
        super().__init__()
        self.table, self.here = table, here

    def __missing__(self, there: int) -> int:
        places = self.table.places
        return drive(places[self.here], places[there], self.table.travel)[1]


def drive(a: Coordinates, b: Coordinates, travel: Travel) -> tuple[int, int]:
    """Seconds and metres from one place to another, as the tables have them."""
    seconds, far = _on_road(_great_circle_metres([a], [b]), travel)
    return round(float(seconds[0, 0])), round(float(far[0, 0]))


def _on_road(straight: Numbers, travel: Travel) -> tuple[Numbers, Numbers]:
    """Seconds and metres on the road for straight metres."""
    if travel.curve:
        at, far, seconds = np.array(travel.curve).T
        return np.interp(straight, at, seconds), np.interp(straight, at, far)
    road = straight * travel.factor
    return road / (travel.speed_kmh / 3.6), road


def straight(places: Sequence[Coordinates]) -> Numbers:
    """Metres from each to each, as the crow flies."""
    return _great_circle_metres(places, places)


def corrected(seconds: Numbers, places: Sequence[Coordinates], travel: Travel) -> Numbers:
    """The seconds of a road engine, multiplied by what was learned of them."""
    if not travel.measured:
        return seconds
    at, factor = np.array(travel.measured).T
    whole: Numbers = seconds * np.interp(straight(places), at, factor)
    return whole


def roads_of(problem: Problem) -> Roads:
    """The tables a problem's own `travel` describes."""
    return great_circle(places_of(problem), problem.travel)


def _once(places: Iterable[Coordinates]) -> list[Coordinates]:
    return list(dict.fromkeys(places))


def _great_circle_metres(here: Sequence[Coordinates], there: Sequence[Coordinates]) -> npt.NDArray[np.float64]:
    """A row for each place here, a column for each there."""
    (south, west), (lat, lon) = (np.radians(np.array(places, dtype=float).reshape(-1, 2)).T for places in (here, there))
    h = np.sin((south[:, None] - lat) / 2) ** 2 + np.cos(south)[:, None] * np.cos(lat) * np.sin((west[:, None] - lon) / 2) ** 2
    metres: npt.NDArray[np.float64] = 2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.minimum(1, h)))
    return metres
