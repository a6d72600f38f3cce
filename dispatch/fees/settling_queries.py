"""Reading how the differences of hand-ins were settled, and what of each is still open."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.fees.ledger_models import HandIn, Voucher
from dispatch.fees.settling_models import DifferenceSettlement
from dispatch.fees.settling_rules import Owed


def settled_of(session: Session, hand_in_id: int) -> Decimal:
    """How much of a hand-in's difference is settled, in yuan; never below zero."""
    return _sum(session, DifferenceSettlement.hand_in_id == hand_in_id)


def settled_sum(session: Session, owed: Owed) -> Decimal:
    """The same of any difference."""
    return _sum(session, getattr(DifferenceSettlement, owed.column) == owed.id)


def _sum(session: Session, mine: sa.ColumnElement[bool]) -> Decimal:
    return Decimal(session.scalar(sa.select(sa.func.sum(DifferenceSettlement.amount)).where(mine)) or 0)


def owed_by_hand_in(made: HandIn) -> Owed:
    """The difference of a hand-in as what somebody answers for."""
    facts = (made.number, made.branch_id, made.difference or Decimal(0), made.difference_owner_id, not made.back)
    return Owed("hand_in_id", made.id, "hand_in", *facts)


def open_part(made: HandIn, settled: Decimal) -> Decimal:
    """What is open of a hand-in's difference when so much is settled, with the difference's sign; zero once it is taken back."""
    return owed_by_hand_in(made).open(settled)


def open_parts(session: Session, hand_ins: Iterable[HandIn]) -> dict[int, Decimal]:
    """What is open of each of these hand-ins' differences, by the hand-in's id; those without one are left out."""
    differing = {made.id: made for made in hand_ins if made.difference}
    row = DifferenceSettlement
    sums = sa.select(row.hand_in_id, sa.func.sum(row.amount)).where(row.hand_in_id.in_(differing)).group_by(row.hand_in_id)
    settled = dict(session.execute(sums).all()) if differing else {}
    return {id_: open_part(made, settled.get(id_, Decimal(0))) for id_, made in differing.items()}


@dataclass(frozen=True)
class Settled:
    """One settlement with its voucher's number, and the row that took it back, if any."""

    row: DifferenceSettlement
    voucher: str
    back: DifferenceSettlement | None


def settlements_of(session: Session, hand_in_id: int | None = None, *, match_id: int | None = None) -> list[Settled]:
    """How the difference of a hand-in or a match was settled, in the order in which it happened."""
    row = DifferenceSettlement
    rows = sa.select(row, Voucher.number).join(Voucher, Voucher.difference_settlement_id == row.id)
    found = session.execute(
        rows.where(row.match_id == match_id if match_id else row.hand_in_id == hand_in_id).order_by(row.id)
    ).all()
    backs = {row.reverses_id: row for row, _ in found}
    return [Settled(row, number, backs.get(row.id)) for row, number in found if row.reverses_id is None]
