"""The three tables as a state machine on a real database: whatever people press, in whatever order, the rules hold."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy.orm import Session

from dispatch.audit.queries import broken_chains, history
from dispatch.errors import Refusal
from dispatch.orders import facts
from dispatch.orders.facts import facts_of
from dispatch.orders.lifecycle import (
    FOLLOWING,
    LINE,
    LINE_SETTLED,
    ORDER,
    TABLES,
    VISIT,
    VISIT_LIVE,
    Named,
    Transition,
    followed_status,
    transition,
    why_not,
)
from dispatch.orders.models import Approval, Order, OrderLine, Visit
from dispatch.orders.operations.approving import approve, reject, submit
from dispatch.orders.operations.moves import locked_order, move_line, move_order, move_visit
from dispatch.orders.operations.verbal import (
    SaidWord,
    approve_by_word,
    confirm_word,
    record_word,
    refuse_word,
    settle_word,
)
from dispatch.orders.operations.visits import NewVisit, cancel_order, change_visit, locked_visit, plan_visit
from dispatch.orders.verbal_models import VerbalApproval
from dispatch.permissions import permissions_of
from dispatch.staff.rules import SYSTEM, Actor
from tests.building import approved, repair_order
from tests.conftest import AT, Cast

ACTORS = st.sampled_from(["lin", "wang", "chen", "su", "wei", "qian"])
REASONS = st.sampled_from(["customer asked", "part missing", "", "  "])
BY_HAND = st.sampled_from([t.action for t in ORDER if t.permission in ("order.plan", "order.close") or t.action == "rework"])
DEAD_ENDS = {"cancel", "abandon", "give_up"}


class Pressing(RuleBasedStateMachine):
    """People press anything at any time; refusals leave no trace, successes keep the invariants."""

    session: Session
    cast: Cast
    taken: set[str]

    @initialize(lines=st.integers(1, 3), decided=st.sampled_from([True, True, True, False]))
    def take(self, lines: int, decided: bool) -> None:
        self.nested = self.session.begin_nested()
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

    @rule(who=ACTORS, yes=st.booleans(), reason=REASONS)
    def decide(self, who: str, yes: bool, reason: str) -> None:
        newest = sa.select(Approval.id).where(Approval.order_id == self.order_id).order_by(Approval.id.desc()).limit(1)
        step, by = self.session.scalars(newest).one(), self.actor(who)
        if yes:
            self.press(lambda order, at: approve(self.session, order.id, approval_id=step, by=by, at=at))
        else:
            self.press(lambda order, at: reject(self.session, order.id, approval_id=step, reason=reason, by=by, at=at))

    @rule(who=ACTORS, named=ACTORS)
    def decide_by_word(self, who: str, named: str) -> None:
        newest = sa.select(Approval.id).where(Approval.order_id == self.order_id).order_by(Approval.id.desc()).limit(1)
        step, by = self.session.scalars(newest).one(), self.actor(who)
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

    @rule(who=ACTORS, action=BY_HAND, reason=REASONS)
    def move_the_order(self, who: str, action: str, reason: str) -> None:
        self.press(lambda order, at: move_order(self.session, order, action, by=self.actor(who), at=at, reason=reason))

    @rule(who=ACTORS)
    def send_for_approval(self, who: str) -> None:
        self.press(lambda order, at: submit(self.session, order, by=self.actor(who), at=at))

    @rule(who=ACTORS, reason=REASONS)
    def cancel(self, who: str, reason: str) -> None:
        self.press(lambda order, at: cancel_order(self.session, order.id, version=None, by=self.actor(who), at=at, reason=reason))

    @rule(who=ACTORS, technician=st.sampled_from(["su", "wei", "zhou", "lin"]), hour=st.integers(0, 5), data=st.data())
    def plan(self, who: str, technician: str, hour: int, data: st.DataObject) -> None:
        ids = self.session.scalars(
            sa.select(OrderLine.id).where(OrderLine.order_id == self.order_id).order_by(OrderLine.id)
        ).all()
        chosen = tuple(data.draw(st.sets(st.sampled_from(list(ids)), min_size=1)))
        start = AT + timedelta(hours=hour)
        new = NewVisit(self.order_id, self.actor(technician).id or 0, start, start + timedelta(minutes=90), chosen)
        self.press(lambda order, at: plan_visit(self.session, new, by=self.actor(who), at=at))

    @rule(who=ACTORS, action=st.sampled_from([t.action for t in VISIT]), reason=REASONS, data=st.data())
    def move_a_visit(self, who: str, action: str, reason: str, data: st.DataObject) -> None:
        chosen, by = self.some_visit(data), self.actor(who)
        if chosen is not None:
            self.press(
                lambda order, at: move_visit(
                    self.session, locked_visit(self.session, chosen), action, by=by, at=at, reason=reason
                )
            )

    @rule(technician=st.sampled_from(["su", "wei"]), hour=st.integers(0, 5), data=st.data())
    def shift_a_visit(self, technician: str, hour: int, data: st.DataObject) -> None:
        chosen, to, start = self.some_visit(data), self.actor(technician).id or 0, AT + timedelta(hours=hour)
        if chosen is not None:
            self.press(lambda order, at: self._shift(chosen, to, start, at))

    def _shift(self, visit_id: int, to: int, start: datetime, at: datetime) -> None:
        visit = locked_visit(self.session, visit_id)
        change_visit(self.session, visit, technician_id=to, starts_at=start, by=self.cast.lin, at=at)

    @rule(data=st.data(), steps=st.integers(4, 12))
    def take_ways_that_are_open(self, data: st.DataObject, steps: int) -> None:
        """Random pressing seldom gets far; this rule takes rows that are open to somebody, a few in a row."""
        for _ in range(steps):
            order = self.session.get_one(Order, self.order_id)
            subjects = {"visit": list(order.visits), "line": list(order.lines), "order": [order]}
            table = data.draw(st.sampled_from(["visit", "visit", "line", "order"]))
            ways: dict[str, list[tuple[Any, str, Actor]]] = {}
            for thing in subjects[table]:
                for row in TABLES[table]:
                    for who in self.open_to(table, row, thing, order):
                        ways.setdefault(row.action, []).append((thing, row.action, who))
            if data.draw(st.integers(0, 9)) and set(ways) - DEAD_ENDS:
                ways = {action: found for action, found in ways.items() if action not in DEAD_ENDS}
            if ways:
                action = data.draw(st.sampled_from(sorted(ways)))
                self.take_way(table, *data.draw(st.sampled_from(ways[action])))
                self.rules_hold()

    def take_way(self, table: str, thing: Any, action: str, who: Actor) -> None:
        step = self.session.scalar(
            sa.select(Approval.id).where(Approval.order_id == self.order_id).order_by(Approval.id.desc()).limit(1)
        )
        acts: dict[str, Callable[[Order, datetime], object]] = {
            "visit": lambda o, at: move_visit(
                self.session, locked_visit(self.session, thing.id), action, by=who, at=at, reason="why"
            ),
            "line": lambda o, at: move_line(self.session, thing, action, by=who, at=at, reason="why"),
            "submit": lambda o, at: submit(self.session, o, by=who, at=at),
            "approve": lambda o, at: approve(self.session, o.id, approval_id=step or 0, by=who, at=at),
            "reject": lambda o, at: reject(self.session, o.id, approval_id=step or 0, reason="why", by=who, at=at),
            "approve_by_word": lambda o, at: approve_by_word(
                self.session, o.id, self.word("wang", at), approval_id=step or 0, by=who, at=at
            ),
            "cancel": lambda o, at: cancel_order(self.session, o.id, version=None, by=who, at=at, reason="why"),
            "order": lambda o, at: move_order(self.session, o, action, by=who, at=at, reason="why"),
        }
        self.press(acts.get(action if table == "order" else table, acts["order"]))

    def open_to(self, table: str, row: Transition, thing: Any, order: Order) -> list[Actor]:
        able = [self.cast.lin, self.cast.wang, self.cast.su] if row.permission else [SYSTEM] if row.action != "follow" else []
        wang = Named(self.cast.wang.id, self.cast.wang.name, permissions_of(self.cast.wang.roles))
        named = wang if row.action == "approve_by_word" else None
        return [a for a in able if why_not(row, table, thing.status, facts_of(self.session, order, a, named=named)) is None]

    @rule(who=ACTORS, action=st.sampled_from([t.action for t in LINE]), reason=REASONS, position=st.integers(1, 4))
    def move_a_line(self, who: str, action: str, reason: str, position: int) -> None:
        found = self.session.scalar(
            sa.select(OrderLine).where(OrderLine.order_id == self.order_id, OrderLine.position == position)
        )
        if found is not None:
            self.press(lambda order, at: move_line(self.session, found, action, by=self.actor(who), at=at, reason=reason))

    @invariant()
    def rules_hold(self) -> None:
        if hasattr(self, "order_id"):
            self.session.expire_all()
            order = self.session.get_one(Order, self.order_id)
            self.status_follows(order)
            self.nobody_is_booked_twice(order)
            self.approvals_are_honest(order)
            self.words_are_answered_for(order)
            self.history_is_whole(order)

    def status_follows(self, order: Order) -> None:
        lines = [line.status for line in order.lines]
        if order.status in FOLLOWING:
            assert order.status == followed_status(lines, [v.status for v in order.visits])
        if order.status == "closed":
            assert all(line in LINE_SETTLED for line in lines)

    def nobody_is_booked_twice(self, order: Order) -> None:
        live = sorted((v.technician_id, v.starts_at, v.ends_at) for v in order.visits if v.status in VISIT_LIVE)
        assert all(a[0] != b[0] or a[2] <= b[1] for a, b in itertools.pairwise(live))
        covered = [vl.line_id for v in order.visits if v.status in VISIT_LIVE for vl in v.visit_lines]
        assert len(covered) == len(set(covered)), "two visits are to serve one vehicle"

    def approvals_are_honest(self, order: Order) -> None:
        assert order.approved or not order.visits
        assert not any(v.technician_id == self.cast.zhou.id for v in order.visits), "an untrained technician was sent"
        assert all(step.decided_by_id != order.created_by_id for step in order.approvals if step.decided_by_id)

    def words_are_answered_for(self, order: Order) -> None:
        by_word = {step.id for step in order.approvals if step.decision == "by_word"}
        assert {word.approval_id for word in order.verbal_approvals if word.approval_id} == by_word
        for word in order.verbal_approvals:
            assert word.recorded_by_id not in (word.approver_id, word.decided_by_id, word.settled_by_id)
            assert word.decided_by_id in (None, word.approver_id), "somebody else answered for a word"
            assert order.status != "closed" or not (word.waits or word.disowned), "closed before it was backfilled"

    def history_is_whole(self, order: Order) -> None:
        assert not list(broken_chains(self.session))
        entries = history(self.session, ("order", order.id))
        self.taken.update(e.action for e in entries)
        told = [e.detail["to"] for e in entries if e.action.startswith("order.") and "to" in e.detail]
        assert told[0] == order.status, "the history does not end where the order stands"


@pytest.fixture(autouse=True)
def no_papers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here the three tables alone are tried, with the approvals by word; the other papers are told where they belong."""
    own = [entry for entry in facts._missing_readers if entry[2] == "approvals"]
    monkeypatch.setattr(facts, "_missing_readers", own)


def machine(db: Session, cast: Cast) -> type[Pressing]:
    """The machine on this test's database."""

    class Machine(Pressing):
        session = db
        taken: set[str] = set()

    Machine.cast = cast
    return Machine


@pytest.mark.slow
def test_whatever_people_press_the_rules_hold(db: Session, cast: Cast) -> None:
    run_state_machine_as_test(
        machine(db, cast),
        settings=settings(
            max_examples=60, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
        ),
    )


REFUSED_AND_WORKED = """order.reject order.rework order.submit order.approve
visit.dispatch visit.recall visit.dispatch visit.depart visit.arrive
line.leave_over line.take_up line.give_up line.take_up line.complete line.complete visit.finish order.close order.reopen
order.auto_close"""
DECIDED_BY_WORD = "order.approve_by_word order.hold"
PUT_OFF_AND_CANCELLED = "visit.abandon order.hold order.resume order.cancel"


def test_every_row_of_the_tables_can_be_taken(db: Session, cast: Cast) -> None:
    walker = machine(db, cast)()
    walker.take(lines=2, decided=False)
    walk(walker, REFUSED_AND_WORKED)
    walker.take(lines=1, decided=False)
    walk(walker, DECIDED_BY_WORD)
    walker.take(lines=1, decided=True)
    walk(walker, PUT_OFF_AND_CANCELLED)
    assert walker.taken >= {f"{table}.{row.action}" for table, rows in TABLES.items() for row in rows}


def walk(walker: Pressing, steps: str) -> None:
    """Take these rows one after the other, each by the first who may."""
    for step in steps.split():
        table, action = step.split(".")
        row, order = transition(table, action), walker.session.get_one(Order, walker.order_id)
        things = {"order": [order], "line": list(order.lines), "visit": list(order.visits)}[table]
        thing, who = next((each, who) for each in things for who in walker.open_to(table, row, each, order))
        walker.take_way(table, thing, action, who)
        walker.rules_hold()
        assert step in walker.taken, step
        if step == "order.approve":
            walker.plan_all(order)
