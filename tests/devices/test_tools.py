"""Tools: in somebody's custody like terminals, good while their calibration holds, never fitted into a vehicle."""

from __future__ import annotations

import uuid
from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from dispatch.audit.queries import history
from dispatch.clock import local_day, now
from dispatch.db import transaction
from dispatch.devices.fitting import install
from dispatch.devices.models import Calibration, CustodyPosition, Tool, Unit
from dispatch.devices.operations import bag_of, move_units, slot_of
from dispatch.devices.reorders import wares
from dispatch.devices.shelves import shelf, shelves
from dispatch.devices.tool_rules import is_over, state
from dispatch.devices.tooling import Calibrated, NewTool, calibrate, receive_tool
from dispatch.devices.tools import calibrations, overdue_tools, tool_counts, tools
from dispatch.errors import Invalid, NotAllowed, NotFound
from tests.building import repair_order
from tests.conftest import AT, Cast, SignIn
from tests.counting import queries
from tests.devices.building import carried, carry, sentence, store, where, work

TODAY = date(2026, 12, 2)
YESTERDAY, TOMORROW = TODAY - timedelta(days=1), TODAY + timedelta(days=1)


def tool(session: Session, cast: Cast, serial: str = "WYB-01", until: date | None = None, name: str = "万用表") -> Unit:
    """One in the store."""
    return session.get_one(
        Unit, receive_tool(session, NewTool(serial, name, until), store=store(session, cast), by=cast.lin, at=AT)
    )


def done(valid_until: date = date(2027, 12, 1), *, done_on: date = TODAY, key: int = 1) -> Calibrated:
    return Calibrated(done_on, valid_until, "JZ-2026-118", uuid.UUID(int=key))


# --- the rule


@pytest.mark.parametrize(
    ("valid_until", "stands"),
    [
        (None, "without"),
        (YESTERDAY, "over"),
        (TODAY, "soon"),
        (TODAY + timedelta(days=30), "soon"),
        (TODAY + timedelta(days=31), "holds"),
    ],
)
def test_the_last_day_still_counts(valid_until: date | None, stands: str) -> None:
    assert state(valid_until, TODAY, 30) == stands
    assert is_over(valid_until, TODAY) == (stands == "over")


# --- custody and calibration


def test_a_tool_is_carried_counted_and_found_like_any_unit(db: Session, cast: Cast) -> None:
    one = tool(db, cast)
    assert shelf(db, store(db, cast)).tools == 1 and shelf(db, store(db, cast)).sims == 0
    carry(db, cast, [one.id], bag_of(db, person_id=cast.su.id or 0, branch_id=cast.sz))
    assert where(db, one).kind == "bag" and one.number == "WYB-01"
    with pytest.raises(IntegrityError, match="uq_tool_serial"):
        tool(db, cast)


def test_a_tool_is_on_the_shelf_and_nothing_to_be_ordered(db: Session, cast: Cast) -> None:
    tool(db, cast)
    (shelf,) = shelves(db, cast.lin, branch_id=cast.sz)
    assert (shelf.tools, shelf.terminals, shelf.sims) == (1, 0, 0)
    assert wares(db, [shelf.holder], shelf.held) == wares(db, [shelf.holder]) == []


def test_no_tool_is_fitted_into_a_vehicle(db: Session, cast: Cast) -> None:
    one, order = tool(db, cast), repair_order(db, cast)
    bag = bag_of(db, person_id=cast.su.id or 0, branch_id=cast.sz)
    carry(db, cast, [one.id], bag)
    assert sentence(install, db, work(order), one.id, by=cast.su, at=AT) == "WYB-01 is a tool. Tools are not fitted."
    slot = slot_of(db, vehicle_id=order.lines[0].vehicle_id, branch_id=cast.sz)
    with pytest.raises(IntegrityError, match="tool_is_not_fitted"):
        move_units(db, [one.id], to=slot, reason="install", by=cast.lin, at=AT)


def test_a_calibration_is_kept_for_ever_and_counts_once(db: Session, cast: Cast) -> None:
    one = tool(db, cast, until=YESTERDAY)
    for _ in range(2):
        calibrate(db, one.id, done(), by=cast.lin, at=AT)
    assert one.tool and one.tool.valid_until == date(2027, 12, 1)
    assert [(each.done_on, each.certificate, each.by_name) for each in calibrations(db, one.id)] == [
        (TODAY, "JZ-2026-118", "林晓")
    ]
    (told,) = history(db, ("unit", one.id))
    assert (told.action, told.detail["was"]) == ("tool.calibrate", YESTERDAY.isoformat())
    db.flush()
    with pytest.raises(sa.exc.DatabaseError):
        db.execute(sa.update(Calibration).values(valid_until=date(2030, 1, 1)))


@pytest.mark.parametrize(
    ("facts", "field"), [({"done_on": TOMORROW}, "done_on"), ({"done_on": TODAY, "valid_until": TODAY}, "valid_until")]
)
def test_days_that_cannot_be_are_refused(db: Session, cast: Cast, facts: dict[str, date], field: str) -> None:
    one = tool(db, cast)
    with pytest.raises(Invalid) as refused:
        calibrate(db, one.id, done(**facts), by=cast.lin, at=AT)
    assert set(refused.value.fields) == {field}


def test_a_tool_is_changed_by_its_own_store(db: Session, cast: Cast) -> None:
    one = tool(db, cast)
    with pytest.raises(NotFound):
        calibrate(db, one.id, done(), by=cast.he, at=AT)
    with pytest.raises(NotAllowed):
        calibrate(db, one.id, done(), by=cast.su, at=AT)
    box, _ = carried(db, cast, cast.su, boxes=1, cards=1)
    with pytest.raises(NotFound):
        calibrate(db, box.id, done(), by=cast.lin, at=AT)


def test_what_ends_first_is_listed_first(db: Session, cast: Cast) -> None:
    units = {serial: tool(db, cast, serial, until) for serial, until in (("A", None), ("B", TOMORROW), ("C", YESTERDAY))}
    asked = {"on": TODAY, "soon_days": 30}
    assert [unit.number for unit in tools(db, cast.lin, **asked)] == ["C", "B", "A"]
    assert [unit.number for unit in tools(db, cast.lin, state="soon", **asked)] == ["B"]
    assert tool_counts(db, cast.lin, **asked) == {None: 3, "over": 1, "soon": 1, "holds": 0, "without": 1}
    assert tools(db, cast.he, **asked) == []
    bag = bag_of(db, person_id=cast.su.id or 0, branch_id=cast.sz)
    carry(db, cast, [unit.id for unit in units.values()], bag)
    assert [each.serial for each in overdue_tools(db, cast.su.id or 0, TODAY)] == ["C"]


# --- the pages


def test_a_tool_comes_into_the_store_and_is_calibrated_on_its_page(database: str, cast: Cast, as_person: SignIn) -> None:
    lin, today = as_person(cast.lin), local_day(now(), "Asia/Shanghai")
    with transaction() as db:
        place = store(db, cast).id
    assert "No tools are on record yet." in lin.get("/stock/tools").text
    typed = {"name": "万用表", "serial": "wyb 07", "store": str(place), "valid_until": (today - timedelta(days=1)).isoformat()}
    refused = lin.post("/stock/tools", data=typed | {"serial": "", "valid_until": "13月"})
    assert refused.status_code == 422 and 'value="万用表"' in refused.text and 'value="13月"' in refused.text
    assert lin.post("/stock/tools", data=typed).status_code == 302
    assert "on record already" in lin.post("/stock/tools", data=typed).text
    with queries() as seen:
        page = lin.get("/stock/tools").text
    assert "WYB07" in page and len(seen) <= 12
    with transaction() as db:
        unit_id = db.scalars(sa.select(Tool.unit_id)).one()
    path = f"/units/{unit_id}"
    days = {"done_on": today.isoformat(), "valid_until": today.isoformat()}
    wrong = lin.post(f"{path}/calibrated", data=days | {"certificate": "JZ-1"})
    assert wrong.status_code == 422 and "It holds longer than the day it was done." in wrong.text and 'value="JZ-1"' in wrong.text
    until = (today + timedelta(days=365)).isoformat()
    assert lin.post(f"{path}/calibrated", data=days | {"valid_until": until}).status_code == 302
    assert until in lin.get(path).text
    assert as_person(cast.he).get(path).status_code == 404
    assert as_person(cast.su).post(f"{path}/calibrated", data={}).status_code == 404
    with transaction() as db:
        assert db.get_one(CustodyPosition, unit_id).unit_kind == "tool"
