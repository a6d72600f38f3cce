"""Phones that send with cuts, doubled requests and a server that is killed: nothing lost, nothing doubled, the ledgers balance.

    python -m tests.measure.soak [--phones 200] [--acts 30] [--kills 6] [--seed 1]

Serves the real product on a throwaway PostgreSQL. Each phone has a technician of its own with one visit; it sends its acts in
batches of random size, hears no answer now and then, sends some batches twice at once, and goes on from where it was told, while
the web server's processes are killed -9. Then every act is looked for in the database and `check` reads all ledgers. Prints JSON
lines and exits 1 when something was lost or doubled, does not balance, or the p95 of a sync is over half a second.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import signal
import sys
import tempfile
import threading
import time
import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlencode, urlsplit

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch import db
from dispatch.board.operations.sending import dispatch_visits
from dispatch.clock import local_day, now
from dispatch.features import edges
from dispatch.fees.models import Receipt
from dispatch.field.models import FieldFact
from dispatch.files.gateway import configure
from dispatch.host.checking import problems
from dispatch.host.cluster import start_throwaway, stop_throwaway
from dispatch.host.schema import upgrade
from dispatch.staff.queries import actor_of
from tests import cast as people
from tests.board.building import approved_order, hire, visit_at
from tests.fees.building import price_list
from tests.served import PASSWORD, Served, open_doors, serving

LIMIT_SECONDS = 0.5
PATIENCE = 240


@dataclass
class Phone:
    """One phone with its outbox; `times` are the seconds that its answered syncs took."""

    url: str
    username: str
    visit: int
    chance: Random
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    outbox: list[dict[str, Any]] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    cookie: str = ""

    def fill(self, acts: int) -> None:
        """What its technician did: out, there, charged and paid in turns, and done."""
        middle = [("charge.add", {"code": "S003", "quantity": 1}), ("payment.take", {"amount": "150.00", "channel": "cash"})]
        between = [middle[n % 2] for n in range(acts - 3)]
        whole = [("visit.depart", {}), ("visit.arrive", {}), *between, ("visit.finish", {"not_done": []})]
        for seq, (kind, content) in enumerate(whole, start=1):
            record = {"id": str(uuid.uuid4()), "seq": seq, "kind": kind, "visit": self.visit, "content": content}
            self.outbox.append(record | {"at": now().isoformat()})

    def ask(self, path: str, body: bytes, kind: str) -> tuple[int, bytes, str]:
        """One request. Raises OSError or HTTPException when nobody answers."""
        there = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=30)
        own = {"Dispatch-Phone": self.id, "Dispatch-App": "1", "Dispatch-Time": now().isoformat(), "Cookie": self.cookie}
        try:
            there.request("POST", path, body, {**own, "Sec-Fetch-Site": "same-origin", "Content-Type": kind})
            answer = there.getresponse()
            return answer.status, answer.read(), answer.headers.get("Set-Cookie", "")
        finally:
            there.close()

    def sign_in(self) -> None:
        """As often as it takes."""
        while True:
            try:
                typed = urlencode({"username": self.username, "password": PASSWORD}).encode()
                status, _, cookie = self.ask("/signin", typed, "application/x-www-form-urlencoded")
                if status in (302, 303):
                    self.cookie = cookie.split(";")[0]
                    return
            except (OSError, http.client.HTTPException):
                pass
            time.sleep(0.3)

    def sync(self, first: int) -> int:
        """Send a batch from a number on; which one the server wants next, as far as this phone heard."""
        batch = self.outbox[first - 1 : first - 1 + self.chance.randint(1, 12)]
        body, begun = json.dumps({"facts": batch}).encode(), time.monotonic()
        if self.chance.random() < 0.1:
            threading.Thread(target=self._quietly, args=(body,)).start()
        status, told, _ = self.ask("/api/field/facts", body, "application/json")
        if self.chance.random() < 0.15 or status != 200:
            return first  # the answer was lost
        self.times.append(time.monotonic() - begun)
        return int(json.loads(told)["next"])

    def _quietly(self, body: bytes) -> None:
        with contextlib.suppress(OSError, http.client.HTTPException):
            self.ask("/api/field/facts", body, "application/json")

    def send_all(self) -> None:
        """Until the server has everything."""
        following = 1
        while following <= len(self.outbox):
            try:
                following = self.sync(following)
            except (OSError, http.client.HTTPException):
                time.sleep(self.chance.uniform(0.1, 0.6))
            time.sleep(self.chance.uniform(0, 0.4))


def fill(session: Session, count: int) -> list[tuple[str, int]]:
    """The company with so many technicians, each with a visit that was sent to him; user name and visit."""
    cast = people.hire(session)
    price_list(session, cast)
    made, day = [], local_day(now(), "Asia/Shanghai") + timedelta(days=1)
    for n, person in enumerate(hire(session, cast, count)):
        person.username = f"phone{n}"
        session.flush()
        order = approved_order(session, cast)
        visit = visit_at(session, cast, order, actor_of(person), "09:00", day=day)
        made.append((person.username, visit.id))
    dispatch_visits(session, [visit for _, visit in made], by=cast.lin, at=now())
    return made


def kill_now_and_then(served: Served, kills: int, over: threading.Event, chance: Random) -> None:
    """Kill one process of the web server, so many times."""
    for _ in range(kills):
        if over.wait(chance.uniform(1.5, 4)):
            return
        victims = served.processes("web")[1:]
        if victims:
            os.kill(chance.choice(victims), signal.SIGKILL)


def verdict(phones: list[Phone]) -> dict[str, Any]:
    """What the database has of what was sent."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        with db.transaction() as session:
            if not session.scalar(sa.select(FieldFact.id).where(FieldFact.state == "new").limit(1)):
                break
        time.sleep(2)
    sent = {record["id"] for phone in phones for record in phone.outbox}
    with db.transaction() as session:
        rows = session.execute(sa.select(FieldFact.id, FieldFact.state)).all()
        states = {state: sum(row.state == state for row in rows) for state in {row.state for row in rows}}
        receipts = session.scalar(sa.select(sa.func.count()).select_from(Receipt))
        due = sum(record["kind"] == "payment.take" for phone in phones for record in phone.outbox)
        disputed = FieldFact.state == "disputed"
        why = list(session.scalars(sa.select(FieldFact.outcome["msgid"].astext).where(disputed).distinct()))
        wrong = [str(problem.said) for problem in problems(session)]
    kept = [str(row.id) for row in rows]
    doubled = len(kept) - len(sent & set(kept)) + max(0, (receipts or 0) - due)
    told = {"receipts": receipts, "why": why, "wrong": wrong[:5]}
    return {"sent": len(sent), "lost": len(sent - set(kept)), "doubled": doubled, **states, **told}


def measure(asked: argparse.Namespace, folder: Path, url: str) -> bool:
    upgrade(url)
    db.connect(url)
    configure(folder, "soak")
    list(edges("papers"))
    with db.transaction() as session:
        todo = fill(session, asked.phones)
    open_doors()
    with serving(url, folder) as served:
        phones = [Phone(served.url, name, visit, Random(asked.seed * 1000 + n)) for n, (name, visit) in enumerate(todo)]
        for phone in phones:
            phone.sign_in()
            phone.fill(asked.acts)
        over, begun = threading.Event(), time.monotonic()
        killer = threading.Thread(target=kill_now_and_then, args=(served, asked.kills, over, Random(asked.seed)))
        senders = [threading.Thread(target=phone.send_all) for phone in phones]
        for thread in (killer, *senders):
            thread.start()
        for thread in senders:
            thread.join()
        over.set()
        killer.join()
        took = time.monotonic() - begun
        told = verdict(phones)
    times = sorted(each for phone in phones for each in phone.times)
    p95 = times[int(len(times) * 0.95)]
    figures = {"phones": len(phones), "seconds": round(took, 1), "syncs": len(times), "p95": round(p95, 3)}
    print(json.dumps(figures | {"limit": LIMIT_SECONDS} | told, ensure_ascii=False))
    return not told["lost"] and not told["doubled"] and not told["wrong"] and p95 <= LIMIT_SECONDS


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, usual in (("--phones", 200), ("--acts", 30), ("--kills", 6), ("--seed", 1)):
        parser.add_argument(name, type=int, default=usual)
    asked = parser.parse_args()
    cluster = start_throwaway()
    try:
        with tempfile.TemporaryDirectory() as folder:
            return 0 if measure(asked, Path(folder), cluster.url) else 1
    finally:
        db.disconnect()
        stop_throwaway(cluster)


if __name__ == "__main__":
    sys.exit(main())
