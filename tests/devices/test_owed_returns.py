"""What comes out of a vehicle is owed to the bench: how a return begins, whom it follows, and how it ends without the bench."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from dispatch.audit.queries import history
from dispatch.devices import bench_following, benching
from dispatch.devices.fitting import install, remove, undo
from dispatch.devices.handing_over import accept, offer
from dispatch.devices.issuing import Wanted, hand_over, issue
from dispatch.devices.models import Fitting, Holder, Unit
from dispatch.devices.operations import move_units, store_named
from dispatch.errors import Invalid, NotFound
from tests.building import repair_order
from tests.conftest import AT, Cast
from tests.devices.benches import ACTS, opened, return_of, seen, swapped, whole
from tests.devices.building import bag_of, carried, carry, fitted_by, say_yes, sentence, store, terminals, where, work


@pytest.mark.parametrize("kind", ["terminal", "sim"])
def test_what_is_swapped_out_is_owed_from_that_moment(db: Session, cast: Cast, kind: str) -> None:
    order = repair_order(db, cast)
    case = return_of(db, swapped(db, cast, kind=kind, order=order))
    assert (case.status, case.order_id, case.unit.kind, case.branch_id) == ("owed", order.id, kind, cast.sz)
    assert case.plate == order.lines[0].vehicle.plate and case.symptom == order.symptom
    assert (case.opened_at, case.due_at, case.opened_by_name) == (AT, AT + timedelta(days=3), "苏杰")
    assert where(db, case.unit).person_id == cast.su.id
    whole(db)


def test_what_is_taken_out_for_nothing_is_owed_too_and_the_days_are_the_companys(
    db: Session, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench_following, "_days", 7)
    order = repair_order(db, cast)
    box, _ = fitted_by(db, cast, cast.su, order)
    case = return_of(db, remove(db, work(order), box.id, by=cast.su, at=AT))
    assert case.due_at - case.opened_at == timedelta(days=7)


def test_what_is_put_in_is_nobodys_debt(db: Session, cast: Cast) -> None:
    fitted_by(db, cast, cast.su, repair_order(db, cast))
    assert opened(db) == []


def test_an_undone_swap_ends_the_return(db: Session, cast: Cast) -> None:
    fitting = swapped(db, cast)
    undo(db, fitting.id, reason="看错了", by=cast.su, at=AT)
    (case,) = opened(db)
    assert (case.status, case.ended_at) == ("void", AT)
    assert [entry.action for entry in history(db, ("return", case.id))] == ["return.void", "return.open"]
    whole(db)


def test_what_is_fitted_again_is_not_owed_and_is_again_when_that_was_wrong(db: Session, cast: Cast) -> None:
    fitting = swapped(db, cast)
    assert fitting.old_unit_id is not None
    again = install(db, work(repair_order(db, cast)), fitting.old_unit_id, by=cast.su, at=AT)
    assert return_of(db, fitting).status == "void"
    undo(db, again.id, reason="装错车", by=cast.su, at=AT)
    case = return_of(db, fitting)
    assert (case.status, case.ended_at, case.ended_entry_id) == ("owed", None, None)
    assert len(opened(db)) == 1, "it is the first debt that stands again"
    whole(db)


def test_the_debt_goes_with_the_unit(db: Session, cast: Cast) -> None:
    fitting = swapped(db, cast)
    assert fitting.old_unit_id is not None
    made = offer(db, [fitting.old_unit_id], to_person_id=cast.wei.id, note="", key=uuid.uuid4(), by=cast.su, at=AT)
    accept(db, made.id, by=cast.wei, at=AT)
    case = return_of(db, fitting)
    assert case.status == "owed" and where(db, case.unit).person_id == cast.wei.id
    ACTS["receive"](db, case, cast)
    assert where(db, case.unit).kind == "bench"
    whole(db)


def test_in_a_store_it_still_waits_for_the_bench_and_is_not_issued_by_count(db: Session, cast: Cast) -> None:
    fitting, place = swapped(db, cast), store(db, cast)
    assert fitting.old_unit_id is not None
    bag = bag_of(db, person_id=cast.su.id or 0, branch_id=cast.sz)
    hand_over(db, [fitting.old_unit_id], source=bag, to=place, key=uuid.uuid4(), by=cast.lin, at=AT)
    say_yes(db, cast)
    assert return_of(db, fitting).status == "owed"
    (good,) = terminals(db, cast)
    drawn = {"store": place, "person_id": cast.wei.id or 0, "by": cast.lin, "at": AT}
    with pytest.raises(Invalid):
        issue(db, wanted=Wanted(terminals={"BD-808A": 2}), key=uuid.uuid4(), **drawn)  # type: ignore[arg-type]
    issue(db, wanted=Wanted(terminals={"BD-808A": 1}), key=uuid.uuid4(), **drawn)  # type: ignore[arg-type]
    say_yes(db, cast)
    assert where(db, good).person_id == cast.wei.id
    whole(db)
    old = db.get_one(Unit, fitting.old_unit_id).terminal
    assert old is not None
    issue(db, wanted=Wanted((old.serial,)), key=uuid.uuid4(), **drawn)  # type: ignore[arg-type]
    say_yes(db, cast)
    assert return_of(db, fitting).status == "void", "whoever names it takes it for a good one"
    whole(db)


@pytest.mark.parametrize(("kind", "status"), [("lost", "void"), ("customer", "void"), ("transit", "owed")])
def test_elsewhere_it_is_owed_as_long_as_it_can_still_come(db: Session, cast: Cast, kind: str, status: str) -> None:
    fitting = swapped(db, cast)
    place = Holder(kind=kind, branch_id=cast.sz, name=kind)
    db.add(place)
    db.flush()
    (entry,) = move_units(db, [fitting.old_unit_id or 0], to=place, reason="correct", by=cast.lin, at=AT)
    assert return_of(db, fitting).status == status
    whole(db)
    bag = bag_of(db, person_id=cast.su.id or 0, branch_id=cast.sz)
    facts = {"reason": "correct", "by": cast.lin, "at": AT, "corrects_id": entry}
    move_units(db, [fitting.old_unit_id or 0], to=bag, **facts)  # type: ignore[arg-type]
    assert return_of(db, fitting).status == "owed", "found again, it is owed again"
    whole(db)


def test_the_branch_that_has_it_receives_it(db: Session, cast: Cast) -> None:
    fitting = swapped(db, cast)
    there = store_named(db, branch_id=cast.gz, name="广州仓")
    carry(db, cast, [fitting.old_unit_id or 0], there)
    case = return_of(db, fitting)
    with pytest.raises(NotFound):
        benching.receive(db, seen(case), by=cast.lin, at=AT)
    benching.receive(db, seen(case), by=cast.he, at=AT)
    assert where(db, case.unit).branch_id == cast.gz
    whole(db)


def test_a_swap_is_not_undone_once_its_unit_is_at_the_bench(db: Session, cast: Cast) -> None:
    fitting: Fitting = swapped(db, cast)
    ACTS["receive"](db, return_of(db, fitting), cast)
    assert "on the repair bench now" in sentence(undo, db, fitting.id, reason="看错了", by=cast.su, at=AT)


def test_carried_units_that_never_were_in_a_vehicle_are_not_owed(db: Session, cast: Cast) -> None:
    carried(db, cast, cast.su, boxes=1, cards=1)
    assert opened(db) == []
