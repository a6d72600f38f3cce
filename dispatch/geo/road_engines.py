"""Road engines that say how long it takes from places to places: OSRM's `table` and Valhalla's `sources_to_targets`.

One's own, on one's own roads: neither public server allows a company's day. What an engine does not know is not a number (nan).
"""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from dispatch.geo.rules import Coordinates

Numbers = npt.NDArray[np.float64]
BLOCK = 100
"""So many places a side are asked at once: both engines come with such a limit."""
MOST_BYTES = 50_000_000


class RoadEngineAway(Exception):
    """The engine did not answer, refused, or answered something else."""


@dataclass(frozen=True)
class Legs:
    """Seconds and metres from each source (row) to each target (column); nan where no road leads."""

    seconds: Numbers
    metres: Numbers


class RoadEngine(Protocol):
    """What the rest of the product knows of a road engine."""

    def legs(self, sources: Sequence[Coordinates], targets: Sequence[Coordinates]) -> Legs:
        """How far it is, at most `BLOCK` places a side. Raises RoadEngineAway."""
        ...


class Osrm:
    """OSRM: https://project-osrm.org/docs, service `table`."""

    def __init__(self, url: str, timeout_s: float) -> None:
        self.url, self.timeout_s = url.rstrip("/"), timeout_s

    def legs(self, sources: Sequence[Coordinates], targets: Sequence[Coordinates]) -> Legs:
        """All places in one list, of which the first are sources and the rest targets."""
        places = ";".join(f"{lon:.6f},{lat:.6f}" for lat, lon in [*sources, *targets])
        rows, columns = range(len(sources)), range(len(sources), len(sources) + len(targets))
        asked = f"sources={';'.join(map(str, rows))}&destinations={';'.join(map(str, columns))}&annotations=duration,distance"
        answer = _answer(urllib.request.Request(f"{self.url}/table/v1/driving/{places}?{asked}"), self.timeout_s)  # noqa: S310
        if answer.get("code") != "Ok":
            raise RoadEngineAway(f"OSRM: {answer.get('code')}")
        return _legs(answer.get("durations"), answer.get("distances"), 1, sources, targets)


class Valhalla:
    """Valhalla: https://valhalla.github.io/valhalla/api/matrix, for cars, told shortly and in kilometres."""

    def __init__(self, url: str, timeout_s: float) -> None:
        self.url, self.timeout_s = url.rstrip("/"), timeout_s

    def legs(self, sources: Sequence[Coordinates], targets: Sequence[Coordinates]) -> Legs:
        """Sources and targets apart."""
        sides = {"sources": [_point(one) for one in sources], "targets": [_point(one) for one in targets]}
        body = json.dumps({**sides, "costing": "auto", "units": "km", "verbose": False}).encode()
        head = {"Content-Type": "application/json"}
        asked = urllib.request.Request(f"{self.url}/sources_to_targets", data=body, headers=head)  # noqa: S310
        found = _answer(asked, self.timeout_s).get("sources_to_targets")
        if not isinstance(found, dict):
            raise RoadEngineAway("Valhalla: an answer in another shape")
        return _legs(found.get("durations"), found.get("distances"), 1000, sources, targets)


def road_engine(kind: str, url: str, timeout_s: float) -> RoadEngine | None:
    """The engine of the settings: "osrm", "valhalla", or none."""
    kinds: dict[str, type[Osrm] | type[Valhalla]] = {"osrm": Osrm, "valhalla": Valhalla}
    return kinds[kind](url, timeout_s) if kind and url else None


def _point(place: Coordinates) -> dict[str, float]:
    return {"lat": place[0], "lon": place[1]}


def _answer(request: urllib.request.Request, timeout_s: float) -> dict[str, Any]:
    try:
        with urllib.request.urlopen(request, timeout=timeout_s) as answer:  # noqa: S310 - the address is the setting's
            told = json.loads(answer.read(MOST_BYTES))
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise RoadEngineAway(str(error)) from error
    if not isinstance(told, dict):
        raise RoadEngineAway("an answer in another shape")
    return told


def _legs(seconds: Any, far: Any, metres: int, sources: Sequence[Any], targets: Sequence[Any]) -> Legs:
    """Tables out of an answer; null and what is below zero is not known."""
    try:
        made = [np.array(table, dtype=float) for table in (seconds, far)]
    except (TypeError, ValueError) as error:
        raise RoadEngineAway("tables in another shape") from error
    if any(table.shape != (len(sources), len(targets)) for table in made):
        raise RoadEngineAway("tables of another size")
    whole = [np.where(np.isfinite(table) & (table >= 0), table, np.nan) for table in made]
    return Legs(whole[0], whole[1] * metres)
