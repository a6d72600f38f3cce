"""Counting a store or bag: what is said to each number, what a manager books, and what moved meanwhile is left alone."""

from __future__ import annotations

import io
import uuid
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from dispatch.db import transaction
from dispatch.devices.checks import broken_custody
from dispatch.devices.counting import approve, drop, finish, scan, send_back, start
from dispatch.devices.counts import count_numbered, findings, strangers
from dispatch.devices.issuing import Wanted, hand_over, issue
from dispatch.devices.models import CountScan, CustodyEntry, StockCount, Unit
from dispatch.devices.operations import NewTerminal, receive_terminals, store_named
from dispatch.errors import Conflict, Invalid, NotAllowed, NotFound, RuleBroken
from dispatch.staff.rules import Actor
from tests.building import installation_order
from tests.conftest import AT, Cast, SignIn
from tests.counting import queries
from tests.devices.building import (
    carried,
    fitted_by,
    into_bag,
    ledger_faults,
    say_yes,
    sentence,
    sims,
    store,
    terminals,
    unit_history,
    units_called,
    where,
)
from tests.racing import at_once


def began(db: Session, cast: Cast, **facts: Any) -> StockCount:
    return start(db, store(db, cast), **{"key": uuid.uuid4(), "by": cast.lin, "at": AT, **facts})


def scanned(db: Session, count: StockCount, *units: Unit | str, **facts: Any) -> list[str]:
    """The verdicts on these, in their order."""
    numbers = [each if isinstance(each, str) else each.number for each in units]
    made = scan(db, count.number, numbers, **{"key": uuid.uuid4(), "at": AT, **facts})
    return [verdict for _number, verdict, _place in made.told]


def kinds(db: Session, count: StockCount) -> dict[int, str]:
    return {each.line.unit_id: each.kind for each in findings(db, count)}


def whole(db: Session) -> bool:
    return ledger_faults(db) == [] and list(broken_custody(db)) == []


def test_each_number_gets_its_answer_at_once(db: Session, cast: Cast) -> None:
    here, twice = terminals(db, cast, 2)
    [card] = sims(db, cast)
    [carried_by_su] = carried(db, cast, cast.su, boxes=1)
    count = began(db, cast)
    assert count.number == "PD-SZ-2026-0001"
    told = scanned(db, count, here, twice, twice, carried_by_su, card, "XX-404", by=cast.lin)
    assert told == ["there", "there", "twice", "elsewhere", "there", "unknown"]
    assert scanned(db, count, here, by=cast.wang) == ["twice"], "whoever scans it"
    assert strangers(db, count) == ["XX-404"]
    assert set(kinds(db, count).values()) == {"there", "surplus"}


def test_last_digits_count_for_what_is_here_and_too_few_are_told(db: Session, cast: Cast) -> None:
    new = [NewTerminal(f"{start}70001", "BD-808A") for start in ("A1", "B2")]
    receive_terminals(db, new, store=store(db, cast), by=cast.lin, at=AT)
    count = began(db, cast)
    assert scanned(db, count, "170001", "70001", by=cast.lin) == ["there", "unclear"]


def test_missing_is_lost_and_surplus_is_moved_here_when_a_manager_agrees(db: Session, cast: Cast) -> None:
    here, missing = terminals(db, cast, 2)
    [surplus] = carried(db, cast, cast.su, boxes=1)
    issued = unit_history(db, surplus.id)[0]
    count = began(db, cast)
    scanned(db, count, here, surplus, by=cast.lin)
    with pytest.raises(Invalid) as refused:
        finish(db, count.number, {}, by=cast.lin, at=AT)
    assert str(refused.value.fields["rest"]) == "2 differences have no explanation yet."
    finish(db, count.number, {missing.id: "没找到"}, rest="忘记登记退库", by=cast.lin, at=AT)
    assert where(db, missing).kind == "store", "nothing is booked before it is approved"
    found = approve(db, count.number, by=cast.wang, at=AT)
    assert {each.line.unit_id: each.line.outcome for each in found} == {
        here.id: "there",
        missing.id: "lost",
        surplus.id: "moved_here",
    }
    assert (where(db, missing).kind, where(db, surplus).id) == ("lost", store(db, cast).id)
    booked = unit_history(db, surplus.id)[0]
    assert (booked.reason, booked.corrects_id) == ("correct", issued.id)
    assert approve(db, count.number, by=cast.wang, at=AT) == (), "said twice it counts once"
    assert whole(db)


def test_a_lost_unit_that_turns_up_is_found_by_the_next_count(db: Session, cast: Cast) -> None:
    [unit] = terminals(db, cast)
    for attempt in ("lost", "found"):
        count = began(db, cast)
        if attempt == "found":
            assert scanned(db, count, unit, by=cast.lin) == ["elsewhere"]
        finish(db, count.number, {}, rest="x", by=cast.lin, at=AT)
        approve(db, count.number, by=cast.wang, at=AT)
        assert where(db, unit).kind == {"lost": "lost", "found": "store"}[attempt]
    assert whole(db)


def test_what_moved_while_people_counted_is_told_and_not_booked(db: Session, cast: Cast) -> None:
    gone, stays = terminals(db, cast, 2)
    [came, back] = carried(db, cast, cast.su, boxes=2)
    count = began(db, cast)
    scanned(db, count, stays, came, by=cast.lin)
    into_bag(db, cast, cast.wei, [gone])
    bag = where(db, back)
    hand_over(db, [came.id, back.id], source=bag, to=store(db, cast), key=uuid.uuid4(), by=cast.lin, at=AT)
    say_yes(db, cast)
    assert scanned(db, count, back, by=cast.lin) == ["came"]
    assert kinds(db, count) == {gone.id: "moved", stays.id: "there", came.id: "moved", back.id: "moved"}
    finish(db, count.number, {}, by=cast.lin, at=AT)
    into_bag(db, cast, cast.wei, [stays])
    approve(db, count.number, by=cast.wang, at=AT)
    assert {where(db, each).person_id for each in (gone, stays)} == {cast.wei.id} and whole(db)


def test_what_has_papers_elsewhere_is_told_and_not_moved(db: Session, cast: Cast) -> None:
    fitted, _card = fitted_by(db, cast, cast.su, installation_order(db, cast))
    far = store_named(db, branch_id=cast.gz, name="广州仓")
    receive_terminals(db, [NewTerminal("GZ0815", "BD-808A")], store=far, by=cast.he, at=AT)
    [foreign] = units_called(db, ["gz0815"])
    count = began(db, cast)
    assert scanned(db, count, fitted, foreign, by=cast.lin) == ["elsewhere", "elsewhere"]
    assert set(kinds(db, count).values()) == {"not_booked"}
    finish(db, count.number, {}, rest="在货架上", by=cast.lin, at=AT)
    approve(db, count.number, by=cast.wang, at=AT)
    assert (where(db, fitted).kind, where(db, foreign).branch_id) == ("slot", cast.gz) and whole(db)


def test_who_counted_does_not_approve(db: Session, cast: Cast) -> None:
    terminals(db, cast)
    count = began(db, cast)
    scanned(db, count, "X-1", by=cast.wang)
    with pytest.raises(Conflict):
        approve(db, count.number, by=cast.chen, at=AT)
    finish(db, count.number, {}, rest="x", by=cast.lin, at=AT)
    with pytest.raises(NotAllowed):
        approve(db, count.number, by=cast.lin, at=AT)
    assert "Who counted does not approve" in sentence(approve, db, count.number, by=cast.wang, at=AT)
    with pytest.raises(IntegrityError, match="his own count"), db.begin_nested():
        settled = {"status": "approved", "settled_by_id": cast.wang.id, "settled_at": AT}
        db.execute(sa.update(StockCount).where(StockCount.id == count.id).values(**settled))
    approve(db, count.number, by=cast.chen, at=AT)


def test_one_count_at_a_place_until_it_is_settled(db: Session, cast: Cast) -> None:
    terminals(db, cast)
    key = uuid.uuid4()
    count = began(db, cast, key=key)
    assert began(db, cast, key=key) is count
    assert "PD-SZ-2026-0001" in sentence(began, db, cast, refusal=Conflict)
    drop(db, count.number, by=cast.lin, at=AT)
    other = began(db, cast)
    assert other.number == "PD-SZ-2026-0002"
    finish(db, other.number, {}, rest="x", by=cast.lin, at=AT)
    with pytest.raises(Conflict):
        scanned(db, other, "X-1", by=cast.lin)
    with pytest.raises(Invalid):
        send_back(db, other.number, reason=" ", by=cast.wang, at=AT)
    send_back(db, other.number, reason="再数一次", by=cast.wang, at=AT)
    assert scanned(db, other, "X-1", by=cast.lin) == ["unknown"]
    with pytest.raises(Conflict):
        scanned(db, count, "X-1", by=cast.lin)


def test_another_branch_and_those_without_the_right_find_nothing(db: Session, cast: Cast) -> None:
    count = began(db, cast)
    cases: list[tuple[Actor, type[Exception]]] = [(cast.he, NotFound), (cast.su, NotAllowed), (cast.qian, NotAllowed)]
    for by, refusal in cases:
        with pytest.raises(refusal):
            began(db, cast, by=by)
        with pytest.raises(refusal):
            scanned(db, count, "X-1", by=by)
    with pytest.raises(NotFound):
        count_numbered(db, count.number, cast.he)


@pytest.mark.parametrize("attempt", range(3))
def test_two_who_begin_to_count_one_bag_at_once(database: str, cast: Cast, attempt: int) -> None:
    with transaction() as db:
        [unit] = carried(db, cast, cast.su, boxes=1)
        bag = where(db, unit)

    def begin(by: Actor) -> Any:
        return lambda s: start(s, s.get_one(type(bag), bag.id), key=uuid.uuid4(), by=by, at=AT).number

    done = at_once(begin(cast.lin), begin(cast.wang))
    assert sorted(type(each).__name__ for each in done) == ["Conflict", "str"]


@pytest.mark.parametrize("attempt", range(4))
def test_a_count_approved_while_a_unit_is_issued(database: str, cast: Cast, attempt: int) -> None:
    with transaction() as db:
        [unit] = terminals(db, cast)
        count, place = began(db, cast), store(db, cast)
        finish(db, count.number, {}, rest="没找到", by=cast.lin, at=AT)
    wanted = Wanted((unit.number,))
    issued, approved = at_once(
        lambda s: issue(s, store=place, person_id=cast.su.id or 0, wanted=wanted, key=uuid.uuid4(), by=cast.lin, at=AT),
        lambda s: [each.kind for each in approve(s, count.number, by=cast.wang, at=AT)],
    )
    with transaction() as db:
        say_yes(db, cast)
        assert whole(db)
        assert where(db, unit).kind == ("bag" if issued == 1 else "lost")
        assert db.scalar(sa.select(sa.func.count()).select_from(CustodyEntry)) == 2
    assert isinstance(approved, Conflict) if issued == 1 else approved == ["missing"], "what is promised is not written off"
    assert issued == 1 or isinstance(issued, RuleBroken | Invalid)


def test_500_numbers_pasted_cost_few_statements(database: str, cast: Cast, as_person: SignIn) -> None:
    with transaction() as db:
        units = terminals(db, cast, 500)
        count = began(db, cast).number
        serials = [unit.number for unit in units]
    lin = as_person(cast.lin)
    with queries() as asked:
        sent = lin.post(f"/stock/counts/{count}/scan", data={"numbers": "\r\n".join([*serials[:499], "XX-1"])})
    assert sent.status_code == 302 and len(asked) <= 20, len(asked)
    with queries() as asked:
        page = lin.get(sent.location).text
    assert len(asked) <= 12 and "499 as expected" in page and "XX-1" in page
    file = {"file": (io.BytesIO(f"序列号\n{serials[499]}\n".encode()), "numbers.csv")}
    assert lin.post(f"/stock/counts/{count}/scan", data=file, content_type="multipart/form-data").status_code == 302
    assert "Everything on record is as expected." in lin.get(sent.location).text
    many = lin.post(f"/stock/counts/{count}/scan", data={"numbers": "\n".join(map(str, range(2001)))})
    assert (many.status_code, "At most 2000 numbers" in many.text) == (422, True)


@pytest.mark.parametrize("locale", ["en", "zh"])
def test_on_the_pages(database: str, cast: Cast, as_person: SignIn, locale: str) -> None:
    with transaction() as db:
        [missing] = terminals(db, cast)
        [surplus] = carried(db, cast, cast.su, boxes=1)
        place, names = store(db, cast).id, [missing.number, surplus.number]
    lin, wang = as_person(cast.lin), as_person(cast.wang)
    for client in (lin, wang):
        with client.session_transaction() as cookie:
            cookie["locale"] = locale
    words = {
        "en": ("surplus", "Please give a reason.", "1 booked as lost, 1 moved here", "being counted already"),
        "zh": ("盘盈", "请填写原因。", "1 件记为丢失，1 件移到此处", "正在盘点"),
    }[locale]
    page = lin.post(f"/stock/{place}/count", data={"key": str(uuid.uuid4())}).location
    assert lin.post(f"/stock/{place}/count").location == f"/stock/{place}" and words[3] in lin.get(f"/stock/{place}").text
    key = str(uuid.uuid4())
    for _ in range(2):
        assert lin.post(f"{page}/scan", data={"numbers": names[1], "key": key}).status_code == 302
    with transaction() as db:
        assert len(db.scalars(sa.select(CountScan)).all()) == 1, "a list that is sent twice counts once"
    assert words[0] in lin.get(page).text and lin.post(f"{page}/scan", data={}).status_code == 422
    half = lin.post(f"{page}/finish", data={f"why-{missing.id}": "没找到"})
    assert half.status_code == 422 and "没找到" in half.text
    assert lin.post(f"{page}/finish", data={"rest": "已核对"}).status_code == 302
    assert lin.post(f"{page}/approve").status_code == 404
    bare = wang.post(f"{page}/send-back", data={"reason": ""})
    assert bare.status_code == 422 and words[1] in bare.text
    assert wang.post(f"{page}/approve").status_code == 302
    assert words[2] in wang.get(page).text
    late = lin.post(f"{page}/drop")
    assert late.status_code == 409
    assert as_person(cast.he).get(page).status_code == 404 and lin.get("/stock/counts?status=approved").status_code == 200
