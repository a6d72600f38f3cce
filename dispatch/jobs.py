"""Background jobs. procrastinate's table is the outbox: a job exists exactly if the transaction that asked for it committed.

A feature's `jobs.py` declares `@task("board.plan")` functions; operations and edges ask for one with `enqueue(session, ...)`.
Jobs run at least once: a worker that was killed is noticed by `requeue_stalled`, so every task bears being run again.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterable
from typing import Any

import procrastinate
import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.db import transaction

RETRIES = 3

queue = procrastinate.App(connector=procrastinate.PsycopgConnector(), import_paths=[])

_INSERT = sa.text(
    "SELECT procrastinate_defer_jobs_v1(ARRAY[ROW('default', :task, 0, :lock, :queueing_lock, CAST(:args AS jsonb), NULL)"
    "::procrastinate_job_to_defer_v1])"
)


def task(name: str, *, retries: int = RETRIES) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Declare a background job. It receives the JSON arguments it was asked for with, and runs in a thread of the worker."""

    def declare(function: Callable[..., None]) -> Callable[..., None]:
        strategy = procrastinate.RetryStrategy(max_attempts=retries, wait=2)
        queue.task(name=name, retry=strategy)(function)
        return function

    return declare


def periodic(name: str, cron: str) -> Callable[[Callable[[int], None]], Callable[[int], None]]:
    """Declare a job that runs by the clock, once over all workers. It receives the moment as a Unix timestamp, by that name.

    Raises TypeError for one that calls it otherwise: the queue could never run it.
    """

    def declare(function: Callable[[int], None]) -> Callable[[int], None]:
        if list(inspect.signature(function).parameters) != ["timestamp"]:
            raise TypeError(f"{name} is to take one argument, timestamp")
        queue.periodic(cron=cron)(queue.task(name=name, queueing_lock=name, pass_context=False)(function))
        return function

    return declare


def enqueue(session: Session, name: str, *, lock: str | None = None, **arguments: Any) -> None:
    """Ask for a job within the session's transaction. Jobs with the same `lock` run one after the other."""
    session.execute(_INSERT, {"task": name, "lock": lock, "queueing_lock": None, "args": json.dumps(arguments)})


def each_alone(ids: Iterable[int], act: Callable[[Session, int], int]) -> int:
    """Do it to one after the other, each in its own transaction; the sum of what they answer."""
    done = 0
    for one in ids:
        with transaction() as session:
            done += act(session, one)
    return done
