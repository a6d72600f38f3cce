"""Counting a store or a technician's bag: what should be there, what is there, and what a manager books for the difference (P12).

A count remembers the newest entry of each unit. What has moved since is told and not booked: it left or came meanwhile.
Locks are taken in one order: the count's row, the holders by id, the positions of the units by id.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.devices.counts import Finding, findings, has_counted
from dispatch.devices.models import (
    CountScan,
    CountUnit,
    CustodyEntry,
    CustodyPosition,
    Holder,
    StockCount,
    Unit,
)
from dispatch.devices.numbers import plain_number, units_called
from dispatch.devices.operations import lock_units, move_units
from dispatch.devices.places import next_number, place_of
from dispatch.devices.slots import take_turn
from dispatch.errors import Conflict, Invalid, NotFound, RuleBroken
from dispatch.staff.rules import Actor
from dispatch.words import Text, say

LONGEST_WORDS = 200
LONGEST_NUMBER = 80
NOT_SO: dict[str, Text] = {
    "open": say("This count is still under way."),
    "finished": say("This count is finished and waits for approval."),
    "approved": say("This count is approved and closed."),
    "dropped": say("This count was dropped."),
}


def start(session: Session, holder: Holder, *, key: uuid.UUID, by: Actor, at: datetime) -> StockCount:
    """Begin to count a store or bag: what is there by the record is expected. Pressed twice under one key it counts once.

    Raises NotFound for a place of another branch, Conflict while another count of it is not settled.
    """
    by.must("stock.change")
    if holder.kind not in ("store", "bag") or not by.sees_branch(holder.branch_id):
        raise NotFound
    take_turn(session, [holder.id])
    before = session.scalar(sa.select(StockCount).where(StockCount.key == key, StockCount.holder_id == holder.id))
    if before is not None:
        return before
    under_way = sa.select(StockCount.number).where(StockCount.holder_id == holder.id, StockCount.status.in_(("open", "finished")))
    if number := session.scalar(under_way):
        raise Conflict(say("This place is being counted already: %(number)s.", number=number))
    made = StockCount(
        number=next_number(session, "PD", holder.branch_id, at),
        key=key,
        branch_id=holder.branch_id,
        holder_id=holder.id,
        status="open",
        started_by_id=by.id,
        started_by_name=by.name,
        started_at=at,
    )
    session.add(made)
    session.flush()
    here = sa.select(sa.literal(made.id), CustodyPosition.unit_id, sa.true(), CustodyPosition.seq)
    rows = here.where(CustodyPosition.holder_id == holder.id)
    session.execute(sa.insert(CountUnit).from_select(["count_id", "unit_id", "expected", "seq"], rows))
    _tell(session, made, "start", by, at, {"holder": holder.id})
    return made


def scan(session: Session, number: str, typed: Sequence[str], *, key: uuid.UUID, by: Actor, at: datetime) -> CountScan:
    """Note what was scanned, and say to each number what it is. The same list under one key counts once.

    Raises Invalid for an empty list, Conflict for a count that is not under way any more.
    """
    by.must("stock.change")
    count = _locked(session, number, by)
    before = session.scalar(sa.select(CountScan).where(CountScan.key == key, CountScan.count_id == count.id))
    if before is not None:
        return before
    _must_be(count, "open")
    numbers = [plain[:LONGEST_NUMBER] for text in typed if (plain := plain_number(text))]
    if not numbers:
        raise Invalid({"numbers": say("Scan or type a number.")})
    known = units_called(session, numbers, holder_id=count.holder_id, by=None)
    units = [unit.id for unit in known.values() if isinstance(unit, Unit)]
    written = sa.select(CountUnit).where(CountUnit.count_id == count.id, CountUnit.unit_id.in_(units))
    lines = {line.unit_id: line for line in session.scalars(written)}
    told = [[each, *_noted(session, count, known[each], lines, by, at)] for each in numbers]
    made = CountScan(key=key, count_id=count.id, by_id=by.id, by_name=by.name, at=at, told=told)
    session.add(made)
    session.flush()
    return made


def _noted(
    session: Session, count: StockCount, unit: Unit | Text, lines: dict[int, CountUnit], by: Actor, at: datetime
) -> tuple[str, int | None]:
    """What is said to one number: the verdict, and for what belongs elsewhere the holder who has it by the record."""
    if isinstance(unit, Text):
        return ("unclear" if "n" in unit.params else "unknown"), None
    place, line = unit.position, lines.get(unit.id)
    if line is None:
        line = CountUnit(count_id=count.id, unit_id=unit.id, expected=False, seq=place.seq if place else 0, times=0)
        lines[unit.id] = line
        session.add(line)
    line.times += 1
    if line.times > 1:
        return "twice", None
    line.counted_by_id, line.counted_by_name, line.counted_at = by.id, by.name, at
    if place is not None and place.holder_id != count.holder_id:
        return "elsewhere", place.holder_id
    return ("there" if line.expected else "came"), None


def finish(
    session: Session, number: str, explanations: Mapping[int, str], *, rest: str = "", by: Actor, at: datetime
) -> Sequence[Finding]:
    """All is counted: each difference has an explanation of its own, or `rest`. Returns the differences.

    Raises Invalid while one has none, Conflict for a count that is not under way any more.
    """
    by.must("stock.change")
    count = _locked(session, number, by)
    _must_be(count, "open")
    differences = [each for each in findings(session, count) if each.is_difference]
    for each in differences:
        each.line.explanation = (explanations.get(each.line.unit_id) or each.line.explanation or rest).strip()[
            :LONGEST_WORDS
        ] or None
    bare = [each for each in differences if not each.line.explanation]
    if bare:
        raise Invalid({"rest": say("%(n)s differences have no explanation yet.", n=len(bare))})
    count.status, count.finished_by_id, count.finished_by_name, count.finished_at = "finished", by.id, by.name, at
    session.flush()
    _tell(session, count, "finish", by, at, {"differences": len(differences)})
    return differences


def send_back(session: Session, number: str, *, reason: str, by: Actor, at: datetime) -> None:
    """A finished count goes on: something is to be counted again. Raises Invalid without a reason."""
    by.must("stock.change", "stock.decide")
    count = _locked(session, number, by)
    _must_be(count, "finished")
    if not reason.strip():
        raise Invalid({"reason": say("Please give a reason.")})
    count.status, count.sent_back = "open", reason.strip()[:LONGEST_WORDS]
    session.flush()
    _tell(session, count, "send_back", by, at, {"reason": count.sent_back})


def drop(session: Session, number: str, *, by: Actor, at: datetime) -> None:
    """Give a count up: nothing is booked, and the place may be counted anew."""
    by.must("stock.change")
    count = _locked(session, number, by)
    if count.status == "dropped":
        return
    if count.status == "approved":
        raise Conflict(NOT_SO["approved"])
    count.status, count.settled_by_id, count.settled_by_name, count.settled_at = "dropped", by.id, by.name, at
    session.flush()
    _tell(session, count, "drop", by, at, {})


def approve(session: Session, number: str, *, by: Actor, at: datetime) -> Sequence[Finding]:
    """A manager who did not count books the differences in one go: missing ones are lost, surplus ones are moved here.

    What has moved since it was counted is left where it is. Said twice it counts once: nothing. Raises RuleBroken for somebody
    who has counted, Conflict for a count that is not finished.
    """
    by.must("stock.decide")
    count = _locked(session, number, by)
    if count.status == "approved":
        return ()
    _must_be(count, "finished")
    if has_counted(session, count, by.id):
        raise RuleBroken(say("Who counted does not approve the count. Another manager decides."))
    booked = _book(session, count, by, at)
    count.status, count.settled_by_id, count.settled_by_name, count.settled_at = "approved", by.id, by.name, at
    session.flush()
    moved = {
        outcome: sorted(each.line.unit_id for each in booked if each.line.outcome == outcome)
        for outcome in ("lost", "moved_here")
    }
    _tell(session, count, "approve", by, at, moved)
    return booked


def _book(session: Session, count: StockCount, by: Actor, at: datetime) -> Sequence[Finding]:
    """The corrections, and the outcome of every line; returns what was looked at."""
    lost = place_of(session, kind="lost", branch_id=count.branch_id)
    seen = [each for each in findings(session, count) if each.is_booked]
    take_turn(session, [count.holder_id, lost.id, *(each.place.holder_id for each in seen)])
    if seen:
        lock_units(session, [each.line.unit_id for each in seen])
    found = findings(session, count)  # once more: what moved while we waited is not booked
    facts: dict[str, Any] = {"by": by, "at": at}
    missing = sorted((each.line for each in found if each.kind == "missing"), key=lambda line: line.unit_id)
    if missing:
        ids = [line.unit_id for line in missing]
        entries = move_units(session, ids, to=lost, expected_from=count.holder_id, reason="lose", **facts)
        for line, entry_id in zip(missing, entries, strict=True):
            line.outcome, line.entry_id = "lost", entry_id
    for each in found:
        if each.kind == "surplus":
            _move_here(session, count, each, facts)
        elif each.kind != "missing":
            each.line.outcome = {"moved": "moved_meanwhile"}.get(each.kind, each.kind)
    return found


def _move_here(session: Session, count: StockCount, each: Finding, facts: Mapping[str, Any]) -> None:
    """The record is wrong: a correction that names its newest entry moves the unit to where it was counted."""
    newest = sa.select(CustodyEntry.id).where(CustodyEntry.unit_id == each.line.unit_id, CustodyEntry.seq == each.line.seq)
    wrong = session.scalars(newest).one()
    here: dict[str, Any] = {"to": count.holder, "expected_from": each.place.holder_id, "reason": "correct", "corrects_id": wrong}
    [entry_id] = move_units(session, [each.line.unit_id], **here, **facts)
    each.line.outcome, each.line.entry_id = "moved_here", entry_id


def _locked(session: Session, number: str, by: Actor) -> StockCount:
    query = sa.select(StockCount).where(StockCount.number == number).with_for_update(of=StockCount)
    found = session.scalar(query.execution_options(populate_existing=True))
    if found is None or not by.sees_branch(found.branch_id):
        raise NotFound
    return found


def _must_be(count: StockCount, status: str) -> None:
    if count.status != status:
        raise Conflict(NOT_SO[count.status])


def _tell(session: Session, count: StockCount, what: str, by: Actor, at: datetime, detail: dict[str, Any]) -> None:
    record(session, ("stock_count", count.id), f"count.{what}", by=by, at=at, detail={"number": count.number, **detail})
