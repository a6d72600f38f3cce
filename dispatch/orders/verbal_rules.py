"""Approval by word: by what channels it comes, whose word counts, and who answers for it afterwards (P13, Q14)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from dispatch.approvals.rules import LEVEL_WORDS
from dispatch.permissions import allows
from dispatch.staff.rules import Actor
from dispatch.words import Text, say

VERBAL_CHANNELS: dict[str, Text] = {
    "phone": say("By phone"),
    "wechat": say("By WeChat"),
    "in_person": say("In person"),
    "other": say("Another way"),
}
VERBAL_DECISIONS = ("confirmed", "refused")

LEVELS = ("order.approve", "order.approve_director")
"""Whose word counts for what is allowed during the work, the lower level first."""
STEPS = tuple(LEVEL_WORDS)
"""Whose word counts for an open level: whoever could decide it himself."""
SETTLES = "order.approve_director"
"""Who says how an approval was settled that was refused afterwards."""

SLACK = timedelta(minutes=5)
"""So much later than it is recorded something may have been said: clocks differ."""

OWN_WORD = say("Nobody records his own word. Decide it yourself, or let a colleague record it.")


_escalates_after = timedelta(hours=24)


def configure(hours: int) -> None:
    """How many hours after its limit an approval by word that is not backfilled goes to the director."""
    global _escalates_after
    _escalates_after = timedelta(hours=hours)


def escalates_at(due_at: datetime) -> datetime:
    """When what was to be backfilled by `due_at` goes to the director."""
    return due_at + _escalates_after


def due_before(at: datetime) -> datetime:
    """What was due before this moment is with the director at `at`."""
    return at - _escalates_after


def level_of(roles: Iterable[str], levels: Iterable[str] = LEVELS) -> str | None:
    """The first of the levels that somebody with these roles stands for; None for nobody who decides."""
    held = frozenset(roles)
    return next((level for level in levels if allows(held, level)), None)


def still_decides(roles: Iterable[str], permission: str) -> bool:
    """Whether somebody who gave his word at a level (`permission`) still is one who decides."""
    return level_of(roles, (*LEVELS, permission)) is not None


def why_not_answer(
    by: Actor, *, approver_id: int, approver: str, approver_is_there: bool, recorded_by_id: int, permission: str
) -> Text | None:
    """Why `by` cannot say whether a word was given; None when he can.

    The named one answers for it, nobody else. When he has left or decides nothing any more, somebody else of the level
    (`permission`) who did not record it does.
    """
    if by.id == approver_id:
        return None
    if approver_is_there:
        return say("Only %(name)s can say whether he approved this.", name=approver)
    if by.id == recorded_by_id:
        return say("You recorded this approval by word: somebody else has to confirm it.")
    return None if by.may(permission) else say("Your role does not allow this. Ask your administrator if you need it.")
