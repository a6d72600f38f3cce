"""Proving counted parts: each part's chain adds up, and what holders have is what its entries come to."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.rules import GENESIS
from dispatch.devices.part_count_models import PartCount, PartCountLine
from dispatch.devices.part_models import Part, PartEntry, PartPosition
from dispatch.devices.part_moves import entry_hash
from dispatch.words import Text, say

AT_A_TIME = 2000
TOLD = ("from_holder_id", "to_holder_id", "quantity", "note", "order_id", "line_id", "corrects_id", "finds_id")


def wrong_parts(session: Session) -> Iterator[Text]:
    """One sentence for each part with which something is wrong."""
    yield from _broken_chains(session)
    yield from _wrong_counts(session)
    yield from _wrong_corrections(session)
    yield from _wrong_finds(session)
    yield from _wrong_bookings(session)


def _broken_chains(session: Session) -> Iterator[Text]:
    """Entries that do not follow the one before, and parts whose newest entry is another than they say."""
    heads = {part_id: head for part_id, *head in session.execute(sa.select(Part.id, Part.code, Part.seq, Part.hash))}
    ends = dict.fromkeys(heads, (0, GENESIS))
    names = (*TOLD, "part_id", "seq", "at", "by_id", "reason", "device_at", "prev_hash", "hash")
    query = sa.select(*(getattr(PartEntry, name) for name in names)).order_by(PartEntry.part_id, PartEntry.seq)
    for entry in session.execute(query.execution_options(yield_per=AT_A_TIME)):
        seq, prev = ends[entry.part_id]
        told = {name: getattr(entry, name) for name in TOLD}
        facts = (entry.part_id, entry.seq, entry.at, entry.by_id, entry.reason, told, entry.device_at)
        if (entry.seq, entry.prev_hash) != (seq + 1, prev) or entry.hash != entry_hash(entry.prev_hash, *facts):
            code = heads[entry.part_id][0]
            yield say("Part %(code)s: entry %(seq)s does not follow the one before it", code=code, seq=entry.seq)
        ends[entry.part_id] = (entry.seq, entry.hash)
    for part_id, (code, *head) in heads.items():
        if tuple(head) != ends[part_id]:
            yield say("Part %(code)s does not know its newest entry", code=code)


def _wrong_counts(session: Session) -> Iterator[Text]:
    """Holders that have another number of a part than its entries come to."""
    e, p = PartEntry, PartPosition
    came = sa.select(e.part_id, e.to_holder_id.label("holder_id"), e.quantity.label("n")).where(e.to_holder_id.is_not(None))
    went = sa.select(e.part_id, e.from_holder_id, -e.quantity).where(e.from_holder_id.is_not(None))
    moves = sa.union_all(came, went).subquery()
    should = sa.select(moves.c.part_id, moves.c.holder_id, sa.func.sum(moves.c.n).label("n")).group_by(*moves.c[:2]).subquery()
    same = sa.and_(should.c.part_id == p.part_id, should.c.holder_id == p.holder_id)
    joined = sa.outerjoin(p, should, same, full=True)
    holder = sa.func.coalesce(p.holder_id, should.c.holder_id)
    there, due = sa.func.coalesce(p.quantity, 0), sa.func.coalesce(should.c.n, 0)
    part = sa.func.coalesce(p.part_id, should.c.part_id)
    query = sa.select(Part.code, holder, there, due).select_from(joined).join(Part, Part.id == part).where(there != due)
    for code, holder_id, stands, n in session.execute(query.order_by(Part.code, holder)):
        told = {"code": code, "holder": holder_id, "stands": stands, "n": int(n)}
        yield say("Part %(code)s: holder %(holder)s has %(stands)s, and by the entries it is %(n)s", **told)


def _wrong_corrections(session: Session) -> Iterator[Text]:
    """Counter-entries that are not the first one's reverse."""
    wrong = sa.orm.aliased(PartEntry)
    differs = sa.or_(
        wrong.part_id != PartEntry.part_id,
        wrong.quantity != PartEntry.quantity,
        wrong.to_holder_id.is_distinct_from(PartEntry.from_holder_id),
        wrong.from_holder_id.is_distinct_from(PartEntry.to_holder_id),
    )
    query = sa.select(Part.code, PartEntry.seq).join(wrong, wrong.id == PartEntry.corrects_id)
    for code, seq in session.execute(query.join(Part, Part.id == PartEntry.part_id).where(differs)):
        yield say("Part %(code)s: entry %(seq)s takes back something else than it names", code=code, seq=seq)


def _wrong_finds(session: Session) -> Iterator[Text]:
    """Losses of which more was found than was lost, or that are none."""
    loss, mends = sa.orm.aliased(PartEntry), sa.orm.aliased(PartEntry)
    undone = sa.exists().where(mends.corrects_id == PartEntry.id)
    found = sa.func.sum(PartEntry.quantity).filter(~undone)
    none = sa.func.bool_or(
        sa.or_(loss.part_id != PartEntry.part_id, loss.to_holder_id.is_distinct_from(PartEntry.from_holder_id))
    )
    query = sa.select(Part.code, loss.seq).join(loss, loss.part_id == Part.id).join(PartEntry, PartEntry.finds_id == loss.id)
    wrong = query.group_by(Part.code, loss.id).having(sa.or_(found > loss.quantity, none))
    for code, seq in session.execute(wrong.order_by(Part.code, loss.seq)):
        yield say("Part %(code)s: more was found again than entry %(seq)s has lost", code=code, seq=seq)


def _wrong_bookings(session: Session) -> Iterator[Text]:
    """Counts whose differences were booked otherwise than they say."""
    line, entry = PartCountLine, PartEntry
    short = sa.and_(entry.reason == "short", entry.from_holder_id == PartCount.holder_id, entry.quantity == line.was - line.there)
    more = sa.and_(entry.reason == "surplus", entry.to_holder_id == PartCount.holder_id, entry.quantity == line.there - line.was)
    right = sa.and_(entry.part_id == line.part_id, sa.or_(short, more))
    booked = (PartCount.status == "booked") == line.entry_id.is_not(None)
    query = sa.select(PartCount.id).join(line, line.count_id == PartCount.id).outerjoin(entry, entry.id == line.entry_id)
    wrong = sa.or_(~booked, sa.and_(line.entry_id.is_not(None), ~right))
    for count_id in session.scalars(query.where(wrong).distinct().order_by(PartCount.id)):
        yield say("Count %(id)s of parts does not agree with what it has booked", id=count_id)
