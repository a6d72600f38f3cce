"""What the technicians of the demonstration did at the vehicles: facts as their phones would have sent them."""

from __future__ import annotations

import hashlib
import io
import math
import uuid
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from PIL import Image, ImageDraw

from dispatch.audit.rules import canonical
from dispatch.demo.company import Company
from dispatch.devices.fitted import bag_units, slot_units, unit_name
from dispatch.fees.models import Receipt
from dispatch.fees.queries import account_of
from dispatch.field.acting import act
from dispatch.field.operations import SentFact
from dispatch.field.rules import DEPARTURE_ITEMS, TEST_ITEMS
from dispatch.field.summary import summary_of
from dispatch.files.operations import keep
from dispatch.orders.models import Order, OrderLine, Visit
from dispatch.staff.rules import Actor

CHANNELS = ("cash", "wechat", "cash", "alipay")


class OnSite:
    """One visit, minute by minute."""

    def __init__(self, company: Company, visit: Visit, technician: Actor) -> None:
        self._company, self._visit, self._technician = company, visit, technician
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

    def work(self) -> None:
        """Photo, swap where the complaint asks for one, test-run, money, signature; then he drives on."""
        for row in self._visit.visit_lines:
            self._photo("condition", row.line)
            self._exchange(row.line)
            self._do("test.run", line=row.line_id, results={item: {"result": "passed"} for item in TEST_ITEMS})
        self._pay()
        self._sign()
        self._do("visit.finish")

    def _do(self, kind: str, /, **content: Any) -> None:
        self._at += timedelta(minutes=1)
        number = self._company.random.getrandbits(128)
        key = uuid.UUID(int=number, version=4)
        seq = int(self._at.timestamp() * 1000) * 100 + self._technician.id % 100 if self._technician.id else 0
        sent = SentFact(key, kind, f"demo-{self._technician.id}", seq, content, self._at, 0, visit_id=self._visit.id)
        act(self._company.session, sent, by=self._technician, at=self._at)

    def _photo(self, kind: str, line: OrderLine) -> None:
        jpeg = _picture(self._company.random.randrange(360), (line.vehicle.plate or "")[1:])
        kept = keep(self._company.session, jpeg, "image/jpeg", at=self._at)
        self._do("photo", kind=kind, line=line.id, sha256=kept.sha256, width=640, height=480)

    def _exchange(self, line: OrderLine) -> None:
        """A terminal that is no longer online or broken is swapped, a SIM for one that keeps restarting."""
        present = slot_units(self._company.session, line.vehicle_id)
        wanted = {
            "offline": ("terminal", "sim"),
            "damaged": ("terminal",),
            "restart": ("sim",),
            "power": ("terminal",),
            "speed": ("terminal",),
            "sos": ("terminal",),
        }
        kinds = [kind for kind in wanted.get(self._order.symptom or "", ()) if kind in present]
        numbers = {kind: number for kind in kinds if (number := self._new(kind, present["terminal"]))}
        if numbers:
            self._do("line.swap", line=line.id, **numbers)

    def _new(self, kind: str, old_terminal: Any) -> str | None:
        """The number of a unit in the bag; a terminal of the old one's model where there is one."""
        carried = bag_units(self._company.session, self._technician.id or 0, kind)
        model = old_terminal.terminal.model if kind == "terminal" else None
        same = [unit for unit in carried if model is None or (unit.terminal and unit.terminal.model == model)]
        return unit_name((same or carried)[0]) if carried else None

    def _pay(self) -> None:
        due = account_of(self._company.session, self._order.id).due
        if due > 0:
            taken = self._company.session.scalar(sa.select(sa.func.count(Receipt.id))) or 0
            channel = CHANNELS[taken % len(CHANNELS)]
            reference = None if channel == "cash" else f"42000{self._company.random.randrange(10**12):012d}"
            invoice = f"2644{self._company.random.randrange(10**16):016d}"
            self._do("payment.take", amount=str(due), channel=channel, reference=reference, invoice_number=invoice)

    def _sign(self) -> None:
        shown = canonical(summary_of(self._company.session, self._order, self._visit))
        phase = self._company.random.random() * 6
        person = {"signer": self._order.contact_name, "phone": self._order.contact_phone}
        self._do("sign", points=_scrawl(phase), summary_hash=hashlib.sha256(shown).hexdigest(), **person)


def _scrawl(phase: float) -> list[list[list[float]]]:
    """Two strokes of a made-up hand."""
    first = [[0.12 + i / 130, 0.2 + 0.09 * math.sin(phase + i / 5), i * 14] for i in range(64)]
    second = [[0.3 + i / 90, 0.26 + 0.05 * math.cos(phase + i / 3), 1100 + i * 14] for i in range(40)]
    return [[[round(x, 4), round(y, 4), t] for x, y, t in stroke] for stroke in (first, second)]


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
