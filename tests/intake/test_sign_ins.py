"""First passwords for the technicians of a list: on one page, once; each chooses one of his own before he is let in."""

from __future__ import annotations

import re

import sqlalchemy as sa
from flask import Flask

from dispatch.db import transaction
from dispatch.staff.models import Person
from tests.conftest import SAME_SITE, Cast, SignIn
from tests.intake.test_imports import take, upload
from tests.tabular.files import xlsx

OWN = {"own": "1", "password": "my own secret", "password_again": "my own secret"}


def test_first_passwords_are_shown_once_and_changed_at_the_first_sign_in(as_person: SignIn, app: Flask, cast: Cast) -> None:
    client = as_person(cast.wang)
    with transaction() as db:
        db.get_one(Person, cast.su.id).password_hash = "his own"
    address = upload(client, "technicians", xlsx([["工号", "姓名"], ["JS077", "甲"], ["JS 078", "乙"], ["JS001", "苏杰"]]))
    take(client, address)
    page = client.get(address).text
    offered = re.findall(r'name="person" value="(\d+)" checked', page)
    assert "2 technicians of the list cannot sign in yet" in page and len(offered) == 2, "who has a password is not asked about"
    assert as_person(cast.lin).post(f"{address}/sign-ins", data={"person": offered}).status_code == 404

    shown = client.post(f"{address}/sign-ins", data={"person": [*offered, str(cast.su.id)]})
    told = re.findall(r'<dd class="code">([^<]+)</dd>', shown.text)
    assert (told[0], told[2], len(told)) == ("js077", "js078", 4) and shown.headers["Cache-Control"] == "no-store"
    again = client.post(f"{address}/sign-ins", data={"person": offered}, follow_redirects=True).text
    assert told[1] not in again and "has a password already, and keeps it" in again
    assert 'name="person"' not in client.get(address).text

    him = app.test_client()
    him.environ_base.update(SAME_SITE)
    first = {"username": "js077", "first": told[1]}
    asked = him.post("/signin", data={"username": "js077", "password": told[1]})
    assert (asked.status_code, "Choose your password" in asked.text, told[1] in asked.text) == (422, True, False)
    assert him.get("/my-day").status_code in (302, 401), "not in yet"
    for wrong, word in (
        ({"password_again": "else"}, "The two passwords differ"),
        ({"password": told[1], "password_again": told[1]}, "Choose another one than the one you were given"),
        ({"first": "guessed"}, "The user name or the password is wrong"),
    ):
        assert word in him.post("/signin", data=first | OWN | wrong).text
    assert him.post("/signin", data=first | OWN).status_code == 302 and him.get("/account").status_code == 200
    other = app.test_client()
    other.environ_base.update(SAME_SITE)
    assert other.post("/signin", data={"username": "js077", "password": told[1]}).status_code != 302
    assert other.post("/signin", data={"username": "js077", "password": "my own secret"}).status_code == 302
    with transaction() as db:
        given = dict(db.execute(sa.select(Person.username, Person.password_given).where(Person.username.like("js0%"))).all())
    assert given == {"js077": False, "js078": True}
