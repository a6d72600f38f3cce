"""A technician's phone for tests: opens pages, finds the forms on them, and sends them with what was typed."""

from __future__ import annotations

import io
import itertools
import re
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from PIL import Image
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse

from dispatch.field.pages import day, money, photos, sending, signing, stop
from dispatch.orders.models import Order
from tests.conftest import AT


def set_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is 09:00 on the day of the tests, a second later each time a page looks."""
    ticks = itertools.count()
    for page in (day, money, photos, sending, signing, stop):
        monkeypatch.setattr(page, "now", lambda: AT + timedelta(seconds=next(ticks)))


class _Forms(HTMLParser):
    """The forms of a page by their addresses: what each would send untouched, a list of texts for each name."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, list[dict[str, list[str]]]] = {}
        self._open: dict[str, list[str]] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self._open = {}
            self.found.setdefault(given.get("action") or "", []).append(self._open)
        elif tag == "input" and self._open is not None and _counts(given):
            self._open.setdefault(given["name"] or "", []).append(given.get("value") or "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None


def _counts(given: dict[str, str | None]) -> bool:
    kind = given.get("type", "text")
    return bool(given.get("name")) and kind != "file" and (kind not in ("radio", "checkbox") or "checked" in given)


class Phone:
    """One technician's browser at one of his visits. `page` is the text of the page he looks at."""

    def __init__(self, client: Any, visit_id: int) -> None:
        self.client = client  # Flask's own, or another that can get and post like it
        self.root = f"/my-day/visits/{visit_id}"
        self.page = ""

    def open(self, path: str = "") -> str:
        """Open a page of the visit."""
        answer = self.client.get(self.root + path)
        assert answer.status_code == 200, answer.text
        self.page = answer.text
        return self.page

    def form(self, path: str, nth: int = 0) -> dict[str, Any]:
        """What the form for this address on the present page would send untouched; of several with one address the `nth`."""
        forms = _Forms()
        forms.feed(self.page)
        assert self.root + path in forms.found, sorted(forms.found)
        fields = forms.found[self.root + path][nth]
        return {name: texts if len(texts) > 1 else texts[0] for name, texts in fields.items()}

    def press(self, path: str, *, nth: int = 0, status: int = 303, **typed: Any) -> TestResponse:
        """Send a form of the present page with this typed into it; the answer's page, or the one it leads to, is then open."""
        answer = self.client.post(self.root + path, data=self.form(path, nth) | typed)
        assert answer.status_code == status, sentences(answer.text)
        self.page = self.client.get(answer.location).text if status == 303 else answer.text
        return answer

    def big(self) -> str:
        """What stands at the place of the one big button."""
        _, _, after = self.page.partition('class="phone-big"')
        return after.partition("</footer>")[0]


def at(order: Order, index: int = 0) -> str:
    """The path of a vehicle's page."""
    return f"/vehicles/{order.lines[index].id}"


def fit_and_test(phone: Phone, order: Order, index: int) -> None:
    """One vehicle of an order as proposed: fit, all passed, done."""
    do_as_proposed(phone, at(order, index))


def do_as_proposed(phone: Phone, vehicle: str) -> None:
    """The same for the vehicle with this path."""
    phone.open(vehicle)
    assert "Fit these" in phone.big()
    phone.press(f"{vehicle}/fit")
    assert "Test-run: all passed" in phone.big()
    phone.press(f"{vehicle}/test", rest="passed")
    assert "Vehicle done" in phone.big()
    phone.press(f"{vehicle}/done")


def sentences(page: str) -> list[tuple[str, str]]:
    """What a page says in its notes and beside its fields."""
    return re.findall(r'<div><p>([^<]+)|class="field-error"[^>]*>(?:<svg.*?</svg>)?(?:<span>)?([^<]+)', page)


def jpeg(*, size: tuple[int, int] = (64, 48), colour: str = "navy") -> FileStorage:
    """A photo as a form sends it."""
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "JPEG")
    return file(out.getvalue())


def file(content: bytes, name: str = "photo.jpg") -> FileStorage:
    """Any bytes under the name of a photo."""
    return FileStorage(io.BytesIO(content), filename=name, content_type="image/jpeg")
