"""Sending units and counted parts to another branch: on the way until that branch says what has arrived (P12).

Locks are taken in one order: the transfer's row, the holders by id, the positions of the units by id, the parts by id. What has
not arrived stays on the way as a difference that somebody answers for, until it turns up or a manager writes it off.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from dispatch.audit.operations import record
from dispatch.devices.issuing import Wanted, wanted_units
from dispatch.devices.models import Holder, Transfer, TransferUnit, Unit
from dispatch.devices.operations import move_units
from dispatch.devices.part_stock import Counts, check_counts
from dispatch.devices.part_transfers import Doing, arrived_of, note_arrived, off_the_way, send_parts
from dispatch.devices.places import next_number, place_of
from dispatch.devices.slots import take_turn
from dispatch.errors import Conflict, Invalid, NotFound, RuleBroken
from dispatch.staff.models import Branch, Person
from dispatch.staff.rules import Actor
from dispatch.words import Text, say

LONGEST_WORDS = 200
SETTLED: dict[str, Text] = {
    "received": say("%(name)s has settled this transfer already."),
    "withdrawn": say("%(name)s has taken this transfer back."),
}


def send(
    session: Session,
    *,
    store: Holder,
    to_branch_id: int | None,
    wanted: Wanted,
    parts: Counts | None = None,
    note: str,
    key: uuid.UUID,
    by: Actor,
    at: datetime,
) -> Transfer:
    """Send units and parts out of a store of one's branch to another branch, all or nothing. Sent twice under one key: once.

    Raises CannotIssue for numbers, Invalid (TooFew) for counts the store does not have and for no other branch, NotFound for a
    store of another branch.
    """
    by.must("stock.change")
    if store.kind != "store" or store.branch_id != by.branch_id:
        raise NotFound
    transit = place_of(session, kind="transit", branch_id=store.branch_id)
    take_turn(session, [store.id, transit.id])  # before the key is looked up: a form pressed twice at once is found
    before = session.scalar(sa.select(Transfer).where(Transfer.key == key, Transfer.from_branch_id == store.branch_id))
    if before is not None:
        return before
    if to_branch_id is None or to_branch_id == store.branch_id or session.get(Branch, to_branch_id) is None:
        raise Invalid({"to": say("Choose another branch.")})
    ids = _wanted(session, wanted, parts, store, by)
    facts: dict[str, Any] = {"to": transit, "expected_from": store.id, "reason": "send", "by": by, "at": at}
    entries = move_units(session, ids, **facts) if ids else ()
    made = Transfer(
        number=next_number(session, "DB", store.branch_id, at),
        key=key,
        from_branch_id=store.branch_id,
        to_branch_id=to_branch_id,
        store_id=store.id,
        transit_id=transit.id,
        status="sent",
        note=note.strip()[:LONGEST_WORDS] or None,
        sent_by_id=by.id,
        sent_by_name=by.name,
        sent_at=at,
        lines=[TransferUnit(unit_id=u, out_entry_id=e, status="on_way") for u, e in zip(ids, entries, strict=True)],
    )
    session.add(made)
    session.flush()
    send_parts(session, made, store, parts or {}, Doing("out", by, at))
    tell(session, made, "send", by, at, units=ids, parts=parts)
    return made


def _wanted(session: Session, wanted: Wanted, parts: Counts | None, store: Holder, by: Actor) -> list[int]:
    """The units to send; with parts beside them there may be none."""
    if parts:
        check_counts(parts)
    return sorted(wanted_units(session, wanted, store, by)) if wanted.anything or not parts else []


def receive(
    session: Session,
    number: str,
    unit_ids: Collection[int],
    *,
    parts: Counts | None = None,
    into: Holder | None,
    reason: str,
    answers_id: int | None,
    by: Actor,
    at: datetime,
) -> int:
    """Say which units and how many of each part have arrived: they go into a store of the receiving branch.

    Of a part that is not named all have arrived. Returns how many units and kinds of parts, 0 when it was said before. For what
    has not arrived a reason and somebody of either branch who answers for it are needed (Invalid). Raises NotFound for others
    than the receiving branch, Conflict when it was settled otherwise.
    """
    made = _locked(session, number, by, side="to")
    if made.status == "received" and made.settled_by_id == by.id:
        return 0
    _must_be_sent(made)
    if into is None or into.kind != "store" or into.branch_id != made.to_branch_id:
        raise Invalid({"into": say("Choose a store.")})
    here = [line for line in made.lines if line.unit_id in set(unit_ids)]
    if len(here) != len(set(unit_ids)):
        raise RuleBroken(say("One of these is not in this transfer. Look again."))
    arrived = arrived_of(made, parts)
    _note(session, made, here, arrived, reason, answers_id)
    take_turn(session, [made.transit_id, into.id])
    if here:
        _arrive(session, made, here, into, "accepted", "arrive", by, at)
    off_the_way(session, made, arrived, into, Doing("in", by, at))
    made.into_id = into.id
    _settle(made, "received", by, at)
    session.flush()
    tell(session, made, "receive", by, at, units=[line.unit_id for line in here], parts=arrived)
    return len(here) + sum(1 for count in arrived.values() if count)


def withdraw(session: Session, number: str, *, by: Actor, at: datetime) -> int:
    """The sending branch takes back what has not been received: everything is in its store again.

    Returns how many units and kinds of parts. Done twice it counts once: 0. Raises NotFound for others than the sending branch,
    Conflict when it was received.
    """
    made = _locked(session, number, by, side="from")
    if made.status == "withdrawn":
        return 0
    _must_be_sent(made)
    take_turn(session, [made.transit_id, made.store_id])
    if made.lines:
        _arrive(session, made, made.lines, made.store, "withdrawn", "come_back", by, at)
    back = {line.part_id: line.sent for line in made.parts}
    off_the_way(session, made, back, made.store, Doing("back", by, at))
    _settle(made, "withdrawn", by, at)
    session.flush()
    tell(session, made, "withdraw", by, at, units=[line.unit_id for line in made.lines], parts=back)
    return len(made.lines) + len(back)


def turn_up(session: Session, number: str, unit_id: int, *, by: Actor, at: datetime) -> Holder:
    """A missing unit was found after all: it goes into the store that received the others, or back, by who has found it."""
    by.must("stock.change")
    made, line = _missing(session, number, unit_id, by)
    if by.branch_id not in (made.from_branch_id, made.to_branch_id):
        raise NotFound
    to = made.into if by.branch_id == made.to_branch_id else made.store
    assert to is not None
    take_turn(session, [made.transit_id, to.id])
    _arrive(session, made, [line], to, "found", "turn_up", by, at)
    _settle_line(line, None, by, at)
    session.flush()
    tell(session, made, "turn_up", by, at, units=[unit_id])
    return to


def write_off(session: Session, number: str, unit_id: int, *, note: str, by: Actor, at: datetime) -> None:
    """A manager of either branch gives a missing unit up as lost, and says why. Nobody does so with what he answers for."""
    by.must("stock.decide")
    made, line = _missing(session, number, unit_id, by)
    if not note.strip():
        raise Invalid({"note": say("Please give a reason.")})
    if line.answers_id == by.id:
        raise RuleBroken(say("Who answers for a missing unit does not write it off himself."))
    lost = place_of(session, kind="lost", branch_id=made.from_branch_id)
    take_turn(session, [made.transit_id, lost.id])
    _arrive(session, made, [line], lost, "lost", "lose", by, at)
    _settle_line(line, note, by, at)
    session.flush()
    tell(session, made, "write_off", by, at, units=[unit_id])


def _locked(session: Session, number: str, by: Actor, *, side: str) -> Transfer:
    """A transfer with its lines, locked, for somebody of its sending or receiving side. Raises NotFound."""
    by.must("stock.change")
    own = Transfer.to_branch_id if side == "to" else Transfer.from_branch_id
    return lock_transfer(session, sa.select(Transfer).where(Transfer.number == number, own == by.branch_id))


def lock_transfer(session: Session, query: sa.Select[Transfer]) -> Transfer:
    """The transfer that is looked for, with its units and parts, locked. Raises NotFound."""
    lines = (selectinload(Transfer.lines), selectinload(Transfer.parts))
    fresh = query.options(*lines).execution_options(populate_existing=True)
    found = session.scalar(fresh.with_for_update(of=Transfer))
    if found is None:
        raise NotFound
    return found


def _missing(session: Session, number: str, unit_id: int, by: Actor) -> tuple[Transfer, TransferUnit]:
    """A missing unit of a transfer that one's branch has to do with, locked."""
    made = lock_transfer(session, sa.select(Transfer).where(Transfer.number == number))
    line = next((line for line in made.lines if line.unit_id == unit_id), None)
    if line is None or not (by.sees_branch(made.from_branch_id) or by.sees_branch(made.to_branch_id)):
        raise NotFound
    if line.status != "missing":
        raise Conflict(say("This unit is not missing any more. Look again."))
    return made, line


def _must_be_sent(made: Transfer) -> None:
    if made.status != "sent":
        raise Conflict(say(SETTLED[made.status].msgid, name=made.settled_by_name or ""))


def _note(
    session: Session, made: Transfer, here: Collection[TransferUnit], arrived: Counts, reason: str, answers_id: int | None
) -> None:
    """Write down what has arrived and what has not, and who answers for the rest. Raises Invalid when nobody does."""
    missing = [line for line in made.lines if line not in here]
    short = any(arrived[line.part_id] < line.sent for line in made.parts)
    answers = _answers(session, made, reason, answers_id) if missing or short else None
    note_arrived(made.parts, arrived, answers)
    if answers is not None:
        for line in missing:
            line.status, line.reason, line.answers_id, line.answers_name = "missing", *answers


def _answers(session: Session, made: Transfer, reason: str, answers_id: int | None) -> tuple[str, int, str]:
    """Why something has not arrived, and the id and name of who answers for it. Raises Invalid."""
    words, errors = reason.strip()[:LONGEST_WORDS], {}
    if not words:
        errors["reason"] = say("Not everything has arrived: please say why.")
    person = session.get(Person, answers_id) if answers_id else None
    if person is None or person.branch_id not in (made.from_branch_id, made.to_branch_id):
        errors["answers"] = say("Not everything has arrived: choose who answers for it.")
    if errors or person is None:
        raise Invalid(errors)
    return words, person.id, person.name


def _arrive(
    session: Session, made: Transfer, lines: Sequence[TransferUnit], to: Holder, status: str, reason: str, by: Actor, at: datetime
) -> None:
    """Move units off the way; they belong to the branch where they are now."""
    ids = sorted(line.unit_id for line in lines)
    entries = move_units(session, ids, to=to, expected_from=made.transit_id, reason=reason, by=by, at=at)
    session.execute(sa.update(Unit).where(Unit.id.in_(ids)).values(branch_id=to.branch_id))
    written = dict(zip(ids, entries, strict=True))
    for line in lines:
        line.status, line.in_entry_id = status, written[line.unit_id]


def _settle(made: Transfer, status: str, by: Actor, at: datetime) -> None:
    made.status, made.settled_by_id, made.settled_by_name, made.settled_at = status, by.id, by.name, at


def _settle_line(line: TransferUnit, note: str | None, by: Actor, at: datetime) -> None:
    line.settled_by_id, line.settled_by_name, line.settled_at = by.id, by.name, at
    line.settled_note = note.strip()[:LONGEST_WORDS] if note else None


def tell(
    session: Session,
    made: Transfer,
    what: str,
    by: Actor,
    at: datetime,
    *,
    units: Sequence[int] = (),
    parts: Counts | None = None,
) -> None:
    """Write into the trail what was done with which units and with how many of which parts of a transfer."""
    detail: dict[str, Any] = {"transfer": made.id, "number": made.number, "units": sorted(units)}
    if parts:
        detail["parts"] = {str(part_id): count for part_id, count in parts.items()}
    record(session, ("transfer", made.id), f"transfer.{what}", by=by, at=at, detail=detail)
