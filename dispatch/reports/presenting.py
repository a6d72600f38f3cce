"""The figures of a day as the page shows them: times in words, charts as plain shapes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from dispatch.fees.rules import CHANNEL_WORDS, CHANNELS
from dispatch.orders.clock_rules import STAGES
from dispatch.reports.queries import Figures
from dispatch.reports.rules import (
    Share,
    Span,
    TechnicianDay,
    by_channel,
    collected,
    first_time_fix,
    spans_of,
    technicians_of,
)
from dispatch.words import Text, say

COUNTED = ("received", "approved", "planned", "done", "closed")
CHARTED = ("received", "done", "collected")
WIDTH, HEIGHT, GAP = 280.0, 72.0, 4.0


def lasting(seconds: float) -> Text:
    """1 h 25 min; below an hour the minutes alone."""
    hours, minutes = divmod(round(seconds / 60), 60)
    return say("%(hours)s h %(minutes)s min", hours=hours, minutes=f"{minutes:02d}") if hours else say("%(n)s min", n=minutes)


# --- charts


@dataclass(frozen=True)
class Bar:
    """One bar in the chart's own units, and the whole slot it stands in."""

    x: float
    y: float
    width: float
    height: float
    day: date
    value: float
    last: bool


@dataclass(frozen=True)
class Chart:
    """Bars over days on a common ground line; `top` is the largest value."""

    width: float
    height: float
    bars: list[Bar]
    top: float


def chart(values: Sequence[tuple[date, float]]) -> Chart:
    """Draw values over days. What is below zero is drawn as nothing: the table beside it tells it."""
    top = max((value for _, value in values), default=0.0)
    step = WIDTH / max(1, len(values))
    bars = []
    for place, (day, value) in enumerate(values):
        height = round(HEIGHT * max(0.0, value) / top, 1) if top > 0 else 0.0
        bars.append(
            Bar(round(place * step, 1), HEIGHT - height, round(step - GAP, 1), height, day, value, place == len(values) - 1)
        )
    return Chart(WIDTH, HEIGHT, bars, top)


# --- the whole page


@dataclass(frozen=True)
class TrendDay:
    """One day of the table beside the charts."""

    day: date
    received: int
    done: int
    closed: int
    collected: Decimal


@dataclass(frozen=True)
class Channel:
    """What came in by one channel."""

    label: Text
    amount: Decimal


@dataclass(frozen=True)
class Seen:
    """The page."""

    counted: dict[str, int]
    open: int
    left_over: int
    spans: dict[str, Span | None]
    first_time: Share
    kept: dict[str, Share]
    recalls: int
    charged: Decimal
    collected: Decimal
    on_account: Decimal
    channels: list[Channel]
    handed_in: Decimal
    in_hands: Decimal
    technicians: list[TechnicianDay]
    trend: list[TrendDay]
    charts: dict[str, Chart]
    empty: bool


def seen(read: Figures) -> Seen:
    """What was read, with its formulae applied."""
    scope = read.scope
    channels, spans = by_channel(read.taken, scope.day), spans_of(read.visits, scope)
    trend = [_trend_day(read, day) for day in scope.trend]
    return Seen(
        counted={name: read.counts.get(scope.day, {}).get(name, 0) for name in COUNTED},
        open=read.totals.open,
        left_over=read.totals.left_over,
        spans={"to_arrival": spans.to_arrival, "wait": spans.wait, "work": spans.work},
        first_time=first_time_fix(read.repairs),
        kept={stage: read.kept[stage] for stage in STAGES if stage in read.kept},
        recalls=sum(row.recalls for row in read.recalls),
        charged=read.totals.charged,
        collected=collected(channels),
        on_account=channels.get("account", Decimal(0)),
        channels=[Channel(CHANNEL_WORDS[name], channels[name]) for name in CHANNELS if name in channels and name != "account"],
        handed_in=sum((hand.handed_in for hand in read.hands), Decimal(0)),
        in_hands=sum((hand.held for hand in read.hands), Decimal(0)),
        technicians=technicians_of(read.visits, read.taken, scope, read.hands, read.recalls),
        trend=trend,
        charts={name: chart([(day.day, float(getattr(day, name))) for day in trend]) for name in CHARTED},
        empty=read.empty,
    )


def _trend_day(read: Figures, day: date) -> TrendDay:
    counts = read.counts.get(day, {})
    money = collected(by_channel(read.taken, day))
    return TrendDay(day, counts.get("received", 0), counts.get("done", 0), counts.get("closed", 0), money)
