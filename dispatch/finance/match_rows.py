"""Reading what is open for matching, and writing many matches in one stream."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.customers.models import Customer
from dispatch.fees.deposit_models import DepositedHandIn
from dispatch.fees.ledger_models import HandIn
from dispatch.fees.models import Receipt
from dispatch.fees.settling_models import AccountPayment
from dispatch.finance.match_models import LineMatch, MatchItem, MatchPart
from dispatch.finance.match_rules import LESS_FEE, TO_MATCH, ZERO, Sums, in_fen
from dispatch.finance.matching.facts import Found, OpenItem, OpenLine
from dispatch.finance.matching.proposing import Key
from dispatch.finance.models import StatementLine
from dispatch.orders.models import Order
from dispatch.staff.models import Branch

_MATCH = (
    *("id", "branch_id", "channel", "state", "way", "confidence", "run_id", "at", "amount", "fee", "difference", "why"),
    *("by_id", "by_name", "decided_at"),
)
PIECE = 2_000
_ESCAPED = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_PART = ("match_id", "nth", "line_id", "item_id", "live")


@dataclass(frozen=True)
class Open:
    """What is open for a branch's statements: its lines with their fees, and the money of all branches."""

    lines: Sequence[OpenLine]
    items: Sequence[OpenItem]
    fees: Mapping[int, Decimal | None]


def open_for(session: Session, branch_id: int) -> Open:
    """What matching looks at: the lines of the branch's statements that are open, under their locks, and what of ours is."""
    line = StatementLine
    columns = (line.id, line.channel, line.kind, line.at, line.amount, line.branch_id, line.receipt, line.reference)
    day = _day(line, "bank")
    query = sa.select(*columns, line.party, line.note, day, line.fee).where(line.branch_id == branch_id, line.state == "open")
    query = query.join(Branch, Branch.id == line.branch_id)
    rows: Sequence[Any] = session.execute(query.order_by(line.id).with_for_update(of=line)).all()
    lines, fees = [OpenLine(*row[:11]) for row in rows], {row[0]: row[11] for row in rows}
    return Open(lines, _items(session) if lines else [], fees)


def _day(table: Any, channel: str) -> sa.ColumnElement[date | None]:
    """SQL: the branch's day of what came by a channel; of other channels nobody asks for it."""
    return sa.case((table.channel == channel, sa.cast(sa.func.timezone(Branch.zone, table.at), sa.Date)))


def _items(session: Session) -> list[OpenItem]:
    item = MatchItem
    query = (
        sa.select(
            *(item.id, item.channel, item.at, item.amount, item.branch_id, item.number),
            *(item.other, item.bank_deposit_id, item.reference, item.payer, Customer.name, _day(item, "pos")),
        )
        .join(Branch, Branch.id == item.branch_id)
        .outerjoin(AccountPayment, AccountPayment.id == item.account_payment_id)
        .outerjoin(Receipt, Receipt.id == sa.func.coalesce(item.receipt_id, AccountPayment.receipt_id))
        .outerjoin(Order, Order.id == Receipt.order_id)
        .outerjoin(Customer, Customer.id == Order.customer_id)
        .where(item.state.in_(TO_MATCH))
        .order_by(item.id)
    )
    marks = _hand_ins(session)
    found = []
    rows = session.execute(query)
    for id_, channel, at, amount, branch_id, number, other, deposit_id, reference, payer, customer, day in rows:
        others = (*((other,) if other else ()), *marks.get(deposit_id or 0, ()))
        people = tuple(name for name in (payer, customer) if name)
        found.append(OpenItem(id_, channel, at, amount, branch_id, number, others, reference, people, day))
    return found


def _hand_ins(session: Session) -> dict[int, list[str]]:
    """The numbers of the hand-ins in each deposit that is open."""
    query = sa.select(DepositedHandIn.deposit_id, HandIn.number).join(HandIn, HandIn.id == DepositedHandIn.hand_in_id)
    waiting = sa.select(MatchItem.bank_deposit_id).where(MatchItem.state.in_(TO_MATCH), MatchItem.bank_deposit_id.is_not(None))
    found: dict[int, list[str]] = {}
    for deposit_id, number in session.execute(query.where(DepositedHandIn.deposit_id.in_(waiting))):
        found.setdefault(deposit_id, []).append(number)
    return found


def refused(session: Session, branch_id: int) -> set[Key]:
    """What somebody declined or undid: nobody is asked that again."""
    keys = _keys(session, sa.and_(LineMatch.branch_id == branch_id, LineMatch.state.in_(("declined", "undone"))))
    return {(lines, items) for _, lines, items in keys.values()}


def proposed_keys(session: Session, branch_id: int) -> dict[tuple[str, *Key], int]:
    """What is proposed: way, lines and items -> the match."""
    found = _keys(session, sa.and_(LineMatch.branch_id == branch_id, LineMatch.state == "proposed"))
    return {key: match_id for match_id, key in found.items()}


def _keys(session: Session, which: sa.ColumnElement[bool]) -> dict[int, tuple[str, *Key]]:
    part = MatchPart
    lines = sa.func.array_agg(part.line_id).filter(part.line_id.is_not(None))
    items = sa.func.array_agg(part.item_id).filter(part.item_id.is_not(None))
    query = sa.select(LineMatch.id, LineMatch.way, lines, items).join(part, part.match_id == LineMatch.id).where(which)
    rows: sa.Result[*tuple[Any, ...]] = session.execute(query.group_by(LineMatch.id))
    return {match_id: (way, tuple(sorted(mine or ())), tuple(sorted(ours or ()))) for match_id, way, mine, ours in rows}


def fates_of(session: Session, numbers: Collection[str]) -> dict[str, str]:
    """What became of the money that lines name: its state, by number."""
    named = sa.cast(list(numbers), sa.ARRAY(sa.Text))
    item = MatchItem
    query = sa.select(item.number, sa.func.min(item.state)).where(item.number == sa.any_(named)).group_by(item.number)
    return dict(session.execute(query).all())


def held(session: Session, table: type[StatementLine] | type[MatchItem], ids: Collection[int]) -> dict[int, str]:
    """The states of lines or items under their locks, taken in the order of their ids.

    Whoever only names them in a proposal of his own does not wait for that: he may hold a match that is wanted next.
    """
    wanted = sa.cast(sorted(ids), sa.ARRAY(sa.BigInteger))
    query = sa.select(table.id, table.state).where(table.id == sa.any_(wanted)).order_by(table.id)
    return dict(session.execute(query.with_for_update(key_share=True)).all()) if ids else {}


@dataclass(frozen=True)
class Marked:
    """What matches are written with: state, run, and who decided when."""

    state: str
    run_id: int | None = None
    by_id: int | None = None
    by_name: str | None = None
    decided_at: datetime | None = None


def write(session: Session, branch_id: int, there: Open, found: Sequence[Found], marked: Marked) -> None:
    """Write matches of what is open in two streams: hundred thousand one by one would take a minute."""
    first = _ids(session, len(found))
    lines, items = {each.id: each for each in there.lines}, {each.id: each for each in there.items}
    heads = ([id_, branch_id, *_said(each, lines, items, there.fees, marked)] for id_, each in zip(first, found, strict=True))
    _copy(session, "line_match", _MATCH, heads)
    live = marked.state == "live"
    _copy(session, "match_part", _PART, (row for id_, each in zip(first, found, strict=True) for row in _parts(id_, each, live)))


def _copy(session: Session, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Send rows in the text of COPY itself: that is three times as fast as having each value adapted."""
    raw = session.connection().connection.driver_connection
    assert raw is not None
    with raw.cursor() as cursor, cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as stream:
        left = iter(rows)
        while piece := list(itertools.islice(left, PIECE)):
            stream.write("".join(map(_as_text, piece)))


def _as_text(row: Sequence[Any]) -> str:
    return "\t".join("\\N" if value is None else str(value).translate(_ESCAPED) for value in row) + "\n"


def _ids(session: Session, count: int) -> list[int]:
    given = sa.text("SELECT nextval(pg_get_serial_sequence('line_match', 'id')) FROM generate_series(1, :count)")
    return list(session.scalars(given, {"count": count}))


def _said(
    each: Found,
    lines: Mapping[int, OpenLine],
    items: Mapping[int, OpenItem],
    fees: Mapping[int, Decimal | None],
    marked: Marked,
) -> Iterable[Any]:
    first = lines[each.lines[0]]
    amount = sum((lines[id_].amount for id_ in each.lines), ZERO)
    rest = amount - sum((items[id_].amount for id_ in each.items), ZERO)
    fee = sum((in_fen(fees[id_]) for id_ in each.lines), ZERO)
    why = "fee" if each.way in LESS_FEE and rest else None
    head = (first.channel, marked.state, each.way, each.confidence, marked.run_id, first.at, amount, fee, rest, why)
    return (*head, marked.by_id, marked.by_name, marked.decided_at)


def _parts(match_id: int, each: Found, live: bool) -> Iterable[list[Any]]:
    for nth, id_ in enumerate(each.lines):
        yield [match_id, nth, id_, None, live]
    for nth, id_ in enumerate(each.items, start=len(each.lines)):
        yield [match_id, nth, None, id_, live]


def sums_of(session: Session, branch_id: int, matches: sa.ColumnElement[bool]) -> Sums:
    """What matches of one branch come to, as it is booked: those that move no money of ours count nothing."""
    found = Sums(branch_id)
    booked = sa.and_(matches, sa.func.coalesce(LineMatch.why, "").not_in(("cancels", "elsewhere", "underway")))
    part = sa.select(MatchPart.match_id).join(LineMatch, LineMatch.id == MatchPart.match_id).where(booked)
    line, item = StatementLine, MatchItem
    lines = part.join(line, line.id == MatchPart.line_id).group_by(line.channel)
    fee = sa.func.coalesce(line.fee, 0)
    figures: Any = (sa.func.sum(line.amount), sa.func.sum(sa.func.round(fee, 2)), sa.func.sum(fee))
    for channel, amount, fees, told in session.execute(lines.with_only_columns(line.channel, *figures)):
        found.lines[channel], found.fees[channel], found.told[channel] = amount, fees, told
    items = part.join(item, item.id == MatchPart.item_id).group_by(item.channel, item.branch_id)
    for channel, at_branch, amount in session.execute(
        items.with_only_columns(item.channel, item.branch_id, sa.func.sum(item.amount))
    ):
        found.items[channel, at_branch] = amount
    why = sa.case((LineMatch.why == "payout", sa.func.concat("payout:", LineMatch.payout_channel)), else_=LineMatch.why)
    rest = sa.select(why, LineMatch.channel, sa.func.sum(LineMatch.difference)).where(booked, LineMatch.difference != 0)
    for reason, channel, amount in session.execute(rest.group_by(why, LineMatch.channel)):
        found.rest[reason, channel] = amount
    return found
