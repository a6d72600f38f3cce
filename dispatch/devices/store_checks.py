"""Proving the papers of the store: what they say of a unit is what the ledger says."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from dispatch.devices.models import (
    CountUnit,
    CustodyEntry,
    CustodyPosition,
    Purchase,
    StockCount,
    StoreSeries,
    Transfer,
    TransferUnit,
)
from dispatch.words import Text, say


def broken_papers(session: Session) -> Iterator[Text]:
    """One sentence for each paper of the store with which something is wrong."""
    yield from _wrong_transfers(session)
    yield from _wrong_counts(session)
    yield from _gaps(session)


def _wrong_transfers(session: Session) -> Iterator[Text]:
    """Units that left or arrived otherwise than their transfer says, or should be on the way and are not."""
    out, back = aliased(CustodyEntry), aliased(CustodyEntry)
    line, place = TransferUnit, CustodyPosition
    disagrees = sa.or_(
        out.unit_id != line.unit_id,
        out.to_holder_id != Transfer.transit_id,
        back.unit_id != line.unit_id,
        back.from_holder_id.is_distinct_from(sa.case((back.id.is_not(None), Transfer.transit_id))),
        sa.and_(line.in_entry_id.is_(None), place.holder_id != Transfer.transit_id),
    )
    query = (
        sa.select(Transfer.number)
        .join(line, line.transfer_id == Transfer.id)
        .join(out, out.id == line.out_entry_id)
        .join(place, place.unit_id == line.unit_id)
        .outerjoin(back, back.id == line.in_entry_id)
    )
    for number in session.scalars(query.where(disagrees).distinct().order_by(Transfer.number)):
        yield say("Transfer %(number)s does not agree with the entries of its units", number=number)


def _wrong_counts(session: Session) -> Iterator[Text]:
    """Corrections that a count has booked otherwise than it says."""
    away = sa.and_(CountUnit.outcome == "lost", CustodyEntry.from_holder_id != StockCount.holder_id)
    here = sa.and_(CountUnit.outcome == "moved_here", CustodyEntry.to_holder_id != StockCount.holder_id)
    query = sa.select(StockCount.number).join(CountUnit, CountUnit.count_id == StockCount.id)
    booked = query.join(CustodyEntry, CustodyEntry.id == CountUnit.entry_id)
    other = CustodyEntry.unit_id != CountUnit.unit_id
    for number in session.scalars(booked.where(sa.or_(away, here, other)).distinct().order_by(StockCount.number)):
        yield say("Count %(number)s does not agree with the entries of its units", number=number)


def _gaps(session: Session) -> Iterator[Text]:
    """Series with more or fewer papers than numbers were given."""
    given = sa.select(StoreSeries.series, sa.func.sum(StoreSeries.last)).group_by(StoreSeries.series)
    numbers = {series: int(last) for series, last in session.execute(given)}
    for series, table in (("DB", Transfer), ("PD", StockCount), ("CG", Purchase)):
        papers = session.scalar(sa.select(sa.func.count()).select_from(table)) or 0
        if papers != numbers.get(series, 0):
            yield say(
                "Series %(series)s has %(n)s papers and %(given)s numbers", series=series, n=papers, given=numbers.get(series, 0)
            )
