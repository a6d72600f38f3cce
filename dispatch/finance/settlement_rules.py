"""How a contractor's settlement stands and is paid, and what that books."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from dispatch.fees.ledger_rules import AccountKey
from dispatch.words import Text, say

PAYING = ("transfer", "wechat", "alipay", "cash")
"""How a contractor is paid; the words are those of every channel."""
LONGEST = 200

STATES: dict[str, Text] = {
    "open": say("Awaiting approval"),
    "approved": say("Approved: to be paid"),
    "paid": say("Paid"),
    "rejected": say("Rejected"),
    "withdrawn": say("Taken back"),
}


@dataclass(frozen=True)
class Correction:
    """Something that a sheet pays or takes off besides work: so much, in words."""

    amount: Decimal
    words: str


def state_of(request: str, *, paid: bool) -> str:
    """How a sheet stands, a key of STATES, by its request's state and whether it is paid."""
    return "paid" if paid and request == "approved" else request


def work_lines(branch_id: int, contractor_id: int, amount: Decimal) -> dict[AccountKey, Decimal]:
    """Approved, it is what outside work has cost and what we owe him."""
    return {
        AccountKey("outside_work", branch_id=branch_id): amount,
        AccountKey("contractor", contractor_id=contractor_id): -amount,
    }


def paid_lines(branch_id: int, contractor_id: int, channel: str, amount: Decimal) -> dict[AccountKey, Decimal]:
    """Paid, we owe him no more; what went through a channel is on its way until a statement shows it."""
    place = AccountKey("clearing", branch_id=branch_id, channel=channel)
    place = AccountKey("cash_desk", branch_id=branch_id) if channel == "cash" else place
    return {AccountKey("contractor", contractor_id=contractor_id): amount, place: -amount}
