"""What the worker does for intake: it reads large files and takes them in, finds terminals that fell silent, and has terminals
start anew by way of the platform."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import structlog

from dispatch.clock import now
from dispatch.config import Settings, from_environment
from dispatch.db import transaction
from dispatch.devices.asking import keep_look, targets
from dispatch.devices.asking_round import ask_all
from dispatch.devices.gateway import Traccar, Trouble
from dispatch.devices.models import PlatformLook, TerminalRestart
from dispatch.devices.platform_rules import Target
from dispatch.devices.restarting import end, give_up
from dispatch.intake.carrying import carry_out
from dispatch.intake.outages import end_outages, find_outages
from dispatch.intake.silence_rules import Together
from dispatch.intake.silences import hears, let_go, listed_by_platform, missed, propose, renew_keys
from dispatch.jobs import periodic, task

log = structlog.get_logger("intake")

ANSWERED = ("news", "nothing", "old", "ahead")
"""After these the record knows what the platform knows; any other answer leaves it open."""


@task("intake.work_on_file")
def work_on_file(work_id: int) -> None:
    """Read a large file, or take one in, as somebody asked."""
    carry_out(work_id)


@periodic("intake.find_silent", "*/10 * * * *")
def find_silent(timestamp: int) -> None:
    """Every ten minutes: let go who reports again, propose who fell silent."""
    look_for_silent(from_environment(), datetime.fromtimestamp(timestamp, UTC))


def look_for_silent(settings: Settings, at: datetime) -> int:
    """How many terminals are newly proposed. Run twice, each is proposed once.

    Where our listener hears nothing at all, nobody who reports to it is proposed: then it is we who are deaf. A terminal that
    was last heard of by way of the platform is asked about first, and so is one on the list that the platform knows.
    """
    with transaction() as session:
        give_up(session, at=at)
        found, listening = missed(session, at=at), hears(session, "jt808", at=at)
        theirs = {one.unit_id: one.last_heard_at for one in found if one.source == "traccar"}
        asked = targets(session, theirs | listed_by_platform(session)) if settings.traccar_url else []
    known = _asked(settings, asked)
    own = [one.unit_id for one in found if one.source == "jt808" and listening]
    units = [*own, *(unit for unit in theirs if unit in known)]
    with transaction() as session:
        let_go(session, at=at)
        renew_keys(session)
        new = propose(session, missed(session, at=at, only=units) if units else [], at=at)
        rule = together(settings)
        end_outages(session, rule, at=at)
        find_outages(session, rule, at=at)
    log.info("silent_found", new=new, missed=len(found))
    return new


def together(settings: Settings) -> Together:
    """What makes an outage of many, by the settings."""
    return Together(settings.silent_together, settings.silent_km, settings.silent_minutes, settings.silent_carrier)


def _asked(settings: Settings, asked: Sequence[Target]) -> set[int]:
    """Ask the platform; those of whom the record has all that it knows: nobody, while it does not answer."""
    known = set()
    for look in ask_all(settings.traccar_url, settings.traccar_token, asked, now):
        with transaction() as session:
            keep_look(session, look, at=now())
        if look.outcome in ANSWERED:
            known.add(look.unit_id)
    return known


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
