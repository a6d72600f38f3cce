"""What people type and press on the pages of orders. A filter never refuses: what it does not know it leaves out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dispatch.customers.rules import FOUND_BY_ADDRESS
from dispatch.errors import Invalid
from dispatch.geo.forms import DATUMS, read_place
from dispatch.orders.lifecycle import ORDER_STATUSES
from dispatch.orders.queries import SORTS, Filter
from dispatch.orders.rules import KINDS, URGENCIES
from dispatch.orders.waiting_rules import WHYS
from dispatch.typed import number_in
from dispatch.words import Text, say

MOST_WORDS = 60
MOST_METRES = 400_000


def read_filter(typed: Mapping[str, str], me: int | None) -> Filter:
    """The filter that stands in a list's address; `me` owns the orders shown with mine=1."""
    return Filter(
        words=typed.get("q", "").strip()[:MOST_WORDS],
        status=_known(typed.get("status"), ORDER_STATUSES),
        kind=_known(typed.get("kind"), KINDS),
        urgency=_known(typed.get("urgency"), URGENCIES),
        owner_id=me if typed.get("mine") else None,
        customer_id=read_number(typed.get("customer", ""), 0) or None,
        backfill=typed.get("backfill") == "1",
        overdue=typed.get("overdue") == "1",
        told=typed.get("told") == "1",
        unplanned=typed.get("unplanned") == "1",
        papers=typed.get("papers") == "1",
        why=_known(typed.get("why"), tuple(WHYS)),
        sort=_known(typed.get("sort"), tuple(SORTS)) or "newest",
    )


def read_page(typed: Mapping[str, str]) -> int:
    """The page of a list, from 1."""
    return max(1, min(read_number(typed.get("page", ""), 1), 10_000))


def read_number(typed: str, otherwise: int) -> int:
    """A whole number, or `otherwise`."""
    number = number_in(typed)
    return otherwise if number is None else number


def _known(typed: str | None, words: tuple[str, ...]) -> str | None:
    return typed if typed in words else None


@dataclass(frozen=True)
class Press:
    """A pressed action: the order's version as the page showed it (-1 when the page named none), and the reason given."""

    version: int
    reason: str


def read_press(typed: Mapping[str, str]) -> Press:
    """The hidden version and the reason of an action's form."""
    return Press(read_number(typed.get("version", ""), -1), typed.get("reason", "").strip()[:2000])


@dataclass(frozen=True)
class PinForm:
    """A place typed for a site: WGS-84 degrees, and how far off it may be in metres."""

    lat: float
    lon: float
    accuracy_m: int
    source: str = "pin"


def read_pin(typed: Mapping[str, str]) -> PinForm:
    """Place, map and accuracy of a pin's form. Raises Invalid."""
    accuracy = read_number(typed.get("accuracy_m", ""), 0)
    if not 1 <= accuracy <= MOST_METRES:
        raise Invalid({"accuracy_m": say("Write whole metres, from 1 to %(most)s.", most=MOST_METRES)})
    datum = typed.get("datum", "wgs84")
    if datum not in DATUMS:
        raise Invalid({"datum": say("Choose one of the maps.")})
    place = read_place(typed.get("place", ""), datum)
    if isinstance(place, Text):
        raise Invalid({"place": place})
    source = typed.get("source", "")
    return PinForm(*place, accuracy, source if source in FOUND_BY_ADDRESS else "pin")
