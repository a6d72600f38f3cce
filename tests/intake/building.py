"""What the tests of intake start from: a complete call, files sent in."""

from __future__ import annotations

import re
import uuid
from pathlib import Path

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

SAMPLES = Path(__file__).parent.parent / "samples"
ADDRESS = "广东省深圳市宝安区宝安国际机场货运村"


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
