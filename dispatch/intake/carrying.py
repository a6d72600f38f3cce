"""What the worker does with a long file: read it, or take it in as the person decided, telling how far it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from sqlalchemy.orm import Session

from dispatch.clock import now
from dispatch.db import transaction
from dispatch.errors import RuleBroken
from dispatch.intake.forms import Edits
from dispatch.intake.importing import choice_from_json, take_list
from dispatch.intake.models import FileWork, Upload
from dispatch.intake.operations import fill_upload, take_calls, take_request
from dispatch.intake.operations.filing import read_anew
from dispatch.intake.operations.listing import Chosen
from dispatch.intake.operations.working import begin_work, end_work, note_progress
from dispatch.intake.progress import Tell
from dispatch.intake.running import LEFT, refusal_of, telling
from dispatch.staff.models import Person
from dispatch.staff.queries import actor_of
from dispatch.staff.rules import Actor
from dispatch.tabular.listening import heard_by
from dispatch.tabular.tables import read


def carry_out(work_id: int) -> None:
    """Do it, all of it or nothing. May be killed at any moment and run again: what has ended is left alone."""
    with transaction() as db:
        begun = begin_work(db, work_id, at=now())
    if begun is None:
        return
    refusal = refusal_of(lambda: _carried(begun, work_id), file_work=work_id)
    if refusal is not None:
        with transaction() as db:
            end_work(db, work_id, at=now(), refusal=refusal)


def _carried(begun: FileWork, work_id: int) -> None:
    def note(stage: str, done: int, total: int) -> None:
        with transaction() as db:
            note_progress(db, work_id, stage, done, total, at=now())

    with transaction() as db:
        _WORKS[begun.work](db, begun, telling(note))
        end_work(db, work_id, at=now())


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
