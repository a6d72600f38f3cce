"""Moves between two vehicles of a customer, and loaners: one act each, on the record of everything they touch."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from dispatch.audit.queries import history
from dispatch.devices.bench_models import UnitReturn
from dispatch.devices.checks import broken_custody
from dispatch.devices.fitted import bag_units, fittings_of, slot_units
from dispatch.devices.fitting import install, move, remove, swap, undo
from dispatch.devices.loan_queries import loans
from dispatch.devices.models import Fitting, Loan, Unit
from dispatch.devices.operations import bag_of, move_units
from dispatch.devices.ownership import Declared, declare
from dispatch.devices.ownership_rules import OURS, Owner, his
from dispatch.errors import Conflict, Invalid, NotAllowed
from dispatch.fees.queries import account_of, charges_of
from dispatch.field.correcting import replace_unit
from dispatch.field.lending import sell_loan
from dispatch.field.summary import fitting_json
from dispatch.lives.presenting import events
from dispatch.lives.queries import life_of_vehicle
from dispatch.orders.models import Order
from dispatch.words import Text
from tests.building import installation_order, vehicle
from tests.conftest import AT, Cast, SignIn
from tests.devices.building import carried, fitted_by, ledger_faults, sentence, work
from tests.fees.building import charged, price_list, repair, swapped, told

DUE = date(2026, 12, 16)


@pytest.fixture
def order(db: Session, cast: Cast) -> Order:
    """An order for three vehicles."""
    return installation_order(db, cast, lines=3)


def rows(db: Session) -> list[tuple[str, int]]:
    return [(loan.state, loan.unit_id) for loan in db.scalars(sa.select(Loan).order_by(Loan.id))]


# --- moving


def test_a_move_is_one_act_on_the_record_of_both_vehicles(db: Session, cast: Cast, order: Order) -> None:
    box, card = fitted_by(db, cast, cast.wei, order)
    here, there = order.lines[1], order.lines[0]
    done = move(db, work(order, here), there.vehicle_id, ["terminal", "sim"], by=cast.su, at=AT)
    assert [(f.kind, f.line_id) for f in done] == [("move_out", there.id), ("move_in", here.id)] * 2
    assert slot_units(db, here.vehicle_id) == {"terminal": box, "sim": card} and slot_units(db, there.vehicle_id) == {}
    assert not bag_units(db, cast.su.id or 0) and not db.scalars(sa.select(UnitReturn)).all()
    gone, came = (fitting_json(f) for f in fittings_of(db, order.id)[2:4])
    plates = {gone["vehicle"], came["vehicle"]}
    assert gone["other_vehicle"] == came["vehicle"] and came["other_vehicle"] == gone["vehicle"] and len(plates) == 2
    told = [events(life_of_vehicle(db, line.vehicle_id, cast.lin, chapter="vehicle")) for line in (there, here)]
    lives = [[one.what.msgid for one in of_one if isinstance(one.what, Text)] for of_one in told]
    assert lives == [
        ["%(kind)s moved to another vehicle"] * 2 + ["%(kind)s fitted"] * 2,
        ["%(kind)s moved in from another vehicle"] * 2,
    ]
    assert {entry.detail["kind"] for entry in history(db, ("order", order.id))[:4]} == {"move_out", "move_in"}
    assert not ledger_faults(db)


@pytest.mark.parametrize("half", [0, 1])
def test_a_move_is_undone_as_a_whole_or_not_at_all(db: Session, cast: Cast, order: Order, half: int) -> None:
    box, card = fitted_by(db, cast, cast.su, order)
    here, there = order.lines[1], order.lines[0]
    moved = move(db, work(order, here), there.vehicle_id, ["terminal"], by=cast.su, at=AT)
    undone = undo(db, moved[half].id, reason="other car", by=cast.su, at=AT)
    assert undone.undoes_id == moved[half].id and slot_units(db, there.vehicle_id) == {"terminal": box, "sim": card}
    with pytest.raises(Conflict):
        undo(db, moved[1 - half].id, reason="again", by=cast.su, at=AT)
    again = move(db, work(order, here), there.vehicle_id, ["terminal"], by=cast.su, at=AT)
    (new,) = carried(db, cast, cast.su, boxes=1)
    swap(db, work(order, here), new.id, by=cast.su, at=AT)
    assert "cannot be undone" in sentence(undo, db, again[half].id, reason="late", by=cast.su, at=AT)
    assert not ledger_faults(db)


def test_what_cannot_be_moved_says_why(db: Session, cast: Cast, order: Order) -> None:
    fitted_by(db, cast, cast.su, order)
    (here, there), both = (order.lines[1], order.lines[0]), ["terminal", "sim"]
    facts = {"by": cast.su, "at": AT}
    assert "same vehicle" in sentence(move, db, work(order, there), there.vehicle_id, both, **facts)
    assert "No terminal is on record" in sentence(move, db, work(order, there), here.vehicle_id, both, **facts)
    others = vehicle(db, cast, plate="粤B7T7T7", customer="别家公司")
    assert "another customer" in sentence(move, db, work(order, here), others.id, both, **facts)
    fitted_by(db, cast, cast.su, order, line=1)
    assert "There is a terminal in this vehicle" in sentence(move, db, work(order, here), there.vehicle_id, both, **facts)
    sentence(move, db, work(order, here), there.vehicle_id, both, by=cast.lin, at=AT, refusal=NotAllowed)
    with pytest.raises(DatabaseError), db.begin_nested():
        first = db.scalars(sa.select(Fitting).limit(1)).one()
        copied = {
            c.name: getattr(first, c.name) for c in Fitting.__table__.columns if c.name not in ("id", "kind", "moved_from_id")
        }
        db.execute(sa.insert(Fitting).values(**copied, kind="move_in", moved_from_id=first.id))


# --- loaners


@pytest.fixture
def broken(db: Session, cast: Cast) -> Order:
    """A repair whose terminal is the customer's and out of warranty, with a price list."""
    price_list(db, cast)
    order = repair(db, cast)
    _belongs(db, cast, slot_units(db, order.lines[0].vehicle_id)["terminal"], his(order.customer_id))
    return order


def _belongs(db: Session, cast: Cast, unit: Unit, to: Owner) -> None:
    declare(db, unit.id, Declared(to, "合同约定", unit.owner_seq), by=cast.lin, at=AT)


@pytest.mark.parametrize(
    ("case", "rule"),
    [
        ("his, from elsewhere", "own_unit"),
        ("his, back again", "own_unit"),
        ("his, and ours by now", "part_out_of_warranty"),
        ("a SIM, back again", "own_unit"),
        ("a new SIM", "part_out_of_warranty"),
    ],
)
def test_what_was_his_before_costs_nothing(db: Session, cast: Cast, broken: Order, case: str, rule: str) -> None:
    facts = {"by": cast.su, "at": AT}
    unit = slot_units(db, broken.lines[0].vehicle_id)["sim" if "SIM" in case else "terminal"]
    remove(db, work(broken), unit.id, **facts)
    if "elsewhere" in case or "new" in case:
        (unit,) = carried(db, cast, cast.su, **{"cards" if "SIM" in case else "boxes": 1})
    if "elsewhere" in case:
        _belongs(db, cast, unit, his(broken.customer_id))
    if "ours" in case:
        _belongs(db, cast, unit, OURS)
    install(db, work(broken), unit.id, **facts)
    (charge,) = charged(db, cast, broken)
    assert (charge.rule, charge.amount == 0) == (rule, rule == "own_unit")


@pytest.fixture
def lent(db: Session, cast: Cast, broken: Order) -> Fitting:
    """A loaner in place of the customer's own terminal."""
    (loaner,) = carried(db, cast, cast.su, boxes=1)
    return swap(db, work(broken), loaner.id, lend_until=DUE, by=cast.su, at=AT)


def test_a_loan_costs_nothing_and_ends_when_his_own_is_back(db: Session, cast: Cast, broken: Order, lent: Fitting) -> None:
    assert charged(db, cast, broken) == [] and rows(db) == [("out", lent.new_unit_id)]
    (shown,) = [f for f in fittings_of(db, broken.id) if f.kind == "swap"]
    assert fitting_json(shown)["lent_until"] == "2026-12-16"
    listed = loans(db, cast.lin, today=DUE + timedelta(days=1), which="overdue")
    assert [loan.own_unit_id for loan in listed.part.rows] == [lent.old_unit_id] and listed.overdue == listed.out == 1
    assert lent.old_unit_id and lent.new_unit_id
    assert "loaner" in sentence(_moved_away, db, cast, broken, lent)
    back = swap(db, work(broken), lent.old_unit_id, by=cast.su, at=AT + timedelta(hours=1))
    assert rows(db) == [("returned", lent.new_unit_id)] and loans(db, cast.lin, today=DUE).out == 0
    (charge,) = charged(db, cast, broken)
    assert (charge.rule, charge.amount) == ("own_unit", 0)
    undo(db, back.id, reason="not yet", by=cast.su, at=AT)
    assert rows(db) == [("out", lent.new_unit_id)]
    undo(db, lent.id, reason="no loan", by=cast.su, at=AT)
    assert rows(db) == [("void", lent.new_unit_id)] and not ledger_faults(db)


def test_the_check_finds_loans_that_are_not_so(db: Session, cast: Cast, broken: Order, lent: Fitting) -> None:
    assert lent.old_unit_id and lent.new_unit_id and list(broken_custody(db)) == []
    bag = bag_of(db, person_id=cast.su.id or 0, branch_id=cast.sz)
    with db.begin_nested() as point:
        move_units(db, [lent.new_unit_id], to=bag, reason="remove", by=cast.lin, at=AT)
        assert [str(each) for each in broken_custody(db) if "not in the vehicle for which it was lent" in str(each)]
        point.rollback()
    back = swap(db, work(broken), lent.old_unit_id, by=cast.su, at=AT)
    undo(db, back.id, reason="not yet", by=cast.su, at=AT)
    assert list(broken_custody(db)) == []
    db.execute(sa.update(Loan).values(state="returned", ended_at=AT, ended_fitting_id=back.id))
    assert ["was undone" in str(each) for each in broken_custody(db)] == [True]


def _moved_away(db: Session, cast: Cast, broken: Order, lent: Fitting) -> object:
    second = installation_order(db, cast, lines=1)
    return move(db, work(second), lent.vehicle_id, ["terminal"], by=cast.su, at=AT)


def test_one_loaner_for_another_and_another_unit_than_was_entered(db: Session, cast: Cast, broken: Order, lent: Fitting) -> None:
    third, fourth = carried(db, cast, cast.su, boxes=2)
    again = swap(db, work(broken), third.id, lend_until=DUE, by=cast.su, at=AT)
    assert rows(db) == [("returned", lent.new_unit_id), ("out", third.id)]
    replace_unit(db, broken.id, again.id, number=fourth.number, reason="typed wrongly", by=cast.wang, at=AT)
    own = [loan.own_unit_id for loan in db.scalars(sa.select(Loan).order_by(Loan.id))]
    assert rows(db)[1:] == [("void", third.id), ("out", fourth.id)] and set(own) == {lent.old_unit_id}


def test_a_sale_is_charged_as_an_exchange_and_is_final(db: Session, cast: Cast, broken: Order, lent: Fitting) -> None:
    (loan,) = db.scalars(sa.select(Loan))
    facts = {"by": cast.wang, "at": AT}
    sentence(sell_loan, db, loan.id, reason="", **facts, refusal=Invalid)
    sentence(sell_loan, db, loan.id, reason="keeps it", by=cast.lin, at=AT, refusal=NotAllowed)
    sell_loan(db, loan.id, reason="keeps it", **facts)
    (charge,) = charges_of(db, broken.id)
    assert told(charge).startswith("Out of warranty since 2026-01-11") and account_of(db, broken.id).charged == 680
    sentence(sell_loan, db, loan.id, reason="twice", **facts, refusal=Conflict)
    assert "turned into a sale" in sentence(undo, db, lent.id, reason="back", **facts)
    swapped(db, cast, broken)
    assert rows(db) == [("sold", lent.new_unit_id)]


@pytest.mark.parametrize("days", [0, 366])
def test_what_cannot_be_lent(db: Session, cast: Cast, broken: Order, days: int) -> None:
    box, card = carried(db, cast, cast.su, boxes=1, cards=1)
    due = {"lend_until": date(2026, 12, 2) + timedelta(days=days), "by": cast.su, "at": AT}
    sentence(swap, db, work(broken), box.id, **due, refusal=Invalid)
    sentence(swap, db, work(broken), card.id, **due | {"lend_until": DUE}, refusal=Invalid)


def test_the_list_of_loaners(db: Session, cast: Cast, lent: Fitting, as_person: SignIn) -> None:
    (loan,) = db.scalars(sa.select(Loan))
    number = db.get_one(Unit, lent.new_unit_id).number
    db.commit()
    page = as_person(cast.lin).get("/stock/loans").text
    assert number[-6:] in page and "Turn into a sale" not in page
    sale = f"/stock/loans/{loan.id}/sell"
    wang = as_person(cast.wang)
    assert wang.post(sale, data={"reason": ""}).status_code == 422
    assert "Sold." in wang.post(sale, data={"reason": "keeps it"}, follow_redirects=True).text
    assert number[-6:] in wang.get("/stock/loans?which=ended").text
