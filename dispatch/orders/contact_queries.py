"""Reading contacts and their owners: the lists that people work down, who could take one over, what lies idle."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session, joinedload

from dispatch.errors import NotFound
from dispatch.orders.contact_models import ContactLink, OrderCall, OwnedContact
from dispatch.orders.contact_rules import SETTLED
from dispatch.orders.lifecycle import VISIT_LIVE
from dispatch.orders.models import Order, OrderLine, Visit
from dispatch.orders.queries import ENDED, visible
from dispatch.permissions import PERMISSIONS
from dispatch.staff.models import Person, PersonRole
from dispatch.staff.rules import Actor

PAGE_SIZE = 50
TAKERS = PERMISSIONS["order.take"]


def _visible(by: Actor) -> sa.ColumnElement[bool]:
    return sa.true() if by.may("branches.all") else OwnedContact.branch_id == by.branch_id


def _whole(query: sa.Select[OwnedContact]) -> sa.Select[OwnedContact]:
    first = joinedload(OwnedContact.order).selectinload(Order.lines.and_(OrderLine.position == 1)).joinedload(OrderLine.vehicle)
    people = (joinedload(OwnedContact.owner), joinedload(OwnedContact.offered_to), joinedload(OwnedContact.offered_by))
    return query.options(joinedload(OwnedContact.customer), joinedload(OwnedContact.vehicle), *people, first)


def contact(session: Session, contact_id: int, by: Actor) -> OwnedContact:
    """One contact with its order and people. Raises NotFound for another branch's."""
    query = _whole(sa.select(OwnedContact).where(OwnedContact.id == contact_id, _visible(by)))
    lines = joinedload(OwnedContact.order).selectinload(Order.lines).joinedload(OrderLine.vehicle)
    found = session.scalars(query.options(joinedload(OwnedContact.confirmed_by), lines)).unique().one_or_none()
    if found is None:
        raise NotFound
    return found


# --- the lists


@dataclass(frozen=True)
class Chosen:
    """Which contacts of a list: `show` is one of SHOWN, `sort` one of SORTS."""

    show: str = "mine"
    sort: str = "oldest"


SHOWN = ("mine", "told", "offered", "idle", "branch")
SORTS: dict[str, tuple[Any, ...]] = {
    "oldest": (OwnedContact.opened_at, OwnedContact.id),
    "newest": (OwnedContact.opened_at.desc(), OwnedContact.id.desc()),
    "quiet": (OwnedContact.touched_at, OwnedContact.id),
}


def _open(by: Actor) -> tuple[sa.ColumnElement[bool], ...]:
    return OwnedContact.confirmed_at.is_(None), _visible(by)


def _result_is_there() -> sa.ColumnElement[bool]:
    """SQL (contacts joined outwards with their orders): there is something to tell the customer."""
    return sa.or_(Order.status.in_(SETTLED), sa.and_(OwnedContact.order_id.is_(None), OwnedContact.unsolved_at.is_(None)))


def _conditions(by: Actor) -> dict[str, sa.ColumnElement[bool]]:
    mine = OwnedContact.owner_id == by.id
    return {
        "mine": mine,
        "told": sa.and_(mine, _result_is_there()),
        "offered": OwnedContact.offered_to_id == by.id,
        "idle": OwnedContact.alarmed_at.is_not(None),
        "branch": sa.true(),
    }


@dataclass(frozen=True)
class ContactPage:
    """One page of a list; `counts` is by SHOWN, `visits` the next visit of an order by its id."""

    contacts: Sequence[OwnedContact]
    number: int
    counts: dict[str, int]
    total: int
    visits: dict[int, Visit]

    @property
    def pages(self) -> int:
        """How many pages there are to leaf through."""
        return max(1, -(-self.total // PAGE_SIZE))


def contacts_page(session: Session, chosen: Chosen, by: Actor, *, number: int = 1) -> ContactPage:
    """Page `number` (from 1) of the open contacts that the reader may see."""
    conditions = _conditions(by)
    counted = sa.select(*(sa.func.count().filter(condition).label(name) for name, condition in conditions.items()))
    counted = counted.select_from(OwnedContact).outerjoin(Order, Order.id == OwnedContact.order_id).where(*_open(by))
    counts = dict(session.execute(counted).one()._mapping)
    query = sa.select(OwnedContact).outerjoin(Order, Order.id == OwnedContact.order_id).where(*_open(by), conditions[chosen.show])
    cut = query.order_by(*SORTS[chosen.sort]).limit(PAGE_SIZE).offset((number - 1) * PAGE_SIZE)
    contacts = session.scalars(_whole(cut)).unique().all()
    return ContactPage(
        contacts, number, counts, counts[chosen.show], next_visits(session, [c.order_id for c in contacts if c.order_id])
    )


def next_visits(session: Session, order_ids: Sequence[int]) -> dict[int, Visit]:
    """The earliest live visit of each order that has one, with its technician."""
    query = sa.select(Visit).where(Visit.order_id.in_(order_ids), Visit.status.in_(VISIT_LIVE))
    firsts = query.ext(distinct_on(Visit.order_id)).order_by(Visit.order_id, Visit.starts_at)
    return {visit.order_id: visit for visit in session.scalars(firsts.options(joinedload(Visit.technician)))}


def urgent_count(by: Actor) -> sa.ScalarSelect[int]:
    """SQL: how many contacts the reader has to see to at once: his idle ones, and those that wait for his yes."""
    mine = sa.or_(
        sa.and_(OwnedContact.owner_id == by.id, OwnedContact.alarmed_at.is_not(None)), OwnedContact.offered_to_id == by.id
    )
    return sa.select(sa.func.count()).select_from(OwnedContact).where(OwnedContact.confirmed_at.is_(None), mine).scalar_subquery()


def idle_since(session: Session, before: datetime, *, limit: int) -> Sequence[int]:
    """Open contacts with which nothing happened since before a moment, and for which nobody is to come, the oldest first."""
    coming = sa.exists().where(Visit.order_id == OwnedContact.order_id, Visit.status.in_(VISIT_LIVE))
    quiet = (OwnedContact.confirmed_at.is_(None), OwnedContact.alarmed_at.is_(None), OwnedContact.touched_at < before)
    return session.scalars(sa.select(OwnedContact.id).where(*quiet, ~coming).order_by(OwnedContact.touched_at).limit(limit)).all()


# --- around one contact


def _takers(branch_id: int) -> sa.ColumnElement[bool]:
    held = sa.select(PersonRole.person_id).where(PersonRole.role.in_(TAKERS))
    return sa.and_(Person.active, Person.branch_id == branch_id, Person.id.in_(held))


def takers(session: Session, branch_id: int, *, besides: int) -> Sequence[Person]:
    """Who of a branch could take a contact over."""
    query = sa.select(Person).where(_takers(branch_id), Person.id != besides)
    return session.scalars(query.order_by(Person.staff_no)).all()


def may_take_over(session: Session, person: Person, branch_id: int) -> bool:
    """Whether somebody takes calls at the branch."""
    return session.scalar(sa.select(Person.id).where(_takers(branch_id), Person.id == person.id)) is not None


def calls_of(session: Session, order_id: int) -> Sequence[OrderCall]:
    """The further calls that joined an order, oldest first."""
    return session.scalars(sa.select(OrderCall).where(OrderCall.order_id == order_id).order_by(OrderCall.id)).all()


def link_alive(session: Session, contact_id: int) -> ContactLink | None:
    """The link that is out for a contact."""
    alive = (ContactLink.contact_id == contact_id, ContactLink.used_at.is_(None), ContactLink.revoked_at.is_(None))
    return session.scalar(sa.select(ContactLink).where(*alive))


# --- further calls


def calls_joined(session: Session, request_keys: Collection[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Which of these calls have joined an order: request key -> its number."""
    query = sa.select(OrderCall.request_key, Order.number).join(Order, Order.id == OrderCall.order_id)
    found = session.execute(query.where(OrderCall.request_key.in_(request_keys))) if request_keys else ()
    return {key: number for key, number in found if key is not None}


class UnderWay(NamedTuple):
    """An order that has not come to its end."""

    id: int
    number: str


def orders_under_way(session: Session, vehicle_ids: Collection[int], by: Actor) -> dict[int, UnderWay]:
    """The newest such order about each of these vehicles: vehicle -> order."""
    query = sa.select(OrderLine.vehicle_id, Order.id, Order.number).join(Order, OrderLine.order_id == Order.id)
    about = query.where(OrderLine.vehicle_id.in_(vehicle_ids), Order.status.not_in(ENDED), visible(by))
    newest = about.order_by(OrderLine.vehicle_id, Order.id.desc()).ext(distinct_on(OrderLine.vehicle_id))
    found = session.execute(newest) if vehicle_ids else ()
    return {vehicle_id: UnderWay(order_id, number) for vehicle_id, order_id, number in found}
