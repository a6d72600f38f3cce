"""Proving papers on which something goes over: what is promised is there, and what went over is what both said yes to."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from dispatch.devices.models import CustodyEntry, CustodyPosition, HandOver, HandOverUnit, Holder
from dispatch.words import Text, say

REASONS = ("issue", "return", "hand_over")
Label = Callable[[Session, int], str]
_from, _to = aliased(Holder), aliased(Holder)
_KIND = sa.case((_from.kind == "store", "issue"), (_to.kind == "store", "return"), else_="hand_over")


def wrong_papers(session: Session, label: Label) -> Iterator[Text]:
    """One sentence for each promise that cannot be, and each move that is not the one on its paper."""
    yield from _empty_promises(session, label)
    yield from _wrong_moves(session, label)
    yield from _without_paper(session, label)


def _empty_promises(session: Session, label: Label) -> Iterator[Text]:
    """Units that are promised out of a place in which they are not."""
    promised = sa.select(HandOverUnit.unit_id, HandOver.id).join(HandOver, HandOver.id == HandOverUnit.hand_over_id)
    held = promised.join(CustodyPosition, CustodyPosition.unit_id == HandOverUnit.unit_id)
    settled = sa.or_(HandOver.status != "offered", CustodyPosition.holder_id != HandOver.from_holder_id)
    for unit_id, hand_over_id in session.execute(held.where(HandOverUnit.open, settled).order_by(HandOverUnit.unit_id)):
        yield say("%(unit)s is promised in hand-over %(id)s and cannot be", unit=label(session, unit_id), id=hand_over_id)


def _wrong_moves(session: Session, label: Label) -> Iterator[Text]:
    """Moves that a paper names and that are none of its own."""
    line, entry = HandOverUnit, CustodyEntry
    disagrees = sa.or_(
        entry.unit_id != line.unit_id,
        entry.from_holder_id.is_distinct_from(HandOver.from_holder_id),
        entry.to_holder_id != HandOver.to_holder_id,
        entry.reason != _KIND,
        HandOver.status != "accepted",
    )
    query = sa.select(line.unit_id, HandOver.id).join(HandOver, HandOver.id == line.hand_over_id)
    query = query.join(_from, _from.id == HandOver.from_holder_id).join(_to, _to.id == HandOver.to_holder_id)
    query = query.join(entry, entry.id == line.entry_id)
    for unit_id, hand_over_id in session.execute(query.where(disagrees).order_by(HandOver.id, line.unit_id)):
        unit = label(session, unit_id)
        yield say("%(unit)s went over otherwise than hand-over %(id)s says", unit=unit, id=hand_over_id)


def _without_paper(session: Session, label: Label) -> Iterator[Text]:
    """Moves from person to person, since stores write papers for them, that none of them names."""
    line = HandOverUnit
    of_stores = sa.select(sa.func.min(line.entry_id)).join(HandOver, HandOver.id == line.hand_over_id)
    of_stores = of_stores.join(_from, _from.id == HandOver.from_holder_id).join(_to, _to.id == HandOver.to_holder_id)
    since = of_stores.where(sa.or_(_from.kind == "store", _to.kind == "store")).scalar_subquery()
    named = sa.exists().where(line.entry_id == CustodyEntry.id)
    query = sa.select(CustodyEntry.unit_id, CustodyEntry.seq).where(CustodyEntry.reason.in_(REASONS), CustodyEntry.id > since)
    for unit_id, seq in session.execute(query.where(~named).order_by(CustodyEntry.unit_id)):
        yield say("%(unit)s: entry %(seq)s of its custody is on nobody's paper", unit=label(session, unit_id), seq=seq)
