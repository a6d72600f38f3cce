"""kill -9 in the middle of the work: what was acknowledged is there, and nothing is done twice."""

from __future__ import annotations

import os
import signal
import threading
import time
import urllib.parse
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException
from http.cookiejar import CookieJar
from random import Random

import pytest
import sqlalchemy as sa

from dispatch.audit.queries import broken_chains
from dispatch.board.models import PlanRun
from dispatch.board.operations.runs import ask_plan
from dispatch.clock import local_day, now
from dispatch.db import transaction
from dispatch.orders.lifecycle import VISIT_LIVE
from dispatch.orders.models import Approval, Order, OrderLine, Visit, VisitLine
from dispatch.staff.calendar_rules import PLAIN, next_workday
from tests.building import approved, repair_order
from tests.conftest import PASSWORD, Cast, Served

pytestmark = pytest.mark.slow
CALLS = 3 * 20


class Dispatcher:
    """A dispatcher's browser that keeps trying until a call is acknowledged, as people do."""

    def __init__(self, url: str, username: str = "lin") -> None:
        self.url = url
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        self.post("/signin", {"username": username, "password": PASSWORD})

    def post(self, path: str, typed: dict[str, str]) -> str:
        """Send a form; returns where the answer led. Raises OSError when the server was gone, or broke off."""
        body = urllib.parse.urlencode(typed).encode()
        request = urllib.request.Request(self.url + path, body, {"Sec-Fetch-Site": "same-origin"})
        try:
            with self.opener.open(request, timeout=20) as answer:
                return str(answer.geturl())
        except HTTPException as broken:
            raise ConnectionError(broken) from broken

    def call(self, number: int) -> tuple[str, str]:
        """Take call `number`, pressing save again after every failure; returns its key and the order's page."""
        key = str(uuid.uuid4())
        typed = {
            "request_key": key,
            "customer": f"恒通物流{number}",
            "contact": "张超敏",
            "phone": "18886844318",
            "plate": f"粤B{number:05d}",
            "colour": "yellow",
            "model": "BD-808A",
            "address": "广东省深圳市宝安区宝安国际机场货运村",
            "place": "22.639, 113.811",
            "symptom": "drift",
            "channel": "phone",
            "urgency": "normal",
        }
        for _ in range(40):
            try:
                where = self.post("/calls/new", typed)
            except OSError:
                time.sleep(0.2)
                continue
            if "/orders/" in where:
                return key, where.rsplit("/", 1)[1]
        raise AssertionError(f"call {number} was never acknowledged")


@contextmanager
def killing(served: Served) -> Iterator[list[int]]:
    """Somebody who kills a web process now and then, six in all, as long as the block runs."""
    killed: list[int] = []
    stop, random = threading.Event(), Random(7)

    def kill() -> None:
        while not stop.wait(random.uniform(0.2, 1.0)) and len(killed) < 6:
            victims = served.processes("web")[1:]
            if victims:
                killed.append(random.choice(victims))
                os.kill(killed[-1], signal.SIGKILL)

    thread = threading.Thread(target=kill)
    thread.start()
    try:
        yield killed
    finally:
        stop.set()
        thread.join()


def test_calls_survive_the_death_of_web_processes(served: Served) -> None:
    acknowledged: dict[str, str] = {}

    def work(desk: Dispatcher, start: int) -> None:
        for number in range(start, start + 20):
            key, order = desk.call(number)
            acknowledged[key] = order
            time.sleep(0.1)

    desks = [threading.Thread(target=work, args=(Dispatcher(served.url), start)) for start in (10_000, 20_000, 30_000)]
    with killing(served) as killed:
        for desk in desks:
            desk.start()
        for desk in desks:
            desk.join()
    assert len(killed) >= 3, "nobody was killed: the test shows nothing"
    with transaction() as session:
        saved = {str(key): number for key, number in session.execute(sa.select(Order.request_key, Order.number))}
        assert saved == acknowledged and len(acknowledged) == CALLS
        assert session.scalar(sa.select(sa.func.count()).select_from(OrderLine)) == CALLS
        assert session.scalar(sa.select(sa.func.count()).select_from(Approval)) == CALLS
        assert not list(broken_chains(session))


def test_a_plan_survives_the_death_of_its_worker(served: Served, cast: Cast) -> None:
    at = now()
    with transaction() as session:
        for _ in range(8):
            approved(session, cast, repair_order(session, cast), at=at)
        run = ask_plan(session, branch_id=cast.sz, day=next_workday(PLAIN, local_day(at, cast.lin.zone)), by=cast.lin, at=at)
    until = time.monotonic() + 60
    state, kills = "asked", 0
    while state not in ("done", "failed"):
        assert time.monotonic() < until, f"the run is still {state}"
        if state == "running" and kills < 2:
            kills += 1
            for pid in served.processes("worker"):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)
        with transaction() as session:
            state = session.get_one(PlanRun, run.id).state
    assert (state, kills >= 1) == ("done", True)
    with transaction() as session:
        covered = session.scalars(
            sa.select(VisitLine.line_id).join(VisitLine.visit).where(Visit.status.in_(VISIT_LIVE)).order_by(VisitLine.line_id)
        ).all()
        assert len(covered) == len(set(covered)) == 8, "each order is planned once"
        assert not list(broken_chains(session))
