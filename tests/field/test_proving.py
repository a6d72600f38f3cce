"""The test-run with a terminal that reports: what it proves, what it contradicts, and who may say otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, ProgrammingError
from sqlalchemy.orm import Session

from dispatch.devices.fitted import fittings_of
from dispatch.devices.jt808.observations import Observation as Said
from dispatch.devices.models import Observation, Unit
from dispatch.devices.observing import keep
from dispatch.errors import Invalid
from dispatch.field import evidence
from dispatch.field.evidence import evidence_of
from dispatch.field.jobs import forget_older
from dispatch.field.models import Arrival, TestResult
from dispatch.orders.models import Order, Visit
from tests.conftest import AT, Cast
from tests.field.building import carrying, do, fitted_long_ago, fresh

HERE = (22.6301, 113.8124)
LATER = AT + timedelta(hours=8)
"""After all that is done in the tests of a run: each act is a second later than the one before."""


@pytest.fixture(autouse=True)
def listening() -> Any:
    evidence.configure(within_m=500, least_signal=10, listening=True)
    yield
    evidence.configure(within_m=500, least_signal=10, listening=False)


@pytest.fixture
def swapped(db: Session, cast: Cast, order: Order, on_site: Visit) -> tuple[Unit, Unit]:
    """Su has exchanged terminal and SIM; his phone had said where he is. What is fitted now."""
    fitted_long_ago(db, cast, order.lines[0])
    [box], [card] = carrying(db, cast, cast.su)
    assert box.terminal is not None
    box.terminal.phone_808, box.terminal.imei = "013912344323", "359121104139382"
    arrival = db.get_one(Arrival, on_site.id)
    arrival.lat, arrival.lon, arrival.accuracy_m = *HERE, 20
    do(db, on_site, "line.swap", cast.su, line=order.lines[0].id, terminal=box.number, sim=card.number)
    return box, card


def tell(session: Session, unit: Unit, kind: str = "position", **facts: Any) -> Observation:
    """The terminal says something afterwards."""
    given = {"phone": "013912344323", "serial": 1, "received_at": LATER, "raw": "", **facts}
    assert keep(session, [Said(who=unit.id, kind=kind, **given)]) == []  # type: ignore[arg-type]
    return session.scalars(sa.select(Observation).order_by(Observation.id.desc()).limit(1)).one()


def enter(session: Session, visit: Visit, by: Any, order: Order, **results: str) -> None:
    """Su enters these results."""
    told = {item: dict(zip(("result", "reason"), text.split(": "), strict=False)) for item, text in results.items()}
    do(session, visit, "test.run", by, line=order.lines[0].id, results=told)


def kept(session: Session) -> dict[str, tuple[str, int | None]]:
    return {row.item: (row.result, row.observation_id) for row in session.scalars(sa.select(TestResult).order_by(TestResult.id))}


def known(session: Session, order: Order, visit: Visit) -> Mapping[str, str]:
    found = evidence_of(session, order.lines[0], visit, fittings_of(session, order.id))
    return {item: one.verdict for item, one in found.items()}


def test_a_result_keeps_the_observation_that_proved_it(
    db: Session, cast: Cast, order: Order, on_site: Visit, swapped: tuple[Unit, Unit]
) -> None:
    box, card = swapped
    assert card.sim is not None
    fix = tell(db, box, positioned=True, lat=HERE[0], lon=HERE[1] + 0.001, acc=True, signal=18)
    sim = tell(db, box, "properties", iccid=card.sim.iccid)
    enter(db, on_site, cast.su, order, online="passed", iccid="passed", fix="passed", acc="passed", signal="failed: 时有时无")
    assert kept(db) == {
        "online": ("passed", fix.id),
        "iccid": ("passed", sim.id),
        "fix": ("passed", fix.id),
        "acc": ("passed", None),
        "signal": ("failed", None),
    }


def test_what_the_terminal_contradicts_does_not_pass_but_may_be_overruled(
    db: Session, cast: Cast, order: Order, on_site: Visit, swapped: tuple[Unit, Unit]
) -> None:
    tell(db, swapped[0], "properties", iccid="8986" + "9" * 16)
    for waved in ("passed", "not_available: 没带读卡器"):
        with pytest.raises(Invalid) as refused, db.begin_nested():
            enter(db, on_site, cast.su, order, iccid=waved, online="passed")
        assert set(refused.value.fields) == {"", "result-iccid"}
        assert "it has SIM 8986 9999" in str(refused.value.fields[""])
    db.expire_all()
    assert kept(db) == {}
    enter(db, on_site, cast.su, order, iccid="overruled: 卡面印错，已拍照", online="passed")
    assert kept(db)["iccid"] == ("overruled", None)
    row = db.scalars(sa.select(TestResult).where(TestResult.item == "iccid")).one()
    assert (row.by_name, row.reason) == ("苏杰", "卡面印错，已拍照")


def test_a_recorded_result_stays_when_the_terminal_says_otherwise_later(
    db: Session, cast: Cast, order: Order, on_site: Visit, swapped: tuple[Unit, Unit]
) -> None:
    enter(db, on_site, cast.su, order, iccid="passed")
    tell(db, swapped[0], "properties", iccid="8986" + "9" * 16)
    assert kept(db) == {"iccid": ("passed", None)}
    assert known(db, order, on_site)["iccid"] == "contradicted"


def test_only_the_fitted_terminal_is_asked_and_only_since_the_swap(
    db: Session, cast: Cast, order: Order, on_site: Visit, swapped: tuple[Unit, Unit]
) -> None:
    [spare], _ = carrying(db, cast, cast.su)
    tell(db, spare, signal=20)
    tell(db, swapped[0], signal=20, received_at=AT)
    tell(db, swapped[0], signal=20, late=True)
    tell(db, swapped[0], signal=20, whole=False)
    assert set(known(db, order, on_site).values()) == {"unknown"}


def test_a_vehicle_without_a_swap_is_asked_since_the_arrival(db: Session, cast: Cast, order: Order, on_site: Visit) -> None:
    box, _ = fitted_long_ago(db, cast, order.lines[0])
    tell(db, box, "heartbeat", received_at=AT - timedelta(minutes=1))
    assert known(db, order, on_site)["online"] == "unknown"
    tell(db, box, "heartbeat")
    assert known(db, order, on_site)["online"] == "proven"


def test_nothing_is_said_where_nobody_listens_or_no_terminal_is_fitted(
    db: Session, cast: Cast, order: Order, on_site: Visit
) -> None:
    assert known(db, order, on_site) == {}
    box, _ = fitted_long_ago(db, cast, order.lines[0])
    evidence.configure(within_m=500, least_signal=10, listening=False)
    assert known(db, order, on_site) == {}
    tell(db, box, "heartbeat")
    assert known(db, order, on_site)["online"] == "proven", "another machine listens"


def test_only_what_passed_can_be_proven(
    db: Session, cast: Cast, order: Order, on_site: Visit, swapped: tuple[Unit, Unit]
) -> None:
    told = tell(db, swapped[0])
    by = {"by_id": cast.su.id, "by_name": "苏杰", "at": LATER}
    row = {"order_id": order.id, "line_id": order.lines[0].id, "item": "online", "result": "failed", "observation_id": told.id}
    with pytest.raises(IntegrityError, match="only_passed_is_proven"), db.begin_nested():
        db.execute(sa.insert(TestResult).values(**row, **by))


def test_what_was_told_is_not_changed(db: Session, swapped: tuple[Unit, Unit]) -> None:
    tell(db, swapped[0])
    with pytest.raises(ProgrammingError, match="append-only"):
        db.execute(sa.update(Observation).values(signal=31))


def test_what_proved_a_point_is_never_forgotten(
    db: Session, cast: Cast, order: Order, on_site: Visit, swapped: tuple[Unit, Unit]
) -> None:
    proof = tell(db, swapped[0])
    tell(db, swapped[0], "heartbeat")
    enter(db, on_site, cast.su, order, online="passed")
    db.commit()
    assert forget_older(90, LATER + timedelta(days=89)) == 0
    assert forget_older(90, LATER + timedelta(days=91)) == 1
    assert forget_older(90, LATER + timedelta(days=91)) == 0
    assert fresh(db).scalars(sa.select(Observation.id)).all() == [proof.id]
