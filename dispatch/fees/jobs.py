"""What the worker does for quotations: ends by night those whose last day is over."""

from __future__ import annotations

from datetime import UTC, datetime

import structlog

from dispatch.db import transaction
from dispatch.fees.operations import expire_quotation
from dispatch.fees.quote_queries import quotations_due
from dispatch.jobs import each_alone, periodic

log = structlog.get_logger("fees")

AT_ONCE = 500


@periodic("fees.expire_quotations", "25 16 * * *")
def expire_by_night(timestamp: int) -> None:
    """After midnight in China. Run twice, each is ended once."""
    expire_all(datetime.fromtimestamp(timestamp, UTC))


def expire_all(at: datetime) -> int:
    """End what was offered until a day that is over, each in its own transaction; how many those were."""
    ended = 0
    while True:
        with transaction() as db:
            due = quotations_due(db, at, limit=AT_ONCE)
        now_ended = each_alone(due, lambda db, quotation_id: expire_quotation(db, quotation_id, at=at))
        ended += now_ended
        if len(due) < AT_ONCE or not now_ended:
            break
    log.info("quotations_expired", quotations=ended)
    return ended
