"""Swaps and custody as a state machine on a real database: whatever is done in whatever order, no unit is lost or doubled."""

from __future__ import annotations

import itertools
import uuid
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy.orm import Session

from dispatch.audit.queries import broken_chains
from dispatch.devices.fitted import fittings_of, slot_units
from dispatch.devices.fitting import install, register_found, remove, swap, undo
from dispatch.devices.issuing import Wanted, hand_over, issue
from dispatch.devices.models import UNIT_KINDS, CustodyEntry, CustodyPosition, Fitting, Holder, Unit
from dispatch.devices.operations import bag_of
from dispatch.errors import Refusal
from dispatch.orders.models import Order
from dispatch.staff.rules import Actor
from tests.building import installation_order
from tests.conftest import AT, Cast
from tests.devices.building import carried, ledger_faults, sims, store, terminals, work

TECHNICIANS = st.sampled_from(["su", "wei", "zhou"])
ACTORS = st.sampled_from(["su", "wei", "zhou", "lin"])
LINES = st.integers(0, 2)
KINDS = st.sampled_from(["terminal", "sim"])


class Custody(RuleBasedStateMachine):
    """Three technicians and a store, three vehicles; each act either works whole or leaves no trace."""

    session: Session
    cast: Cast
    done: Counter[str]

    @initialize()
    def stock_up(self) -> None:
        self.nested = self.session.begin_nested()
        self.at, self.serials = AT, itertools.count(1)
        self.order: Order = installation_order(self.session, self.cast, lines=3)
        terminals(self.session, self.cast, 2)
        sims(self.session, self.cast, 2)
        for who in (self.cast.su, self.cast.wei):
            carried(self.session, self.cast, who, boxes=1, cards=1)
        for unit in carried(self.session, self.cast, self.cast.su, boxes=1, cards=1):
            install(self.session, work(self.order), unit.id, by=self.cast.su, at=AT)
        self.units = 10

    def teardown(self) -> None:
        if hasattr(self, "nested"):
            assert not list(broken_chains(self.session))
            self.nested.rollback()
            self.session.expire_all()

    def actor(self, name: str) -> Actor:
        found = getattr(self.cast, name)
        assert isinstance(found, Actor)
        return found

    def attempt(self, name: str, act: Callable[[datetime], object]) -> None:
        self.at += timedelta(seconds=7)
        before = self.entries()
        step = self.session.begin_nested()
        try:
            act(self.at)
            self.session.flush()
            step.commit()
            self.done[name] += 1
        except Refusal:
            step.rollback()
            self.session.expire_all()
            assert self.entries() == before, "a refusal left a trace"

    def entries(self) -> int:
        return self.session.scalar(sa.select(sa.func.count()).select_from(CustodyEntry)) or 0

    def some_unit(self, data: st.DataObject, *, near: str | None = None, kind: str | None = None) -> int:
        """Any unit; mostly one of the bag that a technician carries, so that something comes of it."""
        query = sa.select(CustodyPosition.unit_id).order_by(CustodyPosition.unit_id)
        if kind:
            query = query.where(CustodyPosition.unit_kind == kind)
        if near and data.draw(st.integers(0, 4)):
            bag = sa.select(Holder.id).where(Holder.person_id == self.actor(near).id)
            own = self.session.scalars(query.where(CustodyPosition.holder_id.in_(bag))).all()
            if own:
                return data.draw(st.sampled_from(list(own)))
        return data.draw(st.sampled_from(list(self.session.scalars(query))))

    @rule(count=st.integers(1, 2), kind=KINDS)
    def receive(self, count: int, kind: str) -> None:
        (terminals if kind == "terminal" else sims)(self.session, self.cast, count)
        self.units += count

    @rule(to=TECHNICIANS, boxes=st.integers(0, 2), cards=st.integers(0, 2))
    def issue_to_a_bag(self, to: str, boxes: int, cards: int) -> None:
        wanted, place = Wanted(terminals={"BD-808A": boxes}, sims=cards), store(self.session, self.cast)
        person, key = self.actor(to).id or 0, uuid.uuid4()
        facts = {"store": place, "person_id": person, "wanted": wanted, "key": key, "by": self.cast.lin}
        self.attempt("issue", lambda at: issue(self.session, at=at, **facts))

    @rule(who=TECHNICIANS, data=st.data())
    def return_to_the_store(self, who: str, data: st.DataObject) -> None:
        unit, place = self.some_unit(data, near=who), store(self.session, self.cast)
        bag = bag_of(self.session, person_id=self.actor(who).id or 0, branch_id=self.cast.sz)
        facts = {"source": bag, "to": place, "key": uuid.uuid4(), "by": self.cast.lin}
        self.attempt("return", lambda at: hand_over(self.session, [unit], at=at, **facts))

    @rule(who=ACTORS, line=LINES, data=st.data())
    def install_one(self, who: str, line: int, data: st.DataObject) -> None:
        unit, by, at_work = self.some_unit(data, near=who), self.actor(who), work(self.order, self.order.lines[line])
        self.attempt("install", lambda at: install(self.session, at_work, unit, by=by, at=at))

    @rule(who=ACTORS, line=LINES, named=st.booleans(), data=st.data())
    def swap_one(self, who: str, line: int, named: bool, data: st.DataObject) -> None:
        unit, by, at_work = self.some_unit(data, near=who), self.actor(who), work(self.order, self.order.lines[line])
        old = self.some_unit(data) if named else None
        self.attempt("swap", lambda at: swap(self.session, at_work, unit, old_unit_id=old, by=by, at=at))

    @rule(who=TECHNICIANS, line=LINES, data=st.data())
    def swap_both(self, who: str, line: int, data: st.DataObject) -> None:
        units, by = [self.some_unit(data, near=who, kind=kind) for kind in UNIT_KINDS], self.actor(who)
        at_work = work(self.order, self.order.lines[line])
        self.attempt("both", lambda at: [swap(self.session, at_work, unit, by=by, at=at) for unit in units])

    @rule(who=ACTORS, line=LINES, kind=KINDS, data=st.data())
    def remove_one(self, who: str, line: int, kind: str, data: st.DataObject) -> None:
        vehicle_line, by = self.order.lines[line], self.actor(who)
        inside = slot_units(self.session, vehicle_line.vehicle_id).get(kind)
        unit = inside.id if inside else self.some_unit(data)
        self.attempt("remove", lambda at: remove(self.session, work(self.order, vehicle_line), unit, by=by, at=at))

    @rule(who=ACTORS, data=st.data())
    def undo_one(self, who: str, data: st.DataObject) -> None:
        known = list(self.session.scalars(sa.select(Fitting.id).where(Fitting.order_id == self.order.id).order_by(Fitting.id)))
        if known:
            fitting, by = data.draw(st.sampled_from(known[-3:])), self.actor(who)
            self.attempt("undo", lambda at: undo(self.session, fitting, reason="wrong", by=by, at=at))

    @rule(who=TECHNICIANS, line=LINES, kind=KINDS)
    def find_one(self, who: str, line: int, kind: str) -> None:
        number, by = next(self.serials), self.actor(who)
        text = f"FOUND{number}" if kind == "terminal" else f"898606000000{number:07d}"
        at_work, before = work(self.order, self.order.lines[line]), self.done["found"]
        facts = {"kind": kind, "number": text, "model": "OLD-1", "by": by}
        self.attempt("found", lambda at: register_found(self.session, at_work, at=at, **facts))
        self.units += self.done["found"] - before

    @invariant()
    def nothing_is_lost_or_doubled(self) -> None:
        if not hasattr(self, "units"):
            return
        assert not ledger_faults(self.session)
        counts = [self.session.scalar(sa.select(sa.func.count()).select_from(table)) for table in (Unit, CustodyPosition)]
        assert counts == [self.units, self.units]

    @invariant()
    def fittings_lead_to_what_is_fitted(self) -> None:
        """Playing the fittings that stand from the start ends at what the slots hold (found units aside)."""
        if not hasattr(self, "units"):
            return
        inside: dict[tuple[int, str], int | None] = {}
        for fitting in sorted(fittings_of(self.session, self.order.id), key=lambda fitting: fitting.id):
            inside[fitting.vehicle_id, fitting.unit_kind] = fitting.new_unit_id
        for (vehicle_id, kind), unit_id in inside.items():
            present = slot_units(self.session, vehicle_id).get(kind)
            found = present is not None and self.was_found(present.id)
            assert found or (present.id if present else None) == unit_id

    def was_found(self, unit_id: int) -> bool:
        query = sa.select(CustodyEntry.id).where(CustodyEntry.unit_id == unit_id, CustodyEntry.reason == "found")
        return self.session.scalar(query) is not None


@pytest.mark.slow
def test_whatever_is_done_no_unit_is_lost_or_doubled(db: Session, cast: Cast) -> None:
    class Machine(Custody):
        session = db
        done: Counter[str] = Counter()

    Machine.cast = cast
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=40, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
        ),
    )
    assert set(Machine.done) == {"issue", "return", "install", "swap", "both", "remove", "undo", "found"}
