"""The office puts right what was entered wrongly about units: a counter-entry with a reason, and the sheets hear of it."""

from __future__ import annotations

import uuid
from datetime import timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.queries import broken_chains, history
from dispatch.devices.fitted import fittings_of, slot_units
from dispatch.errors import Conflict, Invalid, NotAllowed, NotFound, RuleBroken
from dispatch.fees.queries import account_of
from dispatch.field import correcting, correcting_money
from dispatch.field.summary import latest_tests
from dispatch.orders.models import Order, OrderLine, Visit
from dispatch.staff.models import Person, PersonRole
from dispatch.staff.queries import actor_of
from tests.board.building import approved_order
from tests.conftest import AT, Cast
from tests.devices.building import where
from tests.field.building import carrying, do
from tests.field.correcting.ending import Swapped, finish


def test_a_fitting_is_taken_back_with_its_charge(
    db: Session, cast: Cast, order: Order, line: OrderLine, on_site: Visit, swapped: Swapped, told: list[int]
) -> None:
    old, box = swapped
    finish(db, cast, on_site)
    assert account_of(db, order.id).charged == Decimal("680.00")
    [entered] = fittings_of(db, order.id)
    correcting.take_back_fitting(db, order.id, entered.id, reason="没有更换", by=cast.wang, at=AT)
    assert slot_units(db, line.vehicle_id)["terminal"] is old
    assert where(db, box).person_id == cast.su.id
    assert account_of(db, order.id).charged == 0
    assert told == [order.id, order.id], "once by the end of the visit, once by the correction"
    with pytest.raises(Conflict):
        correcting.take_back_fitting(db, order.id, entered.id, reason="再来", by=cast.wang, at=AT)


def test_another_unit_comes_out_of_the_technicians_bag(
    db: Session, cast: Cast, order: Order, line: OrderLine, on_site: Visit, swapped: Swapped
) -> None:
    old, wrong = swapped
    [right, better], _ = carrying(db, cast, cast.su, 2)
    do(db, on_site, "test.run", cast.su, line=line.id, results={"online": {"result": "passed"}})
    finish(db, cast, on_site)
    [entered] = fittings_of(db, order.id)
    correcting.replace_unit(db, order.id, entered.id, number=right.number, reason="看错号码", by=cast.wang, at=AT)
    [standing] = fittings_of(db, order.id)
    assert (standing.old_unit_id, standing.new_unit_id, standing.at) == (old.id, right.id, entered.at)
    assert (where(db, wrong).person_id, where(db, old).person_id) == (cast.su.id, cast.su.id)
    assert "online" in latest_tests(db, order.id, [standing])[line.id], "what was tested was the right one"
    assert account_of(db, order.id).charged == Decimal("680.00")
    # Once more: the bag is still that of the technician, not of who corrected it.
    correcting.replace_unit(db, order.id, standing.id, number=better.number, reason="再看一次", by=cast.wang, at=AT)
    assert slot_units(db, line.vehicle_id)["terminal"].id == better.id
    assert where(db, right).person_id == cast.su.id
    assert not list(broken_chains(db))


def test_a_wrong_number_is_refused_beside_its_field_and_changes_nothing(
    db: Session, cast: Cast, order: Order, line: OrderLine, swapped: Swapped
) -> None:
    _, entered = swapped
    [elsewhere], _ = carrying(db, cast, cast.wei)
    [fitting] = fittings_of(db, order.id)
    for number, part in (
        (elsewhere.number, "not in 苏杰's bag: it is in 卫晨's bag"),
        ("", "number"),
        ("ZZ999999", "not on record"),
        (entered.number, "entered before"),
    ):
        with pytest.raises(Invalid) as refused, db.begin_nested():
            correcting.replace_unit(db, order.id, fitting.id, number=number, reason="x", by=cast.wang, at=AT)
        assert part in str(refused.value.fields["number"])
    with pytest.raises(Invalid) as refused, db.begin_nested():
        correcting.replace_unit(db, order.id, fitting.id, number=entered.number, reason=" ", by=cast.wang, at=AT)
    assert set(refused.value.fields) == {"reason"}
    assert slot_units(db, line.vehicle_id)["terminal"] is entered


def test_who_may_correct(db: Session, cast: Cast, order: Order, swapped: Swapped) -> None:
    [fitting] = fittings_of(db, order.id)
    for nobody in (cast.lin, cast.su, cast.qian, cast.chen, cast.root):
        with pytest.raises(NotAllowed):
            correcting.take_back_fitting(db, order.id, fitting.id, reason="x", by=nobody, at=AT)
    elsewhere = db.scalars(sa.select(Person).where(Person.id == cast.he.id)).one()
    elsewhere.role_rows.append(PersonRole(role="manager"))
    db.flush()
    with pytest.raises(NotFound):
        correcting.take_back_fitting(db, order.id, fitting.id, reason="x", by=actor_of(elsewhere), at=AT)


def test_a_closed_order_stays_as_it_is(db: Session, cast: Cast, order: Order, swapped: Swapped) -> None:
    [fitting] = fittings_of(db, order.id)
    db.execute(sa.update(Order).where(Order.id == order.id).values(status="closed"))
    with pytest.raises(RuleBroken, match="closed"):
        correcting.take_back_fitting(db, order.id, fitting.id, reason="x", by=cast.wang, at=AT)


def test_nothing_of_another_order_is_corrected(db: Session, cast: Cast, order: Order, swapped: Swapped) -> None:
    other = approved_order(db, cast)
    [fitting] = fittings_of(db, order.id)
    wang = {"by": cast.wang, "at": AT}
    with pytest.raises(NotFound):
        correcting.take_back_fitting(db, other.id, fitting.id, reason="x", **wang)
    with pytest.raises(NotFound):
        correcting.replace_unit(db, other.id, fitting.id, number="1", reason="x", **wang)
    with pytest.raises(NotFound):
        correcting.overrule_test(db, other.id, order.lines[0].id, "fix", reason="x", **wang)
    with pytest.raises(NotFound):
        correcting_money.drop_charge(db, other.id, 1, reason="x", key=uuid.uuid4(), **wang)


def test_a_failed_point_is_let_pass_by_name(
    db: Session, cast: Cast, order: Order, line: OrderLine, on_site: Visit, told: list[int]
) -> None:
    results = {"online": {"result": "passed"}, "fix": {"result": "failed"}}
    do(db, on_site, "test.run", cast.su, line=line.id, results=results)
    with pytest.raises(Invalid):
        correcting.overrule_test(db, order.id, line.id, "fix", reason=" ", by=cast.wang, at=AT)
    made = correcting.overrule_test(db, order.id, line.id, "fix", reason="地下车库", by=cast.wang, at=AT - timedelta(hours=1))
    counts = latest_tests(db, order.id, [])[line.id]["fix"]
    # It counts although the technician's clock was an hour ahead.
    assert (counts.id, counts.result, counts.by_name, counts.reason) == (made.id, "overruled", cast.wang.name, "地下车库")
    assert history(db, ("order", order.id))[0].action == "test.run"
    for item in ("fix", "online"):
        with pytest.raises(RuleBroken, match="passed already"):
            correcting.overrule_test(db, order.id, line.id, item, reason="x", by=cast.wang, at=AT)
    with pytest.raises(NotFound):
        correcting.overrule_test(db, order.id, line.id, "nonsense", reason="x", by=cast.wang, at=AT)
    assert not told, "while the visit goes on there is no sheet to make anew"
