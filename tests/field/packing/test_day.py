"""The pack of a day: what is in it, that its prices are those which are charged, and that it is one's own."""

from __future__ import annotations

import gzip
import hashlib
import json
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from dispatch.audit.rules import canonical
from dispatch.clock import local_day
from dispatch.fees.queries import charges_of
from dispatch.field import api
from dispatch.field.packing.shapes import Pack
from dispatch.field.summary import standing, summary_of
from dispatch.orders.models import Order
from tests.board.building import approved_order
from tests.conftest import AT, Cast, SignIn
from tests.counting import queries
from tests.field.building import arrived, carrying, do, fitted_long_ago, sent_out
from tests.field.packing.test_shapes import odd

HERE = AT + timedelta(hours=1)


@pytest.fixture(autouse=True)
def ten_o_clock(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is ten in the morning at the server."""
    monkeypatch.setattr(api, "now", lambda: HERE)


def offer_for(stop: Any, line_id: int, unit_id: int) -> Any:
    """What the phone finds for a unit at a vehicle."""
    [found] = [one for one in stop["prices"]["fits"] if line_id in one["lines"] and unit_id in one["units"]]
    return found["offer"]


def test_a_day_in_one_answer(db: Session, app: Flask, cast: Cast, order: Order, prices: None, as_person: SignIn) -> None:
    [line] = order.lines
    old_box, old_card = fitted_long_ago(db, cast, line)
    [box], [card] = carrying(db, cast, cast.su)
    visit = sent_out(db, cast, order, cast.su)
    db.commit()
    client = as_person(cast.su)
    client.get("/api/field/day")  # what is read once in a process
    with queries() as asked:
        answer = client.get("/api/field/day")
    assert answer.status_code == 200, answer.text
    assert len(asked) <= 12
    found = answer.get_json()
    assert list(odd(Pack, found, "pack")) == []
    [stop] = found["visits"]
    assert stop["id"] == visit.id
    assert {unit["id"] for unit in stop["lines"][0]["inside"]["main"].values()} == {old_box.id, old_card.id}
    assert stop["summary"] == summary_of(db, order, visit)
    assert {unit["id"] for unit in found["bag"]["units"]} == {box.id, card.id}

    again = client.get("/api/field/day", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert as_person(cast.wei).get("/api/field/day").get_json()["visits"] == []

    # What was offered is what is charged, and the pack tells of it.
    do(db, visit, "visit.depart", cast.su)
    do(db, visit, "visit.arrive", cast.su)
    do(db, visit, "line.swap", cast.su, line=line.id, terminal=box.number, sim=card.number, why="defect")
    db.commit()
    charged = {charge.code: charge for charge in standing(charges_of(db, order.id))}
    for unit in (box, card):
        offer = offer_for(stop, line.id, unit.id)
        charge = charged.pop(offer["code"])
        paid = Decimal(0) if offer["free"] else Decimal(offer["price"])
        assert (charge.amount, charge.rule, charge.told["msgid"]) == (paid, offer["rule"], offer["told"]["msgid"])
    assert not charged
    changed = as_person(cast.su).get("/api/field/day", headers={"If-None-Match": answer.headers["ETag"]})
    assert changed.status_code == 200
    [stop] = changed.get_json()["visits"]
    assert json.dumps(stop["summary"], sort_keys=True) == json.dumps(summary_of(db, order, visit), sort_keys=True)
    assert (stop["lines"][0]["work"], stop["status"]) == ("terminal", "on_site")


def test_no_more_questions_for_more_visits(db: Session, app: Flask, cast: Cast, prices: None, as_person: SignIn) -> None:
    for start in ("09:30", "10:10", "10:50", "11:30", "13:00", "13:40", "14:20", "15:00"):
        order = approved_order(db, cast)
        fitted_long_ago(db, cast, order.lines[0], days=100)
        sent_out(db, cast, order, cast.su, start=start, minutes=40)
    carrying(db, cast, cast.su, 3)
    db.commit()
    client = as_person(cast.su)
    client.get("/api/field/day")
    with queries() as asked:
        answer = client.get("/api/field/day")
    found = answer.get_json()
    assert len(found["visits"]) == 8
    assert len(gzip.compress(answer.data)) < 60_000
    assert len(asked) <= 12
    assert found["day"] == local_day(HERE, "Asia/Shanghai").isoformat()
    assert {fit["offer"]["rule"] for stop in found["visits"] for fit in stop["prices"]["fits"]} == {"in_warranty"}


NAMES = {"number", "customer", "technician", "plate", "serial", "imei", "terminal_id", "phone_808", "iccid", "msisdn"}
VECTOR = Path(__file__).parents[1] / "wire" / "summary.json"


def unnamed(value: Any) -> Any:
    """The same without what every test run gives another number."""
    if isinstance(value, list):
        return [unnamed(each) for each in value]
    return {name: unnamed(each) for name, each in value.items() if name not in NAMES} if isinstance(value, dict) else value


def test_what_the_phone_shows_before_the_signature(db: Session, cast: Cast, order: Order, prices: None) -> None:
    """The vector by which `field/app/steps/summary.js` is tested (tests/browser/test_summary.py) is what the record says after
    the same acts."""
    vector = json.loads(VECTOR.read_text())
    assert hashlib.sha256(canonical(vector["summary"])).hexdigest() == vector["hash"]
    [line] = order.lines
    fitted_long_ago(db, cast, line)
    [box], [card] = carrying(db, cast, cast.su)
    visit = arrived(db, cast, order, cast.su)
    for act in vector["acts"]:
        content = act["content"] | ({"line": line.id} if act["content"].get("line") else {})
        content |= {"terminal": box.number, "sim": card.number} if act["kind"] == "line.swap" else {}
        content.pop("number", None)  # of another phone's block
        do(db, visit, act["kind"], cast.su, **content)
    assert unnamed(summary_of(db, order, visit)) == unnamed(vector["summary"])
