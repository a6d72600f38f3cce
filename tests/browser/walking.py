"""What a person does at a page, in words: go, press, fill, choose, read."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import ConsoleMessage, Locator, Page, expect

WIDE = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
EXPECTED_REFUSAL = re.compile(r"the server responded with a status of 4\d\d")


class Desk:
    """Somebody's browser window. `complaints` collects what its pages write into the console as errors."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.address = address
        self.complaints: list[str] = []
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.complaints.append(f"{page.url}: {error}"))

    def _note(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not EXPECTED_REFUSAL.search(message.text):
            self.complaints.append(f"{self.page.url}: {message.text}")

    # going

    def sign_in(self, username: str, password: str) -> None:
        """Through the sign-in page, as everybody does."""
        self.go("/signin")
        self.fill("Username", username)
        self.fill("Password", password)
        self.press("Sign in")
        self.page.wait_for_url(lambda url: "/signin" not in url)

    def go(self, path: str) -> Desk:
        """Type an address of the product."""
        self.page.goto(self.address + path)
        return self

    def open(self, path: str) -> int:
        """The same; gives the status of the answer."""
        answer = self.page.goto(self.address + path)
        assert answer
        return answer.status

    def rest(self) -> None:
        """Look away: an open page of an order asks for news again and again, also when nobody reads them."""
        self.page.goto("about:blank")

    @property
    def path(self) -> str:
        """Where we are, without the server's name."""
        return self.page.url.removeprefix(self.address)

    # doing

    def press(self, name: str | re.Pattern[str], within: Locator | None = None) -> None:
        """Press the button with this word; the first one where the page repeats it."""
        (within or self.page).get_by_role("button", name=name).first.click()

    def follow(self, name: str | re.Pattern[str], within: Locator | None = None) -> None:
        """Follow the link with this word."""
        (within or self.page).get_by_role("link", name=name).first.click()

    def field(self, label: str) -> Locator:
        """The field under a label; “optional” may follow the word."""
        return self.page.get_by_label(re.compile(rf"^{re.escape(label)}( optional)?$"))

    def fill(self, label: str, text: str) -> None:
        """Type into a field."""
        self.field(label).fill(text)

    def choose(self, label: str, option: str) -> None:
        """Choose from a list by its word."""
        self.field(label).select_option(label=option)

    def type(self, *keys: str) -> None:
        """The keyboard alone: names of keys, or words to be typed where the focus is."""
        for key in keys:
            if key in ("Tab", "Enter", "ArrowDown", "ArrowUp", "Space", "Escape", "/") or "+" in key:
                self.page.keyboard.press(key)
            else:
                self.page.keyboard.insert_text(key)

    # reading

    def sees(self, text: str | re.Pattern[str], within: Locator | None = None) -> Locator:
        """The text is on the page, or comes within the time people wait."""
        found = (within or self.page).get_by_text(text).first
        expect(found).to_be_visible()
        return found

    def title(self) -> str:
        """The page's head line."""
        return self.page.locator("h1").inner_text()

    def status(self) -> str:
        """The status beside the head line of an order."""
        return self.page.locator(".page-sub .status").first.inner_text().strip()


SitDown = Callable[..., Desk]
"""Takes a user name; gives that person at the screen."""

# stations


def bring_in(desk: Desk, purpose: str, file: Path, rows: int, *, store: str = "", trained: bool = False) -> None:
    """Import a list: choose the file, look at the preview, take it in. `trained` technicians may be changed, too."""
    desk.go(f"/import/{purpose}")
    desk.page.set_input_files("input[type=file]", file)
    if store:
        desk.fill("Into the store", store)
    if trained:
        desk.page.get_by_label("Training passed").first.check()
        desk.page.get_by_label(re.compile("^Change these")).check()
    desk.press(re.compile(rf"^Import {rows} rows"))
    desk.sees(f"{rows} rows were taken in.")


def issue(desk: Desk, technician: str, **units: int) -> None:
    """Issue so many units, the oldest first, from the store to a technician's bag; `sims=…` or a model's name."""
    desk.go("/stock/issue")
    desk.choose("Technician", technician)
    for name, count in units.items():
        desk.field({"sims": "SIMs"}.get(name, name)).fill(str(count))
    desk.press("Issue")
    desk.sees(re.compile(rf"^{sum(units.values())} units issued to"))
    sign_for(desk)


def sign_for(desk: Desk) -> None:
    """At the counter the technician signs on the clerk's screen for all that waits for him."""
    draw(desk)
    desk.press("Keep the signature")
    desk.sees(re.compile("signed for by"))


LISTENING = "[data-pad]:not([aria-busy]) canvas"
"""The field for a signature, once a stroke in it leaves something."""


def draw(desk: Desk) -> None:
    """Sign in the field with the pointer: two strokes across it."""
    field = desk.page.locator(LISTENING)
    field.scroll_into_view_if_needed()
    box = field.bounding_box()
    assert box
    for height in (0.35, 0.65):
        desk.page.mouse.move(box["x"] + box["width"] * 0.15, box["y"] + box["height"] * height)
        desk.page.mouse.down()
        for step in (1, 2, 3):
            sway = 0.15 if step % 2 else -0.1
            desk.page.mouse.move(box["x"] + box["width"] * (0.15 + step / 5), box["y"] + box["height"] * (height + sway))
        desk.page.mouse.up()
