"""What the drives of the last months teach about travel times: about a branch's own figures, and about the road engine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from dispatch.board.drive_rules import Drive, corrections, is_plausible
from dispatch.board.operations.travel import keep_learned
from dispatch.board.travel_queries import paces_told, said_by, told
from dispatch.board.travelling import engine_name, measured_seconds
from dispatch.clock import local_day, seconds_of
from dispatch.db import transaction
from dispatch.field.drives import Driven, drives_of
from dispatch.geo.paces import Paces, along, band_of, part_at
from dispatch.geo.rules import metres
from dispatch.routing import Travel
from dispatch.staff.models import Branch

DAYS = 90
MOST, MOST_MEASURED = 20_000, 500
"""So many of the newest drives are looked at; about so many a road engine is asked anew each night."""


def learn(branch_id: int, travel: Travel, *, at: datetime) -> int:
    """Learn anew from a branch's drives; how many there were. `travel` is what is usual in the company.

    A road engine is asked without a transaction; one that does not answer leaves what was learned of it as it is.
    """
    with transaction() as session:
        zone = session.get_one(Branch, branch_id).zone
        paces = paces_told(told(said_by(session, branch_id), ()), travel)
        found = drives_of(session, branch_id, since=at - timedelta(days=DAYS), zone=zone, most=MOST)
    drives = [one for one in found if is_plausible(metres(one.start, one.end), one.seconds)]
    expected, measured = list(_expected(drives, paces, zone)), list(_measured(drives[:MOST_MEASURED], zone))
    with transaction() as session:
        keep_learned(session, branch_id, "usual", corrections(expected), at=at)
        if measured:
            keep_learned(session, branch_id, engine_name(), corrections(measured), at=at)
    return len(drives)


def _expected(drives: Iterable[Driven], paces: Paces, zone: str) -> Iterator[Drive]:
    """The drives beside what the branch's figures say of each, before anything was learned."""
    for one in drives:
        straight, part = metres(one.start, one.end), _part(one, zone)
        yield Drive(band_of(straight), part, along(paces.curves[part], straight), one.seconds)


def _measured(drives: Sequence[Driven], zone: str) -> Iterator[Drive]:
    """The drives of which a road engine knows something, beside what it says."""
    for one, seconds in zip(drives, measured_seconds((one.start, one.end) for one in drives), strict=True):
        if seconds:
            yield Drive(band_of(metres(one.start, one.end)), _part(one, zone), seconds, one.seconds)


def _part(one: Driven, zone: str) -> str:
    """The part of the day in which it was begun."""
    return part_at(seconds_of(one.departed_at, local_day(one.departed_at, zone), zone))
