"""People pages: who works here, hiring, roles, passwords, leaving."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from dispatch.audit.models import AuditEntry
from dispatch.audit.queries import broken_chains
from dispatch.db import transaction
from dispatch.devices.models import Holder
from dispatch.devices.operations import bag_of
from dispatch.staff.models import Branch, LoginSession, Person, PersonRole
from dispatch.staff.passwords import password_fits
from tests.building import approved, repair_order, visit
from tests.conftest import Cast, SignIn
from tests.counting import queries
from tests.devices.building import into_bag, terminals

MOST_QUERIES = 12


def facts(cast: Cast, **more: Any) -> dict[str, Any]:
    """A filled form."""
    return {
        "name": "新人",
        "staff_no": "js099",
        "branch_id": cast.sz,
        "roles": ["technician"],
        "level-install": "3",
        "expires-install": "2027-01-31",
        "shift_from": "08:30",
        "shift_to": "17:30",
        "lunch_from": "11:30",
        "lunch_to": "13:30",
        "home": "22.54, 113.95",
        **more,
    }


def edited(client: FlaskClient, person_id: int | None) -> dict[str, Any]:
    """The fields of somebody's form as they stand."""
    page = client.get(f"/people/{person_id}/edit").text
    found = re.search(r'name="version" value="(\d+)"', page)
    assert found is not None
    return {"version": found[1]}


def stored(person_id: int | None) -> Person:
    with transaction() as db:
        person = db.get_one(Person, person_id)
        assert person.roles is not None and person.skills is not None
        return person


def test_everybody_of_the_branch_is_listed_and_found(as_person: SignIn, cast: Cast) -> None:
    client = as_person(cast.lin)
    page = client.get("/people").text
    assert "苏杰" in page and "not passed" in page and "何静" not in page
    assert "王建国" not in client.get("/people?role=technician").text
    assert "卫晨" in client.get("/people?q=JS002").text
    assert "Nobody matches" in client.get("/people?q=xxxx").text


@pytest.mark.parametrize("address", ["/people", "/people/{su}", "/people/{su}/edit", "/people/new"])
def test_pages_ask_little_of_the_database(as_person: SignIn, cast: Cast, address: str) -> None:
    client = as_person(cast.wang)
    with queries() as asked:
        assert client.get(address.format(su=cast.su.id)).status_code == 200
    assert len(asked) <= MOST_QUERIES, asked


def test_other_branches_and_technicians_see_nobody(as_person: SignIn, cast: Cast) -> None:
    assert as_person(cast.lin).get(f"/people/{cast.he.id}").status_code == 404
    assert as_person(cast.su).get("/people").status_code == 404
    assert as_person(cast.lin).get(f"/people/{cast.su.id}/edit").status_code == 404


def test_a_phone_number_is_masked_and_asking_for_it_is_kept(as_person: SignIn, cast: Cast) -> None:
    client = as_person(cast.qian)
    assert "13800000001" not in client.get(f"/people/{cast.lin.id}").text
    assert "13800000001" in client.post(f"/people/{cast.lin.id}/phone").text
    with transaction() as db:
        asked = db.scalars(sa.select(AuditEntry).where(AuditEntry.action == "person.phone_shown")).one()
        assert (asked.by_id, asked.subject_id) == (cast.qian.id, cast.lin.id)


def test_somebody_is_hired_with_everything_that_was_typed(as_person: SignIn, cast: Cast) -> None:
    answer = as_person(cast.wang).post("/people/new", data=facts(cast, phone="138 0000 0099", username="xin"))
    assert answer.status_code == 302, answer.text
    person = stored(int(answer.location.rsplit("/", 1)[1]))
    assert (person.staff_no, person.phone, person.username, person.home_lat) == ("JS099", "13800000099", "xin", 22.54)
    assert person.trained_on is None and person.roles == {"technician"}
    assert [(s.skill, s.level, s.expires_on) for s in person.skills] == [("install", 3, date(2027, 1, 31))]


WRONG = [
    ({"name": ""}, "Please fill this in"),
    ({"home": "somewhere"}, "Write the place as latitude, longitude"),
    ({"roles": []}, "Choose at least one role"),
    ({"shift_to": "07:00"}, "This must be later than the beginning"),
    ({"lunch_to": ""}, "Give both hours, or none"),
    ({"phone": "hello"}, "is not a phone number"),
    ({"username": "a b"}, "without spaces"),
    ({"trained_on": "32.13."}, "is not a date"),
    ({"staff_no": "JS001"}, "This staff number is taken"),
    ({"username": "su"}, "This user name is taken"),
]


@pytest.mark.parametrize(("wrong", "sentence"), WRONG)
def test_what_is_wrong_is_said_and_what_was_typed_stays(
    as_person: SignIn, cast: Cast, wrong: dict[str, Any], sentence: str
) -> None:
    answer = as_person(cast.wang).post("/people/new", data=facts(cast, home_address="深圳市南山区", **wrong))
    assert answer.status_code in (409, 422)
    assert sentence in answer.text and "深圳市南山区" in answer.text


def test_another_branch_cannot_be_chosen(as_person: SignIn, cast: Cast) -> None:
    answer = as_person(cast.wang).post("/people/new", data=facts(cast, branch_id=cast.gz))
    assert answer.status_code == 422 and "Choose one of your branches" in answer.text


def test_facts_are_changed_and_a_stale_form_is_refused(as_person: SignIn, cast: Cast) -> None:
    client = as_person(cast.wang)
    form = facts(cast, staff_no="JS003", name="周新", trained_on="2026-12-01", **edited(client, cast.zhou.id))
    assert client.post(f"/people/{cast.zhou.id}/edit", data=form).status_code == 302
    assert stored(cast.zhou.id).trained_on == date(2026, 12, 1)
    stale = client.post(f"/people/{cast.zhou.id}/edit", data={**form, "name": "别人"})
    assert stale.status_code == 409 and "Somebody changed this" in stale.text
    assert stored(cast.zhou.id).name == "周新"


def test_nobody_gives_himself_roles_and_only_administrators_make_managers(as_person: SignIn, cast: Cast) -> None:
    manager, root = as_person(cast.wang), as_person(cast.root)
    own = facts(cast, staff_no="M001", name="王建国", roles=["manager", "finance"], **edited(manager, cast.wang.id))
    assert "Nobody changes his own roles" in manager.post(f"/people/{cast.wang.id}/edit", data=own).text
    promoted = facts(cast, staff_no="D001", name="林晓", roles=["specialist", "manager"], **edited(manager, cast.lin.id))
    answer = manager.post(f"/people/{cast.lin.id}/edit", data=promoted)
    assert answer.status_code == 403 and "Only an administrator" in answer.text
    assert manager.post("/people/new", data=facts(cast, roles=["administrator"])).status_code == 403
    assert manager.post(f"/people/{cast.root.id}/password").status_code == 403
    assert stored(cast.lin.id).roles == {"specialist"}
    assert root.post(f"/people/{cast.lin.id}/edit", data=promoted).status_code == 302
    assert stored(cast.lin.id).roles == {"specialist", "manager"}


def test_a_new_password_is_shown_once_and_ends_every_session(as_person: SignIn, cast: Cast) -> None:
    su, manager = as_person(cast.su), as_person(cast.wang)
    answer = manager.post(f"/people/{cast.su.id}/password")
    found = re.search(r'password-once">([A-Za-z0-9]{12}) ', answer.text)
    assert found is not None and answer.headers["Cache-Control"] == "no-store"
    assert password_fits(stored(cast.su.id).password_hash, found[1])
    assert found[1] not in manager.get(f"/people/{cast.su.id}").text
    assert "/signin" in su.get("/stock").location


def test_a_new_password_is_asked_about_first(as_person: SignIn, cast: Cast) -> None:
    page = as_person(cast.wang).get(f"/people/{cast.su.id}").text
    before, dialog = page.split('<dialog id="password"')
    assert 'data-dialog="password"' in before and f"/people/{cast.su.id}/password" not in before
    assert f'action="/people/{cast.su.id}/password"' in dialog and "every device is signed out" in dialog


def test_who_leaves_is_signed_out_and_can_come_back(as_person: SignIn, cast: Cast) -> None:
    zhou, manager = as_person(cast.zhou), as_person(cast.wang)
    assert manager.post(f"/people/{cast.zhou.id}/leave").status_code == 302
    assert "/signin" in zhou.get("/stock").location
    assert not stored(cast.zhou.id).active
    assert "周新" not in manager.get("/people").text and "周新" in manager.get("/people?role=left").text
    assert manager.post(f"/people/{cast.zhou.id}/return").status_code == 302
    assert stored(cast.zhou.id).active
    with transaction() as db:
        assert list(broken_chains(db)) == []
        living = sa.select(LoginSession).where(LoginSession.person_id == cast.zhou.id, LoginSession.revoked_at.is_(None))
        assert db.scalars(living).all() == []


def test_nobody_leaves_with_visits_or_a_full_bag_and_not_himself(as_person: SignIn, cast: Cast) -> None:
    with transaction() as db:
        visit(db, cast, approved(db, cast, repair_order(db, cast)), cast.su)
        into_bag(db, cast, cast.wei, terminals(db, cast, 2))
    manager = as_person(cast.wang)
    sentences = {
        cast.su.id: "There are still 1 visits planned",
        cast.wei.id: "The bag still holds 2 terminals and SIMs",
        cast.wang.id: "You cannot end your own access",
    }
    for person_id, sentence in sentences.items():
        answer = manager.post(f"/people/{person_id}/leave")
        assert answer.status_code == 422 and sentence in answer.text
        assert stored(person_id).active


def test_an_administrator_moves_somebody_to_another_branch_but_not_his_bag(as_person: SignIn, cast: Cast) -> None:
    with transaction() as db:
        into_bag(db, cast, cast.wei, terminals(db, cast, 1))
    root = as_person(cast.root)
    for person_id, number, status in ((cast.wei.id, "JS002", 422), (cast.zhou.id, "JS003", 302)):
        form = facts(cast, staff_no=number, branch_id=cast.gz, **edited(root, person_id))
        assert root.post(f"/people/{person_id}/edit", data=form).status_code == status
    with transaction() as db:
        moved = sa.select(Branch.code).join(Person, Person.branch_id == Branch.id).where(Person.staff_no.in_(("JS002", "JS003")))
        assert db.scalars(moved.order_by(Person.staff_no)).all() == ["SZ", "GZ"]
        assert db.scalar(sa.select(sa.func.count()).select_from(PersonRole).where(PersonRole.person_id == cast.zhou.id)) == 1


def test_role_and_training_stay_while_visits_are_planned(as_person: SignIn, cast: Cast) -> None:
    with transaction() as db:
        visit(db, cast, approved(db, cast, repair_order(db, cast)), cast.su)
    root = as_person(cast.root)
    for change in ({"roles": ["specialist"], "trained_on": "2026-01-15"}, {"trained_on": ""}):
        form = facts(cast, staff_no="JS001", name="苏杰", **change, **edited(root, cast.su.id))
        answer = root.post(f"/people/{cast.su.id}/edit", data=form)
        assert answer.status_code == 422 and "There are still 1 visits" in answer.text
    assert stored(cast.su.id).trained_on and stored(cast.su.id).roles == {"technician"}


def test_an_empty_bag_goes_along_to_the_other_branch(as_person: SignIn, cast: Cast) -> None:
    with transaction() as db:
        bag_id = bag_of(db, person_id=cast.zhou.id or 0, branch_id=cast.sz).id
    root = as_person(cast.root)
    form = facts(cast, staff_no="JS003", branch_id=cast.gz, **edited(root, cast.zhou.id))
    assert root.post(f"/people/{cast.zhou.id}/edit", data=form).status_code == 302
    with transaction() as db:
        assert db.get_one(Holder, bag_id).branch_id == cast.gz
