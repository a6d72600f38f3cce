"""A town for planning by hand: everybody lives at the depot, shops stand in a row east of it, ten minutes apart."""

from __future__ import annotations

from typing import Any

from dispatch.geo.rules import Coordinates
from dispatch.routing import Job, Lunch, Plan, Problem, Technician, Travel

DEPOT = (22.5, 114.0)
MINUTE, HOUR = 60, 3600
TEN_MINUTES_OF_LONGITUDE = 0.048678


def shop(number: float) -> Coordinates:
    """The shop that many times ten minutes east of the depot."""
    return (22.5, 114.0 + number * TEN_MINUTES_OF_LONGITUDE)


def at(text: str) -> int:
    """Seconds after midnight for "13:05"."""
    hours, minutes = text.split(":")
    return int(hours) * HOUR + int(minutes) * MINUTE


NOON = Lunch(at("11:30"), at("13:30"), 30)


def technician(name: str = "su", **facts: Any) -> Technician:
    """Works 8:30 to 17:30, without lunch, skills or parts unless given."""
    return Technician(**{"id": name, "home": DEPOT, "shift": (at("8:30"), at("17:30")), **facts})


def job(name: str, number: float = 1, **facts: Any) -> Job:
    """An hour's work at a shop."""
    return Job(**{"id": name, "at": shop(number), "minutes": 60, **facts})


def problem(technicians: list[Technician], jobs: list[Job], not_before: str | None = None) -> Problem:
    """30 km/h as the crow flies."""
    return Problem(tuple(technicians), tuple(jobs), Travel(1.0, 30), at(not_before) if not_before else None)


def stops(plan: Plan, name: str = "su") -> list[str]:
    """The jobs of a technician in order."""
    return [str(stop.job) for route in plan.routes if route.technician == name for stop in route.stops]


def starts(plan: Plan) -> dict[str, int]:
    """Job -> start."""
    return {str(stop.job): stop.start for route in plan.routes for stop in route.stops}
