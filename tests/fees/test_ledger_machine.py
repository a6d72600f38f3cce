"""Money as a state machine on a real database, two hands at a time: every fen is in exactly one place."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis.stateful import initialize, invariant, rule
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from dispatch.audit.queries import broken_chains
from dispatch.db import transaction
from dispatch.errors import Refusal
from dispatch.fees.ledger_check import broken_ledgers
from dispatch.fees.models import Charge
from dispatch.fees.queries import numbers_without_receipt
from dispatch.finance.day_check import broken_days
from dispatch.finance.match_check import broken_matches
from tests.building import repair_order
from tests.conftest import AT, Cast
from tests.fees import acts, afterwards
from tests.fees.acts import Act, Page
from tests.fees.books import (
    Written,
    check_differences,
    check_hands,
    check_nothing_twice,
    check_numbers,
    check_places,
    check_receipts_in_hand,
    check_refunds,
)
from tests.fees.building import paid
from tests.fees.money import confirmed, handed, owing
from tests.finance import day_acts, match_acts
from tests.orders.building import dispatched
from tests.racing import TwoHands, pairs_of, walk

KINDS = (
    acts.CHARGE,
    acts.TAKE_BACK,
    acts.TAKE,
    acts.SETTLE,
    acts.GIVE_BACK,
    acts.HAND_IN,
    acts.WITHDRAW,
    acts.CONFIRM,
    afterwards.BOOK_BACK,
    afterwards.EVEN,
    afterwards.PAY_OFF,
    afterwards.DEPOSIT,
    afterwards.CORRECT,
    match_acts.STATE,
    match_acts.ACCEPT,
    match_acts.EXPLAIN,
    match_acts.UNDO,
    day_acts.EVEN_MATCH,
    day_acts.CLOSE,
    day_acts.REOPEN,
    day_acts.COME_LATE,
)
RIVALS = (
    (afterwards.BOOK_BACK, acts.HAND_IN),
    (afterwards.BOOK_BACK, afterwards.EVEN),
    (afterwards.BOOK_BACK, acts.GIVE_BACK),
    (afterwards.PAY_OFF, acts.GIVE_BACK),
    (afterwards.EVEN, afterwards.CORRECT),
    (afterwards.DEPOSIT, afterwards.BOOK_BACK),
    (afterwards.DEPOSIT, afterwards.DEPOSIT),
    (afterwards.DEPOSIT, acts.GIVE_BACK),
    (match_acts.STATE, match_acts.ACCEPT),
    (match_acts.ACCEPT, match_acts.EXPLAIN),
    (match_acts.UNDO, match_acts.STATE),
    (match_acts.STATE, afterwards.CORRECT),
    (acts.CONFIRM, acts.WITHDRAW),
    (acts.CONFIRM, acts.GIVE_BACK),
    (acts.HAND_IN, acts.GIVE_BACK),
    (acts.HAND_IN, acts.CONFIRM),
    (acts.HAND_IN, acts.TAKE),
    (acts.SETTLE, acts.TAKE),
)
AT_FINANCE = (
    (match_acts.STATE, match_acts.ACCEPT),
    (match_acts.STATE, match_acts.ACCEPT),
    (match_acts.STATE, match_acts.EXPLAIN),
    (day_acts.EVEN_MATCH, match_acts.EXPLAIN),
    (day_acts.EVEN_MATCH, match_acts.UNDO),
    (day_acts.CLOSE, day_acts.COME_LATE),
    (day_acts.CLOSE, day_acts.CLOSE),
    (day_acts.CLOSE, day_acts.REOPEN),
    (day_acts.REOPEN, day_acts.COME_LATE),
)
PAIRS = pairs_of(KINDS, (acts.TAKE, acts.HAND_IN, acts.CONFIRM), RIVALS, AT_FINANCE)


class Money(TwoHands):
    """Two orders, four people who take money, two who count it; each act either works whole or is refused with a sentence."""

    @initialize()
    def open_the_books(self) -> None:
        self.at = AT
        self.people = {name: getattr(self.cast, name) for name in ("su", "wei", "wang", "qian")}
        self.people["chen"] = self.cast.chen
        self.people["zhou"] = replace(self.cast.zhou, roles=frozenset({"finance"}))
        self.orders, self.written = self.begin()

    def begun(self, session: Session) -> tuple[tuple[int, int], Written]:
        """Money is owed, taken and handed in, some of it short."""
        written = Written()
        first, second = owing(session, self.cast, quantity=40), repair_order(session, self.cast)
        dispatched(session, self.cast, second, self.cast.wei, hour=2)
        written.add(session.scalars(sa.select(Charge)))
        receipts = [paid(session, first, "300", self.people[who]) for who in ("su", "wei", "wang")]
        written.add([*receipts, paid(session, first, "200", self.people["su"], channel="account")])
        short = handed(session, [receipts[1].id], self.people["wei"])
        confirmed(session, short.id, {"100": 2, "50": 1}, self.people["qian"], reason="x", owner_id=self.people["su"].id)
        written.add([short, handed(session, [receipts[0].id], self.people["su"])])
        return (first.id, second.id), written

    def page(self, session: Session) -> Page:
        """Who may act, on what, and when."""
        return Page(session, self.at, self.people, self.orders)

    def keep(self, answer: Any) -> None:
        """Remember what was written."""
        self.written.add(answer if isinstance(answer, tuple) else [answer])

    def check_refusal(self, name: str, refusal: Refusal) -> None:
        """A constraint that had to catch it is a lock that was missing."""
        assert not isinstance(refusal.__cause__, SQLAlchemyError), f"{name}: {refusal.__cause__}"

    @rule(pair=PAIRS)
    def two_at_once(self, pair: tuple[Act, Act]) -> None:
        self.at += timedelta(minutes=7)
        self.do_at_once(pair)

    @invariant()
    def every_fen_is_in_one_place(self) -> None:
        if not hasattr(self, "orders"):
            return
        with self.first_fault_kept(), transaction() as session:
            check_places(session)
            check_hands(session)
            check_differences(session)
            check_refunds(session)
            check_numbers(session)
            day_acts.check_closed_days(session)
            check_nothing_twice(session, self.written)

    def teardown(self) -> None:
        if not hasattr(self, "orders"):
            return
        with self.first_fault_kept(), transaction() as session:
            check_receipts_in_hand(session)
            assert list(broken_ledgers(session)) == []
            assert list(broken_matches(session)) == []
            assert list(broken_days(session)) == []
            assert list(broken_chains(session)) == []
            assert numbers_without_receipt(session, self.cast.sz) == []


@pytest.mark.slow
def test_every_fen_is_in_exactly_one_place_in_2000_acts_of_two_hands(database: str, cast: Cast) -> None:
    works = {"Charging", "TakingBack", "Taking", "Settling", "GivingBack", "HandingIn", "Withdrawing", "Confirming"}
    works |= {"BookingBack", "Evening", "PayingOff", "Depositing", "Correcting"}
    works |= {"Stating", "Accepting", "Explaining", "Undoing"}
    works |= {"EveningMatch", "Closing", "Reopening", "ComingLate"}
    refused = {f"{name} refused" for name in works - {"Charging", "Settling", "Stating", "ComingLate"}}
    walk(Money, database, cast, acts=2000, wanted=works | refused)
