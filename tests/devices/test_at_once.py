"""Issuing to a bag while something is handed back out of it: both come through."""

from __future__ import annotations

import threading
import uuid
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.db import transaction
from dispatch.devices import issuing
from dispatch.devices.issuing import Wanted, hand_over, issue
from dispatch.devices.models import CustodyPosition
from tests.conftest import AT, Cast
from tests.devices.building import into_bag, sims, store
from tests.racing import at_once


@pytest.mark.usefixtures("database")
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
        held = sa.select(CustodyPosition.holder_id, sa.func.count()).group_by(CustodyPosition.holder_id)
        assert dict(db.execute(held).all()) == {place.id: 2, bag.id: 2}
