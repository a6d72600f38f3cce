"""A wrong move of the store is mended by a counter-entry: both stay on record, the first struck through with who and why."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, InternalError, ProgrammingError
from sqlalchemy.orm import Session

from dispatch.db import transaction
from dispatch.devices.checks import broken_custody
from dispatch.devices.handing_over import accept, offer
from dispatch.devices.issuing import hand_over
from dispatch.devices.models import CustodyEntry, TakenBack, Unit
from dispatch.devices.taking_back import take_back
from dispatch.errors import Conflict, Invalid, NotAllowed, NotFound
from dispatch.staff.rules import Actor
from tests.building import installation_order
from tests.conftest import AT, Cast, SignIn
from tests.devices.building import (
    carried,
    fitted_by,
    into_bag,
    ledger_faults,
    say_yes,
    sentence,
    store,
    terminals,
    unit_history,
    where,
)
from tests.racing import at_once


def newest(db: Session, unit: Unit) -> CustodyEntry:
    db.expire_all()
    return unit_history(db, unit.id)[0]


def mend(db: Session, unit: Unit, entry: CustodyEntry, **facts: Any) -> CustodyEntry:
    return take_back(db, unit.id, entry.id, **{"reason": "发错人了", "at": AT, **facts})


def test_what_went_into_the_wrong_bag_is_in_the_store_again(db: Session, cast: Cast) -> None:
    [unit] = carried(db, cast, cast.wei, boxes=1)
    wrong = newest(db, unit)
    assert "role does not allow" in sentence(mend, db, unit, wrong, by=cast.lin, refusal=NotAllowed), "two have said yes to it"
    mended = mend(db, unit, wrong, by=cast.wang)
    assert where(db, unit).kind == "store"
    assert (mended.reason, mended.corrects_id, mended.from_holder_id) == ("correct", wrong.id, wrong.to_holder_id)
    assert db.scalars(sa.select(TakenBack.reason)).all() == ["发错人了"]
    assert ledger_faults(db) == [] and list(broken_custody(db)) == []


def test_a_return_and_a_hand_over_that_both_sides_agreed_on_too(db: Session, cast: Cast) -> None:
    box, card = carried(db, cast, cast.su, boxes=1, cards=1)
    bag = where(db, box)
    hand_over(db, [box.id], source=bag, to=store(db, cast), key=uuid.uuid4(), by=cast.lin, at=AT)
    say_yes(db, cast)
    mend(db, box, newest(db, box), by=cast.wang)
    made = offer(db, [card.id], to_person_id=cast.wei.id, note="", key=uuid.uuid4(), by=cast.su, at=AT)
    assert "苏杰 has offered this unit" in sentence(mend, db, card, newest(db, card), by=cast.wang)
    accept(db, made.id, by=cast.wei, at=AT)
    mend(db, card, newest(db, card), by=cast.wang)
    assert where(db, box).id == where(db, card).id == bag.id


def test_a_receipt_into_the_wrong_store_goes_to_the_right_one(db: Session, cast: Cast) -> None:
    [unit], right = terminals(db, cast), store(db, cast, "二号仓")
    entry = newest(db, unit)
    for chosen in (None, where(db, unit).id, 999_999):
        with pytest.raises(Invalid):
            mend(db, unit, entry, store_id=chosen, by=cast.lin)
    mend(db, unit, entry, store_id=right.id, by=cast.lin)
    assert where(db, unit).id == right.id


def test_only_the_newest_move_and_only_once(db: Session, cast: Cast) -> None:
    [unit] = carried(db, cast, cast.wei, boxes=1)
    wrong = newest(db, unit)
    mend(db, unit, wrong, by=cast.wang)
    assert "taken this back already" in sentence(mend, db, unit, wrong, by=cast.wang, refusal=Conflict)
    assert "a correction itself" in sentence(mend, db, unit, newest(db, unit), by=cast.lin)
    into_bag(db, cast, cast.su, [unit])
    first = unit_history(db, unit.id)[-1]
    assert "moved on since" in sentence(
        mend, db, unit, first, store_id=store(db, cast, "二号仓").id, by=cast.lin, refusal=Conflict
    )


def test_work_on_a_vehicle_is_undone_by_its_order(db: Session, cast: Cast) -> None:
    box, _ = fitted_by(db, cast, cast.su, installation_order(db, cast))
    assert "Corrections of the order" in sentence(mend, db, box, newest(db, box), by=cast.lin)
    assert where(db, box).kind == "slot"


def test_it_needs_a_reason_the_right_and_the_branch(db: Session, cast: Cast) -> None:
    [unit] = carried(db, cast, cast.wei, boxes=1)
    entry = newest(db, unit)
    refusals: list[tuple[Actor, dict[str, Any], type[Exception]]] = [
        (cast.wang, {"reason": "  "}, Invalid),
        (cast.wei, {}, NotAllowed),
        (cast.he, {}, NotFound),
    ]
    for by, facts, refusal in refusals:
        with pytest.raises(refusal):
            mend(db, unit, entry, by=by, **facts)
    [other] = terminals(db, cast)
    with pytest.raises(NotFound):
        mend(db, other, entry, by=cast.lin)


@pytest.mark.parametrize("attempt", range(3))
def test_two_who_take_it_back_at_once_do_it_once(database: str, cast: Cast, attempt: int) -> None:
    with transaction() as db:
        [unit] = carried(db, cast, cast.wei, boxes=1)
        entry_id = newest(db, unit).id
    done = at_once(*(lambda s, by=by: take_back(s, unit.id, entry_id, reason="x", by=by, at=AT) for by in (cast.wang, cast.wang)))
    assert sorted(type(each).__name__ for each in done) == ["Conflict", "CustodyEntry"]
    with transaction() as db:
        assert ledger_faults(db) == []


def test_the_database_keeps_it_too(db: Session, cast: Cast) -> None:
    box, other = carried(db, cast, cast.wei, boxes=2)
    mended = mend(db, box, newest(db, box), by=cast.wang)
    for change in (
        f"UPDATE taken_back SET reason = 'other' WHERE entry_id = {mended.id}",
        f"DELETE FROM taken_back WHERE entry_id = {mended.id}",
        f"INSERT INTO taken_back VALUES ({newest(db, other).id}, {mended.corrects_id}, 'other')",
    ):
        with pytest.raises((IntegrityError, InternalError, ProgrammingError)), db.begin_nested():
            db.execute(sa.text(change))


def test_on_the_page_of_the_unit(database: str, cast: Cast, as_person: SignIn) -> None:
    with transaction() as db:
        [unit] = carried(db, cast, cast.wei, boxes=1)
        entry = newest(db, unit).id
    wang, page = as_person(cast.wang), f"/units/{unit.id}"
    assert "Was the last move a mistake?" in wang.get(page).text
    assert all("Was the last move a mistake?" not in as_person(who).get(page).text for who in (cast.wei, cast.lin))
    bare = wang.post(f"{page}/take-back", data={"entry": entry})
    assert (bare.status_code, "Please give a reason." in bare.text) == (422, True)
    assert wang.post(f"{page}/take-back", data={"entry": entry, "reason": "发错人了"}).status_code == 302
    shown = wang.get(page).text
    assert "<del>Issued</del>" in shown and f"taken back by {cast.wang.name}: 发错人了" in shown
    assert "last move a mistake" not in shown
    late = wang.post(f"{page}/take-back", data={"entry": entry, "reason": "又一次"})
    assert (late.status_code, "taken this back already" in late.text) == (409, True)
    assert as_person(cast.he).post(f"{page}/take-back", data={"entry": entry, "reason": "x"}).status_code == 404
    assert wang.post(f"{page}/take-back", data={"reason": "x"}).status_code == 404
