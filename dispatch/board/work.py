"""What vehicles and visits ask of a day: place, time, skills and parts, as jobs for the planner."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from math import ceil
from typing import Protocol

from dispatch.board.rules import day_bounds, seconds_of, seconds_of_clock, wanted_words
from dispatch.board.weights import AS_USUAL, WeighingSettings, Weights
from dispatch.clock import local_day
from dispatch.customers.models import Site
from dispatch.geo.paces import Paces, along, part_at
from dispatch.geo.rules import Coordinates, metres
from dispatch.orders.lifecycle import LINE_SETTLED, VISIT_LIVE
from dispatch.orders.models import Order, OrderLine, Visit
from dispatch.orders.rules import PRIORITY, Needs, needs_of
from dispatch.routing import Job, Travel
from dispatch.routing.roads import drive

MOST_URGENT = 100
DAY = 24 * 3600


class PlannerSettings(WeighingSettings, Protocol):
    """The settings that planning reads."""

    @property
    def travel_factor(self) -> float: ...
    @property
    def travel_speed_kmh(self) -> float: ...
    @property
    def install_minutes(self) -> int: ...
    @property
    def repair_minutes(self) -> int: ...
    @property
    def setup_minutes(self) -> int: ...


@dataclass(frozen=True)
class Ways:
    """How long things take in this company, in minutes, and how fast one gets about: in the company (`travel`), or on a day of a
    branch, where `paces` says how fast by the hour, too. `weights`: what counts how much in a plan beside the way.
    """

    travel: Travel
    install_minutes: int
    repair_minutes: int
    setup_minutes: int
    paces: Paces | None = None
    weights: Weights = AS_USUAL

    @classmethod
    def of(cls, settings: PlannerSettings) -> Ways:
        """From the settings of the process."""
        travel = Travel(settings.travel_factor, settings.travel_speed_kmh)
        times = settings.install_minutes, settings.repair_minutes, settings.setup_minutes
        return cls(travel, *times, weights=Weights.of(settings))

    def drive(self, a: Coordinates | None, b: Coordinates | None) -> tuple[int, int]:
        """Seconds and metres from one place to another; nothing from nowhere."""
        return drive(a, b, self.travel) if a and b else (0, 0)

    def drive_at(self, a: Coordinates | None, b: Coordinates | None, start: int) -> int | None:
        """Seconds from one place to another for who sets out so many seconds after midnight, where that is known."""
        if self.paces is None or not (a and b):
            return None
        return round(along(self.paces.curves[part_at(start)], metres(a, b)))

    def needs(self, line: OrderLine) -> Needs:
        """What one vehicle of an order asks of a technician. Its order must be loaded."""
        order = line.order
        times = {"install_minutes": self.install_minutes, "repair_minutes": self.repair_minutes}
        return needs_of(order.kind, order.symptom, line.model or order.product_model, **times)


@dataclass(frozen=True)
class DayOfBranch:
    """Which day is meant, and from where it is looked at."""

    branch_id: int
    day: date
    zone: str
    at: datetime

    @property
    def today(self) -> date:
        """The calendar day of `at` in the branch."""
        return local_day(self.at, self.zone)

    @property
    def bounds(self) -> tuple[datetime, datetime]:
        """The day as moments [start, end)."""
        return day_bounds(self.day, self.zone)

    @property
    def midnight(self) -> datetime:
        """The moment today began."""
        return day_bounds(self.today, self.zone)[0]

    @property
    def not_before(self) -> int | None:
        """Seconds after midnight before which nobody can set out any more; None on a day that has not begun."""
        return seconds_of(self.at, self.day, self.zone) if self.day == self.today else None


def site_of_line(line: OrderLine) -> Site:
    """Where the work on a vehicle is done."""
    return line.own_site or line.order.site


def site_of_visit(visit: Visit) -> Site:
    """Where a visit goes: to its first vehicle's place."""
    first = visit.visit_lines[0].line if visit.visit_lines else None
    return (first.own_site if first else None) or visit.order.site


def place_of(line: OrderLine) -> Coordinates | None:
    """The place of the work on a vehicle, None while no map knows it."""
    return _coordinates(site_of_line(line))


def place_of_visit(visit: Visit) -> Coordinates | None:
    """The place of a visit, None while no map knows it."""
    return _coordinates(site_of_visit(visit))


def _coordinates(site: Site) -> Coordinates | None:
    return (site.lat, site.lon) if site.lat is not None and site.lon is not None else None


def visit_job_id(visit: Visit) -> str:
    """The id of the job that stands for a visit; lines go by their number."""
    return visit_job_of(visit.id)


def visit_job_of(visit_id: int) -> str:
    """The same, where only the visit's id is known."""
    return f"visit-{visit_id}"


def fixed_job(visit: Visit, of: DayOfBranch, ways: Ways) -> Job:
    """A visit that stays as it is: its technician is busy with it."""
    place = place_of_visit(visit)
    assert place is not None
    start, end = _span(visit)
    return Job(
        id=visit_job_id(visit),
        at=place,
        # Up to the next whole minute from the second it starts in: a fraction less would book its technician twice.
        minutes=max(1, ceil((end - start.replace(microsecond=0)).total_seconds() / 60)),
        parts={} if visit.status == "finished" else parts_of_lines((row.line for row in visit.visit_lines), ways),
        pinned_to=visit.technician_id,
        pinned_start=max(0, seconds_of(start, of.day, of.zone)),
    )


def _span(visit: Visit) -> tuple[datetime, datetime]:
    """When a visit takes its technician's time: as planned, longer where he came or stays later, as it was once finished."""
    if visit.status == "finished" and visit.arrived_at and visit.finished_at:
        return visit.arrived_at, max(visit.finished_at, visit.arrived_at + timedelta(minutes=1))
    if visit.status == "on_site" and visit.arrived_at:
        return min(visit.starts_at, visit.arrived_at), max(visit.ends_at, visit.arrived_at + (visit.ends_at - visit.starts_at))
    return visit.starts_at, visit.ends_at


def parts_of_lines(lines: Iterable[OrderLine], ways: Ways) -> dict[str, int]:
    """Part -> how many the vehicles take out of the bag together."""
    count: Counter[str] = Counter()
    for line in lines:
        count.update(ways.needs(line).parts)
    return dict(count)


def still_needed(visits: Iterable[Visit], ways: Ways) -> dict[str, int]:
    """Part -> how many the visits still to be made or under way will take out of the bag, for vehicles not settled yet."""
    lines = (row.line for visit in visits if visit.status in VISIT_LIVE for row in visit.visit_lines)
    return parts_of_lines((line for line in lines if line.status not in LINE_SETTLED), ways)


def line_jobs(lines: Sequence[OrderLine], of: DayOfBranch, ways: Ways, paid: Container[int] = ()) -> list[Job]:
    """One job for each vehicle that waits; all have a place. At the orders in `paid` something is to be collected."""
    together = Counter((line.order_id, place_of(line)) for line in lines)
    jobs = (_line_job(line, together[line.order_id, place_of(line)], of, ways) for line in lines)
    return [replace(job, collects=line.order_id in paid) for job, line in zip(jobs, lines, strict=True)]


def _line_job(line: OrderLine, together: int, of: DayOfBranch, ways: Ways) -> Job:
    place, needs = place_of(line), ways.needs(line)
    assert place is not None
    return Job(
        id=line.id,
        at=place,
        minutes=needs.minutes,
        setup_minutes=ways.setup_minutes,
        windows=_windows(line.order, of.day, (together - 1) * needs.minutes * 60),
        priority=priority_of(line.order, of),
        skills=needs.skills,
        parts=needs.parts,
    )


def _windows(order: Order, day: date, others: int) -> tuple[tuple[int, int], ...]:
    """The promised time holds for the arrival: the last of several vehicles may start later by the work on the `others`."""
    if order.wanted_on not in (None, day) or (order.window_from is None and order.window_to is None):
        return ()
    closes = seconds_of_clock(order.window_to) + others if order.window_to else DAY - 1
    return ((seconds_of_clock(order.window_from or time.min), min(closes, DAY - 1)),)


def wanted_of(order: Order) -> str:
    """When the customer wants somebody, in figures; "" when he did not say."""
    return wanted_words(order.wanted_on, order.window_from, order.window_to)


def late_by(order: Order, day: date, start: int) -> int:
    """Seconds by which a start (after the midnight of `day`) is later than the customer was promised."""
    windows = _windows(order, day, 0)
    return max(0, start - max(closes for _, closes in windows)) if windows else 0


def off_wanted(order: Order, day: date, start: int) -> bool:
    """Whether a start (seconds after the midnight of `day`) is not when the customer wants somebody."""
    windows = _windows(order, day, 0)
    return order.wanted_on not in (None, day) or any(not opens <= start <= closes for opens, closes in windows)


def priority_of(order: Order, of: DayOfBranch) -> int:
    """Urgency first; each day of waiting counts one, but never lifts an order over the next urgency."""
    waited = max(0, (of.day - local_day(order.received_at, of.zone)).days)
    base = PRIORITY[order.urgency]
    above = min((p for p in PRIORITY.values() if p > base), default=MOST_URGENT + 1)
    return min(base + waited, above - 1)


def joint_job(job_id: str, lines: Sequence[OrderLine], of: DayOfBranch, ways: Ways) -> Job:
    """One job for several vehicles of an order at one place, as a visit set by hand does them."""
    place = place_of(lines[0])
    assert place is not None
    needs = [ways.needs(line) for line in lines]
    return Job(
        id=job_id,
        at=place,
        minutes=ways.setup_minutes + sum(n.minutes for n in needs),
        windows=_windows(lines[0].order, of.day, 0),
        priority=priority_of(lines[0].order, of),
        skills=highest_skills(n.skills for n in needs),
        parts=parts_of_lines(lines, ways),
    )


def highest_skills(asked: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """What somebody must know who does all of these: skill -> the highest level asked for."""
    levels: dict[str, int] = {}
    for skills in asked:
        for skill, level in skills.items():
            levels[skill] = max(level, levels.get(skill, 0))
    return levels
