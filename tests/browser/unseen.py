"""Stops at which no page is new: the same forms in the same order, without drawing them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from dispatch.field.rules import DEPARTURE_ITEMS
from tests.browser.walking import Desk
from tests.browser.wire import Wire
from tests.field.building import DRAWN
from tests.field.phone import Phone, do_as_proposed

ALL_THERE = {f"check-{item}": "1" for item in DEPARTURE_ITEMS}
NEXT_VEHICLE = re.compile(r'href="[^"]*/vehicles/(\d+)"')
VISIT = re.compile(r"/my-day/visits/(\d+)")


def hand_at(phone: Desk) -> Phone:
    """The visit whose page is on the phone's screen, to be worked at without it."""
    found = VISIT.search(phone.path)
    assert found, phone.path
    return Phone(Wire(phone), int(found[1]))


def depart(hand: Phone) -> None:
    """Everything is there: go, and arrive."""
    hand.open()
    hand.press("/depart", **ALL_THERE)
    hand.press("/arrive", lat="22.6391", lon="113.8112", accuracy_m="9")


def photograph(hand: Phone, line: int, picture: Path, kind: str) -> None:
    """A photo of a vehicle, as the camera's page sends it."""
    assert hand.client.photo(f"{hand.root}/photos?kind={kind}&line={line}", picture).status_code == 201


def install_all(hand: Phone, picture: Path) -> None:
    """The vehicles that are left."""
    while hand.open("/vehicles") and (ahead := NEXT_VEHICLE.search(hand.big())):
        photograph(hand, int(ahead[1]), picture, "work")
        do_as_proposed(hand, f"/vehicles/{ahead[1]}")


def only_vehicle(hand: Phone) -> int:
    """The one line of a repair."""
    found = NEXT_VEHICLE.search(hand.open()) or re.search(r"line=(\d+)", hand.page)
    assert found, hand.page
    return int(found[1])


def swap(hand: Phone, line: int, kinds: Sequence[str], **old: str) -> None:
    """The first new unit of each kind out of the bag. `old`: what is read off the vehicle, else there was none in it."""
    hand.open(f"/vehicles/{line}/swap?what={'both' if len(kinds) > 1 else kinds[0]}")
    typed = dict(old) if old else {f"none_{kind}": "1" for kind in kinds}
    for kind in kinds:
        first = re.search(rf'name="pick_{kind}" value="([^"]+)"', hand.page)
        assert first, f"there is no {kind} in the bag"
        typed[f"pick_{kind}"] = first[1]
    hand.press(f"/vehicles/{line}/fit", **typed)


def test_run(hand: Phone, line: int) -> None:
    """All passed."""
    hand.open(f"/vehicles/{line}/test")
    hand.press(f"/vehicles/{line}/test", rest="passed")


def is_due(hand: Phone) -> bool:
    """Whether the price page asks for money."""
    hand.open("/price")
    return "Take" in hand.big()


def pay(hand: Phone, channel: str, *, invoice: str) -> None:
    """All that is due."""
    hand.open("/payment")
    hand.press("/payment", channel=channel, invoice_number=invoice)


def sign_and_finish(hand: Phone) -> None:
    """The customer signs what he was shown, and the visit ends."""
    hand.open("/signature")
    hand.press("/signature", points=DRAWN)
    hand.open("/finish")
    hand.press("/finish")
