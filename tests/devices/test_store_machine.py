"""The store as a state machine on a real database, two hands at a time: transfers, counts and counter-entries lose nothing."""

from __future__ import annotations

import uuid
from collections import Counter
from datetime import timedelta
from typing import Any, ClassVar

import pytest
import sqlalchemy as sa
from hypothesis.stateful import initialize, invariant, rule
from sqlalchemy.orm import Session

from dispatch.audit.queries import broken_chains
from dispatch.db import transaction
from dispatch.devices.checks import broken_custody
from dispatch.devices.handing_over import offer
from dispatch.devices.issuing import Wanted
from dispatch.devices.models import CountUnit, TransferUnit
from dispatch.devices.operations import NewTerminal, receive_terminals, store_named
from dispatch.devices.transferring import send
from dispatch.errors import Refusal
from tests import resetting
from tests.conftest import AT, Cast
from tests.devices import acts, store_acts
from tests.devices.acting import Act, Outcome, Page
from tests.devices.books import (
    Told,
    check_counts,
    check_hand_overs,
    check_nothing_lost,
    check_nothing_twice,
    check_transfers,
    missed_lock,
)
from tests.devices.building import carried, ledger_faults, sims, store, terminals
from tests.racing import TwoHands, pairs_of, walk

KINDS = (
    acts.RECEIVE,
    acts.ISSUE,
    acts.RETURN,
    acts.OFFER,
    acts.ANSWER,
    store_acts.SEND,
    store_acts.SETTLE,
    store_acts.COUNT,
    store_acts.APPROVE,
    store_acts.TAKE_BACK,
)
RIVALS = (
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
)
PAIRS = pairs_of(KINDS, (acts.ISSUE, store_acts.SETTLE, store_acts.COUNT), RIVALS)


class Stores(TwoHands):
    """Two branches with a store each, three bags, three in the offices; each act works whole or is refused with a sentence."""

    outcomes: ClassVar[Counter[str]] = Counter()
    """What counts and transfers came to, in all stories."""

    @initialize()
    def stock_up(self) -> None:
        resetting.restore(self.url)
        self.at = AT
        self.people = {name: getattr(self.cast, name) for name in ("su", "wei", "zhou", "lin", "wang", "he")}
        with transaction() as session:
            self.told = self.begun(session)

    def begun(self, session: Session) -> Told:
        """Something in both stores and in the bags, and something on the way."""
        cast, far = self.cast, store_named(session, branch_id=self.cast.gz, name="广州仓")
        self.store_id = store(session, cast).id
        receive_terminals(session, [NewTerminal(f"GZ{n}", acts.MODEL) for n in range(3)], store=far, by=cast.he, at=AT)
        bags = [carried(session, cast, who, boxes=1, cards=1) for who in (cast.su, cast.wei, cast.zhou)]
        offer(session, [bags[0][1].id], to_person_id=cast.wei.id, note="", key=uuid.uuid4(), by=cast.su, at=AT)
        terminals(session, cast, 4)
        sims(session, cast, 3)
        facts = {"to_branch_id": cast.gz, "note": "", "key": uuid.uuid4(), "by": cast.lin, "at": AT}
        send(session, store=store(session, cast), wanted=Wanted(terminals={acts.MODEL: 2}), **facts)  # type: ignore[arg-type]
        return Told(units=16, moves=16 + 6 + 2)

    @rule(pair=PAIRS)
    def two_at_once(self, pair: tuple[Act, Act]) -> None:
        self.at += timedelta(seconds=7)
        self.do_at_once(pair)

    def page(self, session: Session) -> Page:
        return Page(session, self.at, self.people, (), self.store_id)

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
            check_hand_overs(session)
            check_transfers(session)
            check_counts(session)

    def teardown(self) -> None:
        if not hasattr(self, "told"):
            return
        with self.first_fault_kept(), transaction() as session:
            assert list(broken_custody(session)) == []
            assert list(broken_chains(session)) == []
            for table in (CountUnit.outcome, TransferUnit.status):
                self.outcomes.update(each for each in session.scalars(sa.select(table)) if each)


@pytest.mark.slow
def test_no_unit_is_lost_or_doubled_in_2000_acts_of_two_hands(database: str, cast: Cast) -> None:
    Stores.outcomes.clear()
    done = walk(Stores, database, cast, stories=26, pairs=50)
    assert done.total() >= 2000, done
    works = {"Receiving", "Issuing", "Returning", "Offering", "Answering", "Sending", "Settling", "Counting", "TakingBack"}
    assert {"there", "lost", "moved_here", "moved_meanwhile", "accepted", "withdrawn"} <= set(Stores.outcomes)
    assert works | {f"{name} refused" for name in works} | {"Approving"} <= set(done), done
