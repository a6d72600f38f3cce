"""Cash paid into the bank: by hand-ins, once, never more than the desk has; taken back by a counter-entry."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from dispatch.db import transaction
from dispatch.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal, RuleBroken
from dispatch.fees.deposit_models import BankDeposit, DepositedHandIn
from dispatch.fees.deposit_queries import at_desk, deposit_of, deposit_seen, deposits, known_accounts, to_deposit
from dispatch.fees.ledger_check import broken_ledgers
from dispatch.fees.operations import take_back_deposit
from tests.conftest import AT, Cast
from tests.fees.building import paid
from tests.fees.money import balance, banked, confirmed, handed, owing, sums_agree, taken_back
from tests.racing import at_once


@pytest.fixture
def counted(db: Session, cast: Cast) -> tuple[int, int]:
    """Two hand-ins of 300 and 200 yuan, counted: 500 yuan at the desk."""
    return two_counted(db, cast)


def two_counted(session: Session, cast: Cast) -> tuple[int, int]:
    order = owing(session, cast)
    first = handed(session, [paid(session, order, "300", cast.su).id], cast.su)
    second = handed(session, [paid(session, order, "200", cast.wei).id], cast.wei)
    confirmed(session, first.id, {"100": 3}, cast.qian)
    confirmed(session, second.id, {"100": 2}, cast.qian)
    return first.id, second.id


def stands(session: Session, cast: Cast) -> tuple[Decimal, Decimal]:
    """The cash desk and the bank."""
    return balance(session, "cash_desk", branch_id=cast.sz), balance(session, "bank", branch_id=cast.sz)


def test_several_hand_ins_go_to_the_bank_as_one_deposit(db: Session, cast: Cast, counted: tuple[int, int]) -> None:
    assert [one.id for one in to_deposit(db, cast.sz, 10)] == list(counted) and at_desk(db, cast.sz) == 500
    made = banked(db, counted, "500", cast.qian)
    assert (made.number, made.by_name, made.slip) == ("CK-SZ-2026-0001", "钱敏", "20261123-001")
    assert stands(db, cast) == (0, 500) and to_deposit(db, cast.sz, 10) == []
    found = deposit_of(db, counted[0])
    assert found is made and known_accounts(db, cast.sz) == [made.bank_account]
    (one,) = deposits(db, cast.qian, branch_id=None).rows
    assert (one.row, one.back, one.hand_ins) == (made, None, 2)
    sums_agree(db)
    assert list(broken_ledgers(db)) == []


def test_a_deposit_is_taken_back_once_and_its_hand_ins_wait_again(db: Session, cast: Cast, counted: tuple[int, int]) -> None:
    made = banked(db, counted, "500", cast.qian)
    back = take_back_deposit(db, made.id, reason="回单看错", by=cast.qian, at=AT)
    assert (back.amount, back.reverses_id, back.number) == (-500, made.id, "CK-SZ-2026-0002")
    assert stands(db, cast) == (500, 0) and len(to_deposit(db, cast.sz, 10)) == 2
    with pytest.raises(Conflict, match="has taken these"):
        take_back_deposit(db, made.id, reason="x", by=cast.qian, at=AT)
    with pytest.raises(NotFound):
        take_back_deposit(db, back.id, reason="x", by=cast.qian, at=AT)
    assert banked(db, counted, "500", cast.qian).slip == made.slip, "the slip is free again"
    (newest, first) = deposits(db, cast.qian, branch_id=cast.sz).rows
    assert first.back is None or newest.back is None
    assert list(broken_ledgers(db)) == []


REFUSED: dict[str, tuple[dict[str, Any], type[Refusal], str]] = {
    "nothing": ({"amount": "0"}, Invalid, "An amount above zero, please."),
    "more than the desk has": ({"amount": "501", "reason": "x"}, RuleBroken, "¥501.00 would leave the cash desk"),
    "another sum without a reason": ({"amount": "450"}, Invalid, "These hand-ins come to ¥500.00, and ¥450.00 was paid in"),
    "no account": ({"bank_account": " "}, Invalid, "Which account was it paid into?"),
    "no slip": ({"slip": ""}, Invalid, "The number on the bank's slip, please."),
    "to come": ({"paid_at": AT + timedelta(minutes=1)}, Invalid, "This is still to come."),
    "before it was counted": ({"paid_at": AT - timedelta(hours=1)}, RuleBroken, "only after the bank took the money"),
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_is_refused_with_a_sentence(db: Session, cast: Cast, counted: tuple[int, int], case: Any) -> None:
    facts, kind, sentence = case
    with pytest.raises(kind) as refused:
        banked(db, counted, **{"amount": "500", "by": cast.qian, **facts})
    assert sentence in told(refused.value)
    assert stands(db, cast) == (500, 0)


def told(refusal: Refusal) -> str:
    """All its sentences."""
    return " ".join(map(str, refusal.fields.values())) if isinstance(refusal, Invalid) else str(refusal)


def test_change_may_stay_in_the_desk_when_somebody_says_so(db: Session, cast: Cast, counted: tuple[int, int]) -> None:
    made = banked(db, counted, "450", cast.qian, reason="留 50 元备用金")
    assert made.reason == "留 50 元备用金" and stands(db, cast) == (50, 450)


def test_cash_in_the_bank_is_neither_deposited_again_nor_taken_back_with_its_hand_in(
    db: Session, cast: Cast, counted: tuple[int, int]
) -> None:
    first, second = counted
    banked(db, [first], "300", cast.qian)
    with pytest.raises(Conflict, match="in the bank already"):
        banked(db, counted, "500", cast.qian, slip="2")
    with pytest.raises(Invalid) as again:
        banked(db, [second], "200", cast.qian)
    assert "钱敏 has booked this slip already: CK-SZ-2026-0001." in told(again.value)
    with pytest.raises(RuleBroken, match="is in the bank by CK-SZ-2026-0001: take that back first"):
        taken_back(db, first, cast.qian)
    taken_back(db, second, cast.qian)
    with pytest.raises(Conflict, match="was taken back"):
        banked(db, [second], "200", cast.qian, slip="2")


def test_a_deposit_is_for_finance_and_seen_in_its_branch_only(db: Session, cast: Cast, counted: tuple[int, int]) -> None:
    made = banked(db, counted, "500", cast.qian)
    with pytest.raises(NotAllowed):
        banked(db, [], "1", cast.lin)
    elsewhere = replace(cast.wang, branch_id=cast.gz)
    assert deposit_seen(db, made.id, elsewhere) is None and deposits(db, elsewhere, branch_id=None).rows == []
    with pytest.raises(NotFound):
        take_back_deposit(db, made.id + 1, reason="x", by=cast.qian, at=AT)


def test_the_database_keeps_deposits_as_they_were_booked(db: Session, cast: Cast, counted: tuple[int, int]) -> None:
    banked(db, counted, "500", cast.qian)
    for damage in (
        "UPDATE bank_deposit SET amount = 1",
        "DELETE FROM deposited_hand_in",
        "INSERT INTO hand_in_back (hand_in_id, reason, by_id, by_name, at) SELECT hand_in_id, 'x', 1, 'x', now() "
        "FROM deposited_hand_in LIMIT 1",
    ):
        with pytest.raises(DBAPIError), db.begin_nested():
            db.execute(sa.text(damage))


def test_a_double_press_books_once_and_of_two_clerks_one_is_told(database: str, cast: Cast) -> None:
    with transaction() as db:
        hand_ins = two_counted(db, cast)
    key = uuid.uuid4()
    same = [lambda s: banked(s, hand_ins, "500", cast.qian, request_key=key).number for _each in range(2)]
    assert at_once(*same) == ["CK-SZ-2026-0001"] * 2
    with transaction() as db:
        take_back_deposit(db, db.scalars(sa.select(BankDeposit.id)).one(), reason="x", by=cast.qian, at=AT)
    rivals = [lambda s, slip=slip: banked(s, hand_ins, "500", cast.qian, slip=slip).number for slip in ("7", "8")]
    answers = at_once(*rivals)
    assert sorted(type(answer).__name__ for answer in answers) == ["Conflict", "str"]
    with transaction() as db:
        assert db.scalar(sa.select(sa.func.count()).select_from(DepositedHandIn).where(DepositedHandIn.live)) == 2
        assert list(broken_ledgers(db)) == []


def test_check_names_a_deposit_that_lost_its_hand_ins(db: Session, cast: Cast, counted: tuple[int, int]) -> None:
    banked(db, counted, "500", cast.qian)
    db.execute(sa.text("UPDATE deposited_hand_in SET live = false"))
    assert [str(text) for text in broken_ledgers(db)] == ["Deposit CK-SZ-2026-0001: its hand-ins do not follow whether it stands"]
