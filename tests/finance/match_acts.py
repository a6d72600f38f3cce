"""What the money machine does with statements: a file comes, matching runs, people accept, explain and undo."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from hypothesis import strategies as st

from dispatch.finance.match_acts import accept
from dispatch.finance.match_explaining import Explained, explain
from dispatch.finance.match_models import LineMatch, MatchItem
from dispatch.finance.match_undoing import undo
from dispatch.finance.matching_run import match_branch
from dispatch.finance.models import StatementLine
from tests.fees.acts import SELDOM, Doing, Page
from tests.finance.building import line_of


@dataclass(frozen=True)
class Stating:
    """A line for some money of ours, named or not, or for nothing of ours; then matching runs."""

    pick: int
    named: bool
    off: int
    stranger: bool

    def on(self, page: Page) -> Doing:
        by = page.people["qian"]
        item = page.session.scalars(sa.select(MatchItem).order_by(MatchItem.id.desc()).offset(self.pick).limit(1)).first()
        channel = {"wechat": "wechat", "alipay": "alipay"}.get(item.channel if item else "", "bank")
        amount = Decimal(7) if item is None or self.stranger else item.amount + self.off
        facts: dict[str, Any] = {"fee": "0.365"} if channel != "bank" else {}
        number = item.number if item and self.named and not self.stranger else None
        facts["kind"] = "deposit" if item and item.kind == "deposit" else "payment" if amount > 0 else "refund"

        def state(session: Any) -> tuple[()]:
            line_of(session, by, channel, str(amount or 1), number, facts | {"at": page.at})
            match_branch(session, by.branch_id or 0, by=by, at=page.at)
            return ()

        return state


@dataclass(frozen=True)
class Accepting:
    pick: int
    who: str

    def on(self, page: Page) -> Doing:
        row, by = (
            page.session.scalars(_newest(LineMatch, self.pick, LineMatch.state != "proposed")).first(),
            page.people[self.who],
        )
        ids = [row.id] if row else []

        def act(session: Any) -> tuple[()]:
            accept(session, ids, by=by, at=page.at)
            return ()

        return act


@dataclass(frozen=True)
class Explaining:
    pick: int
    line: bool
    both: bool
    why: str

    def on(self, page: Page) -> Doing:
        line = page.session.scalars(_newest(StatementLine, self.pick, StatementLine.state != "open")).first()
        item = page.session.scalars(_newest(MatchItem, self.pick, MatchItem.state != "open")).first()
        lines = frozenset({line.id} if line and (self.line or self.both) else ())
        items = frozenset({item.id} if item and (not self.line or self.both) else ())
        by = page.people["wang" if self.why == "written_off" else "qian"]
        said = Explained(lines, items, self.why, "x", page.people["su"].id, "wechat")

        def act(session: Any) -> tuple[()]:
            explain(session, said, by=by, at=page.at)
            return ()

        return act


@dataclass(frozen=True)
class Undoing:
    pick: int
    who: str

    def on(self, page: Page) -> Doing:
        row, by = page.session.scalars(_newest(LineMatch, self.pick, LineMatch.state != "live")).first(), page.people[self.who]
        match_id = row.id if row else 0

        def act(session: Any) -> tuple[()]:
            undo(session, match_id, reason="x", by=by, at=page.at)
            return ()

        return act


def _newest(table: Any, pick: int, *first: Any) -> Any:
    return sa.select(table).order_by(*first, table.id.desc()).offset(pick).limit(1)


_PICK = st.sampled_from([0, 0, 0, 1, 2])
STATE = st.builds(
    Stating, st.sampled_from([0, 0, 1, 2, 4]), st.sampled_from([True, True, False]), st.sampled_from([0, 0, 0, 1]), SELDOM
)
ACCEPT = st.builds(Accepting, _PICK, st.sampled_from(["qian", "qian", "zhou", "su"]))
_WHYS = st.sampled_from(
    ["owed", "owed", "written_off", "elsewhere", "underway", "payout", "rounding", "together", "cancels", "fee"]
)
EXPLAIN = st.builds(Explaining, _PICK, st.booleans(), st.booleans(), _WHYS)
UNDO = st.builds(Undoing, _PICK, st.sampled_from(["qian", "qian", "zhou", "wang"]))
