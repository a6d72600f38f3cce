"""Corrections by the office: each is a counter-entry with a reason, and the sheets that told it otherwise are made anew.

Those of money are in `correcting_money`.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.devices.fitted import fittings_of, own_unit
from dispatch.devices.fitting import install, swap, undo, work_of
from dispatch.devices.models import Fitting
from dispatch.devices.swap_rules import Why
from dispatch.errors import Invalid, NotFound, RuleBroken
from dispatch.fees.operations import (
    charge_fittings,
)
from dispatch.field.endings import follow
from dispatch.field.models import Photo, PhotoWithdrawal, Signature, TestResult
from dispatch.field.photographed import VEHICLE, Taken, kinds_owed
from dispatch.field.points import Asking, tests_and_lists
from dispatch.field.queries import photos_of
from dispatch.field.rules import TEST_ITEMS
from dispatch.field.summary import UNTESTED, latest_tests
from dispatch.orders.models import Order, OrderLine
from dispatch.orders.operations.moves import locked_order
from dispatch.staff.rules import Actor
from dispatch.words import say


@contextmanager
def corrected(
    session: Session, order_id: int, *, permission: str = "fact.correct", anywhere: bool = False, by: Actor, at: datetime
) -> Iterator[Order]:
    """The locked order, while it is corrected; once a visit has ended, whoever follows its end hears of it again.

    `anywhere`: what is done asks itself whether somebody of another branch may.
    """
    by.must(permission)
    order = locked_order(session, order_id)
    if not anywhere and not by.sees_branch(order.branch_id):
        raise NotFound
    if order.status == "closed":
        raise RuleBroken(say("This order is closed. Reopen it first."))
    yield order
    follow(session, order, at=at)


def take_back_fitting(session: Session, order_id: int, fitting_id: int, *, reason: str, by: Actor, at: datetime) -> Fitting:
    """Undo what was fitted: the units go back to where they were before, and so does what it cost."""
    with corrected(session, order_id, by=by, at=at) as order:
        undone = undo(session, fitting_id, order_id=order.id, reason=reason, by=by, at=at)
        charge_fittings(session, order, visit_id=undone.visit_id, by=by, at=at)
    return undone


def replace_unit(
    session: Session, order_id: int, fitting_id: int, *, number: str, reason: str, why: Why | None = None, by: Actor, at: datetime
) -> Fitting:
    """Another unit was fitted than the one that was entered: the fitting is undone and done again with the right one; a swap with
    `why` as its reason, or with the one it had.

    `number` is a unit in the bag of the technician who did the work. Raises Invalid beside `number` or `reason`.
    """
    with corrected(session, order_id, by=by, at=at) as order:
        first = _fitting(session, order, fitting_id)
        technician_id, lent_until = _whose_bag(first), first.lent_until
        undo(session, fitting_id, order_id=order.id, reason=reason, by=by, at=at)
        try:
            unit = own_unit(session, number, technician_id, first.unit_kind, own=technician_id == by.id)
        except RuleBroken as refusal:
            raise Invalid({"number": refusal.text}) from None
        if unit.id == first.new_unit_id:
            raise Invalid({"number": say("This is the unit that was entered before.")})
        work = work_of(first, device_at=first.at, technician_id=technician_id)
        facts: dict[str, Any] = {"lend_until": lent_until, "by": by, "at": at}
        if first.kind == "swap":
            done = swap(session, work, unit.id, why=why or Why(first.why or "not_told", first.why_words), **facts)
        else:
            done = install(session, work, unit.id, **facts)
        charge_fittings(session, order, visit_id=first.visit_id, by=by, at=at)
    return done


def _fitting(session: Session, order: Order, fitting_id: int) -> Fitting:
    found = session.get(Fitting, fitting_id)
    if found is None or found.order_id != order.id or found.kind not in ("install", "swap"):
        raise NotFound
    return found


def _whose_bag(first: Fitting) -> int:
    """Whose bag the new unit came out of: who did the work, even where the office has entered it."""
    source = first.in_entry.from_holder if first.in_entry else None
    technician_id = (source.person_id if source else None) or first.by_id
    if technician_id is None:
        raise NotFound
    return technician_id


def overrule_test(
    session: Session, order_id: int, line_id: int, item: str, *, reason: str, by: Actor, at: datetime
) -> TestResult:
    """Let a point of the test-run count as passed although it did not, with name and reason.

    Raises Invalid without a reason, RuleBroken when there is nothing to overrule.
    """
    with corrected(session, order_id, by=by, at=at) as order:
        point = _point(session, order, line_id, item)
        if point.standing is not None and point.standing.result in ("passed", "overruled"):
            raise RuleBroken(say("This point counts as passed already."))
        return _put_right(session, point, "overruled", reason, by=by, at=at)


def fail_test(session: Session, order_id: int, line_id: int, item: str, *, reason: str, by: Actor, at: datetime) -> TestResult:
    """A point of the test-run that was entered as passed, or as not available, by mistake: it counts as failed again.

    Raises Invalid without a reason, RuleBroken when it counts as failed already or was never tested.
    """
    with corrected(session, order_id, by=by, at=at) as order:
        point = _point(session, order, line_id, item)
        if point.standing is None:
            raise RuleBroken(say("This point was not tested, so there is nothing to correct."))
        if point.standing.result == "failed":
            raise RuleBroken(say("This point counts as failed already."))
        return _put_right(session, point, "failed", reason, by=by, at=at)


@dataclass(frozen=True)
class _Point:
    """A point of a vehicle's test-run with the result that counts; `since` is when that became so, by the device's clock."""

    line: OrderLine
    item: str
    standing: TestResult | None
    since: datetime | None


def _point(session: Session, order: Order, line_id: int, item: str) -> _Point:
    line = session.get(OrderLine, line_id)
    if line is None or line.order_id != order.id or item not in TEST_ITEMS:
        raise NotFound
    fittings = fittings_of(session, order.id)
    standing = latest_tests(session, order.id, fittings).get(line.id, UNTESTED).get(item)
    earlier = (row.at for row in (*fittings, standing) if row is not None and row.line_id == line.id)
    return _Point(line, item, standing, max(earlier, default=None))


def _put_right(session: Session, point: _Point, result: str, reason: str, *, by: Actor, at: datetime) -> TestResult:
    """The row that counts from now on; it does so even where the technician's clock was ahead."""
    row = TestResult(
        order_id=point.line.order_id,
        line_id=point.line.id,
        item=point.item,
        result=result,
        reason=_reason(reason),
        corrects_id=point.standing.id if point.standing else None,
        by_id=by.id or 0,
        by_name=by.name,
        at=max(at, point.since) if point.since else at,
    )
    session.add(row)
    detail = {"line": row.line_id, "results": {row.item: result}, "reason": row.reason}
    record(session, ("order", row.order_id), "test.run", by=by, at=at, detail=detail)
    return row


def _reason(given: str) -> str:
    if not given.strip():
        raise Invalid({"reason": say("Please give a reason.")})
    return given.strip()


def withdraw_photo(session: Session, order_id: int, photo_id: uuid.UUID, *, reason: str, by: Actor, at: datetime) -> None:
    """A photo shows something else than it should: no page and no sheet shows it any more, and it does not count for closing.

    Raises Invalid without a reason, RuleBroken for one that is withdrawn already or that a refused signature stands on.
    """
    with corrected(session, order_id, by=by, at=at) as order:
        photo = session.get(Photo, photo_id)
        if photo is None or photo.order_id != order.id:
            raise NotFound
        _check_withdrawable(session, photo.id)
        row = PhotoWithdrawal(photo_id=photo.id, reason=_reason(reason), by_id=by.id or 0, by_name=by.name, at=at)
        session.add(row)
        detail = {"photo": str(photo.id), "kind": photo.kind, "line": photo.line_id, "reason": row.reason}
        record(session, ("order", order.id), "photo.withdraw", by=by, at=at, detail=detail)


def _check_withdrawable(session: Session, photo_id: uuid.UUID) -> None:
    if session.get(PhotoWithdrawal, photo_id) is not None:
        raise RuleBroken(say("This photo is withdrawn already."))
    if session.scalar(sa.select(Signature.id).where(Signature.photo_id == photo_id).limit(1)) is not None:
        raise RuleBroken(say("A refused signature stands on this photo, so it stays."))


def waive_photo(session: Session, order_id: int, line_id: int, *, reason: str, by: Actor, at: datetime) -> None:
    """Let the order close without the photos that are missing of a vehicle that is done: the moment to take them is gone.

    Raises Invalid without a reason, RuleBroken when no photo is missing.
    """
    with corrected(session, order_id, by=by, at=at) as order:
        line = session.get(OrderLine, line_id)
        if line is None or line.order_id != order.id:
            raise NotFound
        owed = kinds_owed(session, _taken(session, order), [line])
        if line.status != "done" or not owed:
            raise RuleBroken(say("No photo of this vehicle is missing."))
        named = {} if owed[line.id] == [VEHICLE] else {"kinds": owed[line.id]}
        detail = {"line": line.id, "reason": _reason(reason), **named}
        record(session, ("order", order.id), "photo.waive", by=by, at=at, detail=detail)


def _taken(session: Session, order: Order) -> Taken:
    fittings = fittings_of(session, order.id)
    tests, lists = tests_and_lists(session, order.id, fittings, None)
    return Taken(Asking(lists, order, fittings, order.visits), tests, photos_of(session, order.id))
