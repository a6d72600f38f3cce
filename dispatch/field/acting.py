"""Everything a technician does on site, in one table: kind of fact -> how it is applied.

A fact is kept before any rule looks at it. What no rule allows is told to him, who stands there and can mend it; if he
insists, or the fact comes from a phone that was offline, it stays as disputed for the dispatcher and changes nothing else
(rule 6 of the house).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import structlog
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.db import refusal_for
from dispatch.errors import NotFound, Refusal, RuleBroken
from dispatch.field import allowing, driving, forgiving, paying, signing, using, working
from dispatch.field.acts import Act
from dispatch.field.models import FieldFact
from dispatch.field.operations import SentFact, keep_fact, settle_fact
from dispatch.orders.models import Visit
from dispatch.orders.operations.moves import locked_order
from dispatch.orders.operations.visits import locked_visit
from dispatch.staff.rules import Actor
from dispatch.words import Text, say, text_to_json

Applies = Callable[[Session, Act], None]

KINDS: dict[str, Applies] = {
    "visit.depart": driving.depart,
    "visit.arrive": driving.arrive,
    "visit.finish": driving.finish,
    "visit.abandon": driving.abandon,
    "photo": signing.add_photo,
    "line.install": working.install_units,
    "line.swap": working.swap_units,
    "line.remove": working.remove_units,
    "line.move": working.move_units,
    "line.undo": working.undo_fitting,
    "line.done": working.complete_line,
    "line.not_done": working.leave_line,
    "part.use": using.use,
    "part.put_back": using.back,
    "test.run": working.record_test_run,
    "charge.add": paying.charge,
    "charge.take_back": paying.take_back,
    "payment.take": paying.take,
    "goodwill.ask": forgiving.ask,
    "word.record": allowing.record_word,
    "sign": signing.sign,
    "sign.refuse": signing.refuse,
}

UNKNOWN = say("This kind of message is not known here: the app on the phone is newer or older than the office's program.")
DAMAGED = say("What was sent is damaged: a number or a word in it cannot be what it should be.")
_DAMAGED = (LookupError, TypeError, ValueError, ArithmeticError, AttributeError, DataError)
"""What acts raise over a content that no page of ours sends."""

log = structlog.get_logger("field")


class Unreadable(RuleBroken):
    """What was sent makes no sense to any rule: it is kept, and the person who sent it cannot mend it."""


def act(session: Session, sent: SentFact, *, by: Actor, at: datetime, insist: bool = False) -> FieldFact:
    """Keep a fact and apply it; the same fact sent again gives the first one back.

    Raises NotFound for a visit of somebody else, Conflict when the same UUID comes with another content, and whatever the act
    itself refuses unless `insist`: then the fact is kept as disputed.
    """
    by.must("visit.drive")
    visit, by = _visit(session, sent, by)
    fact, new = keep_fact(session, sent, by=by, at=at)
    if not new:
        return fact
    no = attempt(session, sent, visit.id, by=by, at=at)
    if no is not None and not insist and not isinstance(no, Unreadable):
        raise no
    end_with(session, fact, sent, visit.order_id, no, by=by, at=at)
    return fact


def end_with(
    session: Session, fact: FieldFact, sent: SentFact, order_id: int | None, no: Refusal | None, *, by: Actor, at: datetime
) -> None:
    """Write down how applying a fact ended: well, or with a refusal, which its order hears of."""
    settle_fact(fact, state="disputed" if no else "applied", outcome=text_to_json(_told(no)) if no else {})
    if no is not None and order_id is not None:
        _tell_order(session, sent, order_id, by=by, at=at)
    session.flush()


def _tell_order(session: Session, sent: SentFact, order_id: int, *, by: Actor, at: datetime) -> None:
    """Whoever looks at the order hears that something waits for a decision."""
    locked_order(session, order_id)  # first, as everywhere: its history is written below
    detail = {"fact": str(sent.id), "kind": sent.kind, "technician": by.id, "device_at": sent.device_at.isoformat()}
    record(session, ("order", order_id), "field.dispute", by=by, at=at, detail=detail)


def _visit(session: Session, sent: SentFact, by: Actor) -> tuple[Visit, Actor]:
    """The visit, and who acts there: a colleague who helps another branch out works on it as one of that branch."""
    visit = session.get(Visit, sent.visit_id) if sent.visit_id is not None else None
    if visit is None or (visit.branch_id != by.branch_id and visit.technician_id != by.id):
        raise NotFound
    return visit, replace(by, branch_id=visit.branch_id)


def attempt(session: Session, sent: SentFact, visit_id: int, *, by: Actor, at: datetime) -> Refusal | None:
    """Apply what was sent, or nothing of it: then why. What no act can make sense of is damaged, not a fault of ours to fall
    over."""
    try:
        with session.begin_nested():
            visit = locked_visit(session, visit_id)
            if visit.technician_id != by.id:
                raise NotFound
            if sent.kind not in KINDS:
                raise Unreadable(UNKNOWN)
            KINDS[sent.kind](session, Act(visit, visit.order, sent, by, at))
            session.flush()
    except Refusal as refusal:
        return refusal
    except IntegrityError as error:
        known = refusal_for(error)
        if known is None:
            raise
        return known
    except _DAMAGED as error:
        log.warning("fact_unreadable", fact=str(sent.id), kind=sent.kind, error=repr(error))
        return Unreadable(DAMAGED)
    return None


def _told(no: Refusal) -> Text:
    """The sentence that names what was wrong: of a form its first field's."""
    fields = getattr(no, "fields", None)
    return next(iter(fields.values())) if fields else no.text
