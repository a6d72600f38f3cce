"""Counted parts: every move in the ledger, what holders have beside it, never below zero."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError, IntegrityError
from sqlalchemy.orm import Session

from dispatch.db import transaction
from dispatch.devices.checks import broken_custody
from dispatch.devices.models import Holder, Part, PartCount, PartEntry, PartPosition
from dispatch.devices.operations import bag_of, store_named
from dispatch.devices.part_counting import Counted, book, count, drop, waiting_count
from dispatch.devices.part_found import find_again, still_lost
from dispatch.devices.part_moves import TooFew, counts_at
from dispatch.devices.part_stock import (
    PartFacts,
    add_part,
    change_part,
    correct,
    hand_over,
    receive,
    write_off,
)
from dispatch.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal, RuleBroken
from tests.conftest import AT, Cast, SignIn
from tests.devices.building import say_yes, sentence, store
from tests.racing import at_once


def facts(cast: Cast, **more: Any) -> dict[str, Any]:
    """Lin's word, under a key of its own."""
    return {"note": "", "key": uuid.uuid4(), "by": cast.lin, "at": AT} | more


def cable(db: Session, cast: Cast, *, code: str = "P101", there: int = 10) -> Part:
    """Cables, so many of them in the store."""
    made = add_part(db, code, PartFacts("电源线", "根"), by=cast.lin, at=AT)
    if there:
        receive(db, store(db, cast), {made.id: there}, **facts(cast))
    return made


def bag(db: Session, cast: Cast) -> Holder:
    return bag_of(db, person_id=cast.su.id or 0, branch_id=cast.sz)


def has(db: Session, holder: Holder, part: Part) -> int:
    return counts_at(db, holder.id).get(part.id, 0)


def content(db: Session) -> list[tuple[Any, ...]]:
    """All that is on record of parts."""
    db.expire_all()
    rows = [tuple(row) for row in db.execute(sa.select(PartPosition.holder_id, PartPosition.part_id, PartPosition.quantity))]
    return [*sorted(rows), (db.scalar(sa.select(sa.func.count(PartEntry.id))),)]


def test_from_the_supplier_to_the_bag_and_back(db: Session, cast: Cast) -> None:
    part, place, his = cable(db, cast), store(db, cast), bag(db, cast)
    form = facts(cast)
    assert hand_over(db, place, his, {part.id: 4}, **form) == 1
    assert hand_over(db, place, his, {part.id: 4}, **form) == 0, "the same form moves nothing twice"
    assert (has(db, place, part), say_yes(db, cast), has(db, his, part)) == (10, 1, 4), "both have to say yes"
    hand_over(db, his, place, {part.id: 1}, **facts(cast))
    say_yes(db, cast)
    write_off(db, place, {part.id: 2}, **facts(cast, note="受潮", by=cast.wang))
    assert (has(db, place, part), has(db, his, part)) == (5, 3)
    told = db.execute(sa.select(PartEntry.seq, PartEntry.reason, PartEntry.quantity).order_by(PartEntry.seq))
    assert [tuple(row) for row in told] == [(1, "receive", 10), (2, "issue", 4), (3, "return", 1), (4, "write_off", 2)]
    assert list(broken_custody(db)) == []


def test_what_is_no_move_changes_nothing(db: Session, cast: Cast) -> None:
    part, other = cable(db, cast), cable(db, cast, code="P102", there=1)
    place, his = store(db, cast), bag(db, cast)
    far = store_named(db, branch_id=cast.gz, name="广州仓")
    old = cable(db, cast, code="P103", there=0)
    change_part(db, old.id, PartFacts("停用件", "个", active=False), by=cast.lin, at=AT)
    before = content(db)
    cases: list[tuple[type[Refusal], Any]] = [
        (TooFew, lambda: hand_over(db, place, his, {part.id: 1, other.id: 2}, **facts(cast))),
        (TooFew, lambda: hand_over(db, his, place, {part.id: 1}, **facts(cast))),
        (Invalid, lambda: hand_over(db, place, his, {}, **facts(cast))),
        (Invalid, lambda: hand_over(db, place, his, {part.id: -1}, **facts(cast))),
        (Invalid, lambda: receive(db, place, {part.id: 100_001}, **facts(cast))),
        (Invalid, lambda: receive(db, place, {old.id: 1}, **facts(cast))),
        (NotFound, lambda: receive(db, place, {999_999: 1}, **facts(cast))),
        (NotFound, lambda: receive(db, his, {part.id: 1}, **facts(cast))),
        (NotFound, lambda: receive(db, far, {part.id: 1}, **facts(cast))),
        (NotFound, lambda: hand_over(db, place, far, {part.id: 1}, **facts(cast))),
        (NotAllowed, lambda: hand_over(db, place, his, {part.id: 1}, **facts(cast, by=cast.su))),
        (NotAllowed, lambda: write_off(db, place, {part.id: 1}, **facts(cast, note="坏了"))),
        (Invalid, lambda: write_off(db, place, {part.id: 1}, **facts(cast, note=" ", by=cast.wang))),
    ]
    for refusal, act in cases:
        with pytest.raises(refusal):
            act()
    assert content(db) == before
    with pytest.raises(TooFew) as few:
        hand_over(db, place, his, {other.id: 2}, **facts(cast))
    assert str(few.value.fields[f"n-{other.id}"]) == "Only 1 根 of 电源线 are here."


def test_a_mistake_is_mended_by_a_counter_entry_that_names_it(db: Session, cast: Cast) -> None:
    part, place, his = cable(db, cast), store(db, cast), bag(db, cast)
    hand_over(db, place, his, {part.id: 4}, **facts(cast))
    say_yes(db, cast)
    wrong = db.scalars(sa.select(PartEntry).where(PartEntry.reason == "issue")).one()
    with pytest.raises(NotFound):
        correct(db, wrong.id, reason="发错", by=cast.he, at=AT)
    with pytest.raises(Invalid):
        correct(db, wrong.id, reason=" ", by=cast.lin, at=AT)
    with pytest.raises(NotAllowed):
        correct(db, wrong.id, reason="发错人", by=cast.lin, at=AT)
    back = correct(db, wrong.id, reason="发错人", by=cast.wang, at=AT)
    assert (back.corrects_id, has(db, place, part), has(db, his, part)) == (wrong.id, 10, 0)
    for again, refusal in ((wrong, Conflict), (back, RuleBroken)):
        with pytest.raises(refusal):
            correct(db, again.id, reason="再来", by=cast.wang, at=AT)
    receipt = db.scalars(sa.select(PartEntry).where(PartEntry.reason == "receive")).one()
    hand_over(db, place, his, {part.id: 1}, **facts(cast))
    assert "First the issue is taken back" in sentence(correct, db, receipt.id, reason="多录了", by=cast.lin, at=AT)
    say_yes(db, cast)
    with pytest.raises(TooFew):
        correct(db, receipt.id, reason="多录了", by=cast.lin, at=AT)
    write_off(db, place, {part.id: 2}, **facts(cast, note="受潮", by=cast.wang))
    gone = db.scalars(sa.select(PartEntry).where(PartEntry.reason == "write_off")).one()
    with pytest.raises(NotAllowed):
        correct(db, gone.id, reason="找到了", by=cast.lin, at=AT)
    correct(db, gone.id, reason="找到了", by=cast.wang, at=AT)
    assert has(db, place, part) == 9 and list(broken_custody(db)) == []


def test_a_count_that_differs_is_booked_by_a_manager_who_did_not_count(db: Session, cast: Cast) -> None:
    part, more, place = cable(db, cast), cable(db, cast, code="P102"), store(db, cast)
    same, differ = {part.id: Counted(10, 10)}, {part.id: Counted(10, 7), more.id: Counted(10, 12)}
    assert count(db, place, same, **facts(cast)) == 0
    with pytest.raises(Invalid):
        count(db, place, differ, **facts(cast, by=cast.wang))
    form = facts(cast, by=cast.wang, note="少了三根，多两根")
    assert count(db, place, differ, **form) == 2 and count(db, place, differ, **form) == 2
    waits = waiting_count(db, place.id)
    assert waits is not None and (has(db, place, part), has(db, place, more)) == (10, 10)
    with pytest.raises(Conflict, match="waits for a manager already"):
        count(db, place, {part.id: Counted(10, 6)}, **facts(cast, note="再点一次"))
    with pytest.raises(RuleBroken, match="Another manager decides"):
        book(db, waits.id, by=cast.wang, at=AT)
    with pytest.raises(NotAllowed):
        book(db, waits.id, by=cast.lin, at=AT)
    hand_over(db, place, bag(db, cast), {part.id: 2}, **facts(cast))
    say_yes(db, cast)
    assert (book(db, waits.id, by=cast.chen, at=AT), book(db, waits.id, by=cast.chen, at=AT)) == (2, 0)
    assert (has(db, place, part), has(db, place, more)) == (5, 12), "what moved meanwhile stays moved"
    with pytest.raises(Conflict, match="moved while you counted"):
        count(db, place, same, **facts(cast))
    assert list(broken_custody(db)) == []
    db.execute(sa.text("UPDATE part_count_line SET there = there + 1"))
    assert "parts does not agree with what it has booked" in str(next(broken_custody(db)))


def test_a_count_that_was_dropped_books_nothing(db: Session, cast: Cast) -> None:
    part, place = cable(db, cast), store(db, cast)
    count(db, place, {part.id: Counted(10, 4)}, **facts(cast, note="没点完"))
    waits = waiting_count(db, place.id)
    assert waits is not None
    drop(db, waits.id, by=cast.lin, at=AT)
    with pytest.raises(Conflict, match="was dropped"):
        book(db, waits.id, by=cast.wang, at=AT)
    with pytest.raises(IntegrityError, match="ck_part_count_not_his_own"):
        db.execute(sa.text("UPDATE part_count SET status = 'booked', settled_by_id = counted_by_id"))


def test_what_is_found_again_names_the_loss(db: Session, cast: Cast) -> None:
    part, place = cable(db, cast), store(db, cast)
    count(db, place, {part.id: Counted(10, 6)}, **facts(cast, note="少四根"))
    waits = waiting_count(db, place.id)
    assert waits is not None
    book(db, waits.id, by=cast.wang, at=AT)
    loss = waits.lines[0].entry_id or 0
    found: dict[str, Any] = {"store_id": place.id, "by": cast.wang, "at": AT}
    with pytest.raises(NotAllowed):
        find_again(db, loss, count=1, note="货架后", key=uuid.uuid4(), **found | {"by": cast.lin})
    with pytest.raises(Invalid) as refused:
        find_again(db, loss, count=5, note=" ", key=uuid.uuid4(), **found | {"store_id": 0})
    assert list(refused.value.fields) == ["store", "count", "reason"]
    once = {"count": 3, "note": "货架后", "key": uuid.uuid4()}
    assert (find_again(db, loss, **once, **found), find_again(db, loss, **once, **found)) == (3, 0)
    entry = db.scalars(sa.select(PartEntry).where(PartEntry.reason == "found_again")).one()
    assert (entry.finds_id, has(db, place, part), still_lost(db, [loss])) == (loss, 9, {loss: 1})
    with pytest.raises(RuleBroken, match="found again since"):
        correct(db, loss, reason="没丢", by=cast.wang, at=AT)
    correct(db, entry.id, reason="看错了", by=cast.wang, at=AT)
    assert still_lost(db, [loss]) == {loss: 4} and list(broken_custody(db)) == []
    find_again(db, loss, count=4, note="全找到了", key=uuid.uuid4(), **found)
    with pytest.raises(RuleBroken, match="Nothing of this is lost"):
        find_again(db, loss, count=1, note="又一根", key=uuid.uuid4(), **found)
    assert list(broken_custody(db)) == []
    db.execute(sa.text("ALTER TABLE part_entry DISABLE TRIGGER append_only"))
    db.execute(sa.text("UPDATE part_entry SET quantity = 3 WHERE id = :id"), {"id": loss})
    assert any("more was found again" in str(each) for each in broken_custody(db))


def test_two_hands_at_one_shelf_never_take_more_than_there_is(db: Session, cast: Cast) -> None:
    part, place, his = cable(db, cast), store(db, cast), bag(db, cast)
    other = cable(db, cast, code="P102")
    hand_over(db, place, his, {other.id: 5}, **facts(cast))
    say_yes(db, cast)
    db.commit()
    key = uuid.uuid4()
    there = [
        lambda session: hand_over(session, place, his, {part.id: 6}, **facts(cast, key=key)),
        lambda session: hand_over(session, place, his, {part.id: 6}, **facts(cast, key=key)),
        lambda session: hand_over(session, place, his, {other.id: 3, part.id: 5}, **facts(cast)),
        lambda session: hand_over(session, his, place, {part.id: 1, other.id: 5}, **facts(cast)),
    ]
    done = at_once(*there)
    assert sorted(each for each in done[:2] if not isinstance(each, Refusal))[:1] in ([0], []), done
    with transaction() as session:
        say_yes(session, cast)
        rows = session.execute(sa.select(PartPosition.part_id, sa.func.sum(PartPosition.quantity)).group_by(PartPosition.part_id))
        assert {part_id: int(total) for part_id, total in rows} == {part.id: 10, other.id: 10}
        assert list(broken_custody(session)) == []


def test_the_ledger_is_kept_and_what_was_bent_is_found(db: Session, cast: Cast) -> None:
    part, place = cable(db, cast), store(db, cast)
    for statement in ("UPDATE part_entry SET quantity = 1", "DELETE FROM part_entry"):
        with pytest.raises(DatabaseError, match="append-only"), db.begin_nested():
            db.execute(sa.text(statement))
    with pytest.raises(IntegrityError, match="not_below_zero"), db.begin_nested():
        db.execute(sa.text("UPDATE part_position SET quantity = -1"))
    db.execute(sa.text("UPDATE part_position SET quantity = 11"))
    assert [str(each) for each in broken_custody(db)] == [f"Part P101: holder {place.id} has 11, and by the entries it is 10"]
    db.execute(sa.text("UPDATE part_position SET quantity = 10"))
    db.execute(sa.text("UPDATE part SET seq = 7"))
    assert [str(each) for each in broken_custody(db)] == ["Part P101 does not know its newest entry"]
    assert part.code == "P101"


def test_the_pages_of_parts(db: Session, cast: Cast, as_person: SignIn) -> None:
    place, his = store(db, cast), bag(db, cast)
    db.commit()
    lin, wang = as_person(cast.lin), as_person(cast.wang)
    assert "No parts yet" in lin.get("/stock/parts").text
    new = {"code": " p 101", "name": "电源线", "unit": "根"}
    assert "电源线 was added." in lin.post("/stock/parts/new", data=new, follow_redirects=True).text
    taken = lin.post("/stock/parts/new", data=new)
    assert taken.status_code == 409 and "There is a part with this code already." in taken.text
    part = db.scalars(sa.select(Part)).one()
    url = f"/stock/{place.id}/parts"
    assert "There are no parts here." in lin.get(url).text
    row = f"n-{part.id}"
    assert "1 kind of part was taken in." in lin.post(url, data={"do": "receive", row: "20"}, follow_redirects=True).text
    short = lin.post(url, data={"do": "issue", row: "21", "to": f"p{cast.su.id}"})
    assert short.status_code == 422 and "Only 20 根 of 电源线 are here." in short.text and 'value="21"' in short.text
    assert "Choose where" in lin.post(url, data={"do": "issue", row: "2", "to": "p999"}).text
    form = {"do": "issue", row: "6", "to": f"p{cast.su.id}", "key": uuid.uuid4()}
    assert "1 kind of part goes to 苏杰 once both have said yes." in lin.post(url, data=form, follow_redirects=True).text
    assert "nothing was moved twice" in lin.post(url, data=form, follow_redirects=True).text
    say_yes(db, cast)
    db.commit()
    assert "6 根" in as_person(cast.su).get("/my-bag").text and "电源线" in as_person(cast.su).get(f"/stock/{his.id}/parts").text
    counted = {"do": "count", row: "13", f"was-{part.id}": "14", "note": "少一根"}
    assert "1 difference. A manager who did not count books it." in lin.post(url, data=counted, follow_redirects=True).text
    assert "A manager who did not count books it." in lin.get(url).text and "Book the differences" in wang.get(url).text
    assert "Counts of parts that differ" in wang.get("/stock/counts").text
    waits = db.scalars(sa.select(PartCount.id)).one()
    assert lin.post(f"{url}/count/{waits}/book").status_code == 403
    assert "The differences are booked." in wang.post(f"{url}/count/{waits}/book", follow_redirects=True).text
    assert "Write off parts" not in lin.get(url).text and "Write off parts" in wang.get(url).text
    assert lin.post(url, data={"do": "write_off", row: "1", "note": "坏"}).status_code == 403
    assert (
        "1 kind of part was written off."
        in wang.post(url, data=counted | {"do": "write_off", row: "3"}, follow_redirects=True).text
    )
    loss = db.scalars(sa.select(PartEntry.id).where(PartEntry.reason == "short")).one()
    found, again = {"entry": loss, "count": "1", "store": place.id, "reason": ""}, f"/stock/parts/{part.id}/found-again"
    assert "Please give a reason." in wang.post(again, data=found).text
    assert "It is on record again." in wang.post(again, data=found | {"reason": "货架后"}, follow_redirects=True).text
    page = lin.get(f"/stock/parts/{part.id}").text
    assert "Written off the stock" in page and "Fewer counted than on record" in page and "苏杰" in page
    issued = db.scalars(sa.select(PartEntry.id).where(PartEntry.reason == "issue")).one()
    back = {"entry": issued, "reason": "发错人"}
    assert lin.post(f"/stock/parts/{part.id}/take-back", data=back).status_code == 403
    assert "Taken back." in wang.post(f"/stock/parts/{part.id}/take-back", data=back, follow_redirects=True).text
    assert wang.post(f"/stock/parts/{part.id}/take-back", data=back).status_code == 409
    assert lin.post(url, data={"do": "dance"}).status_code == 404 and as_person(cast.he).get(url).status_code == 404
