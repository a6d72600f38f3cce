"""Wrong links: how many came from an address, and whether it may try again."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from dispatch.errors import RuleBroken
from dispatch.staff.operations import note_failure
from dispatch.staff.queries import failed_attempts
from dispatch.words import say


def check_tries(session: Session, *, address: str, at: datetime, most: int, window: timedelta) -> None:
    """Raises RuleBroken when too many wrong links came from an address within the window."""
    tries, _ = failed_attempts(session, username=_name(address), address=address, since=at - window)
    if tries >= most:
        minutes = int(window.total_seconds() // 60)
        raise RuleBroken(say("Too many wrong links came from here. Please wait %(minutes)s minutes.", minutes=minutes))


def note_wrong(session: Session, *, address: str, at: datetime) -> None:
    """Remember a link that leads nowhere."""
    note_failure(session, username=_name(address), address=address, at=at)


def _name(address: str) -> str:
    return f"link from {address}"
