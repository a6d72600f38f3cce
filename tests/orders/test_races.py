"""Two people at once, on two connections: one wins, the other is told so, and nothing is lost or done twice."""

from __future__ import annotations

import threading
import time
import uuid
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.queries import broken_chains, history
from dispatch.db import transaction
from dispatch.errors import Conflict, RuleBroken
from dispatch.orders.models import Approval, Order, OrderLine, Visit
from dispatch.orders.operations.approving import approve, reject
from dispatch.orders.operations.moves import locked_order, move_line
from dispatch.orders.operations.taking import next_number, order_saved
from dispatch.orders.operations.verbal import SaidWord, approve_by_word, confirm_word, refuse_word, settle_word
from dispatch.orders.operations.visits import cancel_order
from dispatch.orders.ties import live_visits
from dispatch.orders.verbal_models import VerbalApproval
from dispatch.staff.hiring import Ties, let_go, locked
from tests.building import approved, repair_order, visit
from tests.conftest import AT, Cast
from tests.racing import at_once

pytestmark = pytest.mark.usefixtures("database")


def saved(cast: Cast, **facts: Any) -> int:
    """The id of a committed repair order that waits for approval."""
    with transaction() as session:
        return repair_order(session, cast, **facts).id


def saved_approved(cast: Cast, **facts: Any) -> int:
    """The id of a committed approved repair order."""
    with transaction() as session:
        return approved(session, cast, repair_order(session, cast, **facts)).id


def read(query: sa.Select[Any]) -> list[Any]:
    """Rows as they are committed."""
    with transaction() as session:
        return list(session.scalars(query))


@pytest.mark.parametrize("attempt", range(5))
def test_two_managers_deciding_at_once(cast: Cast, attempt: int) -> None:
    order_id = saved(cast)
    step = read(sa.select(Approval.id).where(Approval.order_id == order_id))[0]
    second = replace(cast.chen, roles=frozenset({"manager"}))
    answers = at_once(
        lambda s: approve(s, order_id, approval_id=step, by=cast.wang, at=AT).status,
        lambda s: reject(s, order_id, approval_id=step, reason="too far", by=second, at=AT).status,
    )
    lost = [a for a in answers if isinstance(a, Conflict)]
    assert len(lost) == 1 and "Somebody else decided this" in str(lost[0])
    assert read(sa.select(Order.status)) == [next(a for a in answers if isinstance(a, str))]


@pytest.mark.parametrize("attempt", range(5))
def test_confirming_and_refusing_one_word_at_once(cast: Cast, attempt: int) -> None:
    order_id = saved(cast)
    step = read(sa.select(Approval.id).where(Approval.order_id == order_id))[0]
    said = SaidWord(cast.wang.id or 0, "phone", AT, "first act", uuid.uuid4())
    with transaction() as session:
        word_id = approve_by_word(session, order_id, said, approval_id=step, by=cast.lin, at=AT).id
    answers = at_once(
        lambda s: confirm_word(s, word_id, by=cast.wang, at=AT).id,
        lambda s: refuse_word(s, word_id, reason="no", by=cast.wang, at=AT).id,
    )
    lost = [a for a in answers if isinstance(a, Conflict)]
    assert len(lost) == 1 and str(lost[0]) == "You have decided this already."
    won = "refused" if isinstance(answers[0], Conflict) else "confirmed"
    assert read(sa.select(VerbalApproval.decision)) == [won]


def test_a_word_that_was_refused_is_settled_once(cast: Cast) -> None:
    order_id = saved(cast)
    step = read(sa.select(Approval.id).where(Approval.order_id == order_id))[0]
    said = SaidWord(cast.wang.id or 0, "phone", AT, "first act", uuid.uuid4())
    with transaction() as session:
        word_id = approve_by_word(session, order_id, said, approval_id=step, by=cast.lin, at=AT).id
    answers = at_once(*(lambda s: refuse_word(s, word_id, reason="no", by=cast.wang, at=AT).id for _ in range(2)))
    assert str(next(a for a in answers if isinstance(a, Conflict))) == "You have decided this already."
    answers = at_once(*(lambda s: settle_word(s, word_id, reason="charged", by=cast.chen, at=AT).id for _ in range(2)))
    assert sum(isinstance(a, Conflict) for a in answers) == 1 and word_id in answers
    with transaction() as session:
        told = [entry.action for entry in history(session, ("order", order_id))]
    assert (told.count("word.refuse"), told.count("word.settle")) == (1, 1)


@pytest.mark.parametrize("attempt", range(3))
def test_deciding_in_person_while_a_colleague_records_the_word(cast: Cast, attempt: int) -> None:
    order_id = saved(cast)
    step = read(sa.select(Approval.id).where(Approval.order_id == order_id))[0]
    said = SaidWord(cast.wang.id or 0, "phone", AT, "first act", uuid.uuid4())
    answers = at_once(
        lambda s: approve(s, order_id, approval_id=step, by=cast.wang, at=AT).status,
        lambda s: approve_by_word(s, order_id, said, approval_id=step, by=cast.lin, at=AT).waits,
    )
    assert sum(isinstance(a, Conflict) for a in answers) == 1
    assert len(read(sa.select(VerbalApproval.id))) == (0 if answers[0] == "approved" else 1)


def test_two_dispatchers_giving_one_technician_two_visits_at_one_time(cast: Cast) -> None:
    first, second = saved_approved(cast), saved_approved(cast)
    answers = at_once(
        *(lambda s, order_id=i: visit(s, cast, locked_order(s, order_id), cast.su, hour=2).id for i in (first, second))
    )
    lost = [a for a in answers if isinstance(a, Conflict)]
    assert len(lost) == 1 and str(lost[0]) == "The technician already has a visit at this time."
    assert len(read(sa.select(Visit.id))) == 1


def test_two_dispatchers_planning_one_vehicle(cast: Cast) -> None:
    order_id = saved_approved(cast)
    answers = at_once(
        *(lambda s, who=who: visit(s, cast, locked_order(s, order_id), who, hour=2).id for who in (cast.su, cast.wei))
    )
    assert sorted(type(a).__name__ for a in answers) == ["RuleBroken", "int"]
    assert len(read(sa.select(Visit.id))) == 1


def test_a_technician_does_not_leave_while_a_visit_is_planned_for_him(cast: Cast) -> None:
    order_id, su = saved_approved(cast), cast.su.id or 0
    planned = threading.Event()

    def plan(session: Session) -> int:
        made = visit(session, cast, locked_order(session, order_id), cast.su, hour=2)
        planned.set()
        time.sleep(0.3)  # the other one looks in the meantime
        return made.id

    def leave(session: Session) -> None:
        planned.wait(5)
        locked(session, su, cast.root)
        let_go(session, su, ties=Ties(live_visits(session, su)), by=cast.root, at=AT)

    answers = at_once(plan, leave)
    assert isinstance(answers[0], int) and "There are still 1 visits" in str(answers[1])


def test_cancelling_and_planning_at_once_leave_no_visit_on_a_cancelled_order(cast: Cast) -> None:
    order_id = saved_approved(cast)
    at_once(
        lambda s: cancel_order(s, order_id, version=None, by=cast.lin, at=AT, reason="customer called"),
        lambda s: visit(s, cast, locked_order(s, order_id), cast.su, hour=2),
    )
    assert read(sa.select(Order.status)) == ["cancelled"]
    assert set(read(sa.select(Visit.status))) <= {"abandoned"}


def test_a_page_that_went_stale_is_told_so(cast: Cast) -> None:
    order_id = saved_approved(cast)
    seen = read(sa.select(Order.version))[0]
    answers = at_once(
        *(lambda s: cancel_order(s, order_id, version=seen, by=cast.lin, at=AT, reason="customer called") for _ in range(2))
    )
    assert sum(isinstance(a, Conflict) for a in answers) == 1


def test_a_second_press_of_save_finds_the_first_order(cast: Cast) -> None:
    key = uuid.uuid4()

    def press(session: Session) -> str:
        found = order_saved(session, key) or repair_order(session, cast, request_key=key)
        return found.number

    numbers = at_once(press, press, press)
    assert len(set(numbers)) == 1
    assert len(read(sa.select(Order.id))) == 1


def test_numbers_run_without_gaps_or_twins(cast: Cast) -> None:
    numbers = at_once(*(lambda s: next_number(s, "repair", AT.date()) for _ in range(8)))
    assert sorted(numbers) == [f"WX-20261202-{n:03d}" for n in range(1, 9)]


def test_settling_many_lines_at_once_loses_no_update_and_keeps_the_chain(cast: Cast) -> None:
    order_id = saved_approved(cast, lines=6)
    lines = read(sa.select(OrderLine.id).order_by(OrderLine.id))
    answers = at_once(
        *(lambda s, line_id=i: move_line(s, s.get_one(OrderLine, line_id), "complete", by=cast.lin, at=AT) for i in lines)
    )
    assert not [a for a in answers if isinstance(a, RuleBroken)]
    assert read(sa.select(Order.status)) == ["done"]
    with transaction() as session:
        assert not list(broken_chains(session))
        assert session.get_one(Order, order_id).status == "done"
