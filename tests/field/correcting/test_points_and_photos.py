"""The office says that a point did not pass, and withdraws a photo of something else."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.queries import history
from dispatch.devices.fitted import fittings_of
from dispatch.errors import Invalid, NotAllowed, NotFound, RuleBroken
from dispatch.field import correcting
from dispatch.field.models import Photo, PhotoWithdrawal
from dispatch.field.papers import field_papers_missing
from dispatch.field.presenting.on_site import on_site as on_site_of
from dispatch.field.queries import photos_of
from dispatch.field.rules import TEST_ITEMS
from dispatch.field.summary import latest_tests
from dispatch.orders.models import Order, OrderLine, Visit
from dispatch.sheets.facts import record_of, sheet_facts
from tests.board.building import approved_order
from tests.conftest import AT, Cast
from tests.field.building import do, shown_hash, sign, take_photo
from tests.field.correcting.ending import Swapped, finish

ALL = {item: {"result": "passed"} for item in TEST_ITEMS}


@pytest.fixture
def tested(db: Session, cast: Cast, order: Order, line: OrderLine, on_site: Visit, swapped: Swapped) -> Order:
    """Every point was entered as good, the customer has signed, and the visit has ended."""
    told = ALL | {"power": {"result": "not_available", "reason": "没有断电开关"}}
    do(db, on_site, "test.run", cast.su, line=line.id, results=told)
    take_photo(db, on_site, cast.su, line=line.id)
    sign(db, on_site, cast.su)
    finish(db, cast, on_site)
    return order


def papers(db: Session, order: Order) -> list[str]:
    return [str(text) for text in field_papers_missing(db, order)]


@pytest.mark.parametrize("item", ["fix", "power"])
def test_a_point_that_was_no_pass_fails_again_and_holds_back_closing(
    db: Session, cast: Cast, tested: Order, line: OrderLine, told: list[int], item: str
) -> None:
    assert papers(db, tested) == []
    first = latest_tests(db, tested.id, [])[line.id][item]
    made = correcting.fail_test(db, tested.id, line.id, item, reason=" 平台无定位 ", by=cast.wang, at=AT - timedelta(hours=1))
    counts = latest_tests(db, tested.id, fittings_of(db, tested.id))[line.id][item]
    assert (counts.id, counts.result, counts.reason) == (made.id, "failed", "平台无定位")
    assert (counts.corrects_id, counts.by_name, first.result != "failed") == (first.id, cast.wang.name, True)
    [missing] = papers(db, tested)
    assert missing.startswith("苏杰: the test-run of") and "failed at" in missing, "it is still the technician who owes it"
    assert told == [tested.id], "the sheets hear of it"
    entry = history(db, ("order", tested.id))[0]
    assert (entry.action, entry.detail["results"], entry.detail["reason"]) == ("test.run", {item: "failed"}, "平台无定位")
    [point] = [test for test in sheet_facts(record_of(db, tested.id), None)["lines"][0]["tests"] if test["item"] == item]
    assert point["result"] == "failed"
    # And back: the next correction names this one.
    again = correcting.overrule_test(db, tested.id, line.id, item, reason="已复查", by=cast.wang, at=AT)
    assert again.corrects_id == made.id and papers(db, tested) == []


def test_what_cannot_fail_again_is_refused(db: Session, cast: Cast, order: Order, line: OrderLine, on_site: Visit) -> None:
    results = {"online": {"result": "passed"}, "fix": {"result": "failed"}}
    do(db, on_site, "test.run", cast.su, line=line.id, results=results)
    wang = {"reason": "x", "by": cast.wang, "at": AT}
    with pytest.raises(RuleBroken, match="failed already"):
        correcting.fail_test(db, order.id, line.id, "fix", **wang)
    with pytest.raises(RuleBroken, match="not tested"):
        correcting.fail_test(db, order.id, line.id, "acc", **wang)
    for order_id, item in ((order.id, "nonsense"), (approved_order(db, cast).id, "online")):
        with pytest.raises(NotFound):
            correcting.fail_test(db, order_id, line.id, item, **wang)
    with pytest.raises(Invalid):
        correcting.fail_test(db, order.id, line.id, "online", **(wang | {"reason": " "}))
    with pytest.raises(NotAllowed):
        correcting.fail_test(db, order.id, line.id, "online", **(wang | {"by": cast.lin}))


def test_a_withdrawn_photo_is_shown_nowhere_and_counts_for_nothing_but_stays_on_record(
    db: Session, cast: Cast, tested: Order, told: list[int]
) -> None:
    [wrong] = photos_of(db, tested.id)
    correcting.withdraw_photo(db, tested.id, wrong.id, reason=" 别的车 ", by=cast.wang, at=AT)
    assert photos_of(db, tested.id) == [] and on_site_of(db, tested, 1).vehicles[0].photos == []
    assert sheet_facts(record_of(db, tested.id), None)["photos"] == []
    [missing] = papers(db, tested)
    assert "no photo of" in missing and told == [tested.id]
    assert db.get_one(Photo, wrong.id).sha256 == wrong.sha256
    row = db.get_one(PhotoWithdrawal, wrong.id)
    assert (row.reason, row.by_name, row.at) == ("别的车", cast.wang.name, AT)
    entry = history(db, ("order", tested.id))[0]
    assert (entry.action, entry.detail["photo"], entry.detail["reason"]) == ("photo.withdraw", str(wrong.id), "别的车")
    with pytest.raises(RuleBroken, match="withdrawn already"):
        correcting.withdraw_photo(db, tested.id, wrong.id, reason="再来", by=cast.wang, at=AT)


def test_a_withdrawal_is_for_ever(db: Session, cast: Cast, tested: Order) -> None:
    [wrong] = photos_of(db, tested.id)
    correcting.withdraw_photo(db, tested.id, wrong.id, reason="别的车", by=cast.wang, at=AT)
    for statement in (sa.delete(PhotoWithdrawal), sa.update(PhotoWithdrawal).values(reason="x")):
        with pytest.raises(sa.exc.DBAPIError), db.begin_nested():
            db.execute(statement)


def test_which_photo_may_not_be_withdrawn(db: Session, cast: Cast, order: Order, on_site: Visit) -> None:
    photo, evidence = take_photo(db, on_site, cast.su), take_photo(db, on_site, cast.su, kind="refusal")
    refusal = {"signer": "李四", "reason": "嫌贵", "photo": str(evidence), "summary_hash": shown_hash(db, on_site)}
    do(db, on_site, "sign.refuse", cast.su, **refusal)
    wang = {"reason": "x", "by": cast.wang, "at": AT}
    with pytest.raises(RuleBroken, match="refused signature"):
        correcting.withdraw_photo(db, order.id, evidence, **wang)
    for order_id, photo_id in ((approved_order(db, cast).id, photo), (order.id, uuid.uuid4())):
        with pytest.raises(NotFound):
            correcting.withdraw_photo(db, order_id, photo_id, **wang)
    with pytest.raises(Invalid):
        correcting.withdraw_photo(db, order.id, photo, **(wang | {"reason": " "}))
    with pytest.raises(NotAllowed):
        correcting.withdraw_photo(db, order.id, photo, **(wang | {"by": cast.qian}))
    assert len(photos_of(db, order.id)) == 2
