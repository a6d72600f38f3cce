"""Two people who work with one bag at the same moment: neither waits for the other in a circle, and nothing counts twice."""

from __future__ import annotations

import threading
import time
import uuid
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.db import transaction
from dispatch.devices import fitting, issuing
from dispatch.devices.fitting import install, register_found, swap
from dispatch.devices.handing_over import offer
from dispatch.devices.issuing import Wanted, hand_over, issue
from dispatch.devices.models import CustodyPosition
from dispatch.devices.operations import bag_of
from dispatch.errors import RuleBroken
from tests.building import installation_order
from tests.conftest import AT, Cast
from tests.devices.building import carried, into_bag, say_yes, sims, store, work
from tests.racing import PATIENCE, at_once

pytestmark = pytest.mark.usefixtures("database")

PAUSE = 0.3
"""Seconds in which the other one comes as far as he can."""


def test_issuing_to_a_bag_and_returning_from_it(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    with transaction() as db:
        place, carried = store(db, cast), sims(db, cast, 2)
        bag = into_bag(db, cast, cast.su, carried)
        sims(db, cast, 2)
    ids, locked, begin = [unit.id for unit in carried], threading.Barrier(2, timeout=5), issuing._begin

    def begin_together(*args: Any, **facts: Any) -> bool:
        fresh = begin(*args, **facts)
        locked.wait()
        return fresh

    def out(db: Session) -> int:
        return issue(db, store=place, person_id=cast.su.id or 0, wanted=Wanted(sims=2), key=uuid.uuid4(), by=cast.wang, at=AT)

    def back(db: Session) -> int:
        return hand_over(db, ids, source=bag, to=place, key=uuid.uuid4(), by=cast.lin, at=AT)

    monkeypatch.setattr(issuing, "_begin", begin_together)
    assert at_once(out, back) == [2, 2]
    with transaction() as db:
        assert say_yes(db, cast) == 4
        held = sa.select(CustodyPosition.holder_id, sa.func.count()).group_by(CustodyPosition.holder_id)
        assert dict(db.execute(held).all()) == {place.id: 2, bag.id: 2}


@pytest.mark.parametrize("attempt", range(8))
def test_an_offer_pressed_twice_at_once_is_one_offer(cast: Cast, attempt: int) -> None:
    with transaction() as db:
        unit_ids, key = [unit.id for unit in carried(db, cast, cast.su, boxes=1, cards=1)], uuid.uuid4()

    def press(db: Session) -> int:
        return offer(db, unit_ids, to_person_id=cast.wei.id, note="", key=key, by=cast.su, at=AT).id

    first, second = at_once(press, press)
    assert first == second


def test_finding_an_old_unit_and_swapping_it_while_the_same_bag_serves_another_vehicle(cast: Cast) -> None:
    """Both hold something that the other needs, unless the bag is locked before the order's trail is written."""
    with transaction() as db:
        order = installation_order(db, cast, lines=2)
        works = [work(order, line) for line in order.lines]
        new, other = terminals_of_su(db, cast)
    halfway = threading.Event()

    def find_and_swap(db: Session) -> int:
        register_found(db, works[0], kind="terminal", number="OLD-0815", model="OLD", by=cast.su, at=AT)
        halfway.set()
        time.sleep(PAUSE)
        return swap(db, works[0], new, by=cast.su, at=AT).new_unit_id or 0

    def install_other(db: Session) -> int:
        halfway.wait(PATIENCE)
        return install(db, works[1], other, by=cast.su, at=AT).new_unit_id or 0

    assert at_once(find_and_swap, install_other) == [new, other]


@pytest.mark.parametrize("how", ["return", "offer"])
def test_an_old_page_that_names_units_of_others_while_those_are_swapped(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """A swap moves the old unit, then the new one; whoever names both from an old page does not stand in its way."""
    with transaction() as db:
        order, place = installation_order(db, cast, lines=1), store(db, cast)
        at_work = work(order)
        new = carried(db, cast, cast.wei, boxes=1)[0].id
        old, _ = terminals_of_su(db, cast)
        install(db, at_work, old, by=cast.su, at=AT)
        bag = bag_of(db, person_id=cast.su.id or 0, branch_id=cast.sz)
    halfway, move = threading.Event(), fitting.move_units

    def move_slowly(*args: Any, **facts: Any) -> Any:
        moved = move(*args, **facts)
        halfway.set()
        time.sleep(PAUSE)
        return moved

    def name_both(db: Session) -> object:
        halfway.wait(PATIENCE)
        if how == "offer":
            return offer(db, [new, old], to_person_id=cast.zhou.id, note="", key=uuid.uuid4(), by=cast.su, at=AT)
        return hand_over(db, [new, old], source=bag, to=place, key=uuid.uuid4(), by=cast.lin, at=AT)

    monkeypatch.setattr(fitting, "move_units", move_slowly)
    swapped, refused = at_once(lambda db: swap(db, at_work, new, by=cast.wei, at=AT), name_both)
    assert (swapped.old_unit_id, swapped.new_unit_id) == (old, new)
    assert isinstance(refused, RuleBroken) and "is elsewhere: in 卫晨's bag" in str(refused)


def terminals_of_su(db: Session, cast: Cast) -> tuple[int, int]:
    first, second = carried(db, cast, cast.su, boxes=2)
    return first.id, second.id
