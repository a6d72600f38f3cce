"""Drives between two visits teach how long they take; what was no such drive teaches nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.board import travelling
from dispatch.board.travel_queries import learned_of
from dispatch.config import Settings
from dispatch.field.drives import drives_of
from dispatch.field.jobs import learn_everywhere
from dispatch.field.models import Arrival
from dispatch.geo.road_engines import Legs, RoadEngineAway
from dispatch.geo.rules import Coordinates, metres
from dispatch.orders.models import Visit
from dispatch.staff.rules import Actor
from tests.board.building import PLACES, ZONE, approved_order, visit_at
from tests.conftest import AT, Cast

MINUTE = timedelta(minutes=1)


class Flowing:
    """An engine on whose roads everything takes ten minutes, until it is away."""

    away = False

    def legs(self, sources: Sequence[Coordinates], targets: Sequence[Coordinates]) -> Legs:
        if self.away:
            raise RoadEngineAway("no answer")
        table = np.full((len(sources), len(targets)), 600.0)
        return Legs(table, table * 10)


@pytest.fixture
def engine() -> Iterator[Flowing]:
    made = Flowing()
    travelling.configure(made, "osrm")
    yield made
    travelling.configure(None)


def went(
    db: Session, cast: Cast, who: Actor, nth: int, departed: datetime, minutes: int, place: Coordinates, **times: Any
) -> Visit:
    """A visit that was driven to; half an hour of work is done there, unless it is said otherwise."""
    found = visit_at(db, cast, approved_order(db, cast, place=place), who, f"{8 + nth}:00")
    arrived = departed + minutes * MINUTE
    facts = {"departed_at": departed, "arrived_at": arrived, "finished_at": arrived + 30 * MINUTE} | times
    db.execute(sa.update(Visit).where(Visit.id == found.id).values(facts))
    return found


def test_drives_teach_the_night_job_and_nonsense_does_not(db: Session, cast: Cast, settings: Settings, engine: Flowing) -> None:
    a, b = PLACES[0], PLACES[1]
    went(db, cast, cast.su, 0, AT, 20, a)
    went(db, cast, cast.su, 1, AT + 60 * MINUTE, 50, b)  # a drive: nothing between
    late = went(db, cast, cast.su, 2, AT + 400 * MINUTE, 30, a)  # he stood five hours: nobody knows where
    went(db, cast, cast.su, 3, AT + 470 * MINUTE, 0, b, arrived_at=None, finished_at=None)  # turned round on the way
    went(db, cast, cast.su, 4, AT + 480 * MINUTE, 30, a)
    went(db, cast, cast.wei, 0, AT, 20, a)
    far = went(db, cast, cast.wei, 1, AT + 60 * MINUTE, 30, b)
    db.add(Arrival(visit_id=far.id, distance_m=4_000, at=AT))  # he said so four kilometres away
    went(db, cast, cast.wei, 2, AT + 24 * 60 * MINUTE, 30, a)  # the next morning
    db.commit()
    found = drives_of(db, cast.sz, since=AT - timedelta(days=90), zone=ZONE, most=99)
    assert [(one.start, one.end, one.seconds) for one in found] == [(a, b, 3000)]
    assert not drives_of(db, cast.gz, since=AT - timedelta(days=90), zone=ZONE, most=99)
    assert late.id and 15_000 < metres(a, b) < 20_000

    for _twice in range(2):
        assert learn_everywhere(settings, AT + timedelta(days=1)) == 1
    db.expire_all()
    rows = {row.source: row for row in learned_of(db, cast.sz)}
    assert {(row.band, row.part, row.drives) for row in rows.values()} == {("suburb", "day", 1)} and set(rows) == {
        "usual",
        "osrm",
    }
    assert rows["osrm"].factor == pytest.approx(5 ** (1 / 9)) and rows["osrm"].off_before == pytest.approx(80)
    engine.away = True
    travelling.configure(engine, "osrm")
    learn_everywhere(settings, AT + timedelta(days=200))
    db.expire_all()
    assert [row.source for row in learned_of(db, cast.sz)] == ["osrm"]
