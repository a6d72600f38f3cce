"""Whose a unit is, apart from who has it, on the record: what a person says, and what follows for its use."""

from __future__ import annotations

import importlib
import uuid
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from dispatch.customers.operations import VehicleFacts, customer_named, vehicle_of
from dispatch.devices import benching, ownership_following
from dispatch.devices.benching import Back
from dispatch.devices.checks import broken_custody
from dispatch.devices.fitting import install, move, register_found, remove, swap, undo
from dispatch.devices.issuing import Wanted, issue
from dispatch.devices.lending import sell
from dispatch.devices.models import Loan, OwnershipEntry, Unit
from dispatch.devices.operations import bag_of, move_units, slot_of
from dispatch.devices.ownership import Declared, declare
from dispatch.devices.ownership_rules import OURS, Owner, his
from dispatch.devices.usable import parts_in_bags, parts_in_stores
from dispatch.errors import Invalid, NotAllowed
from dispatch.orders.models import Order
from tests.building import installation_order, repair_order, vehicle
from tests.conftest import AT, Cast
from tests.devices.benches import ACTS, return_of, seen, swapped
from tests.devices.building import carried, into_bag, ownership_of, say_yes, sentence, store, terminals, where, work

THIRD = Owner("third_party", None, "博实结")


@pytest.fixture
def order(db: Session, cast: Cast) -> Order:
    """An order for two vehicles of one customer."""
    return installation_order(db, cast, lines=2)


@pytest.fixture
def foreign(db: Session, cast: Cast) -> Order:
    """An order of somebody else."""
    return repair_order(db, cast, customer="别家公司")


@pytest.fixture(autouse=True)
def proven(request: pytest.FixtureRequest) -> Iterator[None]:
    """Whatever a test does, the ledger and the units agree afterwards."""
    session = request.getfixturevalue("db") if "db" in request.fixturenames else None
    yield
    if session is not None:
        assert list(broken_custody(session)) == []


def say_whose(db: Session, cast: Cast, unit: Unit, to: Owner, *, reason: str = "合同约定", seq: int | None = None) -> Unit:
    return declare(db, unit.id, Declared(to, reason, unit.owner_seq if seq is None else seq), by=cast.lin, at=AT)


def story(db: Session, unit: Unit) -> list[tuple[str, str | None, str]]:
    return [(entry.reason, entry.from_owner, entry.to_owner) for entry in ownership_of(db, unit.id)]


def test_fitted_exchanged_undone_and_moved(db: Session, cast: Cast, order: Order) -> None:
    mine, facts = his(order.customer_id), {"by": cast.su, "at": AT}
    old, new, card = carried(db, cast, cast.su, boxes=2, cards=1)
    for unit in (old, card):
        install(db, work(order), unit.id, **facts)
    assert (old.owned, card.owned, story(db, card)) == (mine, OURS, [])
    done = swap(db, work(order), new.id, **facts)
    assert (new.owned, old.owned) == (mine, OURS)
    undo(db, done.id, reason="错车", **facts)
    assert (new.owned, old.owned) == (OURS, mine)
    first, *_, given = ownership_of(db, old.id)
    assert (first.reason, first.order_id, given.fitting_id is not None) == ("correct", order.id, True)
    assert first.corrects_id == ownership_of(db, old.id)[1].id
    move(db, work(order, order.lines[1]), order.lines[0].vehicle_id, ["terminal"], **facts)
    remove(db, work(order, order.lines[1]), old.id, **facts)
    assert (old.owned, where(db, old).kind) == (mine, "bag")
    assert story(db, old) == [
        ("correct", "ours", "customer"),
        ("exchanged", "customer", "ours"),
        ("fitted", "ours", "customer"),
    ]


def test_what_a_person_decided_since_is_not_undone(db: Session, cast: Cast, order: Order) -> None:
    old, new = carried(db, cast, cast.su, boxes=2)
    install(db, work(order), old.id, by=cast.su, at=AT)
    done = swap(db, work(order), new.id, by=cast.su, at=AT)
    say_whose(db, cast, new, THIRD)
    undo(db, done.id, reason="错车", by=cast.su, at=AT)
    assert (new.owned, old.owned) == (THIRD, his(order.customer_id))
    again = swap(db, work(order), new.id, by=cast.su, at=AT)
    somebody = his(vehicle(db, cast, customer="别家公司").customer_id)
    say_whose(db, cast, old, somebody)
    assert "belongs to 别家公司" in sentence(undo, db, again.id, reason="错车", by=cast.su, at=AT)


def given_to(db: Session, cast: Cast, order: Order, name: str) -> Owner:
    """The first vehicle of an order changes hands; returns the owner it has now."""
    car, buyer = order.lines[0].vehicle, customer_named(db, branch_id=cast.sz, name=name, by=cast.lin, at=AT)
    facts = VehicleFacts(car.plate, car.plate_colour, None)
    vehicle_of(db, customer=buyer, facts=facts, by=cast.lin, at=AT, take_over=True)
    return his(buyer.id)


def test_what_is_in_a_vehicle_goes_with_it_into_other_hands(db: Session, cast: Cast, order: Order) -> None:
    mine, facts = his(order.customer_id), {"by": cast.su, "at": AT}
    boxes = carried(db, cast, cast.su, boxes=3, cards=1)
    other, old, new, card = boxes
    first = install(db, work(order), old.id, **facts)
    install(db, work(order), card.id, **facts)
    install(db, work(order, order.lines[1]), other.id, **facts)
    done = swap(db, work(order), new.id, **facts)
    theirs = given_to(db, cast, order, "别家公司")
    assert [unit.owned for unit in boxes] == [mine, OURS, theirs, OURS]
    assert story(db, new) == [("changed_hands", "customer", "customer"), ("fitted", "ours", "customer")]
    assert list(broken_custody(db)) == []
    undo(db, done.id, reason="错车", **facts)
    assert (new.owned, old.owned) == (OURS, theirs), "what comes back goes with the vehicle"
    undo(db, first.id, reason="错车", **facts)
    assert old.owned == OURS


def test_what_is_his_goes_into_his_vehicles_only(db: Session, cast: Cast, order: Order, foreign: Order) -> None:
    (box,) = carried(db, cast, cast.su, boxes=1)
    install(db, work(order), box.id, by=cast.su, at=AT)
    remove(db, work(order), box.id, by=cast.su, at=AT)
    told = sentence(install, db, work(foreign), box.id, by=cast.su, at=AT)
    assert "belongs to 恒通物流有限公司" in told and "have the office record that it is ours" in told
    slot = slot_of(db, vehicle_id=foreign.lines[0].vehicle_id, branch_id=cast.sz)
    with pytest.raises(DatabaseError, match="not in a vehicle of another"), db.begin_nested():
        move_units(db, [box.id], to=slot, reason="install", by=cast.su, at=AT)
    install(db, work(order, order.lines[1]), box.id, by=cast.su, at=AT)
    assert "another customer" in sentence(say_whose, db, cast, box, his(foreign.customer_id))
    say_whose(db, cast, box, OURS)
    remove(db, work(order, order.lines[1]), box.id, by=cast.su, at=AT)
    install(db, work(foreign), box.id, by=cast.su, at=AT)
    assert box.owned == his(foreign.customer_id)


def test_a_loan_passes_nothing_and_a_sale_does(db: Session, cast: Cast, order: Order) -> None:
    own, loaner, other = carried(db, cast, cast.su, boxes=3)
    due, mine = date(2026, 12, 16), his(order.customer_id)
    install(db, work(order), own.id, by=cast.su, at=AT)
    lent = swap(db, work(order), loaner.id, lend_until=due, by=cast.su, at=AT)
    assert (own.owned, loaner.owned) == (mine, OURS)
    assert "Turn the loan into a sale" in sentence(say_whose, db, cast, loaner, mine)
    with pytest.raises(DatabaseError, match="is not lent"), db.begin_nested():
        db.execute(sa.update(Unit).where(Unit.id == loaner.id).values(owner="customer", owner_customer_id=order.customer_id))
    with pytest.raises(Invalid, match="check"):
        swap(db, work(order), own.id, lend_until=due, by=cast.su, at=AT)
    sell(db, db.scalars(sa.select(Loan.id).where(Loan.fitting_id == lent.id)).one(), reason="客户留用", by=cast.wang, at=AT)
    assert (loaner.owned, story(db, loaner)) == (mine, [("sold", "ours", "customer")])
    swap(db, work(order), own.id, by=cast.su, at=AT)
    assert (own.owned, loaner.owned) == (mine, mine), "one of his own for another"
    ended = swap(db, work(order), other.id, lend_until=due, by=cast.su, at=AT)
    back = swap(db, work(order), own.id, by=cast.su, at=AT)
    say_whose(db, cast, other, mine)
    with db.begin_nested() as point:
        assert "belongs to a customer by now" in sentence(undo, db, back.id, reason="错", by=cast.su, at=AT)
        point.rollback()  # as every refusal does
    assert ended.lent_until == due


def test_what_nobody_knew_is_his_and_then_ours(db: Session, cast: Cast, order: Order) -> None:
    (new,) = carried(db, cast, cast.su, boxes=1)
    facts: dict[str, Any] = {"by": cast.su, "at": AT}
    old = register_found(db, work(order), kind="terminal", number="OLD12345", model="X-1", **facts)
    card = register_found(db, work(order), kind="sim", number="89860624290000123456", model=None, **facts)
    assert (story(db, old), card.owned) == ([("found", None, "customer")], OURS)
    swap(db, work(order), new.id, **facts)
    assert (old.owned, new.owned) == (OURS, his(order.customer_id))


def test_his_own_is_no_stock_to_count_on_but_goes_back_by_its_number(db: Session, cast: Cast, order: Order) -> None:
    own, other, free = terminals(db, cast, 3)
    say_whose(db, cast, own, his(order.customer_id))
    say_whose(db, cast, other, THIRD)
    place, who = store(db, cast), {"by": cast.lin, "at": AT}
    assert parts_in_stores(db, [place.id])[place.id]["terminal"] == 2
    facts: dict[str, Any] = {"store": place, "person_id": cast.su.id, **who}
    with pytest.raises(Invalid):
        issue(db, wanted=Wanted(terminals={"BD-808A": 3}), key=uuid.uuid4(), **facts)
    issue(db, wanted=Wanted(terminals={"BD-808A": 2}), key=uuid.uuid4(), **facts)
    issue(db, wanted=Wanted(numbers=(own.number,)), key=uuid.uuid4(), **facts)
    say_yes(db, cast)
    bag = bag_of(db, person_id=cast.su.id or 0, branch_id=cast.sz)
    assert {where(db, unit).id for unit in (own, other, free)} == {bag.id}
    assert parts_in_bags(db, [cast.su.id or 0])[cast.su.id or 0]["terminal"] == 2


def test_the_bench_asks_what_becomes_of_his_own(db: Session, cast: Cast, order: Order) -> None:
    (box,) = carried(db, cast, cast.su, boxes=1)
    install(db, work(order), box.id, by=cast.su, at=AT)
    for whose, reason, then in (("his", "", his(order.customer_id)), ("ours", "客户放弃", OURS)):
        taken = remove(db, work(order), box.id, by=cast.su, at=AT)
        case, room = return_of(db, taken), store(db, cast).id
        for step in ("receive", "diagnose"):
            ACTS[step](db, case, cast)
        given: dict[str, Any] = {"remark": "", "at": AT}
        for back, wrong in ((Back(room), "back"), (Back(room, "ours"), "reason")):
            with pytest.raises(Invalid) as refused:
                benching.repair(db, seen(case), back=back, by=cast.lin, **given)
            assert list(refused.value.fields) == [wrong]
        with pytest.raises(NotAllowed):
            benching.repair(db, seen(case), back=Back(room, "ours", "x"), by=_inspector(cast), **given)
        benching.repair(db, seen(case), back=Back(room, whose, reason), by=cast.lin, **given)
        assert (box.owned, where(db, box).kind) == (then, "store")
        if whose == "his":
            into_bag(db, cast, cast.su, [box])
            install(db, work(order), box.id, by=cast.su, at=AT)


def _inspector(cast: Cast) -> Any:
    return type(cast.lin)(id=cast.lin.id, name="质检", roles=frozenset({"qa"}), branch_id=cast.sz)


def test_what_the_supplier_sends_for_his_own_is_his(db: Session, cast: Cast) -> None:
    fitted = swapped(db, cast)
    case = return_of(db, fitted)
    mine = case.vehicle.customer_id
    say_whose(db, cast, case.unit, his(mine))
    for step in ("receive", "diagnose", "send", "replace"):
        ACTS[step](db, case, cast)
    assert case.replacement is not None
    assert (case.replacement.owned, case.unit.owned) == (his(mine), OURS)


def test_the_older_record_is_completed(db: Session, cast: Cast, order: Order) -> None:
    """What was in vehicles before anybody wrote down whose it was: the migration's SQL, and its chain adds up."""
    box, stored, loaner = terminals(db, cast, 3)
    slot = slot_of(db, vehicle_id=order.lines[0].vehicle_id, branch_id=cast.sz)
    move_units(db, [box.id], to=slot, reason="install", by=cast.su, at=AT)
    into_bag(db, cast, cast.su, [loaner])
    install(db, work(order, order.lines[1]), loaner.id, lend_until=date(2026, 12, 9), by=cast.su, at=AT)
    written = importlib.import_module("migrations.versions.0018_whose_units_are").BACKFILL
    db.connection().exec_driver_sql(written)
    db.expire_all()
    assert [unit.owned for unit in (box, stored, loaner)] == [his(order.customer_id), OURS, OURS]
    (entry,) = ownership_of(db, box.id)
    assert (entry.reason, entry.device_at, entry.before) == ("backfill", AT, None)


def test_the_check_finds_what_was_tampered_with(db: Session, cast: Cast) -> None:
    one, two = terminals(db, cast, 2)
    say_whose(db, cast, one, THIRD)
    with db.begin_nested() as point:
        db.execute(sa.update(Unit).where(Unit.id == two.id).values(owner="third_party", owner_name="?"))
        with pytest.raises(DatabaseError), db.begin_nested():
            db.execute(sa.update(OwnershipEntry).values(note="?"))
        db.execute(sa.text("ALTER TABLE ownership_entry DISABLE TRIGGER append_only"))
        db.execute(sa.update(OwnershipEntry).values(note="?"))
        found = [str(fault) for fault in broken_custody(db)]
        assert len(found) == 2 and "does not follow" in found[0] and "not whose the newest entry says" in found[1]
        point.rollback()
    db.expire_all()


def test_a_setting_says_what_is_sold(db: Session, cast: Cast, order: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ownership_following, "_sold", ("sim",))
    box, card = carried(db, cast, cast.su, boxes=1, cards=1)
    for unit in (box, card):
        install(db, work(order), unit.id, by=cast.su, at=AT)
    assert (box.owned, card.owned) == (OURS, his(order.customer_id))
