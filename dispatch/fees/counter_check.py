"""Whether corrections add up: what was taken back is booked back line by line, and frees what it held."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from dispatch.fees.ledger_models import HandIn, HandInBack, HandInReceipt, Posting, Voucher
from dispatch.words import Text, say

EXACT = ("charge_back", "hand_in_back")
"""Vouchers that reverse another as a whole; a refund may give back a part."""


def broken_counter_entries(session: Session) -> Iterator[Text]:
    """One sentence for each correction that is not booked as it says."""
    yield from _unposted_backs(session)
    yield from _crooked_reversals(session)
    yield from _receipts_not_free(session)


def _unposted_backs(session: Session) -> Iterator[Text]:
    first, back = aliased(Voucher), aliased(Voucher)
    rows = (
        sa.select(HandIn.number)
        .join(HandInBack, HandInBack.hand_in_id == HandIn.id)
        .outerjoin(first, first.hand_in_id == HandIn.id)
        .outerjoin(back, sa.and_(back.hand_in_back_id == HandInBack.id, back.reverses_id == first.id))
        .where(back.id.is_(None))
    )
    for number in session.scalars(rows.order_by(HandIn.id)):
        yield say("Hand-in %(number)s was taken back and has no voucher that reverses its own", number=number)


def _crooked_reversals(session: Session) -> Iterator[Text]:
    """Vouchers that do not book back exactly what the one they reverse has booked."""
    first, back = aliased(Voucher), aliased(Voucher)
    sums = (
        sa.select(back.id, back.number, first.number.label("first"))
        .join(first, back.reverses_id == first.id)
        .join(Posting, Posting.voucher_id.in_([first.id, back.id]))
        .where(back.kind.in_(EXACT))
        .group_by(back.id, back.number, first.number, Posting.account_id)
        .having(sa.func.sum(Posting.amount) != 0)
    ).subquery()
    found = sa.select(sums.c.number, sums.c.first).distinct().order_by(sums.c.number)
    for number, reversed_number in session.execute(found):
        yield say("Voucher %(voucher)s does not book back what %(first)s has booked", voucher=number, first=reversed_number)


def _receipts_not_free(session: Session) -> Iterator[Text]:
    """Hand-ins whose receipts count as handed in though it does not stand, or the other way round."""
    back = sa.exists().where(HandInBack.hand_in_id == HandIn.id)
    stands = sa.and_(HandIn.status != "withdrawn", ~back)
    rows = sa.select(HandIn.number).join(HandInReceipt, HandInReceipt.hand_in_id == HandIn.id)
    for number in session.scalars(rows.where(HandInReceipt.live != stands).distinct().order_by(HandIn.number)):
        yield say("Hand-in %(number)s: its receipts do not follow whether it stands", number=number)
