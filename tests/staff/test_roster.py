"""Who is there when: shift, roster and leave in one; asking for leave and deciding about it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from datetime import date, datetime, time, timedelta
from functools import partial
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from dispatch.audit.queries import history
from dispatch.board.operations.runs import ask_plan
from dispatch.board.operations.sending import dispatch_day
from dispatch.board.problem import day_problem
from dispatch.clock import moment_of, now
from dispatch.db import transaction
from dispatch.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal, RuleBroken
from dispatch.staff.calendar_rules import PLAIN
from dispatch.staff.models import Person
from dispatch.staff.roster_forms import read_leave, read_roster
from dispatch.staff.roster_models import DutyDay, LeaveRequest
from dispatch.staff.roster_queries import leaves_asked, leaves_waiting, presences, roster_of
from dispatch.staff.roster_rules import Duty, Leave, Presence, Roster, presence
from dispatch.staff.rostering import set_duty
from dispatch.staff.rules import Actor
from dispatch.staff.taking_leave import NewLeave, ask_leave, decide_leave, withdraw_leave
from tests.board.building import TODAY, TOMORROW, WAYS, approved_order, at_clock, of_day, visit_at
from tests.conftest import AT, Cast, SignIn
from tests.counting import waiting_count
from tests.racing import at_once

ZONE = "Asia/Shanghai"
USUAL = (time(8, 30), time(17, 30))
SATURDAY = date(2026, 12, 5)
NIGHT = Duty(time(22), time(6))
WHOLE = ((at_clock("8:30"), at_clock("17:30")),)


def leave(first: str, last: str) -> Leave:
    """From "12-03 13:00" to another such moment."""
    ends = [datetime.fromisoformat(f"2026-{text}") for text in (first, last)]
    return Leave("annual", *(moment_of(at_clock(f"{end:%H:%M}"), end.date(), ZONE) for end in ends))


def there(day: date, duties: Mapping[date, Duty], *leaves: Leave) -> Presence:
    """When somebody with the usual shift is there."""
    roster = Roster(PLAIN, {(1, of): duty for of, duty in duties.items()}, {1: leaves})
    return presence(1, USUAL, day, ZONE, roster)


@pytest.mark.parametrize(
    ("day", "duties", "leaves", "spans"),
    [
        (TOMORROW, {}, [], ["8:30-17:30"]),
        (SATURDAY, {}, [], []),
        (SATURDAY, {SATURDAY: Duty(time(9), time(12))}, [], ["9:00-12:00"]),
        (TOMORROW, {TOMORROW: Duty()}, [], []),
        (TOMORROW, {TOMORROW: NIGHT}, [], ["22:00-24:00"]),
        (TOMORROW, {TODAY: NIGHT}, [], ["0:00-6:00"]),
        (TOMORROW, {TODAY: NIGHT, TOMORROW: NIGHT}, [], ["0:00-6:00", "22:00-24:00"]),
        (TOMORROW, {TODAY: NIGHT, TOMORROW: Duty(time(14), time(18))}, [], ["0:00-6:00", "14:00-18:00"]),
        (TOMORROW, {}, [("12-03 00:00", "12-04 00:00")], []),
        (TOMORROW, {}, [("12-02 00:00", "12-03 00:00")], ["8:30-17:30"]),
        (TOMORROW, {}, [("12-03 13:00", "12-05 00:00")], ["8:30-13:00"]),
        (TOMORROW, {}, [("12-03 10:00", "12-03 11:00")], ["8:30-10:00", "11:00-17:30"]),
        (TOMORROW, {TODAY: NIGHT}, [("12-03 04:00", "12-03 12:00")], ["0:00-4:00"]),
    ],
)
def test_when_somebody_is_there(day: date, duties: dict[date, Duty], leaves: list[tuple[str, str]], spans: list[str]) -> None:
    wanted = tuple(tuple(at_clock(end) for end in span.split("-")) for span in spans)
    assert there(day, duties, *(leave(*ends) for ends in leaves)).spans == wanted


def test_the_planner_gets_the_longest_time_that_is_left() -> None:
    split = there(TOMORROW, {}, leave("12-03 10:00", "12-03 11:00"))
    assert split.shift() == (at_clock("11:00"), at_clock("17:30"))
    nights = there(TOMORROW, {TODAY: NIGHT, TOMORROW: NIGHT})
    assert nights.shift() == (0, at_clock("6:00")) and nights.shift(at_clock("20:00")) == (at_clock("22:00"), at_clock("24:00"))


# --- leave


def asks(
    session: Session, who: Actor, first: date = TOMORROW, days: int = 1, *, at: datetime = AT, key: UUID | None = None
) -> LeaveRequest:
    """Whole days of annual leave."""
    ends = [moment_of(0, day, ZONE) for day in (first, first + timedelta(days=days))]
    return ask_leave(session, NewLeave("annual", ends[0], ends[1], "回家", key or uuid4()), by=who, at=at)


def test_leave_is_asked_once_and_never_overlaps(db: Session, cast: Cast) -> None:
    key = uuid4()
    asked = asks(db, cast.su, days=2, key=key)
    assert asks(db, cast.su, days=2, key=key) is asked, "a second press"
    with pytest.raises(Invalid):
        asks(db, cast.su, TOMORROW + timedelta(days=1))
    asks(db, cast.su, TOMORROW + timedelta(days=2))
    row = {"person_id": cast.su.id, "kind": "sick", "reason": "病", "asked_at": AT, "state": "approved"}
    row |= {"decided_by_id": cast.wang.id, "decided_at": AT, "starts_at": AT, "ends_at": AT + timedelta(days=3)}
    with pytest.raises(IntegrityError, match="ex_leave_request_no_overlap"), db.begin_nested():
        db.execute(sa.insert(LeaveRequest).values(request_key=uuid4(), **row))
    own = row | {"decided_by_id": cast.su.id, "starts_at": AT - timedelta(days=9), "ends_at": AT - timedelta(days=8)}
    with pytest.raises(IntegrityError, match="not_by_himself"), db.begin_nested():
        db.execute(sa.insert(LeaveRequest).values(request_key=uuid4(), **own))


def test_the_manager_of_the_branch_decides_and_nobody_his_own(db: Session, cast: Cast) -> None:
    of_su, of_wang, of_he = asks(db, cast.su), asks(db, cast.wang), asks(db, cast.he)
    assert [one.id for one in leaves_waiting(db, cast.wang, at=AT)] == [of_su.id]
    assert [one.id for one in leaves_waiting(db, cast.chen, at=AT)] == [of_wang.id, of_he.id], "his branch has no manager"
    decide = partial(decide_leave, db, answer="", at=AT)
    for leave_id, by, refusal in (
        (of_wang.id, cast.wang, NotAllowed),
        (of_he.id, cast.wang, NotFound),
        (of_su.id, cast.chen, NotFound),
    ):
        with pytest.raises(refusal):
            decide(leave_id, approve=True, by=by)
    with pytest.raises(Invalid):
        decide(of_su.id, approve=False, by=cast.wang)
    assert decide(of_su.id, approve=True, by=cast.wang).state == "approved"
    decide(of_su.id, approve=True, by=cast.wang)
    with pytest.raises(Conflict):
        decide_leave(db, of_su.id, approve=False, answer="人手不够", by=cast.wang, at=AT)
    assert decide(of_wang.id, approve=True, by=cast.chen).state == "approved"
    assert [e.action for e in history(db, ("person", cast.su.id or 0))][:2] == ["leave.approve", "leave.ask"]


def test_the_director_decides_where_the_only_manager_is_away_or_gone(db: Session, cast: Cast) -> None:
    away = asks(db, cast.wang, AT.date())
    asked = [asks(db, who).id for who in (cast.su, cast.wei)]
    assert [one.id for one in leaves_waiting(db, cast.chen, at=AT)] == [away.id]
    decide_leave(db, away.id, approve=True, answer="", by=cast.chen, at=AT)
    assert [one.id for one in leaves_waiting(db, cast.chen, at=AT)] == asked
    assert waiting_count(db, cast.chen, at=AT) == leaves_asked(db, cast.chen, at=AT) == 2
    assert decide_leave(db, asked[0], approve=True, answer="", by=cast.chen, at=AT).state == "approved"
    with pytest.raises(NotFound):
        decide_leave(db, asked[1], approve=True, answer="", by=cast.chen, at=away.ends_at)
    db.execute(sa.update(Person).where(Person.id == cast.wang.id).values(active=False))
    assert decide_leave(db, asked[1], approve=True, answer="", by=cast.chen, at=away.ends_at).state == "approved"


def test_leave_is_withdrawn_by_its_owner_and_ends_early_once_it_has_begun(db: Session, cast: Cast) -> None:
    asked, begun = asks(db, cast.su), asks(db, cast.wei, TODAY)
    with pytest.raises(NotFound):
        withdraw_leave(db, asked.id, by=cast.wei, at=AT)
    assert withdraw_leave(db, asked.id, by=cast.su, at=AT).state == "withdrawn"
    assert asks(db, cast.su).state == "asked", "its time is free again"
    decide_leave(db, begun.id, approve=True, answer="", by=cast.wang, at=AT)
    with pytest.raises(RuleBroken):
        withdraw_leave(db, begun.id, by=cast.wei, at=begun.ends_at)
    assert withdraw_leave(db, begun.id, by=cast.wei, at=AT).cut_short, "AT is nine o'clock on TODAY: he came back early"
    roster = roster_of(db, cast.sz, [cast.wei.id or 0], TODAY, TODAY, ZONE)
    assert presence(cast.wei.id or 0, USUAL, TODAY, ZONE, roster).spans == ((at_clock("9:00"), at_clock("17:30")),)


def test_approved_and_withdrawn_at_the_same_moment_it_is_withdrawn(database: str, cast: Cast) -> None:
    with transaction() as session:
        leave_id = asks(session, cast.su).id
    decided, withdrawn = at_once(
        lambda session: decide_leave(session, leave_id, approve=True, answer="", by=cast.wang, at=AT).state,
        lambda session: withdraw_leave(session, leave_id, by=cast.su, at=AT).state,
    )
    assert withdrawn == "withdrawn"
    assert decided == "approved" or isinstance(decided, Conflict)
    with transaction() as session:
        kept = session.get_one(LeaveRequest, leave_id)
        told = [entry.action for entry in history(session, ("person", cast.su.id or 0))]
        assert kept.state == "withdrawn" and told[0] == "leave.withdraw"
        assert (kept.decided_by_id == cast.wang.id) == ("leave.approve" in told) == (decided == "approved")


# --- the planner and the roster


def test_the_planner_leaves_out_who_is_away_and_keeps_what_was_sent(db: Session, cast: Cast) -> None:
    visit_at(db, cast, approved_order(db, cast), cast.su, "10:00", by_hand=True)
    decide_leave(db, asks(db, cast.su).id, approve=True, answer="", by=cast.wang, at=AT)
    half = NewLeave(
        "private", moment_of(at_clock("13:00"), TOMORROW, ZONE), moment_of(at_clock("18:00"), TOMORROW, ZONE), "事", uuid4()
    )
    decide_leave(db, ask_leave(db, half, by=cast.wei, at=AT).id, approve=True, answer="", by=cast.wang, at=AT)
    asks(db, cast.zhou)
    db.expire_all()
    made = day_problem(db, of_day(cast), WAYS)
    shifts = {technician.id: technician.shift for technician in made.problem.technicians}
    sent = dispatch_day(db, of_day(cast), technician_id=None, by=cast.lin)
    assert (sent.count, [str(why) for _, why in sent.kept_back]) == (0, ["its technician is away then: Annual leave"])
    assert shifts == {cast.wei.id: (at_clock("8:30"), at_clock("13:00")), cast.zhou.id: WHOLE[0]}
    assert [job.pinned_to for job in made.problem.jobs] == [cast.su.id]


def test_only_who_is_on_the_roster_works_on_a_day_of_rest(db: Session, cast: Cast) -> None:
    assert set_duty(db, [cast.su.id or 0], [SATURDAY], Duty(time(9), time(12)), today=TODAY, by=cast.wang, at=AT) == 1
    assert set_duty(db, [cast.su.id or 0], [SATURDAY], Duty(time(9), time(12)), today=TODAY, by=cast.wang, at=AT) == 0
    made = day_problem(db, of_day(cast, SATURDAY), WAYS)
    assert [(t.id, t.shift, t.lunch) for t in made.problem.technicians] == [
        (cast.su.id, (at_clock("9:00"), at_clock("12:00")), None)
    ]
    set_duty(db, [cast.su.id or 0], [SATURDAY], None, today=TODAY, by=cast.wang, at=AT)
    assert db.scalar(sa.select(sa.func.count()).select_from(DutyDay)) == 0
    with pytest.raises(RuleBroken, match="Nobody is on duty"):
        ask_plan(db, branch_id=cast.sz, day=SATURDAY, by=cast.lin, at=AT)
    people = [db.get_one(Person, cast.su.id)]
    assert (
        presences(people, SATURDAY, ZONE, roster_of(db, cast.sz, [cast.su.id or 0], SATURDAY, SATURDAY, ZONE))[
            cast.su.id or 0
        ].spans
        == ()
    )


@pytest.mark.parametrize(
    ("who", "by", "day"), [("su", "lin", SATURDAY), ("he", "wang", SATURDAY), ("su", "wang", TODAY - timedelta(days=1))]
)
def test_the_roster_is_written_by_the_branch_for_days_to_come(db: Session, cast: Cast, who: str, by: str, day: date) -> None:
    with pytest.raises(Refusal):
        set_duty(db, [getattr(cast, who).id], [day], NIGHT, today=TODAY, by=getattr(cast, by), at=AT)


@pytest.mark.parametrize(
    ("typed", "wrong"),
    [
        ({"from": "2026-12-03", "kind": "annual", "reason": "回家"}, set()),
        ({"from": "2028-02-29", "to": "2028-03-01", "kind": "sick", "reason": "病"}, set()),
        ({"from": "2027-02-29", "kind": "annual", "reason": "x"}, {"from"}),
        ({"from": "2026-12-03", "to": "2026-12-02", "kind": "annual", "reason": "x"}, {"to"}),
        ({"from": "2026-12-03", "from_time": "14:00", "to_time": "13:00", "kind": "annual", "reason": "x"}, {"to"}),
        ({"from": "2026-10-03", "kind": "annual", "reason": "x"}, {"from"}),
        ({"from": "2026-12-03", "to": "2028-12-03", "kind": "annual", "reason": "x"}, {"to"}),
        ({}, {"from", "kind", "reason"}),
    ],
)
def test_what_may_be_asked_for(typed: dict[str, str], wrong: set[str]) -> None:
    reading = pytest.raises(Invalid) if wrong else nullcontext()
    with reading as refused:
        read_leave(typed, ZONE, AT)
    assert not wrong or (refused and set(refused.value.fields) == wrong)


def test_hours_over_midnight_can_be_typed_and_hours_without_length_cannot() -> None:
    typed = {"first": "2026-12-03", "last": "2026-12-04", "what": "hours", "starts": "22:00", "ends": "06:00"}
    assert read_roster(typed, ["7"]).duty == NIGHT
    for changed in ({"ends": "22:00"}, {"last": "2026-12-02"}, {"what": ""}, {"last": "2027-12-02"}):
        with pytest.raises(Invalid):
            read_roster(typed | changed, ["7"])


# --- the pages


def test_a_technician_asks_on_the_phone_and_the_manager_is_told_the_visits(db: Session, cast: Cast, as_person: SignIn) -> None:
    day = now().date() + timedelta(days=10)
    order = approved_order(db, cast)
    visit_at(db, cast, order, cast.su, "10:00", day=day)
    db.commit()
    su, wang = as_person(cast.su), as_person(cast.wang)
    typed = {"kind": "private", "from": day.isoformat(), "reason": "", "key": str(uuid4())}
    refused = su.post("/my-month/leave", data=typed)
    assert refused.status_code == 422 and f'value="{day}"' in refused.text
    for _ in range(2):
        assert su.post("/my-month/leave", data=typed | {"reason": "家里有事"}).status_code == 303
    assert "家里有事" in su.get("/my-month").text
    leave_id = db.scalars(sa.select(LeaveRequest.id)).one()
    page = wang.get("/roster/leave").text
    assert "家里有事" in page and order.number in page and "working hours" in page
    off = {"people": str(cast.su.id), "first": day.isoformat(), "what": "off"}
    assert "1 visit lies on these days" in wang.post("/roster", data=off, follow_redirects=True).text
    assert wang.post(f"/roster/leave/{leave_id}/refuse", data={"answer": ""}).status_code == 422
    assert wang.post(f"/roster/leave/{leave_id}/approve").status_code == 303
    board = wang.get(f"/plan?day={day}").text
    assert "lies in the leave of its technician" in board and order.number in board
    dialog = as_person(cast.lin).get(f"/plan/visits/{order.visits[0].id}").text
    assert "Private leave" in dialog
    assert as_person(cast.lin).post(f"/roster/leave/{leave_id}/refuse").status_code == 404
    assert su.post(f"/my-month/leave/{leave_id}/withdraw").status_code == 303
    assert "lies in the leave" not in wang.get(f"/plan?day={day}").text


def test_a_month_is_seen_by_the_office_and_written_by_the_manager(db: Session, cast: Cast, as_person: SignIn) -> None:
    day = now().date() + timedelta(days=40)
    typed = {"people": str(cast.su.id), "first": day.isoformat(), "what": "hours", "starts": "22:00", "ends": "6:00"}
    month = {"month": f"{day:%Y-%m}"}
    wang = as_person(cast.wang)
    assert wang.post("/roster", data=typed | month | {"ends": ""}).status_code == 422
    assert wang.post("/roster", data=typed | month).status_code == 303
    assert "22:00" in wang.get(f"/roster?month={day:%Y-%m}&person={cast.su.id}&day={day}").text
    lin = as_person(cast.lin)
    assert "22:00" in lin.get(f"/roster?month={day:%Y-%m}").text and "Write the roster" not in lin.get("/roster").text
    assert lin.post("/roster", data=typed).status_code == 404
    su = as_person(cast.su)
    assert su.get("/roster").status_code == 404 and "22:00" in su.get(f"/my-month?month={day:%Y-%m}").text
    assert wang.post("/roster", data=typed | {"people": str(cast.he.id)}).status_code == 404
