"""Approval by word (P13, Q14): recorded so that the work goes on, backfilled by whoever gave it, settled where he refuses."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.approvals.operations.steps import DECIDED, DECIDED_BY_YOU
from dispatch.audit.operations import record
from dispatch.errors import Conflict, Invalid, NotFound, RuleBroken
from dispatch.orders.lifecycle import FOLLOWING, Named
from dispatch.orders.models import Approval, Order
from dispatch.orders.operations.approving import open_step, pass_step
from dispatch.orders.operations.moves import locked_order
from dispatch.orders.operations.papers import count_papers
from dispatch.orders.status_words import ORDER_WORDS
from dispatch.orders.verbal_models import VerbalApproval
from dispatch.orders.verbal_rules import (
    LEVELS,
    OWN_WORD,
    SETTLES,
    SLACK,
    VERBAL_CHANNELS,
    level_of,
    still_decides,
    why_not_answer,
)
from dispatch.permissions import permissions_of
from dispatch.staff.models import Person
from dispatch.staff.queries import actor_of
from dispatch.staff.rules import Actor
from dispatch.words import say

AT_WORK = (*FOLLOWING, "waiting")
_within = timedelta(hours=24)


def configure(hours: int) -> None:
    """Within how many hours an approval by word is to be backfilled (APPROVAL_BACKFILL_HOURS)."""
    global _within
    _within = timedelta(hours=hours)


@dataclass(frozen=True)
class SaidWord:
    """What somebody is said to have approved: who, by which channel, when, what for. `key` is the form's or the fact's UUID."""

    approver_id: int
    channel: str
    said_at: datetime
    what_for: str
    key: uuid.UUID


def approve_by_word(
    session: Session,
    order_id: int,
    word: SaidWord,
    *,
    approval_id: int,
    by: Actor,
    at: datetime,
) -> VerbalApproval:
    """Decide the open step `approval_id` by the word of somebody who could decide it himself; he backfills it.

    The same word sent again gives the first one back. Raises Conflict when the step was decided meanwhile, Invalid beside what
    cannot be, and whatever the order table refuses.
    """
    by.must("order.take")
    order = locked_order(session, order_id)
    if (before := _recorded(session, order, word, by)) is not None:
        return before
    _, step = open_step(session, order_id, approval_id, by)
    approver = _approver(session, word, order, at, levels=(*LEVELS, step.permission))
    named = Named(approver.id, approver.name, permissions_of(approver.roles))
    pass_step(session, order, step, by=by, at=at, named=named)
    return _keep(session, order, word, approver, permission=step.permission, step=step, by=by, at=at)


def record_word(
    session: Session, order_id: int, word: SaidWord, *, by: Actor, at: datetime, trail: dict[str, Any] | None = None
) -> VerbalApproval:
    """Record what somebody allowed while the work goes on; he backfills it. `trail` is kept in the history beside it.

    The same word sent again gives the first one back. Raises RuleBroken for an order that is not at work, Invalid beside what
    cannot be.
    """
    by.must("word.record")
    order = locked_order(session, order_id)
    if (before := _recorded(session, order, word, by)) is not None:
        return before
    if order.status not in AT_WORK:
        raise RuleBroken(say("Not possible while it is %(status)s.", status=ORDER_WORDS[order.status]))
    approver = _approver(session, word, order, at)
    if approver.id == by.id:
        raise RuleBroken(OWN_WORD)
    level = level_of(approver.roles) or ""
    return _keep(session, order, word, approver, permission=level, step=None, by=by, at=at, trail=trail)


def _recorded(session: Session, order: Order, word: SaidWord, by: Actor) -> VerbalApproval | None:
    mine = (VerbalApproval.order_id == order.id, VerbalApproval.recorded_by_id == by.id)
    return session.scalar(sa.select(VerbalApproval).where(VerbalApproval.key == word.key, *mine))


def _approver(session: Session, word: SaidWord, order: Order, at: datetime, *, levels: tuple[str, ...] = LEVELS) -> Actor:
    """Whoever is named, his row share-locked, so that he does not lose the right meanwhile. Raises Invalid."""
    wrong = {}
    if word.channel not in VERBAL_CHANNELS:
        wrong["channel"] = say("Choose one of these.")
    if word.said_at > at + SLACK:
        wrong["said_at"] = say("This is still to come.")
    if not word.what_for.strip():
        wrong["what_for"] = say("Please fill this in.")
    person = session.get(Person, word.approver_id, with_for_update={"read": True}, populate_existing=True)
    approver = actor_of(person) if person is not None and person.active else None
    if approver is None or level_of(approver.roles, levels) is None or not approver.sees_branch(order.branch_id):
        wrong["approver"] = say("Choose somebody who approves orders here.")
    if wrong or approver is None:
        raise Invalid(wrong)
    return approver


def _keep(
    session: Session,
    order: Order,
    word: SaidWord,
    approver: Actor,
    *,
    permission: str,
    step: Approval | None,
    by: Actor,
    at: datetime,
    trail: dict[str, Any] | None = None,
) -> VerbalApproval:
    row = VerbalApproval(
        key=word.key,
        order_id=order.id,
        approval_id=step.id if step else None,
        approver_id=approver.id,
        permission=permission,
        channel=word.channel,
        said_at=min(word.said_at, at),
        what_for=word.what_for.strip(),
        recorded_by_id=by.id,
        recorded_at=at,
        due_at=at + _within,
    )
    session.add(row)
    session.flush()
    detail = {"channel": word.channel, "said_at": row.said_at.isoformat(), **(trail or {})}
    record(session, ("order", order.id), "word.record", by=by, at=at, detail=_about(row, row.what_for) | detail)
    _count(session, order, at)
    return row


def confirm_word(session: Session, word_id: int, *, by: Actor, at: datetime) -> Order:
    """The named person says that he approved it. Raises NotFound, Conflict when it is decided, RuleBroken for anybody else."""
    order, row = _to_answer(session, word_id, by)
    row.decision, row.decided_by_id, row.decided_at = "confirmed", by.id, at
    record(session, ("order", order.id), "word.confirm", by=by, at=at, detail=_about(row))
    _count(session, order, at)
    return order


def refuse_word(session: Session, word_id: int, *, reason: str, by: Actor, at: datetime) -> Order:
    """The named person says that he did not approve it: the order stays as it is, and is not closed before that is settled.

    Raises like `confirm_word`, and Invalid without a reason.
    """
    order, row = _to_answer(session, word_id, by)
    row.decision_reason = _reason(reason)
    row.decision, row.decided_by_id, row.decided_at = "refused", by.id, at
    record(session, ("order", order.id), "word.refuse", by=by, at=at, detail=_about(row, row.decision_reason))
    _count(session, order, at)
    return order


def settle_word(session: Session, word_id: int, *, reason: str, by: Actor, at: datetime) -> Order:
    """Say how a refusal was settled. Raises NotFound, NotAllowed, Conflict when it is settled or nobody has refused, Invalid."""
    by.must(SETTLES)
    order, row = _locked(session, word_id)
    if not row.disowned:
        raise Conflict(say("This is settled already, or nobody has refused it."))
    if row.recorded_by_id == by.id:
        raise RuleBroken(say("You recorded this approval by word: somebody else has to settle it."))
    row.settled_reason = _reason(reason)
    row.settled_by_id, row.settled_at = by.id, at
    record(session, ("order", order.id), "word.settle", by=by, at=at, detail=_about(row, row.settled_reason))
    _count(session, order, at)
    return order


def _to_answer(session: Session, word_id: int, by: Actor) -> tuple[Order, VerbalApproval]:
    order, row = _locked(session, word_id)
    if not row.waits:
        raise Conflict(DECIDED_BY_YOU if row.decided_by_id == by.id else DECIDED)
    no = why_not_answer(
        by,
        approver_id=row.approver_id,
        approver=row.approver.name,
        approver_is_there=row.approver.active and still_decides(row.approver.roles, row.permission),
        recorded_by_id=row.recorded_by_id,
        permission=row.permission,
    )
    if no is not None:
        raise RuleBroken(no)
    return order, row


def _locked(session: Session, word_id: int) -> tuple[Order, VerbalApproval]:
    """An approval by word, its order locked first. Raises NotFound."""
    order_id = session.scalar(sa.select(VerbalApproval.order_id).where(VerbalApproval.id == word_id))
    if order_id is None:
        raise NotFound
    order = locked_order(session, order_id)
    return order, session.get_one(VerbalApproval, word_id, populate_existing=True)


def _reason(typed: str) -> str:
    if not typed.strip():
        raise Invalid({"reason": say("Please give a reason.")})
    return typed.strip()


def _about(row: VerbalApproval, reason: str | None = None) -> dict[str, Any]:
    return {"word": row.id, "name": row.approver.name} | ({"reason": reason} if reason else {})


def _count(session: Session, order: Order, at: datetime) -> None:
    """What the order lacks is counted anew."""
    session.flush()
    if order.status == "done":
        count_papers(session, order, at=at)
