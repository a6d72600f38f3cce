"""The repair bench of the demonstration company: of what technicians took out, some is there, away, settled or to be given up;
and one terminal never worked."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from dispatch.demo.company import Company
from dispatch.devices import benching
from dispatch.devices.bench_asking import papers_of
from dispatch.devices.bench_models import UnitReturn
from dispatch.devices.bench_steps import Seen
from dispatch.devices.benching import Back
from dispatch.devices.handing_over import accept
from dispatch.devices.models import CustodyPosition, Unit
from dispatch.devices.operations import store_named
from dispatch.devices.setting_aside import Faulty, set_aside
from dispatch.staff.queries import actor_of

BRANCH, STORE, INSPECTOR = "SZ", "总仓", "he"
IN_BAGS = timedelta(hours=15)
"""What came out since is still in the bags it was put into."""

Act = tuple[str, dict[str, Any]]
RECEIVED: Act = ("receive", {})
SENT: Act = ("send", {"supplier": "博实结售后", "rma": "RMA-2026-1187", "tracking": "SF1390022118456"})
WAYS: tuple[tuple[Act, ...], ...] = (
    (
        RECEIVED,
        ("diagnose", {"fault": "connector", "remark": "电源插头氧化"}),
        ("repair", {"remark": "更换插头，老化测试通过"}),
    ),
    (RECEIVED, ("find_no_fault", {"remark": "上电定位正常，联网正常"})),
    (RECEIVED, ("diagnose", {"fault": "network", "remark": "无法注册网络"}), SENT),
    (RECEIVED, ("diagnose", {"fault": "water", "remark": "主板腐蚀"}), ("propose_scrap", {"reason": "进水，主板腐蚀，过保"})),
    (RECEIVED, ("diagnose", {"fault": "gnss", "remark": "冷启动十分钟不定位"})),
    (RECEIVED,),
)
"""What was done with the oldest ones, one way each."""


def build(company: Company, moment: datetime) -> None:
    """Quality assurance works through what has come in; the manager will decide what is to be scrapped."""
    for case, way in zip(_brought(company, moment - IN_BAGS), WAYS, strict=False):
        _go(company, case, way, case.opened_at + timedelta(hours=3))
    _dead_on_arrival(company, moment - IN_BAGS)


def _dead_on_arrival(company: Company, at: datetime) -> None:
    """The newest terminal of the store does not start."""
    by = company.desk(BRANCH)
    store = store_named(company.session, branch_id=by.branch_id or 0, name=STORE)
    there = sa.select(CustodyPosition.unit_id).where(
        CustodyPosition.holder_id == store.id, CustodyPosition.unit_kind == "terminal"
    )
    unit_id = company.session.scalars(there.order_by(CustodyPosition.unit_id.desc()).limit(1)).one()
    said = Faulty("found_dead", "开箱上电无反应，指示灯不亮", uuid.uuid5(uuid.NAMESPACE_OID, "dead on arrival"))
    set_aside(company.session, unit_id, said, by=by, at=at)


def _brought(company: Company, since: datetime) -> Sequence[UnitReturn]:
    """What came out before, the terminals first and of them the oldest."""
    query = sa.select(UnitReturn).join(Unit, Unit.id == UnitReturn.unit_id).where(UnitReturn.status == "owed")
    here = query.where(UnitReturn.branch_id == company.branches[BRANCH].id, UnitReturn.opened_at < since)
    return company.session.scalars(here.order_by(Unit.kind.desc(), UnitReturn.opened_at, UnitReturn.id)).all()


def _go(company: Company, case: UnitReturn, way: Sequence[Act], at: datetime) -> None:
    store = store_named(company.session, branch_id=case.branch_id, name=STORE)
    for number, (name, facts) in enumerate(way):
        seen = Seen(case.id, case.step, uuid.UUID(int=company.random.getrandbits(128), version=4))
        back = {"back": Back(store.id)} if name in ("repair", "find_no_fault") else {}
        when = at + timedelta(minutes=25 * number)
        getattr(benching, name)(company.session, seen, by=company.people[INSPECTOR], at=when, **facts, **back)
        _handed_in(company, case, when)


def _handed_in(company: Company, case: UnitReturn, at: datetime) -> None:
    """Whoever carries what the bench asks for says yes."""
    asked = papers_of(company.session, [case.unit_id]).get(case.unit_id)
    if asked is not None and asked.second.person is not None:
        accept(company.session, asked.id, by=actor_of(asked.second.person), at=at)
