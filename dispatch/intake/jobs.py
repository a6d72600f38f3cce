"""What the worker does for intake: it finds terminals that fell silent, and has terminals start anew by way of the platform."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import structlog

from dispatch.clock import now
from dispatch.config import Settings, from_environment
from dispatch.db import transaction
from dispatch.devices.asking import ask_all, keep_look, targets
from dispatch.devices.gateway import Traccar, Trouble
from dispatch.devices.models import PlatformLook, TerminalRestart
from dispatch.devices.restarting import end, give_up
from dispatch.intake.silences import Missed, hears, let_go, missed, propose, renew_keys
from dispatch.jobs import periodic, task

log = structlog.get_logger("intake")

SILENT_INDEED = ("nothing", "old", "ahead")
"""What a platform says of a terminal that has told nothing new: any other answer leaves it open."""


@periodic("intake.find_silent", "*/10 * * * *")
def find_silent(timestamp: int) -> None:
    """Every ten minutes: let go who reports again, propose who fell silent."""
    look_for_silent(from_environment(), datetime.fromtimestamp(timestamp, UTC))


def look_for_silent(settings: Settings, at: datetime) -> int:
    """How many terminals are newly proposed. Run twice, each is proposed once.

    Where our listener hears nothing at all, nobody who reports to it is proposed: then it is we who are deaf. A terminal that
    was last heard of by way of the platform is asked about first.
    """
    with transaction() as session:
        give_up(session, at=at)
        let_go(session, at=at)
        renew_keys(session)
        found, listening = missed(session, at=at), hears(session, "jt808", at=at)
    own = [one for one in found if one.source == "jt808" and listening]
    theirs = _asked(settings, [one for one in found if one.source == "traccar"])
    with transaction() as session:
        units = [one.unit_id for one in (*own, *theirs)]
        new = propose(session, missed(session, at=at, only=units) if units else [], at=at)
    log.info("silent_found", new=new, missed=len(found))
    return new


def _asked(settings: Settings, found: list[Missed]) -> list[Missed]:
    """Those of whom the platform has nothing new either; none, while it does not answer."""
    if not settings.traccar_url or not found:
        return []
    with transaction() as session:
        asked = targets(session, {one.unit_id: one.last_heard_at for one in found})
    silent = set()
    for look in ask_all(settings.traccar_url, settings.traccar_token, asked, now):
        with transaction() as session:
            keep_look(session, look, at=now())
        if look.outcome in SILENT_INDEED:
            silent.add(look.unit_id)
    return [one for one in found if one.unit_id in silent]


@task("intake.restart_by_platform", retries=1)
def restart_by_platform(restart: int) -> None:
    """Have a terminal start anew by way of the platform, if that was not tried yet."""
    restart_over(from_environment(), restart)


def restart_over(settings: Settings, restart_id: int) -> None:
    """Send the command and write down what the platform says to it. Run twice, it is sent once."""
    with transaction() as session:
        asked = session.get(TerminalRestart, restart_id, with_for_update=True)
        if asked is None or asked.sent_at is not None or asked.ended_at is not None:
            return
        known = session.get(PlatformLook, asked.unit_id)
        asked.sent_at = now()
        device_id = known.device_id if known else None
    try:
        outcome = "unreached" if device_id is None else asyncio.run(_restart(settings, device_id))
    except Trouble as trouble:
        log.warning("restart_not_sent", restart=restart_id, trouble=str(trouble))
        outcome = "refused" if trouble.word == "refused" else "unreached"
    with transaction() as session:
        end(session, restart_id, outcome, at=now())


async def _restart(settings: Settings, device_id: int) -> str:
    async with Traccar(settings.traccar_url, settings.traccar_token) as platform:
        return "done" if await platform.restart(device_id) else "kept"
