"""Proving papers on which something goes over: what is promised is there, and what went over is what both said yes to."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from dispatch.devices.models import CustodyEntry, CustodyPosition, HandOver, HandOverUnit, Holder
from dispatch.words import Text, say

REASONS = ("issue", "return", "hand_over", "contract_out", "contract_back")
Label = Callable[[Session, int], str]
_from, _to = aliased(Holder), aliased(Holder)
# Offers stand above devices, so their model cannot be imported here.
_OFFER = sa.table("outside_offer", sa.column("order_id"), sa.column("contractor_id"), sa.column("accepted_at"))
_KIND = sa.case(
    (_to.kind == "contractor", "contract_out"),
    (_from.kind == "contractor", "contract_back"),
    (_from.kind == "store", "issue"),
    (_to.kind == "store", "return"),
    (_to.kind == "bench", "bench"),
    else_="hand_over",
)


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
    """Moves from person to person, since papers are written for them, that none of them names."""
    named = sa.exists().where(HandOverUnit.entry_id == CustodyEntry.id)
    query = sa.select(CustodyEntry.unit_id, CustodyEntry.seq).join(_to, _to.id == CustodyEntry.to_holder_id)
    query = query.outerjoin(_from, _from.id == CustodyEntry.from_holder_id)
    of_stores = sa.and_(CustodyEntry.reason.in_(REASONS), CustodyEntry.id > _first_paper("store"))
    of_bench = sa.and_(_from.kind == "bag", _to.kind == "bench", CustodyEntry.id > _first_paper("bench"))
    at_contractors = sa.or_(_from.kind == "contractor", _to.kind == "contractor")
    outside = sa.and_(at_contractors, ~_mends(), ~_on_his_order(), CustodyEntry.id > _first_paper("contractor"))
    unnamed = sa.and_(sa.or_(of_stores, of_bench, outside), ~named)
    for unit_id, seq in session.execute(query.where(unnamed).order_by(CustodyEntry.unit_id)):
        yield say("%(unit)s: entry %(seq)s of its custody is on nobody's paper", unit=label(session, unit_id), seq=seq)


def _mends() -> sa.ColumnElement[bool]:
    """The move only takes back the one that it names."""
    wrong, entry = aliased(CustodyEntry), CustodyEntry
    back = (wrong.from_holder_id == entry.to_holder_id, wrong.to_holder_id == entry.from_holder_id)
    return sa.exists().where(entry.reason == "correct", wrong.id == entry.corrects_id, wrong.unit_id == entry.unit_id, *back)


def _on_his_order() -> sa.ColumnElement[bool]:
    """A contractor's worker fitted it, or took it out, on an order that was offered to his contractor and accepted."""
    ends = (CustodyEntry.from_holder_id, CustodyEntry.to_holder_id)
    at_vehicle = sa.or_(_from.kind == "slot", _to.kind == "slot")
    his = (_OFFER.c.order_id == CustodyEntry.order_id, _OFFER.c.contractor_id.in_(ends), _OFFER.c.accepted_at.is_not(None))
    return sa.and_(at_vehicle, sa.exists().where(*his))


def _first_paper(kind: str) -> sa.ScalarSelect[int]:
    """The first move that is on a paper of such a place."""
    giver, taker = aliased(Holder), aliased(Holder)
    moves = sa.select(sa.func.min(HandOverUnit.entry_id)).join(HandOver, HandOver.id == HandOverUnit.hand_over_id)
    moves = moves.join(giver, giver.id == HandOver.from_holder_id).join(taker, taker.id == HandOver.to_holder_id)
    return moves.where(sa.or_(giver.kind == kind, taker.kind == kind)).scalar_subquery()
