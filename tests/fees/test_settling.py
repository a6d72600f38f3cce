"""What becomes of a difference: paid at the desk, given back, written off, taken back again; never more than what is open."""

from __future__ import annotations

import uuid
from dataclasses import replace
from decimal import Decimal

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from dispatch.audit.queries import broken_chains
from dispatch.clock import local_day
from dispatch.db import transaction
from dispatch.errors import Conflict, Invalid, NotAllowed, NotFound, RuleBroken
from dispatch.fees.ledger_check import broken_ledgers
from dispatch.fees.ledger_models import HandIn, Voucher
from dispatch.fees.operations import refund, take_back_settlement
from dispatch.fees.settling_models import DifferenceSettlement
from dispatch.fees.settling_queries import settlements_of
from dispatch.finance.day_queries import books_of
from dispatch.finance.differences import SHORT, differences
from dispatch.staff.rules import Actor
from tests.conftest import AT, Cast
from tests.fees.building import paid
from tests.fees.money import balance, confirmed, handed, owing, settled, sums_agree, taken_back
from tests.racing import at_once

BACK = "INSERT INTO hand_in_back (hand_in_id, reason, by_id, by_name, at)"


def differing(session: Session, cast: Cast, by: int, owner: Actor | None = None) -> HandIn:
    """Su's hand-in of 300 yuan, of which so much less or more was counted; he answers for it, or `owner` does."""
    made = handed(session, [paid(session, owing(session, cast), "300", cast.su).id], cast.su)
    counts = {"100": 3 + min(by, 0) // 100, "50": max(by, 0) // 50}
    return confirmed(session, made.id, counts, cast.qian, reason="点错", owner_id=(owner or cast.su).id)


def stands(session: Session, cast: Cast) -> tuple[Decimal, ...]:
    """Cash desk, differences, what was written off."""
    return tuple(balance(session, kind, branch_id=cast.sz) for kind in ("cash_desk", "difference", "written_off"))


def opened(session: Session, cast: Cast) -> list[tuple[str | None, Decimal]]:
    """Who answers for what is open."""
    found = differences(session, books_of(session, cast.sz), day=None, matching=local_day(AT, "Asia/Shanghai")).rows
    return [(each.owner, each.amount) for each in found if each.what == SHORT]


def undone(session: Session, row: DifferenceSettlement, by: Actor, reason: str = "记错了") -> DifferenceSettlement:
    return take_back_settlement(session, row.id, reason=reason, by=by, at=AT)


def test_what_was_missing_is_paid_into_the_desk_bit_by_bit(db: Session, cast: Cast) -> None:
    made = differing(db, cast, -100)
    assert (stands(db, cast), opened(db, cast)) == ((200, 100, 0), [("苏杰", -100)])
    settled(db, made.id, "60.5", cast.qian)
    assert (stands(db, cast), opened(db, cast)) == ((Decimal("260.5"), Decimal("39.5"), 0), [("苏杰", Decimal("-39.5"))])
    settled(db, made.id, "39.5", cast.qian)
    assert (stands(db, cast), opened(db, cast)) == ((300, 0, 0), [])
    kinds = db.scalars(sa.select(Voucher.kind).where(Voucher.difference_settlement_id.is_not(None))).all()
    assert kinds == ["difference_settled"] * 2
    sums_agree(db)
    assert list(broken_ledgers(db)) == [] and list(broken_chains(db)) == []


def test_what_was_too_much_is_given_out_of_the_desk(db: Session, cast: Cast) -> None:
    made = differing(db, cast, 50)
    assert opened(db, cast) == [("苏杰", 50)]
    settled(db, made.id, "50", cast.qian)
    assert (stands(db, cast), opened(db, cast)) == ((300, 0, 0), [])


@pytest.mark.parametrize(("by", "lost"), [(-100, 100), (50, -50)])
def test_a_manager_or_director_writes_it_off_for_a_reason(db: Session, cast: Cast, by: int, lost: int) -> None:
    made = differing(db, cast, by)
    desk = 300 + by
    with pytest.raises(Invalid) as refusal:
        settled(db, made.id, str(abs(by)), cast.wang, how="written_off", reason=" ")
    assert set(refusal.value.fields) == {"reason"}
    settled(db, made.id, "20", cast.wang, how="written_off")
    settled(db, made.id, str(abs(by) - 20), cast.chen, how="written_off")
    assert (stands(db, cast), opened(db, cast)) == ((desk, 0, lost), [])
    assert list(broken_ledgers(db)) == []


def test_who_may_settle(db: Session, cast: Cast) -> None:
    made = differing(db, cast, -100)
    for who, how in ((cast.wang, "paid"), (cast.su, "paid"), (cast.qian, "written_off"), (cast.su, "written_off")):
        with pytest.raises(NotAllowed):
            settled(db, made.id, "1", who, how=how)
    with pytest.raises(Invalid):
        settled(db, made.id, "1", cast.qian, how="forgotten")
    elsewhere = replace(cast.wang, branch_id=cast.gz)
    with pytest.raises(NotFound):
        settled(db, made.id, "1", elsewhere, how="written_off")
    with pytest.raises(NotFound):
        settled(db, 999, "1", cast.qian)


def test_nobody_settles_his_own(db: Session, cast: Cast) -> None:
    managers = differing(db, cast, -100, owner=cast.wang)
    with pytest.raises(NotAllowed, match="his own"):
        settled(db, managers.id, "1", cast.wang, how="written_off")
    facts = {"hand_in_id": managers.id, "how": "written_off", "reason": "x", "by_id": cast.wang.id, "by_name": "x", "at": AT}
    with pytest.raises(DBAPIError, match="his own"), db.begin_nested():
        db.execute(sa.insert(DifferenceSettlement).values(amount=1, **facts))
    settled(db, managers.id, "1", cast.chen, how="written_off")


@pytest.mark.parametrize("amount", ["100.01", "0", "-1", "0.001", "1e9", "NaN"])
def test_never_more_than_what_is_open(db: Session, cast: Cast, amount: str) -> None:
    made = differing(db, cast, -100)
    with pytest.raises(RuleBroken if amount == "100.01" else Invalid):
        settled(db, made.id, amount, cast.qian)
    assert stands(db, cast) == (200, 100, 0)


def test_where_nothing_is_open_there_is_nothing_to_settle(db: Session, cast: Cast) -> None:
    order = owing(db, cast)
    even = handed(db, [paid(db, order, "300", cast.su).id], cast.su)
    for state in ("waits", "even"):
        with pytest.raises(RuleBroken, match="No difference of JK-SZ-2026-0001 is open"):
            settled(db, even.id, "1", cast.qian)
        if state == "waits":
            confirmed(db, even.id, {"100": 3}, cast.qian)


def test_the_same_press_twice_is_booked_once(db: Session, cast: Cast) -> None:
    made, key = differing(db, cast, -100), uuid.uuid4()
    first = settled(db, made.id, "40", cast.qian, request_key=key)
    assert settled(db, made.id, "40", cast.qian, request_key=key) is first
    with pytest.raises(Conflict, match="booked already, with other figures"):
        settled(db, made.id, "20", cast.qian, request_key=key)
    assert stands(db, cast) == (240, 60, 0)


def test_a_wrong_settlement_is_taken_back_by_a_counter_entry(db: Session, cast: Cast) -> None:
    made = differing(db, cast, -100)
    cash, off = settled(db, made.id, "60", cast.qian), settled(db, made.id, "40", cast.wang, how="written_off")
    with pytest.raises(Invalid):
        undone(db, cash, cast.qian, reason="")
    with pytest.raises(NotAllowed):
        undone(db, off, cast.qian)
    back = undone(db, cash, cast.qian)
    undone(db, off, cast.chen)
    assert (stands(db, cast), opened(db, cast)) == ((200, 100, 0), [("苏杰", -100)])
    with pytest.raises(Conflict, match=r"钱敏 has taken these ¥60.00 back already"):
        undone(db, cash, cast.qian)
    with pytest.raises(NotFound):
        undone(db, back, cast.qian)
    assert [(each.row.amount, each.back is not None) for each in settlements_of(db, made.id)] == [(60, True), (40, True)]
    assert list(broken_ledgers(db)) == []


def test_cash_that_left_the_desk_meanwhile_is_not_given_out_of_it(db: Session, cast: Cast) -> None:
    row = settled(db, differing(db, cast, -100).id, "100", cast.qian)
    (receipt,) = db.scalars(sa.text("SELECT receipt_id FROM hand_in_receipt"))
    refund(db, receipt, amount=Decimal(250), reason="x", device="desk", by=cast.wang, at=AT)
    with pytest.raises(RuleBroken, match=r"¥100.00 would leave the cash desk, and only ¥50.00 is in it"):
        undone(db, row, cast.qian)


def test_a_hand_in_whose_difference_is_settled_is_taken_back_after_that(db: Session, cast: Cast) -> None:
    made = differing(db, cast, -100)
    paid_in = settled(db, made.id, "60", cast.qian)
    with pytest.raises(RuleBroken, match=r"¥60.00 of the difference of JK-SZ-2026-0001 are settled: take that back first"):
        taken_back(db, made.id, cast.qian)
    undone(db, paid_in, cast.qian)
    taken_back(db, made.id, cast.qian)
    assert (stands(db, cast), opened(db, cast)) == ((0, 0, 0), [])
    with pytest.raises(RuleBroken, match="was taken back, so it has no difference any more"):
        settled(db, made.id, "1", cast.qian)
    assert list(broken_ledgers(db)) == []


# --- the database's own part


def test_the_database_keeps_what_is_open_between_nothing_and_all(db: Session, cast: Cast) -> None:
    made = differing(db, cast, -100)
    row = settled(db, made.id, "60", cast.qian)
    facts = {"hand_in_id": made.id, "how": "paid", "reason": "x", "by_id": cast.qian.id, "by_name": "x", "at": AT}
    for wrong, told in (
        ({"amount": "40.01"}, "past zero"),
        ({"amount": -60}, "negative_reverses"),
        ({"amount": -50, "reverses_id": row.id}, "as a whole"),
        ({"amount": 1, "how": "written_off", "reason": None}, "has_reason"),
        ({"amount": 0}, "has_amount"),
    ):
        with pytest.raises(DBAPIError, match=told), db.begin_nested():
            db.execute(sa.insert(DifferenceSettlement).values({**facts, **wrong}))
    for statement in ("DELETE FROM difference_settlement", "UPDATE difference_settlement SET amount = 1"):
        with pytest.raises(DBAPIError, match="append-only"), db.begin_nested():
            db.execute(sa.text(statement))
    with pytest.raises(DBAPIError, match="settled"), db.begin_nested():
        db.execute(sa.text(f"{BACK} VALUES (:made, 'x', :by, 'x', now())"), {"made": made.id, "by": cast.qian.id})


@pytest.mark.parametrize(
    ("bent", "told"),
    [
        ("UPDATE difference_settlement SET amount = 50", "is not what was posted for it"),
        ("UPDATE difference_settlement SET amount = 600", "600.00 of a difference of 100.00 is settled"),
        (f"{BACK} SELECT id, 'x', 1, 'x', now() FROM hand_in", "a difference of 0.00 is settled"),
    ],
)
def test_the_check_finds_what_was_bent(db: Session, cast: Cast, bent: str, told: str) -> None:
    settled(db, differing(db, cast, -100).id, "60", cast.qian)
    assert list(broken_ledgers(db)) == []
    db.execute(sa.text("SET CONSTRAINTS ALL IMMEDIATE"))
    for table in ("difference_settlement", "hand_in_back"):
        db.execute(sa.text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
    db.execute(sa.text(bent))
    db.expire_all()
    assert told in "\n".join(map(str, broken_ledgers(db)))


# --- two at once


@pytest.mark.parametrize("attempt", range(3))
@pytest.mark.usefixtures("database")
def test_two_settle_the_same_difference(cast: Cast, attempt: int) -> None:
    with transaction() as session:
        made = differing(session, cast, -100)
    answers = at_once(
        lambda s: settled(s, made.id, "60", cast.qian).how,
        lambda s: settled(s, made.id, "60", cast.wang, how="written_off").how,
    )
    assert sorted(type(answer).__name__ for answer in answers) == ["RuleBroken", "str"]
    assert "¥60.00 is more than what is open" in str(next(answer for answer in answers if isinstance(answer, RuleBroken)))
    with transaction() as session:
        assert opened(session, cast) == [("苏杰", -40)]
        assert list(broken_ledgers(session)) == []


@pytest.mark.parametrize("attempt", range(3))
@pytest.mark.usefixtures("database")
def test_it_is_settled_while_its_hand_in_is_taken_back(cast: Cast, attempt: int) -> None:
    with transaction() as session:
        made = differing(session, cast, -100)
    answers = at_once(lambda s: settled(s, made.id, "60", cast.qian).how, lambda s: taken_back(s, made.id, cast.qian).reason)
    assert sorted(type(answer).__name__ for answer in answers) == ["RuleBroken", "str"], answers
    with transaction() as session:
        assert list(broken_ledgers(session)) == []


@pytest.mark.parametrize("attempt", range(3))
@pytest.mark.usefixtures("database")
def test_one_button_pressed_twice_at_once(cast: Cast, attempt: int) -> None:
    with transaction() as session:
        made, key = differing(session, cast, -100), uuid.uuid4()
    first, second = at_once(*(lambda s: settled(s, made.id, "60", cast.qian, request_key=key).id for _ in range(2)))
    assert first == second
    with transaction() as session:
        assert stands(session, cast) == (260, 40, 0)
