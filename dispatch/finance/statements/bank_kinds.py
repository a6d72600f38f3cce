"""What a movement of a bank account is, told from its sign and what the bank and the payer wrote."""

from __future__ import annotations

import re
from decimal import Decimal

from dispatch.finance.statements.lines import receipt_in

_DEPOSIT = re.compile(r"现金存款|现金缴款|现金存入|存现|现金解款|缴款单|交款单|cash deposit|(?<![A-Z])JK-", re.IGNORECASE)
_FEE = re.compile(r"手续费|管理费|工本费|服务费|年费|短信费|汇划费|询证费|账户费|bank charge|\bfee\b", re.IGNORECASE)
_BACK = re.compile(r"退款|退费|退回|退还|refund", re.IGNORECASE)
_NO_PAYMENT = re.compile(
    r"利息|结息|冲正|冲账|退汇|财付通|微信支付.*(?:提现|结算)|支付宝.*(?:提现|结算)|内部转账|interest|reversal",
    re.IGNORECASE,
)


def kind_of(amount: Decimal, note: str, party: str) -> str:
    """A kind of KINDS."""
    words = f"{note} {party}"
    return _came(words, note) if amount > 0 else _went(words, note)


def _came(words: str, note: str) -> str:
    if receipt_in(note):
        return "payment"
    if _DEPOSIT.search(note):
        return "deposit"
    return "other" if _NO_PAYMENT.search(words) else "payment"


def _went(words: str, note: str) -> str:
    if _NO_PAYMENT.search(words):
        return "other"
    if _BACK.search(note) or receipt_in(note):
        return "refund"
    return "fee" if _FEE.search(note) else "other"
