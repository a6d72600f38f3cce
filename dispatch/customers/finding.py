"""Where an address is: what is on record of it, what was found before, what the address services say. Several stay several.

A service is asked without a transaction, which would hold a connection for as long as the service thinks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from dispatch.customers.models import FoundAddress
from dispatch.customers.queries import place_known
from dispatch.customers.rules import PIN_M
from dispatch.db import transaction
from dispatch.geo.districts import DistrictGeocoder
from dispatch.geo.gateway import AddressServiceAway, Chain, Geocoder, Place
from dispatch.geo.rules import Coordinates
from dispatch.staff.rules import Actor

FOUND_DAYS, UNKNOWN_DAYS = 30, 1
"""For so long an answer is kept; that nothing is there may be mended tomorrow."""
LONGEST = 200

_district: Geocoder = DistrictGeocoder()
_services: Geocoder = Chain(())


def configure(services: Sequence[Geocoder]) -> None:
    """Which address services are asked, in their order; none: only the district is known."""
    global _services
    _services = Chain(services)


@dataclass(frozen=True)
class Finding:
    """The places that may be meant, the best first; whether a service was asked anew, and whether it did not answer."""

    places: list[Place]
    away: bool = False
    asked: bool = False

    @property
    def is_clear(self) -> bool:
        """Whether only one place can be meant."""
        return len(self.places) == 1


def find_places(address: str, by: Actor, *, near: Coordinates | None = None, at: datetime) -> Finding:
    """Where an address is: a place of it on record alone; else what a service says; else its district."""
    address = " ".join(address.split())[:LONGEST]
    if not address:
        return Finding([])
    with transaction() as session:
        known, before = _on_record(session, address, by), _found_before(session, address, at)
    if known:
        return Finding([known])
    away, asked = False, before is None and _has_services()
    if before is None:
        try:
            before = _services.find(address, near)
        except AddressServiceAway:
            before, away = [], True
        else:
            with transaction() as session:
                _keep(session, address, before, at)
    return Finding(before or _district.find(address), away, asked)


def _on_record(session: Session, address: str, by: Actor) -> Place | None:
    site = place_known(session, address, by)
    if site is None or site.lat is None or site.lon is None or site.source == "district":
        return None
    return Place(site.lat, site.lon, "pin", site.source or "", site.accuracy_m or PIN_M, site.address)


def _found_before(session: Session, address: str, at: datetime) -> list[Place] | None:
    row = session.get(FoundAddress, address)
    if row is None or at - row.at > timedelta(days=FOUND_DAYS if row.places else UNKNOWN_DAYS):
        return None
    return [Place(**place) for place in row.places]


def _has_services() -> bool:
    return isinstance(_services, Chain) and bool(_services.services)


def _keep(session: Session, address: str, places: Sequence[Place], at: datetime) -> None:
    """Keep an answer; without a service there is none."""
    if not _has_services():
        return
    facts = {"places": [asdict(place) for place in places], "at": at}
    session.execute(
        insert(FoundAddress).values(address=address, **facts).on_conflict_do_update(index_elements=["address"], set_=facts)
    )


def forget_old(session: Session, at: datetime) -> int:
    """Delete answers that are not used any more; how many."""
    gone = session.execute(sa.delete(FoundAddress).where(FoundAddress.at < at - timedelta(days=FOUND_DAYS)))
    return int(gone.rowcount)  # type: ignore[attr-defined]
