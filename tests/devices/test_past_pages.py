"""The page that looks back, and what another program is told."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from dispatch.customers.models import Vehicle
from dispatch.devices.models import Unit
from dispatch.devices.operations import move_units, slot_of
from tests.board.building import approved_order
from tests.conftest import AT, SAME_SITE, Cast, SignIn
from tests.devices.building import into_bag, sims, terminals

BEFORE, DURING = "2026-12-02 09:30", "2026-12-02T10:30"
"""By the clock in Shenzhen; things are fitted at ten."""


@pytest.fixture
def fitted(db: Session, cast: Cast) -> tuple[Vehicle, Unit, Unit]:
    """A vehicle, and the terminal and the SIM that were fitted into it an hour after AT."""
    order = approved_order(db, cast)
    vehicle = order.lines[0].vehicle
    (box,), (card,) = terminals(db, cast), sims(db, cast)
    into_bag(db, cast, cast.su, [box, card])
    slot, ten = slot_of(db, vehicle_id=vehicle.id, branch_id=cast.sz), AT + timedelta(hours=1)
    move_units(db, [box.id, card.id], to=slot, reason="install", by=cast.su, at=ten, order_id=order.id)
    db.commit()
    return vehicle, box, card


@pytest.fixture
def lin(as_person: SignIn, cast: Cast) -> FlaskClient:
    """Lin at her desk."""
    return as_person(cast.lin)


def look(client: FlaskClient, number: str, at: str) -> Any:
    return client.get("/stock/past", query_string={"number": number, "at": at})


def ask(client: FlaskClient, number: str | None, at: str = "") -> Any:
    return client.get("/api/v1/fitted", query_string={"number": number or "", "at": at})


def test_a_vehicle_is_asked_by_its_plate(lin: FlaskClient, fitted: tuple[Vehicle, Unit, Unit]) -> None:
    vehicle, box, card = fitted
    plate = vehicle.plate or ""
    page = look(lin, f"{plate[:2]}·{plate[2:]}", DURING).text
    assert box.terminal and card.sim
    assert f"/units/{box.id}" in page and f"/units/{card.id}" in page and "until today" in page
    before = look(lin, plate.lower(), BEFORE).text
    assert "By the record nothing was fitted in it then." in before and f"/units/{box.id}" not in before


def test_a_terminal_is_asked_by_its_serial_and_tells_its_sim(lin: FlaskClient, fitted: tuple[Vehicle, Unit, Unit]) -> None:
    vehicle, box, card = fitted
    assert box.terminal and card.sim
    told = ask(lin, box.terminal.serial, DURING).json
    (slot,) = told["slots"]
    assert slot["vehicle"]["plate"] == vehicle.plate and slot["role"] == "main" and told["place"] is None
    assert (slot["terminal"]["serial"], slot["sim"]["iccid"]) == (box.terminal.serial, card.sim.iccid)
    assert slot["terminal"]["since"] == "2026-12-02T02:00:00+00:00" and slot["terminal"]["until"] is None
    assert slot["terminal"]["order"].startswith("WX-") and told["unit"]["kind"] == "terminal"
    assert ask(lin, card.sim.iccid, DURING).json["slots"] == told["slots"]


def test_out_of_a_vehicle_it_tells_the_place(lin: FlaskClient, fitted: tuple[Vehicle, Unit, Unit]) -> None:
    _, box, _ = fitted
    assert box.terminal
    told = ask(lin, box.terminal.serial, BEFORE).json
    assert told["slots"] == [] and told["place"]["kind"] == "bag" and told["place"]["until"] == "2026-12-02T02:00:00+00:00"
    assert "苏杰" in look(lin, box.terminal.serial, BEFORE).text
    assert "It was not on record yet." in look(lin, box.terminal.serial, "2020-01-01").text


def test_the_clock_may_be_told_with_its_zone(lin: FlaskClient, fitted: tuple[Vehicle, Unit, Unit]) -> None:
    _, box, _ = fitted
    assert box.terminal
    for at in ("2026-12-02T02:00:00+00:00", "2026-12-02T10:00:00+08:00", "2026-12-02 10:00"):
        told = ask(lin, box.terminal.serial, at).json
        assert told["slots"] and datetime.fromisoformat(told["at"]) == AT + timedelta(hours=1)


@pytest.mark.parametrize(
    ("number", "at", "field", "sentence"),
    [
        ("SN-NOBODY", "", "number", "Nothing has this number."),
        ("", "", "number", "Please fill this in."),
        ("SN-NOBODY", "soon", "at", "This is no moment."),
    ],
)
def test_what_cannot_be_answered_is_told_beside_its_field(
    lin: FlaskClient, number: str, at: str, field: str, sentence: str
) -> None:
    told = ask(lin, number, at)
    assert told.status_code == 422 and told.json["errors"][field].startswith(sentence)
    if number:
        page = look(lin, number, at)
        assert page.status_code == 422 and sentence in page.text and f'value="{number}"' in page.text


def test_another_branch_is_told_nothing(as_person: SignIn, cast: Cast, fitted: tuple[Vehicle, Unit, Unit]) -> None:
    vehicle, box, _ = fitted
    assert box.terminal
    for number in (vehicle.plate, box.terminal.serial):
        assert ask(as_person(cast.he), number).status_code == 422


def test_a_program_that_has_not_signed_in_is_told_so(app: Flask) -> None:
    client = app.test_client()
    client.environ_base.update(SAME_SITE)
    told = ask(client, "T1")
    assert told.status_code == 401 and told.json == {"error": "Please sign in first."}


def test_what_is_not_his_to_see_is_not_there(as_person: SignIn, cast: Cast) -> None:
    told = ask(as_person(cast.su), "T1")
    assert told.status_code == 404 and told.json["error"] == as_person(cast.lin).get("/api/v1/nothing").json["error"]
