"""Taking a fitting back: everything as it was, or a sentence that says where the units are now."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from sqlalchemy.orm import Session

from dispatch.audit.queries import history
from dispatch.devices.fitted import bag_units, fittings_of, slot_units
from dispatch.devices.fitting import install, remove, swap, undo
from dispatch.devices.issuing import hand_over
from dispatch.errors import Conflict, Invalid, NotAllowed, NotFound
from dispatch.orders.models import Order
from dispatch.staff.rules import Actor
from tests.building import installation_order
from tests.conftest import AT, Cast
from tests.devices.building import (
    carried,
    fitted_by,
    into_bag,
    ledger_faults,
    say_yes,
    sentence,
    store,
    unit_history,
    where,
    work,
)


@pytest.fixture
def order(db: Session, cast: Cast) -> Order:
    """An order for three vehicles."""
    return installation_order(db, cast, lines=3)


def test_undo_of_a_swap_puts_everything_back_and_names_the_first(db: Session, cast: Cast, order: Order) -> None:
    old, card = fitted_by(db, cast, cast.wei, order)
    (new,) = carried(db, cast, cast.su, boxes=1)
    swapped = swap(db, work(order), new.id, by=cast.su, at=AT)
    undone = undo(db, swapped.id, reason=" wrong vehicle ", by=cast.su, at=AT)
    assert (undone.kind, undone.undoes_id, undone.reason) == ("undo", swapped.id, "wrong vehicle")
    assert (undone.old_unit_id, undone.new_unit_id) == (new.id, old.id)
    assert slot_units(db, order.lines[0].vehicle_id) == {"terminal": old, "sim": card}
    assert bag_units(db, cast.su.id or 0) == [new]
    newest = [unit_history(db, unit.id)[0] for unit in (new, old)]
    assert [(entry.reason, entry.corrects_id) for entry in newest] == [
        ("correct", swapped.in_entry_id),
        ("correct", swapped.out_entry_id),
    ]
    assert [fitting.kind for fitting in fittings_of(db, order.id)] == ["install", "install"]
    assert history(db, ("order", order.id))[0].detail["reason"] == "wrong vehicle"
    assert not ledger_faults(db)


def test_undo_goes_back_step_by_step(db: Session, cast: Cast, order: Order) -> None:
    (first, second) = carried(db, cast, cast.su, boxes=2)
    installed = install(db, work(order), first.id, by=cast.su, at=AT)
    swapped = swap(db, work(order), second.id, by=cast.su, at=AT)
    assert sentence(undo, db, installed.id, reason="x", by=cast.su, at=AT) == (
        f"This cannot be undone: {first.number} is in 苏杰's bag now."
    )
    undo(db, swapped.id, reason="x", by=cast.su, at=AT)
    undo(db, installed.id, reason="x", by=cast.su, at=AT)
    assert slot_units(db, order.lines[0].vehicle_id) == {} and fittings_of(db, order.id) == []
    install(db, work(order), second.id, by=cast.su, at=AT)
    assert not ledger_faults(db)


def test_undo_when_things_have_moved_on(db: Session, cast: Cast, order: Order) -> None:
    box, other = carried(db, cast, cast.su, boxes=2)
    installed = install(db, work(order), box.id, by=cast.su, at=AT)
    removed = remove(db, work(order), box.id, by=cast.su, at=AT)
    again = install(db, work(order), box.id, by=cast.su, at=AT)
    assert "was moved in between" in sentence(undo, db, installed.id, reason="x", by=cast.su, at=AT)
    undo(db, again.id, reason="x", by=cast.su, at=AT)
    install(db, work(order), other.id, by=cast.su, at=AT)
    assert sentence(undo, db, removed.id, reason="x", by=cast.su, at=AT) == (
        f"This cannot be undone: {other.number} is in this vehicle now."
    )


def test_what_was_handed_over_since_is_named(db: Session, cast: Cast, order: Order) -> None:
    old, _card = fitted_by(db, cast, cast.su, order)
    (new,) = carried(db, cast, cast.su, boxes=1)
    swapped = swap(db, work(order), new.id, by=cast.su, at=AT)
    back = {"source": where(db, old), "to": store(db, cast), "key": uuid.uuid4(), "by": cast.lin, "at": AT}
    hand_over(db, [old.id], **back)
    say_yes(db, cast)
    text = sentence(undo, db, swapped.id, reason="x", by=cast.su, at=AT)
    assert text == f"This cannot be undone: {old.number} is in the store 总仓 now."
    into_bag(db, cast, cast.su, [old])
    assert "was moved in between" in sentence(undo, db, swapped.id, reason="x", by=cast.su, at=AT)


def test_who_may_undo_and_how_often(db: Session, cast: Cast, order: Order) -> None:
    (box,) = carried(db, cast, cast.su, boxes=1)
    installed = install(db, work(order), box.id, by=cast.su, at=AT)
    facts = {"reason": "wrong", "at": AT}
    by_colleague = sentence(undo, db, installed.id, by=cast.wei, **facts, refusal=NotAllowed)
    assert by_colleague == "Only 苏杰 or the office can undo this."
    sentence(undo, db, installed.id, by=cast.he, **facts, refusal=NotFound)
    sentence(undo, db, installed.id, by=cast.su, order_id=order.id + 1, **facts, refusal=NotFound)
    sentence(undo, db, installed.id + 99, by=cast.su, **facts, refusal=NotFound)
    assert "reason" in sentence_of_form(db, installed.id, cast.su)
    undone = undo(db, installed.id, by=cast.lin, order_id=order.id, **facts)
    assert sentence(undo, db, installed.id, by=cast.su, **facts, refusal=Conflict) == "Somebody has undone this already."
    assert "stays undone" in sentence(undo, db, undone.id, by=cast.su, **facts)


def sentence_of_form(db: Session, fitting_id: int, by: Actor) -> dict[str, Any]:
    with pytest.raises(Invalid) as refused:
        undo(db, fitting_id, reason="  ", by=by, at=AT)
    return refused.value.fields


def test_undo_of_what_came_before_another_unit_came_and_went(db: Session, cast: Cast, order: Order) -> None:
    """The fittings that stand always lead to what the vehicle holds, though the place is as empty as it was left."""
    first, second = carried(db, cast, cast.su, boxes=2)
    install(db, work(order), first.id, by=cast.su, at=AT)
    gone = remove(db, work(order), first.id, by=cast.su, at=AT)
    came = install(db, work(order), second.id, by=cast.su, at=AT)
    went = remove(db, work(order), second.id, by=cast.su, at=AT)
    assert sentence(undo, db, gone.id, reason="x", by=cast.su, at=AT) == (
        f"This cannot be undone: {second.number} was moved in between; undo what came later first."
    )
    for later in (went, came, gone):
        undo(db, later.id, reason="x", by=cast.su, at=AT)
    assert [fitting.kind for fitting in fittings_of(db, order.id)] == ["install"]
    assert slot_units(db, order.lines[0].vehicle_id) == {"terminal": first}
