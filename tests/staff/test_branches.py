"""The administrator opens branches; everything else about people begins there."""

from __future__ import annotations

import sqlalchemy as sa

from dispatch.audit.queries import broken_chains
from dispatch.db import transaction
from dispatch.staff.models import Branch
from tests.conftest import Cast, SignIn


def test_a_branch_is_opened_and_renamed(cast: Cast, as_person: SignIn) -> None:
    root = as_person(cast.root)
    assert "广州" in root.get("/branches").text
    new = {"code": "dg", "name": "东莞", "zone": "Asia/Shanghai"}
    assert root.post("/branches", data=new).status_code == 302
    with transaction() as db:
        made = db.scalars(sa.select(Branch).where(Branch.code == "DG")).one().id
    assert root.post(f"/branches/{made}", data={"name": "东莞松山湖", "zone": "Asia/Shanghai"}).status_code == 302
    assert "东莞松山湖" in root.get("/branches").text
    with transaction() as db:
        assert db.get_one(Branch, made).code == "DG" and not list(broken_chains(db))


def test_what_cannot_be_is_told_beside_the_field(cast: Cast, as_person: SignIn) -> None:
    root = as_person(cast.root)
    told = root.post("/branches", data={"code": "D-1", "name": "", "zone": "Mars/Olympus"})
    assert told.status_code == 422
    for sentence in ("Two to six letters and digits", "Please fill this in", "This is no time zone", 'value="D-1"'):
        assert sentence in told.text
    taken = root.post("/branches", data={"code": "SZ", "name": "又一个", "zone": "Asia/Shanghai"})
    assert (taken.status_code, "This branch code is taken." in taken.text) == (409, True)
    assert root.post(f"/branches/{cast.gz}", data={"name": " ", "zone": "x"}).status_code == 422
    assert root.get("/branches/999").status_code == 404


def test_only_the_administrator_does(cast: Cast, as_person: SignIn) -> None:
    for who in (cast.wang, cast.lin, cast.su):
        client = as_person(who)
        assert client.get("/branches").status_code == 404
        assert client.post("/branches", data={"code": "DG", "name": "东莞", "zone": "Asia/Shanghai"}).status_code == 404
