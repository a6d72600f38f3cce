"""Reading approvals by word: who could have given one, what waits to be backfilled or settled, what an order still owes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from dispatch.orders.models import Order, OrderLine
from dispatch.orders.verbal_models import VerbalApproval, disowned, undecided
from dispatch.orders.verbal_rules import LEVELS, SETTLES, STEPS, due_before
from dispatch.permissions import PERMISSIONS, permissions_of
from dispatch.staff.models import Person, PersonRole
from dispatch.staff.rules import Actor


def _roles(levels: Iterable[str]) -> list[str]:
    return sorted({role for level in levels for role in PERMISSIONS[level]})


def has_open_word() -> sa.ColumnElement[bool]:
    """SQL: an approval by word of the order waits to be backfilled, or was refused and is not settled."""
    return Order.id.in_(sa.select(VerbalApproval.order_id).where(sa.or_(undecided(), disowned())))


def _is_there() -> sa.ColumnElement[bool]:
    """SQL: the named person still works here and decides something."""
    at_its_level = (
        sa.and_(VerbalApproval.permission == step, PersonRole.role.in_(PERMISSIONS[step])) for step in STEPS if step not in LEVELS
    )
    decides = sa.or_(PersonRole.role.in_(_roles(LEVELS)), *at_its_level)
    holds = (PersonRole.person_id == Person.id, decides)
    return sa.exists().where(Person.id == VerbalApproval.approver_id, Person.active, *holds)


def _own_branch(by: Actor) -> sa.ColumnElement[bool]:
    return sa.true() if by.may("branches.all") else Order.branch_id == by.branch_id


def waits_for(by: Actor, at: datetime | None = None) -> sa.ColumnElement[bool]:
    """SQL: approvals by word (joined with their orders) that `by` has to backfill, or whose refusal he has to settle.

    At a moment that is given, whoever settles also has before him what the named people have left for too long.
    """
    held = permissions_of(by.roles)
    instead = sa.and_(~_is_there(), VerbalApproval.permission.in_(held), VerbalApproval.recorded_by_id != by.id, _own_branch(by))
    to_answer = sa.and_(undecided(), sa.or_(VerbalApproval.approver_id == by.id, instead))
    to_settle = sa.and_(disowned(), VerbalApproval.recorded_by_id != by.id, _own_branch(by))
    if SETTLES not in held:
        return to_answer
    left = sa.and_(undecided(), VerbalApproval.due_at < due_before(at), _own_branch(by)) if at else sa.false()
    return sa.or_(to_answer, to_settle, left)


def waiting_words(session: Session, by: Actor, *, at: datetime | None = None, limit: int = 200) -> Sequence[VerbalApproval]:
    """What `by` has to backfill and what has come to him by `at`, the first due first; then what he has to settle."""
    order = joinedload(VerbalApproval.order)
    query = sa.select(VerbalApproval).join(VerbalApproval.order).where(waits_for(by, at))
    whole = query.options(
        joinedload(VerbalApproval.approver).joinedload(Person.role_rows),
        joinedload(VerbalApproval.recorded_by),
        joinedload(VerbalApproval.decided_by),
        order.joinedload(Order.customer),
        order.joinedload(Order.lines.and_(OrderLine.position == 1)).joinedload(OrderLine.vehicle),
    )
    oldest_due = (VerbalApproval.decision.is_not(None), VerbalApproval.due_at, VerbalApproval.id)
    return session.scalars(whole.order_by(*oldest_due).limit(limit)).unique().all()


def word_number(session: Session, word_id: int, by: Actor) -> str | None:
    """The number of the order that an approval by word is about, for whoever it names or may see the order."""
    query = sa.select(Order.number).join(VerbalApproval, VerbalApproval.order_id == Order.id).where(VerbalApproval.id == word_id)
    return session.scalar(query.where(sa.or_(VerbalApproval.approver_id == by.id, _own_branch(by))))


def open_words(session: Session, order_id: int) -> Sequence[VerbalApproval]:
    """Those of an order that wait to be backfilled or settled, with the named person."""
    query = sa.select(VerbalApproval).where(VerbalApproval.order_id == order_id, sa.or_(undecided(), disowned()))
    return session.scalars(query.options(joinedload(VerbalApproval.approver)).order_by(VerbalApproval.id)).all()


def approvers(session: Session, branch_id: int, *, besides: Actor, levels: Iterable[str] = LEVELS) -> Sequence[Person]:
    """Who could have approved by word an order of a branch: active, deciding, of the branch or with a view of all; not `besides`.

    `levels` are those of which he stands for one. With their roles and branch.
    """
    whole = could_approve(branch_id, besides=besides, levels=levels).options(
        joinedload(Person.branch), joinedload(Person.role_rows)
    )
    return session.scalars(whole).unique().all()


def could_approve(branch_id: int, *, besides: Actor, levels: Iterable[str] = LEVELS) -> sa.Select[Person]:
    """SQL: the same people, those of the branch first."""
    held = sa.select(PersonRole.person_id)
    everywhere = held.where(PersonRole.role.in_(PERMISSIONS["branches.all"]))
    here = sa.or_(Person.branch_id == branch_id, Person.id.in_(everywhere))
    deciding = Person.id.in_(held.where(PersonRole.role.in_(_roles(levels))))
    query = sa.select(Person).where(Person.active, deciding, here, Person.id != (besides.id or 0))
    return query.order_by(Person.branch_id != branch_id, Person.staff_no)


@dataclass(frozen=True)
class WordFigures:
    """What became of the approvals that somebody gave by word; those that wait still are `open`, of them `overdue` too long."""

    person_id: int
    name: str
    active: bool
    given: int
    in_time: int
    late: int
    refused: int
    open: int
    overdue: int


def word_figures(session: Session, by: Actor, *, since: datetime, at: datetime) -> list[WordFigures]:
    """By person, whose word was recorded since a moment for orders that `by` may see; who gave most first."""
    word = VerbalApproval
    confirmed = word.decision == "confirmed"
    counted = (
        sa.true(),
        sa.and_(confirmed, word.decided_at <= word.due_at),
        sa.and_(confirmed, word.decided_at > word.due_at),
        word.decision == "refused",
        undecided(),
        sa.and_(undecided(), word.due_at < at),
    )
    counts = [sa.func.count().filter(condition) for condition in counted]
    columns: list[Any] = [Person.id, Person.name, Person.active, *counts]
    query = sa.select(*columns).join(word, word.approver_id == Person.id)
    query = query.join(Order, Order.id == word.order_id).where(word.recorded_at >= since, _own_branch(by))
    rows = session.execute(query.group_by(Person.id).order_by(counts[0].desc(), Person.staff_no))
    return [WordFigures(*row) for row in rows]
