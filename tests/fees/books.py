"""What must hold of the money as it is committed, however it came there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.fees.deposit_models import BankDeposit, DepositedHandIn
from dispatch.fees.ledger_models import CAUSES, Account, HandIn, HandInBack, HandInReceipt, Posting, Voucher
from dispatch.fees.ledger_queries import promised_cash, receipts_in_hand
from dispatch.fees.models import Charge, Receipt
from dispatch.fees.settling_models import AccountPayment, DifferenceSettlement
from dispatch.finance.match_models import LineMatch, MatchItem, MatchPart
from dispatch.finance.match_rules import UNBOOKED
from dispatch.finance.models import StatementLine
from dispatch.finance.owed_queries import left_of, settled_part
from tests.fees.money import sums_agree

Row = Charge | Receipt | HandIn | HandInBack | DifferenceSettlement | AccountPayment | BankDeposit
TABLES: tuple[type[Row], ...] = (Charge, Receipt, HandIn, HandInBack, DifferenceSettlement, AccountPayment, BankDeposit)


@dataclass
class Written:
    """What people were told is done: rows by table, and each hand-in as often as it was settled."""

    rows: dict[type, set[int]] = field(default_factory=lambda: {table: set() for table in TABLES})
    settled: list[int] = field(default_factory=list)

    def add(self, rows: Iterable[Row]) -> None:
        for row in rows:
            self.rows[type(row)].add(row.id)
            if isinstance(row, HandIn) and row.status != "handed":
                self.settled.append(row.id)


# Questions that are asked after each of a thousand steps, and put into words once.


def _by(kind: Any, amount: Any) -> sa.Select[Any]:
    return sa.select(kind, sa.func.sum(amount)).group_by(kind)


def _doubles(column: Any, *where: Any) -> sa.Select[Any]:
    """What stands in a column more than once, as text."""
    there = sa.select(sa.cast(column, sa.Text)).where(column.is_not(None), *where)
    return there.group_by(column).having(sa.func.count() > 1)


ROWS = {table: sa.select(table.id) for table in TABLES}  # type: ignore[attr-defined]
SETTLED = sa.select(HandIn.id).where(HandIn.status != "handed")
ONCE = (Charge.fact_id, Charge.reverses_id, Receipt.fact_id, HandInBack.hand_in_id)
LATER = [
    getattr(each, name) for each in (DifferenceSettlement, AccountPayment, BankDeposit) for name in ("reverses_id", "request_key")
]
DOUBLES = sa.union_all(
    *(_doubles(column) for column in (*ONCE, *LATER, *(getattr(Voucher, cause) for cause in CAUSES))),
    _doubles(HandInReceipt.receipt_id, HandInReceipt.live),
    _doubles(DepositedHandIn.hand_in_id, DepositedHandIn.live),
)


def check_nothing_twice(session: Session, written: Written) -> None:
    """The tables hold what people were told, no more and no less; no fact counts twice, no hand-in was settled twice."""
    for table, told in written.rows.items():
        assert set(session.scalars(ROWS[table])) == told
    assert sorted(written.settled) == sorted(session.scalars(SETTLED))
    assert session.scalars(DOUBLES).all() == []


STANDS = _by(Account.kind, Account.balance)
TAKEN = _by(Receipt.channel, Receipt.amount)
PAID = _by(AccountPayment.channel, AccountPayment.amount)
CHARGED = sa.select(sa.func.sum(Charge.amount))
BANKED = sa.select(sa.func.sum(BankDeposit.amount))
_matched = sa.and_(LineMatch.state == "live", sa.func.coalesce(LineMatch.why, "").not_in(UNBOOKED))
_parts = sa.select(MatchPart).join(LineMatch, LineMatch.id == MatchPart.match_id).where(_matched)
_fee = sa.func.round(sa.func.coalesce(StatementLine.fee, 0), 2)
LINES = _parts.join(StatementLine, StatementLine.id == MatchPart.line_id).with_only_columns(
    *(sa.func.coalesce(sa.func.sum(each), 0) for each in (StatementLine.amount, _fee))
)
ITEMS = (
    _parts.join(MatchItem, MatchItem.id == MatchPart.item_id)
    .group_by(MatchItem.channel)
    .with_only_columns(MatchItem.channel, sa.func.sum(MatchItem.amount))
)
RESTS = _by(LineMatch.why, LineMatch.difference).where(_matched, LineMatch.why.is_not(None))
OWED = sa.select(sa.func.sum(left_of(LineMatch.difference, settled_part(LineMatch.id)))).where(_matched, LineMatch.why == "owed")


def check_places(session: Session) -> None:
    """Every balance is the sum of its postings; every fen that was charged, taken, banked or matched stands where it should."""
    sums_agree(session)
    stands, taken, paid = (
        {kind: Decimal(total) for kind, total in session.execute(each).all()} for each in (STANDS, TAKEN, PAID)
    )
    matched, rests, (lines, fees) = *(dict(session.execute(each).all()) for each in (ITEMS, RESTS)), session.execute(LINES).one()
    at_bank = sum(stands.pop(kind, Decimal(0)) for kind in ("bank", "at_channel", "rounding"))
    banked = (session.scalar(BANKED) or 0) - matched.pop("cash", 0) + lines - fees
    assert at_bank == banked - sum(rests.get(why, 0) for why in ("rounding", "payout"))
    assert stands.pop("channel_fee", 0) == fees - rests.get("fee", 0)
    charged = session.scalar(CHARGED) or Decimal(0)
    wanted = {
        "receivable": charged - sum(taken.values()),
        "on_account": taken.pop("account", Decimal(0)) - sum(paid.values()),
        "cash": taken.pop("cash", Decimal(0)) + paid.pop("cash", Decimal(0)),
        "clearing": sum(taken.values(), Decimal(0)) + sum(paid.values()) - sum(matched.values()),
        "earned": -charged,
    }
    cash = sum(stands.pop(kind, Decimal(0)) for kind in ("cash_in_hand", "cash_desk", "difference", "written_off"))
    cash += (session.scalar(BANKED) or 0) + sum(rests.get(why, 0) for why in ("owed", "written_off"))
    earned = stands.pop("income") + stands.pop("tax")
    assert {"on_account": 0, "clearing": 0, **stands, "cash": cash, "earned": earned} == wanted


_settled_by = _by(DifferenceSettlement.hand_in_id, DifferenceSettlement.amount.label("sum")).subquery()
DIFFERENCES = (
    sa.select(HandIn.difference, sa.func.coalesce(_settled_by.c[1], 0))
    .outerjoin(_settled_by, _settled_by.c.hand_in_id == HandIn.id)
    .where(HandIn.difference != 0, ~HandIn.back.has())
)
ON_DIFFERENCES = sa.select(sa.func.sum(Account.balance)).where(Account.kind == "difference")


def check_differences(session: Session) -> None:
    """What stands on the differences is what is open of the hand-ins that stand, and what matching left to somebody."""
    open_ = sum(
        (-difference - total if difference < 0 else total - difference)
        for difference, total in session.execute(DIFFERENCES).all()
    )
    assert (session.scalar(ON_DIFFERENCES) or 0) == open_ - (session.scalar(OWED) or 0)


IN_HAND = sa.select(Account.person_id, Account.balance).where(Account.kind == "cash_in_hand")
LOOSE = (
    sa.select(Account.person_id, sa.func.sum(Receipt.amount))
    .select_from(Receipt)
    .join(Voucher, Voucher.receipt_id == Receipt.id)
    .join(Posting, Posting.voucher_id == Voucher.id)
    .join(Account, sa.and_(Account.id == Posting.account_id, Account.kind == "cash_in_hand"))
    .where(~sa.exists().where(HandInReceipt.receipt_id == Receipt.id, HandInReceipt.live))
    .group_by(Account.person_id)
)
WAITS = _by(HandIn.person_id, HandIn.declared).where(HandIn.status == "handed")


def check_hands(session: Session) -> None:
    """What stands in each hand are its receipts that are in no hand-in, and those that wait to be counted."""
    sums: Counter[int] = Counter(dict(session.execute(LOOSE).all()))
    sums.update(dict(session.execute(WAITS).all()))
    assert {who: balance for who, balance in session.execute(IN_HAND).all() if balance} == {
        who: sums[who] for who in sums if sums[who]
    }


_given_back = sa.select(Receipt.refunds_id, sa.func.sum(-Receipt.amount).label("sum")).group_by(Receipt.refunds_id).subquery()
OVER = (
    sa.select(Receipt.number).join(_given_back, _given_back.c.refunds_id == Receipt.id).where(_given_back.c.sum > Receipt.amount)
)


def check_refunds(session: Session) -> None:
    """No receipt gave back more than it took."""
    assert session.scalars(OVER).all() == []


def check_receipts_in_hand(session: Session) -> None:
    """The same by what the pages show."""
    for person_id, balance in session.execute(IN_HAND).all():
        loose = sum(receipt.amount for receipt in receipts_in_hand(session, person_id))
        assert balance == loose + promised_cash(session, person_id)


RUNNING = sa.select(Voucher.running).order_by(Voucher.id)
NUMBERS = [sa.select(table.number).order_by(table.id) for table in (HandIn, BankDeposit)]


def check_numbers(session: Session) -> None:
    """Vouchers, hand-ins and deposits are numbered without a gap, in the order in which they were written."""
    running = session.scalars(RUNNING).all()
    assert list(running) == list(range(1, len(running) + 1))
    for each in NUMBERS:
        numbers = session.scalars(each).all()
        assert [int(number.rpartition("-")[2]) for number in numbers] == list(range(1, len(numbers) + 1))
