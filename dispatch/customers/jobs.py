"""What the worker does for addresses: it forgets what was found long ago."""

from __future__ import annotations

from datetime import UTC, datetime

from dispatch.customers.finding import forget_old
from dispatch.db import transaction
from dispatch.jobs import periodic


@periodic("customers.forget_addresses", "50 18 * * *")
def forget_addresses(timestamp: int) -> None:
    """At 18:50 UTC, ten to three in the Chinese night: remove what the address services said a month ago."""
    with transaction() as session:
        forget_old(session, datetime.fromtimestamp(timestamp, UTC))
