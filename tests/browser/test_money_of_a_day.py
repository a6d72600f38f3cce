"""The money of a day: three technicians, thirty visits, all channels; finance counts, deposits, reads statements, closes."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
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
SLIP = "20261202-0815"
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
    taken = receipts()
    before = till.day_of(qian)
    assert before["Expected"] == before["Collected"] == sum(each.amount for each in taken if each.channel != "account")
    assert before["Not received"] == before["Collected"]

    handed = {name: till.hand_in(phone) for name, phone in phones.items()}
    assert handed == {name: sum_of(taken, "cash", name) for name in PAYING}
    short = count_all(qian)
    banked = sum(handed.values(), Decimal(-SHORT))
    deposit(qian, banked)
    for file in statements(taken, banked, tmp_path):
        send_in(qian, file)
    accept_what_is_proposed(qian)
    find_out_that_five_yuan_lack(qian)
    pay_the_difference(qian, short)
    close_the_day(qian)
    after = till.day_of(qian)
    assert after["Not received"] == 0 and after["Received by finance"] == after["Collected"] == before["Collected"]
    assert_exported(qian, taken, tmp_path)


def receipts() -> Sequence[Receipt]:
    """What was taken on the phones."""
    with transaction() as db:
        return db.scalars(sa.select(Receipt).order_by(Receipt.at)).all()


def sum_of(taken: Sequence[Receipt], channel: str, name: str) -> Decimal:
    """What one technician took by one channel."""
    person = {"su": "苏杰", "wei": "卫晨", "zhou": "周新"}[name]
    return sum((each.amount for each in taken if (each.channel, each.by_name) == (channel, person)), Decimal(0))


# on site


def work(phone: Desk, visits: Sequence[int], paying: Sequence[str], picture: Path) -> None:
    """The first visit on the screen, the others by the same forms."""
    first, *others = visits
    phone.go(f"/my-day/visits/{first}")
    repair(phone, paying[0], picture)
    phone.rest()
    for visit, channel in zip(others, paying[1:], strict=True):
        repair_unseen(phone, visit, channel, picture)


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


def repair_unseen(phone: Desk, visit: int, channel: str, picture: Path) -> None:
    """What `repair` does, without its pages."""
    hand = unseen.hand_of(phone, visit)
    unseen.depart(hand)
    line = unseen.only_vehicle(hand)
    unseen.photograph(hand, line, picture, "condition")
    unseen.test_run(hand, line)
    for _ in range(2 if channel == "transfer" else 1):
        unseen.send(hand, "/price/add", code="S003")
    unseen.pay(hand, channel, invoice=f"241{visit:05d}")
    unseen.sign_and_finish(hand)


# at finance


def count_all(qian: Desk) -> str:
    """Count what was handed in; the number of the hand-in that lacks something."""
    short, *others = till.waiting(qian)
    till.count(qian, short, short=SHORT, reason="少了一张五元", owner="苏杰")
    for number in others:
        till.count(qian, number)
    return short


def deposit(qian: Desk, total: Decimal) -> None:
    """All of it goes to the bank."""
    qian.go("/finance/deposits/new")
    for box in qian.page.locator("[name=hand_in]").all():
        box.check()
    qian.fill("Amount", str(total))
    qian.fill("Bank account", "招商银行 1234")
    qian.fill("Number of the bank's slip", SLIP)
    qian.fill("Paid in at", f"{now().astimezone(zone_of()):%Y-%m-%dT%H:%M}")
    qian.press("Book the deposit")
    qian.sees("CK-SZ-")


def zone_of() -> ZoneInfo:
    """What the clock of Shenzhen's branch goes by today."""
    with transaction() as db:
        return ZoneInfo(db.scalars(sa.select(Branch.zone).where(Branch.name == "深圳")).one())


def statements(taken: Sequence[Receipt], banked: Decimal, folder: Path) -> Sequence[Path]:
    """What the channels and the bank say of the day. Of one transfer the bank does not know our number; cards come in one sum,
    less the fee."""
    last = max(each.at for each in taken) + timedelta(minutes=5)
    ours = {channel: [each for each in taken if each.channel == channel] for channel in ("wechat", "alipay", "transfer", "pos")}
    cards = sum((each.amount for each in ours["pos"]), Decimal(0))
    unnamed, *others = ours["transfer"]
    bank = [(True_("payment", unnamed.amount, None, None), unnamed.at), *((said(each, None), each.at) for each in others)]
    bank += [(True_("payment", cards - fee_of(cards), None, None), last), (True_("deposit", banked, None, SLIP), last)]
    channels = {name: [(said(each, fee_of(each.amount)), each.at) for each in ours[name]] for name in ("wechat", "alipay")}
    return [written_to(folder, channel, lines) for channel, lines in (channels | {"bank": bank}).items()]


def said(receipt: Receipt, fee: Decimal | None) -> True_:
    """A receipt as a statement shows it."""
    return True_("payment", receipt.amount, fee, receipt.number)


def fee_of(amount: Decimal) -> Decimal:
    """What a channel keeps of it."""
    return (amount * Decimal("0.006")).quantize(Decimal("0.01"))


def written_to(folder: Path, channel: str, lines: Sequence[tuple[True_, datetime]]) -> Path:
    """The statement as a file."""
    zone = zone_of()
    facts, moments = zip(*((fact, at.astimezone(zone).replace(tzinfo=None, microsecond=0)) for fact, at in lines), strict=True)
    made = written(Random(7), channel, facts, moments)
    file = folder / made.name
    file.write_bytes(made.content)
    return file


def send_in(qian: Desk, file: Path) -> None:
    """A statement is read as soon as it is chosen, and matched with that."""
    qian.go("/finance/statements")
    qian.page.set_input_files("input[type=file]", file)
    qian.sees(re.compile("matched by (itself|themselves)"))


def accept_what_is_proposed(qian: Desk) -> None:
    """The transfer without our number, whose amount fits one of ours alone; the cards of the day, less what the bank keeps."""
    qian.go("/finance/matching")
    for box in qian.page.locator("[data-check]").all():
        box.check()
    qian.press("Accept")
    qian.sees("2 were matched.")
    qian.go("/finance/matching/work-list")
    qian.sees("Nothing of this kind: all of it is matched or explained.")


def find_out_that_five_yuan_lack(qian: Desk) -> None:
    """A difference keeps the day open."""
    open_the_day(qian)
    qian.sees("Not explained: these keep the day open")
    qian.sees(f"-¥{SHORT}.00")
    assert not qian.page.get_by_role("button", name="Close the day").count()


def pay_the_difference(qian: Desk, number: str) -> None:
    """Whoever answers for it brings it to the desk."""
    qian.go("/finance/hand-ins")
    qian.follow(number)
    qian.page.get_by_text("Pay it in at the desk").click()
    qian.press("Book it", within=qian.page.locator("details[open]"))
    qian.sees("Settled: nothing of it is open.")


def close_the_day(qian: Desk) -> None:
    """Nothing stands against it any more."""
    open_the_day(qian)
    qian.press("Close the day")
    qian.sees(re.compile("closed"))
    assert not qian.page.get_by_role("button", name="Close the day").count()


def open_the_day(qian: Desk) -> None:
    """The one day there is."""
    qian.go("/finance/days")
    qian.page.locator("tbody td.main a").click()


def assert_exported(qian: Desk, taken: Sequence[Receipt], folder: Path) -> None:
    """The month holds every receipt; debit and credit are the same."""
    qian.go("/finance/months")
    with qian.page.expect_download() as fetched:
        qian.follow("CSV")
    fetched.value.save_as(folder / "journal.csv")
    with (folder / "journal.csv").open(encoding="utf-8-sig", newline="") as file:
        *rows, sums = csv.DictReader(file)
    debit, credit = (sum((Decimal(row[side]) for row in rows), Decimal(0)) for side in ("Debit", "Credit"))
    assert debit == credit == Decimal(sums["Debit"]) == Decimal(sums["Credit"]) > 0
    papers = " ".join(row["Summary"] for row in rows)
    assert all(each.number in papers for each in taken)
