"""Makes the README's pictures: `python -m tests.browser.pictures FOLDER`. The demonstration company, in the afternoon."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import sqlalchemy as sa
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright
from sqlalchemy.orm import Session

from dispatch import config, demo
from dispatch.app import create_app
from dispatch.customers.models import Vehicle
from dispatch.db import transaction
from dispatch.host.cluster import start_throwaway, stop_throwaway
from dispatch.host.schema import upgrade
from dispatch.orders.models import Order, OrderLine, Visit
from dispatch.staff.models import Person
from tests.browser.conftest import QUIET
from tests.browser.staging import answering
from tests.browser.walking import PHONE, WIDE, Desk
from tests.company import AFTERNOON, zone_where_it_is
from tests.conftest import browser_program
from tests.sheets.gallery import drawn, usual

COLOURS = 128
"""A picture of a page has few: this makes it a third as large."""


@dataclass(frozen=True)
class Picture:
    """What is shown: whose page, where, how wide, and what is done before."""

    who: str
    path: str
    viewport: dict[str, int]
    act: Callable[[Page], None] = lambda page: None


def take_a_call(page: Page, plate: str) -> None:
    """A caller is looked up by his plate, and found."""
    page.locator("#who").press_sequentially(plate)
    page.locator("#found [role=option]").first.click()
    page.locator("#known [data-fill]").wait_for(state="attached")
    page.mouse.click(5, 5)


def open_routes(page: Page) -> None:
    """The first technicians' stops beside the map."""
    page.locator(".map canvas").first.wait_for()
    for route in page.locator("details.route").all()[:2]:
        route.evaluate("one => { one.open = true }")
    page.wait_for_timeout(1500)


def pictures(session: Session) -> dict[str, Picture]:
    """By the name of the file; the stop is the one at which he stands."""
    repairs = sa.select(Visit.id).join(Visit.order).join(Visit.technician).where(Order.kind == "repair", Person.username == "su")
    stop = session.scalars(repairs.where(Visit.status == "on_site")).first()
    fitted = sa.select(Vehicle.plate).join(OrderLine, OrderLine.vehicle_id == Vehicle.id).join(OrderLine.order)
    plate = session.scalars(fitted.where(Order.kind == "repair", OrderLine.status == "done", Vehicle.plate.is_not(None))).first()
    return {
        "call": Picture("lin", "/calls/new", WIDE, partial(take_a_call, plate=plate or "")),
        "plan": Picture("lin", "/plan", WIDE, open_routes),
        "day": Picture("su", "/my-day", PHONE),
        "stop": Picture("su", f"/my-day/visits/{stop}", PHONE),
        "finance": Picture("qian", "/finance", WIDE),
    }


def take(browser: Browser, address: str, picture: Picture, file: Path) -> None:
    """Sign in, go there, and take it."""
    desk = Desk(browser.new_context(viewport=picture.viewport, locale="en-US").new_page(), address)
    desk.sign_in(picture.who, demo.PASSWORD)
    desk.go(picture.path)
    picture.act(desk.page)
    desk.page.screenshot(path=file)
    smaller(file)


def smaller(file: Path) -> None:
    """The same picture with few colours."""
    Image.open(file).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(file, optimize=True)


def a_sheet(folder: Path) -> None:
    """The first page of a usual sheet."""
    pdf = folder / "sheet.pdf"
    pdf.write_bytes(drawn(usual()))
    subprocess.run(["pdftoppm", "-r", "80", "-png", "-f", "1", "-singlefile", pdf, pdf.with_suffix("")], check=True)
    pdf.unlink()
    smaller(folder / "sheet.png")


def make(folder: Path, url: str, data: Path) -> None:
    """All of them."""
    environ = {"DATABASE_URL": url, "DATA_DIR": str(data), "DEFAULT_ZONE": zone_where_it_is(AFTERNOON)}
    settings = config.with_secret(config.load(environ))
    upgrade(url)
    demo.build(settings)
    app = create_app(settings)
    with transaction() as session:
        wanted = pictures(session)
    with answering(app) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_program(), args=QUIET)
        for name, picture in wanted.items():
            take(browser, address, picture, folder / f"{name}.png")
        browser.close()
    a_sheet(folder)


if __name__ == "__main__":
    cluster = start_throwaway()
    with tempfile.TemporaryDirectory() as place:
        make(Path(sys.argv[1]), cluster.url, Path(place))
    stop_throwaway(cluster)
