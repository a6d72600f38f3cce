"""Requests as a state machine on a real database, two hands at a time: nobody decides his own or twice, and amounts stand."""

from __future__ import annotations

import uuid
from datetime import timedelta
from decimal import Decimal
from typing import Any

from hypothesis.stateful import initialize, invariant, rule
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from dispatch.approvals.checks import broken_ladders
from dispatch.approvals.models import REQUEST_STATES
from dispatch.approvals.operations.table import add_rule
from dispatch.approvals.rules import REQUESTS, LevelRule
from dispatch.audit.queries import broken_chains
from dispatch.db import transaction
from dispatch.devices.purchasing import ask_purchase
from dispatch.errors import Refusal
from dispatch.staff.deputies import Absence, name_deputy
from tests.approvals import drawing
from tests.approvals.asking import Act, Page, drills
from tests.approvals.climbed import check_amounts, check_hands, check_levels, check_links, what_happened
from tests.conftest import AT, Cast
from tests.devices.building import store
from tests.fees.building import added, paid, price_list, repair
from tests.fees.test_favours import rule as levels_for
from tests.orders.said import also
from tests.racing import TwoHands, pairs_of, walk

KINDS = (
    drawing.WORK,
    drawing.ASK,
    drawing.DECIDE_ONE,
    drawing.SEND,
    drawing.BY_LINK,
    drawing.REVOKE,
    drawing.WITHDRAW_ONE,
    drawing.MEND,
    drawing.CARRY_OUT,
    drawing.STAND_IN,
    drawing.LEAVE,
)
RIVALS = (
    (drawing.WORK, drawing.BY_LINK),
    (drawing.WORK, drawing.WITHDRAW_ONE),
    (drawing.WORK, drawing.MEND),
    (drawing.DECIDE_ONE, drawing.BY_LINK),
    (drawing.DECIDE_ONE, drawing.STAND_IN),
    (drawing.BY_LINK, drawing.REVOKE),
    (drawing.BY_LINK, drawing.LEAVE),
    (drawing.BY_LINK, drawing.SEND),
    (drawing.CARRY_OUT, drawing.WITHDRAW_ONE),
)
PAIRS = pairs_of(
    KINDS, (drawing.WORK, drawing.WORK, drawing.DECIDE_ONE, drawing.SEND), RIVALS, ((drawing.WORK, drawing.WORK),) * 4
)


class Climbing(TwoHands):
    """Two orders to give something away on, a store that buys, and everybody who asks or decides; wei comes and goes."""

    @initialize()
    def open_the_office(self) -> None:
        self.at, self.tokens = AT, []
        self.people = self.begin()

    def begun(self, session: Session) -> dict[str, Any]:
        """Two are managers, one holds three roles, one works at the other branch; the table asks above for what is large."""
        cast = self.cast
        people = {name: getattr(cast, name) for name in ("lin", "wang", "qian", "chen", "root")}
        more = {"wei": "manager", "zhou": "supervisor", "he": "manager", "su": "manager"}
        people |= {name: also(session, getattr(cast, name), role) for name, role in more.items()}
        people["su"] = also(session, people["su"], "director", "finance")
        levels_for(session, cast, "refund", 100, "manager", "director")
        levels_for(session, cast, "goodwill", 100, "director")
        small = LevelRule("purchase", (), Decimal(0), Decimal(999))
        add_rule(session, small, key=uuid.uuid4(), by=cast.chen, at=AT)
        price_list(session, cast)
        for _ in range(2):
            order = repair(session, cast)
            for quantity in (1, 2, 3):
                added(session, order, "S003", cast.su, quantity=quantity)
            for amount in ("150", "300", "450"):
                paid(session, order, amount, cast.su, channel="wechat")
        store(session, cast)
        for number in (1, 20, 120):
            ask_purchase(session, drills(number), key=uuid.uuid4(), by=cast.lin, at=AT)
        absence = Absence(cast.he.id or 0, AT, AT + timedelta(hours=3), "x", uuid.uuid4())
        name_deputy(session, absence, by=cast.wang, at=AT)
        return people

    def page(self, session: Session) -> Page:
        """Who may act, on what, and when."""
        return Page(session, self.at, self.people, tuple(self.tokens))

    def keep(self, answer: Any) -> None:
        """Remember the token of a link."""
        if isinstance(answer, tuple):
            self.tokens.append(answer[1])

    def check_refusal(self, name: str, refusal: Refusal) -> None:
        """A constraint that had to catch it is a lock that was missing; only that of deputies is the rule itself."""
        assert name == "StandingIn" or not isinstance(refusal.__cause__, SQLAlchemyError), f"{name}: {refusal.__cause__}"

    @rule(pair=PAIRS)
    def two_at_once(self, pair: tuple[Act, Act]) -> None:
        self.at += timedelta(minutes=7)
        self.do_at_once(pair)

    @invariant()
    def the_ladders_hold(self) -> None:
        if not hasattr(self, "people"):
            return
        with self.first_fault_kept(), transaction() as session:
            assert list(broken_ladders(session)) == []

    def teardown(self) -> None:
        if not hasattr(self, "people"):
            return
        with self.first_fault_kept(), transaction() as session:
            for check in (check_levels, check_hands, check_links, check_amounts):
                check(session)
            assert list(broken_chains(session)) == []
            self.outcomes.update(what_happened(session))


def test_two_hands_climb_every_ladder(database: str, cast: Cast) -> None:
    works = {
        "Asking",
        "Deciding",
        "Sending",
        "ByLink",
        "Revoking",
        "Withdrawing",
        "Mending",
        "CarryingOut",
        "StandingIn",
        "Leaving",
    }
    refused = {f"{name} refused" for name in works - {"Leaving"}}
    ends = {*REQUESTS, *REQUEST_STATES, "by a deputy", "by link"} - {"approved"}  # a state on the way to being carried out
    ends -= {"settlement"}  # needs a contractor's accepted work: it is walked in tests/finance
    walk(Climbing, database, cast, acts=250, wanted=works | refused | ends)
