"""Proving quotations: they come to what the trail says, their numbers have no gaps, charges take what was agreed and no more."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session, selectinload

from dispatch.audit.models import AuditEntry
from dispatch.fees.ledger_models import SeriesCounter
from dispatch.fees.ledger_rules import QUOTE_SERIES, series_number
from dispatch.fees.models import Charge
from dispatch.fees.quote_models import Quotation, QuotationLine
from dispatch.fees.quote_rules import STEPS
from dispatch.fees.rules import yuan
from dispatch.orders.models import Order
from dispatch.staff.models import Branch
from dispatch.words import Text, say

AT_A_TIME = 500


def broken_quotations(session: Session) -> Iterator[Text]:
    """One sentence for each quotation or charge by one with which something is wrong."""
    yield from _other_sums(session)
    yield from _lost_numbers(session)
    yield from _agreed_wrongly(session)
    yield from _charged_wrongly(session)
    yield from _charged_too_much(session)
    yield from _agreed_twice(session)


def _other_sums(session: Session) -> Iterator[Text]:
    """What comes to another sum, or stands otherwise, than the last entry about it in the trail of its order says."""
    told = _last_told().subquery()
    rows = sa.select(Quotation, told.c.action, told.c.detail).outerjoin(told, told.c.about == Quotation.id)
    rows = rows.options(selectinload(Quotation.lines)).order_by(Quotation.id)
    for made, action, detail in session.execute(rows.execution_options(yield_per=AT_A_TIME)):
        if action is None:
            yield say("Quotation %(number)s is not in the trail of its order", number=made.number)
            continue
        now, said = f"{yuan(made.total)}/{yuan(made.given_away)}", f"{detail.get('total')}/{detail.get('away')}"
        if now != said:
            yield say(
                "The lines of quotation %(number)s come to %(now)s, the trail says %(said)s",
                number=made.number,
                now=now,
                said=said,
            )
        if made.state != _state_after(action):
            yield say("Quotation %(number)s stands as %(state)s, the trail says otherwise", number=made.number, state=made.state)


def _last_told() -> sa.Select[int, str, dict[str, object]]:
    a, about = AuditEntry, AuditEntry.detail["quotation"].as_integer().label("about")
    steps = sa.select(about, a.action, a.detail).where(
        a.subject_kind == "order", a.action.in_(f"quote.{step}" for step in ("draft", *STEPS))
    )
    return steps.order_by(about, a.id.desc()).ext(distinct_on(about))


def _state_after(action: str) -> str:
    step = STEPS.get(action.removeprefix("quote."))
    return step.to if step else "draft"


def _lost_numbers(session: Session) -> Iterator[Text]:
    """Numbers that were given out and that no quotation has."""
    c = SeriesCounter
    counted = sa.select(c.year, c.last, Branch.code).join(Branch, Branch.id == c.branch_id).where(c.series == QUOTE_SERIES)
    for year, last, code in session.execute(counted.order_by(Branch.code, c.year)):
        given = [series_number(QUOTE_SERIES, code, year, running) for running in range(1, last + 1)]
        there = set(session.scalars(sa.select(Quotation.number).where(Quotation.number.like(f"{QUOTE_SERIES}-{code}-{year}-%"))))
        for number in sorted(there.symmetric_difference(given)):
            yield say("Quotation %(number)s is missing, or has a number that was never given out", number=number)


def _agreed_wrongly(session: Session) -> Iterator[Text]:
    """Agreed on a day on which it did not hold."""
    late = sa.select(Quotation.number).where(Quotation.agreed_on > Quotation.valid_until)
    for number in session.scalars(late.order_by(Quotation.id)):
        yield say("Quotation %(number)s was agreed after its last day", number=number)


def _charged_wrongly(session: Session) -> Iterator[Text]:
    """Charges by a quotation that nobody has agreed, of another order, or at another price than its line says."""
    line = QuotationLine
    same = sa.and_(Charge.order_id == Quotation.order_id, Charge.code == line.code, Charge.unit_price == line.unit_price)
    rows = sa.select(Charge.id, Quotation.number).join(line, line.id == Charge.quoted_line_id)
    rows = rows.join(Quotation, Quotation.id == line.quotation_id).where(sa.or_(~same, Quotation.agreed_on.is_(None)))
    for charge_id, number in session.execute(rows.order_by(Charge.id)):
        yield say("Charge %(id)s is not as quotation %(number)s has it", id=charge_id, number=number)


def _charged_too_much(session: Session) -> Iterator[Text]:
    """Lines of which more is charged than was quoted, or less than nothing."""
    used = sa.func.sum(Charge.quantity)
    line = QuotationLine
    rows = (
        sa.select(Quotation.number, line.code)
        .join(line, line.quotation_id == Quotation.id)
        .join(Charge, Charge.quoted_line_id == line.id)
    )
    wrong = rows.group_by(Quotation.id, line.id).having(sa.or_(used > line.quantity, used < 0))
    for number, code in session.execute(wrong.order_by(Quotation.id, line.code)):
        yield say("More of %(code)s is charged than quotation %(number)s offers", code=code, number=number)


def _agreed_twice(session: Session) -> Iterator[Text]:
    """Orders of which two agreed quotations charge the same thing."""
    line, charged = QuotationLine, sa.exists().where(Charge.quoted_line_id == QuotationLine.id)
    rows = sa.select(Order.number, line.code).join(Quotation, Quotation.order_id == Order.id)
    rows = rows.join(line, line.quotation_id == Quotation.id).where(Quotation.state == "agreed", charged)
    twice = rows.group_by(Order.id, line.code).having(sa.func.count(sa.distinct(Quotation.id)) > 1)
    for number, code in session.execute(twice.order_by(Order.id, line.code)):
        yield say("Two agreed quotations of order %(number)s charge %(code)s", number=number, code=code)
