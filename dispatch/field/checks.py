"""Proving what came from the field: facts and signatures are as they were sent, test results are about their own vehicle."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from dispatch.audit.rules import canonical
from dispatch.devices.models import CustodyEntry, Fitting, Holder, Observation
from dispatch.field.models import FieldFact, Signature, TestResult
from dispatch.orders.models import Order, OrderLine
from dispatch.words import Text, say

AT_A_TIME = 500


def broken_facts(session: Session) -> Iterator[Text]:
    """One sentence for each message whose content, or signature whose summary, is not what its hash says, and for each that was
    decided otherwise than the vehicles say."""
    yield from _broken_decisions(session)
    f = FieldFact
    for row in session.execute(sa.select(f.id, f.kind, f.content, f.content_hash).execution_options(yield_per=AT_A_TIME)):
        if hashlib.sha256(canonical([row.kind, row.content])).digest() != row.content_hash:
            yield say("Message %(id)s from the field (%(kind)s) is not what was sent", id=str(row.id), kind=row.kind)
    s = Signature
    query = sa.select(s.id, s.summary, s.summary_hash, Order.number).outerjoin(Order, Order.id == s.order_id)
    for row in session.execute(query.execution_options(yield_per=AT_A_TIME)):
        if hashlib.sha256(canonical(row.summary)).digest() != row.summary_hash:
            yield say(
                "Signature %(id)s of order %(order)s does not stand under what was shown", id=str(row.id), order=row.number or "?"
            )


def _broken_decisions(session: Session) -> Iterator[Text]:
    """Disputed messages that were fitted without a decision, or are said to be entered and were never fitted."""
    fitted = sa.exists().where(Fitting.fact_id == FieldFact.id, Fitting.kind.in_(("install", "swap", "remove")))
    applied = FieldFact.outcome["settled"]["how"].astext.is_not_distinct_from("applied")
    wrong = sa.select(FieldFact.id).where(FieldFact.state == "disputed", fitted != applied).order_by(FieldFact.received_at)
    for id_ in session.scalars(wrong):
        yield say("Message %(id)s from the field and what was fitted by it do not agree", id=str(id_))


def broken_results(session: Session) -> Iterator[Text]:
    """One sentence for each result of a test-run that a terminal proves which was never in the vehicle, or that puts right a
    result of another point or vehicle. That it is about a vehicle of its order the database sees to.
    """
    r, first, numbered = TestResult, aliased(TestResult), sa.select(TestResult.id, Order.number)
    entered = sa.select(CustodyEntry.id).join(Holder, Holder.id == CustodyEntry.to_holder_id)
    was_inside = entered.where(CustodyEntry.unit_id == Observation.unit_id, Holder.vehicle_id == OrderLine.vehicle_id).exists()
    foreign = numbered.join(Observation, Observation.id == r.observation_id).join(OrderLine, OrderLine.id == r.line_id)
    for id_, order in session.execute(foreign.join(Order, Order.id == r.order_id).where(~was_inside).order_by(r.id)):
        yield say(
            "Test result %(id)s of order %(order)s is proven by a terminal that was never in the vehicle", id=id_, order=order
        )
    same = sa.and_(first.line_id == r.line_id, first.item == r.item)
    others = numbered.join(first, first.id == r.corrects_id).join(Order, Order.id == r.order_id).where(~same)
    for id_, order in session.execute(others.order_by(r.id)):
        yield say("Test result %(id)s of order %(order)s puts right one of another point or vehicle", id=id_, order=order)
