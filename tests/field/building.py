"""A technician on site for tests: his dispatched visit, the facts he sends, what he carries."""

from __future__ import annotations

import hashlib
import itertools
import json
import uuid
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from dispatch.audit.rules import canonical
from dispatch.board.operations.sending import dispatch_visits
from dispatch.devices.models import Unit
from dispatch.devices.operations import move_units, slot_of
from dispatch.field.acting import act
from dispatch.field.models import FieldFact
from dispatch.field.operations import SentFact
from dispatch.field.summary import summary_of
from dispatch.files.operations import keep
from dispatch.orders.models import Order, OrderLine, Visit
from dispatch.staff.rules import Actor
from tests.board.building import TODAY, visit_at
from tests.conftest import AT, Cast
from tests.devices.building import into_bag, sims, terminals

SWUNG = [[[0.1 + i / 100, 0.2 + (i % 7) / 50, i * 16] for i in range(60)]]
"""A signature: one stroke across the field."""

DRAWN = json.dumps(SWUNG)
"""The same as a page sends it."""

_seq = itertools.count(1)


def fact(visit: Visit, kind: str, /, **content: Any) -> SentFact:
    """A fact as the phone sends it, a second later each time."""
    n = next(_seq)
    return SentFact(uuid.uuid4(), kind, "phone-1", n, content, AT + timedelta(seconds=n), 0, visit_id=visit.id)


def do(session: Session, visit: Visit, kind: str, by: Actor, /, *, insist: bool = False, **content: Any) -> FieldFact:
    """One act of a technician, applied."""
    sent = fact(visit, kind, **content)
    done = act(session, sent, by=by, at=sent.device_at, insist=insist)
    session.flush()
    return done


def sent_out(
    session: Session,
    cast: Cast,
    order: Order,
    who: Actor,
    *,
    start: str = "09:30",
    minutes: int = 100,
    lines: tuple[int, ...] = (),
) -> Visit:
    """A visit dispatched to somebody; to all lines unless some are named."""
    named = {"line_ids": lines} if lines else {}
    visit = visit_at(session, cast, order, who, start, minutes=minutes, day=TODAY, **named)
    dispatch_visits(session, [visit.id], by=cast.lin, at=AT)
    return visit


def arrived(session: Session, cast: Cast, order: Order, who: Actor, **facts: Any) -> Visit:
    """The same, and he stands at the vehicle."""
    visit = sent_out(session, cast, order, who, **facts)
    do(session, visit, "visit.depart", who)
    do(session, visit, "visit.arrive", who)
    return visit


def carrying(
    session: Session, cast: Cast, who: Actor, count: int = 1, *, model: str = "BD-808A"
) -> tuple[list[Unit], list[Unit]]:
    """Fresh terminals and SIMs in somebody's bag."""
    boxes, cards = terminals(session, cast, count, model=model), sims(session, cast, count)
    into_bag(session, cast, who, boxes + cards)
    return boxes, cards


def fitted_long_ago(
    session: Session, cast: Cast, line: OrderLine, *, days: int = 900, model: str = "BD-808A"
) -> tuple[Unit, Unit]:
    """A terminal and a SIM that have been in the vehicle for so many days."""
    [box], [card] = terminals(session, cast, 1, model=model), sims(session, cast, 1)
    slot = slot_of(session, vehicle_id=line.vehicle_id, branch_id=cast.sz)
    move_units(session, [box.id, card.id], to=slot, reason="install", by=cast.lin, at=AT - timedelta(days=days))
    return box, card


def take_photo(session: Session, visit: Visit, by: Actor, *, kind: str = "condition", line: int | None = None) -> uuid.UUID:
    """A photo of the visit, kept and told."""
    kept = keep(session, b"jpeg " + uuid.uuid4().bytes, "image/jpeg", at=AT)
    return do(session, visit, "photo", by, kind=kind, line=line, sha256=kept.sha256, width=640, height=480).id


def fresh(session: Session) -> Session:
    """The session as the database is now."""
    session.rollback()
    session.expire_all()
    return session


def shown_hash(session: Session, visit: Visit) -> str:
    """The hash of the summary as the phone would show it now."""
    return hashlib.sha256(canonical(summary_of(session, visit.order, visit))).hexdigest()


def sign(session: Session, visit: Visit, by: Actor, **instead: Any) -> FieldFact:
    """The customer signs what is shown."""
    given = {"signer": "张超敏", "phone": "18886844318", "points": SWUNG, "summary_hash": shown_hash(session, visit)}
    return do(session, visit, "sign", by, **(given | instead))
