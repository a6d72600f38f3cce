"""Terminals that fell silent: who is missed and who is not, and what can be done about one."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch import config
from dispatch.clock import now
from dispatch.config import Settings
from dispatch.customers.models import Customer, Vehicle
from dispatch.customers.operations import CustomerFacts as Facts
from dispatch.customers.operations import change_customer, park_vehicle
from dispatch.devices.fitted import slot_units
from dispatch.devices.jt808.observations import Observation as Said
from dispatch.devices.models import CustodyPosition, TerminalRestart, Unit
from dispatch.devices.observing import keep
from dispatch.devices.operations import move_units, slot_of
from dispatch.devices.restarting import PATIENCE, ask_restart, give_up
from dispatch.devices.sim_life import change_state
from dispatch.intake import jobs
from dispatch.intake.jobs import look_for_silent, restart_over
from dispatch.intake.models import Silence
from dispatch.intake.pages import call as call_page
from dispatch.intake.pages import silent as silent_page
from dispatch.orders.models import Order
from tests.building import repair_order, vehicle
from tests.conftest import AT, Cast, SignIn
from tests.devices.building import sims, store, terminals
from tests.devices.traccar import TOKEN, traccar
from tests.fees.building import paid
from tests.fees.money import owing, paid_off
from tests.intake.building import call_form

QUIET = "恒通物流有限公司"
FITTED, NOW = AT - timedelta(days=30), AT + timedelta(days=1)
OFF = config.load({"SECRET_KEY": "x"})


# --- who is missed


def fit(session: Session, cast: Cast, *, customer: str = QUIET, heard: float | None = 30, **numbers: Any) -> tuple[Vehicle, Unit]:
    """A vehicle with terminal and SIM that last told its position so many hours before NOW."""
    truck = vehicle(session, cast, customer=customer)
    [box], [card] = terminals(session, cast), sims(session, cast)
    assert box.terminal and card.sim
    card.sim.carrier, card.sim.expires_on = "中国移动", numbers.pop("expires_on", None)
    for name, value in numbers.items():
        setattr(box.terminal, name, value)
    slot = slot_of(session, vehicle_id=truck.id, branch_id=cast.sz)
    move_units(session, [box.id, card.id], to=slot, reason="install", by=cast.lin, at=FITTED)
    if heard is not None:
        tell(session, box, NOW - timedelta(hours=heard))
    return truck, box


def suspend(session: Session, cast: Cast, box: Unit) -> None:
    """The SIM beside a terminal, at its carrier."""
    card = slot_units(session, session.get_one(CustodyPosition, box.id).holder.vehicle_id or 0)["sim"]
    change_state(session, card.id, "suspend", reason="欠费停机", by=cast.lin, at=AT)


def tell(session: Session, box: Unit, at: datetime, kind: str = "position", **facts: Any) -> None:
    place = {"positioned": True, "lat": 22.63, "lon": 113.81} if kind == "position" else {}
    given = {"phone": "1", "serial": 1, "received_at": at, "raw": "", **place, **facts}
    assert keep(session, [Said(who=box.id, kind=kind, **given)]) == []  # type: ignore[arg-type]


def miss(session: Session, cast: Cast, hours: int | None = 24) -> None:
    """The customer wants to know after so many hours."""
    owner = session.scalars(sa.select(Customer).where(Customer.name == QUIET)).one()
    session.refresh(owner)
    change_customer(session, owner.id, version=owner.version, facts=Facts(QUIET, owner.tier, None, hours), by=cast.lin, at=AT)
    session.commit()


def silent(session: Session) -> dict[int, str | None]:
    """Terminal -> how its silence ended, as the record is now."""
    session.rollback()
    session.expire_all()
    return {row.unit_id: row.ended_by for row in session.scalars(sa.select(Silence).order_by(Silence.id))}


def test_who_is_missed_and_for_how_long(db: Session, cast: Cast) -> None:
    truck, box = fit(db, cast)
    fit(db, cast, heard=23)
    fit(db, cast, heard=None)
    fit(db, cast, heard=24 * 31)  # that was in another vehicle
    fit(db, cast, expires_on=date(2026, 12, 1))
    _, unpaid = fit(db, cast)
    suspend(db, cast, unpaid)
    fit(db, cast, customer="别的客户")
    parked, _ = fit(db, cast)
    park_vehicle(db, parked.id, parked=True, by=cast.lin, at=AT)
    busy = repair_order(db, cast)
    slot = slot_of(db, vehicle_id=busy.lines[0].vehicle_id, branch_id=cast.sz)
    [other] = terminals(db, cast)
    move_units(db, [other.id], to=slot, reason="install", by=cast.lin, at=FITTED)
    tell(db, other, NOW - timedelta(hours=30))
    db.commit()
    assert look_for_silent(OFF, NOW) == 0, "off, unless a customer wants it"
    miss(db, cast)
    assert look_for_silent(OFF, NOW + timedelta(hours=3)) == 0, "nothing at all was heard for an hour: it is we"
    tell(db, store_box(db, cast), NOW - timedelta(minutes=5), "heartbeat")
    db.commit()
    assert [look_for_silent(OFF, NOW) for _ in range(2)] == [1, 0]
    assert silent(db) == {box.id: None}
    tell(db, box, NOW + timedelta(minutes=1))
    db.commit()
    look_for_silent(OFF, NOW + timedelta(minutes=10))
    assert silent(db) == {box.id: "reported"}, "and is gone by itself"
    later = NOW + timedelta(hours=40)
    for at in (later, later + timedelta(minutes=10)):
        tell(db, store_box(db, cast), at - timedelta(minutes=1), "heartbeat")
        db.commit()
        look_for_silent(OFF, at)
        park_vehicle(db, truck.id, parked=True, by=cast.lin, at=at)
        db.commit()
    assert list(db.scalars(sa.select(Silence.ended_by).where(Silence.unit_id == box.id))) == ["reported", "not_watched"]


def test_of_who_owes_beyond_his_terms_nothing_is_proposed_until_he_has_paid(
    db: Session, cast: Cast, as_person: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = owing(db, cast)
    receipt = paid(db, order, "300", cast.su, channel="account", at=AT - timedelta(days=60))
    _, box = fit(db, cast, customer=order.customer.name)
    tell(db, store_box(db, cast), NOW - timedelta(minutes=5), "heartbeat")

    def pays_within(days: int | None) -> None:
        owner = db.get_one(Customer, order.customer_id, populate_existing=True)
        facts = Facts(owner.name, owner.tier, None, 24, days)
        change_customer(db, owner.id, version=owner.version, facts=facts, by=cast.lin, at=AT)
        db.commit()

    pays_within(90)
    assert (look_for_silent(OFF, NOW), silent(db)) == (1, {box.id: None}), "within his own terms"
    pays_within(None)
    assert (look_for_silent(OFF, NOW), silent(db)) == (0, {box.id: "owes"}), "beyond those that are usual"
    monkeypatch.setattr(silent_page, "now", lambda: NOW)
    lin, he = as_person(cast.lin), as_person(cast.he)
    assert "1 silent terminal is not proposed" in lin.get("/silent").text
    assert "not proposed" not in he.get("/silent").text, "another branch's"
    assert "Owes ¥300.00 beyond his terms of 30 days" in lin.get(f"/customers/{order.customer_id}").text
    assert "Owes ¥300.00 beyond his terms" in lin.get(f"/calls/known?customer_id={order.customer_id}").text
    paid_off(db, receipt.id, "300", cast.qian)
    db.commit()
    assert look_for_silent(OFF, NOW) == 1, "what is paid is forgotten"
    assert "Owes" not in lin.get(f"/customers/{order.customer_id}").text


def store_box(session: Session, cast: Cast) -> Unit:
    """A terminal in a store, on somebody's table."""
    return terminals(session, cast, into=store(session, cast))[0]


def by_platform(url: str) -> Settings:
    return config.load({"SECRET_KEY": "x", "TRACCAR_URL": url, "TRACCAR_TOKEN": TOKEN})


def test_whom_the_platform_knows_is_asked_about_first_and_can_be_restarted_there(
    db: Session, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "now", lambda: NOW)
    with traccar() as platform:
        imeis = ("359121104139382", "359121104139390", "359121104139408")
        boxes = [fit(db, cast, heard=None, imei=imei)[1] for imei in imeis]
        for box in boxes:
            tell(db, box, NOW - timedelta(hours=30), source="traccar", platform_id=box.id + 100)
        miss(db, cast)
        assert look_for_silent(OFF, NOW) == 0, "where nobody can ask, nobody is missed"
        platform.mood = "broken"
        assert look_for_silent(by_platform(platform.url), NOW) == 0, "nor while it does not answer"
        platform.mood = "well"
        platform.position(platform.device(imeis[0]), NOW - timedelta(hours=1))
        platform.device(imeis[1])
        assert look_for_silent(by_platform(platform.url), NOW) == 1, "one has reported, one it does not know"
        assert list(silent(db)) == [boxes[1].id]
        asked = ask_restart(db, boxes[1].id, "traccar", by=cast.lin, at=NOW)
        assert ask_restart(db, boxes[1].id, "traccar", by=cast.wang, at=NOW).id == asked.id, "pressed twice"
        db.commit()
        for _ in range(2):
            restart_over(by_platform(platform.url), asked.id)
        platform.position(2, NOW - timedelta(minutes=1))
        look_for_silent(by_platform(platform.url), NOW)
        assert silent(db) == {boxes[1].id: "reported"}, "whoever is on the list is asked about again"
        assert [one["type"] for one in platform.commands] == ["rebootDevice"]
    db.refresh(asked)
    assert (asked.outcome, asked.by_name) == ("done", cast.lin.name)
    late = ask_restart(db, boxes[2].id, "jt808", by=cast.lin, at=NOW)
    give_up(db, at=NOW + PATIENCE + timedelta(seconds=1))
    db.refresh(late)
    assert late.outcome == "unreached"


# --- what can be done


def test_an_order_is_made_once_and_who_sets_it_aside_says_why(db: Session, cast: Cast, as_person: SignIn) -> None:
    fit(db, cast)
    _, other = fit(db, cast)
    tell(db, store_box(db, cast), NOW - timedelta(minutes=5), "heartbeat")
    miss(db, cast)
    look_for_silent(OFF, NOW)
    first, second = db.scalars(sa.select(Silence).order_by(Silence.unit_id)).all()
    lin, he = as_person(cast.lin), as_person(cast.he)
    page = lin.get("/silent").text
    assert page.count("Make a repair order") == 2 and "Restart over" not in page, "there is no way to reach them"
    assert "Make a repair order" not in he.get("/silent").text, "another branch's"
    url = f"/calls/new?vehicle_id={first.vehicle_id}&silence={first.id}"
    filled = lin.get(url).text
    key = re.search(r'name="request_key" value="([^"]+)"', filled)
    assert key and key[1] == str(first.request_key) and "Silent since" in filled and he.get(url).status_code == 404
    plate = db.get_one(Vehicle, first.vehicle_id).plate or ""
    typed = call_form(request_key=key[1], plate=plate, customer=QUIET, symptom="offline")
    for _ in range(2):
        assert lin.post("/calls/new", data=typed).status_code == 302
    [order] = db.scalars(sa.select(Order)).all()
    given = {"silence": str(second.id), "why": "garage", "reason": "下周一出厂", "days": "7"}
    assert lin.post("/silent/dismiss", data=given | {"why": "", "reason": ""}).status_code == 422
    assert he.post("/silent/dismiss", data=given).status_code == 404
    assert lin.post("/silent/dismiss", data=given).status_code == 303
    page = lin.get("/silent").text
    assert order.number in page and "In the workshop · 下周一出厂" in page and "Make a repair order" not in page
    assert lin.post(f"/silent/{second.id}/restart").status_code == 422
    tell(db, other, now(), "heartbeat")
    db.commit()
    assert lin.post(f"/silent/{second.id}/restart").status_code == 303, "it still talks to the listener"
    assert db.scalars(sa.select(TerminalRestart.way)).all() == ["jt808"]


def test_first_a_restart_and_an_order_when_that_did_not_help(
    db: Session, cast: Cast, as_person: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    for page_of in (silent_page, call_page):
        monkeypatch.setattr(page_of, "now", lambda: NOW)
    truck, box = fit(db, cast)
    tell(db, store_box(db, cast), NOW - timedelta(minutes=5), "heartbeat")
    miss(db, cast)
    look_for_silent(OFF, NOW)
    tell(db, box, NOW, "heartbeat")
    db.commit()
    [one] = db.scalars(sa.select(Silence)).all()
    lin, he = as_person(cast.lin), as_person(cast.he)
    link = f"/calls/new?vehicle_id={truck.id}&amp;silence={one.id}"
    typed = call_form(request_key=str(one.request_key), plate=truck.plate or "", customer=QUIET, symptom="offline")
    assert link not in lin.get("/silent").text
    early = lin.post("/calls/new", data=typed)
    assert early.status_code == 422 and "First have the terminal start anew" in early.text
    assert lin.post(f"/silent/{one.id}/restart").status_code == 303
    page = lin.get("/silent").text
    assert "if it is silent still" in page and link not in page
    assert "wait whether that helps" in lin.post("/calls/new", data=typed).text
    assert lin.post(f"/silent/{one.id}/skip", data={"skip": " "}).status_code == 422
    assert he.post(f"/silent/{one.id}/skip", data={"skip": "客户要求"}).status_code == 404
    for _ in range(2):
        on = lin.post(f"/silent/{one.id}/skip", data={"skip": "客户要求立即上门"})
        assert on.status_code == 303 and f"silence={one.id}" in on.location
    page = lin.get("/silent").text
    assert link in page and "no restart: 客户要求立即上门" in page
    assert lin.post("/calls/new", data=typed).status_code == 302 and len(db.scalars(sa.select(Order)).all()) == 1
