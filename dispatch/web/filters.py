"""How values read on pages: times in the branch's zone, money, distances, phones."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from flask import Flask
from flask_babel import format_timedelta, gettext

from dispatch.clock import now
from dispatch.customers.rules import mask_phone, odd_plate
from dispatch.geo.rules import distance_words
from dispatch.web.locale import tr, zone


def _local(moment: datetime) -> datetime:
    return moment.astimezone(ZoneInfo(zone()))


def when(moment: datetime | None) -> str:
    """12-03 14:05, with the year when it is another."""
    if moment is None:
        return ""
    local = _local(moment)
    return local.strftime("%m-%d %H:%M" if local.year == _local(now()).year else "%Y-%m-%d %H:%M")


def clock(moment: datetime | None) -> str:
    """14:05"""
    return _local(moment).strftime("%H:%M") if moment else ""


def day(value: date | datetime | None) -> str:
    """2026-12-03"""
    if isinstance(value, datetime):
        value = _local(value).date()
    return value.isoformat() if value else ""


def ago(moment: datetime | None) -> str:
    """in 25 minutes, 2 days ago, just now"""
    if moment is None:
        return ""
    delta = moment - now()
    if abs(delta.total_seconds()) < 45:
        return str(gettext("just now"))
    return str(format_timedelta(delta, add_direction=True, threshold=1.2))


def money(amount: Decimal | int | None) -> str:
    """¥1,280.00, negative with a minus before the sign."""
    if amount is None:
        return ""
    value = Decimal(amount).quantize(Decimal("0.01"))
    return f"{'-' if value < 0 else ''}¥{abs(value):,.2f}"


def distance(metres: float | None) -> str:
    """850 m, 12.3 km, 1,220 km"""
    return tr(distance_words(metres)) if metres is not None else ""


def init(app: Flask) -> None:
    """Give the filters to every template."""
    for filter_ in (when, clock, day, ago, money, distance, tr):
        app.jinja_env.filters[filter_.__name__] = filter_
    app.jinja_env.filters["phone_mask"] = mask_phone
    app.jinja_env.tests["odd_plate"] = odd_plate
