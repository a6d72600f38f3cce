"""A round of questions to the platform, for the worker: without a transaction, and never longer than it may take."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog

from dispatch.devices.gateway import Traccar, Trouble
from dispatch.devices.platform_rules import GONE_WRONG, Look, Target, look

log = structlog.get_logger("platform")

AHEAD = timedelta(days=1)
"""So far into the future is asked: a terminal whose clock is ahead shall be told from one that says nothing."""
ROUND_SECONDS = 45.0
"""A round ends after so long, whoever is left comes first in the next one."""


def ask_all(url: str, token: str, asked: Sequence[Target], clock: Callable[[], datetime]) -> list[Look]:
    """Ask about one terminal after the other, without a transaction. What goes wrong for all ends the round."""
    return asyncio.run(_round(url, token, asked, clock)) if asked else []


async def _round(url: str, token: str, asked: Sequence[Target], clock: Callable[[], datetime]) -> list[Look]:
    looks: list[Look] = []
    ends = time.monotonic() + ROUND_SECONDS
    async with Traccar(url, token) as platform:
        for target in asked:
            looks.append(await _one(platform, target, clock))
            if looks[-1].outcome in GONE_WRONG or time.monotonic() > ends:
                break
    return looks


async def _one(platform: Traccar, target: Target, clock: Callable[[], datetime]) -> Look:
    try:
        devices = [one for one in await platform.devices(list(target.numbers)) if one.unique_id in target.numbers]
        if not devices:
            return Look(target.unit_id, "unknown_device")
        answers = [(one, await platform.reports(one.id, target.since, clock() + AHEAD)) for one in devices]
    except Trouble as trouble:
        log.warning("platform_trouble", unit=target.unit_id, trouble=str(trouble))
        return Look(target.unit_id, trouble.word)
    return look(target, answers, clock())
