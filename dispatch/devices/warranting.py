"""Setting and withdrawing the terms of warranties."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.customers.queries import customer
from dispatch.devices.models import TerminalModel
from dispatch.devices.warranty_models import LONGEST_MONTHS, WarrantyTerm
from dispatch.devices.warranty_rules import STARTS
from dispatch.errors import Conflict, Invalid, NotFound
from dispatch.staff.rules import Actor
from dispatch.tabular.cells import read_date
from dispatch.typed import Typed
from dispatch.words import Text, say

LONGEST_NUMBER = 40


@dataclass(frozen=True)
class NewTerm:
    """A term as it is to be set: with `contract` for one customer; `model` None for all models."""

    months: int
    starts_with: str
    valid_from: date
    valid_to: date | None = None
    contract: str | None = None
    model: str | None = None


def read_term(texts: Mapping[str, Any], *, contract: bool) -> NewTerm:
    """Texts by field name -> NewTerm; `contract`: it needs a number and may end. Raises Invalid."""
    typed = Typed(texts, longest=LONGEST_NUMBER)
    term = NewTerm(
        months=typed.need("months", _read_months, 0),
        starts_with=typed.choice("starts_with", STARTS, "installation"),
        valid_from=typed.need("valid_from", read_date, date.min),
        valid_to=typed.maybe("valid_to", read_date) if contract else None,
        contract=typed.needed("contract") if contract else None,
        model=typed.line("model") or None,
    )
    if term.valid_to and term.valid_to < term.valid_from:
        typed.errors.setdefault("valid_to", say("This is before its beginning."))
    typed.check()
    return term


def _read_months(text: str) -> int | Text:
    if text.isascii() and text.isdigit() and 1 <= int(text[:6]) <= LONGEST_MONTHS:
        return int(text[:6])
    return say("A whole number from 1 to %(most)s, please.", most=LONGEST_MONTHS)


def set_term(
    session: Session, term: NewTerm, *, customer_id: int | None = None, key: uuid.UUID, by: Actor, at: datetime
) -> WarrantyTerm:
    """Set a term; the same `key` again is the first one. Raises NotFound for another branch's customer, Invalid for an unknown
    model, Conflict (from the database) when another term for the same begins on that day."""
    by.must("price.change")
    if customer_id is not None:
        customer(session, customer_id, by)
    before = session.scalar(sa.select(WarrantyTerm).where(WarrantyTerm.key == key))
    if before is not None:
        return before
    if term.model and session.get(TerminalModel, term.model) is None:
        raise Invalid({"model": say("Choose one of these.")})
    row = WarrantyTerm(
        customer_id=customer_id,
        contract_number=term.contract,
        model=term.model,
        months=term.months,
        starts_with=term.starts_with,
        valid_from=term.valid_from,
        valid_to=term.valid_to,
        key=key,
        by_id=by.id,
        by_name=by.name,
        at=at,
    )
    session.add(row)
    session.flush()
    record(session, _subject(row), "warranty.set", by=by, at=at, detail=_told(row))
    return row


def withdraw_term(session: Session, term_id: int, *, reason: str, by: Actor, at: datetime) -> WarrantyTerm:
    """A term was entered wrongly and counts no more, from now on. Raises NotFound, Invalid without a reason, Conflict."""
    by.must("price.change")
    row = session.get(WarrantyTerm, term_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound
    if row.customer_id is not None:
        customer(session, row.customer_id, by)
    if not reason.strip():
        raise Invalid({"reason": say("Please give a reason.")})
    if row.withdrawn_at is not None:
        raise Conflict(say("%(name)s has withdrawn this term already.", name=row.withdrawn_by_name))
    row.withdrawn_at, row.withdrawn_by_id, row.withdrawn_by_name = at, by.id, by.name
    row.withdrawn_reason = reason.strip()[:200]
    session.flush()
    record(session, _subject(row), "warranty.withdraw", by=by, at=at, detail={"term": row.id, "reason": row.withdrawn_reason})
    return row


def _subject(row: WarrantyTerm) -> tuple[str, int]:
    return ("customer", row.customer_id) if row.customer_id else ("warranty", 1)


def _told(row: WarrantyTerm) -> dict[str, Any]:
    named = {"contract": row.contract_number, "model": row.model, "starts_with": row.starts_with}
    days = {"valid_from": row.valid_from.isoformat(), "valid_to": row.valid_to.isoformat() if row.valid_to else None}
    told = {"term": row.id, "months": row.months, **named, **days}
    return {name: value for name, value in told.items() if value is not None}
