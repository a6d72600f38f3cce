"""What comes before an order for a silent terminal: having it start anew from afar, where it can be reached."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from dispatch.errors import RuleBroken
from dispatch.intake.silence_rules import Tried, first_step
from dispatch.intake.silent_queries import Silent, silent_keyed
from dispatch.words import say


@dataclass(frozen=True)
class _Measures:
    wait: timedelta = timedelta(minutes=30)
    platform: bool = False


_measures = _Measures()


def configure(*, wait_minutes: int, platform: bool) -> None:
    """Take over the settings of this process: how long a restart has to help, and whether a platform can be asked for one."""
    global _measures
    _measures = _Measures(timedelta(minutes=wait_minutes), platform)


def way_of(one: Silent, at: datetime) -> str | None:
    """Over what a terminal can be told to start anew; nothing, where it cannot."""
    if one.connected(at):
        return "jt808"
    return "traccar" if one.device_id is not None and _measures.platform else None


def step_of(one: Silent, at: datetime) -> str:
    """What is to be done about it now: "restart", "wait" or "order"."""
    tried = Tried(one.restart.at, one.restart.outcome) if one.restart else None
    reachable, skipped = way_of(one, at) is not None, one.row.skipped_at is not None
    return first_step(tried, reachable=reachable, skipped=skipped, wait=_measures.wait, at=at)


def waits_until(one: Silent) -> datetime | None:
    """Until when a restart that was tried has to help."""
    return one.restart.at + _measures.wait if one.restart else None


def must_have_tried(session: Session, request_key: uuid.UUID | None, at: datetime) -> None:
    """Raises RuleBroken where an order is made for a silent terminal before it was restarted, and nobody said why not."""
    one = silent_keyed(session, request_key) if request_key else None
    step = step_of(one, at) if one else "order"
    if step == "restart":
        raise RuleBroken(say("First have the terminal start anew from the page of silent terminals, or say there why not."))
    if step == "wait":
        raise RuleBroken(say("The terminal was told to start anew: wait whether that helps, or say there why not."))
