"""When a link to decide is good, and the sentence for each case in which it is not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from dispatch.approvals.rules import Turn
from dispatch.staff.rules import Actor
from dispatch.words import Text, say

UNKNOWN = say("This link leads nowhere. Perhaps a part of it was lost on the way: ask for a new one.")

HIGHER: dict[str, tuple[str, ...]] = {
    "order.approve": ("order.approve_director",),
    "order.approve_supervisor": ("order.approve", "order.approve_director"),
    "order.approve_finance": ("order.approve_director",),
}
"""Who stands above a level and may have its link sent to a phone."""


NOT_A_MAKER = say("A link for this level is made by somebody who could decide it, or who stands above.")


def makes_links(by: Actor, permission: str) -> bool:
    """Whether `by` may make and take back links for a level: whoever could decide it himself, and whoever stands above."""
    return any(by.may(one) for one in (permission, *HIGHER.get(permission, ())))


def why_no_link(turn: Turn) -> Text | None:
    """Why somebody makes no link for the open level he is before, whoever is to decide by it; None where he does."""
    if turn.actor_id in turn.asked_by:
        return say("You asked for this yourself, so a link to decide it is made by somebody else.")
    if turn.actor_id in turn.decided_by:
        return say("You had a hand in an earlier level, so a link to decide this one is made by somebody else.")
    return None


@dataclass(frozen=True)
class LinkFacts:
    """What a link's fate hangs on. `reader` is who is signed in in the browser that opened it, None for nobody."""

    approver_id: int
    approver: str
    approver_is_there: bool
    expires_at: datetime
    used: bool
    revoked: bool
    decided: bool
    reader: int | None


def why_not_use(link: LinkFacts, at: datetime) -> Text | None:
    """Why the link cannot be used at a moment by this reader; None when it can."""
    checks: tuple[tuple[bool, Text], ...] = (
        (link.reader not in (None, link.approver_id), say("This link is for %(name)s, and for nobody else.", name=link.approver)),
        (link.used, say("This link was used already. It is good for one decision.")),
        (link.revoked, say("This link was taken back. Ask for a new one if a decision is still needed.")),
        (not link.approver_is_there, say("This link was for somebody who no longer works here. Others decide now.")),
        (link.decided, say("This was decided in another way meanwhile. Nothing is left to do.")),
        (link.expires_at <= at, say("This link has ended: it was good for a limited time. Ask for a new one.")),
    )
    return next((text for bad, text in checks if bad), None)
