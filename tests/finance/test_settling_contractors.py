"""A contractor's settlement: frozen, approved before it is paid, booked on both sides, taken back by counter-entries only."""

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

from dispatch.approvals.models import Request
from dispatch.approvals.operations.requests import Answer
from dispatch.audit.queries import broken_chains
from dispatch.clock import local_day
from dispatch.db import transaction
from dispatch.errors import Conflict, Invalid, NotAllowed, RuleBroken
from dispatch.fees.ledger_check import broken_ledgers
from dispatch.finance.contractor_check import broken_settlements
from dispatch.finance.contractor_queries import open_work
from dispatch.finance.match_check import broken_matches
from dispatch.finance.match_models import MatchItem
from dispatch.finance.matching_run import match_branch
from dispatch.finance.month_rules import month_of
from dispatch.finance.paying_contractors import Paid, pay_sheet, take_back_contractor_payment
from dispatch.finance.settlement_models import ContractorSheet
from dispatch.finance.settlement_queries import payments_of, sheets
from dispatch.finance.settlement_rules import Correction
from dispatch.finance.settlement_sheets import sheet_facts
from dispatch.finance.settling_contractors import decide_sheet, draw_up, take_back_sheet, withdraw_sheet
from dispatch.outside.models import OutsideOffer
from dispatch.staff.models import Branch
from tests.board.building import approved_order
from tests.conftest import AT, Cast, SignIn
from tests.counting import queries
from tests.fees.money import balance
from tests.finance.building import said
from tests.outside.building import at_work

DAY = local_day(AT, "Asia/Shanghai")
MONTH = month_of(DAY)
YES, NO = Answer(True), Answer(False, "金额不对")
TRANSFER = Paid("transfer", DAY, "网银 20261202-17")


def accepted(session: Session, cast: Cast, amount: str = "120") -> OutsideOffer:
    """Work of a contractor that Wang has accepted, for less than the 150 agreed."""
    offer, _visit, _worker = at_work(session, cast, approved_order(session, cast))
    offer.work_at, offer.work_by_id, offer.amount, offer.work_note = AT, cast.wang.id, Decimal(amount), "返工一次"
    session.flush()
    return offer


def drawn(session: Session, cast: Cast, contractor_id: int, *corrections: Correction, **facts: Any) -> ContractorSheet:
    given: dict[str, Any] = {"reason": "十二月外协", "key": uuid.uuid4(), "by": cast.qian, "at": AT, **facts}
    return draw_up(session, contractor_id, given.pop("month", MONTH), corrections, **given)


def sound(session: Session) -> None:
    checks = (broken_ledgers, broken_matches, broken_settlements, broken_chains)
    assert [str(each) for check in checks for each in check(session)] == []


def owed_to(session: Session, contractor_id: int) -> Decimal:
    return -balance(session, "contractor", contractor_id=contractor_id)


def test_from_the_month_to_the_statement_and_back(db: Session, cast: Cast) -> None:
    offer = accepted(db, cast)
    who = offer.contractor_id
    key = uuid.uuid4()
    sheet = drawn(db, cast, who, Correction(Decimal("-20"), "上月多付"), key=key)
    assert drawn(db, cast, who, key=key).id == sheet.id, "a second press"
    assert (sheet.number, sheet.amount, len(sheet.lines)) == ("JS-SZ-2026-0001", 100, 2)
    assert open_work(db, who, until=AT + timedelta(days=1)) == []
    with pytest.raises(RuleBroken, match="Nothing is to be paid"):
        drawn(db, cast, who)
    pay = partial(pay_sheet, db, sheet.request_id, request_key=None, by=cast.qian, at=AT)
    with pytest.raises(RuleBroken, match="not approved yet"):
        pay(TRANSFER)
    with pytest.raises(RuleBroken):
        decide_sheet(db, sheet.request_id, YES, by=cast.qian, at=AT)
    decide_sheet(db, sheet.request_id, YES, by=cast.wang, at=AT)
    assert owed_to(db, who) == 100 and balance(db, "outside_work", branch_id=cast.sz) == 100
    for wrong, field in (
        (Paid("barter", DAY, "x"), "channel"),
        (Paid("cash", DAY + timedelta(days=1), "x"), "paid_on"),
        (Paid("cash", DAY, " "), "reference"),
        (Paid("cash", None, "x"), "paid_on"),
    ):
        with pytest.raises(Invalid) as refusal:
            pay(wrong)
        assert list(refusal.value.fields) == [field]
    with pytest.raises(RuleBroken, match="would leave the cash desk"), db.begin_nested():
        pay(Paid("cash", DAY, "收条"))
    press = uuid.uuid4()
    paid = pay(TRANSFER, request_key=press)
    assert pay(TRANSFER, request_key=press).id == paid.id
    with pytest.raises(Conflict, match="already"):
        pay(TRANSFER)
    db.refresh(offer)
    assert offer.settled_reference == "JS-SZ-2026-0001 网银 20261202-17" and owed_to(db, who) == 0
    assert balance(db, "clearing", branch_id=cast.sz, channel="transfer") == -100
    item = db.scalars(sa.select(MatchItem).where(MatchItem.contractor_payment_id == paid.id)).one()
    assert (item.amount, item.number, item.payer) == (-100, sheet.number, sheet.contractor_name)
    with pytest.raises(RuleBroken, match="take the payment back first"):
        take_back_sheet(db, sheet.request_id, reason="x", by=cast.qian, at=AT)
    sound(db)
    back = take_back_contractor_payment(db, paid.id, reason="付错账户", by=cast.qian, at=AT)
    db.refresh(item)
    db.refresh(offer)
    assert (item.state, offer.settled_at, owed_to(db, who)) == ("void", None, 100) and back.amount == -100
    with pytest.raises(Conflict):
        take_back_contractor_payment(db, paid.id, reason="x", by=cast.qian, at=AT)
    again = pay(TRANSFER)
    said(db, cast, "bank", ("-100", None, {"kind": "other", "note": f"外协费 {sheet.number}"}))
    assert match_branch(db, cast.sz, by=cast.qian, at=AT).sure == 1
    assert balance(db, "bank", branch_id=cast.sz) == -100 and balance(db, "clearing", branch_id=cast.sz, channel="transfer") == 0
    with pytest.raises(Conflict, match="matched"):
        take_back_contractor_payment(db, again.id, reason="x", by=cast.qian, at=AT)
    sound(db)
    facts = sheet_facts(sheet, db.get_one(Request, sheet.request_id), payments_of(db, sheet.id), db.get_one(Branch, cast.sz))
    assert (facts["state"], facts["paid"]["reference"], facts["approved"][0]["name"]) == (
        "paid",
        TRANSFER.reference,
        cast.wang.name,
    )
    assert [line["amount"] for line in facts["lines"]] == ["120.00", "-20.00"]
    page, counts = sheets(db, cast.sz)
    assert [(each.state, each.sheet.id) for each in page.rows] == [("paid", sheet.id)] and counts == {"paid": (1, 100)}


def test_what_does_not_stand_frees_its_orders_for_the_next(db: Session, cast: Cast) -> None:
    offer = accepted(db, cast)
    who = offer.contractor_id
    for wrong, facts in (
        (NotAllowed, {"by": cast.wang}),
        (NotAllowed, {"by": cast.lin}),
        (Invalid, {"month": MONTH.after}),
        (Invalid, {"reason": ""}),
    ):
        with pytest.raises(wrong):
            drawn(db, cast, who, **facts)
    with pytest.raises(RuleBroken, match="Nothing is to be paid"):
        drawn(db, cast, who, month=MONTH.before)
    with pytest.raises(Invalid):
        drawn(db, cast, who, Correction(Decimal(5), " "))
    refused = drawn(db, cast, who)
    decide_sheet(db, refused.request_id, NO, by=cast.wang, at=AT)
    withdrawn = drawn(db, cast, who)
    with pytest.raises(NotAllowed):
        withdraw_sheet(db, withdrawn.request_id, by=cast.lin, at=AT)
    withdraw_sheet(db, withdrawn.request_id, by=cast.qian, at=AT)
    third = drawn(db, cast, who)
    decide_sheet(db, third.request_id, YES, by=cast.wang, at=AT)
    with pytest.raises(RuleBroken, match="with a reason"):
        withdraw_sheet(db, third.request_id, by=cast.qian, at=AT)
    with pytest.raises(Invalid):
        take_back_sheet(db, third.request_id, reason=" ", by=cast.qian, at=AT)
    take_back_sheet(db, third.request_id, reason="单价有误", by=cast.qian, at=AT)
    assert owed_to(db, who) == 0 and balance(db, "outside_work", branch_id=cast.sz) == 0
    with pytest.raises(Conflict):
        pay_sheet(db, third.request_id, TRANSFER, request_key=None, by=cast.qian, at=AT)
    last = drawn(db, cast, who)
    assert [each.live for each in (refused, withdrawn, third, last)] == [False, False, False, True]
    same = "INSERT INTO contractor_sheet_line (sheet_id, nth, offer_id, order_number, worker, accepted_at, price, amount)"
    values = f"SELECT {refused.id}, 9, offer_id, order_number, worker, accepted_at, price, amount FROM contractor_sheet_line"
    with pytest.raises(DBAPIError, match="uq_contractor_sheet_line_live"), db.begin_nested():
        db.execute(sa.text(f"{same} {values} WHERE sheet_id = {last.id}"))
    for change in ("UPDATE contractor_sheet SET amount = 1", "UPDATE contractor_sheet_line SET amount = 1"):
        with pytest.raises(DBAPIError), db.begin_nested():
            db.execute(sa.text(change))
    sound(db)
    decide_sheet(db, last.request_id, YES, by=cast.wang, at=AT)
    own = replace(cast.wang, roles=frozenset({"finance"}))
    with pytest.raises(RuleBroken, match="somebody else has to settle"):
        pay_sheet(db, last.request_id, TRANSFER, request_key=None, by=own, at=AT)


def test_its_pages(database: str, cast: Cast, as_person: SignIn) -> None:
    with transaction() as db:
        offer = accepted(db, cast)
        who, offer.work_at = offer.contractor_id, AT - timedelta(days=10)
    path, clerk, boss = f"/finance/contractors/{who}", as_person(cast.qian), as_person(cast.wang)
    assert "Draw up a settlement" in clerk.get(path).text and "Draw up a settlement" not in boss.get(path).text
    typed = {"month": str(MONTH), "reason": "", "correction": "10", "correction_way": "off", "correction_words": "工具押金"}
    wrong = clerk.post(path, data=typed)
    assert wrong.status_code == 422 and 'value="工具押金"' in wrong.text and "Please give a reason." in wrong.text
    assert "A month like" in clerk.post(path, data={**typed, "month": "13"}).text
    typed |= {"reason": "十二月", "request_key": str(uuid.uuid4()), "month": "2026-11"}
    made = clerk.post(path, data=typed)
    assert made.status_code == 302, made.text
    page = made.headers["Location"]
    assert clerk.post(path, data=typed).headers["Location"] == page, "a second press"
    shown = clerk.get(page).text
    assert "Awaiting approval" in shown and "工具押金" in shown and "¥110.00" in shown and "Note the payment" not in shown
    request_id = page.rpartition("/")[2]
    asked = boss.get(f"/approvals/requests/{request_id}")
    assert page in asked.text and "Pay " in asked.text
    with transaction() as db:
        decide_sheet(db, int(request_id), YES, by=cast.wang, at=AT)
    press = {"channel": "transfer", "paid_on": "2026-11-20", "reference": ""}
    bare = clerk.post(f"{page}/pay", data=press)
    assert bare.status_code == 422 and "Please fill this in." in bare.text and "2026-11-20" in bare.text
    assert boss.post(f"{page}/pay", data=press).status_code == 404
    assert clerk.post(f"{page}/pay", data={**press, "reference": "网银17"}).status_code == 302
    assert "网银17" in clerk.get(page).text and "JS-SZ-2026-0001" in clerk.get("/finance/contractor-sheets?state=paid").text
    assert clerk.get("/finance/contractor-sheets?state=open").status_code == 200
    assert clerk.post("/finance/contractor-payments/1/take-back", data={"reason": ""}).status_code == 422
    assert clerk.post("/finance/contractor-payments/1/take-back", data={"reason": "付错"}).status_code == 302
    assert clerk.post("/finance/contractor-payments/99/take-back", data={"reason": "付错"}).status_code == 404
    assert clerk.post(f"{page}/take-back", data={"reason": "付错"}).status_code == 302
    assert "booked back, its orders go into the next one" in boss.get(page).text
    assert clerk.get("/finance/contractor-sheets/999").status_code == 404 and as_person(cast.lin).get(page).status_code == 404
    assert clerk.get("/finance/day").status_code == 200
    for each in (path, page, "/finance/contractor-sheets"):
        with queries() as seen:
            assert clerk.get(each).status_code == 200
        assert len(seen) <= 12, (each, seen)
