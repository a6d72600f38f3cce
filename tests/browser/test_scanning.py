"""The phone's camera: what the codes of a label say, a swap of which both terminals are scanned, photos made ready to be sent."""

from __future__ import annotations

import base64
import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from PIL import ExifTags, Image
from playwright.sync_api import Browser, Playwright, expect

from dispatch.db import transaction
from dispatch.devices.fitted import fittings_of
from dispatch.field.models import Photo
from tests.board.building import approved_order
from tests.browser.conftest import QUIET
from tests.browser.roadside import TOUCH, big
from tests.browser.walking import Desk
from tests.conftest import PASSWORD, Cast, Served, browser_program
from tests.field.building import arrived, carrying
from tests.measure.labels import FRAME, drawn_label, luhn

pytestmark = pytest.mark.browser

IMEI = luhn("86123456789012")

ICCID = "89860624293000000017"

CHOOSE = """
async ([address, cases]) => {
  const { choose, createTally, whole } = await import(address);
  const tally = createTally({ memory: 3 });
  const agreed = [["A1", "A1"], ["B2"], ["B2", "A1"], [], ["C3"]].map((texts) => tally(texts).sort());
  return [cases.map(([wanted, texts, units]) => choose(wanted, texts, units)), agreed, whole(["T0001", "T00012", "SN:T00012"])];
}
"""
BAG = {"known": [["T00017", IMEI], ["T00018"]], "not": ["T00016"]}
CASES: list[tuple[str, list[str], dict[str, Any], dict[str, Any] | None]] = [
    ("terminal", ["T234991214"], {}, {"number": "T234991214", "known": False}),
    ("terminal", [IMEI, "T234991214", ICCID], {}, {"number": "T234991214", "known": False}),
    ("terminal", [f"SN:T00017;IMEI:{IMEI}"], {}, {"number": "T00017", "known": False}),
    ("terminal", [f"https://a.example/t?sn=T00017&imei={IMEI}"], {}, {"number": "T00017", "known": False}),
    # an IMEI stands for the unit whose it is; alone it is asked about; with a wrong check digit it is nothing
    ("terminal", [IMEI], BAG, {"number": "T00017", "known": True}),
    ("terminal", [IMEI], {}, {"several": [IMEI]}),
    ("terminal", [IMEI[:-1] + str((int(IMEI[-1]) + 1) % 10)], {}, None),
    ("terminal", ["T00018", "T00017"], BAG, {"several": ["T00017", "T00018"]}),
    ("terminal", ["T00016", "T00017"], BAG, {"barred": "T00016"}),
    ("terminal", ["T234991214", "X900012345"], {}, {"several": ["T234991214", "X900012345"]}),
    ("terminal", [ICCID, "PN-999/A", "HELLO"], {}, None),
    ("sim", [ICCID, IMEI, "460001234567890"], {}, {"number": ICCID, "known": False}),
    ("sim", ["8986 0624 2930 0000 0017"], {"known": [[ICCID[:19]]]}, {"number": ICCID[:19], "known": True}),
    ("sim", [f"ICCID:{ICCID};PUK:12345678"], {"not": [ICCID[:19]]}, {"barred": ICCID}),
    ("sim", ["T234991214"], {}, None),
    ("terminal", ["MODEL 1234 BOX"], {}, None),
    ("any", ["WYB-03"], {"known": [["WYB-03"], ["T00018"]]}, {"number": "WYB-03", "known": True}),
    ("any", [ICCID], {"known": [["T1", IMEI], [ICCID]]}, {"number": ICCID, "known": True}),
]


@pytest.fixture(scope="module")
def filmed(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Browser, Path]]:
    """A browser whose camera shows this film; what is in the file when a page opens the camera is what it sees."""
    film = tmp_path_factory.mktemp("film") / "film.mjpeg"
    show(film, "T00001")
    fake = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream", f"--use-file-for-fake-video-capture={film}"]
    environ: dict[str, Any] = {**os.environ, "HOME": str(film.parent)}
    browser = playwright.chromium.launch(executable_path=browser_program(), args=[*QUIET, *fake], env=environ)
    yield browser, film
    browser.close()


def show(film: Path, number: str) -> None:
    """From now on the camera sees the label of this terminal, with an IMEI beside its number."""
    frame, out = Image.new("L", FRAME, 90), io.BytesIO()
    label = drawn_label("Code 128", "terminal", number, [("IMEI", IMEI)], 4)
    frame.paste(label, ((FRAME[0] - label.width) // 2, (FRAME[1] - label.height) // 2))
    frame.convert("RGB").save(out, "JPEG", quality=90)
    film.write_bytes(out.getvalue() * 10)


def test_codes_of_a_label_are_told_apart(served: Served, filmed: tuple[Browser, Path]) -> None:
    page = filmed[0].new_page()
    page.goto(served.url + "/signin")
    found, agreed, pieces = page.evaluate(CHOOSE, ["/static/web/scan/choice.js", [case[:3] for case in CASES]])
    assert found == [case[3] for case in CASES]
    assert agreed == [[], [], ["A1", "B2"], ["B2"], []]
    assert pieces == ["T00012", "SN:T00012"]
    page.close()


STAMP = """
async ([address, photo, place]) => {
  const { stamp } = await import(address);
  const file = new File([Uint8Array.from(atob(photo), (letter) => letter.charCodeAt(0))], "photo.jpg");
  const made = await stamp(file, { order: "RSZ-1", place });
  if (!made) return null;
  const picture = await createImageBitmap(made.photo), canvas = new OffscreenCanvas(picture.width, picture.height);
  const pen = canvas.getContext("2d");
  pen.drawImage(picture, 0, 0);
  const tone = (x, y) => pen.getImageData(x, y, 1, 1).data[0];
  const whole = [picture.width, picture.height, made.photo.size < 900000, tone(picture.width - 9, 9) > 128];
  const band = tone(picture.width - 2, picture.height - 2) < 128;
  return { whole, band, at: made.taken_at, place: [made.taken_lat, made.taken_lon] };
}
"""


def photographed(size: tuple[int, int], *, told: bool) -> str:
    """A photo from a phone held upright: the sensor lay on its side, its left half was dark; `told`: with time and place."""
    picture, exif, out = Image.new("L", size, 20), Image.Exif(), io.BytesIO()
    picture.paste(230, (0, 0, size[0] // 2, size[1]))
    if told:
        exif[ExifTags.Base.Orientation] = 6
        exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = "2026:12:02 14:05:00"
        gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
        gps[ExifTags.GPS.GPSLatitudeRef], gps[ExifTags.GPS.GPSLatitude] = "S", (22.0, 32.0, 24.0)
        gps[ExifTags.GPS.GPSLongitudeRef], gps[ExifTags.GPS.GPSLongitude] = "E", (113.0, 57.0, 0.0)
    picture.save(out, "JPEG", quality=60, exif=exif)
    return base64.b64encode(out.getvalue()).decode()


def test_a_photo_is_made_ready_on_the_phone(served: Served, filmed: tuple[Browser, Path]) -> None:
    page = filmed[0].new_page()
    page.goto(served.url + "/signin")
    here = {"lat": 1.5, "lon": 2.5, "accuracy": 9}

    def made(photo: str) -> Any:
        return page.evaluate(STAMP, ["/static/field/stamp.js", photo, here])

    large = made(photographed((8000, 5000), told=True))
    assert large["whole"] == [1280, 2048, True, True] and large["band"]
    assert large["at"] == "2026-12-02T14:05:00" and large["place"] == [pytest.approx(-22.54), pytest.approx(113.95)]
    small = made(photographed((600, 400), told=False))
    assert small["whole"] == [600, 400, True, False] and small["band"] and small["place"] == [1.5, 2.5]
    assert small["at"].endswith("Z")
    assert made(base64.b64encode(b"\x00\x00\x00\x18ftypheic no browser here").decode()) is None
    page.close()


def test_both_terminals_of_a_swap_are_scanned(cast: Cast, served: Served, filmed: tuple[Browser, Path]) -> None:
    with transaction() as db:
        order = approved_order(db, cast)
        number, line = order.id, order.lines[0].id
        [mine, other], _ = carrying(db, cast, cast.su, 2)
        new, left = mine.number, other.number
        visit = arrived(db, cast, order, cast.su).id
    browser, film = filmed
    context = browser.new_context(**TOUCH | {"locale": "en-US", "permissions": ["geolocation", "camera"]})
    su = Desk(context.new_page(), served.url)
    su.sign_in("su", PASSWORD)
    su.go(f"/my-day/visits/{visit}/vehicles/{line}/swap?what=terminal")

    show(film, left)
    su.press("Scan the old terminal")
    su.sees("This one is out of your bag.")
    su.press("Type it")
    expect(su.page.locator("#f-old_terminal")).to_be_focused()
    show(film, "ZX900012")
    su.press("Scan the old terminal")
    su.sees("ZX900012 was read.")
    expect(su.page.locator("#f-old_terminal")).to_have_value("ZX900012")
    su.fill("Model of the old terminal", "BD-808A")
    show(film, new)
    su.press("Scan the new terminal")
    su.sees(f"{new} was read. It is in your bag.")
    expect(su.page.locator("#bag-terminal label:visible")).to_have_count(1)
    big(su, "Swap")
    expect(su.page.locator(".change").filter(has_text="ZX900012")).to_have_count(1)
    assert not su.complaints
    context.close()
    with transaction() as db:
        [swap] = fittings_of(db, number)
        assert swap.old_unit and swap.new_unit and (swap.old_unit.number, swap.new_unit.number) == ("ZX900012", new)
        photos = db.scalars(sa.select(Photo).order_by(Photo.kind)).all()
        assert [(photo.kind, photo.line_id, photo.width) for photo in photos] == [("imei", line, 1280), ("unit", line, 1280)]
        assert photos[0].at >= swap.at
