"""Statements of channels and banks: those that are here, sending one in, one with its lines, which of its columns is what."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from dispatch.clock import now
from dispatch.db import transaction
from dispatch.errors import NotFound, Refusal
from dispatch.finance.keeping import Chosen, ask, ask_again, choose_columns, read_kept, receive
from dispatch.finance.matching_run import Matched, match_soon
from dispatch.finance.models import BankProfile, Statement
from dispatch.finance.pages.blueprint import Answer, chosen_branch, pages
from dispatch.finance.statement_queries import (
    LINE_SORTS,
    STATEMENT_SORTS,
    has_open_lines,
    kinds_of,
    lines_of,
    statement_seen,
    statements,
)
from dispatch.finance.statement_rules import LINE_STATES, STAGES, STATES, UNDER_WAY
from dispatch.finance.statements.bank_columns import COLUMNS
from dispatch.finance.statements.lines import CHANNELS, KINDS
from dispatch.intake.presenting import column_word
from dispatch.intake.progress import LARGE_FILE, WAITS, WORKS, HowFar, is_lost
from dispatch.intake.stored_rows import revived
from dispatch.tabular.kinds import kind_of
from dispatch.tabular.layouts import Layout
from dispatch.typed import number_in
from dispatch.web.access import current, may
from dispatch.web.forms import Form
from dispatch.web.listing import Heads, Leaf, cut_asked
from dispatch.web.locale import short_locale
from dispatch.web.uploads import refused_file, sent_file
from dispatch.words import text_from_json

WORDS = {"CHANNELS": CHANNELS, "KINDS": KINDS, "STATES": STATES, "LINE_STATES": LINE_STATES}
MOST_COLUMNS = 200


# --- the list, and sending one in


@pages.get("/finance/statements")
@may("money.see")
def statement_list() -> str:
    """Every statement, the newest first, and the form that takes another."""
    return _list(Form())


@pages.post("/finance/statements")
@may("money.confirm")
def send_statement() -> Answer:
    """Take a file in: it is read at once, or by the worker if it is large."""
    try:
        statement_id = _received()
    except Refusal as refusal:
        return _list(refused_file(refusal)), refusal.status
    _match(statement_id)
    return redirect(url_for("finance.show_statement", statement_id=statement_id))


def _match(statement_id: int) -> None:
    """Match its lines at once, if it is read and they are not too many; that this fails loses nothing of the file."""
    with transaction() as db:
        made = db.get_one(Statement, statement_id)
        if made.state == "kept":
            tell_matched(match_soon(db, made.branch_id, by=current(), at=now()))


def tell_matched(matched: Matched | None) -> None:
    """Say what came of matching; None: the worker does it."""
    if matched is None:
        flash(_("The worker matches its lines now. Look again in a minute."), "info")
        return
    told = ngettext("%(num)d line matched by itself.", "%(num)d lines matched by themselves.", matched.sure)
    open_ = _(
        "The branch has %(asked)s proposals and %(left)s lines in the work list now.", asked=matched.asked, left=matched.left
    )
    flash(f"{told} {open_}", "info")


def _list(form: Form) -> str:
    cut = cut_asked(STATEMENT_SORTS, "-sent")
    with transaction() as db:
        found = statements(db, current(), branch_id=chosen_branch(), cut=cut)
        leaf, heads = Leaf.of(found, "finance.statement_list"), Heads(cut.sort, "finance.statement_list")
        shown = {"rows": found.rows, "page": leaf, "sort": heads, "every": chosen_branch() is None}
        return render_template("finance/statements.html", form=form, **shown, **WORDS)


def _received() -> int:
    file, by = sent_file(), current()
    large = len(file.content) > LARGE_FILE
    if large and not file.content.startswith(b"PK"):
        kind_of(file.content)  # what is no table at all is told at once
    with transaction() as db:
        made = receive(db, file.name, file.content, by=by, at=now())
        if large:
            ask(db, made)
            return made.id
        read_kept(db, made, by=by, at=now())
        if made.state == "kept":
            _tell(made)
        return made.id


def _tell(made: Statement) -> None:
    """Say what came of a file."""
    assert made.totals is not None and made.taken is not None
    new, known = made.taken["count"], made.totals["count"] - made.taken["count"]
    flash(ngettext("%(num)d line was taken in.", "%(num)d lines were taken in.", new), "success" if new else "info")
    if known:
        told = ngettext("%(num)d line was here already.", "%(num)d lines were here already.", known)
        flash(told + " " + _("They were not counted twice."), "info")


# --- one statement


@pages.get("/finance/statements/<int:statement_id>")
@may("money.see")
def show_statement(statement_id: int) -> Answer:
    """One statement: how far its reading is, why it came to nothing, or its lines."""
    return _page(statement_id)


def _page(statement_id: int, chosen: Chosen | None = None, refusal: Refusal | None = None) -> Answer:
    with transaction() as db:
        made = statement_seen(db, statement_id, current())
        if made.state in UNDER_WAY:
            page = render_template("finance/statement_progress.html", **_far(made))
        elif made.state == "kept" and refusal is None:
            page = render_template("finance/statement.html", **_lines(db, made), **_columns(db, made, chosen), **WORDS)
        else:
            page = render_template("finance/statement_unread.html", refusal=refusal, **_columns(db, made, chosen), **WORDS)
    return (page, refusal.status) if refusal else page


def _lines(db: Session, made: Statement) -> dict[str, Any]:
    asked = request.args.get("kind", "")
    kind, cut = asked if asked in KINDS else None, cut_asked(LINE_SORTS, "row")
    found = lines_of(db, made, kind=kind, cut=cut)
    shown = {"rows": found.rows, "page": Leaf.of(found), "sort": Heads(cut.sort), "kind": kind}
    return shown | {"kinds": kinds_of(made), "open": has_open_lines(db, made)}


def _columns(db: Session, made: Statement, chosen: Chosen | None) -> dict[str, Any]:
    """The panel of columns of a bank's file; what was chosen stays chosen where it was refused."""
    layout = revived(Layout, made.layout) if made.layout else None
    if layout and chosen:
        seen = [replace(column, key=chosen.keys.get(at, column.key)) for at, column in enumerate(layout.columns)]
        layout = replace(layout, columns=tuple(seen), head=layout.head if chosen.head is None else chosen.head)
    return {
        "made": made,
        "failure": text_from_json(made.failure) if made.failure else None,
        "layouts": [layout] if layout else [],
        "columns": [(column.key, column_word(column, short_locale())) for column in COLUMNS],
        "used": db.get(BankProfile, made.profile_id) if made.profile_id else None,
    }


@pages.post("/finance/statements/<int:statement_id>/columns")
@may("money.confirm")
def statement_columns(statement_id: int) -> Answer:
    """Read a bank's file anew with its columns as chosen, or without what was remembered."""
    forget = request.form.get("then") == "forget"
    chosen = None if forget else _chosen(request.form)
    try:
        with transaction() as db:
            made = choose_columns(db, statement_id, chosen, by=current(), at=now())
            if made.state == "kept":
                _tell(made)
    except NotFound:
        raise
    except Refusal as refusal:
        return _page(statement_id, chosen, refusal)
    _match(statement_id)
    if forget:
        flash(_("Forgotten. The file was read anew."), "success")
    return redirect(url_for("finance.show_statement", statement_id=statement_id))


def _chosen(form: Mapping[str, str]) -> Chosen:
    """`head-0` is the row of headings, `column-0-3` what the fourth column is."""
    known = {column.key for column in COLUMNS} | {""}
    keys: dict[int, str] = {}
    for name, key in form.items():
        place = re.fullmatch(r"column-0-(\d{1,3})", name)
        if place and int(place[1]) < MOST_COLUMNS and key in known:
            keys[int(place[1])] = key
    return Chosen(number_in(form.get("head-0", "")), keys)


# --- while the worker reads it


@pages.get("/finance/statements/<int:statement_id>/progress")
@may("money.see")
def statement_progress(statement_id: int) -> str:
    """How far the reading is; once it has ended, the bar asks no more and the browser goes to what came of it."""
    with transaction() as db:
        return render_template("finance/statement_far.html", **_far(statement_seen(db, statement_id, current())))


@pages.post("/finance/statements/<int:statement_id>/progress")
@may("money.confirm")
def read_statement_again(statement_id: int) -> Response:
    """Ask once more for a file of which nobody has heard for a while."""
    with transaction() as db:
        ask_again(db, statement_id, by=current(), at=now())
    return redirect(url_for("finance.show_statement", statement_id=statement_id))


def _far(made: Statement) -> dict[str, Any]:
    stage = STAGES[made.stage] if made.stage else WAITS
    far = HowFar(WORKS["read"], stage, made.done, made.total, made.file_name, made.at, is_lost(made.heard_at, now()))
    return {"far": far, "made": made, "ended": made.state not in UNDER_WAY}
