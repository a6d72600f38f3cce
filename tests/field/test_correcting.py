"""The office puts right what was entered wrongly: a counter-entry with a reason, and the sheets hear of it."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.queries import broken_chains, history
from dispatch.devices.fitted import fittings_of, slot_units, unit_name
from dispatch.devices.models import Unit
from dispatch.errors import Conflict, Invalid, NotAllowed, NotFound, RuleBroken
from dispatch.fees.models import Price, Receipt
from dispatch.fees.papers import money_papers_missing, prices_missing
from dispatch.fees.queries import account_of, charges_of, receipts_of
from dispatch.field import correcting, endings
from dispatch.field.models import Photo, PhotoWithdrawal
from dispatch.field.papers import field_papers_missing
from dispatch.field.presenting.on_site import on_site as on_site_of
from dispatch.field.queries import photos_of
from dispatch.field.rules import TEST_ITEMS
from dispatch.field.summary import latest_tests, standing
from dispatch.orders.models import Order, OrderLine, Visit
from dispatch.sheets.facts import record_of, sheet_facts
from dispatch.staff.models import Person, PersonRole
from dispatch.staff.queries import actor_of
from dispatch.words import Text
from tests.board.building import approved_order
from tests.conftest import AT, Cast
from tests.devices.building import where
from tests.field.building import arrived, carrying, do, fitted_long_ago, shown_hash, sign, take_photo

Swapped = tuple[Unit, Unit]


@pytest.fixture
def order(db: Session, cast: Cast, prices: None) -> Order:
    """A repair of one vehicle."""
    return approved_order(db, cast)


@pytest.fixture
def line(order: Order) -> OrderLine:
    """Its vehicle."""
    return order.lines[0]


@pytest.fixture
def swapped(db: Session, cast: Cast, line: OrderLine, on_site: Visit) -> Swapped:
    """He has swapped the terminal: the old one and the one he entered."""
    old, _ = fitted_long_ago(db, cast, line)
    [box], _ = carrying(db, cast, cast.su)
    do(db, on_site, "line.swap", cast.su, line=line.id, terminal=unit_name(box))
    return old, box


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The orders whose followers were told."""
    heard: list[int] = []

    def listen(_session: Session, order_id: int, *, at: datetime) -> None:
        heard.append(order_id)

    monkeypatch.setattr(endings, "_listeners", [listen])
    return heard


def finish(db: Session, cast: Cast, visit: Visit) -> None:
    do(db, visit, "visit.finish", cast.su)


def test_a_fitting_is_taken_back_with_its_charge(
    db: Session, cast: Cast, order: Order, line: OrderLine, on_site: Visit, swapped: Swapped, told: list[int]
) -> None:
    old, box = swapped
    finish(db, cast, on_site)
    assert account_of(db, order.id).charged == Decimal("680.00")
    [entered] = fittings_of(db, order.id)
    correcting.take_back_fitting(db, order.id, entered.id, reason="没有更换", by=cast.wang, at=AT)
    assert slot_units(db, line.vehicle_id)["terminal"] is old
    assert where(db, box).person_id == cast.su.id
    assert account_of(db, order.id).charged == 0
    assert told == [order.id, order.id], "once by the end of the visit, once by the correction"
    with pytest.raises(Conflict):
        correcting.take_back_fitting(db, order.id, entered.id, reason="再来", by=cast.wang, at=AT)


def test_another_unit_comes_out_of_the_technicians_bag(
    db: Session, cast: Cast, order: Order, line: OrderLine, on_site: Visit, swapped: Swapped
) -> None:
    old, wrong = swapped
    [right, better], _ = carrying(db, cast, cast.su, 2)
    do(db, on_site, "test.run", cast.su, line=line.id, results={"online": {"result": "passed"}})
    finish(db, cast, on_site)
    [entered] = fittings_of(db, order.id)
    correcting.replace_unit(db, order.id, entered.id, number=unit_name(right), reason="看错号码", by=cast.wang, at=AT)
    [standing] = fittings_of(db, order.id)
    assert (standing.old_unit_id, standing.new_unit_id, standing.at) == (old.id, right.id, entered.at)
    assert (where(db, wrong).person_id, where(db, old).person_id) == (cast.su.id, cast.su.id)
    assert "online" in latest_tests(db, order.id, [standing])[line.id], "what was tested was the right one"
    assert account_of(db, order.id).charged == Decimal("680.00")
    # Once more: the bag is still that of the technician, not of who corrected it.
    correcting.replace_unit(db, order.id, standing.id, number=unit_name(better), reason="再看一次", by=cast.wang, at=AT)
    assert slot_units(db, line.vehicle_id)["terminal"].id == better.id
    assert where(db, right).person_id == cast.su.id
    assert not list(broken_chains(db))


def test_a_wrong_number_is_refused_beside_its_field_and_changes_nothing(
    db: Session, cast: Cast, order: Order, line: OrderLine, swapped: Swapped
) -> None:
    _, entered = swapped
    [elsewhere], _ = carrying(db, cast, cast.wei)
    [fitting] = fittings_of(db, order.id)
    for number, part in (
        (unit_name(elsewhere), "not in 苏杰's bag: it is in 卫晨's bag"),
        ("", "number"),
        ("ZZ999999", "not on record"),
        (unit_name(entered), "entered before"),
    ):
        with pytest.raises(Invalid) as refused, db.begin_nested():
            correcting.replace_unit(db, order.id, fitting.id, number=number, reason="x", by=cast.wang, at=AT)
        assert part in str(refused.value.fields["number"])
    with pytest.raises(Invalid) as refused, db.begin_nested():
        correcting.replace_unit(db, order.id, fitting.id, number=unit_name(entered), reason=" ", by=cast.wang, at=AT)
    assert set(refused.value.fields) == {"reason"}
    assert slot_units(db, line.vehicle_id)["terminal"] is entered


def test_who_may_correct(db: Session, cast: Cast, order: Order, swapped: Swapped) -> None:
    [fitting] = fittings_of(db, order.id)
    for nobody in (cast.lin, cast.su, cast.qian, cast.chen, cast.root):
        with pytest.raises(NotAllowed):
            correcting.take_back_fitting(db, order.id, fitting.id, reason="x", by=nobody, at=AT)
    elsewhere = db.scalars(sa.select(Person).where(Person.id == cast.he.id)).one()
    elsewhere.role_rows.append(PersonRole(role="manager"))
    db.flush()
    with pytest.raises(NotFound):
        correcting.take_back_fitting(db, order.id, fitting.id, reason="x", by=actor_of(elsewhere), at=AT)


def test_a_closed_order_stays_as_it_is(db: Session, cast: Cast, order: Order, swapped: Swapped) -> None:
    [fitting] = fittings_of(db, order.id)
    db.execute(sa.update(Order).where(Order.id == order.id).values(status="closed"))
    with pytest.raises(RuleBroken, match="closed"):
        correcting.take_back_fitting(db, order.id, fitting.id, reason="x", by=cast.wang, at=AT)


def test_nothing_of_another_order_is_corrected(db: Session, cast: Cast, order: Order, swapped: Swapped) -> None:
    other = approved_order(db, cast)
    [fitting] = fittings_of(db, order.id)
    wang = {"by": cast.wang, "at": AT}
    with pytest.raises(NotFound):
        correcting.take_back_fitting(db, other.id, fitting.id, reason="x", **wang)
    with pytest.raises(NotFound):
        correcting.replace_unit(db, other.id, fitting.id, number="1", reason="x", **wang)
    with pytest.raises(NotFound):
        correcting.overrule_test(db, other.id, order.lines[0].id, "fix", reason="x", **wang)
    with pytest.raises(NotFound):
        correcting.drop_charge(db, other.id, 1, reason="x", **wang)


def test_a_failed_point_is_let_pass_by_name(
    db: Session, cast: Cast, order: Order, line: OrderLine, on_site: Visit, told: list[int]
) -> None:
    results = {"online": {"result": "passed"}, "fix": {"result": "failed"}}
    do(db, on_site, "test.run", cast.su, line=line.id, results=results)
    with pytest.raises(Invalid):
        correcting.overrule_test(db, order.id, line.id, "fix", reason=" ", by=cast.wang, at=AT)
    made = correcting.overrule_test(db, order.id, line.id, "fix", reason="地下车库", by=cast.wang, at=AT - timedelta(hours=1))
    counts = latest_tests(db, order.id, [])[line.id]["fix"]
    # It counts although the technician's clock was an hour ahead.
    assert (counts.id, counts.result, counts.by_name, counts.reason) == (made.id, "overruled", cast.wang.name, "地下车库")
    assert history(db, ("order", order.id))[0].action == "test.run"
    for item in ("fix", "online"):
        with pytest.raises(RuleBroken, match="passed already"):
            correcting.overrule_test(db, order.id, line.id, item, reason="x", by=cast.wang, at=AT)
    with pytest.raises(NotFound):
        correcting.overrule_test(db, order.id, line.id, "nonsense", reason="x", by=cast.wang, at=AT)
    assert not told, "while the visit goes on there is no sheet to make anew"


# --- money


@pytest.fixture
def receipt(db: Session, cast: Cast, order: Order, on_site: Visit, swapped: Swapped) -> Receipt:
    """Su has taken ¥680 and ended the visit."""
    do(db, on_site, "payment.take", cast.su, amount="680.00", channel="wechat", reference="42000")
    finish(db, cast, on_site)
    [taken] = receipts_of(db, order.id)
    return taken


def test_a_charge_is_dropped_and_its_money_given_back(
    db: Session, cast: Cast, order: Order, receipt: Receipt, told: list[int]
) -> None:
    [charge] = standing(charges_of(db, order.id))
    correcting.drop_charge(db, order.id, charge.id, reason="商定免费", by=cast.wang, at=AT)
    with pytest.raises(RuleBroken):
        correcting.drop_charge(db, order.id, charge.id, reason="再来", by=cast.wang, at=AT)
    back = correcting.give_back(
        db, order.id, receipt.id, amount=Decimal("680"), reason="退款", device="desk", by=cast.qian, at=AT
    )
    assert (back.amount, back.refunds_id, back.number != receipt.number) == (Decimal("-680.00"), receipt.id, True)
    assert account_of(db, order.id).due == 0
    assert told == [order.id, order.id]
    with pytest.raises(RuleBroken):
        correcting.give_back(db, order.id, receipt.id, amount=Decimal("1"), reason="x", device="desk", by=cast.wang, at=AT)


def test_finance_notes_the_invoice_and_mends_it(db: Session, cast: Cast, order: Order, receipt: Receipt) -> None:
    for number in ("12345678", "25442000000012345678"):
        correcting.add_invoice(db, order.id, receipt.id, number=number, by=cast.qian, at=AT)
        assert receipt.invoice_number == number
    assert history(db, ("order", order.id))[0].detail["before"] == "12345678"
    with pytest.raises(NotAllowed):
        correcting.add_invoice(db, order.id, receipt.id, number="1", by=cast.lin, at=AT)
    with pytest.raises(NotFound):
        correcting.add_invoice(db, approved_order(db, cast).id, receipt.id, number="1", by=cast.qian, at=AT)


def test_the_office_takes_what_was_not_paid_on_site(db: Session, cast: Cast, order: Order, swapped: Swapped) -> None:
    money = {"payer": "恒通", "reference": "T1", "invoice_number": "25442000000012345678", "device": "desk", "by": cast.qian}
    key = uuid.uuid4()
    for _ in range(2):
        taken = correcting.take_money(db, order.id, amount=Decimal("600"), channel="transfer", key=key, at=AT, **money)
    assert (taken.visit_id, taken.by_name, account_of(db, order.id).due) == (None, cast.qian.name, Decimal("80.00"))
    correcting.take_money(db, order.id, amount=Decimal("80"), channel="account", key=uuid.uuid4(), at=AT, **money)
    with pytest.raises(RuleBroken, match="Nothing is due"):
        correcting.take_money(db, order.id, amount=Decimal("1"), channel="cash", key=uuid.uuid4(), at=AT, **money)
    with pytest.raises(NotAllowed):
        correcting.take_money(
            db, order.id, amount=Decimal("1"), channel="cash", key=uuid.uuid4(), at=AT, **(money | {"by": cast.lin})
        )


def money_missing(db: Session, order: Order) -> list[Text]:
    return [*prices_missing(db, order), *money_papers_missing(db, order)]


def test_what_had_no_price_blocks_closing_until_it_is_charged(db: Session, cast: Cast) -> None:
    order = approved_order(db, cast)
    visit = arrived(db, cast, order, cast.su)
    fitted_long_ago(db, cast, order.lines[0])
    [box], _ = carrying(db, cast, cast.su)
    do(db, visit, "line.swap", cast.su, line=order.lines[0].id, terminal=unit_name(box))
    do(db, visit, "visit.finish", cast.su)
    assert [str(text) for text in money_missing(db, order)] == ["The price list has no part whose name begins with BD-808A."]
    price = {"code": "P001", "name": "BD-808A 主机", "category": "part", "amount": Decimal("680.00"), "tax_rate": Decimal("0.13")}
    db.add(Price(**price, valid_from=AT.date()))
    db.flush()
    assert [str(text) for text in money_missing(db, order)] == [
        "BD-808A 主机 was fitted and has a price by now, but is not charged."
    ]
    [charge] = correcting.charge_late(db, order.id, by=cast.wang, at=AT)
    assert charge.amount == 680
    assert [str(text) for text in money_missing(db, order)] == ["The customer owes ¥680.00: neither paid nor put on account."]
    correcting.drop_charge(db, order.id, charge.id, reason="商定免费", by=cast.wang, at=AT)
    assert money_missing(db, order) == []
    assert correcting.charge_late(db, order.id, by=cast.wang, at=AT) == []


# --- a point that was entered wrongly, and a wrong photo


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
    assert photos_of(db, tested.id) == [] and on_site_of(db, tested).vehicles[0].photos == []
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
