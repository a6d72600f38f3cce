"""Sweeping out sessions that ended long ago."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from dispatch.db import transaction
from dispatch.jobs import periodic
from dispatch.staff.operations import sweep_sessions

KEPT = timedelta(days=90)


@periodic("staff.sweep_sessions", "30 19 * * *")
def sweep(timestamp: int) -> None:
    """Sessions not seen for ninety days, longer than any limit, and failed attempts of that age."""
    with transaction() as session:
        sweep_sessions(session, before=datetime.fromtimestamp(timestamp, UTC) - KEPT)
