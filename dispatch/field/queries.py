"""What a technician sees of his day and of one stop, and what he sent that waits for a decision."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session, aliased, joinedload, selectinload

from dispatch.devices.models import CustodyEntry, CustodyPosition, Holder
from dispatch.devices.queries import bag_ids
from dispatch.errors import NotFound
from dispatch.field.models import DepartureCheck, FieldFact, Photo, PhotoWithdrawal, Signature, TestResult
from dispatch.lists import LEAF, Cut, Part
from dispatch.orders.lifecycle import LINE_SETTLED, VISIT_MOVING
from dispatch.orders.models import Order, OrderLine, Visit, VisitLine
from dispatch.orders.order_queries import LineFilter, called
from dispatch.orders.queries import visible
from dispatch.orders.verbal_models import VerbalApproval
from dispatch.staff.models import Person
from dispatch.staff.rules import Actor

SIGNED_FOR = (
    "line.install",
    "line.swap",
    "line.remove",
    "line.move",
    "line.undo",
    "part.use",
    "part.put_back",
    "charge.add",
    "charge.take_back",
)
"""The kinds of facts whose effect stands in the summary under which the customer signs, and costs him something."""
SEEN = ("dispatched", "on_the_way", "on_site", "finished")
_signed = aliased(FieldFact)
_out, _later, _bag = aliased(CustodyEntry), aliased(CustodyEntry), aliased(Holder)


def visits_today(session: Session, person_id: int, start: datetime, end: datetime) -> Sequence[Visit]:
    """A technician's dispatched visits that start within [start, end), by time, and those of other days that he is at.

    Those from before that he has not even begun are among them.
    """
    today = sa.and_(Visit.starts_at >= start, Visit.starts_at < end, Visit.status.in_(SEEN))
    missed = sa.and_(Visit.starts_at < start, Visit.status == "dispatched")
    return _visits(session, person_id, sa.or_(today, missed, Visit.status.in_(VISIT_MOVING)))


def visits_ahead(session: Session, person_id: int, start: datetime, end: datetime) -> Sequence[Visit]:
    """What was dispatched to a technician for [start, end) and not begun, by time."""
    return _visits(session, person_id, sa.and_(Visit.starts_at >= start, Visit.starts_at < end, Visit.status == "dispatched"))


def _visits(session: Session, person_id: int, which: sa.ColumnElement[bool]) -> Sequence[Visit]:
    query = sa.select(Visit).where(Visit.technician_id == person_id, which)
    order = joinedload(Visit.order)
    line = selectinload(Visit.visit_lines).joinedload(VisitLine.line)
    whole = query.options(
        order.joinedload(Order.customer),
        order.joinedload(Order.site),
        line.options(joinedload(OrderLine.vehicle), joinedload(OrderLine.own_site)),
    )
    return session.scalars(whole.order_by(Visit.starts_at)).unique().all()


@dataclass(frozen=True)
class Dispute:
    """A fact that no rule allowed: who sent it, and the order it is about, if it names one."""

    fact: FieldFact
    who: str
    order_number: str | None


def _open(by: Actor) -> tuple[sa.ColumnElement[bool], ...]:
    """SQL: disputed, not yet settled, and sent by somebody of the reader's branch."""
    unsettled = FieldFact.outcome["settled"].is_(None)
    own = sa.true() if by.may("branches.all") else Person.branch_id == by.branch_id
    return FieldFact.state == "disputed", unsettled, own


DISPUTE_SORTS = {
    "received": (FieldFact.received_at, FieldFact.id),
    "sent": (FieldFact.device_at, FieldFact.id),
    "who": (Person.name, FieldFact.id),
}


def open_disputes(session: Session, by: Actor, *, cut: Cut) -> Part[Dispute]:
    """A page of the facts that wait for a decision."""
    query = sa.select(FieldFact, Person.name, Order.number).join(Person, Person.id == FieldFact.person_id)
    query = query.outerjoin(Visit, Visit.id == FieldFact.visit_id)
    query = query.outerjoin(Order, Order.id == sa.func.coalesce(FieldFact.order_id, Visit.order_id))
    rows = session.execute(cut.of(query.where(*_open(by)), DISPUTE_SORTS))
    return Part([Dispute(*row) for row in rows], cut.number, dispute_count(session, by))


def dispute_count(session: Session, by: Actor) -> int:
    """How many facts wait for a decision."""
    query = sa.select(sa.func.count()).select_from(FieldFact).join(Person, Person.id == FieldFact.person_id)
    return session.scalar(query.where(*_open(by))) or 0


# --- one stop


def own_visit(session: Session, visit_id: int, by: Actor, also: Collection[int] = ()) -> Visit:
    """A technician's own visit, from its dispatch on, with its order's vehicles, who works there, and what was allowed by word.

    Two statements whatever the order's size: of an order with more vehicles than a page of a list has, only the visit's own are
    read, those that the reader looks at `also`, and the first two, so that none seems to be the only one. Raises NotFound.
    """
    read = _to_be_read(visit_id, also)
    order = joinedload(Visit.order)
    vehicle = order.joinedload(Order.lines.and_(read)).options(joinedload(OrderLine.vehicle), joinedload(OrderLine.own_site))
    words = order.joinedload(Order.verbal_approvals).joinedload(VerbalApproval.approver)
    whole = (order.joinedload(Order.customer), order.joinedload(Order.site), vehicle, words, joinedload(Visit.technician))
    its = sa.select(OrderLine.id).join(Visit, Visit.order_id == OrderLine.order_id).where(Visit.id == visit_id, read)
    rows = joinedload(Visit.visit_lines.and_(VisitLine.line_id.in_(its))).joinedload(VisitLine.line)
    there = order.selectinload(Order.visits).options(joinedload(Visit.technician), rows)
    query = sa.select(Visit).where(Visit.id == visit_id, Visit.technician_id == by.id, Visit.status != "planned")
    found = session.scalars(query.options(*whole, there)).unique().one_or_none()
    if found is None:
        raise NotFound
    return found


def _to_be_read(visit_id: int, also: Collection[int]) -> sa.ColumnElement[bool]:
    """SQL: the vehicles of a visit's order that its pages need: all, where they fit on a page."""
    all_, other = aliased(OrderLine), aliased(Visit)
    total = sa.select(sa.func.count()).select_from(all_).join(other, other.order_id == all_.order_id).where(other.id == visit_id)
    own = sa.select(VisitLine.line_id).where(VisitLine.visit_id == visit_id)
    some = (OrderLine.id.in_(own), OrderLine.id.in_(also), OrderLine.position <= 2)
    return sa.or_(total.scalar_subquery() <= LEAF, *some)


@dataclass(frozen=True)
class FleetPage:
    """Which vehicles of a visit's order a page of their list shows, and how many there are: in all, done, done by the visit."""

    part: Part[int]
    all: int
    done: int
    by_me: int


def fleet_page(session: Session, visit_id: int, chosen: LineFilter, cut: Cut) -> FleetPage:
    """A page of a visit's order's vehicles, its own first, then those still to be done, in one statement."""
    order_id = sa.select(Visit.order_id).where(Visit.id == visit_id).scalar_subquery()
    mine = sa.exists().where(VisitLine.visit_id == visit_id, VisitLine.line_id == OrderLine.id)
    counts = (sa.func.count(), _count_of(OrderLine.status == "done"), _count_of(sa.and_(OrderLine.status == "done", mine)))
    counted = sa.select(*counts).where(OrderLine.order_id == order_id).subquery()
    rows = sa.select(OrderLine.id, sa.func.count().over(), counted).select_from(OrderLine).join(OrderLine.vehicle)
    whole = rows.join(counted, sa.true()).where(OrderLine.order_id == order_id, *called(chosen))
    sorts = {"own": (~mine, OrderLine.status.in_(LINE_SETTLED), OrderLine.position)}
    found = session.execute(cut.of(whole, sorts)).all()
    told = found[0][2:] if found else session.execute(sa.select(counted)).one()
    return FleetPage(Part([row[0] for row in found], cut.number, found[0][1] if found else 0), *told)


def _count_of(which: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    return sa.func.count().filter(which)


_WITHDRAWN = sa.exists().where(PhotoWithdrawal.photo_id == Photo.id)


def photo_stands() -> sa.ColumnElement[bool]:
    """SQL: a photo that the office has not withdrawn."""
    return ~_WITHDRAWN


def photos_of(session: Session, order_id: int, lines: Collection[int] | None = None) -> Sequence[Photo]:
    """The photos of an order that stand, in the order in which they were taken: none that the office has withdrawn.

    Of these `lines` only, if given, and those that name no vehicle.
    """
    of_them = [] if lines is None else [sa.or_(Photo.line_id.in_(lines), Photo.line_id.is_(None))]
    mine = sa.select(Photo).where(Photo.order_id == order_id, photo_stands(), *of_them)
    return session.scalars(mine.order_by(Photo.at, Photo.id)).all()


def photo(session: Session, photo_id: uuid.UUID, by: Actor) -> Photo:
    """One photo of an order that the reader may see; a withdrawn one only for who may withdraw it. Raises NotFound."""
    shown = sa.true() if by.may("fact.correct") else ~_WITHDRAWN
    query = sa.select(Photo).join(Order, Order.id == Photo.order_id).where(Photo.id == photo_id, visible(by), shown)
    found = session.scalar(query)
    if found is None:
        raise NotFound
    return found


def _changed_after(signature: type[Signature]) -> sa.Exists:
    """SQL: something that the customer signs was changed after a signature of that visit. Of one device its own numbers say what
    came after what, since much may come from it at once; of several the time at the server.
    """
    own = sa.select(_signed.device_seq).where(_signed.id == signature.id, _signed.device == FieldFact.device)
    its = own.correlate(FieldFact, signature).scalar_subquery()
    later = sa.func.coalesce(FieldFact.device_seq > its, FieldFact.received_at > signature.received_at)
    of_visit = (FieldFact.visit_id == signature.visit_id, FieldFact.kind.in_(SIGNED_FOR), FieldFact.state == "applied")
    return sa.exists().where(*of_visit, later)


def last_signer(session: Session, order_id: int) -> str | None:
    """Who has signed for the last visit of an order that was finished; None for one that nobody signed for."""
    ended = sa.select(Visit.id).where(Visit.order_id == order_id, Visit.status == "finished")
    last = ended.order_by(Visit.finished_at.desc(), Visit.id.desc()).limit(1).scalar_subquery()
    query = sa.select(Signature).where(Signature.visit_id == last)
    newest = session.scalar(query.order_by(Signature.at.desc(), Signature.received_at.desc()).limit(1))
    return newest.signer if newest is not None and not newest.refused else None


def words_of_visits(visit_ids: Collection[int]) -> sa.Select[*tuple[Any, ...]]:
    """SQL: every signature and refusal of visits, the one that counts last, with whether something was `changed` after it."""
    told = (Signature.visit_id, Signature.signer, Signature.refused, Signature.reason, Signature.at)
    query = sa.select(*told, _changed_after(Signature).label("changed")).where(Signature.visit_id.in_(visit_ids))
    return query.order_by(Signature.visit_id, Signature.at, Signature.received_at)


def word_of(session: Session, visit_id: int) -> tuple[Signature, bool] | None:
    """The newest signature or refusal of a visit (the one that counts), and whether something was changed after it (P8)."""
    query = sa.select(Signature, _changed_after(Signature)).where(Signature.visit_id == visit_id)
    row = session.execute(query.order_by(Signature.at.desc(), Signature.received_at.desc()).limit(1)).one_or_none()
    return (row[0], row[1]) if row else None


def changed_since_signing(session: Session, order_id: int) -> set[int]:
    """The visits of an order on which something that the customer signs was changed after his newest word (P8)."""
    mine = sa.select(Signature.id).where(Signature.order_id == order_id).ext(distinct_on(Signature.visit_id))
    newest = mine.order_by(Signature.visit_id, Signature.at.desc(), Signature.received_at.desc())
    query = sa.select(Signature.visit_id).where(Signature.id.in_(newest), _changed_after(Signature))
    return set(session.scalars(query))


def facts_told(session: Session, visit_id: int) -> Sequence[FieldFact]:
    """What was sent on a visit and fitted nothing, and which vehicles were said not to be done, the oldest first."""
    not_done = sa.and_(FieldFact.kind == "line.not_done", FieldFact.state == "applied")
    told = sa.select(FieldFact).where(FieldFact.visit_id == visit_id, sa.or_(FieldFact.state == "disputed", not_done))
    return session.scalars(told.order_by(FieldFact.received_at)).all()


def was_tested(session: Session, line_id: int) -> bool:
    """Whether a vehicle was ever tested on its order, before a swap or after."""
    return session.scalar(sa.select(TestResult.id).where(TestResult.line_id == line_id).limit(1)) is not None


def came_out(session: Session, person_id: int) -> frozenset[int]:
    """What somebody carries that came out of a vehicle and has not been in a store since: it may be the very one that broke."""
    return frozenset(session.scalars(units_come_out(person_id)))


def units_come_out(person_id: int) -> sa.Select[int]:
    """SQL: the same, as unit_id."""
    out, later, bag = _out, _later, _bag
    of_it = (later.unit_id == out.unit_id, later.seq > out.seq)
    stored = sa.select(later.id).join(Holder, later.to_holder_id == Holder.id).where(*of_it, Holder.kind == "store")
    undone = sa.select(later.id).where(later.corrects_id == out.id)
    query = sa.select(CustodyPosition.unit_id).join(bag, CustodyPosition.holder_id == bag.id)
    query = query.join(out, out.unit_id == CustodyPosition.unit_id).join(Holder, out.from_holder_id == Holder.id)
    standing = (out.corrects_id.is_(None), ~undone.exists(), ~stored.exists())
    return query.where(bag.id.in_(bag_ids(person_id)), Holder.kind == "slot", *standing)


def checks_of(session: Session, visit_id: int) -> dict[str, DepartureCheck]:
    """What was checked before leaving: item -> the newest row."""
    query = sa.select(DepartureCheck).where(DepartureCheck.visit_id == visit_id).order_by(DepartureCheck.id)
    return {row.item: row for row in session.scalars(query)}
