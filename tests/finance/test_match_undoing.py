"""Undoing, what is under way, and whose money may be explained by whom: what books back exactly what it booked."""

from __future__ import annotations

from decimal import Decimal

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.db import transaction
from dispatch.errors import NotFound
from dispatch.fees.operations import refund
from dispatch.finance.match_check import broken_matches
from dispatch.finance.match_explaining import explain
from dispatch.finance.match_models import LineMatch, MatchItem, MatchPart
from dispatch.finance.match_rows import held
from dispatch.finance.match_undoing import undo
from dispatch.finance.matching_run import match_branch
from dispatch.finance.models import StatementLine
from tests.conftest import AT, Cast, SignIn
from tests.fees.building import paid
from tests.fees.money import balance, owing
from tests.finance.building import explained, item_of, said


def match_of(db: Session, line_id: int) -> int:
    """The match that counts of a line."""
    return db.scalars(sa.select(MatchPart.match_id).where(MatchPart.line_id == line_id, MatchPart.live)).one()


def test_undoing_one_of_two_that_came_to_nothing_together(db: Session, cast: Cast) -> None:
    receipt = paid(db, owing(db, cast), "100", cast.su, channel="wechat")
    back = refund(db, receipt.id, amount=Decimal(100), reason="x", device="desk", by=cast.qian, at=AT)
    came, went = said(db, cast, "wechat", ("100.00", receipt.number, {}), ("-100.00", receipt.number, {"kind": "refund"}))
    match_branch(db, cast.sz, by=cast.qian, at=AT)
    assert item_of(db, back).state == "matched"
    undo(db, match_of(db, went), reason="不是这笔", by=cast.qian, at=AT)
    assert balance(db, "clearing", branch_id=cast.sz, channel="wechat") == -100
    assert balance(db, "at_channel", branch_id=cast.sz, channel="wechat") == 100
    undo(db, match_of(db, came), reason="也不是", by=cast.qian, at=AT)
    assert balance(db, "at_channel", branch_id=cast.sz, channel="wechat") == 0 and list(broken_matches(db)) == []


def test_what_is_under_way_comes_one_by_one(db: Session, cast: Cast) -> None:
    order = owing(db, cast)
    both = [paid(db, order, amount, cast.su, channel="transfer") for amount in ("30", "80")]
    items = [item_of(db, each).id for each in both]
    explain(db, explained([], items, "underway"), by=cast.qian, at=AT)
    said(db, cast, "bank", ("30", both[0].number, {}))
    assert match_branch(db, cast.sz, by=cast.qian, at=AT).sure == 1
    assert [item_of(db, each).state for each in both] == ["matched", "underway"]
    assert list(broken_matches(db)) == []
    (there,) = db.scalars(sa.select(MatchPart.match_id).where(MatchPart.item_id == items[1], MatchPart.live))
    undo(db, there, reason="没有来", by=cast.qian, at=AT)
    assert item_of(db, both[1]).state == "open" and list(broken_matches(db)) == []


def test_a_manager_sees_and_explains_away_nothing_of_another_branch(db: Session, cast: Cast, as_person: SignIn) -> None:
    receipt = paid(db, owing(db, cast), "80", cast.su, channel="transfer")
    (line,) = said(db, cast, "bank", ("79", None, {}))
    theirs = item_of(db, receipt).id
    db.execute(sa.text("ALTER TABLE match_item DISABLE TRIGGER append_only"))
    db.execute(sa.update(MatchItem).where(MatchItem.id == theirs).values(branch_id=cast.gz))
    with pytest.raises(NotFound):
        explain(db, explained([line], [theirs], "written_off"), by=cast.wang, at=AT)
    db.commit()
    pages = {who.name: as_person(who).get(f"/finance/statement-lines/{line}").text for who in (cast.wang, cast.qian)}
    assert [receipt.number in page for page in pages.values()] == [False, True]
    assert explain(db, explained([line], [theirs], "rounding"), by=cast.qian, at=AT).difference == -1


def test_whoever_proposes_does_not_wait_for_who_holds_what_it_is_about(database: str, cast: Cast) -> None:
    with transaction() as db:
        item = item_of(db, paid(db, owing(db, cast), "80", cast.su, channel="transfer")).id
        (line,) = said(db, cast, "bank", ("80", None, {}))
    with transaction() as clerk, transaction() as worker:
        held(clerk, StatementLine, [line])
        held(clerk, MatchItem, [item])
        worker.execute(sa.text("SET LOCAL lock_timeout = '1s'"))
        facts = {"branch_id": cast.sz, "channel": "bank", "amount": 80, "fee": 0, "difference": 0, "at": AT}
        proposed = LineMatch(state="proposed", way="amount", confidence=70, **facts)
        worker.add(proposed)
        worker.flush()
        parts = ({"line_id": line}, {"item_id": item})
        worker.add_all(MatchPart(match_id=proposed.id, nth=nth, live=False, **of) for nth, of in enumerate(parts))
        worker.flush()
