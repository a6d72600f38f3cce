"""How a branch gets about: said on its page, learned from its drives, kept beside it for the planner."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from dispatch.audit.models import AuditEntry
from dispatch.board.drive_rules import Correction
from dispatch.board.operations.travel import keep_learned, mark_of, say_speeds, use_learned
from dispatch.board.problem import day_problem
from dispatch.board.travel_queries import Said, paces_told, said_by
from dispatch.errors import NotFound
from dispatch.geo.paces import along
from dispatch.routing import Travel
from dispatch.staff.models import Branch
from tests.board.building import WAYS, of_day
from tests.conftest import AT, Cast, SignIn

TAUGHT = Correction("town", "day", 1.5, 40, 33.0, 9.0)
BASE = Travel(1.3, 30)


def minutes(db: Session, cast: Cast, engine: str = "", metres: int = 6_000) -> float:
    """Of a drive by day as the planner knows it."""
    return along(paces_told(db.get_one(Branch, cast.sz).travel, BASE, engine).curves["day"], metres) / 60


def test_a_branch_says_its_speeds_and_the_planner_goes_by_them(db: Session, cast: Cast, as_person: SignIn) -> None:
    db.commit()
    root, url = as_person(cast.root), f"/branches/{cast.sz}/travel"
    usual = minutes(db, cast)
    page = root.get(url).text
    assert "Nothing yet." in page and 'value="22.5"' in page
    typed = {"seen": "", "speed-town": "20", "speed-street": "22.5", "percent-morning": "60", "factor-suburb": ""}
    for wrong in ("fast", "0", "1000", "-5", "nan"):
        refused = root.post(url, data={**typed, "speed-suburb": wrong})
        assert refused.status_code == 422 and "A number from 1 to 200, please." in refused.text
        assert f'value="{wrong}"' in refused.text and 'value="20"' in refused.text
    assert root.post(url, data=typed).status_code == 302
    db.expire_all()
    assert said_by(db, cast.sz) == Said({}, {"town": 20.0}, {"morning": 60.0}) and minutes(db, cast) > usual
    assert root.post(url, data=typed).status_code == 302  # pressed twice
    stale = root.post(url, data={**typed, "speed-town": "25"})
    assert stale.status_code == 409 and 'value="25"' in stale.text and "Somebody changed this" in stale.text
    assert f'name="seen" value="{mark_of(said_by(db, cast.sz))}"' in stale.text
    assert root.get(f"/branches/{cast.sz + 1000}/travel").status_code == 404
    entry = db.scalars(sa.select(AuditEntry).where(AuditEntry.action == "branch.travel")).one()
    assert entry.detail["speeds"] == {"town": "20.0"}
    made = day_problem(db, of_day(cast), WAYS)
    assert made.problem.travel.curve and made.problem.travel.factor == 1.3


def test_what_was_learned_is_used_until_somebody_says_no(db: Session, cast: Cast, as_person: SignIn) -> None:
    before = minutes(db, cast)
    keep_learned(db, cast.sz, "usual", [TAUGHT, replace(TAUGHT, part="night", factor=1.2)], at=AT)
    keep_learned(db, cast.sz, "usual", [TAUGHT], at=AT)
    db.commit()
    assert minutes(db, cast) == pytest.approx(1.5 * before)
    root, lin = as_person(cast.root), as_person(cast.lin)
    page = lin.get(f"/branches/{cast.sz}/travel").text
    assert "From 40 drives the time was wrong by 33 %" in page and "Do not use it" not in page and "km/h by day" not in page
    assert lin.post(f"/branches/{cast.sz}/travel", data={}).status_code == 404
    for _twice in range(2):
        assert root.post(f"/branches/{cast.sz}/travel/usual/leave").status_code == 302
    db.expire_all()
    assert minutes(db, cast) == pytest.approx(before)
    assert db.scalar(sa.select(sa.func.count()).where(AuditEntry.action == "branch.travel_use")) == 1
    assert root.post(f"/branches/{cast.sz}/travel/guess/use").status_code == 404
    assert root.post(f"/branches/{cast.sz}/travel/usual/forget").status_code == 404


def test_a_road_engine_is_corrected_only_when_somebody_says_so(db: Session, cast: Cast) -> None:
    keep_learned(db, cast.sz, "osrm", [TAUGHT], at=AT)
    told = db.get_one(Branch, cast.sz)
    assert paces_told(told.travel, BASE, "osrm").measured == {} and not paces_told(told.travel, BASE).learned
    use_learned(db, cast.sz, "osrm", True, by=cast.root, at=AT)
    assert paces_told(told.travel, BASE, "osrm").measured == {("town", "day"): 1.5}
    assert paces_told(told.travel, BASE, "valhalla").measured == {}
    assert not paces_told(told.travel, BASE, "osrm").learned


def test_speeds_are_nobody_elses_to_say(db: Session, cast: Cast) -> None:
    elsewhere = replace(cast.root, branch_id=cast.gz, roles=frozenset({"manager", "administrator"}))
    with pytest.raises(NotFound):
        say_speeds(db, 999_999, Said(), seen=mark_of(Said()), by=elsewhere, at=AT + timedelta(days=1))


def test_it_is_found_from_the_branch_and_from_the_plan(cast: Cast, as_person: SignIn, lin: FlaskClient) -> None:
    assert f"/branches/{cast.sz}/travel" in as_person(cast.root).get(f"/branches/{cast.sz}").text
    assert f"/branches/{cast.sz}/travel" in lin.get("/plan").text
