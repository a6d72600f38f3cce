"""What the technicians of the demonstration did at the vehicles: facts as their phones would have sent them."""

from __future__ import annotations

import hashlib
import io
import uuid
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from PIL import Image, ImageDraw

from dispatch.audit.rules import canonical
from dispatch.clock import local_day
from dispatch.demo.codes import pay_by_code
from dispatch.demo.company import Company
from dispatch.demo.counter import scrawl
from dispatch.demo.courses import WELL, Course
from dispatch.demo.reporting import report
from dispatch.devices.fitted import bag_units, fittings_of, slot_units
from dispatch.devices.models import UNIT_KINDS, Unit
from dispatch.devices.swap_rules import usual_why
from dispatch.fees.queries import account_of
from dispatch.field.acting import act
from dispatch.field.operations import SentFact
from dispatch.field.rules import DEPARTURE_ITEMS, TEST_ITEMS
from dispatch.field.summary import summary_of
from dispatch.files.operations import keep
from dispatch.geo.rules import Coordinates
from dispatch.orders.models import Order, OrderLine, Visit
from dispatch.paycodes.gateway import Payment
from dispatch.staff.rules import Actor

SWAPPED = {
    "offline": ("terminal", "sim"),
    "damaged": ("terminal",),
    "restart": ("sim",),
    "power": ("terminal",),
    "speed": ("terminal",),
    "sos": ("terminal",),
}
"""What a complaint makes him swap."""
COLLEAGUE = "su"
"""Whose terminal the disputed message names."""


class OnSite:
    """One visit, minute by minute, on the course it takes."""

    def __init__(self, company: Company, visit: Visit, technician: Actor, course: Course = WELL) -> None:
        self._company, self._visit, self._technician, self._course = company, visit, technician, course
        self._session = company.session
        self._order: Order = visit.order
        self._at = visit.starts_at

    def depart(self, minutes_before: int = 25) -> None:
        """He checks his things and sets out."""
        self._at = self._visit.starts_at - timedelta(minutes=minutes_before)
        self._do("visit.depart", checks=dict.fromkeys(DEPARTURE_ITEMS, True), note="")

    def arrive(self, at: datetime) -> None:
        """He is there, within a few steps of the gate."""
        self._at = at
        site, near = self._order.site, self._company.random.uniform(-0.0006, 0.0006)
        place = {"lat": (site.lat or 0) + near, "lon": (site.lon or 0) - near, "accuracy_m": 14.0} if site.lat else {}
        self._do("visit.arrive", **place)

    def begin(self) -> None:
        """He stands there; the terminals of his vehicles report, and nothing is tested yet."""
        for row in self._visit.visit_lines:
            report(self._session, row.line, self._at, self._gate, whole=False)

    @property
    def _gate(self) -> Coordinates | None:
        site = self._order.site
        return (site.lat, site.lon) if site.lat is not None and site.lon is not None else None

    def work(self) -> None:
        """Photo, swap where the complaint asks for one, test-run, money, signature; then he drives on."""
        for row in self._visit.visit_lines:
            if self._course.photographed:
                self._photo("condition", row.line)
            self._exchange(row.line)
            self._test(row.line)
        self._end()

    def install(self, missing: OrderLine | None = None, why: str = "") -> None:
        """A terminal and a SIM into each vehicle of the visit but the one that is missing."""
        for row in self._visit.visit_lines:
            if row.line is missing:
                self._do("line.not_done", line=row.line_id, how="leave_over", reason=why)
                continue
            self._photo("condition", row.line)
            self._do(
                "line.install", line=row.line_id, **{kind: self._new(kind, self._order.product_model) for kind in UNIT_KINDS}
            )
            self._test(row.line)
            self._photo("work", row.line)
        self._end()

    def break_off(self, why: str, *, days: int) -> None:
        """The vehicle is away: not to be tried again for so many days."""
        again = (local_day(self._at, self._company.zone) + timedelta(days=days)).isoformat()
        wait = {"why": "vehicle", "words": why, "next_on": again}
        self._do("visit.abandon", reason=f"车辆不在现场：{why}（{again} 起可再上门）", wait=wait)

    def _end(self) -> None:
        self._pay()
        if self._course.refused:
            self._be_refused(self._course.refused)
        elif self._course.signed:
            points = scrawl(self._company.random.random() * 6)
            self._do("sign", points=points, signer=self._order.contact_name, **self._shown())
        self._do("visit.finish")

    def _do(self, kind: str, /, **content: Any) -> uuid.UUID:
        """One fact; what is done at the vehicle takes its minutes. What comes late and fits nothing is disputed."""
        self._at += timedelta(minutes=1 if kind.startswith("visit.") else self._company.random.randrange(1, 6))
        key = uuid.UUID(int=self._company.random.getrandbits(128), version=4)
        seq = int(self._at.timestamp() * 1000) * 100 + self._technician.id % 100 if self._technician.id else 0
        sent = SentFact(key, kind, f"demo-{self._technician.id}", seq, content, self._at, 0, visit_id=self._visit.id)
        act(self._session, sent, by=self._technician, at=self._at, insist=self._course.disputed)
        return key

    def _photo(self, kind: str, line: OrderLine) -> uuid.UUID:
        jpeg = _picture(self._company.random.randrange(360), (line.vehicle.plate or "")[1:])
        kept = keep(self._session, jpeg, "image/jpeg", at=self._at)
        return self._do("photo", kind=kind, line=line.id, sha256=kept.sha256, width=640, height=480)

    def _test(self, line: OrderLine) -> None:
        report(self._session, line, self._at, self._gate, failed=self._course.failed)
        results = {item: {"result": "failed" if item == self._course.failed else "passed"} for item in TEST_ITEMS}
        self._do("test.run", line=line.id, results=results)

    def _exchange(self, line: OrderLine) -> None:
        """A terminal that is no longer online or broken is swapped, a SIM for one that keeps restarting."""
        present = slot_units(self._session, line.vehicle_id)
        kinds = [kind for kind in SWAPPED.get(self._order.symptom or "", ()) if kind in present]
        if kinds and self._course.disputed:
            self._do("line.swap", line=line.id, why="defect", terminal=self._last_of(self._company.people[COLLEAGUE]))
            return
        if kinds and self._course.mistaken:
            self._do("line.swap", line=line.id, why="defect", terminal=self._last_of(self._technician))
            wrong = fittings_of(self._session, self._order.id)[-1]
            self._do("line.undo", line=line.id, fitting=wrong.id, reason="拿错型号，装回原机")
        numbers = {kind: number for kind in kinds if (number := self._new(kind, _model_of(present.get("terminal"))))}
        if numbers:
            why = usual_why(self._order.symptom, numbers) or "defect"
            self._do("line.swap", line=line.id, why=why, **numbers)
            self._photo("unit", line)

    def _last_of(self, carrier: Actor) -> str:
        """The number of the terminal that came into somebody's bag last."""
        return bag_units(self._session, carrier.id or 0, "terminal")[-1].number

    def _new(self, kind: str, model: str | None) -> str | None:
        """The number of a unit in the bag; of a terminal one of the model where there is one."""
        carried = bag_units(self._session, self._technician.id or 0, kind)
        same = [unit for unit in carried if kind == "sim" or (unit.terminal and unit.terminal.model == model)]
        return (same or carried)[0].number if carried else None

    def _pay(self) -> None:
        if self._course.extra:
            self._do("charge.add", code=self._course.extra, quantity=1, line=self._visit.visit_lines[0].line_id)
        due = account_of(self._session, self._order.id).due
        if due > 0 and self._course.by_code:
            self._be_paid_by_code(due)
        elif due > 0 and self._course.paid:
            self._do("payment.take", amount=str(due), channel=self._course.channel, **self._numbers_of_payment())

    def _be_paid_by_code(self, due: Decimal) -> None:
        numbers, channel = self._numbers_of_payment(), self._course.channel
        self._at += timedelta(minutes=self._company.random.randrange(1, 6))
        self._company.random.getrandbits(128)  # no fact: the rest of the day goes as it would with one
        payment = Payment("", numbers["reference"] or "", due, self._at, None)
        pay_by_code(self._session, self._visit, payment, channel, numbers["invoice_number"], by=self._technician)

    def _numbers_of_payment(self) -> dict[str, str | None]:
        """What an app says of the payment, and the invoice; what goes on account is invoiced by the month."""
        random, channel = self._company.random, self._course.channel
        reference = f"42000{random.randrange(10**12):012d}" if channel in ("wechat", "alipay") else None
        invoice = f"2644{random.randrange(10**16):016d}" if channel != "account" and self._course.invoiced else None
        return {"reference": reference, "invoice_number": invoice}

    def _be_refused(self, reason: str) -> None:
        photo = self._photo("refusal", self._visit.visit_lines[0].line)
        self._do("sign.refuse", reason=reason, photo=str(photo), signer=self._order.contact_name, **self._shown())

    def _shown(self) -> dict[str, str]:
        """Under what the customer is asked to sign."""
        shown = canonical(summary_of(self._session, self._order, self._visit))
        return {"phone": self._order.contact_phone, "summary_hash": hashlib.sha256(shown).hexdigest()}


def _model_of(terminal: Unit | None) -> str | None:
    return terminal.terminal.model if terminal and terminal.terminal else None


def _picture(hue: int, plate: str) -> bytes:
    """A drawn lorry with its plate: no real vehicle is shown."""
    sky, body = f"hsl({hue}, 12%, 82%)", f"hsl({hue}, 55%, 42%)"
    picture = Image.new("RGB", (640, 480), sky)
    pen = ImageDraw.Draw(picture)
    pen.rectangle((0, 330, 640, 480), fill="hsl(30, 6%, 45%)")
    pen.rectangle((60, 110, 400, 330), fill="hsl(0, 0%, 92%)", outline="hsl(0, 0%, 60%)", width=3)
    pen.polygon([(410, 170), (520, 170), (580, 250), (580, 330), (410, 330)], fill=body)
    pen.polygon([(440, 190), (510, 190), (550, 245), (440, 245)], fill="hsl(200, 40%, 75%)")
    for x in (130, 300, 500):
        pen.ellipse((x - 42, 290, x + 42, 374), fill="hsl(0, 0%, 15%)")
        pen.ellipse((x - 18, 314, x + 18, 350), fill="hsl(0, 0%, 65%)")
    pen.rectangle((430, 288, 560, 318), fill="hsl(48, 95%, 55%)", outline="black", width=2)
    pen.text((444, 292), plate, fill="black", font_size=22)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=80)
    return out.getvalue()
