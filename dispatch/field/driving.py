"""A technician's visit, walked by him: depart, arrive, finish or break off. Each step is a fact before any rule looks at it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from dispatch.errors import NotFound, Refusal
from dispatch.field.models import FieldFact
from dispatch.field.operations import SentFact, keep_fact, settle_fact
from dispatch.orders.models import Visit
from dispatch.orders.operations.moves import move_line, move_visit
from dispatch.orders.operations.visits import locked_visit
from dispatch.staff.rules import Actor
from dispatch.words import Text, text_to_json

STEPS = {"visit.depart": "depart", "visit.arrive": "arrive", "visit.finish": "finish", "visit.abandon": "abandon"}
LINE_TO_DO = ("open", "residual")


def drive(session: Session, sent: SentFact, *, by: Actor, at: datetime) -> FieldFact:
    """Keep a step and apply it. A step that no rule allows is kept as disputed, with the reason, and changes nothing else.

    The content of `visit.abandon` names its reason; that of `visit.finish` may name the lines that were not done (`not_done`),
    what becomes of them (`how`: leave_over or give_up) and why (`reason`). All other lines are done.

    The same step sent again gives the first one back. Raises NotFound for a visit of another branch, Conflict when the same UUID
    comes with another content.
    """
    by.must("visit.drive")
    visit = session.get(Visit, sent.visit_id) if sent.visit_id is not None else None
    if visit is None or visit.branch_id != by.branch_id:
        raise NotFound
    fact, new = keep_fact(session, sent, by=by, at=at)
    if new:
        no = _apply(session, sent, visit.id, by=by, at=at)
        settle_fact(fact, state="disputed" if no else "applied", outcome=text_to_json(no) if no else {})
        session.flush()
    return fact


def _apply(session: Session, sent: SentFact, visit_id: int, *, by: Actor, at: datetime) -> Text | None:
    try:
        with session.begin_nested():
            visit = locked_visit(session, visit_id)
            if visit.technician_id != by.id:
                raise NotFound
            if sent.kind == "visit.finish" and visit.status == "on_site":
                _settle_lines(session, visit, sent, by=by, at=at)
            reason = sent.content.get("reason") if sent.kind == "visit.abandon" else None
            move_visit(session, visit, STEPS[sent.kind], by=by, at=at, reason=reason)
    except Refusal as refusal:
        return refusal.text
    return None


def _settle_lines(session: Session, visit: Visit, sent: SentFact, *, by: Actor, at: datetime) -> None:
    """Before the visit ends, so that the order goes straight from working to done."""
    not_done = sent.content.get("not_done", ())
    for line in (row.line for row in visit.visit_lines):
        if line.status in LINE_TO_DO and line.id not in not_done:
            move_line(session, line, "complete", by=by, at=at)
        elif line.status == "open" or (line.status == "residual" and sent.content["how"] == "give_up"):
            # One that was left over before and did not come again stays left over.
            move_line(session, line, sent.content["how"], by=by, at=at, reason=sent.content["reason"])
