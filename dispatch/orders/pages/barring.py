"""Wrong links: counted by where they come from, and after too many of them nothing is looked up any more."""

from __future__ import annotations

from datetime import timedelta

from flask import request
from sqlalchemy.orm import Session

from dispatch.approvals.operations.tries import check_tries, note_wrong
from dispatch.clock import now
from dispatch.db import transaction
from dispatch.errors import Refusal
from dispatch.web.login import settings
from dispatch.words import Text


def is_barred(db: Session) -> bool:
    """Too many wrong links came from where the reader is."""
    try:
        _check(db)
    except Refusal:
        return True
    return False


def told_wrong(unknown: Text) -> tuple[Text, int]:
    """Count a link that leads nowhere: `unknown` and 404, or that there were too many of them."""
    try:
        with transaction() as db:
            _check(db)
            note_wrong(db, address=request.remote_addr or "", at=now())
    except Refusal as refusal:
        return refusal.text, 429
    return unknown, 404


def _check(db: Session) -> None:
    limits = settings()
    window = timedelta(minutes=limits.login_window_minutes)
    check_tries(db, address=request.remote_addr or "", at=now(), most=limits.login_attempts, window=window)
