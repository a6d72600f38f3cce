"""Whatever the day looks like, its plan keeps the rules, and the engine understands the question."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from dispatch.routing import Job, Lunch, Problem, Technician, Travel, conflicts, plan, violations, who_could
from dispatch.routing.encode import encoded
from dispatch.routing.gateway import solved
from dispatch.routing.model import Id
from dispatch.routing.roads import roads_of
from dispatch.routing.timetable import days_of
from tests.routing.town import HOUR, shop

moments = st.integers(0, 4 * 24).map(lambda quarter: quarter * 900)
places = st.integers(0, 6).map(shop)
skills = st.dictionaries(st.sampled_from(["repair", "taxi"]), st.integers(0, 3))
parts = st.dictionaries(st.sampled_from(["terminal", "sim"]), st.integers(0, 4))
spans = st.tuples(moments, moments)
lunches = st.none() | st.builds(
    lambda start, length, minutes: Lunch(start, start + length, minutes),
    st.integers(10 * HOUR, 14 * HOUR),
    st.integers(0, 3 * HOUR),
    st.integers(0, 90),
)


@st.composite
def technicians(draw: st.DrawFn, name: str) -> Technician:
    opens = draw(st.integers(0, 12)) * HOUR
    shift = (opens, opens + draw(st.integers(0, 11)) * HOUR)
    return Technician(name, draw(places), shift, draw(lunches), draw(skills), draw(parts), draw(st.integers(0, 9)) > 0)


@st.composite
def jobs(draw: st.DrawFn, name: str) -> Job:
    pinned: Id | None = draw(st.sampled_from([None, None, None, "t0", "t1", "gone"]))
    start = draw(st.sampled_from([None, None, 9 * HOUR, 10 * HOUR, 13 * HOUR, 16 * HOUR]))
    return Job(
        name,
        draw(places),
        draw(st.integers(0, 180)),
        draw(st.sampled_from([0, 15])),
        tuple(draw(st.lists(spans, max_size=2))),
        draw(st.integers(1, 100)),
        draw(skills),
        draw(parts),
        pinned,
        start,
    )


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    team = tuple(draw(technicians(f"t{n}")) for n in range(draw(st.integers(0, 3))))
    work = tuple(draw(jobs(f"j{n}")) for n in range(draw(st.integers(0, 9))))
    return Problem(team, work, Travel(1.0, 30), draw(st.none() | moments))


@settings(deadline=None)
@given(problems())
def test_every_plan_keeps_the_rules(problem):
    made = plan(problem, 2)
    assert violations(problem, made) == []
    assert all(left.reasons for left in made.unserved)


@settings(deadline=None)
@example(
    Problem(
        (Technician("t0", shop(1), (8 * HOUR, 12 * HOUR)),),
        (Job("j0", shop(1), 36, 15, priority=100), Job("j1", shop(0), 105, 15, pinned_to="t0", pinned_start=9 * HOUR)),
        Travel(1.0, 30),
    )
)
@given(problems())
def test_the_engine_takes_every_puzzle(problem):
    roads = roads_of(problem)
    days = days_of(problem, roads)
    orders = {who: list(day.settled) for who, day in days.items()}
    puzzle = encoded(days, orders, [job for job in problem.jobs if job.pinned_to is None], roads)
    found = puzzle.orders(solved(puzzle.puzzle, 2))
    for who, wanted in found.items():
        assert {job.id for job in days[who].settled} <= {job.id for job in wanted}, "what is pinned stays"


@settings(deadline=None)
@given(problems(), jobs("new"))
def test_whoever_could_take_a_job_has_nothing_hard_against_it(problem, job):
    made = plan(problem, 2)
    rows = who_could(problem, made, job)
    assert [row.technician for row in rows if row.ok == bool(row.missing)] == []
    assert {row.technician for row in rows} == {technician.id for technician in problem.technicians}
    for row in rows:
        found = conflicts(problem, made, job, row.technician, row.start or 0)
        assert not row.ok or {conflict.kind for conflict in found if conflict.hard} <= {"overlap"}
