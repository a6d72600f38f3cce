"""Statements on record, line by line as a test says them."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from dispatch.files.models import StoredFile
from dispatch.finance.models import Statement, StatementLine
from dispatch.finance.statements.lines import Line, totals
from tests.conftest import AT, Cast

_numbers = itertools.count(1)


def said(session: Session, cast: Cast, channel: str, *lines: tuple[str, str | None, dict[str, Any]]) -> list[int]:
    """A statement with these lines: amount, our number and what else is known (fee, kind, at, party, note, reference)."""
    number, at = next(_numbers), datetime.now(UTC)
    file = StoredFile(sha256=f"{number:064d}", media_type="text/csv", size=1, created_at=at)
    session.add(file)
    read = [
        Line(row, AT, "payment", Decimal(amount), None, receipt, None, None, None, f"{number}:{row}")
        for row, (amount, receipt, _) in enumerate(lines, start=1)
    ]
    kept = totals(read) | {"kinds": {}}
    times = {"first_at": AT, "last_at": AT, "heard_at": AT, "at": AT}
    who = {"by_id": cast.qian.id, "by_name": cast.qian.name, "branch_id": cast.sz}
    made = Statement(
        file_name=f"{number}.csv",
        file_hash=file.sha256,
        state="kept",
        channel=channel,
        account="1",
        totals=kept,
        taken=kept,
        **times,
        **who,
    )
    session.add(made)
    session.flush()
    rows = [_row(made, each, facts) for each, (_, _, facts) in zip(read, lines, strict=True)]
    session.add_all(rows)
    session.flush()
    return [row.id for row in rows]


def _row(made: Statement, line: Line, facts: dict[str, Any]) -> StatementLine:
    given = {"kind": line.kind, "at": line.time, "receipt": line.receipt, **facts}
    fee = Decimal(given.pop("fee")) if "fee" in given else None
    place = {"statement_id": made.id, "branch_id": made.branch_id, "channel": made.channel, "account": made.account}
    return StatementLine(**place, row=line.row, key=line.key, amount=line.amount, fee=fee, **given)
