"""Asking a platform about terminals: whose turn it is, how to ask, and what it brought into the record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
import structlog
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from dispatch.devices.models import PlatformLook, Terminal
from dispatch.devices.observing import keep
from dispatch.devices.platform_rules import Look, Target, numbers_of

log = structlog.get_logger("platform")

OVERLAP = timedelta(hours=1)
"""Reports that reach the platform late are found when they are no later than this."""


@dataclass(frozen=True)
class Platform:
    """The platform of this process, if there is one; the same terminal is asked about every `every_s` seconds at most."""

    url: str = ""
    every_s: int = 20


_platform = Platform()


def configure(url: str, every_s: int) -> None:
    """Take over the settings of this process."""
    global _platform
    _platform = Platform(url, every_s)


def configured() -> bool:
    """Whether there is a platform to be asked."""
    return bool(_platform.url)


# --- whose turn it is


def claim(session: Session, unit_ids: Iterable[int], *, at: datetime) -> list[int]:
    """Those of the terminals that nobody asked about lately: whoever gets them here asks, and nobody else does."""
    wanted = [{"unit_id": unit_id, "wanted_at": at} for unit_id in sorted(set(unit_ids))]
    if not wanted or not configured():
        return []
    row = insert(PlatformLook).values(wanted)
    lately = at - timedelta(seconds=_platform.every_s)
    again = row.on_conflict_do_update(
        index_elements=[PlatformLook.unit_id], set_={"wanted_at": at}, where=PlatformLook.wanted_at <= lately
    )
    return list(session.scalars(again.returning(PlatformLook.unit_id)))


def look_of(session: Session, unit_id: int) -> PlatformLook | None:
    """How asking about a terminal last went; None when it never was."""
    found = session.get(PlatformLook, unit_id, populate_existing=True)
    return found if found is not None and found.asked_at is not None else None


def targets(session: Session, since: Mapping[int, datetime]) -> list[Target]:
    """How to ask about terminals (unit -> the moment from which on), longest not asked first; none without a number."""
    columns = (Terminal.unit_id, Terminal.imei, Terminal.terminal_id, Terminal.phone_808, PlatformLook.newest)
    query = sa.select(*columns).outerjoin(PlatformLook, PlatformLook.unit_id == Terminal.unit_id)
    rows = session.execute(query.where(Terminal.unit_id.in_(since)).order_by(PlatformLook.asked_at.nulls_first()))
    found = [
        Target(unit_id, numbers_of(imei, terminal_id, phone), _from(since[unit_id], newest))
        for unit_id, imei, terminal_id, phone, newest in rows
    ]
    return [target for target in found if target.numbers]


def _from(since: datetime, newest: datetime | None) -> datetime:
    """What is on record already is not fetched again, but for what may have come late."""
    return since if newest is None else max(since, newest - OVERLAP)


def keep_look(session: Session, seen: Look, *, at: datetime) -> int:
    """Add what a look brought to the record and say how it went; returns how many observations came. Twice, it is kept once."""
    refused = keep(session, seen.observations) if seen.observations else []
    for one in refused:
        log.error("observation_put_aside", unit=one.who, kind=one.kind, raw=one.raw)
    row = insert(PlatformLook).values(
        unit_id=seen.unit_id, wanted_at=at, asked_at=at, outcome=seen.outcome, device_id=seen.device_id, newest=seen.newest
    )
    said = {
        "asked_at": at,
        "outcome": seen.outcome,
        "device_id": sa.func.coalesce(row.excluded.device_id, PlatformLook.device_id),
        "newest": sa.func.greatest(row.excluded.newest, PlatformLook.newest),
    }
    session.execute(row.on_conflict_do_update(index_elements=[PlatformLook.unit_id], set_=said))
    return len(seen.observations) - len(refused)
