"""A swap that came two days late, while the store counted: the office enters it as it was sent, or sets it aside."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.devices import counting
from dispatch.devices.checks import broken_custody
from dispatch.devices.fitted import fittings_of
from dispatch.devices.models import CustodyEntry, Holder, TakenBack, Unit
from dispatch.devices.moments import inside_at
from dispatch.devices.operations import bag_of
from dispatch.errors import Conflict, Invalid, NotAllowed, NotFound, RuleBroken
from dispatch.field.acting import act
from dispatch.field.checks import broken_facts
from dispatch.field.late import apply_as_sent, late_fact
from dispatch.field.models import FieldFact
from dispatch.field.operations import SentFact, settle_dispute
from dispatch.orders.models import Order, Visit
from dispatch.staff.rules import Actor
from tests.board.building import approved_order
from tests.conftest import AT, Cast, SignIn
from tests.devices.building import carry, where
from tests.field.building import arrived, carrying, do, fact, fitted_long_ago
from tests.racing import at_once

LATER = AT + timedelta(days=2)


def counted(db: Session, cast: Cast, place: Holder, found: Sequence[str] = ()) -> str:
    """A place is counted the day after, with nothing in it but these; Wang books the differences."""
    at = AT + timedelta(days=1)
    count = counting.start(db, place, key=uuid.uuid4(), by=cast.lin, at=at)
    if found:
        counting.scan(db, count.number, found, key=uuid.uuid4(), by=cast.lin, at=at)
    counting.finish(db, count.number, {}, rest="没找到", by=cast.lin, at=at)
    counting.approve(db, count.number, by=cast.wang, at=at)
    return count.number


def late(db: Session, visit: Visit, by: Actor, **content: object) -> FieldFact:
    """What he did on site comes two days later and fits nothing any more."""
    kept = act(db, fact(visit, "line.swap", **content), by=by, at=LATER, insist=True)
    assert kept.state == "disputed"
    return kept


def told(db: Session, kept: FieldFact, by: Actor) -> str:
    """What the office reads of it: where the units are, what happened, what stands in the way."""
    found = late_fact(db, kept.id, by=by)
    return " ".join(str(text) for unit in found.units for text in (unit.place, *(t.told for t in unit.traces))) + " ".join(
        map(str, found.obstacles)
    )


def entries(db: Session, unit: Unit) -> list[tuple[str, bool]]:
    """The reasons of a unit's moves, and which of them counter another."""
    rows = db.scalars(sa.select(CustodyEntry).where(CustodyEntry.unit_id == unit.id).order_by(CustodyEntry.seq))
    return [(row.reason, row.corrects_id is not None) for row in rows]


def sound(db: Session) -> None:
    """What ./run check says of custody and facts: nothing."""
    db.flush()
    assert not list(broken_custody(db)) and not list(broken_facts(db))


def test_a_swap_of_what_was_counted_as_missing_and_booked_as_lost_is_entered_as_sent(
    db: Session, cast: Cast, order: Order, on_site: Visit
) -> None:
    old, _ = fitted_long_ago(db, cast, order.lines[0])
    [box], _ = carrying(db, cast, cast.su)
    number = counted(db, cast, bag_of(db, person_id=cast.su.id or 0, branch_id=cast.sz))
    kept = late(db, on_site, cast.su, line=order.lines[0].id, terminal=box.number)
    assert where(db, box).kind == "lost"
    assert f"Missing in count {number} and booked as lost by 王建国: 没找到" in told(db, kept, cast.lin)
    with pytest.raises(NotAllowed):
        apply_as_sent(db, kept.id, reason="装上了", by=cast.lin, at=LATER)
    with pytest.raises(Invalid):
        apply_as_sent(db, kept.id, reason=" ", by=cast.wang, at=LATER)
    apply_as_sent(db, kept.id, reason="照片为证", by=cast.wang, at=LATER)
    [made] = fittings_of(db, order.id)
    assert (made.old_unit_id, made.new_unit_id, made.by_name) == (old.id, box.id, "王建国")
    assert (made.at, made.recorded_at, made.fact_id) == (kept.happened_at, LATER, kept.id)
    assert entries(db, box)[-3:] == [("lose", False), ("correct", True), ("swap_in", False)]
    [mended] = db.scalars(sa.select(TakenBack))
    assert mended.reason == "照片为证" and db.get_one(CustodyEntry, mended.wrong_id).reason == "lose"
    assert where(db, old).person_id == cast.su.id
    then = inside_at(db, AT + timedelta(days=1), vehicle_id=order.lines[0].vehicle_id)
    assert then[0].unit.id == box.id
    sound(db)
    again = act(db, _same(kept), by=cast.su, at=LATER)
    assert again is kept and len(fittings_of(db, order.id)) == 1
    with pytest.raises(Conflict):
        apply_as_sent(db, kept.id, reason="再来", by=cast.wang, at=LATER)
    second = late(db, on_site, cast.su, line=order.lines[0].id, terminal=box.number)
    with pytest.raises(RuleBroken, match="in this vehicle already"):
        apply_as_sent(db, second.id, reason="再来", by=cast.wang, at=LATER)


def _same(kept: FieldFact) -> SentFact:
    return SentFact(
        kept.id,
        kept.kind,
        kept.device,
        kept.device_seq,
        kept.content,
        kept.device_at,
        kept.clock_offset_ms,
        visit_id=kept.visit_id,
    )


def test_a_unit_that_a_count_found_in_another_bag_comes_back_by_naming_that_count(
    db: Session, cast: Cast, order: Order, on_site: Visit
) -> None:
    fitted_long_ago(db, cast, order.lines[0])
    [box], [card] = carrying(db, cast, cast.su)
    weis = bag_of(db, person_id=cast.wei.id or 0, branch_id=cast.sz)
    number = counted(db, cast, weis, [box.number])
    kept = late(db, on_site, cast.su, line=order.lines[0].id, terminal=box.number, sim=card.number)
    read = told(db, kept, cast.lin)
    assert f"Found in count {number} and booked in 卫晨's bag by 王建国" in read and f"({number})" in read
    apply_as_sent(db, kept.id, reason="盘点看错", by=cast.wang, at=LATER)
    assert {row.unit_kind for row in fittings_of(db, order.id)} == {"terminal", "sim"}
    assert entries(db, box)[-2:] == [("correct", True), ("swap_in", False)] and entries(db, card)[-1] == ("swap_in", False)
    sound(db)


def test_what_was_fitted_elsewhere_meanwhile_is_undone_first(db: Session, cast: Cast, order: Order, on_site: Visit) -> None:
    fitted_long_ago(db, cast, order.lines[0])
    _, [card] = carrying(db, cast, cast.su)
    other = approved_order(db, cast)
    fitted_long_ago(db, cast, other.lines[0])
    carry(db, cast, [card.id], bag_of(db, person_id=cast.wei.id or 0, branch_id=cast.sz))
    there = arrived(db, cast, other, cast.wei)
    do(db, there, "line.swap", cast.wei, line=other.lines[0].id, sim=card.number)
    kept = late(db, on_site, cast.su, line=order.lines[0].id, sim=card.number)
    assert "is fitted in" in told(db, kept, cast.lin) and "That is undone first" in told(db, kept, cast.lin)
    with pytest.raises(RuleBroken, match="undone first"):
        apply_as_sent(db, kept.id, reason="x", by=cast.wang, at=LATER)
    fitting = fittings_of(db, other.id)[0].id
    do(db, there, "line.undo", cast.wei, line=other.lines[0].id, fitting=fitting, reason="拿错卡")
    apply_as_sent(db, kept.id, reason="已撤销", by=cast.wang, at=LATER)
    assert where(db, card).vehicle_id == order.lines[0].vehicle_id


def test_over_a_later_swap_nothing_is_entered(db: Session, cast: Cast, order: Order, on_site: Visit) -> None:
    fitted_long_ago(db, cast, order.lines[0])
    [first, second], _ = carrying(db, cast, cast.su, 2)
    sent = fact(on_site, "line.swap", line=order.lines[0].id, terminal=first.number)
    counted(db, cast, bag_of(db, person_id=cast.su.id or 0, branch_id=cast.sz), [second.number])
    do(db, on_site, "line.swap", cast.su, line=order.lines[0].id, terminal=second.number)
    kept = act(db, sent, by=cast.su, at=LATER, insist=True)
    with pytest.raises(RuleBroken, match="changed this vehicle later"):
        apply_as_sent(db, kept.id, reason="x", by=cast.wang, at=LATER)


def test_two_who_apply_it_at_once_enter_it_once(db: Session, cast: Cast, order: Order, on_site: Visit) -> None:
    fitted_long_ago(db, cast, order.lines[0])
    [box], _ = carrying(db, cast, cast.su)
    counted(db, cast, bag_of(db, person_id=cast.su.id or 0, branch_id=cast.sz))
    kept_id = late(db, on_site, cast.su, line=order.lines[0].id, terminal=box.number).id
    order_id = order.id
    db.commit()
    ended = at_once(*[lambda s: apply_as_sent(s, kept_id, reason="x", by=cast.wang, at=LATER) for _ in range(2)])
    assert [type(one) for one in ended].count(Conflict) == 1
    assert len(fittings_of(db, order_id)) == 1


def test_the_office_looks_and_decides_and_the_technician_hears_of_it(
    db: Session, cast: Cast, order: Order, on_site: Visit, as_person: SignIn
) -> None:
    fitted_long_ago(db, cast, order.lines[0])
    [box, other], _ = carrying(db, cast, cast.su, 2)
    number = counted(db, cast, bag_of(db, person_id=cast.su.id or 0, branch_id=cast.sz), [other.number])
    kept = late(db, on_site, cast.su, line=order.lines[0].id, terminal=box.number)
    aside = late(db, on_site, cast.su, line=order.lines[0].id, terminal="T-UNKNOWN-9")
    db.commit()
    url, desk, lin = f"/field-messages/{kept.id}", as_person(cast.wang), as_person(cast.lin)
    assert url in desk.get("/field-messages").text
    page = desk.get(url).text
    assert number in page and "Apply as sent" in page and "/apply" not in lin.get(url).text
    assert as_person(cast.he).get(url).status_code == 404 and as_person(cast.su).get(url).status_code == 404
    refused = desk.post(f"{url}/apply", data={"reason": ""})
    assert refused.status_code == 422 and "Please give a reason." in refused.text
    done = desk.post(f"{url}/apply", data={"reason": "照片为证"}, follow_redirects=True).text
    assert "Entered as it was sent." in done and "照片为证" in done and "</form>" not in done.partition("<main")[2]
    again = desk.post(f"{url}/apply", data={"reason": "再来"})
    assert again.status_code == 409 and "Somebody has settled this already." in again.text
    assert "T-UNKNOWN-9 is not on record." in lin.get(f"/field-messages/{aside.id}").text
    lin.post(f"/field-messages/{aside.id}/set-aside", data={"reason": "号码不存在"})
    phone = as_person(cast.su).get("/my-day").text
    assert "Entered as you sent it" in phone and "照片为证" in phone and "号码不存在" in phone
    stop = as_person(cast.su).get(f"/my-day/visits/{on_site.id}").text
    assert "Entered as you sent it" in stop and "Set aside, not entered" in stop and "号码不存在" in stop
    assert "was entered as sent" in desk.get(f"/orders/{order.number}").text
    with pytest.raises(NotFound):
        settle_dispute(db, uuid.uuid4(), reason="x", by=cast.lin, at=LATER)
