"""Writes of money: the price list, charges, receipt numbers, payments.

Locks are taken in one order: the work order's row, the receipt numbers of one person's device, the branch (only to lease a
block), the head of the order's audit chain, the accounts of the ledger by id, the branch's books (shared; alone by whoever closes
a day), the counter of its vouchers. Whoever adds a charge, a payment or a refund holds the order's row first, so that what is due
is never read twice for two payments.
Whoever charges and takes money in one transaction calls `prepare_payment` before both; where his branch is not the order's, that
takes the counters of both, too.
"""

from dispatch.fees.operations.account_payments import pay_on_account, take_back_account_payment
from dispatch.fees.operations.cash_limits import end_cash_limit, let_pass, set_cash_limit
from dispatch.fees.operations.charging import add_charge, charge_fittings, take_back_charge
from dispatch.fees.operations.depositing import deposit, take_back_deposit
from dispatch.fees.operations.discounting import NewDiscount, end_discount_limit, set_discount_limit
from dispatch.fees.operations.favours import ask_let_off, ask_refund, decide_favour, hand_back, withdraw_favour
from dispatch.fees.operations.goodwill import ask_goodwill, settle_goodwill
from dispatch.fees.operations.hand_ins import confirm_hand_in, hand_in, withdraw_hand_in
from dispatch.fees.operations.numbering import lease_block, next_number
from dispatch.fees.operations.paying import prepare_payment, refund, take_payment
from dispatch.fees.operations.prices import NewPrice, change_price, end_price, set_prices, withdraw_price
from dispatch.fees.operations.quoting import (
    Agreement,
    Offer,
    agree_quotation,
    change_quotation,
    decline_quotation,
    draft_quotation,
    expire_quotation,
    note_expired,
    offer_quotation,
    withdraw_quotation,
)
from dispatch.fees.operations.settling import check_way, settle_difference, settle_owed, take_back_owed, take_back_settlement
from dispatch.fees.operations.slips import add_slip
from dispatch.fees.operations.taking_back import take_back_hand_in

__all__ = [
    "Agreement",
    "NewDiscount",
    "NewPrice",
    "Offer",
    "add_charge",
    "add_slip",
    "agree_quotation",
    "ask_goodwill",
    "ask_let_off",
    "ask_refund",
    "change_price",
    "change_quotation",
    "charge_fittings",
    "check_way",
    "confirm_hand_in",
    "decide_favour",
    "decline_quotation",
    "deposit",
    "draft_quotation",
    "end_cash_limit",
    "end_discount_limit",
    "end_price",
    "expire_quotation",
    "hand_back",
    "hand_in",
    "lease_block",
    "let_pass",
    "next_number",
    "note_expired",
    "offer_quotation",
    "pay_on_account",
    "prepare_payment",
    "refund",
    "set_cash_limit",
    "set_discount_limit",
    "set_prices",
    "settle_difference",
    "settle_goodwill",
    "settle_owed",
    "take_back_account_payment",
    "take_back_charge",
    "take_back_deposit",
    "take_back_hand_in",
    "take_back_owed",
    "take_back_settlement",
    "take_payment",
    "withdraw_favour",
    "withdraw_hand_in",
    "withdraw_price",
    "withdraw_quotation",
]
