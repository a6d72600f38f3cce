"""Which terminals a platform is asked about: those somebody is working at now, and those that were fitted a short while ago."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.devices.asking import claim, configured, look_of
from dispatch.devices.fitted import stands
from dispatch.devices.models import CustodyPosition, Fitting, Holder, PlatformLook
from dispatch.jobs import enqueue
from dispatch.orders.models import OrderLine, Visit, VisitLine


def watched(session: Session, *, at: datetime, hours: int, only: Iterable[int] | None = None) -> dict[int, datetime]:
    """Terminal -> since when its reports matter: the last change at its vehicle in so many hours, else the arrival there.

    `only` names the terminals to look at; without it, all.
    """
    own = sa.true() if only is None else CustodyPosition.unit_id.in_(list(only))
    inside = (CustodyPosition.unit_kind == "terminal", CustodyPosition.holder_kind == "slot", own)
    found = dict(session.execute(_worked_at().where(*inside)).all())
    recent = _changed(since=at - timedelta(hours=hours)).where(*inside)
    return found | dict(session.execute(recent).all())


def _worked_at() -> sa.Select[int, datetime]:
    """The terminals in vehicles at which somebody is working now, and when he came."""
    query = sa.select(CustodyPosition.unit_id, sa.func.min(Visit.arrived_at)).join(Holder, Holder.id == CustodyPosition.holder_id)
    query = query.join(OrderLine, OrderLine.vehicle_id == Holder.vehicle_id).join(VisitLine, VisitLine.line_id == OrderLine.id)
    there = query.join(Visit, Visit.id == VisitLine.visit_id).where(Visit.status == "on_site")
    return there.where(Visit.arrived_at.is_not(None)).group_by(CustodyPosition.unit_id)  # type: ignore[return-value]


def _changed(*, since: datetime) -> sa.Select[int, datetime]:
    """The terminals in vehicles at which something was changed since, and when it last was."""
    query = sa.select(CustodyPosition.unit_id, sa.func.max(Fitting.at)).join(
        Fitting, Fitting.slot_id == CustodyPosition.holder_id
    )
    return query.where(Fitting.at > since, stands()).group_by(CustodyPosition.unit_id)


def ask_about(session: Session, unit_id: int, *, at: datetime) -> PlatformLook | None:
    """Have the worker ask the platform about a terminal, unless it just was; how asking last went, if it ever did."""
    if not configured():
        return None
    for claimed in claim(session, [unit_id], at=at):
        enqueue(session, "field.ask_platform", unit=claimed)
    return look_of(session, unit_id)
