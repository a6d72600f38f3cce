"""Proving counted parts on papers: transfers and hand-overs say of them what their ledger says."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.devices.models import (
    HandOver,
    HandOverPart,
    Holder,
    Part,
    PartEntry,
    PartPosition,
    Transfer,
    TransferPart,
    TransferPartMove,
)
from dispatch.words import Text, say


def wrong_parts_on_papers(session: Session) -> Iterator[Text]:
    """One sentence for each paper that tells of parts otherwise than their ledger."""
    yield from _wrong_transfers(session)
    yield from _wrong_ways(session)
    yield from _wrong_promises(session)
    yield from _wrong_takings(session)


def _wrong_transfers(session: Session) -> Iterator[Text]:
    """Lines that do not add up to the moves they name, or tell of another state than their transfer."""
    line, move, entry = TransferPart, TransferPartMove, PartEntry
    same = sa.and_(move.transfer_id == line.transfer_id, move.part_id == line.part_id)
    moved = {
        what: sa.func.coalesce(sa.func.sum(entry.quantity).filter(move.what == what), 0)
        for what in ("out", "in", "back", "found", "lost")
    }
    elsewhere = sa.or_(
        entry.part_id != line.part_id,
        sa.and_(move.what == "out", entry.to_holder_id != Transfer.transit_id),
        sa.and_(move.what != "out", entry.from_holder_id.is_distinct_from(Transfer.transit_id)),
    )
    disagrees = sa.or_(
        sa.func.coalesce(sa.func.bool_or(elsewhere), False),
        moved["out"] != line.sent,
        moved["in"] != sa.func.coalesce(line.arrived, 0),
        moved["back"] != sa.case((Transfer.status == "withdrawn", line.sent), else_=0),
        moved["found"] != line.found,
        moved["lost"] != line.lost,
        (Transfer.status == "received") != line.arrived.is_not(None),
    )
    query = sa.select(Transfer.number).join(line, line.transfer_id == Transfer.id)
    query = query.outerjoin(move, same).outerjoin(entry, entry.id == move.entry_id)
    grouped = query.group_by(Transfer.id, line.transfer_id, line.part_id).having(disagrees)
    for number in sorted(set(session.scalars(grouped))):
        yield say("Transfer %(number)s does not agree with the entries of its parts", number=number)


def _wrong_ways(session: Session) -> Iterator[Text]:
    """Parts on the way between branches that no transfer tells of, or the other way round."""
    line = TransferPart
    out = sa.case(
        (Transfer.status == "sent", line.sent),
        (Transfer.status == "received", sa.func.coalesce(line.missing, 0) - line.found - line.lost),
        else_=0,
    )
    told = (
        sa.select(Transfer.transit_id.label("holder_id"), line.part_id, sa.func.sum(out).label("n"))
        .join(line, line.transfer_id == Transfer.id)
        .group_by(Transfer.transit_id, line.part_id)
        .subquery()
    )
    place = (
        sa.select(PartPosition.holder_id, PartPosition.part_id, PartPosition.quantity)
        .join(Holder, Holder.id == PartPosition.holder_id)
        .where(Holder.kind == "transit")
        .subquery()
    )
    same = sa.and_(place.c.holder_id == told.c.holder_id, place.c.part_id == told.c.part_id)
    there, due = sa.func.coalesce(place.c.quantity, 0), sa.func.coalesce(told.c.n, 0)
    part = sa.func.coalesce(place.c.part_id, told.c.part_id)
    query = sa.select(Part.code, there, due).select_from(sa.outerjoin(place, told, same, full=True)).join(Part, Part.id == part)
    for code, stands, n in session.execute(query.where(there != due).order_by(Part.code)):
        yield say(
            "Part %(code)s: %(stands)s are on the way, and by the transfers it is %(n)s", code=code, stands=stands, n=int(n)
        )


def _wrong_promises(session: Session) -> Iterator[Text]:
    """Parts that are promised in a hand-over that is settled, or more of them than the giver has."""
    line = HandOverPart
    settled = sa.select(Part.code, HandOver.id).select_from(line).join(HandOver, HandOver.id == line.hand_over_id)
    settled = settled.join(Part, Part.id == line.part_id).where(line.open > 0, HandOver.status != "offered")
    for code, hand_over_id in session.execute(settled.order_by(Part.code)):
        yield say("Part %(code)s is promised in hand-over %(id)s and cannot be", code=code, id=hand_over_id)
    promised = (
        sa.select(HandOver.from_holder_id.label("holder_id"), line.part_id, sa.func.sum(line.open).label("n"))
        .join(HandOver, HandOver.id == line.hand_over_id)
        .group_by(HandOver.from_holder_id, line.part_id)
        .subquery()
    )
    place = PartPosition
    same = sa.and_(place.holder_id == promised.c.holder_id, place.part_id == promised.c.part_id)
    there = sa.func.coalesce(place.quantity, 0)
    query = sa.select(Part.code, promised.c.holder_id, promised.c.n, there).select_from(promised)
    query = query.join(Part, Part.id == promised.c.part_id).outerjoin(place, same).where(promised.c.n > there)
    for code, holder_id, n, stands in session.execute(query.order_by(Part.code)):
        told = {"code": code, "holder": holder_id, "n": int(n), "stands": stands}
        yield say("Part %(code)s: holder %(holder)s has promised %(n)s and has %(stands)s", **told)


def _wrong_takings(session: Session) -> Iterator[Text]:
    """Parts that a taker has got otherwise than the hand-over says."""
    line, entry = HandOverPart, PartEntry
    disagrees = sa.or_(
        entry.part_id != line.part_id,
        entry.quantity != line.taken,
        entry.from_holder_id.is_distinct_from(HandOver.from_holder_id),
        entry.to_holder_id.is_distinct_from(HandOver.to_holder_id),
        HandOver.status != "accepted",
    )
    query = sa.select(HandOver.id).join(line, line.hand_over_id == HandOver.id).join(entry, entry.id == line.entry_id)
    for hand_over_id in session.scalars(query.where(disagrees).distinct().order_by(HandOver.id)):
        yield say("Hand-over %(id)s does not agree with the entries of its parts", id=hand_over_id)
