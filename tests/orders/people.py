"""People around one order for the state machine of the three tables: how they press, and what they say by word."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

import sqlalchemy as sa
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from sqlalchemy.orm import Session

from dispatch.audit.queries import history
from dispatch.errors import Refusal
from dispatch.orders.models import Approval, Order, Visit
from dispatch.orders.operations.moves import locked_order
from dispatch.orders.operations.verbal import (
    SaidWord,
    approve_by_word,
    confirm_word,
    record_word,
    refuse_word,
    settle_word,
)
from dispatch.orders.operations.visits import NewVisit, plan_visit
from dispatch.orders.verbal_models import VerbalApproval
from dispatch.staff.rules import Actor
from tests.building import approved, repair_order
from tests.conftest import AT, Cast
from tests.orders.building import asks_above

ACTORS = st.sampled_from(["lin", "wang", "chen", "su", "wei", "qian"])
ABOVE = st.sampled_from([(), ("director",), ("finance", "director")])
REASONS = st.sampled_from(["customer asked", "part missing", "", "  "])


class People(RuleBasedStateMachine):
    """The cast around one order, and the approvals they give or claim by word. A refusal leaves no trace."""

    session: Session
    cast: Cast

    @initialize(lines=st.integers(1, 3), decided=st.sampled_from([True, True, True, False]), above=ABOVE)
    def take(self, lines: int, decided: bool, above: tuple[str, ...] = ()) -> None:
        self.nested = self.session.begin_nested()
        if above and not decided:
            asks_above(self.session, self.cast, *above)
        order = repair_order(self.session, self.cast, lines=lines)
        self.order_id, self.at = order.id, AT
        if decided:
            approved(self.session, self.cast, order)
            self.plan_all(order)

    def plan_all(self, order: Order) -> None:
        start = AT + timedelta(hours=1)
        lines = tuple(line.id for line in order.lines)
        new = NewVisit(order.id, self.cast.su.id or 0, start, start + timedelta(minutes=90), lines)
        plan_visit(self.session, new, by=self.cast.lin, at=AT)

    def teardown(self) -> None:
        if hasattr(self, "nested"):
            self.nested.rollback()
            self.session.expire_all()

    def press(self, act: Callable[[Order, datetime], object]) -> None:
        self.at += timedelta(seconds=7)
        before = len(history(self.session, ("order", self.order_id)))
        attempt = self.session.begin_nested()
        try:
            act(locked_order(self.session, self.order_id), self.at)
            self.session.flush()
            attempt.commit()
        except (Refusal, sa.exc.IntegrityError):
            attempt.rollback()
            self.session.expire_all()
            assert len(history(self.session, ("order", self.order_id))) == before, "a refusal left a trace"

    def actor(self, name: str) -> Actor:
        found = getattr(self.cast, name)
        assert isinstance(found, Actor)
        return found

    def some_visit(self, data: st.DataObject) -> int | None:
        visits = self.session.scalars(sa.select(Visit.id).where(Visit.order_id == self.order_id).order_by(Visit.id)).all()
        return data.draw(st.sampled_from(list(visits))) if visits else None

    def newest_step(self) -> int:
        step = self.session.scalar(sa.select(sa.func.max(Approval.id)).where(Approval.order_id == self.order_id))
        return step or 0

    @rule(who=ACTORS, named=ACTORS)
    def decide_by_word(self, who: str, named: str) -> None:
        step, by = self.newest_step(), self.actor(who)
        self.press(
            lambda order, at: approve_by_word(self.session, order.id, self.word(named, at), approval_id=step, by=by, at=at)
        )

    @rule(who=ACTORS, named=ACTORS)
    def allow_by_word(self, who: str, named: str) -> None:
        by = self.actor(who)
        self.press(lambda order, at: record_word(self.session, order.id, self.word(named, at), by=by, at=at))

    def word(self, named: str, at: datetime) -> SaidWord:
        return SaidWord(self.actor(named).id or 0, "phone", at, "first act", uuid.uuid4())

    @rule(who=ACTORS, how=st.sampled_from(["confirm", "refuse", "settle"]), reason=REASONS, data=st.data())
    def answer_for_a_word(self, who: str, how: str, reason: str, data: st.DataObject) -> None:
        words = self.session.scalars(sa.select(VerbalApproval.id).where(VerbalApproval.order_id == self.order_id)).all()
        if words:
            chosen, by = data.draw(st.sampled_from(sorted(words))), self.actor(who)
            self.press(lambda order, at: self.answer(chosen, how, reason, by, at))

    def answer(self, word_id: int, how: str, reason: str, by: Actor, at: datetime) -> None:
        if how == "confirm":
            confirm_word(self.session, word_id, by=by, at=at)
        else:
            {"refuse": refuse_word, "settle": settle_word}[how](self.session, word_id, reason=reason, by=by, at=at)
