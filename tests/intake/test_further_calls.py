"""A further call joins the order under way and raises it; remote help with consent can end a matter without a visit."""

from __future__ import annotations

import re

import sqlalchemy as sa

from dispatch.audit.queries import history
from dispatch.customers.models import Contact, Vehicle
from dispatch.db import transaction
from dispatch.errors import Invalid
from dispatch.intake.forms import read_call
from dispatch.intake.models import RemoteHelp
from dispatch.intake.operations import take_call
from dispatch.orders.contact_models import OrderCall, OwnedContact
from dispatch.orders.models import Order
from tests.conftest import AT, Cast, SignIn
from tests.intake.building import call_form, orders
from tests.racing import at_once

HELP = {"consent_by": "华丽", "consent_how": "spoken", "help_done": "远程重启，重新上线"}


def count(table: type[object]) -> int:
    with transaction() as db:
        return db.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def test_a_second_call_joins_the_first_and_raises_it_unless_somebody_says_why_not(
    as_person: SignIn, cast: Cast, known: int
) -> None:
    client = as_person(cast.lin)
    client.post("/calls/new", data=call_form(urgency="normal"))
    (order,) = orders()
    assert f'value="{order.number}" checked' in client.get(f"/calls/known?vehicle_id={known}").text
    silent = client.post("/calls/new", data=call_form())
    assert silent.status_code == 422 and "is under way: join it, or say why" in silent.text
    unsaid = client.post("/calls/new", data=call_form(join="new", beside=" "))
    assert unsaid.status_code == 422 and len(orders()) == 1

    again = call_form(join=order.number, contact="李师傅", phone="138 9960 3082", symptom_text="还没人来", address="", model="")
    assert client.post("/calls/new", data=again | {"plate": "粤B99999"}).status_code == 422, "another vehicle by now"
    assert count(OrderCall) == 0
    joined = client.post("/calls/new", data=again, follow_redirects=True)
    assert "which is now: Urgent" in joined.text and "李师傅 called about it again" in joined.text
    client.post("/calls/new", data=again)
    assert count(OrderCall) == 1, "a second press adds nothing"
    assert client.post("/calls/new", data=again | {"contact": "", "symptom_text": "", "symptom": ""}).status_code == 422
    assert as_person(cast.he).post("/calls/new", data=call_form(join=order.number)).status_code == 404

    own = client.post("/calls/new", data=call_form(join="new", beside="另一台终端"))
    first, second = orders()
    assert own.status_code == 302 and (first.urgency, second.urgency) == ("urgent", "urgent")
    with transaction() as db:
        (entry,) = [e for e in history(db, ("order", second.id)) if e.action == "order.beside"]
        assert entry.detail == {"number": first.number, "reason": "另一台终端"}
        assert db.scalar(sa.select(sa.func.count()).select_from(Contact).where(Contact.name == "李师傅")) == 1


def test_remote_help_ends_a_matter_without_a_visit_and_stands_in_the_vehicles_life(
    as_person: SignIn, cast: Cast, known: int
) -> None:
    client = as_person(cast.lin)
    missing = client.post("/calls/new", data=call_form(then="remote", help_done="重启", address="", model=""))
    assert missing.status_code == 422 and "without consent nobody works on it" in missing.text and "重启" in missing.text
    form = call_form(then="remote", address="", model="", **HELP)
    saved = client.post("/calls/new", data=form)
    assert saved.status_code == 302 and client.post("/calls/new", data=form).location == saved.location
    assert (orders(), count(RemoteHelp), count(OwnedContact)) == ([], 1, 1)
    life = client.get(f"/vehicles/{known}").text
    assert "Solved by remote help, without a visit" in life and "远程重启，重新上线" in life
    page = client.get(saved.location)
    assert "Helped from afar: 华丽 agreed" in page.text and "Has the customer confirmed?" in page.text

    client.post(f"{saved.location}/not-solved", data={"reason": "又掉线了"})
    page = client.get(saved.location).text
    on = re.search(r'href="(/calls/new\?[^"]*contact=[^"]+)"', page)
    assert on
    call = client.get(on[1].replace("&amp;", "&")).text
    contact_id = re.search(r'name="contact_id" value="(\d+)"', call)
    assert contact_id and "远程重启，重新上线" in call and 'value="粤B5Q8JF"' in call
    made = as_person(cast.wang).post("/calls/new", data=call_form(contact_id=contact_id[1]))
    assert made.status_code == 302, made.text
    with transaction() as db:
        contact = db.scalars(sa.select(OwnedContact)).one()
        order = db.scalars(sa.select(Order)).one()
        assert (contact.order_id, contact.owner_id, order.owner_id) == (order.id, cast.lin.id, cast.lin.id)
    twice = as_person(cast.wang).post("/calls/new", data=call_form(contact_id=contact_id[1], plate="粤B12345"))
    assert twice.status_code == 409 and count(Vehicle) == 1, "somebody has made an order of it"


def test_what_works_again_is_confirmed_on_the_phone_and_what_does_not_help_stays_with_the_order(
    as_person: SignIn, cast: Cast, known: int
) -> None:
    client = as_person(cast.lin)
    client.post("/calls/new", data=call_form(then="remote", help_confirmed="1", **HELP))
    client.post("/calls/new", data=call_form(**HELP))
    with transaction() as db:
        first, second = db.scalars(sa.select(OwnedContact).order_by(OwnedContact.id)).all()
        assert (first.order_id, first.confirmed_how, first.confirmed_name) == (None, "phone", "华丽")
        assert (second.order_id is not None, second.confirmed_at) == (True, None)
        assert db.scalars(sa.select(RemoteHelp.result).order_by(RemoteHelp.id)).all() == ["solved", "not_solved"]


def test_two_desks_that_hear_of_one_vehicle_at_once_make_one_order(cast: Cast, known: int) -> None:
    """The second is told of the first one's order, so that the call joins it."""
    calls = [read_call(call_form()) for _ in range(2)]
    answers = at_once(*(lambda s, call=call: take_call(s, call, by=cast.lin, at=AT, beside="").number for call in calls))
    [lost] = [answer for answer in answers if isinstance(answer, Invalid)]
    (order,) = orders()
    assert order.number in answers and order.number in str(lost.fields["join"])
