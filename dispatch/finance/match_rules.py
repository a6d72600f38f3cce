"""The words of matching, and what a match books."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

from dispatch.errors import Invalid
from dispatch.fees.ledger_rules import AccountKey
from dispatch.fees.rules import FEN, yuan
from dispatch.words import Text, say

ITEM_KINDS = ("receipt", "account_payment", "deposit", "contractor_payment")
ITEM_CHANNELS = ("wechat", "alipay", "transfer", "pos", "cash")
"""By which way money of ours comes to a statement; `cash`: paid into the bank over the counter."""
ITEM_STATES: dict[str, Text] = {
    "open": say("Not matched"),
    "underway": say("On its way"),
    "matched": say("Matched"),
    "void": say("Taken back"),
}
TO_MATCH = ("open", "underway")
"""Items that a line may still show; for those that are under way nobody is asked meanwhile."""
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
    "cards_of_day": say("The cards of one day, less a fee of at most 2 %"),
    "cards_ambiguous": say("The cards of one day less a fee, but several could be meant"),
    "fee": say("The channel calls it its fee"),
    "differs": say("Our number, but another amount"),
    "explained": say("Explained by a person"),
}
SURE = ("number", "reference")
"""Ways that match without a person."""
LESS_FEE = ("fee", "cards_of_day", "cards_ambiguous")
"""Ways of which the difference is the fee of the channel or bank."""
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
TOGETHER = "together"
"""Nothing is left over: they belong together, though nothing had seen it."""
PERMISSIONS = {"written_off": "money.write_off"}
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


def permission_for(why: str) -> str:
    """The permission that a reason needs."""
    return PERMISSIONS.get(why, "money.confirm")


def check_reason(why: str, *, rest: Decimal, lines: int, items: int, bank: bool) -> None:
    """Does a reason fit what it is given for? `rest` is what the lines have more than the items. Raises Invalid."""
    wrong = _unfit(why, rest, lines, items, bank)
    if wrong is not None:
        raise Invalid({"why": wrong})


def _unfit(why: str, rest: Decimal, lines: int, items: int, bank: bool) -> Text | None:
    if why == TOGETHER:
        return None if not rest and lines and items else _differ(rest)
    if why not in REASONS:
        return say("Please choose a reason.")
    if why != "cancels" and not rest:
        return say("Nothing is left over: they belong together.")
    return _UNFIT[why](rest, lines, items, bank)


def _differ(rest: Decimal) -> Text:
    return say("They do not come to the same amount: %(rest)s is left over. Say why.", rest=yuan(rest))


def _of_fee(rest: Decimal, lines: int, _items: int, _bank: bool) -> Text | None:
    return None if lines and rest < 0 else say("A fee is money that went to the channel: there is none here.")


def _of_rounding(rest: Decimal, _lines: int, _items: int, _bank: bool) -> Text | None:
    fine = abs(rest) <= MOST_ROUNDING
    return None if fine else say("%(rest)s is too much for rounding.", rest=yuan(rest))


def _of_payout(rest: Decimal, _lines: int, items: int, bank: bool) -> Text | None:
    return None if bank and not items and rest > 0 else say("A payout of a channel comes into the bank, by itself.")


def _of_cancels(rest: Decimal, lines: int, items: int, _bank: bool) -> Text | None:
    if rest or not (lines > 1 or items > 1) or (lines and items):
        return say("Choose lines, or money of ours, that come to nothing together.")
    return None


def _of_elsewhere(_rest: Decimal, lines: int, items: int, _bank: bool) -> Text | None:
    return None if lines and not items else say("This is only for lines of a statement: money of ours is our business.")


def _of_underway(_rest: Decimal, lines: int, _items: int, _bank: bool) -> Text | None:
    return None if not lines else say("What stands on a statement is not on its way any more.")


def _of_anything(_rest: Decimal, _lines: int, _items: int, _bank: bool) -> Text | None:
    return None


_UNFIT: dict[str, Callable[[Decimal, int, int, bool], Text | None]] = {
    "fee": _of_fee,
    "rounding": _of_rounding,
    "owed": _of_anything,
    "written_off": _of_anything,
    "payout": _of_payout,
    "cancels": _of_cancels,
    "elsewhere": _of_elsewhere,
    "underway": _of_underway,
}
