"""Matching statements: one line or one money of ours, its history, what may be done about it. `match_lists` has the lists."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from dispatch.clock import now
from dispatch.db import transaction
from dispatch.errors import NotFound, Refusal
from dispatch.fees.rules import CHANNEL_WORDS
from dispatch.finance.assigning import people_to_name
from dispatch.finance.match_explaining import Explained, explain
from dispatch.finance.match_list_queries import (
    Shown,
    candidates,
    item_seen,
    line_seen,
    matches_of,
    order_behind,
)
from dispatch.finance.match_models import LineMatch, MatchItem
from dispatch.finance.match_rules import (
    FINDINGS,
    ITEM_FINDINGS,
    ITEM_STATES,
    MATCH_STATES,
    NEEDS_WORDS,
    REASONS,
    TO_MATCH,
    TOGETHER,
    WAYS,
)
from dispatch.finance.match_undoing import undo
from dispatch.finance.models import Statement, StatementLine
from dispatch.finance.pages.blueprint import Answer, pages
from dispatch.finance.statement_rules import LINE_STATES
from dispatch.finance.statements.lines import CHANNELS, KINDS
from dispatch.staff.models import Person
from dispatch.typed import number_in
from dispatch.web.access import current, may
from dispatch.web.forms import Form

WORDS = {
    "WAYS": WAYS,
    "FINDINGS": FINDINGS,
    "ITEM_FINDINGS": ITEM_FINDINGS,
    "REASONS": REASONS,
    "MATCH_STATES": MATCH_STATES,
    "ITEM_STATES": ITEM_STATES,
    "LINE_STATES": LINE_STATES,
    "CHANNELS": CHANNELS,
    "ITEM_CHANNELS": CHANNEL_WORDS,
    "KINDS": KINDS,
    "NEEDS_WORDS": NEEDS_WORDS,
}


@pages.get("/finance/statement-lines/<int:line_id>")
@may("money.see")
def show_line(line_id: int) -> Answer:
    """One line: what it is, what it matches, its history, and what may be done about it."""
    return one_page("line", line_id)


@pages.get("/finance/match-items/<int:item_id>")
@may("money.see")
def show_item(item_id: int) -> Answer:
    """One receipt, payment or deposit as statements should show it."""
    return one_page("item", item_id)


def one_page(side: str, id_: int, form: Form | None = None, refusal: Refusal | None = None, acting: str = "") -> Answer:
    """The page of a line or an item; `acting` names the form on it that `refusal` is about. Raises NotFound."""
    with transaction() as db:
        of: StatementLine | MatchItem = line_seen(db, id_, current()) if side == "line" else item_seen(db, id_, current())
        found = matches_of(db, **{f"{side}_id": id_})
        proposed = {item.id for each in found if each.row.state == "proposed" for item in each.items}
        is_open = of.state in TO_MATCH
        lines, items = candidates(db, of, proposed) if is_open else ([], [])
        items = [item for item in items if current().sees_branch(item.branch_id)]
        forms = {f"undo-{each.row.id}" for each in found if each.row.state == "live"} | ({"explain"} if is_open else set())
        page = render_template(
            "finance/match_one.html",
            forms=forms,
            side=side,
            of=of,
            matches=found,
            lines=lines,
            items=items,
            open=is_open,
            form=form,
            refusal=refusal,
            acting=acting,
            labels=_labels(),
            ticked=set(request.form.getlist("parts")) if acting == "explain" else _doubted(found, side),
            made=db.get(Statement, of.statement_id) if isinstance(of, StatementLine) else None,
            order=order_behind(db, of) if isinstance(of, MatchItem) else None,
            people=_people(db, of.branch_id),
            heirs=people_to_name(db, of.branch_id) if of.state == "open" and current().may("difference.assign") else [],
            reasons=_reasons(),
            **WORDS,
        )
    return (page, refusal.status) if refusal else page


def _doubted(matches: list[Shown], side: str) -> set[str]:
    """What a proposal that has to be explained joins with the one that is shown, as the form names it."""
    asked = [each for each in matches if each.row.state == "proposed" and each.row.way in NEEDS_WORDS]
    if side == "line":
        return {f"item-{item.id}" for each in asked for item in each.items}
    return {f"line-{line.id}" for each in asked for line in each.lines}


def _reasons() -> list[tuple[str, Any]]:
    mine = [("", _("Choose…"))]
    if current().may("money.confirm"):
        mine += [(TOGETHER, _("They belong together"))]
    written_off = current().may("money.write_off")
    return mine + [
        (why, word) for why, word in REASONS.items() if (written_off if why == "written_off" else current().may("money.confirm"))
    ]


def _people(db: Session, branch_id: int) -> list[tuple[str, str]]:
    people = sa.select(Person.id, Person.name).where(Person.branch_id == branch_id, Person.active).order_by(Person.name)
    return [("", "—"), *((str(id_), name) for id_, name in db.execute(people))]


def _labels() -> dict[str, str]:
    return {"why": _("Reason"), "words": _("In your own words"), "owner": _("Who answers for it"), "reason": _("Reason")}


@pages.post("/finance/statement-lines/<int:line_id>")
@may("money.confirm", "money.write_off")
def explain_line(line_id: int) -> Answer:
    """Explain a line, or join it with what is checked."""
    return _explain("line", line_id)


@pages.post("/finance/match-items/<int:item_id>")
@may("money.confirm", "money.write_off")
def explain_item(item_id: int) -> Answer:
    """Explain money of ours, or join it with what is checked."""
    return _explain("item", item_id)


def _explain(side: str, id_: int) -> Answer:
    form = Form.sent()
    try:
        said = _said(form, {(side, id_)} | {_part(text) for text in request.form.getlist("parts")})
        with transaction() as db:
            explain(db, said, by=current(), at=now())
    except NotFound:
        raise
    except Refusal as refusal:
        return one_page(side, id_, form.refused(refusal), refusal, "explain")
    flash(_("Noted."), "success")
    return redirect(_back(side, id_))


def _said(form: Form, parts: set[tuple[str, int]]) -> Explained:
    """What was typed, about these parts. Raises Invalid."""
    return Explained(
        lines=frozenset(number for kind, number in parts if kind == "line"),
        items=frozenset(number for kind, number in parts if kind == "item"),
        why=form.text("why"),
        words=form.line("words"),
        owner_id=number_in(form.text("owner")),
        payout_channel=form.text("payout_channel"),
    )


def _part(text: str) -> tuple[str, int]:
    kind, _dash, number = text.partition("-")
    return kind, number_in(number) or 0


def _back(side: str, id_: int) -> str:
    return url_for("finance.show_line", line_id=id_) if side == "line" else url_for("finance.show_item", item_id=id_)


@pages.post("/finance/matches/<int:match_id>/undo")
@may("money.confirm", "money.write_off")
def undo_match(match_id: int) -> Answer:
    """Undo a match by a counter-entry."""
    form = Form.sent()
    with transaction() as db:
        side, id_ = _subject(db, match_id)
    try:
        with transaction() as db:
            undo(db, match_id, reason=form.line("reason"), by=current(), at=now())
    except NotFound:
        raise
    except Refusal as refusal:
        return one_page(side, id_, form.refused(refusal), refusal, f"undo-{match_id}")
    flash(_("Booked back."), "success")
    return redirect(_back(side, id_))


def _subject(db: Session, match_id: int) -> tuple[str, int]:
    """On whose page a match is undone. Raises NotFound."""
    if db.get(LineMatch, match_id) is None:
        raise NotFound
    side, id_ = request.args.get("side", ""), number_in(request.args.get("id", "")) or 0
    if side not in ("line", "item"):
        raise NotFound
    return side, id_
