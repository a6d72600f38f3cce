"""What is given away on an order: asked for by who stands there or by the office, decided by others; the papers follow (P10)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.approvals.models import Request
from dispatch.approvals.operations.requests import Answer
from dispatch.errors import Invalid, NotFound
from dispatch.fees import operations as fees
from dispatch.fees.models import Goodwill, Receipt
from dispatch.fees.operations import ask_goodwill, settle_goodwill
from dispatch.field.acts import Act
from dispatch.field.correcting import corrected
from dispatch.staff.rules import Actor
from dispatch.typed import number_in
from dispatch.words import Text, say

WHY: dict[str, Text] = {
    "early": say("Failed soon after the warranty ended"),
    "again": say("The same fault came back after our repair"),
    "ours": say("The fault is our work or our product"),
    "kept": say("To keep a good customer"),
    "other": say("Another reason"),
}
"""What a technician can tap; "other" asks for words."""


def read_goodwill(values: Mapping[str, Any]) -> tuple[Text | str, int]:
    """Why, as one of WHY or in words, and for which line. Raises Invalid."""
    why, more = str(values.get("why") or ""), str(values.get("more") or "").strip()
    if why not in WHY:
        raise Invalid({"why": say("Choose one of these.")})
    if why == "other" and not more:
        raise Invalid({"more": say("Please write what it is.")})
    line_id = number_in(values.get("line"))
    if line_id is None:
        raise Invalid({"line": say("Choose one of these.")})
    return more if why == "other" else WHY[why], line_id


def ask(session: Session, act: Act) -> None:
    """The technician on site asks that a vehicle's repair counts as in warranty; until then it costs what it costs."""
    act.must_be_on_site()
    reason = str(act.content.get("reason") or "")
    ask_goodwill(session, act.order.id, act.line(session).id, reason=reason, key=act.sent.id, by=act.by, at=act.at)


def decide_goodwill(
    session: Session, order_id: int, goodwill_id: int, *, approve: bool, reason: str, by: Actor, at: datetime
) -> Goodwill:
    """Approve or refuse its open level; bill, closing and sheets follow. Raises as `settle_goodwill`."""
    with corrected(session, order_id, permission="order.decide", by=by, at=at):
        return settle_goodwill(session, goodwill_id, approve=approve, reason=reason, by=by, at=at)


def decide_favour(session: Session, request_id: int, answer: Answer, *, by: Actor, at: datetime) -> Request:
    """The same for whatever is asked to be given away on an order. Raises as that of fees."""
    with corrected(session, _order_of(session, request_id), permission="order.decide", anywhere=True, by=by, at=at):
        return fees.decide_favour(session, request_id, answer, by=by, at=at)


def withdraw_favour(session: Session, request_id: int, *, by: Actor, at: datetime) -> Request:
    """Whoever has asked does not need it any more. Raises as that of fees."""
    with corrected(session, _order_of(session, request_id), permission="order.see", by=by, at=at):
        return fees.withdraw_favour(session, request_id, by=by, at=at)


def hand_back(session: Session, request_id: int, *, device: str, by: Actor, at: datetime) -> Receipt:
    """Money that was approved of is given back. Raises as that of fees."""
    with corrected(session, _order_of(session, request_id), permission="fee.refund", by=by, at=at):
        return fees.hand_back(session, request_id, device=device, by=by, at=at)


def _order_of(session: Session, request_id: int) -> int:
    order_id = session.scalar(sa.select(Request.order_id).where(Request.id == request_id))
    if order_id is None:
        raise NotFound
    return order_id
