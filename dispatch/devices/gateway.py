"""What Traccar knows: which device goes by a number, where it was since. A small client of its REST interface.

Every request has a limit of time and of size, follows no redirection (the token is for this server only), and ends in an answer
that was read whole, or in `Trouble` with a word for what was wrong. Nothing is guessed from half an answer.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from datetime import datetime
from types import TracebackType
from typing import Any, Literal, Self

import aiohttp

from dispatch.devices.platform_rules import Device, Report

SECONDS = 10.0
"""One request takes no longer, from the first byte to the last."""
MOST_BYTES = 4_000_000
"""A longer answer is not read to its end."""

Word = Literal["away", "slow", "refused", "unreadable"]


class Trouble(Exception):
    """Traccar gave no answer that could be used; `word` says why."""

    def __init__(self, word: Word, detail: str = "") -> None:
        super().__init__(f"{word}: {detail}" if detail else word)
        self.word = word


class Traccar:
    """`async with Traccar(url, token) as platform: …`; raises Trouble whenever there is no whole answer."""

    def __init__(self, url: str, token: str, *, seconds: float = SECONDS) -> None:
        self._url = url
        self._headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        self._timeout = aiohttp.ClientTimeout(total=seconds)

    async def devices(self, numbers: Sequence[str]) -> list[Device]:
        """The devices that go by one of these numbers; none, where Traccar knows none or does not show them to us."""
        found = await self._listed("/api/devices", [("uniqueId", number) for number in numbers], unknown=(400, 404))
        return [device for device in map(_device, found) if device is not None]

    async def reports(self, device_id: int, since: datetime, until: datetime) -> list[Report | None]:
        """What a device told from one moment to another; None stands for what could not be read."""
        asked = [("deviceId", str(device_id)), ("from", since.isoformat()), ("to", until.isoformat())]
        return [_report(one) for one in await self._listed("/api/positions", asked)]

    async def restart(self, device_id: int) -> bool:
        """Have a device start anew; True when it was sent at once, False when Traccar keeps it until the device connects."""
        command = {"deviceId": device_id, "type": "rebootDevice", "attributes": {}}
        status, _ = await self._ask("POST", "/api/commands/send", json=command)
        if status not in (200, 202):
            raise Trouble("refused", f"status {status}")
        return status == 200

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(headers=self._headers, timeout=self._timeout)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._session.close()

    async def _listed(self, path: str, asked: Iterable[tuple[str, str]], *, unknown: Sequence[int] = ()) -> list[Any]:
        status, body = await self._ask("GET", path, params=list(asked))
        if status in unknown:
            return []
        if status != 200:
            raise Trouble("away", f"status {status}")
        try:
            found = json.loads(body)
        except (ValueError, RecursionError):
            raise Trouble("unreadable", "no JSON") from None
        if not isinstance(found, list):
            raise Trouble("unreadable", "no list")
        return found

    async def _ask(self, method: str, path: str, **request: Any) -> tuple[int, bytes]:
        try:
            async with self._session.request(method, self._url + path, allow_redirects=False, **request) as answer:
                if answer.status in (401, 403):
                    raise Trouble("refused", f"status {answer.status}")
                return answer.status, await _body(answer)
        except TimeoutError:
            raise Trouble("slow") from None
        except aiohttp.ClientPayloadError as error:
            raise Trouble("unreadable", str(error)) from None
        except (aiohttp.ClientError, OSError) as error:
            raise Trouble("away", str(error)) from None


async def _body(answer: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for piece in answer.content.iter_any():
        body += piece
        if len(body) > MOST_BYTES:
            raise Trouble("unreadable", "too long")
    return bytes(body)


# --- reading


def _device(raw: Any) -> Device | None:
    if not isinstance(raw, dict) or not _whole(raw.get("id")) or not isinstance(raw.get("uniqueId"), str):
        return None
    return Device(raw["id"], raw["uniqueId"])


def _report(raw: Any) -> Report | None:
    """A position, or nothing when something is missing without which it says nothing certain."""
    if not isinstance(raw, dict) or not _whole(raw.get("id")) or not _whole(raw.get("deviceId")):
        return None
    server_time, device_time = _moment(raw.get("serverTime")), _moment(raw.get("deviceTime"))
    numbers = [_number(raw.get(name)) for name in ("latitude", "longitude", "speed")]
    lat, lon, speed = numbers
    if server_time is None or device_time is None or lat is None or lon is None or not isinstance(raw.get("valid"), bool):
        return None
    attributes = raw.get("attributes")
    return Report(
        id=raw["id"],
        device_id=raw["deviceId"],
        server_time=server_time,
        device_time=device_time,
        valid=raw["valid"],
        outdated=raw.get("outdated") is True,
        lat=lat,
        lon=lon,
        speed_knots=speed or 0.0,
        attributes=attributes if isinstance(attributes, dict) else {},
        raw=json.dumps(raw, sort_keys=True),
    )


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63


def _number(value: Any) -> float | None:
    ok = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) if ok else None


def _moment(value: Any) -> datetime | None:
    """A moment that says its zone; without one nobody knows when it was."""
    try:
        read = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return read if read.tzinfo else None
