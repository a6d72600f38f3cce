"""Approvals by word among an order's papers (P8, P13): until they are backfilled or settled, it is not closed."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy.orm import Session

from dispatch.orders.facts import register_missing
from dispatch.orders.models import Order
from dispatch.orders.verbal_queries import open_words
from dispatch.words import Text, say


@register_missing("office", "approvals")
def words_missing(session: Session, order: Order) -> Iterator[Text]:
    """Each approval by word that is still open, naming who is to confirm it."""
    if order.status != "done":
        return
    for word in open_words(session, order.id):
        if word.waits:
            yield say("%(name)s has still to confirm his approval by word: %(what)s", name=word.approver.name, what=word.what_for)
        else:
            yield say(
                "%(name)s refused the approval by word afterwards (%(what)s): the director says how this is settled.",
                name=word.approver.name,
                what=word.what_for,
            )
