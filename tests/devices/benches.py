"""Returns for tests: units that came out of vehicles, brought to any status by the steps that people take."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.queries import broken_chains
from dispatch.devices import benching
from dispatch.devices.bench_asking import papers_of
from dispatch.devices.bench_models import UnitReturn
from dispatch.devices.bench_steps import Seen
from dispatch.devices.benching import Back
from dispatch.devices.checks import broken_custody
from dispatch.devices.fitting import swap
from dispatch.devices.handing_over import accept
from dispatch.devices.models import Fitting
from dispatch.orders.models import Order
from dispatch.staff.queries import actor_of
from dispatch.staff.rules import Actor
from tests.building import repair_order
from tests.conftest import AT, Cast
from tests.devices.building import carried, fitted_by, ledger_faults, store, work

_numbers = itertools.count(1)


def swapped(db: Session, cast: Cast, *, kind: str = "terminal", order: Order | None = None, who: Actor | None = None) -> Fitting:
    """A swap by 苏杰 (or `who`): the old unit is in his bag now, and owed."""
    technician = who or cast.su
    order = order or repair_order(db, cast)
    fitted_by(db, cast, technician, order)
    (new,) = carried(db, cast, technician, boxes=int(kind == "terminal"), cards=int(kind == "sim"))
    return swap(db, work(order), new.id, by=technician, at=AT)


def return_of(db: Session, fitting: Fitting) -> UnitReturn:
    """The return that a fitting has opened, as it is now."""
    query = sa.select(UnitReturn).where(UnitReturn.fitting_id == fitting.id)
    return db.scalars(query.execution_options(populate_existing=True)).one()


def seen(case: UnitReturn, key: uuid.UUID | None = None) -> Seen:
    """What a page that was opened just now would send."""
    return Seen(case.id, case.step, key or uuid.uuid4())


Act = Callable[[Session, UnitReturn, Cast], Any]


def _act(name: str, who: str = "lin", **facts: Any) -> Act:
    def do(db: Session, case: UnitReturn, cast: Cast) -> Any:
        given = {key: value(db, cast) if callable(value) else value for key, value in facts.items()}
        return getattr(benching, name)(db, seen(case), by=getattr(cast, who), at=AT, **given)

    return do


def handed_in(db: Session, case: UnitReturn) -> None:
    """Whoever carries what the bench has asked for says yes."""
    for paper in papers_of(db, [case.unit_id]).values():
        assert paper.from_holder.person is not None
        accept(db, paper.id, by=actor_of(paper.from_holder.person), at=AT)


def _received(db: Session, case: UnitReturn, cast: Cast) -> None:
    _act("receive")(db, case, cast)
    handed_in(db, case)


def _into_store(db: Session, cast: Cast) -> Back:
    return Back(store(db, cast).id)


ACTS: dict[str, Act] = {
    "receive": _received,
    "diagnose": _act("diagnose", fault="power", remark="保险丝烧断"),
    "no_fault": _act("find_no_fault", back=_into_store, remark="上电正常"),
    "repair": _act("repair", back=_into_store, remark="换保险丝"),
    "send": _act("send", supplier="博实结", rma="RMA-2026-118", tracking="SF1390022118"),
    "take_back": _act("take_back", remark="厂家换主板"),
    "replace": _act("replace", number=lambda db, cast: f"NEW{next(_numbers):05d}", store_id=lambda db, cast: store(db, cast).id),
    "propose_scrap": _act("propose_scrap", reason="进水，主板腐蚀"),
    "keep": _act("keep", reason="厂家同意保修"),
    "scrap": _act("scrap", who="wang"),
}
"""Each step of the table that people take, done right by somebody who may."""

WAYS: dict[str, tuple[str, ...]] = {
    "owed": (),
    "received": ("receive",),
    "diagnosed": ("receive", "diagnose"),
    "at_supplier": ("receive", "diagnose", "send"),
    "scrap_proposed": ("receive", "diagnose", "propose_scrap"),
    "repaired": ("receive", "diagnose", "repair"),
    "no_fault_found": ("receive", "no_fault"),
    "replaced": ("receive", "diagnose", "send", "replace"),
    "scrapped": ("receive", "diagnose", "propose_scrap", "scrap"),
}
"""The shortest way to each status that the bench leads to."""


def case_in(db: Session, cast: Cast, status: str, **facts: Any) -> UnitReturn:
    """A new return in this status."""
    case = return_of(db, swapped(db, cast, **facts))
    for action in WAYS[status]:
        ACTS[action](db, case, cast)
    assert case.status == status
    return case


def opened(db: Session) -> list[UnitReturn]:
    """All returns, the first opened first, as they are now."""
    return list(db.scalars(sa.select(UnitReturn).order_by(UnitReturn.id).execution_options(populate_existing=True)))


def whole(db: Session) -> None:
    """Ledgers, positions, returns and trails agree."""
    assert ledger_faults(db) == [] and list(broken_custody(db)) == [] and list(broken_chains(db)) == []
