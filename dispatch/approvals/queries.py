"""Reading the ladder of approval: the rules in force and before, who could decide a level now, and requests that climb it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from dispatch.approvals.models import ApprovalRule, Request, RequestStep, Step
from dispatch.approvals.rules import BUSINESS, FEN, LevelRule, Turn
from dispatch.config_values import ApprovalStep
from dispatch.errors import NotFound
from dispatch.lists import FIRST, Cut, Part
from dispatch.permissions import PERMISSIONS, permissions_of
from dispatch.staff.deputies import in_force
from dispatch.staff.deputy_models import Deputy
from dispatch.staff.models import Person, PersonRole
from dispatch.staff.roster_queries import on_leave
from dispatch.staff.rules import Actor

_fixed: tuple[LevelRule, ...] = ()


def configure(steps: Sequence[ApprovalStep]) -> None:
    """The levels that the settings ask for (APPROVALS): they come before the table's and cannot be taken away on a page."""
    global _fixed
    _fixed = tuple(LevelRule(step.kind, (step.role,), _above(step)) for step in steps)


def _above(step: ApprovalStep) -> Decimal:
    return step.above + FEN if BUSINESS[step.kind].in_yuan else Decimal(step.above + 1)


def fixed_rules() -> tuple[LevelRule, ...]:
    """What the settings ask for."""
    return _fixed


def rules_in_force(session: Session) -> list[LevelRule]:
    """What holds for whatever is sent in now: the settings' rules, then the table's in the order in which they were added."""
    query = sa.select(ApprovalRule).where(ApprovalRule.ended_at.is_(None)).order_by(ApprovalRule.id)
    return [*_fixed, *(row.rule for row in session.scalars(query))]


def all_rules(session: Session, *, ended: int = 50) -> tuple[list[ApprovalRule], list[ApprovalRule]]:
    """The table's rules in force, and the last that were ended, newest first; with branch and names."""
    named = (joinedload(ApprovalRule.branch), joinedload(ApprovalRule.added_by), joinedload(ApprovalRule.ended_by))
    rows = session.scalars(sa.select(ApprovalRule).options(*named).order_by(ApprovalRule.id)).all()
    gone = sorted((row for row in rows if row.ended_at is not None), key=lambda row: row.id, reverse=True)
    return [row for row in rows if row.ended_at is None], gone[:ended]


def deciders(session: Session, permission: str, branch_id: int) -> Sequence[Person]:
    """Who works here and could decide a level for a branch: its own people first."""
    return session.scalars(_deciders(permission, branch_id)).all()


def deciders_and_deputies(
    session: Session, permission: str, branch_id: int, at: datetime
) -> list[tuple[Person, Deputy | None, bool]]:
    """The same, each with whoever stands in for him at a moment and works here himself, and whether he is on leave then."""
    there = Deputy.deputy_id.in_(sa.select(Person.id).where(Person.active))
    query = _deciders(permission, branch_id).add_columns(Deputy, on_leave(at))
    query = query.outerjoin(Deputy, sa.and_(Deputy.person_id == Person.id, in_force(at), there))
    rows = session.execute(query.options(joinedload(Deputy.deputy).joinedload(Person.role_rows))).unique()
    return [(person, deputy, away) for person, deputy, away in rows]


def _deciders(permission: str, branch_id: int) -> sa.Select[Person]:
    held = sa.select(PersonRole.person_id)
    everywhere = held.where(PersonRole.role.in_(PERMISSIONS["branches.all"]))
    may = Person.id.in_(held.where(PersonRole.role.in_(PERMISSIONS[permission])))
    here = sa.or_(Person.branch_id == branch_id, Person.id.in_(everywhere))
    return sa.select(Person).where(Person.active, may, here).order_by(Person.branch_id != branch_id, Person.staff_no)


# --- requests


def hands_in(steps: Iterable[Step], round: int) -> tuple[frozenset[int | None], frozenset[int | None]]:
    """Who had a hand in the levels of one round, and those of them who decided none of these themselves."""
    now = [one for one in steps if one.round == round]
    hands = frozenset(who for one in now for who in one.hands if who is not None)
    return hands, hands - {one.decided_by_id for one in now}


def turn_of(request: Request, by: Actor) -> Turn:
    """`by` before the open level of a request whose steps are read."""
    step = request.open_step
    asked = frozenset({request.asked_by_id, *(one.requested_by_id for one in request.steps)})
    return Turn(
        step.permission if step else None, by.id, permissions_of(by.roles), asked, *hands_in(request.steps, request.round)
    )


def _in_place(by: Actor) -> list[sa.ColumnElement[bool]]:
    """SQL: open steps (joined with their requests) that `by` decides in the place of somebody absent."""
    return [
        sa.and_(Request.branch_id == branch_id, RequestStep.permission == permission, RequestStep.decision.is_(None))
        for branch_id, permission in by.places
    ]


def _seen(by: Actor) -> sa.ColumnElement[bool]:
    """SQL: the requests of the branches that a person of the office sees."""
    if not by.may("order.see"):
        return sa.false()
    return sa.true() if by.may("branches.all") else Request.branch_id == by.branch_id


def _to_decide(by: Actor) -> sa.ColumnElement[bool]:
    own = sa.and_(_seen(by), RequestStep.permission.in_(permissions_of(by.roles)))
    return sa.and_(RequestStep.decision.is_(None), sa.or_(own, *_in_place(by)))


_WITH_PEOPLE = (joinedload(Request.asked_by), joinedload(Request.branch), joinedload(Request.ended_by))


REQUEST_SORTS: dict[str, tuple[sa.SQLColumnExpression[Any], ...]] = {
    "oldest": (RequestStep.id,),
    "amount": (Request.amount, RequestStep.id),
    "kind": (Request.kind, RequestStep.id),
}


def requests_waiting(session: Session, by: Actor, *, cut: Cut = FIRST) -> Part[Request]:
    """A page of the requests whose open level `by` could decide, with people and steps; his own too, which he cannot."""
    query = sa.select(Request).join(RequestStep, RequestStep.request_id == Request.id).where(_to_decide(by))
    whole = cut.of(query.options(*_WITH_PEOPLE, selectinload(Request.steps)), REQUEST_SORTS)
    return Part(session.scalars(whole).unique().all(), cut.number, requests_total(session, by))


def requests_count(by: Actor) -> sa.ScalarSelect[int]:
    """SQL: how many of them there are."""
    return sa.select(sa.func.count()).select_from(RequestStep).join(RequestStep.request).where(_to_decide(by)).scalar_subquery()


def requests_total(session: Session, by: Actor) -> int:
    """The same as a number."""
    return session.scalar(sa.select(requests_count(by))) or 0


def _readable(by: Actor) -> sa.ColumnElement[bool]:
    """SQL: requests of the reader's branches, and those that he decides in somebody's place."""
    mine = sa.exists().where(RequestStep.request_id == Request.id, sa.or_(sa.false(), *_in_place(by)))
    return sa.or_(_seen(by), mine)


def request_seen(session: Session, request_id: int, by: Actor) -> Request:
    """A request that the reader may see, with people and steps. Raises NotFound."""
    people = selectinload(Request.steps)
    whole = (*_WITH_PEOPLE, *(people.joinedload(one) for one in _STEP_PEOPLE))
    query = sa.select(Request).where(Request.id == request_id, _readable(by)).options(*whole)
    found = session.scalars(query).unique().one_or_none()
    if found is None:
        raise NotFound
    return found


def requests_chosen(session: Session, request_ids: Collection[int], by: Actor) -> Sequence[Request]:
    """Those of the requests that the reader may see, the oldest first, with people and steps."""
    query = sa.select(Request).where(Request.id.in_(request_ids), _readable(by)).order_by(Request.id)
    return session.scalars(query.options(*_WITH_PEOPLE, selectinload(Request.steps))).unique().all()


_STEP_PEOPLE = (RequestStep.requested_by, RequestStep.decided_by, RequestStep.decided_for)


def requests_of_order(session: Session, order_id: int) -> Sequence[Request]:
    """What was asked for on an order, newest first; with who asked."""
    query = sa.select(Request).where(Request.order_id == order_id).options(joinedload(Request.asked_by))
    return session.scalars(query.order_by(Request.id.desc())).all()
