"""What must hold of custody as it is committed, however it came there."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from dispatch.audit.models import AuditEntry
from dispatch.devices.models import CustodyEntry, CustodyPosition, Fitting, HandOver, HandOverUnit, Unit
from dispatch.field.models import FieldFact
from tests.devices.acting import Outcome


@dataclass
class Told:
    """What people were told is done, all in all."""

    fittings: list[int] = field(default_factory=list)
    moves: int = 0
    units: int = 0
    sent: list[object] = field(default_factory=list)

    def add(self, outcome: Outcome) -> None:
        self.fittings += outcome.fittings
        self.moves += outcome.moves
        self.units += outcome.units
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
    of_fact = (Fitting.fact_id, Fitting.kind, Fitting.unit_kind)
    assert _doubles(session, *of_fact, where=Fitting.fact_id.is_not(None)) == []
    assert _doubles(session, Fitting.undoes_id, where=Fitting.undoes_id.is_not(None)) == []
    key = AuditEntry.detail["key"].astext
    assert _doubles(session, AuditEntry.subject_id, key, where=key.is_not(None)) == []
    assert _doubles(session, HandOverUnit.unit_id, where=HandOverUnit.open) == []


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


def check_hand_overs(session: Session) -> None:
    """What a taker has said yes to came out of the giver's bag into his, and nothing else did."""
    moved = sa.select(CustodyEntry.from_holder_id, CustodyEntry.to_holder_id).where(CustodyEntry.reason == "hand_over")
    accepted = sa.select(HandOver.from_holder_id, HandOver.to_holder_id).where(HandOver.status == "accepted")
    assert set(session.execute(moved)) == set(session.execute(accepted))


def _number(session: Session, table: Any) -> int:
    return session.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def _doubles(session: Session, *columns: Any, where: Any) -> list[Any]:
    rows = session.execute(sa.select(*columns).where(where)).all()
    return [row for row, times in Counter(map(tuple, rows)).items() if times > 1]
