"""What the tests of the board share: a clock that stands, a browser, and planning runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from dispatch.board import jobs
from dispatch.board.models import PlanRun
from dispatch.board.operations.runs import ask_plan
from dispatch.board.pages import blueprint
from dispatch.config import Settings
from dispatch.db import transaction
from tests.board.building import TOMORROW
from tests.conftest import AT, Cast, SignIn


@pytest.fixture(autouse=True)
def fixed_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is 09:00 on TODAY, the day before TOMORROW."""
    monkeypatch.setattr(blueprint, "now", lambda: AT)
    monkeypatch.setattr(jobs, "now", lambda: AT)


@pytest.fixture(autouse=True)
def no_search(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs end with their first plan: the search would take its time."""
    monkeypatch.setattr(jobs, "bettered", lambda *_, **__: iter(()))


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """As in every test, but the planner gets five seconds: its own end comes long before, also on a busy machine."""
    return replace(settings, plan_seconds=5)


@pytest.fixture
def lin(as_person: SignIn, cast: Cast) -> FlaskClient:
    """The dispatcher's browser."""
    return as_person(cast.lin)


@pytest.fixture
def carried_out(db: Session, cast: Cast, settings: Settings) -> Callable[..., PlanRun]:
    """Commit what was built, ask for TOMORROW's plan and carry it out; gives the run as it ended."""

    def run() -> PlanRun:
        db.commit()
        with transaction() as session:
            run_id = ask_plan(session, branch_id=cast.sz, day=TOMORROW, by=cast.lin, at=AT).id
        jobs.carry_out(run_id, settings)
        db.expire_all()
        return db.get_one(PlanRun, run_id)

    return run
