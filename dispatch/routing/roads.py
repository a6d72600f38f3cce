"""Travel seconds and metres between all places of a problem, as tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from dispatch.geo.rules import EARTH_RADIUS_M, Coordinates
from dispatch.routing.model import Problem, Travel

Table = npt.NDArray[np.int64]
Marks = npt.NDArray[np.bool_]


class Roads:
    """Tables over distinct places. `index[place]` is a place's row; `seconds[a][b]` and `metres[a][b]` lead from a to b."""

    def __init__(self, places: Sequence[Coordinates], seconds: Table, metres: Table, guessed: Marks | None = None) -> None:
        """Tables measured elsewhere (a road engine): one row and one column per place, in the order of `places`.

        `guessed` marks what the engine did not know and the default stands for.
        """
        if seconds.shape != (len(places), len(places)) or metres.shape != seconds.shape:
            raise ValueError("the tables must be square, with a row for each place")
        self.index = {place: row for row, place in enumerate(places)}
        self.table = seconds
        self.guessed = np.zeros(seconds.shape, dtype=bool) if guessed is None else guessed
        # Plain lists: a single number out of a numpy table costs ten times as much, and the planner reads millions.
        self.seconds: list[list[int]] = seconds.tolist()
        self.metres: list[list[int]] = metres.tolist()


def places_of(problem: Problem) -> list[Coordinates]:
    """Every place once: homes first, then jobs."""
    return _once([*(t.home for t in problem.technicians), *(j.at for j in problem.jobs)])


def great_circle(places: Iterable[Coordinates], travel: Travel) -> Roads:
    """Tables by great circle * factor."""
    places = _once(places)
    far = _great_circle_metres(places) * travel.factor
    return Roads(places, np.rint(far / (travel.speed_kmh / 3.6)).astype(np.int64), np.rint(far).astype(np.int64))


def roads_of(problem: Problem) -> Roads:
    """The tables a problem's own `travel` describes."""
    return great_circle(places_of(problem), problem.travel)


def _once(places: Iterable[Coordinates]) -> list[Coordinates]:
    return list(dict.fromkeys(places))


def _great_circle_metres(places: Sequence[Coordinates]) -> npt.NDArray[np.float64]:
    lat, lon = np.radians(np.array(places, dtype=float).reshape(-1, 2)).T
    h = np.sin((lat[:, None] - lat) / 2) ** 2 + np.cos(lat)[:, None] * np.cos(lat) * np.sin((lon[:, None] - lon) / 2) ** 2
    metres: npt.NDArray[np.float64] = 2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.minimum(1, h)))
    return metres
