"""The words of matching, and what a match books."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

from dispatch.fees.ledger_rules import AccountKey
from dispatch.fees.rules import FEN
from dispatch.words import Text, say

ITEM_KINDS = ("receipt", "account_payment", "deposit")
ITEM_CHANNELS = ("wechat", "alipay", "transfer", "pos", "cash")
"""By which way money of ours comes to a statement; `cash`: paid into the bank over the counter."""
ITEM_STATES: dict[str, Text] = {"open": say("Not matched"), "matched": say("Matched"), "void": say("Taken back")}
FITTING: dict[str, tuple[str, ...]] = {"wechat": ("wechat",), "alipay": ("alipay",), "bank": ("transfer", "pos", "cash")}
"""A statement's channel -> what of ours stands on it."""

RUNS = ("automatic", "accepted", "explained")
MATCH_STATES: dict[str, Text] = {
    "proposed": say("Proposed"),
    "live": say("Matched"),
    "undone": say("Undone"),
    "declined": say("Declined"),
    "ended": say("Overtaken"),
}
WAYS: dict[str, Text] = {
    "number": say("Our number, the same amount, the right time"),
    "reference": say("The channel's number, the same amount"),
    "number_late": say("Our number and the same amount, but at another time"),
    "several_items": say("Several of our numbers in one line; together the same amount"),
    "several_lines": say("Several lines with our number; together the same amount"),
    "person": say("The same amount, person and days; no number"),
    "amount": say("The same amount within a few days; no number, another name or none"),
    "ambiguous": say("The same amount, but several could be meant"),
    "sum_of_person": say("What is open of this person comes to this amount"),
    "fee": say("The channel calls it its fee"),
    "differs": say("Our number, but another amount"),
    "explained": say("Explained by a person"),
}
SURE = ("number", "reference")
"""Ways that match without a person."""
NEEDS_WORDS = ("differs",)
"""Ways that cannot be accepted: somebody has to say what becomes of the difference."""

FINDINGS: dict[str, Text] = {
    "unknown": say("Missing here: we have nothing that fits"),
    "differs": say("Our number, but another amount"),
    "twice": say("Twice: what it names is matched with another line"),
    "reversed": say("What it names was taken back here"),
    "refund_unknown": say("Money given back of which we have no refund"),
}
"""Why a line that nobody could match is in the work list."""
ITEM_FINDINGS: dict[str, Text] = {
    "missing": say("Missing there: the statement does not have it"),
    "late": say("Late: no statement that could have it came yet"),
}

REASONS: dict[str, Text] = {
    "fee": say("A fee of the channel or the bank"),
    "rounding": say("Rounding"),
    "owed": say("A difference that somebody answers for"),
    "written_off": say("Written off"),
    "payout": say("What the channel paid out to the bank"),
    "cancels": say("It cancels itself out"),
    "elsewhere": say("Has nothing to do with fieldwork; it is booked elsewhere"),
    "underway": say("It is on its way"),
}
"""How somebody explains what does not match."""
UNBOOKED = ("cancels", "elsewhere", "underway")
"""Reasons that move no money of ours."""
MOST_ROUNDING = Decimal("1.00")
ZERO = Decimal("0.00")


@dataclass
class Sums:
    """What matches come to: of lines by channel, of fees as booked and as told, of items, and of what is left over by reason.

    `branch_id` is the statement's branch; `lines`, `fees` and `told` are by channel, `items` by channel and branch, `rest` (what
    lines have more than items) by reason and channel.
    """

    branch_id: int
    lines: dict[str, Decimal] = field(default_factory=dict)
    fees: dict[str, Decimal] = field(default_factory=dict)
    told: dict[str, Decimal] = field(default_factory=dict)
    items: dict[tuple[str, int], Decimal] = field(default_factory=dict)
    rest: dict[tuple[str, str], Decimal] = field(default_factory=dict)


def in_fen(fee: Decimal | None) -> Decimal:
    """A channel's fee in fen, rounded half-up once."""
    return (fee or ZERO).quantize(FEN, ROUND_HALF_UP)


def postings_of(sums: Sums) -> dict[AccountKey, Decimal]:
    """What is booked: the clearing goes down, the money is at the channel or bank, its fee is spent.

    The channel keeps the sum of its fees as told, rounded once; each match bears its own fee in fen. What lies between goes to
    the rounding. A deposit is at the bank since it was booked, so its match only confirms it.
    """
    found: dict[AccountKey, Decimal] = {}

    def add(key: AccountKey, amount: Decimal) -> None:
        found[key] = found.get(key, ZERO) + amount

    for channel, amount in sums.lines.items():
        fee, kept = sums.fees.get(channel, ZERO), in_fen(sums.told.get(channel))
        add(money_place(channel, sums.branch_id), amount - kept)
        add(AccountKey("channel_fee", branch_id=sums.branch_id, channel=channel), fee)
        add(AccountKey("rounding", branch_id=sums.branch_id), kept - fee)
    for (channel, branch_id), amount in sums.items.items():
        add(_item_place(channel, branch_id), -amount)
    for (why, channel), amount in sums.rest.items():
        add(_rest_place(why, channel, sums.branch_id), -amount)
    return {key: amount for key, amount in found.items() if amount}


def money_place(channel: str, branch_id: int) -> AccountKey:
    """Where the money of a statement's channel is."""
    if channel == "bank":
        return AccountKey("bank", branch_id=branch_id)
    return AccountKey("at_channel", branch_id=branch_id, channel=channel)


def _item_place(channel: str, branch_id: int) -> AccountKey:
    if channel == "cash":
        return AccountKey("bank", branch_id=branch_id)
    return AccountKey("clearing", branch_id=branch_id, channel=channel)


def _rest_place(why: str, channel: str, branch_id: int) -> AccountKey:
    if why == "fee":
        return AccountKey("channel_fee", branch_id=branch_id, channel=channel)
    if why.startswith("payout"):
        return AccountKey("at_channel", branch_id=branch_id, channel=why.partition(":")[2])
    return AccountKey({"rounding": "rounding", "owed": "difference"}.get(why, "written_off"), branch_id=branch_id)


def turned(postings: Mapping[AccountKey, Decimal]) -> dict[AccountKey, Decimal]:
    """The same the other way round."""
    return {key: -amount for key, amount in postings.items()}


def ways_of(names: Iterable[str]) -> list[tuple[str, Text]]:
    """Ways and their words, in the order of the table."""
    asked = set(names)
    return [(name, word) for name, word in WAYS.items() if name in asked]
