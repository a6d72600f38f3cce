"""The ledger of custody: every unit is somewhere, once, and its whole way can be proved."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from functools import partial

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from dispatch.audit.rules import GENESIS
from dispatch.db import transaction
from dispatch.devices.handing_over import accept
from dispatch.devices.issuing import CannotIssue, Load, Wanted, fill_bags, hand_over, issue
from dispatch.devices.models import CustodyEntry, CustodyPosition, HandOver, Holder
from dispatch.devices.operations import NewTerminal, bag_of, move_units, receive_terminals, slot_of
from dispatch.devices.usable import parts_in_bags
from dispatch.errors import Conflict, Invalid, NotAllowed, NotFound, RuleBroken
from tests.building import vehicle
from tests.conftest import AT, Cast
from tests.devices.building import expected_hash, into_bag, sims, store, terminals, unit_history, where
from tests.racing import at_once


def chain_of(session: Session, unit_id: int) -> Sequence[CustodyEntry]:
    return session.scalars(sa.select(CustodyEntry).where(CustodyEntry.unit_id == unit_id).order_by(CustodyEntry.seq)).all()


def test_a_unit_is_received_and_moved_and_every_step_is_chained(db: Session, cast: Cast) -> None:
    (unit,) = terminals(db, cast)
    into_bag(db, cast, cast.su, [unit])
    slot = slot_of(db, vehicle_id=vehicle(db, cast).id, branch_id=cast.sz)
    move_units(db, [unit.id], to=slot, reason="install", by=cast.su, at=AT)
    entries = chain_of(db, unit.id)
    assert [entry.reason for entry in entries] == ["receive", "issue", "install"]
    assert [entry.seq for entry in entries] == [1, 2, 3]
    assert [entry.prev_hash for entry in entries] == [GENESIS, entries[0].hash, entries[1].hash]
    assert all(entry.hash == expected_hash(entry) for entry in entries)
    assert [entry.reason for entry in unit_history(db, unit.id)] == ["install", "issue", "receive"]


def test_positions_equal_the_newest_entries(db: Session, cast: Cast) -> None:
    units = [*terminals(db, cast, 3), *sims(db, cast, 3)]
    into_bag(db, cast, cast.su, units[::2])
    entries = db.scalars(sa.select(CustodyEntry).order_by(CustodyEntry.seq))
    ledger = set({e.unit_id: (e.unit_id, e.to_holder_id, e.seq, e.hash) for e in entries}.values())
    db.expire_all()
    positions = {(p.unit_id, p.holder_id, p.seq, p.hash) for p in db.scalars(sa.select(CustodyPosition))}
    assert positions == ledger and len(positions) == 6


@pytest.mark.parametrize("statement", ["UPDATE custody_entry SET by_name = 'nobody'", "DELETE FROM custody_entry"])
def test_the_ledger_can_only_grow(db: Session, cast: Cast, statement: str) -> None:
    terminals(db, cast)
    with pytest.raises(DBAPIError, match="append"):
        db.execute(sa.text(statement))


def test_a_vehicle_has_one_terminal_and_one_sim(database: str, cast: Cast) -> None:
    with transaction() as db:
        first, second = terminals(db, cast, 2)
        (card,) = sims(db, cast)
        slot = slot_of(db, vehicle_id=vehicle(db, cast).id, branch_id=cast.sz)
        move_units(db, [first.id, card.id], to=slot, reason="install", by=cast.su, at=AT)
    with pytest.raises(Conflict, match="already one of these"), transaction() as db:
        move_units(db, [second.id], to=db.get_one(Holder, slot.id), reason="install", by=cast.su, at=AT)
    with transaction() as db:
        assert where(db, second).kind == "store"


def test_a_unit_that_is_elsewhere_is_named_with_its_place_and_nothing_moves(db: Session, cast: Cast) -> None:
    first, second = terminals(db, cast, 2)
    into_bag(db, cast, cast.wei, [first])
    assert first.terminal is not None and second.terminal is not None
    wanted = Wanted((second.terminal.serial, first.terminal.serial, "NOBODY-KNOWS-1"))
    with pytest.raises(CannotIssue) as refused:
        issue(db, store=store(db, cast), person_id=cast.su.id or 0, wanted=wanted, key=uuid.uuid4(), by=cast.lin, at=AT)
    words = [str(problem) for problem in refused.value.problems]
    assert words == [f"{first.terminal.serial} is elsewhere: in 卫晨's bag.", "NOBODY-KNOWS-1 is not on record."]
    assert where(db, second).kind == "store"


def test_last_digits_are_enough_when_only_one_unit_ends_in_them(db: Session, cast: Cast) -> None:
    units = terminals(db, cast, 12)
    place, key = store(db, cast), uuid.uuid4()
    serials = [unit.terminal.serial for unit in units if unit.terminal]
    assert issue(db, store=place, person_id=cast.su.id or 0, wanted=Wanted((serials[0][-4:],)), key=key, by=cast.lin, at=AT) == 1
    terminals(db, cast, 1, model="GT06N")
    with pytest.raises(CannotIssue) as refused:
        issue(db, store=place, person_id=cast.su.id or 0, wanted=Wanted(("001", "T0")), key=uuid.uuid4(), by=cast.lin, at=AT)
    assert [str(problem) for problem in refused.value.problems] == ["001 is not on record.", "T0 is not on record."]


def test_digits_that_fit_several_units_are_not_enough(db: Session, cast: Cast) -> None:
    numbers = ("A5550001", "B5550001")
    receive_terminals(db, [NewTerminal(number, "GT06N") for number in numbers], store=store(db, cast), by=cast.lin, at=AT)
    with pytest.raises(CannotIssue) as refused:
        issue(
            db, store=store(db, cast), person_id=cast.su.id or 0, wanted=Wanted(("0001",)), key=uuid.uuid4(), by=cast.lin, at=AT
        )
    assert str(refused.value.problems[0]) == "0001 fits 2 units of this store; type more digits."


@pytest.mark.parametrize("shape", ["{iccid}", "{key}", "ICCID: {iccid}", "{spaced}", "IMEI：{imei}", "{lower}"])
def test_numbers_are_understood_as_they_are_scanned(db: Session, cast: Cast, shape: str) -> None:
    (card,) = sims(db, cast)
    receive_terminals(db, [NewTerminal("ID-77Z", "GT06N", imei="861550034965196")], store=store(db, cast), by=cast.lin, at=AT)
    assert card.sim is not None
    iccid = card.sim.iccid
    text = shape.format(
        iccid=iccid, key=iccid[:19], spaced=" ".join((iccid[:4], iccid[4:])), imei="861550034965196", lower="id-77z"
    )
    wanted = Wanted((text,))
    assert issue(db, store=store(db, cast), person_id=cast.su.id or 0, wanted=wanted, key=uuid.uuid4(), by=cast.lin, at=AT) == 1


def test_so_many_of_a_model_takes_the_oldest_and_a_second_press_nothing(db: Session, cast: Cast) -> None:
    units = terminals(db, cast, 3)
    sims(db, cast, 2)
    key, wanted = uuid.uuid4(), Wanted(terminals={"BD-808A": 2}, sims=1)
    counts = [
        issue(db, store=store(db, cast), person_id=cast.su.id or 0, wanted=wanted, key=key, by=cast.lin, at=AT) for _ in range(2)
    ]
    assert counts == [3, 0]
    [paper] = db.scalars(sa.select(HandOver)).all()
    assert {where(db, unit).kind for unit in units} == {"store"}, "until he says that he has them"
    assert accept(db, paper.id, by=cast.su, at=AT) == 3
    assert [where(db, unit).kind for unit in units] == ["bag", "bag", "store"]


def test_counts_the_store_does_not_have_are_refused_at_their_field(db: Session, cast: Cast) -> None:
    terminals(db, cast, 1)
    wanted = Wanted(terminals={"BD-808A": 2}, sims=1)
    with pytest.raises(Invalid) as refused:
        issue(db, store=store(db, cast), person_id=cast.su.id or 0, wanted=wanted, key=uuid.uuid4(), by=cast.lin, at=AT)
    assert set(refused.value.fields) == {"count-BD-808A", "sims"}


def test_bags_are_filled_up_with_models_in_turn_and_what_is_short_is_said(db: Session, cast: Cast) -> None:
    terminals(db, cast, 2)
    terminals(db, cast, 2, model="GT06N")
    loads = [Load(cast.su.id or 0, "苏杰", 2, 0), Load(cast.wei.id or 0, "卫晨", 3, 1)]
    filled = fill_bags(db, loads, store=store(db, cast), key=uuid.uuid4(), by=cast.lin, at=AT)
    assert filled.moved == 4
    assert filled.short == (("卫晨", 1, 1),)
    bags = parts_in_bags(db, [cast.su.id or 0])
    assert bags[cast.su.id or 0] == {"terminal": 2, "terminal:BD-808A": 1, "terminal:GT06N": 1}
    again = fill_bags(db, loads[:1], store=store(db, cast), key=uuid.uuid4(), by=cast.lin, at=AT)
    assert again.moved == 0 and again.short == ()


def test_who_may_not_change_stock_or_has_another_branch_cannot_issue(db: Session, cast: Cast) -> None:
    (unit,) = terminals(db, cast)
    place = store(db, cast)
    bag = bag_of(db, person_id=cast.su.id or 0, branch_id=cast.sz)
    for by, refusal in ((cast.su, NotAllowed), (cast.he, NotFound)):
        with pytest.raises(refusal):
            hand_over(db, [unit.id], source=place, to=bag, key=uuid.uuid4(), by=by, at=AT)


def test_two_people_issue_the_same_unit_and_one_wins(database: str, cast: Cast) -> None:
    with transaction() as db:
        (unit,) = terminals(db, cast)
        assert unit.terminal is not None
        serial, place_id = unit.terminal.serial, store(db, cast).id

    def press(db: Session, person_id: int) -> int:
        wanted = Wanted((serial,))
        return issue(
            db, store=db.get_one(Holder, place_id), person_id=person_id, wanted=wanted, key=uuid.uuid4(), by=cast.lin, at=AT
        )

    outcomes = at_once(*(partial(press, person_id=actor.id) for actor in (cast.su, cast.wei)))
    assert sorted(str(type(each).__name__) for each in outcomes) == ["CannotIssue", "int"]
    with transaction() as db:
        [paper] = db.scalars(sa.select(HandOver)).all()
        accept(db, paper.id, by=cast.su if paper.to_holder.person_id == cast.su.id else cast.wei, at=AT)
        assert len(chain_of(db, unit.id)) == 2
        assert where(db, unit).kind == "bag"


def test_a_unit_cannot_move_to_where_it_is(db: Session, cast: Cast) -> None:
    (unit,) = terminals(db, cast)
    with pytest.raises(RuleBroken, match="elsewhere"):
        move_units(db, [unit.id], to=store(db, cast), reason="return", by=cast.lin, at=AT)
