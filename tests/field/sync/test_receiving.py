"""A batch from a phone: kept in order before any rule looks at it, applied once, never refused."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from dispatch.field import api
from dispatch.field.checks import broken_facts
from dispatch.field.jobs import apply_before
from dispatch.field.models import FieldFact
from dispatch.field.wire_rules import MOST_FACTS, read_body, read_fact, update_of
from dispatch.orders.models import Visit
from dispatch.orders.operations.moves import move_visit
from tests.board.building import approved_order
from tests.conftest import AT, Cast, SignIn
from tests.field.building import fresh, sent_out
from tests.field.sync.conftest import Wall
from tests.field.sync.pocket import BEFORE, DISPUTED, KEPT, LATER, Pocket
from tests.racing import together

EXAMPLES = Path(__file__).parent.parent / "wire"
PHONE = uuid.UUID("00000000-0000-4000-8000-0000000000aa")


def facts_of(db: Session) -> list[FieldFact]:
    return list(fresh(db).scalars(sa.select(FieldFact).order_by(FieldFact.device, FieldFact.device_seq)))


# --- the contract


def test_the_documented_examples_are_read_as_they_say() -> None:
    for example in json.loads((EXAMPLES / "facts.json").read_text("utf-8")):
        read = read_fact(example["sent"], PHONE)
        told = {"seq": read.seq, "kind": read.kind, "visit": read.visit_id, "wrong": str(read.wrong) if read.wrong else None}
        assert told == example["read"], example["what"]


def test_what_no_database_holds_is_kept_as_text() -> None:
    deep = "[" * 200 + "]" * 200
    for content in ('{"a": "\\u0000"}', '{"a": "\\ud800"}', '{"\\u0000": 1}', f'{{"a": {deep}}}', "[1]", '"x"'):
        body = read_body(f'{{"facts": [{{"id": "{PHONE}", "seq": 1, "kind": "photo", "content": {content}}}]}}'.encode())
        assert body is not None
        read = read_fact(body["facts"][0], PHONE)
        assert read.wrong is not None and "\0" not in read.content["as_sent"]
    assert read_body(b'{"facts": [-0.0, 1e999, NaN]}') == {"facts": [0.0, "1e999", "NaN"]}
    assert read_body(b"[") is read_body(b"[]") is read_body(b"\xff") is read_body(b"[" * 100_000) is None


def test_the_version_before_is_good_and_older_ones_are_told() -> None:
    assert [update_of(version) for version in (1, 2, 0, None, -1)] == ["", "", "can", "must", "must"]


# --- what comes in order


def test_a_day_without_signal_comes_twice_and_in_pieces(db: Session, pocket: Pocket, wall: Wall, visit: Visit) -> None:
    for kind in ("visit.depart", "visit.arrive"):
        pocket.does(kind)
        wall.after(minutes=20)
    pocket.does("visit.finish", not_done=[], reason="")
    assert pocket.states(pocket.outbox[:2]) == [KEPT, KEPT]
    whole = pocket.sync()
    assert [(each["answer"], each["state"]) for each in whole["facts"]] == [BEFORE, BEFORE, KEPT]
    assert (whole["next"], whole["update"], whole["offset_ms"]) == (4, "", 0)
    assert pocket.states() == [BEFORE] * 3
    done = fresh(db).get_one(Visit, visit.id)
    assert done.status == "finished" and done.departed_at == AT + timedelta(hours=1)
    assert [(fact.device_seq, fact.state, fact.app_version) for fact in facts_of(db)] == [(n, "applied", 1) for n in (1, 2, 3)]
    assert list(broken_facts(db)) == []


def test_a_gap_stops_the_batch_until_it_is_filled(db: Session, pocket: Pocket) -> None:
    for kind in ("visit.depart", "visit.arrive", "visit.finish"):
        pocket.does(kind)
    answer = pocket.sync([pocket.outbox[0], pocket.outbox[2]])
    assert [(each["answer"], each["state"]) for each in answer["facts"]] == [KEPT, LATER]
    assert answer["next"] == 2
    assert pocket.states([pocket.outbox[2]]) == [LATER]
    assert pocket.states() == [BEFORE, KEPT, KEPT]


def test_two_phones_of_one_login_each_count_for_themselves(
    db: Session, cast: Cast, pocket: Pocket, wall: Wall, as_person: SignIn
) -> None:
    other = Pocket(as_person(cast.su), pocket.visit_id, wall)
    pocket.does("visit.depart")
    other.does("visit.arrive")
    assert other.states() == [DISPUTED]
    assert pocket.states() == [KEPT]
    wei = Pocket(as_person(cast.wei), pocket.visit_id, wall)
    wei.id = pocket.id
    refused = wei.post([pocket.outbox[0]])
    assert (refused.status_code, "somebody else's" in refused.get_json()["error"]) == (409, True)
    assert len(facts_of(db)) == 2


def test_a_new_phone_goes_on_with_the_outbox_of_the_old_one(pocket: Pocket, cast: Cast, wall: Wall, as_person: SignIn) -> None:
    pocket.does("visit.depart")
    assert pocket.states() == [KEPT]
    restored = Pocket(as_person(cast.su), pocket.visit_id, wall)
    restored.outbox, restored.seq = list(pocket.outbox), 1
    restored.does("visit.arrive")
    assert restored.states() == [BEFORE, KEPT]


# --- nothing is refused


def test_what_fits_nothing_is_kept_and_disputed_with_a_sentence(
    db: Session, cast: Cast, pocket: Pocket, wall: Wall, visit: Visit
) -> None:
    away = sent_out(db, cast, approved_order(db, cast), cast.wei, start="13:00")
    far = sent_out(db, cast, approved_order(db, cast), cast.wei, start="15:00")
    far.branch_id = cast.gz
    move_visit(db, visit, "abandon", by=cast.lin, at=AT, reason="客户取消")
    db.commit()
    pocket.does("visit.depart")
    pocket.does("visit.fly")
    pocket.does("visit.depart", visit=999_999)
    pocket.does("visit.depart", visit=away.id)
    pocket.does("visit.depart", visit=far.id)
    pocket.does("visit.depart", visit="soon")
    answer = pocket.sync()
    assert {(each["answer"], each["state"]) for each in answer["facts"]} == {DISPUTED}
    told = [each["told"] for each in answer["facts"]]
    assert told[0].startswith("Not possible while it is")
    assert "not known here" in told[1] and "names no visit" in told[5]
    assert told[2] == told[4] == "It belongs to no visit of this branch."
    assert told[3] == "The visit was given to somebody else before this came."
    assert [fact.visit_id for fact in facts_of(db)] == [visit.id, visit.id, None, away.id, None, None]
    assert pocket.states() == [("before", "disputed")] * 6


def test_a_damaged_content_is_a_dispute_and_no_fault(db: Session, pocket: Pocket) -> None:
    for kind in ("visit.depart", "visit.arrive"):
        pocket.does(kind)
    pocket.does("charge.add")
    pocket.does("charge.add", code="X", quantity="many")
    pocket.does("payment.take", amount="a lot", channel="cash")
    pocket.does("payment.take", amount=[], channel={})
    pocket.does("test.run", results=[1, 2])
    pocket.does("line.undo", fitting=10**30)
    pocket.does("line.swap", line={}, terminal=7)
    pocket.does("line.done", line=10**30)
    pocket.does("part.use", line="x", code=None)
    pocket.does("photo", sha256=7, kind=[])
    assert pocket.states() == [KEPT, KEPT] + [DISPUTED] * 10
    assert list(broken_facts(db)) == []


def test_half_a_record_and_a_number_used_twice_are_kept_beside_the_others(db: Session, pocket: Pocket, wall: Wall) -> None:
    first = pocket.does("visit.depart")
    halves = [7, {}, {"id": "no", "seq": 2}, {"id": str(uuid.uuid4()), "kind": "sign"}, {**first, "seq": True}]
    assert pocket.states([first, *halves]) == [KEPT] + [DISPUTED] * 5
    assert pocket.states([first, *halves]) == [BEFORE] + [("before", "disputed")] * 5
    other = {**first, "content": {"note": "another"}}
    assert pocket.states([other]) == pocket.states([{**first, "id": str(uuid.uuid4())}]) == [DISPUTED]
    assert pocket.states([other]) == [("before", "disputed")]
    timeless = {**pocket.does("visit.arrive"), "at": "yesterday"}
    assert pocket.states([timeless]) == [DISPUTED]
    assert len(facts_of(db)) == 9 and list(broken_facts(db)) == []


def test_only_a_batch_of_a_named_phone_is_taken(pocket: Pocket, cast: Cast, as_person: SignIn, app_client: FlaskClient) -> None:
    assert pocket.client.post("/api/field/facts", data="[]", headers=pocket.headers).status_code == 400
    assert pocket.client.post("/api/field/facts", json={"facts": {}}, headers=pocket.headers).status_code == 400
    assert pocket.client.post("/api/field/facts", json={"facts": []}).status_code == 400
    foreign = pocket.headers | {"Sec-Fetch-Site": "cross-site"}
    assert pocket.client.post("/api/field/facts", json={"facts": []}, headers=foreign).status_code == 403
    assert as_person(cast.lin).post("/api/field/facts", json={"facts": []}, headers=pocket.headers).status_code == 404
    lost = app_client.post("/api/field/facts", json={"facts": []}, headers=pocket.headers)
    assert (lost.status_code, lost.is_json) == (401, True)
    pocket.does("visit.depart")
    many = pocket.sync([pocket.outbox[0]] * (MOST_FACTS + 5))
    assert len(many["facts"]) == MOST_FACTS


# --- faults


def test_a_server_killed_between_keeping_and_applying_has_lost_nothing(
    db: Session, pocket: Pocket, wall: Wall, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(device: str, _: object) -> None:
        raise ConnectionError

    for kind in ("visit.depart", "visit.arrive"):
        pocket.does(kind)
    with monkeypatch.context() as broken:
        broken.setattr(api, "apply_all", killed)
        assert pocket.post(pocket.outbox).status_code == 500
    assert {fact.state for fact in facts_of(db)} == {"new"}
    assert apply_before(wall.now) == 0
    assert (apply_before(wall.after(minutes=1)), apply_before(wall.now)) == (2, 0)
    assert fresh(db).get_one(Visit, visit.id).status == "on_site"
    assert pocket.states() == [BEFORE, BEFORE]


def test_two_tabs_that_send_the_same_at_once_are_answered_alike(db: Session, pocket: Pocket, visit: Visit) -> None:
    for kind in ("visit.depart", "visit.arrive", "visit.finish"):
        pocket.does(kind)
    cookie = pocket.client.get_cookie("dispatch")
    assert cookie is not None
    application = pocket.client.application

    def tab() -> list[tuple[str, str]]:
        client = application.test_client()
        client.environ_base.update(pocket.client.environ_base)
        client.set_cookie("dispatch", cookie.value)
        twin = Pocket(client, visit.id, pocket.wall)
        twin.id = pocket.id
        return [(each["answer"], each["state"]) for each in twin.sync(pocket.outbox)["facts"]]

    answers = together(tab, tab, tab)
    assert sorted(answers) == sorted([[KEPT] * 3, [BEFORE] * 3, [BEFORE] * 3])
    assert [fact.state for fact in facts_of(db)] == ["applied"] * 3


# --- the clock


def test_a_clock_that_is_a_day_off_is_measured_and_taken_off(db: Session, pocket: Pocket, wall: Wall, visit: Visit) -> None:
    pocket.ahead = timedelta(days=1)
    begun = wall.now
    pocket.sync([])
    wall.after(minutes=5)
    pocket.does("visit.depart")
    wall.after(minutes=30)
    pocket.does("visit.arrive")
    wall.after(hours=2)
    answer = pocket.sync()
    assert answer["offset_ms"] == 86_400_000
    walked = fresh(db).get_one(Visit, visit.id)
    assert (walked.departed_at, walked.arrived_at) == (begun + timedelta(minutes=5), begun + timedelta(minutes=35))


@pytest.mark.parametrize("ahead", [timedelta(days=1), timedelta(days=-1)])
def test_a_clock_that_is_set_in_mid_day_keeps_what_was_before_in_its_place(
    db: Session, pocket: Pocket, wall: Wall, visit: Visit, ahead: timedelta
) -> None:
    pocket.sync([])
    begun = wall.after(minutes=5)
    pocket.does("visit.depart")
    pocket.ahead = ahead
    there = wall.after(minutes=20)
    pocket.does("visit.arrive")
    wall.after(minutes=20)
    assert pocket.states() == [KEPT, KEPT]
    walked = fresh(db).get_one(Visit, visit.id)
    assert (walked.departed_at, walked.arrived_at) == (begun, there)


def test_no_act_is_from_before_its_order_or_from_tomorrow(db: Session, pocket: Pocket, wall: Wall, visit: Visit) -> None:
    record = pocket.does("visit.depart")
    record["at"] = "1999-01-01T00:00:00+08:00"
    pocket.does("visit.arrive")["at"] = "2099-01-01T00:00:00+08:00"
    assert pocket.states() == [KEPT, KEPT]
    walked = fresh(db).get_one(Visit, visit.id)
    assert (walked.departed_at, walked.arrived_at) == (walked.dispatched_at, wall.now)
    assert max(fact.happened_at for fact in facts_of(db)) == wall.now
