"""A phone for tests: it gathers facts as it would without signal, and sends them as it would with it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

Record = dict[str, Any]


class Clock(Protocol):
    """Something that knows the time."""

    now: datetime


class Pocket:
    """An app with its outbox; `ahead` is how far its own clock is ahead."""

    def __init__(self, client: FlaskClient, visit_id: int | None, wall: Clock, *, app: int = 1) -> None:
        self.client, self.visit_id, self.wall, self.app = client, visit_id, wall, app
        self.id, self.seq, self.ahead = uuid.uuid4(), 0, timedelta()
        self.outbox: list[Record] = []

    @property
    def time(self) -> str:
        """What its clock shows."""
        return (self.wall.now + self.ahead).isoformat()

    @property
    def headers(self) -> dict[str, str]:
        """What it says of itself with each call."""
        return {"Dispatch-Phone": str(self.id), "Dispatch-App": str(self.app), "Dispatch-Time": self.time, "User-Agent": "Pixel"}

    def does(self, kind: str, /, *, visit: Any = None, **content: Any) -> Record:
        """Note what its technician does."""
        self.seq += 1
        record = {"id": str(uuid.uuid4()), "seq": self.seq, "kind": kind, "visit": visit or self.visit_id, "at": self.time}
        self.outbox.append(record | {"content": content})
        return self.outbox[-1]

    def post(self, records: Sequence[Any], **more: Any) -> TestResponse:
        """Send these records."""
        body = json.dumps({"facts": records} | more)
        return self.client.post("/api/field/facts", data=body, headers=self.headers, content_type="application/json")

    def sync(self, records: Sequence[Any] | None = None) -> dict[str, Any]:
        """Send what is in the outbox, or these records; the answer."""
        answer = self.post(self.outbox if records is None else records)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.get_json()
        return found

    def states(self, records: Sequence[Any] | None = None) -> list[tuple[str, str | None]]:
        """The same, as answer and state of each."""
        return [(each["answer"], each["state"]) for each in self.sync(records)["facts"]]


KEPT, BEFORE, LATER = ("kept", "applied"), ("before", "applied"), ("later", None)
DISPUTED = ("kept", "disputed")
