"""Swaps and custody as a state machine on a real database, two hands at a time: no unit is lost or doubled."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from hypothesis.stateful import initialize, invariant, rule
from sqlalchemy.orm import Session

from dispatch.audit.queries import broken_chains
from dispatch.db import transaction
from dispatch.devices.checks import broken_custody
from dispatch.devices.fitting import install
from dispatch.devices.handing_over import offer
from dispatch.errors import Refusal
from tests import resetting
from tests.building import installation_order
from tests.conftest import AT, Cast
from tests.devices import acts, fitting_acts
from tests.devices.acting import Act, Outcome, Page
from tests.devices.books import (
    Told,
    check_hand_overs,
    check_loans,
    check_nothing_lost,
    check_nothing_twice,
    check_slots,
    missed_lock,
)
from tests.devices.building import carried, ledger_faults, sims, store, terminals, work
from tests.racing import TwoHands, pairs_of, walk

KINDS = (
    acts.RECEIVE,
    acts.ISSUE,
    acts.RETURN,
    fitting_acts.INSTALL,
    fitting_acts.SWAP,
    fitting_acts.REMOVE,
    fitting_acts.MOVE,
    fitting_acts.UNDO,
    fitting_acts.REPLACE,
    fitting_acts.FIND,
    acts.OFFER,
    acts.ANSWER,
)
RIVALS = (
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
    (fitting_acts.MOVE, fitting_acts.SWAP),
    (fitting_acts.MOVE, fitting_acts.MOVE),
    (fitting_acts.MOVE, fitting_acts.UNDO),
    (acts.OFFER, fitting_acts.SWAP),
    (acts.ANSWER, fitting_acts.INSTALL),
    (acts.RECEIVE, fitting_acts.FIND),
)
PAIRS = pairs_of(KINDS, (acts.ISSUE, fitting_acts.SWAP, fitting_acts.INSTALL), RIVALS, RIVALS)


class Custody(TwoHands):
    """Three technicians and a store, three vehicles, two in the office; each act works whole or is refused with a sentence."""

    @initialize()
    def stock_up(self) -> None:
        resetting.restore(self.url)
        self.at = AT
        self.people = {name: getattr(self.cast, name) for name in ("su", "wei", "zhou", "lin", "wang")}
        with transaction() as session:
            self.told = self.begun(session)

    def begun(self, session: Session) -> Told:
        """Something in the store, in every bag and in the first vehicle; one unit promised."""
        order, cast = installation_order(session, self.cast, lines=3), self.cast
        self.works = [work(order, line) for line in order.lines]
        self.store_id = store(session, cast).id
        terminals(session, cast, 2)
        sims(session, cast, 2)
        first, _, mine = (carried(session, cast, who, boxes=1, cards=1) for who in (cast.su, cast.wei, cast.su))
        carried(session, cast, cast.zhou, cards=1)
        fitted = [install(session, self.works[0], unit.id, by=cast.su, at=AT).id for unit in first]
        offer(session, [mine[1].id], to_person_id=cast.wei.id, note="", key=uuid.uuid4(), by=cast.su, at=AT)
        return Told(fittings=fitted, units=11, moves=11 + 7 + 2)

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
        with self.first_fault_kept(), transaction() as session:
            assert ledger_faults(session) == []
            check_nothing_lost(session, self.told)
            check_nothing_twice(session, self.told)
            check_slots(session)
            check_loans(session)
            check_hand_overs(session)

    def teardown(self) -> None:
        if not hasattr(self, "told"):
            return
        with self.first_fault_kept(), transaction() as session:
            assert list(broken_custody(session)) == []
            assert list(broken_chains(session)) == []


@pytest.mark.slow
def test_no_unit_is_lost_or_doubled_in_1500_acts_of_two_hands(database: str, cast: Cast) -> None:
    done = walk(Custody, database, cast, stories=20, pairs=50)
    assert done.total() >= 1500, done
    works = {
        "Receiving",
        "Issuing",
        "Returning",
        "Installing",
        "Swapping",
        "Removing",
        "Undoing",
        "Replacing",
        "Finding",
        "Moving",
    }
    works |= {"Offering", "Answering"}
    assert works | {f"{name} refused" for name in works} <= set(done), done
