"""Cash to hand in, and looks at the ledger from outside."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.fees.deposit_models import BankDeposit
from dispatch.fees.ledger_models import Account, HandIn, HandInBack, Posting
from dispatch.fees.ledger_rules import AccountKey
from dispatch.fees.operations import confirm_hand_in, deposit, hand_in, pay_on_account, settle_difference, take_back_hand_in
from dispatch.fees.settling_models import AccountPayment, DifferenceSettlement
from dispatch.orders.models import Order
from dispatch.staff.rules import Actor
from tests.conftest import AT, Cast
from tests.fees.building import added, price_list, repair


def owing(session: Session, cast: Cast, *, quantity: int = 10) -> Order:
    """An order at work on which quantity x 150 yuan are due."""
    price_list(session, cast)
    order = repair(session, cast)
    added(session, order, "S003", cast.su, quantity=quantity)
    return order


def balance(session: Session, kind: str, **of: int | str) -> Decimal:
    """What stands on one account; zero when nobody has opened it."""
    key = str(AccountKey(kind, **of))  # type: ignore[arg-type]
    return session.scalar(sa.select(Account.balance).where(Account.key == key)) or Decimal(0)


def handed(session: Session, receipts: list[int], by: Actor) -> HandIn:
    """A hand-in of these receipts."""
    return hand_in(session, receipts, by=by, at=AT)


def confirmed(session: Session, hand_in_id: int, counts: dict[str, int], by: Actor, **facts: object) -> HandIn:
    """Finance's count of it."""
    given = {"counted": None, "reason": None, "owner_id": None, **facts}
    return confirm_hand_in(session, hand_in_id, counts=counts, by=by, at=AT, **given)  # type: ignore[arg-type]


POSTED = sa.select(Posting.account_id, sa.func.sum(Posting.amount)).group_by(Posting.account_id)
BALANCES = sa.select(Account.id, Account.balance)


def sums_agree(session: Session) -> None:
    """Every balance is the sum of its postings, and all of them together are zero."""
    sums = dict(session.execute(POSTED).all())
    balances = dict(session.execute(BALANCES).all())
    assert {key: value for key, value in balances.items() if key in sums} == sums
    assert not any(value for key, value in balances.items() if key not in sums)
    assert sum(balances.values()) == 0


def taken_back(session: Session, hand_in_id: int, by: Actor, reason: str = "数错了") -> HandInBack:
    """Finance takes a confirmed hand-in back."""
    return take_back_hand_in(session, hand_in_id, reason=reason, by=by, at=AT)


def settled(session: Session, hand_in_id: int, amount: str, by: Actor, how: str = "paid", **facts: Any) -> DifferenceSettlement:
    """So much of a difference settled: paid at the desk, or written off."""
    given: dict[str, Any] = {"reason": "核实后处理", "request_key": None, "at": AT, **facts}
    return settle_difference(session, hand_in_id, how=how, amount=Decimal(amount), by=by, **given)


def paid_off(
    session: Session, receipt_id: int, amount: str, by: Actor, channel: str = "transfer", **facts: Any
) -> AccountPayment:
    """So much of a receipt on account paid at finance."""
    given: dict[str, Any] = {"payer": None, "reference": None, "request_key": None, "at": AT, **facts}
    return pay_on_account(session, receipt_id, amount=Decimal(amount), channel=channel, by=by, **given)


def banked(session: Session, hand_ins: Collection[int], amount: str, by: Actor, **facts: Any) -> BankDeposit:
    """So much paid into the bank out of these hand-ins."""
    given: dict[str, Any] = {"bank_account": "工行深圳南山支行 6021", "slip": "20261123-001", "paid_at": AT, "request_key": None}
    given |= {"branch_id": by.branch_id, "reason": None, "at": AT, **facts}
    return deposit(session, hand_ins, amount=Decimal(amount), by=by, **given)
