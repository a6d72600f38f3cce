"""The phones of a person: the office sees them, and locks one out that was lost."""

from __future__ import annotations

import uuid

import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from dispatch.field.models import FieldFact, PhoneDevice
from dispatch.field.wire_rules import phone_called
from dispatch.orders.models import Visit
from tests.conftest import Cast, SignIn
from tests.field.building import fresh
from tests.field.sync.conftest import Wall
from tests.field.sync.pocket import DISPUTED, KEPT, Pocket

DATED = "Mozilla/5.0 (Linux; Android 13; SM-A536B; wv) AppleWebKit/537.36 Chrome/120 Mobile"


def test_a_phone_is_called_what_people_know_it_by() -> None:
    assert phone_called(DATED) == "Android 13; SM-A536B"
    assert phone_called("Pixel") == "Pixel"


def test_a_stolen_phone_hands_over_what_it_had_and_is_told_to_wipe_itself(
    db: Session, cast: Cast, pocket: Pocket, wall: Wall, visit: Visit, as_person: SignIn, app_client: FlaskClient
) -> None:
    shut = f"/api/field/phones/{pocket.id}"
    pocket.does("visit.depart")
    assert pocket.states() == [KEPT]
    assert app_client.get(shut).status_code == 204
    office, stranger = as_person(cast.lin), as_person(cast.he)
    page = office.get(f"/people/{cast.su.id}/phones").text
    assert "Pixel" in page and f"/phones/{pocket.id}/lock" in page
    assert stranger.post(f"/phones/{pocket.id}/lock").status_code == 404
    assert office.post(f"/phones/{uuid.uuid4()}/lock").status_code == 404
    assert as_person(cast.su).post(f"/phones/{pocket.id}/lock").status_code == 404
    for _ in range(2):
        assert office.post(f"/phones/{pocket.id}/lock").status_code == 303
    assert "locked out already" in office.get(f"/people/{cast.su.id}/phones").text

    pocket.does("visit.arrive")
    assert (app_client.get(shut).status_code, pocket.client.get("/my-day").status_code) == (410, 302)
    for again in (DISPUTED, ("before", "disputed")):
        told = pocket.post(pocket.outbox[1:])
        assert (told.status_code, told.get_json()["code"]) == (410, "wipe")
        assert [(each["answer"], each["state"]) for each in told.get_json()["facts"]] == [again]
    assert pocket.client.post("/api/field/receipt-blocks", json={}, headers=pocket.headers).status_code == 410
    assert fresh(db).get_one(Visit, visit.id).status == "on_the_way"
    assert "1 needs a decision" in office.get(f"/people/{cast.su.id}/phones").text

    assert pocket.post([], wiped=True).status_code == 410
    assert db.get_one(PhoneDevice, pocket.id, populate_existing=True).wiped_at == wall.now
    pocket.does("visit.finish")
    assert pocket.post(pocket.outbox[2:]).status_code == 401
    thief = Pocket(as_person(cast.su), visit.id, wall)
    thief.id = pocket.id
    assert (thief.post(pocket.outbox).status_code, "facts" in thief.post(pocket.outbox).get_json()) == (410, False)
    assert fresh(db).scalar(sa.select(sa.func.count()).select_from(FieldFact)) == 2
    other = Pocket(as_person(cast.su), visit.id, wall)
    other.does("visit.arrive")
    assert other.states() == [KEPT]


def test_who_has_to_log_in_again_sends_all_then_and_old_apps_are_told(
    db: Session, cast: Cast, pocket: Pocket, visit: Visit, as_person: SignIn
) -> None:
    for kind in ("visit.depart", "visit.arrive"):
        pocket.does(kind)
    pocket.client.get_cookie("dispatch")
    client, pocket.client = pocket.client, pocket.client.application.test_client()
    pocket.client.environ_base.update(client.environ_base)
    lost = pocket.post(pocket.outbox)
    assert (lost.status_code, lost.get_json()) == (401, {"error": "Please sign in first."})
    pocket.client, pocket.app = as_person(cast.su), 0
    answer = pocket.sync()
    assert ([each["state"] for each in answer["facts"]], answer["update"]) == (["applied"] * 2, "must")
