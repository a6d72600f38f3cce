"""How differences are settled and by whom, and how what is on account is paid."""

from __future__ import annotations

from dispatch.words import Text, say

SETTLEMENTS: dict[str, str] = {"paid": "money.confirm", "written_off": "money.write_off"}
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
)
"""Vouchers of what finance settles or corrects later; each counts on its own day."""

SETTLEMENT_WORDS: dict[str, Text] = {"paid": say("Settled in cash at the desk"), "written_off": say("Written off")}
