"""Long work on files, as people wait for it: a file comes in, a bar with figures, what came of it."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from sqlalchemy.orm import Session

from dispatch.clock import now
from dispatch.db import transaction
from dispatch.errors import Invalid, NotFound, Refusal, RuleBroken
from dispatch.intake.models import FileWork, Upload
from dispatch.intake.operations import keep_file
from dispatch.intake.operations.filing import permission_for, typed_in
from dispatch.intake.operations.working import ask_again, ask_to_read_anew, keep_unread
from dispatch.intake.pages.blueprint import Answer, pages
from dispatch.intake.progress import LARGE_FILE, STAGES, UNDER_WAY, WAITS, WORKS, HowFar, is_lost
from dispatch.intake.queries import file_size, last_work
from dispatch.intake.stored import Json
from dispatch.tabular.kinds import kind_of
from dispatch.tabular.tables import read
from dispatch.web.access import current, may
from dispatch.web.forms import Form
from dispatch.web.uploads import sent_file
from dispatch.words import text_from_json

FOR_ALL = ("order.take", "stock.change", "staff.import", "price.change")
NEXT = {"request": "intake.request_upload", "calls": "intake.calls_upload"}


def received(purpose: str) -> Upload:
    """The file of this request, kept: read at once, or by the worker if it is large. Raises what reading refuses."""
    file, by = sent_file(), current()
    if len(file.content) > LARGE_FILE:
        kind_of(file.content)  # what is no table at all is told at once
        with transaction() as db:
            return keep_unread(db, purpose, file.name, file.content, permission=permission_for(purpose), by=by, at=now())
    workbook = read(file.name, file.content)
    with transaction() as db:
        return keep_file(db, purpose, workbook, file=file.content, by=by, at=now())


def preview_url(upload: Upload) -> str:
    """Where a waiting file is looked at."""
    if upload.purpose == "request":
        return url_for("intake.request_preview", upload_id=upload.id)
    if upload.purpose == "calls":
        return url_for("intake.calls_preview", upload_id=upload.id)
    return url_for("imports.preview", purpose=upload.purpose, upload_id=upload.id)


def back_url(purpose: str) -> str:
    """Where another file of the kind is sent in."""
    return url_for(NEXT[purpose]) if purpose in NEXT else url_for("imports.upload", purpose=purpose)


def waiting_page(db: Session, seen: Upload) -> str | None:
    """The page that stands in for a preview while the file is worked on, or when it could not be read."""
    work = last_work(db, seen.id)
    if work is not None and work.state in UNDER_WAY:
        return render_template("intake/progress.html", **_shown(seen, work))
    if not seen.content:
        assert work is not None
        failure = _failure(work) or RuleBroken(WAITS)
        return render_template("intake/unreadable.html", upload=seen, failure=failure.text, back=back_url(seen.purpose))
    return None


def is_busy(upload_id: int) -> bool:
    """Is the file being worked on? Whoever presses a button of a page that shows it otherwise is led to the bar."""
    with transaction() as db:
        work = last_work(db, upload_id)
    return work is not None and work.state in UNDER_WAY


def left_to_worker(db: Session, seen: Upload, asked: Json, version: int | None) -> bool:
    """Whether a file is so large that the worker reads it anew, as was asked; a small one is read at once."""
    if file_size(db, seen.id) <= LARGE_FILE:
        return False
    permission = permission_for(seen.purpose)
    ask_to_read_anew(db, seen.id, seen.purpose, asked, permission=permission, version=version, by=current(), at=now())
    return True


def failed_reading(db: Session, seen: Upload) -> Form | None:
    """Why a file was not read anew when that was asked last, unless it was changed since; with what was typed into its cells."""
    work = last_work(db, seen.id)
    if work is None or work.work != "read" or work.state != "failed" or work.asked.get("version") != seen.version:
        return None
    failure = _failure(work)
    typed = {f"cell-{row}-{key}": text for row, texts in typed_in(work.asked).items() for key, text in texts.items()}
    return Form(typed).refused(failure) if failure else None


def failed_take(db: Session, seen: Upload) -> tuple[Refusal, FileWork] | None:
    """Why the file was not taken in when that was tried last, unless it was changed since."""
    work = last_work(db, seen.id)
    if work is None or work.work != "take" or work.state != "failed" or work.asked["version"] != seen.version:
        return None
    failure = _failure(work)
    return (failure, work) if failure else None


def _failure(work: FileWork) -> Refusal | None:
    if work.failure is None:
        return None
    said = {name: text_from_json(text) for name, text in work.failure.items()}
    return RuleBroken(said[""]) if "" in said else Invalid(said)


def _shown(seen: Upload, work: FileWork) -> dict[str, object]:
    stage = STAGES[work.stage] if work.stage else WAITS
    far = HowFar(WORKS[work.work], stage, work.done, work.total, seen.file_name, work.at, is_lost(work.heard_at, now()))
    to = {"result": preview_url(seen) + "?ended=1", "back": back_url(seen.purpose)}
    return {"far": far, "upload": seen, "ended": work.state not in UNDER_WAY, **to}


@pages.get("/files/<int:upload_id>/progress")
@may(*FOR_ALL)
def progress(upload_id: int) -> Answer:
    """How far the work on a file is; once it has ended, the bar asks no more and the browser goes to what came of it."""
    with transaction() as db:
        seen = own_upload(db, upload_id)
        work = last_work(db, seen.id)
        if work is None:
            raise NotFound
        return render_template("intake/progress_parts.html", **_shown(seen, work))


@pages.post("/files/<int:upload_id>/progress")
@may(*FOR_ALL)
def start_again(upload_id: int) -> Answer:
    """Ask once more for work of which nobody has heard for a while."""
    with transaction() as db:
        seen = own_upload(db, upload_id)
        ask_again(db, seen.id, at=now())
    return redirect(preview_url(seen))


def own_upload(db: Session, upload_id: int) -> Upload:
    """A file of the branch which the person may bring in. Raises NotFound."""
    seen = db.get(Upload, upload_id)
    if seen is None or seen.branch_id != current().branch_id or not current().may(permission_for(seen.purpose)):
        raise NotFound
    return seen


def has_ended() -> bool:
    """Does somebody come from the bar?"""
    return request.args.get("ended") == "1"
