"""What the worker does for addresses: it puts those on the map that nobody placed, and forgets what was found long ago."""

from __future__ import annotations

from datetime import UTC, datetime

import structlog

from dispatch.clock import now
from dispatch.config import from_environment
from dispatch.customers.finding import forget_old
from dispatch.customers.placing import place_some
from dispatch.db import transaction
from dispatch.jobs import periodic

log = structlog.get_logger("customers")


@periodic("customers.place_addresses", "* * * * *")
def place_addresses(timestamp: int) -> None:
    """Every minute: look for so many addresses as the services may be asked."""
    placed = place_some(now(), most=from_environment().geocoder_per_minute)
    if placed:
        log.info("addresses_placed", placed=placed)


@periodic("customers.forget_addresses", "50 18 * * *")
def forget_addresses(timestamp: int) -> None:
    """At 18:50 UTC, ten to three in the Chinese night: remove what the address services said a month ago."""
    with transaction() as session:
        forget_old(session, datetime.fromtimestamp(timestamp, UTC))
