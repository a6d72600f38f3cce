"""Every page as design asks: usable without sight (axe), no wider than a phone, silent in the console; by day and by night."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright._impl._api_structures import SetCookieParam
from playwright.sync_api import Browser, Page

from dispatch import db
from dispatch.app import create_app
from tests.browser.sight import NO_PAGES, Sight
from tests.browser.staging import answering, signed_in
from tests.browser.walking import PHONE, WIDE, Desk
from tests.company import DemoCompany
from tests.conftest import PASSWORD

pytestmark = pytest.mark.browser

AXE = Axe().axe_script
RUN_AXE = """() => {
    axe.configure({rules: [{id: "color-contrast", selector: ":not([data-judged])"}]});
    const frame = ["nav.rail", "header.top"], whose = `frame of ${document.querySelector(".me")?.textContent}`;
    const seen = sessionStorage.getItem(whose);
    if (document.querySelector("nav.rail")) sessionStorage.setItem(whose, "seen");
    const page = seen ? {exclude: frame.map(one => [one])} : document;
    return axe.run(page, {resultTypes: ["violations"]}).then(found => found.violations);
}"""
"""The menu and the bar at the top are alike on all pages of one person: they are judged with the first that has them.

What is in order need not be sent here; a list of it took as long as finding the faults.
"""


@dataclass(frozen=True)
class Showroom:
    """The demonstration company, answering."""

    url: str
    app: Flask
    sights: dict[str, Sight]


@pytest.fixture(scope="module")
def showroom(shown_company: tuple[DemoCompany, dict[str, Sight]]) -> Iterator[Showroom]:
    """The demonstration company at two in the afternoon, on a server in this process."""
    company, sights = shown_company
    app = create_app(company.settings)
    with answering(app) as address:
        yield Showroom(address, app, sights)
    db.disconnect()


@dataclass(frozen=True)
class Look:
    """One way of looking: language, width, colours.

    Each page is seen in two opposite ones, which share a `turn`; another state of the same page in one of these two, its `half`.
    """

    locale: str
    viewport: dict[str, int]
    scheme: str
    turn: int
    half: int

    def choose(self, sights: dict[str, Sight]) -> Iterator[tuple[str, Sight]]:
        """What is seen in this way, by name."""
        endpoints = set[str]()
        for index, (name, sight) in enumerate(sights.items()):
            half, turn = divmod(index % 4, 2)
            if turn == self.turn and (half == self.half or sight.endpoint not in endpoints):
                yield name, sight
            endpoints.add(sight.endpoint)


LOOKS = {
    "Chinese, desk, day": Look("zh-CN", WIDE, "light", 0, 0),
    "English, phone, night": Look("en-US", PHONE, "dark", 0, 1),
    "English, desk, night": Look("en-US", WIDE, "dark", 1, 0),
    "Chinese, phone, day": Look("zh-CN", PHONE, "light", 1, 1),
}


def test_no_page_is_forgotten(showroom: Showroom) -> None:
    chosen = {name for look in LOOKS.values() for name, _ in look.choose(showroom.sights)}
    assert chosen == showroom.sights.keys()
    served = {rule.endpoint for rule in showroom.app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    assert served - NO_PAGES == {sight.endpoint for sight in showroom.sights.values()} - {""}


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS.keys())
def test_pages(showroom: Showroom, chromium: Browser, look: Look, subtests: pytest.Subtests) -> None:
    desk = _sit_down(chromium, look, showroom.url)
    badges = {who: _badge(showroom, who) for who in {sight.who for sight in showroom.sights.values()} - {""}}
    for name, sight in look.choose(showroom.sights):
        desk.page.context.clear_cookies()
        desk.page.context.add_cookies([badges[sight.who]] if sight.who else [])
        with subtests.test(name):
            assert desk.open(sight.path) == sight.status
            assert desk.path == sight.path, "the page leads elsewhere"
            assert faults(desk) == []
    desk.page.context.close()


def test_faint_words_are_found_where_legible_ones_were_judged(showroom: Showroom, chromium: Browser) -> None:
    desk = _sit_down(chromium, LOOKS["English, phone, night"], showroom.url)
    desk.open("/signin")
    assert faults(desk) == []
    desk.open("/signin")
    desk.page.locator("h1").evaluate("one => { one.style.transition = 'none'; one.style.color = 'dimgrey' }")
    (fault,) = faults(desk)
    assert fault.startswith("color-contrast: <h1")
    desk.page.context.close()


def _badge(showroom: Showroom, who: str) -> SetCookieParam:
    """The cookie of somebody who has signed in."""
    name = showroom.app.config["SESSION_COOKIE_NAME"]
    cookie = signed_in(showroom.app, who).get_cookie(name)
    assert cookie
    return {"name": name, "value": cookie.value, "url": showroom.url}


@dataclass(frozen=True)
class Opening:
    """Something that opens on a page: where, what is pressed or typed into, and what is there afterwards."""

    path: str
    at: str
    shows: str
    typed: str = ""


OPENED = {
    "the menu of the person": Opening("/orders", ".me summary", ".me .menu-body"),
    "search as one types": Opening("/stock", "#search", "#search-found .found", typed="13"),
    "my filters": Opening("/orders?mine=1", ".my-filters > summary", "#filter-name"),
    "where an order is": Opening("/orders/{approved}", "[data-dialog=set-pin]", "#set-pin form"),
    "a refused call": Opening("/calls/new", "#call .btn-primary", ".error-summary"),
    "somebody found": Opening("/calls/new", "#who", "#found [role=option]", typed="公司"),
    "changing a visit": Opening("/plan", ".stop [data-dialog=change]", "#change-body form"),
    "rejecting": Opening("/approvals", ".waiting-card [data-dialog]", "dialog[open]"),
}


@pytest.mark.parametrize("look", [LOOKS["Chinese, desk, day"], LOOKS["English, phone, night"]], ids=["desk", "phone"])
def test_what_opens(showroom: Showroom, chromium: Browser, look: Look, subtests: pytest.Subtests) -> None:
    desk = _sit_down(chromium, look, showroom.url)
    sign_in_by_keyboard(desk, "wang")
    approved = showroom.sights["an order, approved, repair"].path.rpartition("/")[2]
    for name, opening in OPENED.items():
        with subtests.test(name):
            desk.open(opening.path.format(approved=approved))
            _act(desk.page, opening)
            desk.page.locator(opening.shows).first.wait_for()
            assert faults(desk) == []
    desk.page.context.close()


def _act(page: Page, opening: Opening) -> None:
    for route in page.locator("details.route").all():
        route.evaluate("one => { one.open = true }")
    at = page.locator(opening.at).first
    if opening.typed:
        at.press_sequentially(opening.typed)
    else:
        at.click()


def _sit_down(chromium: Browser, look: Look, url: str) -> Desk:
    wishes = {"locale": look.locale, "viewport": look.viewport, "color_scheme": look.scheme, "reduced_motion": "reduce"}
    context = chromium.new_context(**wishes)
    context.add_init_script(AXE)
    return Desk(context.new_page(), url)


def sign_in_by_keyboard(desk: Desk, who: str) -> None:
    """In whichever language the page is."""
    desk.go("/signin")
    desk.page.locator("#f-username").fill(who)
    desk.page.locator("#f-password").fill(PASSWORD)
    desk.page.locator("#f-password").press("Enter")
    desk.page.wait_for_url(lambda url: "/signin" not in url)


def faults(desk: Desk) -> list[str]:
    """What is wrong with the page on the screen, each in one line."""
    found = [*desk.complaints]
    desk.complaints.clear()
    wide, screen = desk.page.evaluate("[document.scrollingElement.scrollWidth, innerWidth]")
    if wide > screen:
        found.append(f"{wide} px wide on a screen of {screen} px: {desk.page.evaluate(WIDEST)}")
    return found + _violations(desk.page)


def _violations(page: Page) -> list[str]:
    page.evaluate(SHORTEN)
    page.evaluate(MARK_JUDGED)
    return [
        f"{rule['id']}: {node['html'][:160]} {node['failureSummary'].splitlines()[1].strip()}"
        for rule in page.evaluate(RUN_AXE)
        for node in rule["nodes"][:3]
    ]


SHORTEN = """() => {
    const looks = one => [one, ...one.querySelectorAll("*")].map(each => each.tagName + each.getAttribute("class")).join();
    for (const list of document.querySelectorAll("tbody, ul, ol, dl, .routes")) {
        const seen = new Set();
        for (const one of [...list.children])
            if (seen.size > 11 || seen.has(looks(one))) one.remove(); else seen.add(looks(one));
    }
}"""
"""Of the rows of a list that look alike the first one stands for all; twelve kinds are enough."""
MARK_JUDGED = """() => {
    const judged = new Set(JSON.parse(sessionStorage.getItem("judged") || "[]")), grounds = new Map([[null, ""]]);
    const ground = one => {
        if (!grounds.has(one)) {
            const look = getComputedStyle(one), below = ground(one.parentElement);
            const own = [look.backgroundColor, look.backgroundImage, look.opacity, look.filter].join();
            grounds.set(one, own === "rgba(0, 0, 0, 0),none,1,none" ? below : `${below};${own}`);
        }
        return grounds.get(one);
    };
    for (const one of document.body.querySelectorAll("*")) {
        const look = getComputedStyle(one), own = [one.tagName, one.getAttribute("class"), look.position, look.textShadow];
        const sight = [...own, look.color, look.fontSize, look.fontWeight, ground(one)].join("|");
        if (judged.has(sight)) one.dataset.judged = ""; else judged.add(sight);
    }
    sessionStorage.setItem("judged", JSON.stringify([...judged]));
}"""
"""Colours are judged once in each way of looking: one of the same class, colours, size and ground has been judged before."""
WIDEST = """[...document.querySelectorAll("body *")]
    .filter(one => one.getBoundingClientRect().right > innerWidth + 1 && getComputedStyle(one).position !== "fixed")
    .slice(0, 3).map(one => one.outerHTML.slice(0, 120)).join(" | ")"""
"""JavaScript that names what sticks out."""
