"""What the app shows before the signature, and its hash, are those of the record, whatever was done: by one example that is kept,
and by many visits made by chance."""

from __future__ import annotations

import hashlib
import json
import random
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import BrowserContext
from sqlalchemy.orm import Session

from dispatch.audit.rules import canonical
from dispatch.devices.models import Fitting
from dispatch.errors import Refusal
from dispatch.field.acting import act
from dispatch.field.models import TestResult
from dispatch.field.packing.day import pack
from dispatch.field.packing.reading import read_day
from dispatch.field.packing.telling import told as told_pack
from dispatch.field.summary import summary_of
from dispatch.orders.models import Visit
from tests.board.building import approved_order
from tests.conftest import AT, Cast, Served
from tests.fees.building import price_list
from tests.field.building import arrived, carrying, do, fact, fitted_long_ago
from tests.field.test_using_parts import stocked

pytestmark = pytest.mark.browser

VECTOR = Path(__file__).parents[1] / "field" / "wire" / "summary.json"
WALKS, STEPS, SENT = 8, 14, 4
"""So many visits of so many acts, of which the first few were sent before the pack was made."""

SUMMARIES = """async (cases) => {
  const { hashOf, summaryOf } = await import("/static/field/app/steps/summary.js"), found = [];
  for (const { pack, visit, acts } of cases) {
    const summary = summaryOf(pack, pack.visits.find(({ id }) => id === visit), acts);
    found.push([summary, await hashOf(summary)]);
  }
  return found;
}"""

CHANNELS = ("cash", "wechat", "account")
Act = Mapping[str, Any]
Rows = Mapping[str, Sequence[int]]


def test_the_summary_of_the_phone_is_that_of_the_record(
    served: Served, opened: Callable[..., BrowserContext], db: Session, cast: Cast
) -> None:
    vector = json.loads(VECTOR.read_text())
    cases = [{"pack": vector["pack"], "visit": vector["pack"]["visits"][0]["id"], "acts": vector["acts"]}]
    wanted = [[vector["summary"], vector["hash"]]]
    price_list(db, cast)
    stocked(db, cast, bag=9)
    for seed in range(WALKS):
        case, summary = walked(db, cast, random.Random(seed))
        cases.append(case)
        wanted.append([summary, hashlib.sha256(canonical(summary)).hexdigest()])
    page = opened().new_page()
    page.goto(served.url + "/signin")
    for found, right, case in zip(page.evaluate(SUMMARIES, cases), wanted, cases, strict=True):
        odd = {name: (found[0][name], right[0][name]) for name in right[0] if found[0][name] != right[0][name]}
        assert found == right, (odd, case["acts"])


def walked(db: Session, cast: Cast, dice: random.Random) -> tuple[dict[str, Any], dict[str, Any]]:
    """A visit to two vehicles with acts by chance, as far as the rules allow them: what the phone has of it, and the record's
    summary after them."""
    order = approved_order(db, cast, lines=2) if dice.random() < 0.7 else approved_order(db, cast)
    for line in order.lines:
        fitted_long_ago(db, cast, line, days=dice.choice([100, 900]))
    boxes, cards = carrying(db, cast, cast.su, 4)
    visit = arrived(db, cast, order, cast.su)
    numbers = {"terminal": [one.number for one in boxes], "sim": [one.number for one in cards]}
    told: dict[str, Any] = {}
    sent: list[Act] = []
    for step in range(STEPS):
        if step == SENT:
            db.commit()
            told = told_pack(pack(read_day(db, by=cast.su, device=None, at=AT), codes=()), str)
            sent = []
        sent += tried(db, cast, visit, dice, numbers, sent, rows(told, visit) if told else {})
    case = {"pack": json.loads(json.dumps(told)), "visit": visit.id, "acts": sent}
    summary = json.loads(json.dumps(summary_of(db, order, visit)))
    do(db, visit, "visit.abandon", cast.su, reason="…")
    return case, summary


def rows(told: Mapping[str, Any], visit: Visit) -> Rows:
    """The rows that the pack names: what came after it has no number that the phone could know."""
    [stop] = [one for one in told["visits"] if one["id"] == visit.id]
    return {
        "fitting": [one["id"] for line in stop["lines"] for one in line["fittings"]],
        "entry": [one["entry"] for line in stop["lines"] for one in line["parts"]],
        "charge": [one["id"] for one in stop["charges"]],
    }


def tried(
    db: Session, cast: Cast, visit: Visit, dice: random.Random, numbers: Any, sent: list[Act], known: Rows
) -> Iterator[Act]:
    """One act by chance; nothing where a rule is against it, or where the phone itself says that it cannot know what follows."""
    kind, content = chosen(visit, dice, numbers, sent, known)
    if (kind in ("line.swap", "line.install") and changed_before(db, content)) or ("fitting" in content and judged(db, visit)):
        return
    made = fact(visit, kind, **content)
    made = replace(made, id=uuid.UUID(int=dice.getrandbits(128), version=4))
    try:
        with db.begin_nested():
            act(db, made, by=cast.su, at=made.device_at)
            db.flush()
    except Refusal:
        return
    number = str(db.scalar(sa.text("SELECT number FROM receipt WHERE fact_id = :id"), {"id": made.id}) or "")
    yield {
        "id": str(made.id),
        "kind": kind,
        "at": made.device_at.isoformat(),
        "content": content | ({"number": number} if number else {}),
    }


def chosen(visit: Visit, dice: random.Random, numbers: Any, sent: list[Act], known: Rows) -> tuple[str, dict[str, Any]]:
    """A kind of act, and what it says."""
    lines = [row.line for row in visit.visit_lines]
    line, other = dice.choice(lines), dice.choice(lines)
    units = dice.choice([["terminal"], ["sim"], ["terminal", "sim"]])
    at, why = {"line": line.id}, {"reason": "点错了"}
    fit = {unit: dice.choice(numbers[unit]) for unit in units} | at
    before = dice.choice([one["id"] for one in sent]) if sent else str(uuid.uuid4())
    named = {
        kind: {name: dice.choice(known.get(name) or [0])}
        for kind, name in (("line.undo", "fitting"), ("part.put_back", "entry"), ("charge.take_back", "charge"))
    }
    back = dice.choice(list(named))
    can: list[tuple[str, dict[str, Any]]] = [
        ("line.swap", fit | {"why": "defect"} | dice.choice([{}, {}, {"lend_days": 7}])),
        ("line.swap", fit | {"why": "defect"}),
        ("line.install", fit),
        ("line.remove", at | {"units": units}),
        ("line.move", at | {"units": units, "vehicle": other.vehicle_id}),
        ("part.use", at | {"code": "P003", "quantity": dice.randint(1, 3)}),
        (
            "charge.add",
            {"code": dice.choice(["S001", "S003"]), "quantity": dice.randint(1, 3), "line": dice.choice([None, line.id])},
        ),
        ("test.run", at | {"results": {"fix": {"result": dice.choice(["passed", "failed"])}}}),
        ("payment.take", {"amount": dice.choice(["10.00", "45.50"]), "channel": dice.choice(CHANNELS)}),
        ("line.not_done", at | why | {"how": dice.choice(["leave_over", "give_up"])}),
        ("line.done", at),
        (back, at | why | named[back]),
        (back, at | why | {"fact": before}),
        (back, at | why | {"fact": before}),
    ]
    return dice.choice(can)


def changed_before(db: Session, content: Mapping[str, Any]) -> bool:
    """Whether a place was changed on this order before: what is put in then has a warranty that the pack does not know."""
    kinds = [kind for kind in ("terminal", "sim") if kind in content]
    query = sa.select(Fitting.id).where(Fitting.line_id == content["line"], Fitting.unit_kind.in_(kinds))
    return db.scalar(query.limit(1)) is not None


def judged(db: Session, visit: Visit) -> bool:
    """Whether a point was judged: with a fitting undone that the pack knows, results from before it count again."""
    return db.scalar(sa.select(TestResult.id).where(TestResult.order_id == visit.order_id).limit(1)) is not None
