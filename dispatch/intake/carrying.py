"""What the worker does with a long file: read it, or take it in as the person decided, telling how far it is."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import structlog
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from dispatch.clock import now
from dispatch.db import transaction
from dispatch.errors import Refusal, RuleBroken
from dispatch.intake.forms import Edits
from dispatch.intake.importing import choice_from_json, take_list
from dispatch.intake.models import FileWork, Upload
from dispatch.intake.operations import fill_upload, take_calls, take_request
from dispatch.intake.operations.filing import read_anew
from dispatch.intake.operations.listing import Chosen
from dispatch.intake.operations.working import begin_work, end_work, note_progress
from dispatch.intake.progress import Tell
from dispatch.staff.models import Person
from dispatch.staff.queries import actor_of
from dispatch.staff.rules import Actor
from dispatch.tabular.listening import heard_by
from dispatch.tabular.tables import read
from dispatch.words import say

log = structlog.get_logger("intake")

OFTEN = 0.5
"""Seconds between two words of how far it is."""

BROKEN = say("Something broke down; it was written down and will be looked at. Nothing was taken in.")
LEFT = say("%(name)s does not work here any more. Nothing was taken in.")


def carry_out(work_id: int) -> None:
    """Do it, all of it or nothing. May be killed at any moment and run again: what has ended is left alone.

    A database that cannot be reached raises, so that the worker tries again; any other failure ends it with a sentence.
    """
    with transaction() as db:
        begun = begin_work(db, work_id, at=now())
    if begun is None:
        return
    refusal: Refusal
    try:
        with transaction() as db:
            _WORKS[begun.work](db, begun, _teller(work_id))
            end_work(db, work_id, at=now())
        return
    except OperationalError:
        raise
    except Refusal as refused:
        refusal = refused
    except Exception:
        log.exception("file_work_failed", work=work_id)
        refusal = RuleBroken(BROKEN)
    with transaction() as db:
        end_work(db, work_id, at=now(), refusal=refusal)


def _teller(work_id: int) -> Tell:
    last = ("", 0.0)

    def tell(stage: str, done: int = 0, total: int = 0) -> None:
        nonlocal last
        moment = time.monotonic()
        if stage == last[0] and moment - last[1] < OFTEN:
            return
        last = (stage, moment)
        with transaction() as db:
            note_progress(db, work_id, stage, done, total, at=now())

    return tell


def _read(db: Session, begun: FileWork, tell: Tell) -> None:
    upload, by = _asked_by(db, begun)
    tell("opening")
    with heard_by(lambda done, total: tell("reading", done, total)):
        if begun.asked:
            read_anew(db, upload.id, upload.purpose, begun.asked, by=by)
        else:
            assert upload.file is not None
            fill_upload(db, upload.id, upload.purpose, read(upload.file_name, upload.file), by=by)


def _take(db: Session, begun: FileWork, tell: Tell) -> None:
    upload, by = _asked_by(db, begun)
    asked, at = begun.asked, now()
    if upload.purpose == "request":
        kept = upload.content
        edits = Edits({}, {}, frozenset(kept["left_out"]), frozenset(kept["moved"]), asked["version"], again=asked["again"])
        take_request(db, upload.id, edits, by=by, at=at, tell=tell)
    elif upload.purpose == "calls":
        take_calls(db, upload.id, Chosen(**asked["chosen"]), version=asked["version"], by=by, at=at, tell=tell)
    else:
        choice = replace(choice_from_json(asked["choice"]), version=asked["version"])
        take_list(db, upload.id, upload.purpose, choice=choice, by=by, at=at, tell=tell)


def _asked_by(db: Session, begun: FileWork) -> tuple[Upload, Actor]:
    person = db.get_one(Person, begun.by_id)
    if not person.active:
        raise RuleBroken(LEFT.msgid, name=person.name)
    return db.get_one(Upload, begun.upload_id), actor_of(person)


_WORKS: dict[str, Callable[[Session, FileWork, Tell], None]] = {"read": _read, "take": _take}
