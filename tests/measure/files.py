"""Reading and taking in files of 5,000 lines, over the pages as a person would.

    python -m tests.measure.files [--lines 5000]

Builds a throwaway PostgreSQL with a company. For each kind of file prints one JSON line: seconds to read it and show the preview,
to take it in, what the worker does included, and to show what came of it. Exits 1 when they take longer than the limit together.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from random import Random

from flask.testing import FlaskClient

from dispatch import db
from dispatch.staff.operations import NewPerson, add_branch, add_person
from dispatch.staff.rules import SYSTEM
from tests.intake.building import HEAD, preview_form, send_file, work_off
from tests.measure import fetching
from tests.tabular.files import xlsx

LIMIT_SECONDS = 30


def _vehicles(lines: int, rng: Random) -> list[Sequence[object]]:
    head = ("序号", "车牌号", "车牌颜色", "车辆类型", "车架号", "品牌型号", "司机姓名", "司机电话", "停放地点")
    rows = [
        (n, f"粤B{n:05d}", "蓝", "轻型厢式货车", "", "福田", f"司机{n % 900}", f"138{rng.randrange(10**8):08d}", "西门")
        for n in range(lines)
    ]
    return [head, *rows]


def _terminals(lines: int, _rng: Random) -> list[Sequence[object]]:
    return [("序列号", "型号", "仓库"), *((f"SN{n:08d}", "BD-808A", "总仓") for n in range(lines))]


def _calls(lines: int, rng: Random) -> list[Sequence[object]]:
    head = ("来电时间", "客户名称", "来电人", "来电号码", "车牌号", "产品型号", "地址", "故障现象")
    when = "2026-11-20 08:05"
    return [
        head,
        *(
            (when, f"客户{n % 300}", "王强", f"139{rng.randrange(10**8):08d}", f"粤A{n:05d}", "BD-808A", f"路{n % 500}号", "离线")
            for n in range(lines)
        ),
    ]


def _timed(client: FlaskClient, path: str, rows: list[Sequence[object]], form: dict[str, object]) -> dict[str, object]:
    file = xlsx(rows)
    began = time.monotonic()
    sent = send_file(client, path, "list.xlsx", file)
    assert sent.status_code == 302, sent.text[:500]
    work_off()
    page = client.get(sent.location)
    read = time.monotonic()
    fields = (
        preview_form(page)
        if "requests" in path
        else dict(re.findall(r'type="hidden" name="(expected|version)" value="(\d+)"', page.text))
    )
    if "calls" in path:
        fields["rows"] = re.findall(r'name="rows" value="(\d+)"', page.text)
        fields |= dict(re.findall(r'name="(shown)" value="([\d,]+)"', page.text))
    shown = time.monotonic()
    done = client.post(sent.location, data={**fields, **form, "then": "take"})
    assert done.status_code == 302, re.sub(r"<[^>]+>", " ", done.text)[:1500]
    work_off()
    taken = time.monotonic()
    assert client.get(sent.location, follow_redirects=True).status_code == 200
    spent = {"read_s": read - began, "taken_s": taken - shown, "result_s": time.monotonic() - taken}
    return {"file": path, "lines": len(rows) - 1, **{name: round(seconds, 1) for name, seconds in spent.items()}}


def main() -> int:
    """Print a line for each kind; 1 if one of them takes too long."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=5000)
    lines, rng = parser.parse_args().lines, Random(1)
    slow = False
    with fetching.application() as (app, _url):
        with db.transaction() as session:
            branch = add_branch(session, code="SZ", name="深圳", zone="Asia/Shanghai", by=SYSTEM, at=datetime.now(UTC))
            roles = frozenset({"manager", "specialist"})
            clerk = add_person(session, branch=branch, new=NewPerson("D1", "林晓", roles), by=SYSTEM, at=datetime.now(UTC)).id
        client = fetching.sit_down(app, clerk)
        for path, rows, form in (
            ("/requests/new", _vehicles(lines, rng), HEAD),
            ("/import/terminals", _terminals(lines, rng), {"store": "总仓"}),
            ("/calls/import", _calls(lines, rng), {}),
        ):
            told = _timed(client, path, rows, form)
            slow |= sum(float(str(told[name])) for name in ("read_s", "taken_s", "result_s")) > LIMIT_SECONDS
            print(json.dumps(told), flush=True)
    return int(slow)


if __name__ == "__main__":
    sys.exit(main())
