"""Payment codes (收款码): how one stands, what is odd about a payment, and whether one still serves what is due."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from dispatch.words import Text, say

CODE_CHANNELS = ("wechat", "alipay")

CODE_STATES: dict[str, Text] = {
    "making": say("Being made"),
    "open": say("Waits to be paid"),
    "paid": say("Paid by code"),
    "expired": say("Ran out"),
    "cancelled": say("Cancelled"),
    "failed": say("Not made"),
}
ALIVE = ("making", "open")

ODD: dict[str, Text] = {
    "amount": say("Another amount was paid than the code asked for."),
    "late": say("It was paid after the code had ended."),
    "closed": say("The order was closed or cancelled by then."),
    "too_much": say("More was paid than was due."),
}
"""What finance has to look at, although the money is on the order."""

REFUND_STATES: dict[str, Text] = {
    "asked": say("Asked for"),
    "done": say("Given back by the channel"),
    "failed": say("Refused by the channel"),
}

PATIENCE = timedelta(seconds=60)
"""So long a code may take to be made; whoever made it is gone then."""
GRACE = timedelta(minutes=5)
"""So long after its end a code that the channel has never seen is still asked about."""


@dataclass(frozen=True)
class Met:
    """What a payment finds when it comes in."""

    state: str
    asked: Decimal
    due: Decimal
    expires_at: datetime
    order_status: str


def odd_about(met: Met, amount: Decimal, paid_at: datetime) -> Iterator[str]:
    """Words of `ODD` for a payment."""
    if amount != met.asked:
        yield "amount"
    if met.state not in ALIVE or paid_at > met.expires_at:
        yield "late"
    if met.order_status in ("closed", "cancelled"):
        yield "closed"
    if amount > max(met.due, Decimal(0)):
        yield "too_much"


def still_serves(state: str, made_at: datetime, expires_at: datetime, at: datetime) -> bool:
    """Whether a code can be shown at a moment."""
    if state == "making":
        return at < made_at + PATIENCE
    return state == "open" and at < expires_at
