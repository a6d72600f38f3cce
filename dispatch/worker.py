"""The worker: carries out background jobs until it is told to stop."""

from __future__ import annotations

import asyncio

import procrastinate
import structlog

from dispatch import garbage, jobs
from dispatch.binding import bind
from dispatch.config import Settings
from dispatch.features import edges
from dispatch.sheets import making, starting, verifying
from dispatch.web.logs import set_up

log = structlog.get_logger("worker")


def main(settings: Settings) -> None:
    """Run jobs side by side until SIGTERM or SIGINT; jobs under way are finished first."""
    set_up(settings)
    bind(settings, pool_size=settings.worker_concurrency + 1)
    starting.prepare(settings)
    list(edges("jobs"))
    list(edges("papers"))
    garbage.settle()
    try:
        asyncio.run(_work(settings))
    finally:
        making.stop()
        verifying.stop()


async def _work(settings: Settings) -> None:
    plain_url = settings.database_url.replace("postgresql+psycopg://", "postgresql://", 1)
    connector = procrastinate.PsycopgConnector(conninfo=plain_url, min_size=1, max_size=settings.worker_concurrency + 3)
    with jobs.queue.replace_connector(connector) as queue:
        async with queue.open_async():
            silence = settings.worker_stalled_seconds
            sweeping = asyncio.create_task(_requeue_stalled(queue, silence))
            log.info("worker_ready", concurrency=settings.worker_concurrency)
            try:
                await queue.run_worker_async(
                    concurrency=settings.worker_concurrency,
                    install_signal_handlers=True,
                    shutdown_graceful_timeout=5,
                    delete_jobs="never",
                    update_heartbeat_interval=silence / 4,
                    # The library forgets a dead worker after this; its jobs must have been found and given away before.
                    stalled_worker_timeout=silence * 10,
                )
            finally:
                sweeping.cancel()


async def _requeue_stalled(queue: procrastinate.App, silence: int) -> None:
    """Give the jobs of workers that died to others; every task bears being run again."""
    while True:
        await asyncio.sleep(silence / 3)
        try:
            for job in await queue.job_manager.get_stalled_jobs(seconds_since_heartbeat=silence):
                await _give_away(queue, job)
        except procrastinate.exceptions.ConnectorException:
            # Another worker was faster, or the database was away for a moment: the next round looks again.
            log.warning("sweep_interrupted", exc_info=True)


async def _give_away(queue: procrastinate.App, job: procrastinate.jobs.Job) -> None:
    """A job that has killed its worker too often stays behind as failed, for a person to look at."""
    if job.attempts >= jobs.RETRIES:
        log.error("job_given_up", job=job.id, task=job.task_name, attempts=job.attempts)
        await queue.job_manager.finish_job(job, procrastinate.jobs.Status.FAILED, delete_job=False)
        return
    log.warning("job_requeued", job=job.id, task=job.task_name)
    await queue.job_manager.retry_job(job)
