"""Taking in what a phone has gathered: each fact is kept as it was sent, in the phone's own order, before any rule looks at
it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.field.clock_rules import offset_for
from dispatch.field.models import FieldFact, PhoneDevice
from dispatch.field.operations import SentBefore, SentFact, keep_fact, settle_fact
from dispatch.field.phones import device_of, offsets_of
from dispatch.field.wire_rules import MOST_FACTS, WireFact, read_fact, second_id
from dispatch.orders.models import Visit
from dispatch.staff.rules import Actor
from dispatch.words import Text, say, text_to_json

TWICE = say("This phone has sent something else under the number %(seq)s.")
AGAIN = SentBefore().text
LOCKED = say("This phone was locked out by the office before it sent this.")


@dataclass(frozen=True)
class Kept:
    """What became of one record: the fact under which it is kept, whether it had come before; no fact: it is to come later."""

    wire: WireFact
    fact: FieldFact | None = None
    before: bool = False


class _Batch:
    """One batch of a phone that is locked for the transaction."""

    def __init__(self, session: Session, phone: PhoneDevice, by: Actor, at: datetime) -> None:
        self.session, self.phone, self.by, self.at = session, phone, by, at
        self.device = device_of(phone.id)
        last = sa.select(FieldFact).where(FieldFact.device == self.device).order_by(FieldFact.device_seq.desc()).limit(1)
        newest = session.scalar(last)
        self.since = newest.happened_at if newest else _known_since(phone, at)
        self.visits: Mapping[int, Visit] = {}

    def keep(self, wire: WireFact) -> Kept:
        """Keep one record, unless one before it is missing. The same again is answered as before; something else under the same
        UUID or number is kept beside it."""
        if wire.seq is None:
            return self._aside(wire, "half", wire.wrong)
        seq = wire.seq
        if seq > self.phone.last_seq + 1:
            return Kept(wire)
        known, wrong = self.session.get(FieldFact, wire.id), wire.wrong
        if known is not None and not self._is_same(wire, known):
            other = second_id(wire.id, self._sent(wire, known.device, 0).content_hash, self.by.id or 0)
            wire, wrong, known = replace(wire, id=other), AGAIN, self.session.get(FieldFact, other)
        if seq <= self.phone.last_seq:
            told = wrong or Text(TWICE.msgid, {"seq": seq})
            return Kept(wire, known, before=True) if known else self._aside(wire, "twice", told)
        self.phone.last_seq = seq
        return Kept(wire, known, before=True) if known else self._in_turn(wire, seq, wrong)

    def _is_same(self, wire: WireFact, known: FieldFact) -> bool:
        sent = self._sent(wire, known.device, known.device_seq)
        return known.content_hash == sent.content_hash and known.person_id == self.by.id

    def _in_turn(self, wire: WireFact, seq: int, wrong: Text | None) -> Kept:
        fact, _ = keep_fact(self.session, self._sent(wire, self.device, seq), by=self.by, at=self.at)
        self.since = fact.happened_at
        self._dispute_at_once(fact, wrong)
        return Kept(wire, fact)

    def _aside(self, wire: WireFact, why: str, wrong: Text | None) -> Kept:
        """Keep what has no place among the phone's numbers under numbers of its own."""
        device, known = f"{self.device}/{why}", self.session.get(FieldFact, wire.id)
        if known is not None:
            return Kept(wire, known, before=True)
        last = sa.select(sa.func.max(FieldFact.device_seq)).where(FieldFact.device == device)
        number = (self.session.scalar(last) or 0) + 1
        fact, _ = keep_fact(self.session, self._sent(wire, device, number), by=self.by, at=self.at)
        self._dispute_at_once(fact, wrong)
        return Kept(wire, fact)

    def _dispute_at_once(self, fact: FieldFact, wrong: Text | None) -> None:
        told = LOCKED if self.phone.locked_at is not None else wrong
        if told is not None:
            settle_fact(fact, state="disputed", outcome=text_to_json(told))
            self.session.flush()

    def _sent(self, wire: WireFact, device: str, number: int) -> SentFact:
        device_at = wire.at or self.at
        offset = offset_for(device_at, offsets_of(self.phone), since=self.since, until=self.at) if wire.at else 0
        return SentFact(
            wire.id,
            wire.kind,
            device,
            number,
            wire.content,
            device_at,
            offset,
            visit_id=wire.visit_id if wire.visit_id in self.visits else None,
            spot=wire.spot,
            app_version=self.phone.app_version,
        )


def _known_since(phone: PhoneDevice, at: datetime) -> datetime | None:
    """A phone that came by before its first fact made it after that."""
    return phone.first_seen_at if phone.first_seen_at < at else None


def keep_batch(
    session: Session, phone: PhoneDevice, records: Sequence[Any], *, by: Actor, at: datetime
) -> tuple[list[Kept], int]:
    """Keep the records of one batch of a locked phone, and say which number is to come next. Nothing is refused: what cannot be
    read is kept as disputed, and what came out of turn is to come again."""
    batch = _Batch(session, phone, by, at)
    wires = [read_fact(raw, phone.id) for raw in records[:MOST_FACTS]]
    batch.visits = _visits(session, {wire.visit_id for wire in wires if wire.visit_id}, by)
    kept = [batch.keep(wire) for wire in wires]
    session.flush()
    return kept, phone.last_seq + 1


def _visits(session: Session, ids: set[int], by: Actor) -> dict[int, Visit]:
    """The visits of these that are his or his branch's: another's is named by the content alone."""
    near = sa.or_(Visit.branch_id == by.branch_id, Visit.technician_id == by.id)
    return {visit.id: visit for visit in session.scalars(sa.select(Visit).where(Visit.id.in_(ids), near))} if ids else {}
