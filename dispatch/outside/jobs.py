"""What the worker does for offers: one that nobody accepted in time goes back to the dispatcher."""

from __future__ import annotations

from datetime import UTC, datetime

import structlog

from dispatch.db import transaction
from dispatch.jobs import each_alone, periodic
from dispatch.outside.operations.ending import give_back
from dispatch.outside.queries import unanswered

log = structlog.get_logger("outside")


@periodic("outside.give_back", "*/2 * * * *")
def expire(timestamp: int) -> None:
    """Every two minutes. Run twice, each request is given back once."""
    give_back_all(datetime.fromtimestamp(timestamp, UTC))


def give_back_all(at: datetime) -> int:
    """Give back every request whose offers have ended, each in its own transaction; how many those were."""
    with transaction() as db:
        waiting = unanswered(db, at)
    given = each_alone(waiting, lambda db, request_id: give_back(db, request_id, at=at))
    if waiting:
        log.info("given_back", requests=given, looked_at=len(waiting))
    return given
