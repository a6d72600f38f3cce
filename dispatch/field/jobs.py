"""What the worker does for the field: it asks about terminals, forgets what proves nothing, learns from drives, and applies what
a killed server has kept and no more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
import structlog

from dispatch.board.work import Ways
from dispatch.clock import now
from dispatch.config import Settings, from_environment
from dispatch.db import transaction
from dispatch.devices.asking import claim, keep_look, targets
from dispatch.devices.asking_round import ask_all
from dispatch.devices.models import Observation
from dispatch.devices.observing import forget, old_ones
from dispatch.field.applying import left_over
from dispatch.field.blobs import whole_ones
from dispatch.field.learning import learn
from dispatch.field.models import TestResult
from dispatch.field.runs import apply_all, finish_blob
from dispatch.field.watching import watched
from dispatch.jobs import periodic, task
from dispatch.staff.queries import branches

log = structlog.get_logger("field")

AT_ONCE = 20_000
IN_HAND = timedelta(seconds=30)
"""What came so short a while ago is being applied by who took it."""
_PROOF = sa.exists().where(TestResult.observation_id == Observation.id)


@periodic("field.forget_observations", "40 18 * * *")
def forget_observations(timestamp: int) -> None:
    """At 18:40 UTC, twenty to three in the Chinese night: remove what is older than OBSERVATION_DAYS."""
    forget_older(from_environment().observation_days, datetime.fromtimestamp(timestamp, UTC))


def forget_older(days: int, at: datetime) -> int:
    """Remove what was told more than so many days ago and no result of a test-run points to; how many rows went.

    In several transactions, so that the gateway never waits for it. Run twice, the second finds nothing.
    """
    before, gone = at - timedelta(days=days), 0
    with transaction() as session:
        found = old_ones(session, before=before, spare=_PROOF)
    for first in range(found[0], found[1] + 1, AT_ONCE) if found else ():
        with transaction() as session:
            gone += forget(session, first=first, last=first + AT_ONCE - 1, before=before, spare=_PROOF)
    log.info("observations_forgotten", gone=gone)
    return gone


@periodic("field.learn_travel", "10 19 * * *")
def learn_travel(timestamp: int) -> None:
    """At 19:10 UTC, ten past three in the Chinese night: learn from the drives how long they take."""
    learn_everywhere(from_environment(), datetime.fromtimestamp(timestamp, UTC))


def learn_everywhere(settings: Settings, at: datetime) -> int:
    """Learn in one branch after the other; how many drives were looked at. Run twice, the second writes the same."""
    with transaction() as session:
        ids = [branch.id for branch in branches(session)]
    drives = sum(learn(branch_id, Ways.of(settings).travel, at=at) for branch_id in ids)
    log.info("travel_learned", drives=drives)
    return drives


@periodic("field.ask_platform_round", "* * * * *")
def ask_platform_round(timestamp: int) -> None:
    """Every minute: ask the platform about the terminals of open test-runs, and of vehicles changed a short while ago."""
    ask_round(from_environment())


@task("field.ask_platform", retries=1)
def ask_platform(unit: int) -> None:
    """Ask about one terminal, at which somebody looks now."""
    ask_round(from_environment(), claimed=[unit])


def ask_round(settings: Settings, *, claimed: list[int] | None = None) -> int:
    """Ask the platform and keep what it says; `claimed` are terminals whose turn it is already. How many reports came.

    Killed in between, nothing is lost but the answers on their way: they are fetched again.
    """
    if not settings.traccar_url:
        return 0
    with transaction() as session:
        since = watched(session, at=now(), hours=settings.traccar_hours, only=claimed)
        turn = claim(session, since, at=now()) if claimed is None else claimed
        asked = targets(session, {unit: since[unit] for unit in turn if unit in since})
    came = 0
    for look in ask_all(settings.traccar_url, settings.traccar_token, asked, now):
        with transaction() as session:
            came += keep_look(session, look, at=now())
    return came


@periodic("field.apply_left_over", "* * * * *")
def apply_left_over(timestamp: int) -> None:
    """Every minute: apply what phones have sent and a killed server did not, or whose photo has come since."""
    apply_before(datetime.fromtimestamp(timestamp, UTC) - IN_HAND)


def apply_before(moment: datetime) -> int:
    """Apply what was kept before a moment and not applied, in each phone's order; how many facts were looked at."""
    with transaction() as session:
        photos = whole_ones(session, before=moment)
    for person_id, sha256 in photos:
        finish_blob(sha256, person_id, now)
    with transaction() as session:
        devices = left_over(session, before=moment)
    return sum(apply_all(device, now) for device in devices)
