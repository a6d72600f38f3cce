"""Tools and papers: most are in order, a multimeter's calibration has just ended, and so will a driving licence."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

import sqlalchemy as sa

from dispatch.clock import local_day
from dispatch.demo.company import Company
from dispatch.demo.counter import issue_signed
from dispatch.devices.models import Holder
from dispatch.devices.operations import bag_of
from dispatch.devices.queries import stores
from dispatch.devices.tooling import Calibrated, NewTool, calibrate, receive_tool
from dispatch.staff.models import Person
from dispatch.staff.person_papers import Paper, keep_paper

BOUGHT, CALIBRATED = timedelta(days=200), timedelta(days=40)
TOOLS = (
    ("WYB-01", "数字万用表", 325, "su"),
    ("WYB-02", "数字万用表", 12, "wei"),
    ("WYB-03", "数字万用表", -3, "suntao"),
    ("WYB-04", "数字万用表", 140, None),
    ("YXQ-01", "压线钳", None, "su"),
    ("YXQ-02", "压线钳", None, "wei"),
    ("JYB-01", "绝缘电阻测试仪", 96, None),
)
"""Number, name, days for which the calibration still holds (None: it needs none), and who carries it."""
PAPERS = {"su": (("驾驶证", 900), ("电工证", 210)), "wei": (("驾驶证", 18),), "suntao": (("驾驶证", 400),)}


def build(company: Company, moment: datetime) -> None:
    """The tools of Shenzhen, and the papers of three technicians."""
    by = company.desk("SZ")
    store = next(each for each in stores(company.session, by) if each.branch_id == by.branch_id)
    today = local_day(moment, by.zone)
    for serial, name, days, who in TOOLS:
        until = None if days is None else today + timedelta(days=days)
        tool_id = receive_tool(company.session, NewTool(serial, name, until), store=store, by=by, at=moment - BOUGHT)
        if who:
            _issue(company, store, tool_id, who, moment - BOUGHT)
        if serial == "WYB-01" and until:
            key = uuid.UUID(int=company.random.getrandbits(128), version=4)
            done = Calibrated(local_day(moment - CALIBRATED, by.zone), until, "JL-2026-0418", key)
            calibrate(company.session, tool_id, done, by=by, at=moment - CALIBRATED)
    _papers(company, moment)


def _issue(company: Company, store: Holder, tool_id: int, who: str, at: datetime) -> None:
    bag = bag_of(company.session, person_id=company.people[who].id or 0, branch_id=store.branch_id)
    issue_signed(company.session, store, bag, [tool_id], by=company.desk("SZ"), at=at)


def _papers(company: Company, moment: datetime) -> None:
    session, by = company.session, company.manager("SZ")
    for username, papers in PAPERS.items():
        person_id = session.scalars(sa.select(Person.id).where(Person.username == username)).one()
        for name, days in papers:
            until = local_day(moment, by.zone) + timedelta(days=days)
            keep_paper(session, person_id, Paper(name, until), by=by, at=moment - BOUGHT)
