"""Proving what came from the field: each fact is what its sender sent, each signature stands under what was shown."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.rules import canonical
from dispatch.field.models import FieldFact, Signature
from dispatch.orders.models import Order
from dispatch.words import Text, say

AT_A_TIME = 500


def broken_facts(session: Session) -> Iterator[Text]:
    """One sentence for each message whose content, or signature whose summary, is not what its hash says."""
    f = FieldFact
    for row in session.execute(sa.select(f.id, f.kind, f.content, f.content_hash).execution_options(yield_per=AT_A_TIME)):
        if hashlib.sha256(canonical([row.kind, row.content])).digest() != row.content_hash:
            yield say("Message %(id)s from the field (%(kind)s) is not what was sent", id=str(row.id), kind=row.kind)
    s = Signature
    query = sa.select(s.id, s.summary, s.summary_hash, Order.number).outerjoin(Order, Order.id == s.order_id)
    for row in session.execute(query.execution_options(yield_per=AT_A_TIME)):
        if hashlib.sha256(canonical(row.summary)).digest() != row.summary_hash:
            yield say(
                "Signature %(id)s of order %(order)s does not stand under what was shown", id=str(row.id), order=row.number or "?"
            )
