"""Units taken out of a vehicle that are still in a bag: where the company asks for it, closing waits for them (P6, P12)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased, joinedload

from dispatch.customers.models import Vehicle
from dispatch.devices.fitted import stands
from dispatch.devices.models import CustodyEntry, CustodyPosition, Fitting, Holder, Unit
from dispatch.field.summary import vehicle_shown
from dispatch.jobs import enqueue
from dispatch.orders.models import Order
from dispatch.staff.models import Person
from dispatch.words import Text, say

HINTS = {
    "terminal": say("The old terminal %(unit)s is still in the bag of %(who)s; it does not hold back closing."),
    "sim": say("The old SIM %(unit)s is still in the bag of %(who)s; it does not hold back closing."),
}
_asked = False
_later, _holder = aliased(CustodyEntry), aliased(Holder)


def configure(asked: bool) -> None:
    """Whether closing waits for the units that were taken out (RETURN_BEFORE_CLOSING)."""
    global _asked
    _asked = asked


def units_to_return(session: Session, order: Order) -> Iterator[Text]:
    """What somebody still carries of what this order took out of vehicles."""
    if order.status != "done" or not _asked:
        return
    for fitting, unit, bag, who in _carried(session, order):
        yield say(
            "%(who)s still has %(unit)s, taken out of %(vehicle)s: to be returned to the store.",
            who=who,
            unit=unit.number,
            vehicle=vehicle_shown(session.get_one(Vehicle, fitting.vehicle_id)),
            bag=bag.id,
        )


def units_not_waited_for(session: Session, order: Order) -> list[Text]:
    """The same for a reader of the order's page where closing does not wait for them: a hint, no paper that is missing."""
    if order.status != "done" or _asked:
        return []
    return [say(HINTS[unit.kind].msgid, unit=unit.number, who=who) for _, unit, _, who in _carried(session, order)]


def _carried(session: Session, order: Order) -> Sequence[sa.Row[Fitting, Unit, Holder, str]]:
    """What was taken out and is in somebody's bag: the fitting, its old unit, the bag and its owner's name.

    What was elsewhere since, and was drawn from a store again, is not owed.
    """
    elsewhere = sa.exists().where(
        _later.unit_id == CustodyEntry.unit_id,
        _later.seq > CustodyEntry.seq,
        _holder.id == _later.to_holder_id,
        _holder.kind != "bag",
    )
    query = (
        sa.select(Fitting, Unit, Holder, Person.name)
        .join(CustodyEntry, CustodyEntry.id == Fitting.out_entry_id)
        .join(Unit, Unit.id == Fitting.old_unit_id)
        .join(CustodyPosition, CustodyPosition.unit_id == Unit.id)
        .join(Holder, Holder.id == CustodyPosition.holder_id)
        .join(Person, Person.id == Holder.person_id)
        .where(Fitting.order_id == order.id, stands(), CustodyPosition.holder_kind == "bag", ~elsewhere)
        .options(joinedload(Unit.terminal), joinedload(Unit.sim))
        .order_by(Fitting.at, Fitting.id)
    )
    return session.execute(query).all()


def count_again(session: Session, unit_ids: Sequence[int]) -> None:
    """Units were moved: orders that are done and had taken them out are counted anew, once that is committed."""
    if not _asked:
        return
    taken_out = sa.select(Fitting.order_id).join(Order, Order.id == Fitting.order_id)
    waiting = taken_out.where(Fitting.old_unit_id.in_(unit_ids), Order.status == "done").distinct()
    for order_id in session.scalars(waiting):
        enqueue(session, "orders.count_papers", lock=f"order:{order_id}", order_id=order_id)
