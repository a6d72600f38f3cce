"""What terminals told, on its way from the gateway into the record; and out of it again when it is old."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa
import structlog
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.db import Base, transaction
from dispatch.devices.jt808.directory import Entry, bare
from dispatch.devices.jt808.observations import Observation
from dispatch.devices.models import Observation as Row
from dispatch.devices.models import Terminal, Unit
from dispatch.devices.rules import read_phone_808, read_terminal_id
from dispatch.geo.datum import wgs84_from_gcj02
from dispatch.search import normalise
from dispatch.staff.rules import SYSTEM

log = structlog.get_logger("jt808")

LONGEST_MS = 25_000
"""Storing a batch takes no longer: the gateway takes it for lost after 30 s, and then nothing of it may arrive late."""

_TABLE = Base.metadata.tables[Row.__tablename__]
_COLUMNS = [column for column in _TABLE.columns if column.name != "id"]
_NAMES = [column.name for column in _COLUMNS]
_LISTS = [sa.cast(sa.bindparam(column.name), ARRAY(column.type)) for column in _COLUMNS]
_TOLD = sa.func.unnest(*_LISTS).table_valued(*_NAMES).render_derived()
_ALL = sa.select(*(_TOLD.c[name] for name in _NAMES))
_INSERT = insert(_TABLE).from_select(_NAMES, _ALL, include_defaults=False).on_conflict_do_nothing()
"""One statement however many rows: a list for each column. What a platform passes on a second time is there already."""


_datums: Mapping[str, str] = {}


def configure(datums: Mapping[str, str]) -> None:
    """Take over the settings of this process: source -> the datum of its positions, where it is not WGS-84."""
    global _datums
    _datums = dict(datums)


async def sink(batch: Sequence[Observation]) -> None:
    """Store a batch, as the gateway wants it; raises when the database is away, and then nothing of it was stored."""
    await asyncio.to_thread(store, batch)


def store(batch: Sequence[Observation]) -> None:
    """Store a batch in a transaction of its own; what can never be stored is written to the log instead."""
    with transaction() as session:
        session.execute(sa.text(f"SET LOCAL statement_timeout = {LONGEST_MS}"))
        refused = keep(session, batch)
    for one in refused:
        log.error("observation_put_aside", unit=one.who, kind=one.kind, raw=one.raw)


def keep(session: Session, batch: Sequence[Observation]) -> list[Observation]:
    """Add what was observed, and learn the numbers we did not have; returns what can never be stored.

    Positions stand in the record by WGS-84, whatever their source reports; `raw` stays as it came.
    """
    batch = [_in_wgs84(one) for one in batch]
    refused = _insert(session, batch)
    aside = {id(one) for one in refused}
    _learn(session, [one for one in batch if one.kind == "registered" and one.whole and id(one) not in aside])
    return refused


def _in_wgs84(one: Observation) -> Observation:
    if _datums.get(one.source) != "gcj02" or one.lat is None or one.lon is None:
        return one
    lat, lon = wgs84_from_gcj02(one.lat, one.lon)
    return replace(one, lat=lat, lon=lon)


def _insert(session: Session, batch: Sequence[Observation]) -> list[Observation]:
    """All of it at once; where the database refuses something, each half by itself, down to what it refuses."""
    try:
        with session.begin_nested():
            session.execute(_INSERT, {name: [_value(one, name) for one in batch] for name in _NAMES})
        return []
    except (DataError, IntegrityError, UnicodeError):
        if len(batch) == 1:
            return list(batch)
    middle = len(batch) // 2
    return _insert(session, batch[:middle]) + _insert(session, batch[middle:])


def _value(one: Observation, column: str) -> object:
    return one.who if column == "unit_id" else getattr(one, column)


# --- numbers we did not have


def _learn(session: Session, registered: Sequence[Observation]) -> None:
    """Write down the phone and the terminal id with which terminals registered, where the record has none.

    A number that stands on another terminal, or that two have shown, is not believed: shared, it would find neither.
    """
    told = {one.who: one for one in registered}
    lacks = sa.or_(Terminal.phone_808.is_(None), Terminal.terminal_id.is_(None))
    query = sa.select(Terminal).where(Terminal.unit_id.in_(told), lacks).order_by(Terminal.unit_id)
    found = session.scalars(query.with_for_update()).all() if told else ()
    without_phone = [one.unit_id for one in found if one.phone_808 is None]
    without_id = [one.unit_id for one in found if one.terminal_id is None]
    phones = _news(session, Terminal.phone_808, {unit: read_phone_808(told[unit].phone) for unit in without_phone})
    ids = _news(session, Terminal.terminal_id, {unit: read_terminal_id(told[unit].terminal_id or "") for unit in without_id})
    for one in found:
        learned = {"phone_808": phones.get(one.unit_id), "terminal_id": ids.get(one.unit_id)}
        numbers = {name: number for name, number in learned.items() if number}
        if numbers:
            _write(session, one, numbers, told[one.unit_id].received_at)


def _news(session: Session, column: sa.orm.InstrumentedAttribute[str | None], told: dict[int, object]) -> dict[int, str]:
    """Of the numbers shown, those that no terminal has on record and only one has shown."""
    numbers = {unit: number for unit, number in told.items() if isinstance(number, str)}
    if not numbers:
        return {}
    times = Counter(bare(number) for number in numbers.values())
    folded = sa.func.upper(sa.func.ltrim(sa.func.btrim(column), "0"))
    taken = set(session.scalars(sa.select(folded).where(folded.in_(times))))
    return {unit: number for unit, number in numbers.items() if times[bare(number)] == 1 and bare(number) not in taken}


def _write(session: Session, terminal: Terminal, learned: dict[str, str], at: datetime) -> None:
    for name, number in learned.items():
        setattr(terminal, name, number)
    words = normalise(terminal.serial, terminal.imei, terminal.terminal_id, terminal.model)
    session.execute(sa.update(Unit).where(Unit.id == terminal.unit_id).values(search_text=words))
    record(session, ("unit", terminal.unit_id), "terminal.learn", by=SYSTEM, at=at, detail={**learned})


# --- who may speak


def entries(session: Session) -> list[Entry]:
    """The terminals on record that have a number to be known by over JT/T 808."""
    numbered = sa.or_(Terminal.phone_808.is_not(None), Terminal.terminal_id.is_not(None))
    query = sa.select(Terminal.unit_id, Terminal.phone_808, Terminal.terminal_id).where(numbered)
    return [Entry(*row) for row in session.execute(query)]


# --- and out again


def old_ones(session: Session, *, before: datetime, spare: sa.ColumnElement[bool]) -> tuple[int, int] | None:
    """The ids between which there are observations from before a moment; not counted are those of which `spare` is true."""
    lowest, highest = session.execute(sa.select(sa.func.min(Row.id), sa.func.max(Row.id)).where(*_old(before, spare))).one()
    return None if lowest is None else (lowest, highest)


def forget(session: Session, *, first: int, last: int, before: datetime, spare: sa.ColumnElement[bool]) -> int:
    """Remove those with ids from `first` to `last`; returns how many went."""
    some = sa.delete(Row).where(Row.id.between(first, last), *_old(before, spare))
    return int(session.execute(some, execution_options={"synchronize_session": False}).rowcount)  # type: ignore[attr-defined]


def _old(before: datetime, spare: sa.ColumnElement[bool]) -> tuple[sa.ColumnElement[bool], ...]:
    return Row.received_at < before, ~spare
