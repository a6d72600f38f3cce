"""What a technician does on his phone: the one big button, a photo, a signature."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import expect

from tests.browser import unseen
from tests.browser.walking import PHONE, Desk, draw

PLACE = {"latitude": 22.6391, "longitude": 113.8112, "accuracy": 9}
A_VEHICLE = re.compile(r"/vehicles/\d+$")
ON_THE_SCREEN = 2
"""So many vehicles of an installation are done on the screen; the others would show the same pages again."""
TOUCH: dict[str, Any] = {
    "viewport": PHONE,
    "has_touch": True,
    "is_mobile": True,
    "geolocation": PLACE,
    "permissions": ["geolocation"],
}


def camera_picture(path: Path, size: tuple[int, int] = (1600, 1200)) -> Path:
    """A photo as a camera makes it."""
    Image.radial_gradient("L").resize(size).save(path)
    return path


def big(phone: Desk, word: str | re.Pattern[str]) -> None:
    """Press the one big button, which says this."""
    button = phone.page.locator(".phone-big .btn:visible")
    try:
        expect(button).to_have_count(1)
        expect(button).to_contain_text(word)
    except AssertionError as missing:
        missing.add_note(f"{phone.path} says:\n{phone.page.locator('main').inner_text()}")
        raise
    button.click()


def depart(phone: Desk) -> None:
    """Everything is there: go, and arrive."""
    for word in ("Order and address read", "Tools complete", "Terminals, SIMs and parts", "Receipts, invoices"):
        phone.page.get_by_label(re.compile(word)).check()
    big(phone, "Depart")
    big(phone, "Arrived")


def take(phone: Desk, picture: Path) -> None:
    """Take a photo: it is sent by itself."""
    phone.page.set_input_files("#camera", picture)
    expect(phone.page.locator("[data-shots] a").last).to_be_visible()


def sign(phone: Desk) -> None:
    """The customer signs what he was shown, all of which fits his eye: nothing sticks out of the screen."""
    draw(phone)
    wide, screen = phone.page.evaluate("[document.scrollingElement.scrollWidth, innerWidth]")
    assert wide <= screen, f"{wide} px wide on a screen of {screen} px"
    big(phone, "I agree and sign")


def finish(phone: Desk) -> None:
    """End the visit."""
    big(phone, "Finish")
    phone.page.wait_for_url("**/my-day")


def install(phone: Desk, picture: Path) -> None:
    """One vehicle: a photo, the units that are proposed, all points passed, done."""
    take(phone, picture)
    big(phone, "Fit these")
    big(phone, "Test-run: all passed")
    big(phone, "Vehicle done")


def install_all(phone: Desk, picture: Path) -> None:
    """Vehicle after vehicle, until none of one's own is left: the first on the screen, the others by the same forms."""
    big(phone, "Vehicles")
    big(phone, "Next vehicle")
    phone.page.wait_for_url(A_VEHICLE)
    for _ in range(ON_THE_SCREEN):
        if A_VEHICLE.search(phone.path):
            install(phone, picture)
            phone.sees("Vehicle done.")
    if A_VEHICLE.search(phone.path):
        hand = unseen.hand_at(phone)
        unseen.install_all(hand, picture)
        phone.go(hand.root)


def swap(phone: Desk, kinds: Sequence[str], *, model: str, old: str) -> None:
    """New units out of the bag, the first of the list; what was in the vehicle is read off it, the record knows of nothing."""
    phone.follow("Swap both" if len(kinds) > 1 else {"terminal": "Swap terminal", "sim": "Swap SIM"}[kinds[0]])
    phone.page.wait_for_url("**/swap?*")
    if list(kinds) == ["terminal"]:
        phone.fill("Number of the old terminal", old)
        phone.fill("Model of the old terminal", model)
    else:
        for box in phone.page.get_by_label("There was none in it").all():
            box.check()
    for kind in kinds:
        phone.page.locator(f"#bag-{kind} label").first.click()
    big(phone, "Swap")


def add_service(phone: Desk, name: str) -> None:
    """Something from the price list that does not follow from what was fitted."""
    phone.page.get_by_text("Add a service").click()
    phone.page.get_by_label(re.compile(name)).check()
    phone.press("Add to the price")
    phone.sees(name, within=phone.page.locator(".bill"))


def is_due(phone: Desk) -> bool:
    """Whether the price page asks for money."""
    phone.page.wait_for_url("**/price")
    return "Take" in phone.page.locator(".phone-big .btn").inner_text()


def pay(phone: Desk, channel: str, *, invoice: str) -> None:
    """Take what is due; the invoice may follow later."""
    phone.page.get_by_label(channel, exact=True).check()
    if invoice:
        phone.fill("Invoice number", invoice)
    big(phone, "Money received")
    big(phone, "Go on: signature")
