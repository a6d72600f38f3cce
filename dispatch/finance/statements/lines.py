"""What every statement becomes, whoever wrote it: lines with signed amounts, and their totals."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from dispatch.errors import RuleBroken
from dispatch.words import Text, say

CHANNELS: dict[str, Text] = {"wechat": say("WeChat Pay"), "alipay": say("Alipay"), "bank": say("Bank")}
KINDS: dict[str, Text] = {
    "payment": say("Payment"),
    "refund": say("Refund"),
    "fee": say("Fee"),
    "deposit": say("Cash deposit"),
    "other": say("Other"),
}
NOTHING = Decimal("0.00")

_RECEIPT = re.compile(
    r"(?<![A-Z0-9])(?<![A-Z0-9]-)(?:R[A-Z][A-Z0-9]{0,7}?\d{6}|(?!JK|PZ)[A-Z]{2}-\d{4,6}-\d{4,})(?!\d)", re.IGNORECASE
)
_FOREIGN = re.compile(r"\d{16,}")
"""A number that a channel gave because we gave none."""


@dataclass(frozen=True)
class Line:
    """One movement. `amount` is below zero where money went out; `fee` is what the channel kept of it, None where it says none.

    `row` is its row in the file; `key` what it is known by in the next file of the same account; `receipt` our own number.
    """

    row: int
    time: datetime
    kind: str
    amount: Decimal
    fee: Decimal | None
    receipt: str | None
    reference: str | None
    party: str | None
    note: str | None
    key: str


@dataclass(frozen=True)
class Statement:
    """A file that was read: `account` is whose it is, as the file says, `bank` the name of the bank; lines as in the file."""

    channel: str
    account: str
    bank: str
    lines: tuple[Line, ...]

    @property
    def totals(self) -> dict[str, Any]:
        """How many lines there are, and the sums of all, of their fees and of each kind."""
        return totals(self.lines)

    def as_json(self) -> dict[str, Any]:
        """As it is printed."""
        return {"channel": self.channel, "lines": [_as_json(line) for line in self.lines], "totals": self.totals}


def totals(lines: Sequence[Line]) -> dict[str, Any]:
    """What lines come to: count, sums of amounts and fees, the sum of each kind. Amounts as texts."""
    kinds = {kind: sum((line.amount for line in lines if line.kind == kind), NOTHING) for kind in KINDS}
    fees = sum((line.fee for line in lines if line.fee is not None), NOTHING)
    amount = sum(kinds.values(), NOTHING)
    return {"count": len(lines), "amount": str(amount), "fees": str(fees), **{kind: str(total) for kind, total in kinds.items()}}


def _as_json(line: Line) -> dict[str, Any]:
    return {
        "time": line.time.isoformat(),
        "kind": line.kind,
        "amount": str(line.amount),
        "fee": None if line.fee is None else str(line.fee),
        "receipt": line.receipt,
        "reference": line.reference,
        "party": line.party,
        "note": line.note,
    }


def receipt_in(*texts: str) -> str | None:
    """The first of our receipt numbers in texts, as it is written on receipts."""
    found = (_RECEIPT.search(text) for text in texts)
    return next((match[0].upper() for match in found if match), None)


def own_number(order_number: str, *notes: str) -> str | None:
    """Our number for a payment by channel: what we gave with it, else a receipt's number in a note."""
    return receipt_in(order_number, *notes) or (order_number if order_number and not _FOREIGN.fullmatch(order_number) else None)


class Keys:
    """What the lines of one file are known by. Of lines that nothing tells apart the second is "#2", in each file again."""

    def __init__(self) -> None:
        self.seen: Counter[str] = Counter()

    def of(self, kind: str, *marks: object) -> str:
        """The key of the next line."""
        key = ":".join((kind, *(str(mark) for mark in marks)))
        self.seen[key] += 1
        return key if self.seen[key] == 1 else f"{key}#{self.seen[key]}"


def must_agree(what: Text, file: Decimal | int | None, lines: Decimal | int) -> None:
    """Raise RuleBroken where a file sums up otherwise than its lines do; None: it does not say."""
    if file is not None and file != lines:
        raise RuleBroken(
            say(
                "The file does not agree with itself: %(what)s is %(file)s in its summary, its lines make %(lines)s. "
                "It is not whole, or was changed: fetch it anew.",
                what=what,
                file=_shown(file),
                lines=_shown(lines),
            )
        )


def _shown(value: Decimal | int) -> str:
    return str(value) if isinstance(value, int) else f"{value:f}"


def cut_off() -> RuleBroken:
    """The refusal of a file that ends before its end."""
    return RuleBroken(say("The file is cut off: what stands at its end is missing. Fetch it anew and send the whole file."))
