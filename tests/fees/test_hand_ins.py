"""Cash from the hand to the desk: chosen by receipt, counted by denomination, differences owned, two clerks, late receipts."""

from __future__ import annotations

from decimal import Decimal

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.queries import broken_chains
from dispatch.db import transaction
from dispatch.errors import Conflict, Invalid, NotAllowed, NotFound, RuleBroken
from dispatch.fees.cash_queries import held_in
from dispatch.fees.ledger_check import broken_ledgers
from dispatch.fees.ledger_models import HandIn
from dispatch.fees.ledger_queries import promised_cash, receipts_in_hand, statement
from dispatch.fees.operations import hand_in, refund, withdraw_hand_in
from dispatch.orders.models import Order
from tests.conftest import AT, Cast
from tests.fees.building import paid
from tests.fees.money import balance, confirmed, handed, owing, sums_agree
from tests.fees.test_receipts_at_once import at_once, order_of


def hand(session: Session, cast: Cast) -> Decimal:
    """What Su holds by the ledger."""
    return balance(session, "cash_in_hand", person_id=cast.su.id or 0)


def test_a_hand_in_moves_the_cash_to_the_desk(db: Session, cast: Cast) -> None:
    order = owing(db, cast)
    first, second = paid(db, order, "300", cast.su), paid(db, order, "45.5", cast.su)
    made = handed(db, [first.id, second.id], cast.su)
    assert (made.number, made.declared, made.status) == ("JK-SZ-2026-0001", Decimal("345.50"), "handed")
    assert (hand(db, cast), promised_cash(db, cast.su.id or 0), list(receipts_in_hand(db, cast.su.id or 0))) == (
        Decimal("345.50"),
        Decimal("345.50"),
        [],
    )
    confirmed(db, made.id, {"100": 3, "20": 2, "5": 1, "0.5": 1}, cast.qian, counted=Decimal("345.5"))
    assert (hand(db, cast), balance(db, "cash_desk", branch_id=cast.sz)) == (0, Decimal("345.50"))
    assert next((row.paper, row.balance) for row in statement(db, cast.su.id or 0).rows) == ("JK-SZ-2026-0001", 0)
    assert list(broken_ledgers(db)) == [] and list(broken_chains(db)) == []


@pytest.mark.parametrize(("counts", "difference"), [({"100": 2}, -100), ({"100": 3, "50": 1}, 50), ({}, -300)])
def test_a_difference_has_a_reason_and_an_owner(db: Session, cast: Cast, counts: dict[str, int], difference: int) -> None:
    made = handed(db, [paid(db, owing(db, cast), "300", cast.su).id], cast.su)
    with pytest.raises(Invalid) as refusal:
        confirmed(db, made.id, counts, cast.qian)
    assert set(refusal.value.fields) == {"reason", "owner"}
    done = confirmed(db, made.id, counts, cast.qian, reason="少一张", owner_id=cast.su.id)
    assert (done.difference, done.difference_owner_name) == (difference, "苏杰")
    assert balance(db, "difference", branch_id=cast.sz) == -difference
    assert hand(db, cast) == 0
    sums_agree(db)


def test_a_wrong_sum_of_denominations_is_refused(db: Session, cast: Cast) -> None:
    made = handed(db, [paid(db, owing(db, cast), "300", cast.su).id], cast.su)
    with pytest.raises(Invalid) as refusal:
        confirmed(db, made.id, {"100": 2}, cast.qian, counted=Decimal(300), reason="x", owner_id=cast.su.id)
    assert "make ¥200.00, not ¥300.00" in str(refusal.value.fields["counted"])
    for odd in ({"99": 1}, {"100": -1}, {"100": 10**9}):
        with pytest.raises(Invalid):
            confirmed(db, made.id, odd, cast.qian)
    assert (hand(db, cast), made.status) == (300, "handed")


def test_nobody_confirms_his_own_and_only_finance_confirms(db: Session, cast: Cast) -> None:
    order = owing(db, cast)
    own = handed(db, [paid(db, order, "10", cast.qian).id], cast.qian)
    with pytest.raises(NotAllowed, match="his own"):
        confirmed(db, own.id, {"10": 1}, cast.qian)
    with pytest.raises(NotAllowed):
        confirmed(db, own.id, {"10": 1}, cast.wang)


def test_a_receipt_is_in_one_live_hand_in_only(db: Session, cast: Cast) -> None:
    order = owing(db, cast)
    receipt = paid(db, order, "300", cast.su)
    made = handed(db, [receipt.id], cast.su)
    with pytest.raises(Conflict, match="already"):
        handed(db, [receipt.id], cast.su)
    with pytest.raises(NotFound):
        withdraw_hand_in(db, made.id, by=cast.wei, at=AT)
    withdraw_hand_in(db, made.id, by=cast.su, at=AT)
    with pytest.raises(Conflict, match="Withdrawn"):
        confirmed(db, made.id, {"100": 3}, cast.qian)
    assert handed(db, [receipt.id], cast.su).number == "JK-SZ-2026-0002"
    with pytest.raises(Conflict):
        handed(db, [paid(db, order, "1", cast.wei).id], cast.su)
    with pytest.raises(RuleBroken, match="at least one"):
        handed(db, [], cast.su)
    assert list(broken_ledgers(db)) == []


def test_what_was_given_back_out_of_the_hand_goes_along(db: Session, cast: Cast) -> None:
    order = owing(db, cast)
    first, second = paid(db, order, "300", cast.wang), paid(db, order, "50", cast.wang)
    refund(db, first.id, amount=Decimal(80), reason="x", device="desk", by=cast.wang, at=AT)
    with pytest.raises(RuleBroken, match="no cash"):
        handed(db, [second.id], cast.wang)
    assert handed(db, [first.id], cast.wang).declared == 220
    with pytest.raises(RuleBroken, match="not there to be given back"):
        refund(db, first.id, amount=Decimal(100), reason="x", device="desk", by=cast.wang, at=AT)


def test_a_receipt_that_arrives_after_its_hand_in_waits_for_the_next(db: Session, cast: Cast) -> None:
    order = owing(db, cast)
    made = handed(db, [paid(db, order, "300", cast.su).id], cast.su)
    confirmed(db, made.id, {"100": 3}, cast.qian)
    late = paid(db, order, "45", cast.su)
    assert [row.id for row in receipts_in_hand(db, cast.su.id or 0)] == [late.id]
    (holding,) = held_in(db, at=AT, branch_id=cast.sz)
    assert (holding.cash, holding.waiting, holding.since) == (45, 0, AT)


# --- two at once


def handed_300(cast: Cast) -> tuple[int, int, HandIn]:
    """A committed hand-in of 300 yuan by the manager: order, receipt, hand-in."""
    with transaction() as session:
        order = owing(session, cast)
        receipt = paid(session, order, "300", cast.wang)
        return order.id, receipt.id, handed(session, [receipt.id], cast.wang)


@pytest.mark.parametrize("attempt", range(3))
@pytest.mark.usefixtures("database")
def test_two_clerks_confirm_one_hand_in(cast: Cast, attempt: int) -> None:
    _, _, made = handed_300(cast)
    answers = at_once(*(lambda s: confirmed(s, made.id, {"100": 3}, cast.qian).status for _ in range(2)))
    assert sorted(type(answer).__name__ for answer in answers) == ["Conflict", "str"]
    with transaction() as session:
        assert balance(session, "cash_desk", branch_id=cast.sz) == 300
        assert list(broken_ledgers(session)) == []


@pytest.mark.parametrize("attempt", range(3))
@pytest.mark.usefixtures("database")
def test_a_refund_and_a_hand_in_of_the_same_cash(cast: Cast, attempt: int) -> None:
    with transaction() as session:
        order = owing(session, cast)
        receipt = paid(session, order, "300", cast.wang)

    def back(session: Session) -> str:
        return refund(session, receipt.id, amount=Decimal(200), reason="x", device="desk", by=cast.wang, at=AT).number

    answers = at_once(back, lambda s: hand_in(s, [receipt.id], by=cast.wang, at=AT).declared)
    with transaction() as session:
        held, promised = balance(session, "cash_in_hand", person_id=cast.wang.id or 0), promised_cash(session, cast.wang.id or 0)
        assert (held, promised) in [(100, 100), (300, 300)], answers
        assert list(broken_ledgers(session)) == []


@pytest.mark.parametrize("attempt", range(3))
@pytest.mark.usefixtures("database")
def test_a_receipt_arrives_while_its_hand_in_is_confirmed(cast: Cast, attempt: int) -> None:
    order_id, _, made = handed_300(cast)
    with transaction() as session:
        order = session.get_one(Order, order_id)
    answers = at_once(
        lambda s: confirmed(s, made.id, {"100": 3}, cast.qian).number,
        lambda s: paid(s, order_of(s, order), "45", cast.wang).number,
        lambda s: paid(s, order_of(s, order), "5", cast.su).number,
    )
    assert all(isinstance(answer, str) for answer in answers), answers
    with transaction() as session:
        assert balance(session, "cash_in_hand", person_id=cast.wang.id or 0) == 45
        numbers = session.scalar(sa.text("SELECT count(*) FROM voucher"))
        assert numbers == 5 and list(broken_ledgers(session)) == []
