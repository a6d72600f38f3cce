"""Setting out: for one visit at a time, unless it leads to where the technician stands already."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from dispatch.db import refusal_for, transaction
from dispatch.errors import RuleBroken
from dispatch.orders.models import Order, Visit
from dispatch.orders.operations.moves import move_visit
from dispatch.orders.operations.visits import locked_visit
from tests.building import ADDRESS, approved, repair_order
from tests.conftest import AT, Cast
from tests.orders.building import dispatched
from tests.racing import at_once

ELSEWHERE = "广东省深圳市龙岗区平湖街道华南城物流中心"


def sent(session: Session, cast: Cast, *, hour: int, address: str = ADDRESS) -> Visit:
    """Su is sent to a repair of one customer, at this yard of his."""
    order = approved(session, cast, repair_order(session, cast, address=address))
    return dispatched(session, cast, order, cast.su, hour=hour)


def go(session: Session, cast: Cast, visit: Visit, *actions: str, at: datetime = AT) -> None:
    for action in actions:
        reason = "客户取消" if action == "abandon" else None
        move_visit(session, visit, action, by=cast.su, at=at, reason=reason)


@pytest.mark.parametrize("already", [("depart",), ("depart", "arrive")])
@pytest.mark.parametrize("end", ["abandon", "finish"])
def test_the_visit_elsewhere_is_ended_first(db: Session, cast: Cast, already: tuple[str, ...], end: str) -> None:
    first, second = sent(db, cast, hour=1), sent(db, cast, hour=2, address=ELSEWHERE)
    go(db, cast, first, *already)
    with pytest.raises(RuleBroken, match=f"End the visit of {first.order.number} first"):
        go(db, cast, second, "depart")
    assert second.status == "dispatched"
    go(db, cast, first, *(["arrive"] if (already, end) == (("depart",), "finish") else []), end)
    go(db, cast, second, "depart")
    assert second.status == "on_the_way"


def test_at_one_yard_he_works_for_two_orders(db: Session, cast: Cast) -> None:
    first, second = sent(db, cast, hour=1), sent(db, cast, hour=2)
    go(db, cast, first, "depart")
    with pytest.raises(RuleBroken, match=f"End the visit of {first.order.number} first"):
        go(db, cast, second, "depart")
    go(db, cast, first, "arrive")
    go(db, cast, second, "depart", "arrive")
    assert [first.status, second.status] == ["on_site", "on_site"]


def test_a_vehicle_at_a_place_of_its_own_is_elsewhere(db: Session, cast: Cast) -> None:
    first, second, other = (sent(db, cast, hour=n, address=place) for n, place in enumerate((ADDRESS, ADDRESS, ELSEWHERE)))
    second.order.lines[0].site_id = other.order.site_id
    db.flush()
    go(db, cast, first, "depart", "arrive")
    with pytest.raises(RuleBroken, match=first.order.number):
        go(db, cast, second, "depart")


def test_a_colleague_drives_as_he_likes(db: Session, cast: Cast) -> None:
    mine = sent(db, cast, hour=1)
    order = approved(db, cast, repair_order(db, cast, address=ELSEWHERE))
    his = dispatched(db, cast, order, cast.wei, hour=1)
    go(db, cast, mine, "depart")
    move_visit(db, his, "depart", by=cast.wei, at=AT + timedelta(minutes=1))
    assert [mine.status, his.status] == ["on_the_way", "on_the_way"]


def test_the_database_lets_nobody_be_on_two_ways(db: Session, cast: Cast) -> None:
    sent(db, cast, hour=1)
    sent(db, cast, hour=2)
    with pytest.raises(IntegrityError) as broken:
        db.execute(sa.update(Visit).values(status="on_the_way"))
    assert str(refusal_for(broken.value)) == "The technician is on the way to another visit. End that one first."


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("attempt", range(5))
def test_two_departures_at_once(cast: Cast, attempt: int) -> None:
    with transaction() as session:
        visits = [sent(session, cast, hour=1).id, sent(session, cast, hour=2, address=ELSEWHERE).id]
    answers = at_once(*(lambda s, one=one: go(s, cast, locked_visit(s, one), "depart") for one in visits))
    (lost,) = [answer for answer in answers if answer is not None]
    with transaction() as session:
        gone = sa.select(Order.number).join(Visit, Visit.order_id == Order.id).where(Visit.status == "on_the_way")
        assert f"End the visit of {session.scalars(gone).one()} first" in str(lost)
