"""Reading whose units are: now, at a moment, and all that ever was."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session, aliased, joinedload

from dispatch.customers.models import Customer, Vehicle
from dispatch.customers.queries import customers_found
from dispatch.devices.loan_models import LENT, Loan
from dispatch.devices.models import CustodyPosition, Fitting, OwnershipEntry, Unit
from dispatch.devices.ownership_rules import Owner
from dispatch.errors import Invalid
from dispatch.staff.rules import Actor
from dispatch.words import Text, say

MOST_CHOICES = 20

# Made once: naming a table anew takes longer than asking it.
_gone, _left, _undoing = aliased(Fitting), aliased(Fitting), aliased(Fitting)
_here, _there = aliased(Vehicle), aliased(Vehicle)
_passed = aliased(OwnershipEntry)

REASONS: dict[str, Text] = {
    "declared": say("Recorded by hand"),
    "fitted": say("Fitted for good"),
    "exchanged": say("Came out in exchange"),
    "sold": say("The loan was turned into a sale"),
    "found": say("Found in the vehicle"),
    "replacement": say("Sent by the supplier as a replacement"),
    "listed": say("So in the list that took it in"),
    "backfill": say("Was fitted when this began to be recorded"),
    "correct": say("The fitting was undone"),
    "changed_hands": say("The vehicle changed hands, and it with it"),
}


class SeveralFit(Invalid):
    """More than one customer is meant by what was typed; `choices` are (id, name)."""

    def __init__(self, choices: Sequence[tuple[int, str]]) -> None:
        self.choices = choices
        super().__init__({"customer_id": say("Several customers fit. Choose the one who is meant.")})


def newest_owner(session: Session, unit_id: int) -> OwnershipEntry | None:
    """The entry that made a unit whose it is; None for one that always was ours."""
    query = sa.select(OwnershipEntry).where(OwnershipEntry.unit_id == unit_id).order_by(OwnershipEntry.seq.desc())
    return session.scalar(query.limit(1))


def owners_at(session: Session, unit_ids: Collection[int], moment: datetime) -> dict[int, OwnershipEntry]:
    """By what entry each of these units was whose at a moment: unit id -> entry; none of them: it was ours."""
    happened = sa.func.coalesce(OwnershipEntry.device_at, OwnershipEntry.at)
    query = sa.select(OwnershipEntry).where(OwnershipEntry.unit_id.in_(unit_ids), happened <= moment)
    newest = query.ext(distinct_on(OwnershipEntry.unit_id)).order_by(OwnershipEntry.unit_id, OwnershipEntry.seq.desc())
    return {entry.unit_id: entry for entry in session.scalars(newest.options(joinedload(OwnershipEntry.to_customer)))}


def own_before(session: Session, fittings: Collection[Fitting]) -> set[int]:
    """Those fittings that put in what was the customer's own before: nobody else's is put into his vehicle (`must_suit`).

    What no fitting makes his (a SIM, say) is as his own when it only comes back into a vehicle of his.
    """
    if not fittings:
        return set()
    known = (OwnershipEntry.unit_id == Fitting.new_unit_id, OwnershipEntry.at <= Fitting.recorded_at)
    stood = sa.select(OwnershipEntry.to_owner).where(*known).order_by(OwnershipEntry.seq.desc()).limit(1).scalar_subquery()
    before = sa.case((_passed.id.is_not(None), _passed.from_owner), else_=stood)
    lent = sa.exists().where(Loan.fitting_id == Fitting.id)  # what is lent is ours, and sold it is new to him
    query = sa.select(Fitting.id).outerjoin(
        _passed, sa.and_(_passed.fitting_id == Fitting.id, _passed.unit_id == Fitting.new_unit_id)
    )
    own = sa.or_(before == "customer", sa.and_(_passed.id.is_(None), _comes_back()))
    return set(session.scalars(query.where(Fitting.id.in_([each.id for each in fittings]), ~lent, own)))


def last_left(units: sa.Select[int]) -> sa.Select[int, int]:
    """SQL: of these units those that were taken out of a vehicle, moved, or had a loaner stand for them, and in whose vehicle
    that was the last time: unit_id, customer_id. Put into a vehicle of his they come back."""
    undone = sa.exists().where(_undoing.undoes_id == _gone.id)
    out = sa.select(_gone.id, _gone.old_unit_id, _gone.kind, _gone.vehicle_id)
    newest = out.where(_gone.old_unit_id.in_(units), _gone.kind != "undo", ~undone).ext(distinct_on(_gone.old_unit_id))
    last = newest.order_by(_gone.old_unit_id, _gone.id.desc()).subquery()
    lent = sa.exists().where(Loan.fitting_id == last.c.id, Loan.state.in_(LENT))
    whose = sa.select(last.c.old_unit_id.label("unit_id"), Vehicle.customer_id).join(Vehicle, Vehicle.id == last.c.vehicle_id)
    return whose.where(sa.or_(last.c.kind.in_(("remove", "move_out")), lent))


def _comes_back() -> sa.ColumnElement[bool]:
    """SQL: what a fitting puts in was taken out of a vehicle of the same customer, moved, or a loaner stood for it; what was
    exchanged for another one was not."""
    undone = sa.exists().where(_undoing.undoes_id == _gone.id)
    newest = sa.select(_gone.id).where(
        _gone.old_unit_id == Fitting.new_unit_id, _gone.id < Fitting.id, _gone.kind != "undo", ~undone
    )
    last = newest.order_by(_gone.id.desc()).limit(1).correlate(Fitting).scalar_subquery()
    lent = sa.exists().where(Loan.fitting_id == _left.id, Loan.state.in_(LENT))
    return (
        sa.exists()
        .where(_left.id == last, _there.id == _left.vehicle_id, _here.id == Fitting.vehicle_id)
        .where(_here.customer_id == _there.customer_id, sa.or_(_left.kind.in_(("remove", "move_out")), lent))
    )


def not_ours(session: Session, holder_id: int) -> Mapping[str, int]:
    """How much a holder has that is not ours: customer or third_party -> how many."""
    query = sa.select(Unit.owner, sa.func.count()).join(CustodyPosition, CustodyPosition.unit_id == Unit.id)
    counted = query.where(CustodyPosition.holder_id == holder_id, Unit.owner != "ours").group_by(Unit.owner)
    return dict(session.execute(counted).all())


def customer_called(session: Session, words: str, by: Actor, *, customer_id: int | None = None) -> Customer:
    """The customer that somebody means by a name or a piece of it; `customer_id` is the one chosen where several fit.

    Raises Invalid (`customer`), and SeveralFit where he has to choose.
    """
    plain = " ".join(words.split())
    if not plain:
        raise Invalid({"customer": say("Enter the customer's name, or a piece of it.")})
    found = customers_found(session, plain, by, limit=MOST_CHOICES)
    meant = [each for each in found if each.id == customer_id] or [each for each in found if each.name == plain] or found
    if not meant:
        raise Invalid({"customer": say("No customer has this name.")})
    if len(meant) > 1:
        raise SeveralFit([(each.id, each.name) for each in meant])
    return meant[0]


def customers_named(session: Session, names: Collection[str], branch_id: int) -> dict[str, list[int]]:
    """The customers of a branch with exactly these names: name -> their ids, mostly one."""
    found: dict[str, list[int]] = {}
    query = sa.select(Customer.name, Customer.id).where(Customer.branch_id == branch_id, Customer.name.in_(names))
    for name, customer_id in session.execute(query.order_by(Customer.id)):
        found.setdefault(name, []).append(customer_id)
    return found


def owner_word(owner: Owner, customer: Customer | None) -> Text | str:
    """Whose that is, in words."""
    return customer.name if customer else owner.name or say("ours")
