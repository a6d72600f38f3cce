"""The words of the ledger, how a charge splits into income and tax, and how a posting is hashed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from dispatch.audit.rules import canonical
from dispatch.fees.rules import FEN
from dispatch.words import Text, say

ACCOUNT_KINDS = (
    "cash_in_hand",
    "cash_desk",
    "bank",
    "clearing",
    "receivable",
    "on_account",
    "income",
    "tax",
    "difference",
    "written_off",
    "pay_deduction",
    "outside_work",
    "contractor",
    "at_channel",
    "channel_fee",
    "rounding",
)
VOUCHER_KINDS = (
    "charge",
    "charge_back",
    "receipt",
    "refund",
    "hand_in",
    "hand_in_back",
    "difference_settled",
    "difference_back",
    "account_payment",
    "account_payment_back",
    "bank_deposit",
    "bank_deposit_back",
    "matched",
    "match_undone",
    "contractor_work",
    "contractor_work_back",
    "contractor_paid",
    "contractor_paid_back",
)
VOUCHER_WORDS: dict[str, Text] = {
    "charge": say("Charge"),
    "charge_back": say("Charge taken back"),
    "receipt": say("Receipt"),
    "refund": say("Refund"),
    "hand_in": say("Hand-in"),
    "hand_in_back": say("Hand-in taken back"),
    "difference_settled": say("Difference settled"),
    "difference_back": say("Settlement taken back"),
    "account_payment": say("Payment of what was on account"),
    "account_payment_back": say("Payment taken back"),
    "bank_deposit": say("Paid into the bank"),
    "bank_deposit_back": say("Deposit taken back"),
    "matched": say("Matched with a statement"),
    "match_undone": say("Match undone"),
    "contractor_work": say("Contractor's settlement approved"),
    "contractor_work_back": say("Contractor's settlement taken back"),
    "contractor_paid": say("Contractor paid"),
    "contractor_paid_back": say("Payment to contractor taken back"),
}
HAND_IN_STATUSES = ("handed", "confirmed", "withdrawn")
HAND_IN_WORDS: dict[str, Text] = {
    "handed": say("Waits to be counted"),
    "confirmed": say("Confirmed"),
    "withdrawn": say("Withdrawn"),
    "taken_back": say("Taken back"),
}
"""What a hand-in reads: its status, or that its confirmation was taken back, which is a row of its own."""
DENOMINATIONS = tuple(Decimal(worth) for worth in ("100", "50", "20", "10", "5", "1", "0.5", "0.1"))
"""Notes and coins, in yuan."""

VOUCHER_SERIES, HAND_IN_SERIES, DEPOSIT_SERIES, QUOTE_SERIES, SETTLEMENT_SERIES = SERIES = "PZ", "JK", "CK", "BJ", "JS"
_DIGITS = dict.fromkeys(SERIES, 4) | {VOUCHER_SERIES: 6}


@dataclass(frozen=True)
class AccountKey:
    """Which account: a kind, and the person, branch, customer, channel or contractor it is kept for."""

    kind: str
    person_id: int | None = None
    branch_id: int | None = None
    customer_id: int | None = None
    channel: str | None = None
    contractor_id: int | None = None

    def __str__(self) -> str:
        of = (self.person_id, self.branch_id, self.customer_id, self.channel, self.contractor_id)
        return ":".join([self.kind, *(str(part) for part in of if part is not None)])


def split_tax(gross: Decimal, rate: Decimal) -> tuple[Decimal, Decimal]:
    """Net and tax of an amount that includes tax; the net is rounded half-up once, the tax is the rest."""
    net = (gross / (1 + rate)).quantize(FEN, ROUND_HALF_UP)
    return net, gross - net


def series_number(series: str, branch_code: str, year: int, running: int) -> str:
    """PZ-SZ-2026-000001, JK-SZ-2026-0001, CK-SZ-2026-0001, BJ-SZ-2026-0001, JS-SZ-2026-0001."""
    return f"{series}-{branch_code}-{year}-{running:0{_DIGITS[series]}d}"


def accounting_day(happened: date, closed_until: date | None) -> date:
    """On which day something is booked that happened on a day: that day, or the first one after those that are closed."""
    if closed_until is None or happened > closed_until:
        return happened
    return closed_until + timedelta(days=1)


def posting_hash(
    prev: bytes, *, account: str, seq: int, voucher: str, amount: Decimal, balance: Decimal, recorded_at: datetime
) -> bytes:
    """sha256 over the account's previous hash and the posting; money counts as text with two decimals, the moment in UTC."""
    body = [
        account,
        seq,
        voucher,
        f"{amount:.2f}",
        f"{balance:.2f}",
        recorded_at.astimezone(UTC).isoformat(timespec="microseconds"),
    ]
    return hashlib.sha256(prev + canonical(body)).digest()


def counted_sum(counts: Mapping[str, int]) -> Decimal:
    """What so many of each denomination are worth, in yuan: {"100": 3, "0.5": 1} is 300.50."""
    return sum((Decimal(worth) * number for worth, number in counts.items()), Decimal(0)).quantize(FEN)
