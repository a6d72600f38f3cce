"""Statements on record, line by line as a test says them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.fees.models import Receipt
from dispatch.files.models import StoredFile
from dispatch.finance.match_explaining import Explained
from dispatch.finance.match_models import MatchItem
from dispatch.finance.models import Statement, StatementLine
from dispatch.finance.statements.lines import Line, totals
from dispatch.staff.rules import Actor
from tests.conftest import AT, Cast

_numbers = itertools.count(1)


def explained(lines: list[int], items: list[int], why: str, **facts: Any) -> Explained:
    """What somebody says of lines and items."""
    return Explained(frozenset(lines), frozenset(items), why, facts.pop("words", "核实过"), **facts)


def item_of(session: Session, receipt: Receipt) -> MatchItem:
    """A receipt as statements should show it."""
    return session.scalars(sa.select(MatchItem).where(MatchItem.receipt_id == receipt.id)).one()


def said(session: Session, cast: Cast, channel: str, *lines: tuple[str, str | None, dict[str, Any]]) -> list[int]:
    """A statement with these lines: amount, our number and what else is known (fee, kind, at, party, note, reference)."""
    made, number = _statement(session, cast.qian, channel, lines)
    rows = [_row(made, row, f"{number}:{row}", *each) for row, each in enumerate(lines, start=1)]
    session.add_all(rows)
    session.flush()
    return [row.id for row in rows]


def line_of(session: Session, by: Actor, channel: str, amount: str, receipt: str | None, facts: dict[str, Any]) -> int:
    """A statement of one line."""
    made, number = _statement(session, by, channel, [(amount, receipt, facts)])
    row = _row(made, 1, f"{number}:1", amount, receipt, facts)
    session.add(row)
    session.flush()
    return row.id


def _statement(
    session: Session, by: Actor, channel: str, lines: Sequence[tuple[str, str | None, dict[str, Any]]]
) -> tuple[Statement, int]:
    number = next(_numbers)
    file = StoredFile(sha256=f"{number:064d}", media_type="text/csv", size=1, created_at=AT)
    session.add(file)
    session.flush()
    kinds = [(facts.get("kind", "payment"), facts.get("fee")) for _, _, facts in lines]
    read = [
        Line(1, AT, kind, Decimal(amount), Decimal(fee) if fee else None, receipt, None, None, None, "")
        for (amount, receipt, _), (kind, fee) in zip(lines, kinds, strict=True)
    ]
    kept = totals(read) | {"kinds": {}}
    times = {"first_at": AT, "last_at": AT, "heard_at": AT, "at": AT}
    facts = {"file_name": f"{number}.csv", "file_hash": file.sha256, "state": "kept", "channel": channel, "account": "1"}
    made = Statement(**facts, totals=kept, taken=kept, **times, by_id=by.id, by_name=by.name, branch_id=by.branch_id)
    session.add(made)
    session.flush()
    return made, number


def _row(made: Statement, row: int, key: str, amount: str, receipt: str | None, facts: dict[str, Any]) -> StatementLine:
    given = {"kind": "payment", "at": AT, "receipt": receipt, **facts}
    fee = Decimal(given.pop("fee")) if "fee" in given else None
    place = {"statement_id": made.id, "branch_id": made.branch_id, "channel": made.channel, "account": made.account}
    return StatementLine(**place, row=row, key=key, amount=Decimal(amount), fee=fee, **given)
