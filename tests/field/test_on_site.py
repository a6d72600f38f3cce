"""On site: each act is a fact, does what it says in one transaction, and answers what is wrong with a sentence."""

from __future__ import annotations

import uuid
from datetime import timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.checks import broken_trail
from dispatch.audit.models import AuditEntry
from dispatch.errors import Conflict, Invalid, NotFound
from dispatch.fees.models import Voucher
from dispatch.fees.queries import account_of, charges_of, receipts_of
from dispatch.field.acting import act
from dispatch.field.endings import on_visit_end
from dispatch.field.models import Arrival, DepartureCheck, FieldFact, Photo, Signature
from dispatch.orders.models import Order, Visit
from tests.board.building import approved_order
from tests.conftest import AT, Cast
from tests.field.building import arrived, carrying, do, fact, fitted_long_ago, sent_out, shown_hash, sign, take_photo

# --- setting out and arriving


def test_what_was_checked_before_leaving_is_kept(db: Session, cast: Cast, order: Order) -> None:
    visit = sent_out(db, cast, order, cast.su)
    do(
        db,
        visit,
        "visit.depart",
        cast.su,
        checks={"facts": True, "tools": True, "parts": False, "papers": True},
        note="缺一张SIM卡",
    )
    rows = {row.item: (row.ok, row.note) for row in db.scalars(sa.select(DepartureCheck))}
    assert rows == {"facts": (True, None), "tools": (True, None), "parts": (False, "缺一张SIM卡"), "papers": (True, None)}


def test_the_place_of_arrival_is_measured_from_the_site(db: Session, cast: Cast, order: Order) -> None:
    visit = sent_out(db, cast, order, cast.su)
    do(db, visit, "visit.depart", cast.su)
    do(db, visit, "visit.arrive", cast.su, lat=(order.site.lat or 0) + 0.001, lon=order.site.lon, accuracy_m=12.5)
    place = db.get_one(Arrival, visit.id)
    assert place.distance_m == pytest.approx(111, abs=2)
    assert place.accuracy_m == 12.5


@pytest.mark.parametrize(
    "odd", [{}, {"lat": "x", "lon": None}, {"lat": 0, "lon": 0}, {"lat": 91, "lon": 10}, {"lat": float("1e400"), "lon": 1}]
)
def test_arriving_needs_no_position(db: Session, cast: Cast, order: Order, odd: dict[str, object]) -> None:
    visit = sent_out(db, cast, order, cast.su)
    do(db, visit, "visit.depart", cast.su)
    do(db, visit, "visit.arrive", cast.su, **{name: value for name, value in odd.items() if value != float("inf")})
    place = db.get_one(Arrival, visit.id)
    assert (place.lat, place.distance_m) == (None, None)


# --- money


def test_a_swap_out_of_warranty_is_charged_and_paid(db: Session, cast: Cast, order: Order, on_site: Visit, prices: None) -> None:
    fitted_long_ago(db, cast, order.lines[0])
    [box], [card] = carrying(db, cast, cast.su)
    do(db, on_site, "line.swap", cast.su, line=order.lines[0].id, terminal=box.number, sim=card.number)
    assert account_of(db, order.id).due == Decimal("695.00")
    do(db, on_site, "payment.take", cast.su, amount="695.00", channel="cash", invoice_number="24442000000012345678")
    [receipt] = receipts_of(db, order.id)
    assert (receipt.amount, receipt.channel, receipt.by_name) == (Decimal("695.00"), "cash", "苏杰")
    assert account_of(db, order.id).due == 0


def test_a_payment_sent_twice_is_taken_once(db: Session, cast: Cast, order: Order, on_site: Visit, prices: None) -> None:
    do(db, on_site, "charge.add", cast.su, code="S003", quantity=1)
    sent = fact(on_site, "payment.take", amount="150.00", channel="wechat", reference="4200001234")
    assert act(db, sent, by=cast.su, at=AT) is act(db, sent, by=cast.su, at=AT)
    assert len(receipts_of(db, order.id)) == 1


def test_what_is_charged_late_is_numbered_and_told_when_it_was_heard_of(
    db: Session, cast: Cast, order: Order, on_site: Visit, prices: None
) -> None:
    heard, sent = AT + timedelta(days=40), fact(on_site, "charge.add", code="S003", quantity=1)
    act(db, sent, by=cast.su, at=heard)
    [made] = charges_of(db, order.id)
    act(db, fact(on_site, "charge.take_back", charge=made.id, reason="没移"), by=cast.su, at=heard)
    vouchers = db.scalars(sa.select(Voucher).order_by(Voucher.id)).all()
    assert [(each.year, each.recorded_at, each.booked_on.year) for each in vouchers] == [(2027, heard, 2026)] * 2
    told = sa.select(AuditEntry.at, AuditEntry.detail["device_at"].astext).where(AuditEntry.action.like("charge.%"))
    assert db.execute(told.order_by(AuditEntry.id)).first() == (heard, made.at.isoformat())
    assert made.at == sent.device_at and list(broken_trail(db)) == []


# --- photos and the signature


def test_a_photo_is_known_by_the_fact_that_brought_it(db: Session, cast: Cast, order: Order, on_site: Visit) -> None:
    photo = db.get_one(Photo, take_photo(db, on_site, cast.su, line=order.lines[0].id))
    assert (photo.kind, photo.line_id, photo.by_name) == ("condition", order.lines[0].id, "苏杰")


def test_a_signature_is_bound_to_what_was_shown(db: Session, cast: Cast, order: Order, on_site: Visit) -> None:
    fitted_long_ago(db, cast, order.lines[0])
    [box], _ = carrying(db, cast, cast.su)
    shown = shown_hash(db, on_site)
    do(db, on_site, "line.swap", cast.su, line=order.lines[0].id, terminal=box.number)
    with pytest.raises(Conflict, match="signed again"), db.begin_nested():
        sign(db, on_site, cast.su, summary_hash=shown)
    signed = db.get_one(Signature, sign(db, on_site, cast.su).id)
    assert signed.summary["lines"][0]["fittings"][0]["new"]["serial"] == box.number
    assert signed.summary_hash.hex() == shown_hash(db, on_site)


@pytest.mark.parametrize(
    "points",
    [None, [], [[]], [[[0.5, 0.5, 1]]], [[[0.5, 0.5], [0.51, 0.5]]], "a name", [[[5, 5], [9, 9]]], [[0.1, 0.2]], [[["0", "1"]]]],
    ids=["none", "empty", "no point", "a dot", "a dash", "text", "outside", "no strokes", "no numbers"],
)
def test_a_dot_is_no_signature(db: Session, cast: Cast, on_site: Visit, points: object) -> None:
    with pytest.raises(Invalid) as refused, db.begin_nested():
        sign(db, on_site, cast.su, points=points)
    assert set(refused.value.fields) == {"points"}


def test_who_refuses_leaves_a_reason_and_a_photo(db: Session, cast: Cast, order: Order, on_site: Visit) -> None:
    bare = {"signer": "门卫", "summary_hash": shown_hash(db, on_site)}
    with pytest.raises(Invalid) as refused, db.begin_nested():
        do(db, on_site, "sign.refuse", cast.su, **bare)
    assert set(refused.value.fields) == {"reason", "photo"}
    photo = take_photo(db, on_site, cast.su, kind="refusal")
    do(db, on_site, "sign.refuse", cast.su, reason="车主不在", photo=str(photo), **bare)
    kept = db.scalars(sa.select(Signature)).one()
    assert (kept.refused, kept.points, kept.photo_id) == (True, None, photo)


def test_a_photo_of_another_visit_is_no_evidence(db: Session, cast: Cast, on_site: Visit) -> None:
    elsewhere = arrived(db, cast, approved_order(db, cast), cast.wei, start="13:00")
    photo = take_photo(db, elsewhere, cast.wei, kind="refusal")
    with pytest.raises(Invalid):
        do(db, on_site, "sign.refuse", cast.su, signer="门卫", reason="x", photo=str(photo), summary_hash=shown_hash(db, on_site))


# --- the end


def test_a_failed_check_does_not_stop_finishing(db: Session, cast: Cast, order: Order, on_site: Visit) -> None:
    do(db, on_site, "test.run", cast.su, line=order.lines[0].id, results={"online": {"result": "failed"}})
    assert do(db, on_site, "visit.finish", cast.su).state == "applied"
    assert (on_site.status, order.status) == ("finished", "done")


def test_a_vehicle_done_early_leaves_the_order_at_work_until_the_visit_ends(
    db: Session, cast: Cast, order: Order, on_site: Visit
) -> None:
    do(db, on_site, "line.done", cast.su, line=order.lines[0].id)
    assert order.status == "working"
    do(db, on_site, "visit.finish", cast.su)
    assert order.status == "done"


def test_a_vehicle_that_did_not_come_is_left_over(db: Session, cast: Cast) -> None:
    order = approved_order(db, cast, lines=2, kind="installation", symptom=None)
    visit = arrived(db, cast, order, cast.su)
    do(db, visit, "line.not_done", cast.su, line=order.lines[1].id, how="leave_over", reason="车在外地")
    do(db, visit, "visit.finish", cast.su)
    assert [line.status for line in order.lines] == ["done", "residual"]
    assert order.status == "approved"


def test_whoever_must_hear_of_the_end_does(
    db: Session, cast: Cast, order: Order, on_site: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[int] = []
    monkeypatch.setattr("dispatch.field.endings._listeners", [])
    on_visit_end(lambda session, order_id, *, at: heard.append(order_id))
    do(db, on_site, "visit.finish", cast.su)
    assert heard == [order.id]


def actions(db: Session, order: Order) -> list[str]:
    about = (AuditEntry.subject_kind == "order", AuditEntry.subject_id == order.id)
    return list(db.scalars(sa.select(AuditEntry.action).where(*about).order_by(AuditEntry.seq)))


def test_every_act_stands_in_the_orders_history(db: Session, cast: Cast, order: Order, on_site: Visit) -> None:
    fitted_long_ago(db, cast, order.lines[0])
    [box], _ = carrying(db, cast, cast.su)
    line = order.lines[0].id
    do(db, on_site, "line.swap", cast.su, line=line, terminal=box.number)
    do(db, on_site, "test.run", cast.su, line=line, results={"online": {"result": "passed"}})
    take_photo(db, on_site, cast.su)
    sign(db, on_site, cast.su)
    do(db, on_site, "visit.finish", cast.su)
    told = actions(db, order)
    assert [name for name in told if name in ("line.fit", "test.run", "photo", "sign", "visit.finish")] == [
        "line.fit",
        "test.run",
        "photo",
        "sign",
        "visit.finish",
    ]


def test_unknown_kinds_are_kept_and_strangers_turned_away(db: Session, cast: Cast, on_site: Visit) -> None:
    assert do(db, on_site, "visit.teleport", cast.su).state == "disputed"
    with pytest.raises(NotFound):
        do(db, on_site, "line.done", cast.wei, line=1)
    assert db.get(FieldFact, uuid.uuid4()) is None
