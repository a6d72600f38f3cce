"""What a day came to: the figures of its vouchers, the balances after it, and how a closed day is chained to the one before."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from dispatch.audit.rules import canonical

CENTS = Decimal("0.01")
BALANCES = ("cash_in_hand", "cash_desk", "bank", "clearing", "at_channel", "on_account", "difference")
"""Accounts whose balance a closed day carries on to the next."""
_TAKEN = ("receipt", "refund")
_COUNTED = ("hand_in", "hand_in_back")
_MATCHED = ("matched", "match_undone")
_CHANNEL_OF = {"cash_in_hand": "cash", "cash_desk": "cash"}


@dataclass(frozen=True)
class Movement:
    """What vouchers of one kind moved on accounts of one kind in a day; of receipts also through which channel and by whom."""

    voucher: str
    account: str
    channel: str | None
    person_id: int | None
    amount: Decimal


@dataclass(frozen=True)
class Ledger:
    """The figures of a day that its vouchers alone decide, in yuan.

    `collected` is by channel, `people` by person and channel; `balances` stand after the day.
    """

    charged: Decimal
    on_account: Decimal
    collected: Mapping[str, Decimal]
    people: Mapping[int, Mapping[str, Decimal]]
    handed_in: Decimal
    received: Decimal
    difference: Decimal
    settled: Decimal
    deposited: Decimal
    account_paid: Decimal
    matched: Decimal
    fees: Decimal
    balances: Mapping[str, Decimal]

    @property
    def expected(self) -> Decimal:
        """What should have been collected: charged, less what goes on account."""
        return self.charged - self.on_account

    @property
    def taken(self) -> Decimal:
        """What was collected through all channels."""
        return sum(self.collected.values(), Decimal(0))

    @property
    def missing(self) -> Decimal:
        """Expected and not collected; below zero: collected for an earlier day."""
        return self.expected - self.taken

    def as_json(self) -> dict[str, Any]:
        """As plain JSON: money as texts with two decimals, what is zero left out of the lists."""
        plain = (
            "charged",
            "on_account",
            "handed_in",
            "received",
            "difference",
            "settled",
            "deposited",
            "account_paid",
            "matched",
            "fees",
        )
        return {name: _text(getattr(self, name)) for name in plain} | {
            "collected": _texts(self.collected),
            "people": {str(who): _texts(sums) for who, sums in sorted(self.people.items()) if _texts(sums)},
            "balances": _texts(self.balances),
        }


def ledger_of(moved: Iterable[Movement], before: Mapping[str, Decimal]) -> Ledger:
    """The figures of a day out of its movements and the balances after the day before."""
    rows = list(moved)
    collected, people = _collected(rows)
    after = {kind: before.get(kind, Decimal(0)) + _sum(rows, accounts=(kind,)) for kind in BALANCES}
    return Ledger(
        charged=_sum(rows, ("charge", "charge_back"), ("receivable",)),
        on_account=_sum(rows, _TAKEN, ("on_account",)),
        collected=collected,
        people=people,
        handed_in=-_sum(rows, _COUNTED, ("cash_in_hand",)),
        received=_sum(rows, _COUNTED, ("cash_desk",)),
        difference=_sum(rows, _COUNTED, ("difference",)),
        settled=-_sum(rows, ("difference_settled", "difference_back"), ("difference",)),
        deposited=_sum(rows, ("bank_deposit", "bank_deposit_back"), ("bank",)),
        account_paid=-_sum(rows, ("account_payment", "account_payment_back"), ("on_account",)),
        matched=-_sum(rows, _MATCHED, ("clearing",)),
        fees=_sum(rows, (), ("channel_fee",)),
        balances=after,
    )


def _collected(rows: Iterable[Movement]) -> tuple[dict[str, Decimal], dict[int, dict[str, Decimal]]]:
    """What receipts and refunds brought, by channel, and by person and channel; what went on account apart."""
    channels: dict[str, Decimal] = {}
    people: dict[int, dict[str, Decimal]] = {}
    for row in rows:
        channel = _CHANNEL_OF.get(row.account, row.channel if row.account == "clearing" else None)
        if row.voucher not in _TAKEN or channel is None:
            continue
        own = people.setdefault(row.person_id or 0, {})
        for sums in (channels, own):
            sums[channel] = sums.get(channel, Decimal(0)) + row.amount
    return channels, people


def _sum(rows: Iterable[Movement], vouchers: tuple[str, ...] = (), accounts: tuple[str, ...] = ()) -> Decimal:
    return sum((row.amount for row in rows if row.account in accounts and (not vouchers or row.voucher in vouchers)), Decimal(0))


def _text(amount: Decimal) -> str:
    return f"{amount.quantize(CENTS):.2f}"


def _texts(sums: Mapping[str, Decimal]) -> dict[str, str]:
    return {name: _text(amount) for name, amount in sums.items() if amount}


def day_hash(prev: bytes, *, branch: str, day: date, figures: Mapping[str, Any]) -> bytes:
    """sha256 over the hash of the day before and the figures of this one."""
    return hashlib.sha256(prev + canonical([branch, day.isoformat(), figures])).digest()
