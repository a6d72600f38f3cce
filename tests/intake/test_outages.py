"""Outages: what makes many silences one incident, what is done about it once, how it ends, and what comes before an order."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.db import transaction
from dispatch.intake.models import Outage, Silence
from dispatch.intake.outages import end_outages, find_outages
from dispatch.intake.silence_rules import Together, Tried, first_step
from dispatch.intake.silences import Missed, propose
from dispatch.intake.silent_queries import silent_now
from tests.building import vehicle
from tests.conftest import AT, Cast, SignIn
from tests.devices.building import terminals

RULE = Together(5, 20, 60, 7)
LATER = AT + timedelta(hours=3)


class At(NamedTuple):
    """A terminal that fell silent so many minutes after the first, so far to the north of it."""

    minutes: float = 0
    lat: float | None = 22.5
    carrier: str | None = "中国移动"


def fell(db: Session, cast: Cast, silent: list[At]) -> None:
    """They are on the list; all in one vehicle, which makes no difference."""
    truck = vehicle(db, cast)
    boxes = terminals(db, cast, len(silent))
    rows = [
        Missed(
            *(box.id, truck.id, truck.customer_id, cast.sz, one.carrier, AT + timedelta(minutes=one.minutes), one.lat),
            lon=None if one.lat is None else 114.0,
            source="jt808",
        )
        for box, one in zip(boxes, silent, strict=True)
    ]
    propose(db, rows, at=LATER)


def sizes(db: Session) -> tuple[dict[str, int], int]:
    """Kind and carrier of each outage -> how many terminals, and how many belong to none."""
    name = Outage.kind + ":" + sa.func.coalesce(Outage.carrier, "mixed")
    query = sa.select(name + ":" + sa.cast(Outage.id, sa.Text), sa.func.count()).join(Silence, Silence.outage_id == Outage.id)
    found = {key.rsplit(":", 1)[0]: count for key, count in db.execute(query.group_by(Outage.id))}
    return found, db.scalar(sa.select(sa.func.count()).where(Silence.outage_id.is_(None))) or 0


@pytest.mark.parametrize(
    ("silent", "outages", "single"),
    [
        ([At(n) for n in range(4)], {}, 4),
        ([*(At(n) for n in range(5)), At(1, carrier="中国联通"), At(carrier=None)], {"area:mixed": 7}, 0),
        (
            [*(At(n) for n in range(5)), At(lat=23.5, carrier="中国电信"), At(65), At(lat=None, carrier="中国联通")],
            {"area:中国移动": 5},
            3,
        ),
        ([At(n, lat=22.5 + 0.02 * n) for n in range(8)], {"area:中国移动": 8}, 0),
        ([At(n, lat=20.0 + n) for n in range(6)], {}, 6),
        ([At(n, lat=20.0 + n) for n in range(7)], {"carrier:中国移动": 7}, 0),
        (
            [*(At(n, carrier="中国电信") for n in range(5)), *(At(n, lat=30.0) for n in range(6))],
            {"area:中国电信": 5, "area:中国移动": 6},
            0,
        ),
    ],
    ids=["few are none", "of one area", "near in place and time", "across a border", "far apart", "of one carrier", "two"],
)
def test_many_at_once_are_one_incident(db: Session, cast: Cast, silent: list[At], outages: dict[str, int], single: int) -> None:
    fell(db, cast, silent)
    assert find_outages(db, RULE, at=LATER) == len(outages)
    assert find_outages(db, RULE, at=LATER) == 0, "looked at again, nothing is new"
    assert sizes(db) == (outages, single)


def test_who_comes_late_joins_and_when_most_report_the_rest_are_proposed_singly(db: Session, cast: Cast) -> None:
    fell(db, cast, [At(n) for n in range(9)])
    find_outages(db, RULE, at=LATER)
    fell(db, cast, [At(30, lat=22.6), At(30, lat=25.0)])
    find_outages(db, RULE, at=LATER)
    assert sizes(db) == ({"area:中国移动": 10}, 1)
    assert silent_now(db, cast.lin, at=LATER).single.total == 1, "nobody proposes what the outage explains"
    rows = db.scalars(sa.select(Silence).order_by(Silence.id)).all()
    for one in rows[:5]:
        one.ended_at, one.ended_by = LATER, "reported"
    db.flush()
    assert end_outages(db, RULE, at=LATER + timedelta(minutes=30)) == 0, "the others may yet follow"
    assert end_outages(db, RULE, at=LATER + timedelta(minutes=60)) == 1
    assert silent_now(db, cast.lin, at=LATER).single.total == 6
    assert find_outages(db, RULE, at=LATER) == 0, "and are not one again"


def test_its_page_tells_the_customers_once_and_ends_it(database: str, cast: Cast, as_person: SignIn) -> None:
    with transaction() as db:
        fell(db, cast, [At(n) for n in range(6)])
        find_outages(db, RULE, at=LATER)
        number = db.scalars(sa.select(Outage.id)).one()
    lin, he, page = as_person(cast.lin), as_person(cast.he), f"/silent/outages/{number}"
    listed = lin.get("/silent").text
    assert page in listed and "customers not told yet" in listed and "Make a repair order" not in listed
    assert "Whom it concerns" in lin.get(page).text and he.get(page).status_code == 404
    assert lin.post(f"{page}/told", data={"words": " "}).status_code == 422
    said = {"words": "短信告知：运营商基站故障，预计 18 点恢复"}
    assert [lin.post(f"{page}/told", data=said).status_code for _ in range(2)] == [303, 303]
    assert lin.post(f"{page}/told", data={"words": "别的"}).status_code == 409
    assert he.post(f"{page}/over", data={"reason": "x"}).status_code == 404
    assert lin.post(f"{page}/over", data={"reason": ""}).status_code == 422
    assert lin.post(f"{page}/over", data={"reason": "运营商确认恢复"}).status_code == 303
    assert "运营商确认恢复" in lin.get(page).text and lin.get("/silent").text.count("Make a repair order") == 6


@pytest.mark.parametrize(
    ("tried", "reachable", "skipped", "step"),
    [
        (None, True, False, "restart"),
        (None, False, False, "order"),
        (None, True, True, "order"),
        (Tried(AT, None), True, False, "wait"),
        (Tried(AT, "done"), True, False, "wait"),
        (Tried(AT, "refused"), True, False, "order"),
        (Tried(AT, "unreached"), True, False, "order"),
        (Tried(AT - timedelta(minutes=30), "done"), True, False, "order"),
    ],
)
def test_what_comes_first(tried: Tried | None, reachable: bool, skipped: bool, step: str) -> None:
    wait = timedelta(minutes=30)
    assert first_step(tried, reachable=reachable, skipped=skipped, wait=wait, at=AT) == step
