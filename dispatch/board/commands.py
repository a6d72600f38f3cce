"""`route`: a day's plan from a file to a file. Needs no database."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import click

from dispatch.errors import Refusal
from dispatch.host.commands import LANGUAGE, UNREADABLE
from dispatch.host.errors import CannotStart
from dispatch.routing.day_file import read_day, written_day
from dispatch.routing.stores.file import read_instance, written_tours
from dispatch.web.locale import locale_for, tr_in
from dispatch.words import Text, say

UNWRITABLE = say("%(file)s cannot be written: %(reason)s")
CHECK_S, CHECK_S_PER_JOB = 0.2, 0.0014
"""Of the time given: writing the plan down, checking it, and the reasons for what is left."""


@click.command()
@click.argument("problem", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Where the plan is written, as JSON.")
@click.option("--seconds", type=click.FloatRange(0, 86_400), default=10, show_default=True, help="How long to search.")
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True, help="Another seed, another search.")
@click.option("--rounds", type=click.IntRange(0), help="End after so many rounds on each core: then a seed gives one plan.")
@click.option("--cores", type=click.IntRange(1, 64), default=2, show_default=True, help="Searches side by side, the best wins.")
@click.option("--trsp", is_flag=True, help="PROBLEM is technicians with tools and spare parts and a store (text, TRSP).")
@click.option("--lang", envvar=LANGUAGE, default="zh", help="zh or en; else as LANG says.")
def route(problem: Path, out: Path, seconds: float, seed: int, rounds: int | None, cores: int, trsp: bool, lang: str) -> None:
    """Plan the day of PROBLEM and write it to --out; prints the figures as one line of JSON. Ctrl-C: the best so far."""
    locale = locale_for(lang)
    try:
        if trsp:
            figures = _toured(problem, out, seconds, seed, rounds, cores)
        else:
            figures = _planned(problem, out, seconds, seed, rounds, cores, partial(tr_in, locale))
    except Refusal as refusal:
        raise CannotStart(tr_in(locale, refusal.text)) from None
    except _FileFailed as failed:
        raise CannotStart(tr_in(locale, failed.text)) from None
    click.echo(json.dumps(figures, ensure_ascii=False))


class _FileFailed(Exception):
    def __init__(self, sentence: Text, file: Path, reason: Exception) -> None:
        self.text = Text(sentence.msgid, {"file": str(file), "reason": getattr(reason, "strerror", None) or str(reason)})
        super().__init__(str(self.text))


def _planned(
    file: Path, out: Path, seconds: float, seed: int, rounds: int | None, cores: int, tell: Callable[[Text], str]
) -> dict[str, Any]:
    began = time.perf_counter() - time.process_time()  # whoever gives ten seconds counts from the start
    day = read_day(_text_of(file))
    from dispatch.routing.improve import improved  # loads the compiled search: nothing for commands that plan nothing
    from dispatch.routing.search.run import Effort
    from dispatch.routing.search.warm import warm

    warm()  # before the search divides into processes, or each would load or compile it
    afterwards = CHECK_S + CHECK_S_PER_JOB * len(day.jobs)
    effort = Effort(max(0.0, seconds - afterwards - (time.perf_counter() - began)), rounds, seed)
    found = improved(day, effort, processes=cores, explained=True)
    _write(out, json.dumps(written_day(found.plan, tell), ensure_ascii=False))
    return {
        "jobs": len(day.jobs),
        "technicians": len(day.technicians),
        "unserved": len(found.plan.unserved),
        "unserved_priority": found.unserved_priority,
        "travel_s": found.travel_s,
        "rounds": found.rounds,
        "first_plan_s": round(found.first_s, 3),
        "wall_s": round(time.perf_counter() - began, 2),
        "seed": seed,
    }


def _toured(file: Path, out: Path, seconds: float, seed: int, rounds: int | None, cores: int) -> dict[str, Any]:
    began = time.perf_counter() - time.process_time()
    problem = read_instance(_text_of(file))
    from dispatch.routing.search.effort import Effort
    from dispatch.routing.stores.improve import improved  # as above
    from dispatch.routing.stores.warm import warm

    warm()
    effort = Effort(max(0.0, seconds - CHECK_S - (time.perf_counter() - began)), rounds, seed)
    found = improved(problem, effort, processes=cores)
    _write(out, json.dumps(written_tours(found.tours)))
    return {
        "requests": len(problem.requests),
        "technicians": len(problem.technicians),
        "unserved": list(found.unserved),
        "working_time": round(found.working_time, 4),
        "distance": round(found.distance, 4),
        "rounds": found.rounds,
        "first_s": round(found.first_s, 3),
        "wall_s": round(time.perf_counter() - began, 2),
        "seed": seed,
    }


def _text_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as reason:
        raise _FileFailed(UNREADABLE, file, reason) from None


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text + "\n", encoding="utf-8")
    except OSError as reason:
        raise _FileFailed(UNWRITABLE, file, reason) from None


commands = [route]
