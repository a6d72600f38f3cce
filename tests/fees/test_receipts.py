"""Money taken on site and given back: numbers, amounts, and what is left in the trail."""

from __future__ import annotations

import uuid
from datetime import timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.queries import broken_chains, history
from dispatch.errors import Invalid, NotAllowed, NotFound, RuleBroken
from dispatch.fees.models import Receipt, ReceiptBlock
from dispatch.fees.operations import lease_block, next_number, refund
from dispatch.fees.queries import account_of, numbers_without_receipt, open_blocks, receipts_of
from dispatch.orders.models import Order
from dispatch.staff.models import Person
from dispatch.staff.rules import Actor
from tests.conftest import AT, Cast
from tests.fees.building import added, paid, price_list, repair


@pytest.fixture
def order(db: Session, cast: Cast) -> Order:
    """An order at work on which 300 yuan are due."""
    price_list(db, cast)
    made = repair(db, cast)
    added(db, made, "S003", cast.su, quantity=2)
    return made


def lease(session: Session, who: Actor, device: str = "phone", *, size: int = 50) -> ReceiptBlock:
    """A block of numbers for somebody's device."""
    assert who.id is not None
    return lease_block(session, person_id=who.id, device=device, by=who, at=AT, size=size)


def give_back(session: Session, receipt: Receipt, amount: str, who: Actor, *, reason: str = "charged twice") -> Receipt:
    """A refund at the desk."""
    return refund(session, receipt.id, amount=Decimal(amount), reason=reason, device="desk", by=who, at=AT)


def test_part_by_part_until_nothing_is_due(db: Session, cast: Cast, order: Order) -> None:
    first = paid(db, order, "100", cast.su, payer=" 张超敏 ")
    second = paid(db, order, "200.00", cast.su, channel="wechat", reference="420000123")
    assert [r.number for r in receipts_of(db, order.id)] == ["RSZ000001", "RSZ000002"]
    assert (first.payer, second.reference, second.channel) == ("张超敏", "420000123", "wechat")
    account = account_of(db, order.id)
    assert (account.charged, account.received, account.due) == (300, 300, 0)
    with pytest.raises(RuleBroken, match=r"Nothing is due: ¥300\.00 charged, ¥300\.00 received\."):
        paid(db, order, "0.01", cast.su)


def test_more_than_is_due_is_refused_with_the_figures(db: Session, cast: Cast, order: Order) -> None:
    paid(db, order, "100", cast.su)
    sentence = r"¥200\.01 is more than the ¥200\.00 that is due: ¥300\.00 charged, ¥100\.00 received\."
    with pytest.raises(RuleBroken, match=sentence):
        paid(db, order, "200.01", cast.su)
    assert paid(db, order, "200", cast.su, channel="account").reference is None
    assert open_blocks(db, cast.su.id or 0, "phone")[0].used == 2


@pytest.mark.parametrize("amount", ["0", "-5", "1.005", "1e9", "NaN", "Infinity"])
def test_no_amounts(db: Session, cast: Cast, order: Order, amount: str) -> None:
    with pytest.raises(Invalid) as refusal:
        paid(db, order, amount, cast.su)
    assert set(refusal.value.fields) == {"amount"}


def test_who_may_take_money_and_how(db: Session, cast: Cast, order: Order) -> None:
    for person in (cast.lin, cast.chen, cast.root):
        with pytest.raises(NotAllowed):
            paid(db, order, "1", person)
    with pytest.raises(Invalid):
        paid(db, order, "1", cast.su, channel="gold")
    assert paid(db, order, "1", cast.qian, device="desk").by_id == cast.qian.id


def test_the_same_fact_takes_money_once(db: Session, cast: Cast, order: Order) -> None:
    fact = uuid.uuid4()
    first = paid(db, order, "300", cast.su, fact_id=fact)
    assert paid(db, order, "300", cast.su, fact_id=fact) is first and len(receipts_of(db, order.id)) == 1


def test_both_moments_are_kept(db: Session, cast: Cast, order: Order) -> None:
    receipt = paid(db, order, "300", cast.su, at=AT, recorded_at=AT + timedelta(hours=3))
    assert (receipt.at, receipt.recorded_at) == (AT, AT + timedelta(hours=3))
    assert history(db, ("order", order.id), limit=1)[0].at == receipt.recorded_at


# --- numbers


def test_blocks_follow_one_another_within_a_branch(db: Session, cast: Cast) -> None:
    blocks = [lease(db, cast.su), lease(db, cast.wei), lease(db, cast.su, "tablet", size=10)]
    assert [(b.first, b.last, b.used) for b in blocks] == [(1, 50, 0), (51, 100, 50), (101, 110, 100)]
    assert {b.branch_id for b in blocks} == {cast.sz}
    with pytest.raises(NotAllowed):
        lease_block(db, person_id=cast.wei.id or 0, device="phone", by=cast.su, at=AT)
    for size in (0, -1, 1001):
        with pytest.raises(RuleBroken):
            lease(db, cast.su, size=size)


def test_a_used_up_block_is_followed_by_a_new_one(db: Session, cast: Cast) -> None:
    lease(db, cast.su, size=2)
    lease(db, cast.wei)
    numbers = [next_number(db, by=cast.su, device="phone", at=AT)[2] for _ in range(4)]
    assert numbers == ["RSZ000001", "RSZ000002", "RSZ000053", "RSZ000054"]
    assert [(b.first, b.used) for b in open_blocks(db, cast.su.id or 0, "phone")] == [(53, 54)]


def test_numbers_are_those_of_the_branch_one_works_at(db: Session, cast: Cast) -> None:
    assert next_number(db, by=cast.su, device="phone", at=AT)[2] == "RSZ000001"
    db.execute(sa.update(Person).where(Person.id == cast.su.id).values(branch_id=cast.gz))
    db.expire_all()
    assert next_number(db, by=cast.su, device="phone", at=AT)[2] == "RGZ000001"


def test_a_number_given_by_the_device(db: Session, cast: Cast, order: Order) -> None:
    lease(db, cast.wei)
    block = lease(db, cast.su)
    assert paid(db, order, "10", cast.su, number="rsz 000053").number == "RSZ000053" and block.used == 53
    assert numbers_without_receipt(db, cast.sz) == ["RSZ000051", "RSZ000052"]
    assert paid(db, order, "10", cast.su, number="RSZ000051").running == 51 and block.used == 53
    assert paid(db, order, "10", cast.su).number == "RSZ000054"
    assert numbers_without_receipt(db, cast.sz) == ["RSZ000052"]


@pytest.mark.parametrize("number", ["RSZ000001", "RSZ000101", "RGZ000051", "000051", "RSZ51", "RSZ00005１x", "RSZ0000051"])
def test_a_number_of_somebody_else(db: Session, cast: Cast, order: Order, number: str) -> None:
    lease(db, cast.wei)
    lease(db, cast.su)
    lease(db, cast.su, "tablet")
    with pytest.raises(RuleBroken, match="none of the receipt numbers that this device was given"):
        paid(db, order, "10", cast.su, number=number)


def test_a_number_that_was_used(db: Session, cast: Cast, order: Order) -> None:
    lease(db, cast.su)
    fact = uuid.uuid4()
    first = paid(db, order, "10", cast.su, number="RSZ000001", fact_id=fact)
    with pytest.raises(RuleBroken, match=f"RSZ000001 was used already, on order {order.number}"):
        paid(db, order, "10", cast.su, number="RSZ000001", fact_id=uuid.uuid4())
    assert paid(db, order, "10", cast.su, number="RSZ000001", fact_id=fact) is first


def test_a_refused_payment_takes_no_number(db: Session, cast: Cast, order: Order) -> None:
    lease(db, cast.su)
    for number in (None, "RSZ000001"):
        with pytest.raises(RuleBroken):
            paid(db, order, "301", cast.su, number=number)
    assert paid(db, order, "300", cast.su).number == "RSZ000001"


# --- refunds


def test_refunds_by_the_same_channel_up_to_what_was_taken(db: Session, cast: Cast, order: Order) -> None:
    receipt = paid(db, order, "300", cast.su, channel="alipay", payer="张超敏")
    back = give_back(db, receipt, "100", cast.qian)
    assert (back.amount, back.channel, back.payer, back.refunds_id) == (-100, "alipay", "张超敏", receipt.id)
    assert back.number == "RSZ000051" and account_of(db, order.id).due == 100
    with pytest.raises(RuleBroken, match=r"¥200\.01 is more than what is left of RSZ000001: ¥200\.00 of ¥300\.00\."):
        give_back(db, receipt, "200.01", cast.qian)
    give_back(db, receipt, "200", cast.wang)
    with pytest.raises(RuleBroken, match=r"¥0\.00 of ¥300\.00"):
        give_back(db, receipt, "0.01", cast.wang)
    with pytest.raises(RuleBroken, match="cannot be refunded"):
        give_back(db, back, "1", cast.wang)


def test_who_may_refund(db: Session, cast: Cast, order: Order) -> None:
    receipt = paid(db, order, "300", cast.su)
    for person in (cast.su, cast.lin, cast.chen, cast.he):
        with pytest.raises(NotAllowed):
            give_back(db, receipt, "1", person)
    elsewhere = Actor(id=cast.he.id, name="何静", roles=frozenset({"manager"}), branch_id=cast.gz)
    with pytest.raises(NotFound):
        give_back(db, receipt, "1", elsewhere)
    with pytest.raises(Invalid):
        give_back(db, receipt, "1", cast.qian, reason=" ")
    with pytest.raises(Invalid):
        give_back(db, receipt, "0", cast.qian)


# --- the trail


def test_every_act_stands_in_the_trail_with_its_figures(db: Session, cast: Cast, order: Order) -> None:
    receipt = paid(db, order, "300", cast.su, channel="transfer", reference="T-1")
    give_back(db, receipt, "300", cast.qian)
    entries = [(e.action, e.by_name, e.detail) for e in history(db, ("order", order.id), limit=2)]
    assert entries[1][0:2] == ("receipt.take", cast.su.name) and entries[0][0:2] == ("receipt.refund", cast.qian.name)
    assert entries[1][2] == {"receipt": "RSZ000001", "channel": "transfer", "amount": "300.00", "reference": "T-1"}
    assert entries[0][2] == {"receipt": "RSZ000051", "channel": "transfer", "amount": "-300.00", "reason": "charged twice"}
    assert list(broken_chains(db)) == []


def test_the_database_keeps_receipts_as_they_are(db: Session, cast: Cast, order: Order) -> None:
    receipt = paid(db, order, "300", cast.su)
    for change in (sa.update(Receipt).values(amount=1), sa.delete(Receipt).where(Receipt.id == receipt.id)):
        with pytest.raises(sa.exc.DatabaseError), db.begin_nested():
            db.execute(change)
