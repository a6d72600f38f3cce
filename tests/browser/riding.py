"""A technician's day of repairs and installations: what is new on the screen, what was seen before by the same forms alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.browser import roadside, unseen
from tests.browser.roadside import big
from tests.browser.stations import Call
from tests.browser.walking import Desk
from tests.field.phone import Phone

Job = tuple[str, ...]
"""What a stop is about: the kinds of units that are swapped there, or an installation."""
INSTALLATION: Job = ("installation",)
SWAPS: dict[str, Job] = {"终端丢失": ("terminal", "sim"), "重启": ("terminal",), "破损": ("terminal",), "不上线": ("sim",)}
"""What the words of a symptom ask for."""
CHANNELS = {"cash": "Cash", "wechat": "WeChat Pay", "account": "On account"}
PAYING = ("cash", "cash", "wechat", "cash", "account")


@dataclass(frozen=True)
class Repair:
    """What a call comes to on site."""

    swap: Job
    model: str
    old: str
    moves: bool
    channel: str
    invoice: str

    @classmethod
    def of(cls, call: Call, number: str) -> Repair:
        """One customer gets his invoice later."""
        symptom, index = call["故障现象"], int(number[-3:])
        return cls(
            swap=next((kinds for word, kinds in SWAPS.items() if word in symptom), ()),
            model=call["产品型号"],
            old=f"OLD{number[-3:]}",
            moves="换车" in symptom,
            channel=PAYING[index % len(PAYING)],
            invoice="" if call["来电人"] == "孔健" else f"{24100000 + index}",
        )


def ride(phone: Desk, repairs: Mapping[str, Repair], picture: Path, shown: set[Job]) -> None:
    """One technician's day, stop by stop in its order. `repairs`: by order number; every other order is an installation.
    The first job of each kind is done on the screen, and is `shown` from then on."""
    while True:
        phone.go("/my-day")
        ahead = phone.page.locator(".stop:not(.is-over) .stop-link")
        if not ahead.count():
            return phone.rest()
        ahead.first.click()
        phone.sees("Check before leaving")
        repair = repairs.get(phone.page.locator("article a[href^='/orders/']").first.inner_text())
        job = repair.swap if repair else INSTALLATION
        if job in shown:
            do_unseen(unseen.hand_at(phone), repair, picture)
        else:
            do(phone, repair, picture)
            shown.add(job)


def do(phone: Desk, repair: Repair | None, picture: Path) -> None:
    """A stop on the screen, from departure to end."""
    roadside.depart(phone)
    if repair:
        mend(phone, repair, picture)
    else:
        roadside.install_all(phone, picture)
        big(phone, "Signature")
    roadside.sign(phone)
    roadside.finish(phone)


def mend(phone: Desk, repair: Repair, picture: Path) -> None:
    """Photo, what the symptom asks for, test-run, price, and money where some is due."""
    big(phone, "Photo before the work")
    roadside.take(phone, picture)
    big(phone, "Go on")
    if repair.swap:
        roadside.swap(phone, repair.swap, model=repair.model, old=repair.old)
    big(phone, re.compile("test-run"))
    big(phone, "All passed")
    big(phone, "Go on: price")
    if repair.moves:
        roadside.add_service(phone, "移机费")
    if roadside.is_due(phone):
        big(phone, "Take ¥")
        roadside.pay(phone, CHANNELS[repair.channel], invoice=repair.invoice)
    else:
        big(phone, "Nothing to pay: signature")


def do_unseen(hand: Phone, repair: Repair | None, picture: Path) -> None:
    """A stop without its pages, from departure to end."""
    unseen.depart(hand)
    if repair:
        mend_unseen(hand, repair, picture)
    else:
        unseen.install_all(hand, picture)
    unseen.sign_and_finish(hand)


def mend_unseen(hand: Phone, repair: Repair, picture: Path) -> None:
    """What `mend` does."""
    line = unseen.only_vehicle(hand)
    unseen.photograph(hand, line, picture, "condition")
    if repair.swap:
        read_off = {"old_terminal": repair.old, "old_model": repair.model} if repair.swap == ("terminal",) else {}
        unseen.swap(hand, line, repair.swap, **read_off)
    unseen.test_run(hand, line)
    if repair.moves:
        unseen.send(hand, "/price/add", code="S003")
    if unseen.is_due(hand):
        unseen.pay(hand, repair.channel, invoice=repair.invoice)
