"""What must hold of custody as it is committed, however it came there."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session, aliased

from dispatch.audit.models import AuditEntry
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
    PartEntry,
    PartPosition,
    TakenBack,
    TransferUnit,
    Unit,
)
from dispatch.field.models import FieldFact
from tests.devices.acting import Outcome


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


def check_nothing_lost(session: Session, told: Told) -> None:
    """Each unit is in one place, and there are as many units, moves and fittings as people were told: a refusal left no trace."""
    numbers = [_number(session, table) for table in (Unit, CustodyPosition, CustodyEntry)]
    assert numbers == [told.units, told.units, told.moves]
    assert sorted(told.fittings) == list(session.scalars(sa.select(Fitting.id).order_by(Fitting.id)))


def check_nothing_twice(session: Session, told: Told) -> None:
    """No fact and no form counts twice, nothing is undone twice, no unit is promised to two."""
    assert len(told.sent) == len(set(told.sent)), "somebody was told twice that one thing is done"
    assert set(session.scalars(sa.select(FieldFact.id))) == {sent for sent in told.sent if not isinstance(sent, tuple)}
    of_fact = (Fitting.fact_id, Fitting.kind, Fitting.unit_kind, Fitting.vehicle_id)
    assert _doubles(session, *of_fact, where=Fitting.fact_id.is_not(None)) == []
    assert _doubles(session, Fitting.undoes_id, where=Fitting.undoes_id.is_not(None)) == []
    key = AuditEntry.detail["key"].astext
    assert _doubles(session, AuditEntry.subject_id, key, where=key.is_not(None)) == []
    assert _doubles(session, HandOverUnit.unit_id, where=HandOverUnit.open) == []


def check_parts(session: Session, told: Told) -> None:
    """There are as many moves of parts as people were told, the holders have together what came in, nobody promises more than he
    has."""
    assert _number(session, PartEntry) == told.parts
    held = sa.select(PartPosition.part_id, sa.func.sum(PartPosition.quantity)).group_by(PartPosition.part_id)
    came = sa.select(PartEntry.part_id, sa.func.sum(PartEntry.quantity)).where(PartEntry.from_holder_id.is_(None))
    assert sorted(session.execute(held)) == sorted(session.execute(came.group_by(PartEntry.part_id)))
    line, place = HandOverPart, PartPosition
    promised = sa.select(place.part_id).join(HandOver, HandOver.from_holder_id == place.holder_id)
    promised = promised.join(line, sa.and_(line.hand_over_id == HandOver.id, line.part_id == place.part_id))
    too_many = promised.group_by(place.holder_id, place.part_id).having(sa.func.sum(line.open) > place.quantity)
    assert session.scalars(too_many).all() == []


def check_slots(session: Session) -> None:
    """Playing what was fitted and found, and still stands, from the start ends at what the slots hold."""
    later = aliased(Fitting)
    undone = sa.exists().where(later.undoes_id == Fitting.id)
    moved = sa.func.greatest(Fitting.in_entry_id, Fitting.out_entry_id)
    fitted = sa.select(moved, Fitting.slot_id, Fitting.unit_kind, Fitting.new_unit_id).where(Fitting.kind != "undo", ~undone)
    found = sa.select(CustodyEntry.id, CustodyEntry.to_holder_id, Unit.kind, CustodyEntry.unit_id)
    found = found.join(Unit, Unit.id == CustodyEntry.unit_id).where(CustodyEntry.reason == "found")
    inside: dict[tuple[int, str], int] = {}
    for _, slot_id, kind, unit_id in sorted((*session.execute(fitted), *session.execute(found)), key=lambda row: row[0]):
        inside[slot_id, kind] = unit_id
    places = sa.select(CustodyPosition.holder_id, CustodyPosition.unit_kind, CustodyPosition.unit_id)
    held = session.execute(places.where(CustodyPosition.holder_kind == "slot")).all()
    assert sorted(held) == sorted((*place, unit_id) for place, unit_id in inside.items() if unit_id)


def check_loans(session: Session) -> None:
    """Every loaner that is out is in the vehicle it was lent for, and no other loan is."""
    place = sa.select(CustodyPosition.unit_id).join(Holder, Holder.id == CustodyPosition.holder_id)
    there = place.where(CustodyPosition.unit_id == Loan.unit_id, Holder.vehicle_id == Loan.vehicle_id).exists()
    assert session.scalars(sa.select(Loan.id).where(Loan.state == "out", ~there)).all() == []
    standing = sa.exists().where(Fitting.undoes_id.in_(sa.select(Loan.ended_fitting_id).where(Loan.state == "returned")))
    assert not session.scalar(sa.select(standing))


def check_hand_overs(session: Session) -> None:
    """What a taker has said yes to came out of the giver's bag into his, and nothing else did."""
    moved = sa.select(CustodyEntry.from_holder_id, CustodyEntry.to_holder_id).where(CustodyEntry.reason == "hand_over")
    accepted = sa.select(HandOver.from_holder_id, HandOver.to_holder_id).where(HandOver.status == "accepted")
    parts = sa.select(PartEntry.from_holder_id, PartEntry.to_holder_id).where(PartEntry.reason == "hand_over")
    assert {*session.execute(moved), *session.execute(parts)} == set(session.execute(accepted))


UNKNOWN_TO_ALL = {"uq_terminal_serial", "uq_sim_iccid_key"}
"""A unit that nobody has yet has no row on which to wait for each other: there the constraint is the one that decides."""
TELLS_ITSELF = {"uq_hand_over_unit_open", "uq_transfer_key", "uq_stock_count_key", "uq_count_scan_key"}
"""What is promised already, and a form of another place, is told by its constraint even to somebody who is alone."""


def missed_lock(cause: BaseException | None) -> bool:
    """True for what the database had to catch although those who work with the same holders take turns."""
    if isinstance(cause, IntegrityError):
        return getattr(getattr(cause.orig, "diag", None), "constraint_name", None) not in UNKNOWN_TO_ALL | TELLS_ITSELF
    return isinstance(cause, SQLAlchemyError)


def check_transfers(session: Session) -> None:
    """Each unit that is on the way is in one open transfer, and each unit of an open transfer is on the way."""
    on_way = session.scalars(sa.select(CustodyPosition.unit_id).where(CustodyPosition.holder_kind == "transit"))
    still_out = session.scalars(sa.select(TransferUnit.unit_id).where(TransferUnit.in_entry_id.is_(None)))
    assert sorted(on_way) == sorted(still_out)
    moved = sa.select(sa.func.count()).where(CustodyEntry.reason.in_(("arrive", "come_back", "turn_up")))
    came = sa.select(sa.func.count()).where(TransferUnit.status.in_(("accepted", "withdrawn", "found")))
    assert session.scalar(moved) == session.scalar(came)


def check_counts(session: Session) -> None:
    """What is lost was booked by a count or written off of a transfer, every correction was booked, taken back or undone once."""
    lost = sa.select(sa.func.count()).where(CustodyEntry.reason == "lose")
    of_counts = sa.select(sa.func.count()).where(CountUnit.outcome == "lost")
    of_transfers = sa.select(sa.func.count()).where(TransferUnit.status == "lost")
    assert session.scalar(lost) == (session.scalar(of_counts) or 0) + (session.scalar(of_transfers) or 0)
    mended = session.scalars(sa.select(CustodyEntry.id).where(CustodyEntry.reason == "correct"))
    booked = session.scalars(sa.select(CountUnit.entry_id).where(CountUnit.outcome == "moved_here"))
    taken_back = session.scalars(sa.select(TakenBack.entry_id))
    undone = session.execute(sa.select(Fitting.in_entry_id, Fitting.out_entry_id).where(Fitting.kind == "undo"))
    assert sorted(mended) == sorted(filter(None, (*booked, *taken_back, *chain.from_iterable(undone))))


def _number(session: Session, table: Any) -> int:
    return session.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def _doubles(session: Session, *columns: Any, where: Any) -> list[Any]:
    rows = session.execute(sa.select(*columns).where(where)).all()
    return [row for row, times in Counter(map(tuple, rows)).items() if times > 1]
