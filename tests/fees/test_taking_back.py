"""A confirmed hand-in taken back by finance: booked back line by line, its receipts free, once, and never one's own."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from dispatch.audit.queries import broken_chains
from dispatch.db import transaction
from dispatch.errors import Conflict, Invalid, NotAllowed, NotFound, RuleBroken
from dispatch.fees.cash_queries import held_in
from dispatch.fees.ledger_check import broken_ledgers
from dispatch.fees.ledger_models import HandIn, HandInBack, HandInReceipt, Posting, Voucher
from dispatch.fees.ledger_queries import hand_ins, promised_cash, receipts_in_hand, statement
from dispatch.fees.operations import refund, withdraw_hand_in
from dispatch.fees.operations.hand_ins import hand_in
from tests.conftest import AT, Cast
from tests.fees.building import paid
from tests.fees.money import balance, confirmed, handed, owing, sums_agree, taken_back
from tests.racing import at_once


def counted(session: Session, cast: Cast, *, short: bool = False) -> HandIn:
    """Su's hand-in of 300 yuan, confirmed as declared or with 100 missing."""
    made = handed(session, [paid(session, owing(session, cast), "300", cast.su).id], cast.su)
    if short:
        return confirmed(session, made.id, {"100": 2}, cast.qian, reason="少一张", owner_id=cast.su.id)
    return confirmed(session, made.id, {"100": 3}, cast.qian)


def stands(session: Session, cast: Cast) -> tuple[Decimal, ...]:
    """Su's hand, the cash desk, the differences."""
    branch = ("cash_desk", "difference")
    return (
        balance(session, "cash_in_hand", person_id=cast.su.id or 0),
        *(balance(session, kind, branch_id=cast.sz) for kind in branch),
    )


@pytest.mark.parametrize("short", [False, True])
def test_every_posting_is_booked_back_and_the_receipts_are_free_again(db: Session, cast: Cast, short: bool) -> None:
    made = counted(db, cast, short=short)
    assert stands(db, cast) == ((0, 200, 100) if short else (0, 300, 0))
    back = taken_back(db, made.id, cast.qian)
    assert (made.status, made.state, back.reason, back.by_name, back.at) == ("confirmed", "taken_back", "数错了", "钱敏", AT)
    assert stands(db, cast) == (300, 0, 0)
    (receipt,) = receipts_in_hand(db, cast.su.id or 0)
    assert (receipt.amount, promised_cash(db, cast.su.id or 0), held_in(db, at=AT, branch_id=cast.sz)[0].since) == (300, 0, AT)
    first, voucher = db.scalars(sa.select(Voucher).where(Voucher.kind.like("hand_in%")).order_by(Voucher.id)).all()
    assert (voucher.kind, voucher.reverses_id, voucher.hand_in_back_id) == ("hand_in_back", first.id, back.id)
    both = [
        db.scalars(sa.select(Posting.amount).where(Posting.voucher_id == row.id).order_by(Posting.line)).all()
        for row in (first, voucher)
    ]
    assert both[1] == [-amount for amount in both[0]]
    sums_agree(db)
    assert list(broken_ledgers(db)) == [] and list(broken_chains(db)) == []


def test_what_was_taken_back_is_handed_in_anew(db: Session, cast: Cast) -> None:
    made = counted(db, cast, short=True)
    taken_back(db, made.id, cast.qian)
    again = handed(db, [receipt.id for receipt in receipts_in_hand(db, cast.su.id or 0)], cast.su)
    confirmed(db, again.id, {"100": 3}, cast.qian)
    assert (again.number, again.difference, stands(db, cast)) == ("JK-SZ-2026-0002", 0, (0, 300, 0))
    assert [row.number for row in hand_ins(db, cast.qian, state="taken_back").rows] == [made.number]
    assert [row.number for row in hand_ins(db, cast.qian, state="confirmed").rows] == [again.number]
    assert list(broken_ledgers(db)) == []


def test_the_statement_says_who_took_it_back_and_why(db: Session, cast: Cast) -> None:
    made = counted(db, cast)
    taken_back(db, made.id, cast.qian, reason="张冠李戴")
    row = statement(db, cast.su.id or 0).rows[0]
    assert (row.paper, row.hand_in_id, row.amount, row.balance) == (made.number, made.id, 300, 300)
    assert (row.reason, row.voucher.by_name) == ("张冠李戴", "钱敏")


def test_it_is_taken_back_once_with_a_reason(db: Session, cast: Cast) -> None:
    made = counted(db, cast)
    with pytest.raises(Invalid) as refusal:
        taken_back(db, made.id, cast.qian, reason=" ")
    assert set(refusal.value.fields) == {"reason"}
    taken_back(db, made.id, cast.qian)
    with pytest.raises(Conflict, match=r"钱敏 has taken JK-SZ-2026-0001 back already: ¥300.00 left the cash desk"):
        taken_back(db, made.id, cast.qian)


def test_only_what_is_confirmed_is_taken_back(db: Session, cast: Cast) -> None:
    made = handed(db, [paid(db, owing(db, cast), "300", cast.su).id], cast.su)
    with pytest.raises(RuleBroken, match=r"not confirmed.*Waits to be counted"):
        taken_back(db, made.id, cast.qian)
    withdraw_hand_in(db, made.id, by=cast.su, at=AT)
    with pytest.raises(RuleBroken, match="Withdrawn"):
        taken_back(db, made.id, cast.qian)


def test_finance_does_it_and_nobody_his_own(db: Session, cast: Cast) -> None:
    made = counted(db, cast)
    with pytest.raises(NotAllowed):
        taken_back(db, made.id, cast.wang)
    clerk = replace(cast.su, roles=frozenset({"finance", "technician"}))
    with pytest.raises(NotAllowed, match="his own"):
        taken_back(db, made.id, clerk)
    with pytest.raises(NotFound):
        taken_back(db, 999, cast.qian)


def test_a_cash_desk_that_does_not_hold_it_any_more_keeps_what_it_has(db: Session, cast: Cast) -> None:
    made = counted(db, cast)
    receipt = db.scalars(sa.select(HandInReceipt.receipt_id)).one()
    refund(db, receipt, amount=Decimal(50), reason="x", device="desk", by=cast.wang, at=AT)
    with pytest.raises(RuleBroken, match=r"¥300.00 would leave the cash desk, and only ¥250.00 is in it"):
        taken_back(db, made.id, cast.qian)


# --- the database's own part


def test_the_database_keeps_it_to_once_confirmed_and_others(db: Session, cast: Cast) -> None:
    order = owing(db, cast)
    made = handed(db, [paid(db, order, "300", cast.su).id], cast.su)
    confirmed(db, made.id, {"100": 3}, cast.qian)
    waits = handed(db, [paid(db, order, "5", cast.su).id], cast.su)
    db.flush()
    facts = {"hand_in_id": made.id, "reason": "x", "by_id": cast.qian.id, "by_name": "x", "at": AT}
    for wrong, told in (
        ({"reason": " "}, "has_reason"),
        ({"by_id": cast.su.id}, "his own"),
        ({"hand_in_id": waits.id}, "only a confirmed"),
    ):
        with pytest.raises(DBAPIError, match=told), db.begin_nested():
            db.execute(sa.insert(HandInBack).values({**facts, **wrong}))
    taken_back(db, made.id, cast.qian)
    with pytest.raises(DBAPIError, match="uq_hand_in_back_hand_in_id"), db.begin_nested():
        db.execute(sa.insert(HandInBack).values(facts))
    for statement_ in ("DELETE FROM hand_in_back", "UPDATE hand_in_back SET reason = 'y'", "UPDATE hand_in SET counted = 300"):
        with pytest.raises(DBAPIError), db.begin_nested():
            db.execute(sa.text(statement_))


@pytest.mark.parametrize(
    ("bent", "told"),
    [
        ("UPDATE hand_in_receipt SET live = true", "do not follow whether it stands"),
        ("UPDATE posting SET amount = amount * 2 WHERE voucher_id = (SELECT max(id) FROM voucher)", "does not book back what"),
        ("UPDATE voucher SET reverses_id = 1 WHERE kind = 'hand_in_back'", "no voucher that reverses its own"),
    ],
)
def test_the_check_finds_what_was_bent(db: Session, cast: Cast, bent: str, told: str) -> None:
    taken_back(db, counted(db, cast).id, cast.qian)
    db.flush()
    assert list(broken_ledgers(db)) == []
    db.execute(sa.text("SET CONSTRAINTS ALL IMMEDIATE"))
    for table in ("posting", "voucher"):
        db.execute(sa.text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
    db.execute(sa.text(bent))
    db.expire_all()
    assert told in "\n".join(map(str, broken_ledgers(db)))


# --- two at once


def committed(cast: Cast) -> tuple[int, int]:
    """A confirmed hand-in of 300 yuan by the manager: its id and its receipt's."""
    with transaction() as session:
        receipt = paid(session, owing(session, cast), "300", cast.wang)
        made = handed(session, [receipt.id], cast.wang)
        confirmed(session, made.id, {"100": 3}, cast.qian)
        return made.id, receipt.id


@pytest.mark.parametrize("attempt", range(3))
@pytest.mark.usefixtures("database")
def test_two_clerks_take_one_hand_in_back(cast: Cast, attempt: int) -> None:
    made, _ = committed(cast)
    answers = at_once(*(lambda s: taken_back(s, made, cast.qian).reason for _ in range(2)))
    assert sorted(type(answer).__name__ for answer in answers) == ["Conflict", "str"]
    assert "Nothing was posted twice" in str(next(answer for answer in answers if isinstance(answer, Conflict)))
    with transaction() as session:
        assert balance(session, "cash_in_hand", person_id=cast.wang.id or 0) == 300
        assert list(broken_ledgers(session)) == []


@pytest.mark.parametrize("attempt", range(3))
@pytest.mark.usefixtures("database")
def test_it_is_taken_back_while_the_desk_gives_the_cash_back(cast: Cast, attempt: int) -> None:
    made, receipt = committed(cast)
    answers = at_once(
        lambda s: taken_back(s, made, cast.qian).reason,
        lambda s: refund(s, receipt, amount=Decimal(100), reason="x", device="desk", by=cast.wang, at=AT).number,
    )
    with transaction() as session:
        hand, desk = (
            balance(session, "cash_in_hand", person_id=cast.wang.id or 0),
            balance(session, "cash_desk", branch_id=cast.sz),
        )
        assert (hand, desk) in [(200, 0), (0, 200)], answers
        assert list(broken_ledgers(session)) == []


@pytest.mark.parametrize("attempt", range(3))
@pytest.mark.usefixtures("database")
def test_it_is_taken_back_while_its_receipts_are_handed_in_anew(cast: Cast, attempt: int) -> None:
    made, receipt = committed(cast)
    back, again = at_once(
        lambda s: taken_back(s, made, cast.qian).reason, lambda s: hand_in(s, [receipt], by=cast.wang, at=AT).number
    )
    assert back == "数错了" and (isinstance(again, Conflict) or again == "JK-SZ-2026-0002")
    with transaction() as session:
        assert list(broken_ledgers(session)) == []
