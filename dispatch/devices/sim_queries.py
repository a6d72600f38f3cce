"""SIMs somebody has to see to: bound to another terminal, run out or about to, in a vehicle without a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased, joinedload

from dispatch.devices.fitted import stands
from dispatch.devices.models import BindingRule, CustodyPosition, Fitting, Holder, Sim, Terminal, Unit
from dispatch.devices.sim_binding_rules import USUAL
from dispatch.lists import FIRST, Cut
from dispatch.staff.rules import Actor
from dispatch.words import Text, say

SOON = timedelta(days=60)
GONE = ("scrapped", "lost")

CONCERNS: Mapping[str, Text] = {
    "rebind": say("To be rebound"),
    "expired": say("Run out"),
    "expiring": say("About to run out"),
    "alone": say("Without a terminal"),
    "suspended": say("Suspended though fitted"),
    "low": say("Low balance"),
    "unbound": say("Unbound"),
}
"""What a SIM may need, with its word; the first that has any is shown first."""

_low = Decimal(10)


def configure(low: float) -> None:
    """Below which balance a SIM is listed, in yuan (SIM_LOW_BALANCE)."""
    global _low
    _low = Decimal(str(low))


# Orders stand above devices, so their model cannot be imported here.
_ORDER = sa.table("work_order", sa.column("id"), sa.column("status"))
_beside = aliased(CustodyPosition)
_partner = aliased(Terminal)


@dataclass(frozen=True)
class Concern:
    """One SIM, and the terminal beside it in the vehicle."""

    unit: Unit
    terminal: Terminal | None


@dataclass(frozen=True)
class ConcernPage:
    """One page of the SIMs with one concern; `counts` of all, by concern."""

    concern: str
    rows: Sequence[Concern]
    counts: Mapping[str, int]


SIM_SORTS = {"expires": (Sim.expires_on, Unit.id), "carrier": (Sim.carrier, Unit.id), "iccid": (Sim.iccid, Unit.id)}


def sims_of_concern(session: Session, concern: str | None, by: Actor, *, today: date, cut: Cut = FIRST) -> ConcernPage:
    """A page of the SIMs with this concern, or with the first that any has."""
    tests = _tests(today)
    counted = sa.select(*(sa.func.count().filter(test).label(name) for name, test in tests.items()))
    counts = dict(session.execute(_all(counted, by)).one()._mapping)
    chosen = concern if concern in tests else next((name for name, count in counts.items() if count), "rebind")
    place = joinedload(Unit.position).joinedload(CustodyPosition.holder)
    options = (joinedload(Unit.sim), place.joinedload(Holder.vehicle), place.joinedload(Holder.person))
    query = _all(sa.select(Unit, _partner), by).where(tests[chosen]).options(*options)
    page = session.execute(cut.of(query, SIM_SORTS)).unique()
    return ConcernPage(chosen, [Concern(unit, terminal) for unit, terminal in page], counts)


def _all(query: sa.Select[*tuple[Any, ...]], by: Actor) -> sa.Select[*tuple[Any, ...]]:
    """The SIMs the reader may see and that are still anywhere, each with what shares its slot."""
    slot = sa.and_(_beside.holder_id == Holder.id, _beside.unit_kind == "terminal", Holder.kind == "slot")
    joined = (
        query.select_from(Sim)
        .join(Unit, Unit.id == Sim.unit_id)
        .join(CustodyPosition, CustodyPosition.unit_id == Unit.id)
        .join(Holder, Holder.id == CustodyPosition.holder_id)
        .outerjoin(_beside, slot)
        .outerjoin(_partner, _partner.unit_id == _beside.unit_id)
        .where(Holder.kind.not_in(GONE), Sim.state != "closed")
    )
    return joined if by.may("branches.all") else joined.where(Unit.branch_id == by.branch_id)


def _to_be_bound() -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    """Bound to another terminal, and where rules ask for every swap: swapped for an order that is not closed, bound to none."""
    mode = _mode()
    elsewhere = sa.and_(Sim.bound_imei.is_not(None), Sim.bound_imei.is_distinct_from(_partner.imei), mode != "never")
    pair = (Fitting.vehicle_id == Holder.vehicle_id, Fitting.new_unit_id.in_((Sim.unit_id, _partner.unit_id)))
    of_open_order = sa.exists().where(_ORDER.c.id == Fitting.order_id, _ORDER.c.status != "closed")
    swapped = sa.exists().where(*pair, Fitting.kind == "swap", stands(), of_open_order)
    raised = sa.and_(Sim.bound_imei.is_(None), _partner.imei.is_not(None), mode == "always", swapped)
    return elsewhere, raised


def _mode() -> sa.ColumnElement[str]:
    """SQL: what the rules say of a SIM, as `mode_for` reads them."""
    named = ((BindingRule.plan, Sim.plan), (BindingRule.carrier, Sim.carrier), (BindingRule.branch_id, Holder.branch_id))
    covers = (sa.or_(rule.is_(None), rule == own) for rule, own in named)
    counts = sa.select(BindingRule.mode).where(BindingRule.ended_at.is_(None), *covers)
    first = counts.order_by(*(rule.is_(None) for rule, _ in named)).limit(1)
    return sa.func.coalesce(first.correlate(Sim, Holder).scalar_subquery(), USUAL)


def _tests(today: date) -> dict[str, sa.ColumnElement[bool]]:
    return {
        "rebind": sa.and_(_partner.unit_id.is_not(None), sa.or_(*_to_be_bound())),
        "expired": Sim.expires_on < today,
        "expiring": Sim.expires_on.between(today, today + SOON),
        "alone": sa.and_(Holder.kind == "slot", _partner.unit_id.is_(None)),
        "suspended": sa.and_(Holder.kind == "slot", Sim.state == "suspended"),
        "low": sa.and_(Sim.balance < _low, Sim.state == "active"),
        "unbound": sa.and_(_partner.imei.is_not(None), Sim.bound_imei.is_(None)),
    }
