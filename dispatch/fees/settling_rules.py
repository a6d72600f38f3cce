"""How differences are settled and by whom, and how what is on account is paid."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from dispatch.words import Text, say

SETTLEMENTS: dict[str, str] = {"paid": "money.confirm", "deducted": "money.write_off", "written_off": "money.write_off"}
"""How a difference is settled -> the permission for it."""

PAYING_CHANNELS = ("transfer", "wechat", "alipay", "pos", "cash")
"""How a customer pays what he has on account; the words are those of every channel."""

AFTERWARDS = (
    "hand_in_back",
    "difference_settled",
    "difference_back",
    "account_payment",
    "account_payment_back",
    "bank_deposit",
    "bank_deposit_back",
    "contractor_paid",
    "contractor_paid_back",
)
"""Vouchers of what finance settles or corrects later; each counts on its own day."""

SETTLEMENT_WORDS: dict[str, Text] = {
    "paid": say("Settled in cash at the desk"),
    "deducted": say("To be deducted from his pay"),
    "written_off": say("Written off"),
}
PLACES = {"paid": "cash_desk", "deducted": "pay_deduction", "written_off": "written_off"}
"""How a difference is settled -> the account on which it stands afterwards."""


@dataclass(frozen=True)
class Owed:
    """A difference that somebody answers for, under the lock of what it belongs to: a hand-in or a match with a statement.

    `column` of a settlement names it by its `id`, `subject` is whose history tells of it, `number` what people know it by.
    `difference` is below zero where money is missing. One that does not `stand` was taken back.
    """

    column: str
    id: int
    subject: str
    number: str
    branch_id: int
    difference: Decimal
    owner_id: int | None
    stands: bool = True

    def open(self, settled: Decimal) -> Decimal:
        """What is open of it when so much is settled, with the difference's sign; zero once it is taken back."""
        if not self.stands or not self.difference:
            return Decimal("0.00")
        return self.difference + settled if self.difference < 0 else self.difference - settled
