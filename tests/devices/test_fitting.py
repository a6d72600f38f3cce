"""Installing, swapping, removing and undoing at a vehicle: what moves, what is written down, and which sentence a refusal is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from dispatch.audit.queries import broken_chains, history
from dispatch.devices.fitted import bag_units, fittings_of, rebind_needed, slot_units, unit_numbers
from dispatch.devices.fitting import install, register_found, remove, swap, undo
from dispatch.devices.models import CustodyEntry, Fitting, TerminalModel
from dispatch.devices.operations import NewSim, NewTerminal, receive_sims, receive_terminals
from dispatch.errors import Invalid, NotAllowed, NotFound, Refusal, RuleBroken
from dispatch.orders.models import Order
from tests.building import installation_order, repair_order
from tests.conftest import AT, Cast
from tests.devices.building import (
    carried,
    fitted_by,
    into_bag,
    ledger_faults,
    sentence,
    store,
    terminals,
    unit_history,
    units_called,
    where,
    work,
)

IMEI, OTHER_IMEI = "861550034965196", "352099001761481"


@pytest.fixture
def order(db: Session, cast: Cast) -> Order:
    """An order for three vehicles."""
    return installation_order(db, cast, lines=3)


# --- what happens


def test_install_puts_both_kinds_into_the_slot(db: Session, cast: Cast, order: Order) -> None:
    box, card = fitted_by(db, cast, cast.su, order)
    assert slot_units(db, order.lines[0].vehicle_id) == {"terminal": box, "sim": card}
    assert bag_units(db, cast.su.id or 0) == []
    entry = unit_history(db, box.id)[0]
    assert (entry.reason, entry.order_id, entry.device_at) == ("install", order.id, AT)
    assert not ledger_faults(db)


def test_swap_reads_the_old_unit_itself_and_takes_it_into_the_bag(db: Session, cast: Cast, order: Order) -> None:
    old, card = fitted_by(db, cast, cast.wei, order)
    (new,) = carried(db, cast, cast.su, boxes=1)
    later = AT + timedelta(minutes=5)
    before = unit_numbers(old), unit_numbers(card)
    fitting = swap(db, work(order, at=later), new.id, by=cast.su, at=later + timedelta(seconds=3))
    assert (fitting.kind, fitting.unit_kind, fitting.old_unit_id, fitting.new_unit_id) == ("swap", "terminal", old.id, new.id)
    assert (fitting.at, fitting.recorded_at) == (later, later + timedelta(seconds=3))
    assert slot_units(db, order.lines[0].vehicle_id) == {"terminal": new, "sim": card}
    assert bag_units(db, cast.su.id or 0) == [old]
    assert [unit_history(db, unit.id)[0].reason for unit in (old, new)] == ["swap_out", "swap_in"]
    assert (unit_numbers(old), unit_numbers(card)) == before
    told = history(db, ("order", order.id))[0]
    assert told.action == "line.fit" and told.by_name == "苏杰"
    assert told.detail == {
        "line": order.lines[0].id,
        "fitting": fitting.id,
        "kind": "swap",
        "unit_kind": "terminal",
        "old": old.number,
        "new": new.number,
        "device_at": later.isoformat(),
    }
    assert not ledger_faults(db) and not list(broken_chains(db))


def test_both_are_swapped_by_two_calls_and_listed_in_order(db: Session, cast: Cast, order: Order) -> None:
    old_box, old_card = fitted_by(db, cast, cast.su, order)
    new_box, new_card = carried(db, cast, cast.su, boxes=1, cards=1)
    for old, new in ((old_box, new_box), (old_card, new_card)):
        swap(db, work(order), new.id, old_unit_id=old.id, by=cast.su, at=AT)
    assert slot_units(db, order.lines[0].vehicle_id) == {"terminal": new_box, "sim": new_card}
    assert [(f.kind, f.old_unit, f.new_unit) for f in fittings_of(db, order.id)[2:]] == [
        ("swap", old_box, new_box),
        ("swap", old_card, new_card),
    ]


def test_remove_takes_a_unit_into_the_bag(db: Session, cast: Cast, order: Order) -> None:
    box, card = fitted_by(db, cast, cast.su, order)
    fitting = remove(db, work(order), box.id, by=cast.su, at=AT)
    assert (fitting.kind, fitting.old_unit_id, fitting.new_unit_id) == ("remove", box.id, None)
    assert slot_units(db, order.lines[0].vehicle_id) == {"sim": card}
    assert bag_units(db, cast.su.id or 0, "terminal") == [box]


# --- refusals


def test_a_unit_that_is_elsewhere_is_named_with_its_place(db: Session, cast: Cast, order: Order) -> None:
    fitted, _card = fitted_by(db, cast, cast.su, order, line=1)
    (others,) = carried(db, cast, cast.wei, boxes=1)
    (stored,) = terminals(db, cast)
    plate = order.lines[1].vehicle.plate
    places = {
        fitted: f"fitted in {plate}. Take it out there first, or move it from there.",
        others: "in 卫晨's bag. Have it handed to you first.",
        stored: "in the store 总仓. Have the store issue it to you first.",
    }
    for unit, place in places.items():
        assert sentence(install, db, work(order), unit.id, by=cast.su, at=AT) == (
            f"{unit.number} is not in your bag: it is {place}"
        )
    assert not fittings_of(db, order.id)[2:] and not ledger_faults(db)


def test_a_slot_that_is_taken_or_empty(db: Session, cast: Cast, order: Order) -> None:
    box, card = carried(db, cast, cast.su, boxes=1, cards=1)
    assert "No terminal is on record" in sentence(swap, db, work(order), box.id, by=cast.su, at=AT)
    assert "No SIM is on record" in sentence(swap, db, work(order), card.id, by=cast.su, at=AT)
    old_box, old_card = fitted_by(db, cast, cast.su, order)
    for old, new in ((old_box, box), (old_card, card)):
        assert f"by the record: {old.number}. Swap it" in sentence(install, db, work(order), new.id, by=cast.su, at=AT)


def test_old_and_new(db: Session, cast: Cast, order: Order) -> None:
    old, old_card = fitted_by(db, cast, cast.su, order)
    box, other = carried(db, cast, cast.su, boxes=2)
    at_work = work(order)
    same = sentence(swap, db, at_work, box.id, old_unit_id=box.id, by=cast.su, at=AT)
    assert same == "The old and the new number are the same."
    assert sentence(swap, db, at_work, old.id, by=cast.su, at=AT) == f"{old.number} is in this vehicle already."
    wrong = sentence(swap, db, at_work, box.id, old_unit_id=other.id, by=cast.su, at=AT)
    assert wrong == f"{other.number} is not in this vehicle: it is in 苏杰's bag."
    kind = sentence(swap, db, at_work, box.id, old_unit_id=old_card.id, by=cast.su, at=AT)
    assert kind == f"{box.number} is a terminal, but a SIM is asked for."
    assert "not in this vehicle" in sentence(remove, db, at_work, box.id, by=cast.su, at=AT)
    assert sentence(install, db, at_work, 10**9, by=cast.su, at=AT, refusal=NotFound) == "There is no such unit on record."


def test_work_that_does_not_belong_together(db: Session, cast: Cast, order: Order) -> None:
    (box,) = carried(db, cast, cast.su, boxes=1)
    other = repair_order(db, cast)
    for wrong in (work(order, other.lines[0]), work(order, vehicle_id=order.lines[1].vehicle_id)):
        assert sentence(install, db, wrong, box.id, by=cast.su, at=AT) == "This vehicle does not belong to this order."
    sentence(install, db, work(order, branch_id=cast.gz), box.id, by=cast.su, at=AT, refusal=NotFound)
    sentence(install, db, work(order), box.id, by=cast.lin, at=AT, refusal=NotAllowed)


def test_of_another_branch_no_more_is_said_than_that(db: Session, cast: Cast, order: Order) -> None:
    (box,) = carried(db, cast, cast.su, boxes=1)
    where(db, box).branch_id = cast.gz
    (mine,) = carried(db, cast, cast.wei, boxes=1)
    assert "it is at another branch." in sentence(install, db, work(order), box.id, by=cast.wei, at=AT)
    install(db, work(order), mine.id, by=cast.wei, at=AT)


def test_the_office_enters_what_a_technician_did(db: Session, cast: Cast, order: Order) -> None:
    old, _card = fitted_by(db, cast, cast.su, order)
    (new,) = carried(db, cast, cast.su, boxes=1)
    (others,) = carried(db, cast, cast.wei, boxes=1)
    for_su = work(order, technician_id=cast.su.id)
    assert sentence(swap, db, for_su, others.id, by=cast.wang, at=AT) == (
        f"{others.number} is not in 苏杰's bag: it is in 卫晨's bag."
    )
    for other in (cast.wei, cast.lin):
        sentence(swap, db, for_su, new.id, by=other, at=AT, refusal=NotAllowed)
    fitting = swap(db, for_su, new.id, by=cast.wang, at=AT)
    assert (fitting.by_name, bag_units(db, cast.su.id or 0)) == (cast.wang.name, [old])
    undo(db, fitting.id, reason="x", by=cast.wang, at=AT)
    assert slot_units(db, order.lines[0].vehicle_id)["terminal"] is old


# --- found in the vehicle


def test_an_unknown_old_terminal_is_registered_in_the_slot_and_swapped(db: Session, cast: Cast, order: Order) -> None:
    found = register_found(db, work(order), kind="terminal", number=" old-0815 ", model="BD-2000", by=cast.su, at=AT)
    assert found.terminal is not None and found.terminal.serial == "OLD0815" and found.terminal.warranty_months == 0
    (entry,) = unit_history(db, found.id)
    assert (entry.reason, entry.order_id, entry.from_holder_id) == ("found", order.id, None)
    assert history(db, ("order", order.id))[0].action == "line.found"
    (new,) = carried(db, cast, cast.su, boxes=1)
    fitting = swap(db, work(order), new.id, by=cast.su, at=AT)
    assert fitting.old_unit_id == found.id and bag_units(db, cast.su.id or 0) == [found]
    assert not ledger_faults(db)


def test_an_unknown_old_sim_is_registered_by_its_iccid(db: Session, cast: Cast, order: Order) -> None:
    sim = register_found(db, work(order), kind="sim", number="8986 0624 2900 0000 9995", model=None, by=cast.su, at=AT)
    assert unit_numbers(sim) == {"iccid": "89860624290000009995", "msisdn": None, "carrier": None}


def test_what_cannot_be_registered_as_found(db: Session, cast: Cast, order: Order) -> None:
    def found(kind: str, number: str, model: str | None = "GT06N", refusal: type[Refusal] = RuleBroken) -> str:
        facts = {"kind": kind, "number": number, "model": model, "by": cast.su, "at": AT}
        return sentence(register_found, db, work(order), **facts, refusal=refusal)

    (known,) = terminals(db, cast)
    assert found("terminal", known.number) == f"{known.number} is on record already: it is in the store 总仓."
    assert "is not a serial number" in found("terminal", "旧机")
    assert "this one has 11" in found("sim", "13800001111")
    assert found("terminal", "OLD0816", None, Invalid)
    box, _card = fitted_by(db, cast, cast.su, order)
    assert f"by the record: {box.number}" in found("terminal", "OLD0817")
    db.add(TerminalModel(name="KNOWN-1", warranty_months=24))
    db.flush()
    facts = {"kind": "terminal", "number": "OLD0818", "model": "KNOWN-1", "by": cast.su, "at": AT}
    unit = register_found(db, work(order, order.lines[1]), **facts)
    assert unit.terminal is not None and unit.terminal.warranty_months == 24


# --- the binding of SIM and IMEI


def test_a_bound_sim_beside_another_terminal_asks_for_a_new_binding(db: Session, cast: Cast, order: Order) -> None:
    boxes = [NewTerminal("B-1", "GT06N", imei=IMEI), NewTerminal("B-2", "GT06N", imei=OTHER_IMEI), NewTerminal("B-3", "GT06N")]
    receive_terminals(db, boxes, store=store(db, cast), by=cast.lin, at=AT)
    key = "8986062429999999999"
    receive_sims(db, [NewSim(key + "1", key, bound_imei=IMEI)], store=store(db, cast), by=cast.lin, at=AT)
    units = units_called(db, [IMEI, OTHER_IMEI, "b3", key])
    into_bag(db, cast, cast.su, units)
    vehicle_id = order.lines[0].vehicle_id
    for unit in (units[0], units[3]):
        install(db, work(order), unit.id, by=cast.su, at=AT)
    assert rebind_needed(slot_units(db, vehicle_id)) is None
    swap(db, work(order), units[1].id, by=cast.su, at=AT)
    told = str(rebind_needed(slot_units(db, vehicle_id)))
    assert told.startswith(f"SIM {key}1 is bound to IMEI {IMEI}, but the terminal's is {OTHER_IMEI}.")
    swap(db, work(order), units[2].id, by=cast.su, at=AT)
    assert "the IMEI of terminal B-3 is not on record" in str(rebind_needed(slot_units(db, vehicle_id)))
    assert rebind_needed(slot_units(db, order.lines[1].vehicle_id)) is None


# --- the database's own part


@pytest.mark.parametrize("change", [{"old_unit_id": None}, {"in_entry_id": None}, {"new_unit_id": "old"}, {"kind": "remove"}])
def test_the_database_refuses_half_a_swap(db: Session, cast: Cast, order: Order, change: dict[str, Any]) -> None:
    fitted_by(db, cast, cast.su, order)
    (new,) = carried(db, cast, cast.su, boxes=1)
    good = swap(db, work(order), new.id, by=cast.su, at=AT)
    columns = {column.key: getattr(good, column.key) for column in sa.inspect(Fitting).column_attrs}
    wrong = {name: good.old_unit_id if value == "old" else value for name, value in change.items()}
    with pytest.raises(IntegrityError):
        db.execute(sa.insert(Fitting).values({**columns, **wrong, "id": 10**6}))


@pytest.mark.parametrize("statement", ["UPDATE fitting SET by_name = 'nobody'", "DELETE FROM fitting"])
def test_fittings_can_only_grow(db: Session, cast: Cast, order: Order, statement: str) -> None:
    fitted_by(db, cast, cast.su, order)
    with pytest.raises(DBAPIError, match="append"):
        db.execute(sa.text(statement))


def test_a_fitting_names_its_ledger_entries(db: Session, cast: Cast, order: Order) -> None:
    fitted_by(db, cast, cast.su, order)
    for fitting in fittings_of(db, order.id):
        entry = db.get_one(CustodyEntry, fitting.in_entry_id)
        assert (entry.unit_id, entry.to_holder_id) == (fitting.new_unit_id, fitting.slot_id)
