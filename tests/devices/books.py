"""What must hold of custody as it is committed, however it came there."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import chain

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session, aliased

from dispatch.audit.models import AuditEntry
from dispatch.customers.models import Vehicle
from dispatch.devices.bench_rules import OPEN, PLACES_OF
from dispatch.devices.loan_checks import LENT_ELSEWHERE, RETURN_UNDONE
from dispatch.devices.models import (
    CountUnit,
    CustodyEntry,
    CustodyPosition,
    Fitting,
    HandOver,
    HandOverPart,
    HandOverUnit,
    Holder,
    Loan,
    OwnershipEntry,
    PartEntry,
    PartPosition,
    TakenBack,
    TransferUnit,
    Unit,
    UnitReturn,
)
from dispatch.field.models import FieldFact
from tests.devices.acting import Outcome

Reads = Session | sa.Connection


@dataclass
class Told:
    """What people were told is done, all in all."""

    fittings: list[int] = field(default_factory=list)
    moves: int = 0
    units: int = 0
    sent: list[object] = field(default_factory=list)
    parts: int = 0

    def add(self, outcome: Outcome) -> None:
        self.fittings += outcome.fittings
        self.moves += outcome.moves
        self.units += outcome.units
        self.parts += outcome.parts
        self.sent += [outcome.sent] if outcome.sent else []


# Questions that are asked after each of a thousand steps, and put into words once.

_number = sa.func.count()
NUMBERS = [sa.select(_number).select_from(table) for table in (Unit, CustodyPosition, CustodyEntry)]
FITTINGS = sa.select(Fitting.id).order_by(Fitting.id)


def check_nothing_lost(session: Reads, told: Told) -> None:
    """Each unit is in one place, and there are as many units, moves and fittings as people were told: a refusal left no trace."""
    assert [session.scalar(number) for number in NUMBERS] == [told.units, told.units, told.moves]
    assert sorted(told.fittings) == list(session.scalars(FITTINGS))


_of_fact = (Fitting.fact_id, Fitting.kind, Fitting.unit_kind, Fitting.vehicle_id)
_key = AuditEntry.detail["key"].astext
FACTS = sa.select(FieldFact.id)
ONCE = (
    sa.select(*_of_fact).where(Fitting.fact_id.is_not(None)),
    sa.select(Fitting.undoes_id).where(Fitting.undoes_id.is_not(None)),
    sa.select(AuditEntry.subject_id, _key).where(_key.is_not(None)),
    sa.select(HandOverUnit.unit_id).where(HandOverUnit.open),
)


def check_nothing_twice(session: Reads, told: Told) -> None:
    """No fact and no form counts twice, nothing is undone twice, no unit is promised to two."""
    assert len(told.sent) == len(set(told.sent)), "somebody was told twice that one thing is done"
    assert set(session.scalars(FACTS)) == {sent for sent in told.sent if not isinstance(sent, tuple)}
    for rows in ONCE:
        assert [row for row, times in Counter(map(tuple, session.execute(rows))).items() if times > 1] == []


_later = aliased(Fitting)
FITTED = sa.select(
    sa.func.greatest(Fitting.in_entry_id, Fitting.out_entry_id), Fitting.slot_id, Fitting.unit_kind, Fitting.new_unit_id
).where(Fitting.kind != "undo", ~sa.exists().where(_later.undoes_id == Fitting.id))
FOUND = (
    sa.select(CustodyEntry.id, CustodyEntry.to_holder_id, Unit.kind, CustodyEntry.unit_id)
    .join(Unit, Unit.id == CustodyEntry.unit_id)
    .where(CustodyEntry.reason == "found")
)
IN_SLOTS = sa.select(CustodyPosition.holder_id, CustodyPosition.unit_kind, CustodyPosition.unit_id).where(
    CustodyPosition.holder_kind == "slot"
)


PART_ENTRIES = sa.select(_number).select_from(PartEntry)
PARTS_HELD = sa.select(PartPosition.part_id, sa.func.sum(PartPosition.quantity)).group_by(PartPosition.part_id)
PARTS_CAME = (
    sa.select(PartEntry.part_id, sa.func.sum(PartEntry.quantity))
    .where(PartEntry.from_holder_id.is_(None))
    .group_by(PartEntry.part_id)
)
_of_giver = sa.and_(HandOverPart.hand_over_id == HandOver.id, HandOverPart.part_id == PartPosition.part_id)
TOO_MANY_PROMISED = (
    sa.select(PartPosition.part_id)
    .join(HandOver, HandOver.from_holder_id == PartPosition.holder_id)
    .join(HandOverPart, _of_giver)
    .group_by(PartPosition.holder_id, PartPosition.part_id)
    .having(sa.func.sum(HandOverPart.open) > PartPosition.quantity)
)


def check_parts(session: Reads, told: Told) -> None:
    """There are as many moves of parts as people were told, the holders have together what came in, nobody promises more than he
    has."""
    assert session.scalar(PART_ENTRIES) == told.parts
    assert sorted(session.execute(PARTS_HELD)) == sorted(session.execute(PARTS_CAME))
    assert session.scalars(TOO_MANY_PROMISED).all() == []


def check_slots(session: Reads) -> None:
    """Playing what was fitted and found, and still stands, from the start ends at what the slots hold."""
    inside: dict[tuple[int, str], int] = {}
    for _, slot_id, kind, unit_id in sorted((*session.execute(FITTED), *session.execute(FOUND)), key=lambda row: row[0]):
        inside[slot_id, kind] = unit_id
    assert sorted(session.execute(IN_SLOTS)) == sorted((*place, unit_id) for place, unit_id in inside.items() if unit_id)


def check_loans(session: Reads) -> None:
    """Every loaner that is out is in the vehicle it was lent for, and no other loan is."""
    assert [session.scalars(wrong).all() for wrong in (LENT_ELSEWHERE, RETURN_UNDONE)] == [[], []]


_open = UnitReturn.status.in_(OPEN)
_right = sa.or_(*(sa.and_(UnitReturn.status == word, Holder.kind.in_(kinds)) for word, kinds in PLACES_OF.items()))
_at = sa.select(CustodyPosition.unit_id).outerjoin(UnitReturn, sa.and_(UnitReturn.unit_id == CustodyPosition.unit_id, _open))
MISPLACED_RETURNS = _at.join(Holder, Holder.id == CustodyPosition.holder_id).where(
    sa.or_(sa.and_(UnitReturn.id.is_(None), Holder.kind == "bench"), sa.and_(UnitReturn.id.is_not(None), ~_right))
)


def check_returns(session: Reads) -> None:
    """What is owed, on the bench or with a supplier is where its return says; nothing is on the bench without one."""
    assert session.scalars(MISPLACED_RETURNS).all() == []


_newest, _newer = aliased(OwnershipEntry), aliased(OwnershipEntry)
_last = sa.and_(_newest.unit_id == Unit.id, ~sa.exists().where(_newer.unit_id == Unit.id, _newer.seq > _newest.seq))
_differs = (
    Unit.owner.is_distinct_from(sa.func.coalesce(_newest.to_owner, "ours")),
    Unit.owner_customer_id.is_distinct_from(_newest.to_customer_id),
    Unit.owner_name.is_distinct_from(_newest.to_name),
)
_lent = sa.exists().where(Loan.unit_id == Unit.id, Loan.state == "out")
_elsewhere = sa.and_(Unit.owner == "customer", sa.or_(Unit.owner_customer_id != Vehicle.customer_id, _lent))
_placed = sa.select(Unit.id).join(Unit.position).join(CustodyPosition.holder).outerjoin(Holder.vehicle).outerjoin(_newest, _last)
WRONG_OWNERS = _placed.where(sa.or_(*_differs, _elsewhere))


def check_owners(session: Reads) -> None:
    """Each unit is whose its newest entry says, ours if it has none; no customer's is in another's vehicle, or lent."""
    assert session.scalars(WRONG_OWNERS).all() == []


OF_TWO = ("issue", "return", "hand_over", "contract_out", "contract_back")
PARTS_HANDED = sa.select(PartEntry.from_holder_id, PartEntry.to_holder_id).where(PartEntry.reason.in_(OF_TWO))
_giver, _taker = aliased(Holder), aliased(Holder)
_to_bench = sa.and_(_giver.kind == "bag", _taker.kind == "bench")
_moves = sa.select(CustodyEntry.from_holder_id, CustodyEntry.to_holder_id).join(_giver, _giver.id == CustodyEntry.from_holder_id)
_moves = _moves.join(_taker, _taker.id == CustodyEntry.to_holder_id)
HANDED = _moves.where(sa.or_(CustodyEntry.reason.in_(OF_TWO), _to_bench))
ACCEPTED = sa.select(HandOver.from_holder_id, HandOver.to_holder_id).where(HandOver.status == "accepted")


def check_hand_overs(session: Reads) -> None:
    """What both sides have said yes to went from one to the other, and nothing else did."""
    assert {*session.execute(HANDED), *session.execute(PARTS_HANDED)} == set(session.execute(ACCEPTED))


UNKNOWN_TO_ALL = {"uq_terminal_serial", "uq_sim_iccid_key"}
"""A unit that nobody has yet has no row on which to wait for each other: there the constraint is the one that decides."""
TELLS_ITSELF = {"uq_hand_over_unit_open", "uq_transfer_key", "uq_stock_count_key", "uq_count_scan_key"}
TELLS_ITSELF |= {"uq_hand_over_key", "hand_over_promised", "hand_over_parts_promised"}
"""What is promised already, and a form of another place, is told by its constraint even to somebody who is alone."""


def missed_lock(cause: BaseException | None) -> bool:
    """True for what the database had to catch although those who work with the same holders take turns."""
    if isinstance(cause, IntegrityError):
        return getattr(getattr(cause.orig, "diag", None), "constraint_name", None) not in UNKNOWN_TO_ALL | TELLS_ITSELF
    return isinstance(cause, SQLAlchemyError)


ON_WAY = sa.select(CustodyPosition.unit_id).where(CustodyPosition.holder_kind == "transit")
STILL_OUT = sa.select(TransferUnit.unit_id).where(TransferUnit.in_entry_id.is_(None))
MOVED = sa.select(_number).where(CustodyEntry.reason.in_(("arrive", "come_back", "turn_up")))
CAME = sa.select(_number).where(TransferUnit.status.in_(("accepted", "withdrawn", "found")))


def check_transfers(session: Reads) -> None:
    """Each unit that is on the way is in one open transfer, and each unit of an open transfer is on the way."""
    assert sorted(session.scalars(ON_WAY)) == sorted(session.scalars(STILL_OUT))
    assert session.scalar(MOVED) == session.scalar(CAME)


LOST = sa.select(_number).where(CustodyEntry.reason == "lose")
LOST_BY_COUNT = sa.select(_number).where(CountUnit.outcome == "lost")
LOST_ON_WAY = sa.select(_number).where(TransferUnit.status == "lost")
CORRECTED = sa.select(CustodyEntry.id).where(CustodyEntry.reason == "correct")
BOOKED = sa.select(CountUnit.entry_id).where(CountUnit.outcome == "moved_here")
TAKEN_BACK = sa.select(TakenBack.entry_id)
UNDONE = sa.select(Fitting.in_entry_id, Fitting.out_entry_id).where(Fitting.kind == "undo")


def check_counts(session: Reads) -> None:
    """What is lost was booked by a count or written off of a transfer, every correction was booked, taken back or undone once."""
    assert session.scalar(LOST) == (session.scalar(LOST_BY_COUNT) or 0) + (session.scalar(LOST_ON_WAY) or 0)
    once = (*session.scalars(BOOKED), *session.scalars(TAKEN_BACK), *chain.from_iterable(session.execute(UNDONE)))
    assert sorted(session.scalars(CORRECTED)) == sorted(filter(None, once))
