"""A Traccar on loopback, as far as we speak with it: devices by number, positions of a time, commands; and all its bad days."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "RzBFAiEA-a-token-of-traccar"
KNOTS = 33.05
"""61.2 km/h."""


class Traccar:
    """What this Traccar knows, and how it behaves: `mood` is "well", "slow", "half", "no list", "broken" or "elsewhere"."""

    def __init__(self) -> None:
        self.devices: list[dict[str, Any]] = []
        self.positions: list[dict[str, Any]] = []
        self.commands: list[dict[str, Any]] = []
        self.asked: list[str] = []
        self.mood = "well"
        self.released = threading.Event()
        self.url = ""

    def device(self, unique_id: str) -> int:
        """Enter a device; returns Traccar's number for it."""
        number = len(self.devices) + 1
        self.devices.append(
            {
                "id": number, "attributes": {}, "groupId": 0, "calendarId": 0, "name": f"车 {number}", "uniqueId": unique_id,
                "status": "online", "lastUpdate": "2026-12-02T01:00:00.000+00:00", "positionId": 0, "phone": None, "model": None,
                "contact": None, "category": None, "disabled": False, "expirationTime": None,
            }
        )  # fmt: skip
        return number

    def position(self, device_id: int, at: datetime, *, server: datetime | None = None, **instead: Any) -> int:
        """A position of a device, in the shape that Traccar gives it; what is no field of it goes into `attributes`."""
        number = len(self.positions) + 1
        own = {
            "id": number, "deviceId": device_id, "protocol": "huabao", "serverTime": _told(server or at), "deviceTime": _told(at),
            "fixTime": _told(at), "outdated": False, "valid": True, "latitude": 22.6301, "longitude": 113.8124, "altitude": 12.0,
            "speed": KNOTS, "course": 90.0, "address": None, "accuracy": 0.0, "network": None, "geofenceIds": None,
        }  # fmt: skip
        attributes = {"batteryLevel": 100, "distance": 0.0, "totalDistance": 1.0, "motion": True}
        attributes |= {name: value for name, value in instead.items() if name not in own}
        self.positions.append(own | {name: value for name, value in instead.items() if name in own} | {"attributes": attributes})
        return number

    def answer(self, path: str, query: dict[str, list[str]], sent: Any) -> tuple[int, Any]:
        """What Traccar answers to a request that brought the right token."""
        if path == "/api/devices":
            return 200, [one for number in query.get("uniqueId", ()) for one in self.devices if one["uniqueId"] == number]
        if path == "/api/positions":
            device, since, until = int(query["deviceId"][0]), query["from"][0], query["to"][0]
            shown = [one for one in self.positions if one["deviceId"] == device or self.mood == "elsewhere"]
            if self.mood == "elsewhere":
                return 200, shown
            return 200, [one for one in shown if _read(since) <= _read(one["fixTime"]) <= _read(until)]
        if path == "/api/commands/send":
            self.commands.append(sent)
            online = next(one["status"] for one in self.devices if one["id"] == sent["deviceId"]) == "online"
            return (200 if online else 202), sent
        return 404, {}


def _told(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds")


def _read(told: str) -> datetime:
    return datetime.fromisoformat(told)


class Handler(BaseHTTPRequestHandler):
    """One request to the Traccar that the server carries."""

    def do_GET(self) -> None:
        self._serve(None)

    def do_POST(self) -> None:
        self._serve(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

    def _serve(self, sent: Any) -> None:
        known: Traccar = self.server.known  # type: ignore[attr-defined]
        known.asked.append(self.path)
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            self._say(401, b"HTTP 401 Unauthorized - SecurityException")
            return
        asked = urlsplit(self.path)
        status, told = known.answer(asked.path, parse_qs(asked.query), sent)
        body = json.dumps(told).encode()
        if known.mood == "slow":
            known.released.wait(5)
        elif known.mood == "broken":
            status, body = 500, b"java.lang.NullPointerException"
        elif known.mood == "no list":
            body = b'{"message": "wait"}'
        self._say(status, body, cut=known.mood == "half")

    def _say(self, status: int, body: bytes, *, cut: bool = False) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with suppress(ConnectionError):  # whoever asked may have lost patience
            self.wfile.write(body[: len(body) // 2] if cut else body)

    def log_message(self, format: str, *args: Any) -> None:
        """Not a word."""


@contextmanager
def traccar() -> Iterator[Traccar]:
    """A Traccar that answers until the end of the block."""
    known = Traccar()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.known = known  # type: ignore[attr-defined]
    known.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield known
    finally:
        known.released.set()
        server.shutdown()
        server.server_close()
        thread.join()
