"""Stops at which no page is new: the same forms in the same order, without drawing them."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dispatch.field.rules import DEPARTURE_ITEMS
from tests.browser.walking import Desk
from tests.browser.wire import Wire
from tests.field.building import DRAWN
from tests.field.phone import Phone, sentences

ALL_THERE = {f"check-{item}": "1" for item in DEPARTURE_ITEMS}
NEXT_VEHICLE = re.compile(r'href="[^"]*/vehicles/(\d+)"')
VISIT = re.compile(r"/my-day/visits/(\d+)")


def hand_at(phone: Desk) -> Phone:
    """The visit whose page is on the phone's screen, to be worked at without it."""
    found = VISIT.search(phone.path)
    assert found, phone.path
    return hand_of(phone, int(found[1]))


def hand_of(phone: Desk, visit: int) -> Phone:
    """A visit of whoever is signed in on the phone, to be worked at without any page."""
    return Phone(Wire(phone), visit)


def send(hand: Phone, path: str, **typed: Any) -> None:
    """A form of the visit that needs nothing of its page but a fact of its own."""
    answer = hand.client.post(hand.root + path, data={"fact": str(uuid.uuid4()), **typed})
    assert answer.status_code == 303, sentences(answer.text)


def depart(hand: Phone) -> None:
    """Everything is there: go, and arrive."""
    send(hand, "/depart", **ALL_THERE)
    send(hand, "/arrive", lat="22.6391", lon="113.8112", accuracy_m="9")


def photograph(hand: Phone, line: int, picture: Path, kind: str) -> None:
    """A photo of a vehicle, as the camera's page sends it."""
    assert hand.client.photo(f"{hand.root}/photos?kind={kind}&line={line}", picture).status_code == 201


def install_all(hand: Phone, picture: Path) -> None:
    """The vehicles that are left, with the units that are proposed."""
    while hand.open("/vehicles") and (ahead := NEXT_VEHICLE.search(hand.big())):
        vehicle = f"/vehicles/{ahead[1]}"
        photograph(hand, int(ahead[1]), picture, "work")
        hand.open(vehicle)
        send(hand, f"{vehicle}/fit", **hand.form(f"{vehicle}/fit"))
        send(hand, f"{vehicle}/test", rest="passed")
        send(hand, f"{vehicle}/done")


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
    send(hand, f"/vehicles/{line}/fit", **hand.form(f"/vehicles/{line}/fit") | typed)


def test_run(hand: Phone, line: int) -> None:
    """All passed."""
    send(hand, f"/vehicles/{line}/test", rest="passed")


def is_due(hand: Phone) -> bool:
    """Whether the price page asks for money."""
    hand.open("/price")
    return "Take" in hand.big()


def pay(hand: Phone, channel: str, *, invoice: str) -> None:
    """All that is due."""
    hand.open("/payment")
    send(hand, "/payment", **hand.form("/payment") | {"channel": channel, "invoice_number": invoice})


def sign_and_finish(hand: Phone) -> None:
    """The customer signs what he was shown, and the visit ends."""
    hand.open("/signature")
    send(hand, "/signature", **hand.form("/signature") | {"points": DRAWN})
    hand.open("/finish")
    send(hand, "/finish", **hand.form("/finish"))
