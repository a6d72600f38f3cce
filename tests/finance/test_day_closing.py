"""Days of a branch closed, locked and reopened on a real database; two at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from dispatch.audit.queries import broken_chains
from dispatch.db import transaction
from dispatch.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal, RuleBroken
from dispatch.fees.ledger_check import broken_ledgers
from dispatch.fees.models import LedgerBooks, Receipt, Voucher
from dispatch.fees.operations import take_back_hand_in
from dispatch.finance.code_rules import Code
from dispatch.finance.coding import change_code, codes_on
from dispatch.finance.day_check import broken_days
from dispatch.finance.day_closing import close_day, reopen_day
from dispatch.finance.day_models import DayClose
from dispatch.finance.day_queries import closed_until, open_days
from dispatch.finance.models import MatchItem
from dispatch.finance.month_queries import worked
from dispatch.finance.month_rules import Month
from dispatch.finance.queries import day_rows
from dispatch.staff.models import Branch
from tests.conftest import AT, Cast
from tests.fees.building import paid
from tests.fees.money import confirmed, handed, owing, settled
from tests.racing import at_once

DAY = date(2026, 12, 2)
"""The branch's day of AT."""
NEXT = DAY + timedelta(days=1)
LATER = AT + timedelta(days=1)
REASON = {"reason": "补记一笔现金"}


def matched(session: Session) -> None:
    """Statements show all that came through channels."""
    session.execute(sa.update(MatchItem).values(state="matched"))


def booked(session: Session, receipt: Receipt) -> tuple[date, bool]:
    """The accounting day of a receipt, and whether it came late."""
    row = session.execute(sa.select(Voucher.booked_on, Voucher.late).where(Voucher.receipt_id == receipt.id)).one()
    return row.booked_on, row.late


def test_a_day_is_closed_locked_reopened_and_closed_again(db: Session, cast: Cast) -> None:
    order = owing(db, cast)
    first = handed(db, [paid(db, order, "300", cast.su).id], cast.su)
    paid(db, order, "100", cast.wei, channel="wechat")
    with pytest.raises(RuleBroken, match=r"2026-12-02 cannot be closed, .*苏杰 ¥300.00 \(JK-SZ-2026-0001\)"):
        close_day(db, cast.sz, DAY, by=cast.qian, at=LATER)
    confirmed(db, first.id, {"100": 2, "50": 1}, cast.qian, reason="少一张", owner_id=cast.su.id)
    with pytest.raises(RuleBroken, match=r"苏杰 ¥50.00"):
        close_day(db, cast.sz, DAY, by=cast.qian, at=LATER)
    settled(db, first.id, "50", cast.qian)
    with pytest.raises(NotAllowed):
        close_day(db, cast.sz, DAY, by=cast.wang, at=LATER)
    with pytest.raises(NotFound):
        close_day(db, 999, DAY, by=cast.qian, at=LATER)
    with pytest.raises(RuleBroken, match="has not come yet"):
        close_day(db, cast.sz, DAY + timedelta(days=5), by=cast.qian, at=LATER)
    with pytest.raises(RuleBroken, match=r"¥100.00 \(RSZ000051\)"):
        close_day(db, cast.sz, DAY, by=cast.qian, at=LATER)
    matched(db)
    (row,) = close_day(db, cast.sz, DAY, by=cast.qian, at=LATER)
    assert row.figures["ledger"]["collected"] == {"cash": "300.00", "wechat": "100.00"} and row.figures["vouchers"] == 5
    assert row.figures["ledger"]["balances"] == {"cash_desk": "300.00", "clearing": "100.00"}
    with pytest.raises(Conflict, match="钱敏 has closed 2026-12-02 already"):
        close_day(db, cast.sz, DAY, by=cast.qian, at=LATER)

    late = paid(db, order, "80", cast.su, at=AT + timedelta(minutes=5), recorded_at=LATER)
    assert booked(db, late) == (NEXT, True) and late.at == AT + timedelta(minutes=5)
    (after,) = day_rows(db, branch_id=cast.sz, since=NEXT, until=NEXT)
    assert after.collected == 80 and open_days(db, cast.sz, DAY, NEXT) == [(NEXT, 1)]
    stale = {"number": "PZ-X", "booked_on": DAY, "running": 99, "receipt_id": None, "charge_id": None}
    whole = sa.select(Voucher.__table__).where(Voucher.receipt_id == late.id)
    with pytest.raises(IntegrityError, match="closed"), db.begin_nested():
        db.execute(sa.insert(Voucher).values({**db.execute(whole).mappings().one(), "id": 9999, **stale}))
    with pytest.raises(sa.exc.DBAPIError), db.begin_nested():
        db.execute(sa.update(DayClose).values(figures={}))

    with pytest.raises(RuleBroken, match="2026-12-03 comes first"):
        close_day(db, cast.sz, NEXT + timedelta(days=1), by=cast.qian, at=LATER + timedelta(days=2))
    (second,) = close_day(db, cast.sz, NEXT, by=cast.qian, at=LATER)
    assert second.prev_hash == row.hash and second.figures["late"] == 1
    with pytest.raises(NotAllowed):
        reopen_day(db, cast.sz, NEXT, by=cast.qian, at=LATER, **REASON)
    with pytest.raises(Invalid):
        reopen_day(db, cast.sz, NEXT, reason=" ", by=cast.chen, at=LATER)
    with pytest.raises(RuleBroken, match="Later days first: 2026-12-03"):
        reopen_day(db, cast.sz, DAY, by=cast.chen, at=LATER, **REASON)
    for day in (NEXT, DAY):
        reopen_day(db, cast.sz, day, by=cast.chen, at=LATER, **REASON)
    with pytest.raises(Conflict, match="is open"):
        reopen_day(db, cast.sz, DAY, by=cast.chen, at=LATER, **REASON)
    assert closed_until(db, cast.sz) is None and list(broken_days(db)) == []
    assert booked(db, paid(db, order, "20", cast.su)) == (DAY, False)
    close_day(db, cast.sz, DAY, by=cast.qian, at=LATER)
    assert list(broken_days(db)) == [] and list(broken_ledgers(db)) == [] and list(broken_chains(db)) == []


def test_quiet_days_are_closed_along_and_the_check_finds_what_was_changed(db: Session, cast: Cast) -> None:
    paid(db, owing(db, cast), "300", cast.su, channel="wechat")
    matched(db)
    close_day(db, cast.sz, DAY, by=cast.qian, at=LATER)
    made = close_day(db, cast.sz, DAY + timedelta(days=4), by=cast.qian, at=AT + timedelta(days=5))
    assert [row.day.day for row in made] == [3, 4, 5, 6] and closed_until(db, cast.sz) == date(2026, 12, 6)
    assert made[-1].figures["ledger"]["balances"] == {"clearing": "300.00"} and list(broken_days(db)) == []
    db.execute(sa.text("ALTER TABLE day_close DISABLE TRIGGER append_only"))
    forged = {**made[0].figures, "ledger": {**made[0].figures["ledger"], "received": "7.00"}}
    db.execute(sa.update(DayClose).where(DayClose.id == made[0].id).values(figures=forged))
    db.execute(sa.update(LedgerBooks).values(closed_until=DAY))
    db.expire_all()
    told = [str(sentence) for sentence in broken_days(db)]
    assert len(told) == 3 and "are closed until 2026-12-02" in told[0]
    assert "does not follow" in told[1] and "not those of its vouchers" in told[2]


@pytest.mark.usefixtures("database")
def test_two_close_at_once_and_a_receipt_comes_in_beside(cast: Cast) -> None:
    zhou = replace(cast.zhou, roles=frozenset({"finance"}))
    with transaction() as session:
        order = owing(session, cast)
        paid(session, order, "100", cast.su, channel="wechat")
        matched(session)
    answers = at_once(
        lambda s: close_day(s, cast.sz, DAY, by=cast.qian, at=LATER),
        lambda s: close_day(s, cast.sz, DAY, by=zhou, at=LATER),
        lambda s: paid(s, s.get_one(type(order), order.id), "50", cast.su, recorded_at=LATER),
    )
    refused = [answer for answer in answers if isinstance(answer, Refusal)]
    assert len(refused) == 1 and isinstance(refused[0], Conflict) and "closed 2026-12-02 already" in str(refused[0])
    with transaction() as session:
        (row,) = session.scalars(sa.select(DayClose))
        day, _late = booked(session, answers[2])
        taken = Decimal(row.figures["ledger"]["collected"]["wechat"]), row.figures["ledger"]["collected"].get("cash")
        assert taken == (100, "50.00" if day == DAY else None)
        assert list(broken_days(session)) == [] and list(broken_ledgers(session)) == []


def test_a_month_that_is_closed_keeps_its_codes(db: Session, cast: Cast) -> None:
    bank = Code("100201", "银行存款-招行", "Bank")
    by_day = {"by": cast.qian, "at": LATER}
    close_day(db, cast.sz, date(2026, 11, 30), **by_day)
    for day in (date(2026, 11, 1), date(2026, 10, 31)):
        with pytest.raises(Invalid) as refusal:
            change_code(db, "bank", "", bank, valid_from=day, **by_day)
        assert set(refusal.value.fields) == {"valid_from"}
    close_day(db, cast.sz, DAY, **by_day)
    change_code(db, "bank", "", bank, valid_from=date(2026, 12, 1), **by_day)
    assert codes_on(db, DAY)["bank", ""] == bank, "of a month some days of which are open"


def test_what_is_taken_back_later_changes_no_month_that_was_final(db: Session, cast: Cast) -> None:
    made, branch = handed(db, [paid(db, owing(db, cast), "300", cast.su).id], cast.su), db.get_one(Branch, cast.sz)
    confirmed(db, made.id, {"100": 2, "50": 1}, cast.qian, reason="少一张", owner_id=cast.su.id)
    take_back_hand_in(db, made.id, reason="数错了", by=cast.qian, at=AT + timedelta(days=40))
    months = [worked(db, branch, month, cast.su.id) for month in (Month(2026, 12), Month(2027, 1))]
    assert [(who.handed, who.differences) for (who,) in months] == [(300, -50), (-300, 50)]
