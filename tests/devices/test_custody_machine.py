"""All of custody as a state machine on a real database, two hands at a time: nothing is lost or doubled.

Deliveries, issues, returns, hand-overs, transfers, counts, counter-entries, what technicians fit, swap, remove and undo, the
bench with its steps and counter-steps, and whose a unit is; and counted parts beside the units.
"""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis.stateful import initialize, invariant, rule
from sqlalchemy.orm import Session

from dispatch.audit.queries import broken_chains
from dispatch.db import transaction
from dispatch.devices.checks import broken_custody
from dispatch.devices.fitting import Work, install
from dispatch.devices.handing_over import offer
from dispatch.devices.issuing import Wanted
from dispatch.devices.models import CountUnit, ReturnStep, TransferUnit
from dispatch.devices.operations import NewTerminal, bag_of, receive_terminals, store_named
from dispatch.devices.part_stock import hand_over
from dispatch.devices.transferring import send
from dispatch.errors import Refusal
from tests.building import installation_order, vehicle
from tests.conftest import AT, Cast
from tests.devices import acts, bench_acts, fitting_acts, part_acts, store_acts
from tests.devices.acting import Act, Outcome, Page
from tests.devices.books import (
    Told,
    check_counts,
    check_hand_overs,
    check_loans,
    check_nothing_lost,
    check_nothing_twice,
    check_owners,
    check_parts,
    check_returns,
    check_slots,
    check_transfers,
    missed_lock,
)
from tests.devices.building import carried, ledger_faults, say_yes, sims, store, terminals, work
from tests.devices.test_parts import cable
from tests.racing import TwoHands, pairs_of, walk

BAGS = (acts.RECEIVE, acts.ISSUE, acts.RETURN, acts.OFFER, acts.ANSWER, acts.DECLARE)
VEHICLES = (
    fitting_acts.INSTALL,
    fitting_acts.SWAP,
    fitting_acts.REMOVE,
    fitting_acts.UNDO,
    fitting_acts.REPLACE,
    fitting_acts.FIND,
    fitting_acts.MOVE,
)
PARTS = (part_acts.SHELVE, part_acts.USE)
STORES = (store_acts.SEND, store_acts.SETTLE, store_acts.COUNT, store_acts.APPROVE, store_acts.TAKE_BACK)
BENCH = (bench_acts.SET_ASIDE, bench_acts.AT_BENCH, bench_acts.UNSTEP)
OFTEN = (acts.ISSUE, fitting_acts.SWAP, fitting_acts.INSTALL, store_acts.SETTLE, store_acts.COUNT, *(bench_acts.AT_BENCH,) * 3)
RIVALS_AT_VEHICLES = (
    (acts.ISSUE, acts.RETURN),
    (acts.RETURN, fitting_acts.SWAP),
    (acts.RETURN, fitting_acts.UNDO),
    (acts.RETURN, acts.ANSWER),
    (fitting_acts.INSTALL, fitting_acts.SWAP),
    (fitting_acts.INSTALL, fitting_acts.FIND),
    (fitting_acts.SWAP, fitting_acts.REMOVE),
    (fitting_acts.SWAP, fitting_acts.UNDO),
    (fitting_acts.SWAP, fitting_acts.REPLACE),
    (fitting_acts.UNDO, fitting_acts.REPLACE),
    (acts.OFFER, fitting_acts.SWAP),
    (acts.ANSWER, fitting_acts.INSTALL),
    (acts.RECEIVE, fitting_acts.FIND),
    (fitting_acts.MOVE, fitting_acts.SWAP),
    (fitting_acts.MOVE, fitting_acts.MOVE),
    (fitting_acts.MOVE, fitting_acts.UNDO),
    (acts.DECLARE, fitting_acts.SWAP),
    (acts.DECLARE, fitting_acts.UNDO),
)
RIVALS_IN_STORES = (
    (store_acts.SEND, acts.ISSUE),
    (store_acts.SETTLE, store_acts.SETTLE),
    (store_acts.SETTLE, store_acts.SEND),
    (store_acts.APPROVE, acts.ISSUE),
    (store_acts.APPROVE, acts.RETURN),
    (store_acts.APPROVE, acts.ANSWER),
    (store_acts.APPROVE, store_acts.SEND),
    (store_acts.COUNT, store_acts.COUNT),
    (store_acts.TAKE_BACK, acts.RETURN),
    (store_acts.TAKE_BACK, acts.OFFER),
    (store_acts.TAKE_BACK, store_acts.APPROVE),
    (store_acts.COUNT, fitting_acts.SWAP),
    (store_acts.APPROVE, fitting_acts.INSTALL),
    (store_acts.TAKE_BACK, fitting_acts.INSTALL),
)
RIVALS_OVER_PARTS = (
    (acts.ANSWER, part_acts.USE),
    (acts.OFFER, part_acts.USE),
    (acts.OFFER, part_acts.SHELVE),
    (acts.ANSWER, part_acts.SHELVE),
    (store_acts.SEND, part_acts.SHELVE),
    (store_acts.SETTLE, part_acts.SHELVE),
)
RIVALS_AT_BENCH = (
    (bench_acts.AT_BENCH, bench_acts.AT_BENCH),
    (bench_acts.AT_BENCH, bench_acts.UNSTEP),
    (bench_acts.UNSTEP, bench_acts.UNSTEP),
    (bench_acts.AT_BENCH, bench_acts.SET_ASIDE),
    (bench_acts.SET_ASIDE, acts.OFFER),
    (bench_acts.SET_ASIDE, fitting_acts.SWAP),
    (bench_acts.SET_ASIDE, store_acts.SEND),
    (bench_acts.AT_BENCH, acts.RETURN),
    (bench_acts.AT_BENCH, fitting_acts.UNDO),
    (bench_acts.AT_BENCH, store_acts.SEND),
    (bench_acts.AT_BENCH, store_acts.APPROVE),
    (bench_acts.UNSTEP, acts.ISSUE),
    (bench_acts.UNSTEP, store_acts.APPROVE),
    (bench_acts.UNSTEP, acts.ANSWER),
)
RIVALS = (*RIVALS_AT_VEHICLES, *RIVALS_IN_STORES, *RIVALS_OVER_PARTS, *RIVALS_AT_BENCH)
ALL = (*BAGS, *VEHICLES, *STORES, *PARTS, *BENCH)
PAIRS = pairs_of(ALL, OFTEN, RIVALS_AT_VEHICLES, RIVALS_IN_STORES, RIVALS_AT_BENCH, RIVALS_AT_BENCH, RIVALS)


class Custody(TwoHands):
    """Two branches with a store each, three technicians, three vehicles, three people in the offices; each act works whole or is
    refused with a sentence."""

    @initialize()
    def stock_up(self) -> None:
        self.at = AT
        self.people = {name: getattr(self.cast, name) for name in ("su", "wei", "zhou", "lin", "wang", "he")}
        self.works, self.store_id, self.told = self.begin()

    def begun(self, session: Session) -> tuple[list[Work], int, Told]:
        """Something in both stores, every bag, the first vehicle and on the bench; one unit promised, and some on the way."""
        order, cast = installation_order(session, self.cast, lines=3), self.cast
        vehicle(session, cast, customer="别家公司")
        works = [work(order, line) for line in order.lines]
        far = store_named(session, branch_id=cast.gz, name="广州仓")
        receive_terminals(session, [NewTerminal(f"GZ{n}", acts.MODEL) for n in range(3)], store=far, by=cast.he, at=AT)
        terminals(session, cast, 4)
        sims(session, cast, 3)
        first, mine, *_ = (carried(session, cast, who, boxes=1, cards=1) for who in (cast.su, cast.su, cast.wei, cast.zhou))
        fitted = [install(session, works[0], unit.id, by=cast.su, at=AT).id for unit in first]
        parts = self.parts(session)
        offer(session, [mine[1].id], to_person_id=cast.wei.id, note="", key=uuid.uuid4(), by=cast.su, at=AT)
        facts = {"to_branch_id": cast.gz, "note": "", "key": uuid.uuid4(), "by": cast.lin, "at": AT}
        send(session, store=store(session, cast), wanted=Wanted(terminals={acts.MODEL: 2}), parts=parts, **facts)  # type: ignore[arg-type]
        bench_acts.place_on_bench(session, terminals(session, cast, 1)[0].id, {"by": cast.lin, "at": AT})
        told = Told(fittings=fitted, units=19, moves=19 + 8 + 2 + 2 + 3, parts=2 + 2 + 2 + 2)
        return works, store(session, cast).id, told

    def parts(self, session: Session) -> dict[int, int]:
        """Two kinds of parts in the store, in two bags and promised; some to be sent."""
        made = [cable(session, self.cast, code=code, there=40).id for code in ("P101", "P102")]
        for who in ("su", "wei"):
            bag = bag_of(session, person_id=self.people[who].id or 0, branch_id=self.cast.sz)
            counts = dict.fromkeys(made, 6)
            hand_over(session, store(session, self.cast), bag, counts, note="", key=uuid.uuid4(), by=self.cast.lin, at=AT)
            say_yes(session, self.cast)
        facts = {"note": "", "key": uuid.uuid4(), "by": self.cast.su, "at": AT}
        offer(session, [], parts=dict.fromkeys(made, 4), to_person_id=self.cast.wei.id, **facts)  # type: ignore[arg-type]
        return dict.fromkeys(made, 3)

    @rule(pair=PAIRS)
    def two_at_once(self, pair: tuple[Act, Act]) -> None:
        self.at += timedelta(seconds=7)
        self.do_at_once(pair)

    def page(self, session: Session) -> Page:
        return Page(session, self.at, self.people, self.works, self.store_id)

    def keep(self, answer: Any) -> None:
        assert isinstance(answer, Outcome)
        self.told.add(answer)

    def check_refusal(self, name: str, refusal: Refusal) -> None:
        assert not missed_lock(refusal.__cause__), f"{name}: {refusal.__cause__}"

    @invariant()
    def nothing_is_lost_or_doubled(self) -> None:
        if not hasattr(self, "told"):
            return
        with self.first_fault_kept(), transaction() as db:
            session = db.connection()  # these ask for numbers: the units themselves need not be made anew each time
            assert ledger_faults(session) == []
            check_nothing_lost(session, self.told)
            check_nothing_twice(session, self.told)
            check_slots(session)
            check_hand_overs(session)
            check_transfers(session)
            check_parts(session, self.told)
            check_counts(session)
            check_loans(session)
            check_owners(session)
            check_returns(session)

    def teardown(self) -> None:
        if not hasattr(self, "told"):
            return
        with self.first_fault_kept(), transaction() as session:
            assert list(broken_custody(session)) == []
            assert list(broken_chains(session)) == []
            for column in (CountUnit.outcome, TransferUnit.status, ReturnStep.action):
                self.outcomes.update(each for each in session.scalars(sa.select(column)) if each)


WORKS = {"Receiving", "Issuing", "Returning", "Offering", "Answering", "Declaring"}
WORKS |= {"Installing", "Swapping", "Removing", "Undoing", "Replacing", "Finding", "Moving"}
WORKS |= {"Sending", "Settling", "Counting", "TakingBack", "Shelving", "Using"}
WORKS |= {"SettingAside", "AtBench", "Unstepping"}
OUTCOMES = {"there", "lost", "moved_here", "moved_meanwhile", "accepted", "withdrawn"}
OUTCOMES |= {"set_aside", "receive", "diagnose", "scrap"}
"""What counts and transfers come to, and what is done at the bench."""


@pytest.mark.slow
def test_no_unit_is_lost_or_doubled_in_2000_acts_of_two_hands(database: str, cast: Cast) -> None:
    wanted = WORKS | {f"{name} refused" for name in WORKS} | {"Approving"} | OUTCOMES
    walk(Custody, database, cast, acts=2000, wanted=wanted)
