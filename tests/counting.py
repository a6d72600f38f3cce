"""How many statements a page sends to the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.orders.queries import decisions_for
from dispatch.staff.rules import Actor


@contextmanager
def queries() -> Iterator[list[str]]:
    """The statements that any engine carries out within the block."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)


def waiting_count(session: Session, by: Actor, *, at: datetime | None = None) -> int:
    """How many decisions wait for somebody, as the frame of each page counts them."""
    return session.scalar(sa.select(decisions_for(by, at=at))) or 0
