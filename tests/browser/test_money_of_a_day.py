"""The money of a day: three technicians, thirty visits, every channel; finance counts, deposits, reads statements, closes, exports."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.clock import now
from dispatch.db import transaction
from dispatch.fees.ledger_models import Account
from dispatch.fees.models import Receipt
from dispatch.staff.models import Branch, Person
from tests.board.building import approved_order
from tests.browser import roadside, till, unseen
from tests.browser.roadside import TOUCH, big
from tests.browser.walking import Desk, SitDown
from tests.conftest import TRAINED, Cast
from tests.fees.building import price_list
from tests.field.building import sent_out
from tests.finance.months import True_, written

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("early_morning")]

VISITS = 10
"""Of each technician."""
PAYING = {
    "su": ("cash", "wechat", "cash", "alipay", "pos", "transfer", "cash", "wechat", "account", "cash"),
    "wei": ("wechat", "cash", "alipay", "cash", "wechat", "cash", "transfer", "pos", "wechat", "cash"),
    "zhou": ("alipay", "cash", "wechat", "account", "cash", "transfer", "pos", "alipay", "cash", "wechat"),
}
"""How the customers of each pay, in the order of his visits."""
ON_SCREEN = {"cash": "Cash", "wechat": "WeChat Pay", "alipay": "Alipay"}
SHORT = 5
"""So many yuan lack in one hand-in."""


@pytest.fixture
def visits(database: str, cast: Cast) -> Mapping[str, Sequence[int]]:
    """Each technician's repairs of the day, sent out."""
    with transaction() as db:
        price_list(db, cast)
        db.execute(sa.update(Person).where(Person.id == cast.zhou.id).values(trained_on=TRAINED))
        return {name: [_repair(db, cast, name, hour) for hour in range(8, 8 + VISITS)] for name in PAYING}


def _repair(db: Session, cast: Cast, name: str, hour: int) -> int:
    return sent_out(db, cast, approved_order(db, cast), getattr(cast, name), start=f"{hour:02d}:00", minutes=50).id


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A photo as a camera makes it."""
    return roadside.camera_picture(tmp_path / "photo.jpg", (400, 300))


def test_every_fen_of_a_day_is_found(
    visits: Mapping[str, Sequence[int]], sit_down: SitDown, picture: Path, tmp_path: Path
) -> None:
    phones = {name: sit_down(name, **TOUCH) for name in PAYING}
    for name, phone in phones.items():
        work(phone, visits[name], PAYING[name], picture)
    qian = sit_down("qian")
    before = till.day_of(qian)
    assert before["Expected"] == before["Collected"] > 0
    handed = {name: till.hand_in(phone) for name, phone in phones.items()}
    assert sum(handed.values()) == before["In hands"]
    short, *others = till.waiting(qian)
    till.count(qian, short, short=SHORT, reason="少了一张五元", owner="苏杰")
    for number in others:
        till.count(qian, number)
    print(before, handed)


# on site


def work(phone: Desk, visits: Sequence[int], paying: Sequence[str], picture: Path) -> None:
    """The first visit on the screen, the money of the others without it."""
    first, *others = visits
    phone.go(f"/my-day/visits/{first}")
    repair(phone, paying[0], picture)
    phone.rest()
    for visit, channel in zip(others, paying[1:], strict=True):
        paid_unseen(phone, visit, channel)


def repair(phone: Desk, channel: str, picture: Path) -> None:
    """A mobile terminal moved from one vehicle to another, paid and signed."""
    roadside.depart(phone)
    big(phone, "Photo before the work")
    roadside.take(phone, picture)
    big(phone, "Go on")
    big(phone, re.compile("test-run"))
    big(phone, "All passed")
    big(phone, "Go on: price")
    roadside.add_service(phone, "移机费")
    big(phone, "Take ¥")
    roadside.pay(phone, ON_SCREEN[channel], invoice="24100001")
    roadside.sign(phone)
    roadside.finish(phone)


def paid_unseen(phone: Desk, visit: int, channel: str) -> None:
    """The money of a visit by the same forms, without their pages."""
    hand = unseen.hand_of(phone, visit)
    unseen.depart(hand)
    unseen.send(hand, "/price/add", code="S003")
    unseen.pay(hand, channel, invoice=f"241{visit:05d}")
