"""The three tables as a state machine on a real database: whatever people press, in whatever order, the rules hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule, run_state_machine_as_test
from sqlalchemy.orm import Session

from dispatch.orders import facts
from dispatch.orders.facts import facts_of
from dispatch.orders.lifecycle import (
    LINE,
    ORDER,
    TABLES,
    VISIT,
    Named,
    OrderFacts,
    Transition,
    transition,
    why_not,
)
from dispatch.orders.models import Order, OrderLine
from dispatch.orders.operations.approving import approve, reject, submit
from dispatch.orders.operations.moves import move_line, move_order, move_visit
from dispatch.orders.operations.verbal import (
    approve_by_word,
)
from dispatch.orders.operations.visits import NewVisit, cancel_order, change_visit, locked_visit, plan_visit
from dispatch.orders.waiting_rules import WaitFor
from dispatch.permissions import permissions_of
from dispatch.staff.rules import SYSTEM, Actor
from tests.conftest import AT, Cast
from tests.orders.people import ACTORS, REASONS, People
from tests.orders.what_holds import (
    actions_of_a_whole_history,
    approvals_are_honest,
    nobody_is_booked_twice,
    status_follows,
    words_are_answered_for,
)

BY_HAND = st.sampled_from([t.action for t in ORDER if t.permission in ("order.plan", "order.close") or t.action == "rework"])
LATER = WaitFor("customer", date(2026, 12, 5))
PUTS_OFF = ("hold", "put_off")
DEAD_ENDS = {"cancel", "abandon", "give_up"}
AsMet = dict[str, list[tuple[Actor, OrderFacts]]]


class Pressing(People):
    """People press anything at any time; refusals leave no trace, successes keep the invariants."""

    taken: set[str]

    @rule(who=ACTORS, yes=st.booleans(), reason=REASONS)
    def decide(self, who: str, yes: bool, reason: str) -> None:
        step, by = self.newest_step(), self.actor(who)
        if yes:
            self.press(lambda order, at: approve(self.session, order.id, approval_id=step, by=by, at=at))
        else:
            self.press(lambda order, at: reject(self.session, order.id, approval_id=step, reason=reason, by=by, at=at))

    @rule(who=ACTORS, action=BY_HAND, reason=REASONS)
    def move_the_order(self, who: str, action: str, reason: str) -> None:
        by, wait = self.actor(who), LATER if action in PUTS_OFF else None
        self.press(lambda order, at: move_order(self.session, order, action, by=by, at=at, reason=reason, wait=wait))

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
            as_met = self.as_met(order)
            for thing in subjects[table]:
                for row in TABLES[table]:
                    for who in self.open_to(table, row, thing, as_met):
                        ways.setdefault(row.action, []).append((thing, row.action, who))
            if data.draw(st.integers(0, 9)) and set(ways) - DEAD_ENDS:
                ways = {action: found for action, found in ways.items() if action not in DEAD_ENDS}
            if ways:
                action = data.draw(st.sampled_from(sorted(ways)))
                self.take_way(table, *data.draw(st.sampled_from(ways[action])))
                self.rules_hold()

    def take_way(self, table: str, thing: Any, action: str, who: Actor) -> None:
        step = self.newest_step()
        acts: dict[str, Callable[[Order, datetime], object]] = {
            "visit": lambda o, at: move_visit(
                self.session, locked_visit(self.session, thing.id), action, by=who, at=at, reason="why"
            ),
            "line": lambda o, at: move_line(self.session, thing, action, by=who, at=at, reason="why"),
            "submit": lambda o, at: submit(self.session, o, by=who, at=at),
            "approve": lambda o, at: approve(self.session, o.id, approval_id=step, by=who, at=at),
            "reject": lambda o, at: reject(self.session, o.id, approval_id=step, reason="why", by=who, at=at),
            "approve_by_word": lambda o, at: approve_by_word(
                self.session, o.id, self.word("wang", at), approval_id=step, by=who, at=at
            ),
            "cancel": lambda o, at: cancel_order(self.session, o.id, version=None, by=who, at=at, reason="why"),
            **dict.fromkeys(PUTS_OFF, lambda o, at: move_order(self.session, o, action, by=who, at=at, wait=LATER)),
            "order": lambda o, at: move_order(self.session, o, action, by=who, at=at, reason="why"),
        }
        self.press(acts.get(action if table == "order" else table, acts["order"]))

    def as_met(self, order: Order) -> AsMet:
        """The order as each of those who act on it meets it."""
        people = {"people": (self.cast.lin, self.cast.wang, self.cast.su), "nobody": (SYSTEM,)}
        return {kind: [(by, facts_of(self.session, order, by)) for by in group] for kind, group in people.items()}

    def open_to(self, table: str, row: Transition, thing: Any, as_met: AsMet) -> list[Actor]:
        """Who may take this row now; none but the system for a row that needs no permission."""
        if row.action == "follow":
            return []
        wang = Named(self.cast.wang.id, self.cast.wang.name, permissions_of(self.cast.wang.roles))
        named = wang if row.action == "approve_by_word" else None
        wait = LATER if row.action in PUTS_OFF else None
        able = as_met["people" if row.permission else "nobody"]
        return [by for by, facts in able if why_not(row, table, thing.status, replace(facts, named=named, wait=wait)) is None]

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
            status_follows(order)
            nobody_is_booked_twice(order)
            approvals_are_honest(order, untrained=self.cast.zhou)
            words_are_answered_for(order)
            self.taken.update(actions_of_a_whole_history(self.session, order))


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
line.leave_over line.take_up line.leave_over line.carry_over line.take_up line.give_up line.take_up
line.complete line.complete visit.finish order.close order.reopen
order.auto_close order.not_solved line.not_solved"""
DECIDED_BY_WORD = "order.approve_by_word order.hold order.wake order.hold"
PUT_OFF_AND_CANCELLED = "visit.abandon order.put_off order.resume order.cancel"


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
        as_met = walker.as_met(order)
        thing, who = next((each, who) for each in things for who in walker.open_to(table, row, each, as_met))
        walker.take_way(table, thing, action, who)
        walker.rules_hold()
        assert step in walker.taken, step
        if step == "order.approve":
            walker.plan_all(order)
