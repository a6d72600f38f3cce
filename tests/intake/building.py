"""What the tests of intake start from: a complete call, files sent in; and the orders that came of it."""

from __future__ import annotations

import re
import uuid
from pathlib import Path

import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import joinedload, selectinload
from werkzeug.test import TestResponse

from dispatch.customers.models import Vehicle
from dispatch.db import transaction
from dispatch.intake.carrying import carry_out
from dispatch.intake.models import FileWork
from dispatch.intake.progress import UNDER_WAY
from dispatch.orders.models import Order, OrderLine
from tests.tabular.files import xlsx

SAMPLES = Path(__file__).parent.parent / "samples"
ADDRESS = "广东省深圳市宝安区宝安国际机场货运村"
HEAD = {"customer": "平安旅游客运", "contact": "张超敏", "phone": "18886844318", "address": "广东省深圳市南山区科技园南路8号"}
"""What stands above the lines of a request."""


def call_form(**instead: str) -> dict[str, str]:
    """A complete call as the page sends it; `instead` replaces fields."""
    typed = {
        "request_key": str(uuid.uuid4()),
        "channel": "phone",
        "customer": "恒通物流有限公司",
        "contact": "华丽",
        "phone": "133 5092 1198",
        "plate": "粤b·5q8jf",
        "model": "BD-809V",
        "address": ADDRESS,
        "place": "22.639, 113.811",
        "symptom_text": "终端不上线三天",
        "urgency": "urgent",
    }
    return typed | instead


def send_file(client: FlaskClient, url: str, name: str, content: bytes | None = None) -> TestResponse:
    """Send a file in; without content the sample of that name."""
    file = (SAMPLES / name).read_bytes() if content is None else content
    head = f'--cut\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    body = head.encode() + file + b"\r\n--cut--\r\n"
    return client.post(url, data=body, content_type="multipart/form-data; boundary=cut")


def work_off() -> int:
    """Do what the worker is asked to do with files; how much that was."""
    with transaction() as db:
        asked = db.scalars(sa.select(FileWork.id).where(FileWork.state.in_(UNDER_WAY)).order_by(FileWork.id)).all()
    for work_id in asked:
        carry_out(work_id)
    return len(asked)


def sent_in(client: FlaskClient, name: str, content: bytes | None = None) -> str:
    """Send a request in; the address of its preview."""
    answer = send_file(client, "/requests/new", name, content)
    assert answer.status_code == 302, answer.text
    return str(answer.location)


def table(*rows: list[str]) -> bytes:
    """A spreadsheet of vehicles: plate, its colour, VIN, address."""
    return xlsx([["车牌号", "车牌颜色", "车架号", "安装地址"], *rows])


def take_in(client: FlaskClient, url: str, **changes: str | list[str]) -> TestResponse:
    """Press “Take in” with what the preview shows and these changes."""
    return client.post(url, data=preview_form(client.get(url)) | {"then": "take"} | changes)


def orders() -> list[Order]:
    """All orders, oldest first, with customer, site, and the lines with their vehicles, drivers and sites."""
    lines = selectinload(Order.lines).options(
        joinedload(OrderLine.vehicle).selectinload(Vehicle.drivers), joinedload(OrderLine.own_site)
    )
    found = sa.select(Order).options(lines, joinedload(Order.customer), joinedload(Order.site)).order_by(Order.id)
    with transaction() as db:
        return list(db.scalars(found))


def preview_form(page: TestResponse) -> dict[str, list[str]]:
    """The fields of the preview's form as a browser would send them, each with its values."""
    html = page.get_data(as_text=True)
    body = re.search(r'<form method="post" class="form" id="request".*?</form>', html, re.DOTALL)
    assert body
    fields: dict[str, list[str]] = {}
    for tag in re.findall(r"<input[^>]*>", body[0]):
        _add(fields, tag)
    for name, options in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', body[0], re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected|selected value="([^"]*)"', options)
        fields[name] = [(chosen[1] or chosen[2] or "") if chosen else ""]
    return fields


def _add(fields: dict[str, list[str]], tag: str) -> None:
    given = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
    if "name" in given and (given["type"] not in ("checkbox", "radio") or " checked" in tag):
        fields.setdefault(given["name"], []).append(given.get("value", ""))
