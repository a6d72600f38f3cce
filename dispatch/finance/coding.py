"""Codes of accounts as finance wants them in its exports: those on a day, and giving an account another one from a day on."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.errors import Invalid
from dispatch.fees.models import LedgerBooks
from dispatch.finance.code_models import AccountCode
from dispatch.finance.code_rules import USUAL, Code
from dispatch.finance.month_rules import Month, month_of
from dispatch.staff.rules import Actor
from dispatch.words import say

MOST_SIGNS = 60


def codes_on(session: Session, day: date) -> dict[tuple[str, str], Code]:
    """The codes that count on a day."""
    rows = sa.select(AccountCode).where(AccountCode.valid_from <= day).order_by(AccountCode.valid_from)
    said = {(row.kind, row.channel): Code(row.code, row.name_zh, row.name_en) for row in session.scalars(rows)}
    return {**USUAL, **said}


def change_code(session: Session, kind: str, channel: str, said: Code, *, valid_from: date, by: Actor, at: datetime) -> None:
    """Give an account another code or name from a day on.

    Raises Invalid for what cannot be one, and for a day of a month that some branch has closed: its export was final.
    """
    by.must("money.confirm")
    if (kind, channel) not in USUAL:
        raise Invalid({"account": say("Choose an account.")})
    wrong = {name: text for name, text in said.__dict__.items() if not text.strip() or len(text) > MOST_SIGNS}
    if wrong:
        raise Invalid({name: say("Something short, please; at most %(n)s signs.", n=MOST_SIGNS) for name in wrong})
    _check_not_final(session, month_of(valid_from))
    facts = {"code": said.code.strip(), "name_zh": said.zh.strip(), "name_en": said.en.strip()}
    facts |= {"by_id": by.id, "by_name": by.name, "at": at}  # type: ignore[dict-item]
    row = insert(AccountCode).values(kind=kind, channel=channel, valid_from=valid_from, **facts)
    session.execute(row.on_conflict_do_update(index_elements=["kind", "channel", "valid_from"], set_=facts))
    detail = {"account": f"{kind}:{channel}", "code": said.code.strip(), "from": valid_from.isoformat()}
    record(session, ("account_codes", 0), "account_code.change", by=by, at=at, detail=detail)


def _check_not_final(session: Session, month: Month) -> None:
    closed = session.scalar(sa.select(sa.func.max(LedgerBooks.closed_until)))
    if closed is not None and closed >= month.last:
        raise Invalid({"valid_from": say("%(month)s is closed, and its export was final: choose a later day.", month=str(month))})
