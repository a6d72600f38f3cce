"""What the worker does for the field: it forgets what terminals told long ago, but for what proves a test-run."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
import structlog

from dispatch.config import from_environment
from dispatch.db import transaction
from dispatch.devices.models import Observation
from dispatch.devices.observing import forget, old_ones
from dispatch.field.models import TestResult
from dispatch.jobs import periodic

log = structlog.get_logger("field")

AT_ONCE = 20_000
_PROOF = sa.exists().where(TestResult.observation_id == Observation.id)


@periodic("field.forget_observations", "40 18 * * *")
def forget_observations(timestamp: int) -> None:
    """At 18:40 UTC, twenty to three in the Chinese night: remove what is older than OBSERVATION_DAYS."""
    forget_older(from_environment().observation_days, datetime.fromtimestamp(timestamp, UTC))


def forget_older(days: int, at: datetime) -> int:
    """Remove what was told more than so many days ago and no result of a test-run points to; how many rows went.

    In several transactions, so that the gateway never waits for it. Run twice, the second finds nothing.
    """
    before, gone = at - timedelta(days=days), 0
    with transaction() as session:
        found = old_ones(session, before=before, spare=_PROOF)
    for first in range(found[0], found[1] + 1, AT_ONCE) if found else ():
        with transaction() as session:
            gone += forget(session, first=first, last=first + AT_ONCE - 1, before=before, spare=_PROOF)
    log.info("observations_forgotten", gone=gone)
    return gone
