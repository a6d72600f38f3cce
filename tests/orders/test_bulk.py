"""Acts on several orders of the list at once, and taking exactly that back."""

from __future__ import annotations

import re
import uuid
from datetime import date, timedelta
from functools import partial

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from dispatch.audit.queries import broken_chains, history
from dispatch.clock import now
from dispatch.db import transaction
from dispatch.errors import Invalid
from dispatch.orders.bulk_forms import press_key, read_chosen, read_given
from dispatch.orders.bulk_models import BulkAct, BulkItem
from dispatch.orders.bulk_rules import MOST_AT_ONCE, TOO_LATE, why_not_undo
from dispatch.orders.contact_models import OwnedContact
from dispatch.orders.models import Order, Visit
from dispatch.orders.operations.owning import accept_contact
from dispatch.orders.operations.urgency import change_urgency
from dispatch.tabular.tables import read
from tests.building import approved, repair_order
from tests.conftest import AT, Cast, SignIn
from tests.orders.building import dispatched, stored
from tests.racing import together

DAY = date(2026, 11, 24)
KEY = "6b0b1d5e-7f0a-4c86-9f5e-0d3c9c1f2a10"


# --- what is read


def test_boxes_name_orders_and_their_versions() -> None:
    assert read_chosen(["7.3", "8.1", "x.1", "9"]) == {7: 3, 8: 1, 9: -1}
    for none in ([], ["nonsense", "."]):
        with pytest.raises(Invalid, match="marked"):
            read_chosen(none)
    with pytest.raises(Invalid):
        read_chosen([f"{number}.1" for number in range(MOST_AT_ONCE + 1)])


@pytest.mark.parametrize(
    ("kind", "typed", "wrong"),
    [
        ("wait", {"why": "", "next_on": ""}, {"why", "next_on"}),
        ("wait", {"why": "part", "next_on": "2026-11-24"}, {"next_on"}),
        ("wait", {"why": "other", "next_on": "2026-11-25"}, {"words"}),
        ("urgency", {"urgency": "quite"}, {"urgency"}),
        ("offer", {"to": "", "reason": " "}, {"to", "reason"}),
        ("take_off", {}, {"reason"}),
    ],
)
def test_what_an_act_asks_is_refused_beside_its_field(kind: str, typed: dict[str, str], wrong: set[str]) -> None:
    with pytest.raises(Invalid) as refused:
        read_given(kind, typed, DAY)
    assert set(refused.value.fields) == wrong


def test_the_same_press_is_known_again_and_another_choice_is_another_press() -> None:
    same = press_key(KEY, "urgency", {"urgency": "urgent"}, {7: 3, 8: 1})
    assert same == press_key(KEY, "urgency", {"urgency": "urgent"}, {8: 1, 7: 3})
    others = [press_key(KEY, "urgency", {"urgency": "normal"}, {7: 3, 8: 1}), press_key(KEY, "resume", {}, {7: 3})]
    assert len({same, *others, press_key("", "resume", {}, {7: 3}), press_key("", "resume", {}, {7: 3})}) == 5


def test_what_can_be_taken_back_and_how_long() -> None:
    assert why_not_undo("wait", minutes_ago=59, lasts=60) is None
    assert why_not_undo("wait", minutes_ago=61, lasts=60) is TOO_LATE
    assert "cannot be taken back" in str(why_not_undo("approve", minutes_ago=0, lasts=60))


# --- on the page


def boxes(*orders: Order) -> list[str]:
    return [f"{order.id}.{stored(order).version}" for order in orders]


def press(client: FlaskClient, kind: str, *orders: Order, ids: list[str] | None = None, **typed: str) -> str:
    """The list after the act."""
    sent = {"ids": ids or boxes(*orders), "key": str(uuid.uuid4()), "back": "sort=oldest", **typed}
    answer = client.post(f"/orders/many/{kind}", data=sent)
    assert answer.status_code == 302 and "sort=oldest&did=" in answer.location, answer.text
    return client.get(answer.location).text


def undo(client: FlaskClient) -> str:
    """The list after the newest act was taken back."""
    with transaction() as db:
        act_id = db.scalars(sa.select(sa.func.max(BulkAct.id))).one()
    return client.get(client.post(f"/orders/many/{act_id}/undo", data={"back": ""}).location).text


def wait_typed() -> dict[str, str]:
    return {"why": "part", "next_on": (now() + timedelta(days=3)).date().isoformat()}


def actions(order: Order) -> list[str]:
    with transaction() as db:
        assert list(broken_chains(db)) == []
        return [entry.action for entry in reversed(history(db, ("order", order.id)))]


def orders_of(cast: Cast, count: int = 2, *, approve: bool = True) -> list[Order]:
    with transaction() as db:
        made = [repair_order(db, cast) for _ in range(count)]
        return [approved(db, cast, each) if approve else each for each in made]


def test_waiting_is_done_to_each_and_taken_back_with_its_visits(app: object, cast: Cast, as_person: SignIn) -> None:
    plain, sent, *rest = orders_of(cast, 3)
    with transaction() as db:
        dispatched(db, cast, db.get_one(Order, sent.id), cast.su)
        change_urgency(db, rest[0].id, "urgent", version=rest[0].version, by=cast.lin, at=AT)
    lin = as_person(cast.lin)
    ids = [*boxes(plain, sent), f"{rest[0].id}.{rest[0].version}"]
    page = press(lin, "wait", ids=ids, **wait_typed())
    assert "Let it wait: 2 done, 1 not." in page and "Somebody changed this while you were looking at it." in page
    assert [stored(each).status for each in (plain, sent, *rest)] == ["waiting", "waiting", "approved"]
    back = undo(lin)
    assert "Taken back for 2 orders." in back and "many/1/undo" not in back
    assert [stored(each).status for each in (plain, sent)] == ["approved", "dispatched"]
    with transaction() as db:
        old, new = db.scalars(sa.select(Visit).where(Visit.order_id == sent.id).order_by(Visit.id)).all()
        assert (old.status, new.status) == ("abandoned", "dispatched")
        assert (old.technician_id, old.starts_at, old.ends_at) == (new.technician_id, new.starts_at, new.ends_at)
        assert [row.line_id for row in new.visit_lines] == [row.line_id for row in old.visit_lines]
    assert (
        actions(sent)[-7:]
        == [
            *("visit.abandon", "order.follow", "order.hold"),
            *("order.resume", "visit.plan", "order.follow", "visit.dispatch", "order.follow"),
        ][-7:]
    )


def test_what_somebody_changed_meanwhile_is_not_taken_back(app: object, cast: Cast, as_person: SignIn) -> None:
    one, other = orders_of(cast)
    lin = as_person(cast.lin)
    assert "Change urgency: 2 orders done." in press(lin, "urgency", one, other, urgency="emergency")
    with transaction() as db:
        change_urgency(db, one.id, "urgent", version=stored(one).version, by=cast.wang, at=AT)
    page = undo(lin)
    assert "Taken back: 1, 1 not." in page and "Somebody has changed it since: it stays as it is now." in page
    assert [stored(each).urgency for each in (one, other)] == ["urgent", "normal"]
    assert actions(other)[-2:] == ["order.urgency", "order.urgency"], "a counter-act, and both are kept"
    assert "Normal" in lin.get(f"/orders/{other.number}").text


def test_resuming_waits_again_as_before(app: object, cast: Cast, as_person: SignIn) -> None:
    orders, lin = orders_of(cast), as_person(cast.lin)
    press(lin, "wait", *orders, **wait_typed(), words="等主机")
    before = stored(orders[0]).wakes_on
    page = press(lin, "resume", *orders, *orders_of(cast, 1))
    assert "Resume: 2 done, 1 not." in page and "Not possible while it is Approved." in page
    undo(lin)
    again = stored(orders[0])
    assert (again.status, again.waiting_why, again.waiting_reason, again.wakes_on) == ("waiting", "part", "等主机", before)


def test_handing_over_is_offered_and_withdrawn_until_it_is_accepted(app: object, cast: Cast, as_person: SignIn) -> None:
    orders, lin, mei = orders_of(cast, 3, approve=False), as_person(cast.lin), cast.wang
    assert mei.name in lin.get("/orders/many/offer", query_string={"ids": boxes(*orders), "key": KEY}).text
    assert "Hand over: 3 orders done." in press(lin, "offer", *orders, to=str(mei.id), reason="休假")
    with transaction() as db:
        contact = db.scalars(sa.select(OwnedContact).where(OwnedContact.order_id == orders[0].id)).one()
        accept_contact(db, contact.id, by=mei, at=now())
    assert "Taken back: 2, 1 not." in undo(lin)
    assert [stored(each).owner_id for each in orders] == [mei.id, cast.lin.id, cast.lin.id]
    assert "It is handed over by its owner, or by a supervisor." in press(lin, "offer", orders[0], to=str(mei.id), reason="休假")


def test_taking_off_the_plan_and_back_where_the_time_is_free(app: object, cast: Cast, as_person: SignIn) -> None:
    one, other, none = orders_of(cast, 3)
    with transaction() as db:
        for hour, order in enumerate((one, other)):
            dispatched(db, cast, db.get_one(Order, order.id), cast.su, hour=hour + 1)
    lin = as_person(cast.lin)
    page = press(lin, "take_off", one, other, none, reason="苏杰病了")
    assert "Take off the plan: 2 done, 1 not." in page and "Nobody is planned for it who has not set out yet." in page
    with transaction() as db:
        dispatched(db, cast, approved(db, cast, repair_order(db, cast)), cast.su, hour=1)
    assert "Taken back: 1, 1 not." in undo(lin)
    assert [stored(each).status for each in (one, other)] == ["approved", "dispatched"]


def test_approving_several_is_said_to_be_for_good(app: object, cast: Cast, as_person: SignIn) -> None:
    orders, wang = orders_of(cast, approve=False), as_person(cast.wang)
    with transaction() as db:
        own = repair_order(db, cast, by=cast.wang)
    asked = wang.get("/orders/many/approve", query_string={"ids": boxes(*orders, own), "key": KEY}).text
    assert "Approve: 3 orders" in asked and "An approval cannot be taken back" in asked
    page = press(wang, "approve", *orders, own)
    assert "Approve: 2 done, 1 not." in page and "This is your own request" in page
    assert "/undo" not in page and "An approval cannot be taken back." in page
    assert "An approval cannot be taken back." in undo(wang)
    assert {stored(each).status for each in orders} == {"approved"}


def test_a_second_press_changes_nothing_and_tells_the_same(app: object, cast: Cast, as_person: SignIn) -> None:
    orders, lin = orders_of(cast), as_person(cast.lin)
    sent = {"ids": boxes(*orders), "key": KEY, "urgency": "urgent"}
    places = [lin.post("/orders/many/urgency", data=sent).location for _press in range(2)]
    assert places[0] == places[1] and actions(orders[0]).count("order.urgency") == 1
    act_id = re.findall(r"\d+", places[0])[-1]
    for _press in range(2):
        assert "Taken back for 2 orders." in lin.get(lin.post(f"/orders/many/{act_id}/undo").location).text
    assert actions(orders[0]).count("order.urgency") == 2
    wang = as_person(cast.wang)
    assert wang.post(f"/orders/many/{act_id}/undo").status_code == 404, "only who did it takes it back"
    assert "Taken back" not in wang.get(places[0]).text


def test_two_presses_at_the_same_moment_do_it_once(app: object, cast: Cast, as_person: SignIn) -> None:
    orders = orders_of(cast, 3)
    sent = {"ids": boxes(*orders), "key": KEY, **wait_typed()}
    first, second = together(*(partial(as_person(cast.lin).post, "/orders/many/wait", data=sent) for _press in range(2)))
    assert first.location == second.location
    assert "Let it wait: 3 orders done." in as_person(cast.lin).get(first.location).text
    assert [actions(each).count("order.hold") for each in orders] == [1, 1, 1]


def test_bad_forms_are_kept_and_strange_orders_left_out(order: Order, cast: Cast, as_person: SignIn) -> None:
    lin = as_person(cast.lin)
    past = {"why": "part", "words": "等主机", "next_on": "2020-1-1"}
    kept = lin.post("/orders/many/wait", data={"ids": boxes(order), "key": KEY, **past})
    assert kept.status_code == 422 and "Choose a day that is still to come." in kept.text
    assert 'value="等主机"' in kept.text and boxes(order)[0] in kept.text and KEY in kept.text
    asked = {"ids": boxes(order), "key": KEY}
    assert "For 1 of them it is not possible" in lin.get("/orders/many/wait", query_string=asked).text
    assert lin.get("/orders/many/wait?ids=&back=status%3Dwaiting%26next%3D%2F%2Fevil").location.endswith("/orders?status=waiting")
    assert lin.post("/orders/many/urgency", data=asked | {"urgency": "x"}).location.endswith("/orders")
    statuses = [lin.get(f"/orders/many/{kind}", query_string=asked).status_code for kind in ("resume", "nonsense", "approve")]
    assert statuses == [404, 404, 403]
    assert lin.post("/orders/many/nonsense", data=asked).status_code == 404
    assert as_person(cast.qian).post("/orders/many/resume", data=asked).status_code == 403
    assert as_person(cast.he).post("/orders/many/resume", data=asked).status_code == 404, "another branch's"
    with transaction() as db:
        assert db.scalars(sa.select(BulkItem)).all() == []


def test_only_the_chosen_are_exported(cast: Cast, app: object, as_person: SignIn) -> None:
    one, _other, third = orders_of(cast, 3, approve=False)
    answer = as_person(cast.lin).get("/orders/export.xlsx", query_string={"ids": boxes(one, third), "sort": "oldest", "key": KEY})
    assert [row[0] for row in read("orders.xlsx", answer.data).sheets[0].rows[1:]] == [one.number, third.number]
