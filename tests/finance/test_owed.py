"""What matching left to somebody: settled as a hand-in's difference is, seen by him and by finance, given to somebody else."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from dispatch.audit.models import AuditEntry
from dispatch.audit.queries import broken_chains
from dispatch.clock import local_day
from dispatch.db import transaction
from dispatch.errors import Conflict, Invalid, NotAllowed, NotFound, RuleBroken
from dispatch.fees.ledger_check import broken_ledgers
from dispatch.finance.assigning import assign
from dispatch.finance.day_closing import close_day
from dispatch.finance.day_queries import books_of
from dispatch.finance.differences import LEFT, differences
from dispatch.finance.match_check import broken_matches
from dispatch.finance.match_explaining import explain
from dispatch.finance.match_models import LineMatch, MatchItem
from dispatch.finance.match_settling import settle_match, take_back_match_settlement
from dispatch.finance.match_undoing import undo
from dispatch.finance.merit_queries import rates
from dispatch.finance.owed_queries import answered_for
from tests.conftest import AT, Cast, SignIn
from tests.counting import queries
from tests.fees.building import paid
from tests.fees.money import balance, confirmed, handed, owing, settled
from tests.finance.building import explained, item_of, said

DAY = local_day(AT, "Asia/Shanghai")


def left_over(session: Session, cast: Cast, amount: str = "80") -> LineMatch:
    """Su took it by transfer, no statement shows it, and he answers for it."""
    gone = paid(session, owing(session, cast), amount, cast.su, channel="transfer")
    return explain(session, explained([], [item_of(session, gone).id], "owed", owner_id=cast.su.id), by=cast.qian, at=AT)


def listed(session: Session, cast: Cast) -> list[tuple[Any, ...]]:
    """What finance's list has of it: whose, how much, of how much."""
    found = differences(session, books_of(session, cast.sz), day=DAY, matching=DAY).rows
    return [(each.owner, each.amount, each.whole) for each in found if each.what == LEFT]


def test_it_is_settled_bit_by_bit_as_a_hand_ins_difference(db: Session, cast: Cast) -> None:
    row = left_over(db, cast)
    pay = partial(settle_match, db, row.id, reason="核实过", request_key=None, at=AT)
    assert listed(db, cast) == [("苏杰", -80, -80)]
    assert [(each.open, each.match_id) for each in answered_for(db, cast.su.id or 0)] == [(-80, row.id)]
    (rate,) = rates(db, branch_id=cast.sz, since=AT, until=AT + timedelta(hours=1))
    assert (rate.name, rate.differences, rate.missed) == ("苏杰", 1, 80)
    with pytest.raises(RuleBroken, match="cannot be closed"):
        close_day(db, cast.sz, DAY, by=cast.qian, at=AT)
    pay(how="paid", amount=Decimal(50), by=cast.qian)
    assert listed(db, cast) == [("苏杰", -30, -80)]
    with pytest.raises(RuleBroken, match="take that back first"):
        undo(db, row.id, reason="x", by=cast.qian, at=AT)
    with pytest.raises(DBAPIError, match="settled"), db.begin_nested():
        db.execute(
            sa.text(f"INSERT INTO match_undo (match_id, reason, by_id, by_name, at) VALUES ({row.id}, 'x', 1, 'x', now())")
        )
    for wrong, amount in ((RuleBroken, "30.01"), (Invalid, "0")):
        with pytest.raises(wrong):
            pay(how="paid", amount=Decimal(amount), by=cast.qian)
    deducted = pay(how="deducted", amount=Decimal(20), by=cast.wang)
    pay(how="written_off", amount=Decimal(10), by=cast.chen)
    kinds = ("cash_desk", "pay_deduction", "written_off", "difference")
    assert [balance(db, kind, branch_id=cast.sz) for kind in kinds] == [50, 20, 10, 0]
    assert listed(db, cast) == [] and answered_for(db, cast.su.id or 0) == []
    take_back_match_settlement(db, deducted.id, reason="写错", by=cast.wang, at=AT)
    with pytest.raises(Conflict, match="already"):
        take_back_match_settlement(db, deducted.id, reason="写错", by=cast.wang, at=AT)
    assert listed(db, cast) == [("苏杰", -20, -80)] and balance(db, "pay_deduction", branch_id=cast.sz) == 0
    assert [str(each) for each in (*broken_ledgers(db), *broken_matches(db), *broken_chains(db))] == []
    with pytest.raises(DBAPIError, match="past zero"), db.begin_nested():
        db.execute(
            sa.text(
                "INSERT INTO difference_settlement (match_id, how, amount, reason, by_id, by_name, at) "
                f"VALUES ({row.id}, 'paid', 20.01, 'x', {cast.qian.id}, 'x', now())"
            )
        )


def test_who_may_settle_it_and_what_was_too_much(db: Session, cast: Cast) -> None:
    row = left_over(db, cast)
    pay = partial(settle_match, db, row.id, amount=Decimal(1), reason="x", at=AT)
    for who, how in ((cast.wang, "paid"), (cast.qian, "deducted"), (cast.qian, "written_off"), (cast.su, "paid")):
        with pytest.raises(NotAllowed):
            pay(how=how, by=who, request_key=None)
    for key, who in ((row.id, replace(cast.wang, branch_id=cast.gz)), (999, cast.wang)):
        with pytest.raises(NotFound):
            settle_match(db, key, how="written_off", amount=Decimal(1), reason="x", request_key=None, by=who, at=AT)
    key = uuid.uuid4()
    assert pay(how="paid", by=cast.qian, request_key=key) is pay(how="paid", by=cast.qian, request_key=key)
    (line_id,) = said(db, cast, "bank", ("12", None, {}))
    more = explain(db, explained([line_id], [], "owed", owner_id=cast.wang.id), by=cast.qian, at=AT)
    facts = {"amount": Decimal(12), "reason": "x", "request_key": None, "at": AT}
    with pytest.raises(NotAllowed, match="his own"):
        settle_match(db, more.id, how="written_off", by=cast.wang, **facts)
    with pytest.raises(RuleBroken, match="too much"):
        settle_match(db, more.id, how="deducted", by=cast.chen, **facts)
    settle_match(db, more.id, how="written_off", by=cast.chen, **facts)
    assert balance(db, "written_off", branch_id=cast.sz) == -12


def test_somebody_else_is_named_for_a_reason_and_told(db: Session, cast: Cast) -> None:
    row = left_over(db, cast)
    made = handed(db, [paid(db, owing(db, cast), "300", cast.su).id], cast.su)
    confirmed(db, made.id, {"100": 2}, cast.qian, reason="少一张", owner_id=cast.su.id)
    (line_id,) = said(db, cast, "bank", ("12", None, {}))
    item_id = item_of(db, paid(db, owing(db, cast), "33", cast.su, channel="wechat")).id
    name = partial(assign, db, owner_id=cast.wei.id, reason="当时他当班", by=cast.wang, at=AT)
    for kind, id_ in (("match", row.id), ("hand_in", made.id), ("line", line_id), ("item", item_id)):
        for wrong, facts in (
            (NotAllowed, {"by": cast.qian}),
            (NotFound, {"by": replace(cast.wang, branch_id=cast.gz)}),
            (Invalid, {"owner_id": cast.lin.id}),
            (Invalid, {"reason": " "}),
        ):
            with pytest.raises(wrong):
                name(kind, id_, **facts)
        name(kind, id_)
        with pytest.raises(Conflict, match="already"):
            name(kind, id_)
    mine = answered_for(db, cast.wei.id or 0)
    assert sorted((each.open, each.given.detail["from"]) for each in mine if each.given) == [(-100, "苏杰"), (-80, "苏杰")]
    assert answered_for(db, cast.su.id or 0) == []
    told = db.scalars(sa.select(AuditEntry.subject_kind).where(AuditEntry.action == "difference.assign")).all()
    assert sorted(told) == ["hand_in", "line_match", "match_item", "statement_line"]
    owners = {each.owner for each in differences(db, books_of(db, cast.sz), day=None, matching=DAY).rows}
    assert owners == {cast.wei.name}
    settled(db, made.id, "100", cast.qian)
    with pytest.raises(RuleBroken, match="Nothing of it is open"):
        assign(db, "hand_in", made.id, cast.su.id, reason="x", by=cast.wang, at=AT)
    assign(db, "match", row.id, cast.wang.id, reason="x", by=cast.chen, at=AT)
    with pytest.raises(NotAllowed, match="his own"):
        name("match", row.id)
    with pytest.raises(DBAPIError), db.begin_nested():
        db.execute(sa.text(f"UPDATE hand_in SET difference = -1 WHERE id = {made.id}"))
    assert db.get_one(MatchItem, item_id).by_id == cast.su.id, "who took the money stays on record"


def test_its_pages(database: str, cast: Cast, as_person: SignIn) -> None:
    with transaction() as db:
        match_id = left_over(db, cast).id
    path, boss, clerk = f"/finance/owed/{match_id}", as_person(cast.wang), as_person(cast.qian)
    assert path in clerk.get("/finance").text and "Left over by matching" in clerk.get("/finance").text
    assert "Pay it in at the desk" in clerk.get(path).text and "Deduct it" not in clerk.get(path).text
    assert "Deduct it from his pay" in boss.get(path).text and "Somebody else answers for it" in boss.get(path).text
    wrong = clerk.post(f"{path}/settle", data={"how": "paid", "amount": "80.5", "reason": "转账"})
    assert wrong.status_code == 422 and 'value="80.5"' in wrong.text and "is more than what is open" in wrong.text
    assert clerk.post(f"{path}/settle", data={"how": "paid", "amount": "30"}).status_code == 302
    assert "-¥50.00" in clerk.get(path).text and "of -¥80.00" in clerk.get("/finance").text
    assert "Left over by matching" in clerk.get(f"/finance/days/{cast.sz}/{DAY}").text
    assert path in clerk.get("/finance/day").text
    phone = as_person(cast.su)
    assert "What I answer for" in phone.get("/my-money").text and phone.get(path).status_code == 404
    naming = f"/finance/assign/match/{match_id}"
    bare = boss.post(naming, data={"owner": "", "reason": "他当班"})
    assert bare.status_code == 422 and 'value="他当班"' in bare.text and "Who answers for the difference?" in bare.text
    assert boss.post(naming, data={"owner": str(cast.wei.id), "reason": "他当班"}).status_code == 302
    assert "From 苏杰 to you, by 王经理: 他当班".replace("王经理", cast.wang.name) in as_person(cast.wei).get("/my-money").text
    assert 'href="/my-money"' not in boss.get("/finance").text
    assert as_person(cast.chen).post(naming, data={"owner": str(cast.wang.id), "reason": "他批的"}).status_code == 302
    assert 'href="/my-money"' in boss.get("/finance").text and "他批的" in boss.get("/my-money").text
    assert clerk.post(naming, data={"owner": "1", "reason": "x"}).status_code == 404
    assert boss.post("/finance/assign/what/1", data={}).status_code == 404
    back = clerk.post("/finance/settlements/1/take-back", data={"reason": ""})
    assert back.status_code == 422 and "Please give a reason." in back.text
    assert clerk.post("/finance/settlements/1/take-back", data={"reason": "记错"}).status_code == 302
    for each in (path, "/finance", "/my-money", f"/finance/days/{cast.sz}/{DAY}"):
        reader = boss
        with queries() as seen:
            assert reader.get(each).status_code == 200
        assert len(seen) <= 12, (each, seen)
