"""Goodwill while an order is at work: asked for by who stands there, decided by a manager, and the papers follow (P10)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from dispatch.errors import Invalid
from dispatch.fees.models import Goodwill
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
    """Approve or refuse it; the bill, what is missing for closing and the sheets follow. Raises as `settle_goodwill`."""
    with corrected(session, order_id, permission="favour.approve", by=by, at=at):
        return settle_goodwill(session, goodwill_id, approve=approve, reason=reason, by=by, at=at)
