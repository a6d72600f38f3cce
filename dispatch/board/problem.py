"""From the database to the planner's problem: one job per vehicle that waits, one for each visit that stays as it is."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from sqlalchemy.orm import Session

from dispatch.board.queries import live_visits, open_lines, other_visits, replaceable, team_and_cash, visits_on
from dispatch.board.rules import seconds_of, seconds_of_clock, taken_out
from dispatch.board.travelling import ways_of_branch
from dispatch.board.wanting import as_he_works, at_his_pace, lines_as_wanted, vehicles_beyond, visit_as_wanted, worked_in_week
from dispatch.board.work import DayOfBranch, Ways, fixed_job, place_of, place_of_visit, still_needed, visit_job_id
from dispatch.customers.wishes import NO_WISHES, Wishes, wishes_about
from dispatch.devices.usable import Parts, parts_in_bags
from dispatch.fees.cash_queries import Held
from dispatch.fees.collecting import paid_jobs
from dispatch.geo.rules import Coordinates
from dispatch.orders.models import OrderLine, Visit
from dispatch.routing import Job, Lunch, Plan, Problem, Route, Stop, Technician
from dispatch.staff.models import Person
from dispatch.staff.roster_queries import presences, roster_of
from dispatch.staff.roster_rules import Presence, Span
from dispatch.staff.rules import skill_counts


@dataclass(frozen=True)
class DayProblem:
    """A day as the planner gets it, and what its ids mean.

    `lines` are the jobs to give out (by line id), `fixed` the visits that stay (by job id), `team` all technicians and `there`
    when each of them is there, `unplaced` the lines that no map knows, `barred` who gets no paid job for the cash that he holds,
    `wishes` what customers say about the team. Who has no time on the day is not in the problem.
    """

    of: DayOfBranch
    problem: Problem
    lines: dict[int, OrderLine]
    fixed: dict[str, Visit]
    team: tuple[Person, ...] = ()
    there: Mapping[int, Presence] = field(default_factory=dict)
    unplaced: tuple[OrderLine, ...] = ()
    barred: Mapping[int, Held] = field(default_factory=dict)
    wishes: Wishes = NO_WISHES

    @property
    def homeless(self) -> list[Person]:
        """Technicians who can start from nowhere: neither their home nor their branch is on the map."""
        return [person for person in self.team if home_of(person) is None]

    @property
    def standing(self) -> Plan:
        """The fixed visits as a plan."""
        routes: dict[int, list[Stop]] = {}
        jobs = {job.id: job for job in self.problem.jobs}
        for job_id, visit in self.fixed.items():
            start, length = jobs[job_id].pinned_start or 0, jobs[job_id].minutes * 60
            routes.setdefault(visit.technician_id, []).append(Stop(job_id, start, start, start + length, 0))
        return Plan(tuple(_route(who, sorted(stops, key=lambda s: s.start)) for who, stops in routes.items()))

    def wanted(self, job: Job, visit: Visit) -> Job:
        """A visit's job as its customer wants it done."""
        return visit_as_wanted(job, visit, self.wishes)

    def pace_of(self, technician_id: int) -> int:
        """Per cent of the usual time that somebody takes for his work; a visitor's is not known."""
        return next((person.pace for person in self.team if person.id == technician_id), 100)

    @property
    def names(self) -> dict[object, str]:
        """What a dispatcher calls the jobs: the order's number."""
        return {job_id: visit.order.number for job_id, visit in self.fixed.items()}


def _route(who: int, stops: Sequence[Stop]) -> Route:
    return Route(who, stops[0].start, stops[-1].end, tuple(stops), None, 0, 0)


@dataclass(frozen=True)
class DayRead:
    """What was read of a branch's day: visits that `stay`, until when the `nights` before keep whom busy, vehicles that wait,
    people with what they hold in cash, and (asked for once the branch's ways are known) bags and presence; what customers say
    about these people, and the minutes that each has `worked` this week.
    """

    stays: Sequence[Visit]
    nights: Mapping[int, int]
    lines: Sequence[OrderLine]
    people: Sequence[Person]
    held: Mapping[int, Held]
    bags: Mapping[int, Parts]
    there: Mapping[int, Presence]
    wishes: Wishes = NO_WISHES
    worked: Mapping[int, int] = field(default_factory=dict)


def day_problem(session: Session, of: DayOfBranch, ways: Ways, *, dissolve: bool = True) -> DayProblem:
    """The problem of a branch's day. With `dissolve` planned visits that nobody set by hand are given out anew; else all stay,
    and nobody asks how long each has worked this week.
    """
    start, end = of.bounds
    stays = [v for v in visits_on(session, of.branch_id, start, end) if _stays(v, dissolve) and place_of_visit(v)]
    others = other_visits(session, of.branch_id, start, end)
    stays += [v for v in others if v.starts_at >= start and place_of_visit(v)]
    nights = {v.technician_id: seconds_of(v.ends_at, of.day, of.zone) for v in others if v.starts_at < start}
    lines = open_lines(session, of.branch_id, of.day, except_for=replaceable(start, end, of.midnight)) if dissolve else []
    people, held = team_and_cash(session, of.branch_id, of.at, skilled=True)
    ways = ways_of_branch(ways, people)
    bags = bags_of_morning(session, [p.id for p in people], of, ways)
    wishes, worked = wishes_about(session, [person.id for person in people]), worked_in_week(session, of) if dissolve else {}
    read = DayRead(stays, nights, lines, people, held, bags, there_on(session, people, of), wishes, worked)
    barred = any(one.barred for one in held.values())
    placed = {line.order_id for line in lines if place_of(line) is not None}
    return problem_of(read, of, ways, paid_jobs(session, placed, at=of.at) if barred else frozenset())


def problem_of(read: DayRead, of: DayOfBranch, ways: Ways, paid: Container[int]) -> DayProblem:
    """The problem out of what was read; `ways` are the branch's. At the orders in `paid` something is to be collected."""
    people, there = read.people, read.there
    shifts = dict(_shifts(people, there, read.nights, of))
    lunches = {p.id: _lunch(p, there[p.id], read.stays, of, ways) for p in people if p.id in shifts}
    barred = {who: one for who, one in read.held.items() if one.barred}
    team = [_technician(p, shifts[p.id], of.day, read.bags.get(p.id, {}), lunches[p.id]) for p in people if p.id in shifts]
    team = [replace(one, takes_money=one.id not in barred) for one in team]
    team = _as_they_work(team, read, of, ways)
    placed = [line for line in read.lines if place_of(line) is not None]
    fixed = [_fixed(v, of, ways, read.wishes) for v in read.stays]
    jobs = [*fixed, *lines_as_wanted(placed, of, ways, paid, read.wishes)]
    return DayProblem(
        of,
        Problem(tuple(team), tuple(jobs), ways.travel, of.not_before, ways.weights.prices),
        {line.id: line for line in placed},
        {visit_job_id(v): v for v in read.stays},
        tuple(people),
        there,
        tuple(line for line in read.lines if place_of(line) is None),
        barred,
        read.wishes,
    )


def _as_they_work(team: Sequence[Technician], read: DayRead, of: DayOfBranch, ways: Ways) -> list[Technician]:
    known, beyond, worked = {person.id: person for person in read.people}, vehicles_beyond(read.stays), read.worked
    return [
        as_he_works(one, known[int(one.id)], ways.weights, beyond=beyond.get(int(one.id), 0), worked=worked.get(int(one.id), 0))
        for one in team
    ]


def _fixed(visit: Visit, of: DayOfBranch, ways: Ways, wishes: Wishes) -> Job:
    """A visit that stays; one for another branch is that branch's affair."""
    job = fixed_job(visit, of, ways)
    return visit_as_wanted(job, visit, wishes) if visit.branch_id == of.branch_id else job


def _shifts(
    people: Sequence[Person], there: Mapping[int, Presence], nights: Mapping[int, int], of: DayOfBranch
) -> Iterator[tuple[int, Span]]:
    """When each who has a home is there: not before what he began in the evening before is over."""
    for person in people:
        shift = there[person.id].shift(of.not_before) if home_of(person) else None
        free = max(shift[0], nights.get(person.id, 0)) if shift else 0
        if shift and free < shift[1]:
            yield person.id, (free, shift[1])


def there_on(session: Session, people: Sequence[Person], of: DayOfBranch) -> dict[int, Presence]:
    """When each of these people is there on the day: what the planner, the board and "who could go" all ask."""
    roster = roster_of(session, of.branch_id, [person.id for person in people], of.day, of.day, of.zone)
    return presences(people, of.day, of.zone, roster)


def bags_of_morning(session: Session, person_ids: Collection[int], of: DayOfBranch, ways: Ways) -> dict[int, Parts]:
    """What the bags will hold on the morning of the day: what they hold now, less what visits before it will take."""
    start, _ = of.bounds
    return bags_after(parts_in_bags(session, person_ids), live_visits(session, of.branch_id, of.midnight, start), ways)


def bags_after(bags: Mapping[int, Parts], visits: Iterable[Visit], ways: Ways) -> dict[int, Parts]:
    """What bags hold once these visits have taken theirs."""
    left = dict(bags)
    for visit in visits:
        if visit.technician_id in left:
            left[visit.technician_id], _short = taken_out(left[visit.technician_id], still_needed([visit], ways))
    return left


def _stays(visit: Visit, dissolve: bool) -> bool:
    return not dissolve or visit.status != "planned" or visit.by_hand


def home_of(person: Person) -> Coordinates | None:
    """Where a technician starts and ends the day: at home, else at the branch."""
    if person.home_lat is not None and person.home_lon is not None:
        return person.home_lat, person.home_lon
    branch = person.branch
    return (branch.lat, branch.lon) if branch.lat is not None and branch.lon is not None else None


def _technician(person: Person, shift: Span, day: date, bag: Mapping[str, int], lunch: Lunch | None) -> Technician:
    home = home_of(person)
    assert home is not None
    return Technician(
        id=person.id,
        home=home,
        shift=shift,
        lunch=lunch,
        skills={row.skill: row.level for row in person.skills if skill_counts(row.expires_on, day)},
        parts=bag,
        product_trained=person.trained_on is not None and person.trained_on <= day,
    )


def _lunch(person: Person, there: Presence, visits: Iterable[Visit], of: DayOfBranch, ways: Ways) -> Lunch | None:
    """The lunch that is due within his hours of the day."""
    return None if _ate(person, visits, of, ways) else lunch_within(person, there, there.shift(of.not_before))


def lunch_within(person: Person, there: Presence, shift: Span | None) -> Lunch | None:
    """His lunch; none where roster or leave give him hours that do not hold the time kept for it."""
    lunch = lunch_of(person)
    if lunch is None or not (there.rostered or there.away):
        return lunch
    held = shift is not None and shift[0] <= lunch.earliest and lunch.latest + lunch.seconds <= shift[1]
    return lunch if held else None


def lunch_of(person: Person) -> Lunch | None:
    """A technician's lunch; it ends within the hours kept for it."""
    if person.lunch_from is None or person.lunch_to is None or not person.lunch_minutes:
        return None
    earliest = seconds_of_clock(person.lunch_from)
    latest = seconds_of_clock(person.lunch_to) - person.lunch_minutes * 60
    return Lunch(earliest, max(earliest, latest), person.lunch_minutes)


def _ate(person: Person, visits: Iterable[Visit], of: DayOfBranch, ways: Ways) -> bool:
    """Whether one of the visits that stay was given time for lunch within it."""
    return any(has_lunch_within(person, v, of, ways) for v in visits if v.technician_id == person.id)


def has_lunch_within(person: Person, visit: Visit, of: DayOfBranch, ways: Ways) -> bool:
    """Whether a visit is longer than its work by a lunch, and lies over lunch time."""
    lunch = lunch_of(person)
    if lunch is None:
        return False
    work = ways.setup_minutes + sum(ways.needs(row.line).minutes for row in visit.visit_lines)
    work = at_his_pace(work, person.pace)
    start, end = (seconds_of(moment, of.day, of.zone) for moment in (visit.starts_at, visit.ends_at))
    over_noon = start <= lunch.latest and end >= lunch.earliest + lunch.seconds
    return over_noon and end - start >= work * 60 + lunch.seconds
