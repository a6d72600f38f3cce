"""Matching statements: what is proposed, the work list, what was explained; one line or one money of ours with its history."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from dispatch.clock import now
from dispatch.db import transaction
from dispatch.errors import NotFound, Refusal
from dispatch.fees.rules import CHANNEL_WORDS
from dispatch.finance.assigning import people_to_name
from dispatch.finance.match_acts import accept, decline
from dispatch.finance.match_explaining import Explained, explain
from dispatch.finance.match_list_queries import (
    ITEM_SORTS,
    LINE_SORTS,
    PROPOSAL_SORTS,
    candidates,
    explained,
    findings_counted,
    item_seen,
    last_told,
    line_seen,
    matches_of,
    proposals,
    unknown_lines,
    unshown_items,
    ways_proposed,
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
from dispatch.finance.matching_run import match_soon
from dispatch.finance.models import Statement, StatementLine
from dispatch.finance.pages.blueprint import Answer, chosen_branch, pages
from dispatch.finance.pages.statements import tell_matched
from dispatch.finance.statement_rules import LINE_STATES
from dispatch.finance.statements.lines import CHANNELS, KINDS
from dispatch.staff.models import Person
from dispatch.typed import number_in
from dispatch.web.access import current, may
from dispatch.web.forms import Form
from dispatch.web.listing import Heads, Leaf, address_with, cut_asked
from dispatch.web.login import settings

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


# --- proposals


@pages.get("/finance/matching")
@may("money.see")
def matching() -> Answer:
    """What is proposed, the most certain first."""
    return _proposals(None)


def _proposals(refusal: Refusal | None) -> Answer:
    asked, branch_id = request.args.get("way", ""), chosen_branch()
    way, cut = asked if asked in WAYS else None, cut_asked(PROPOSAL_SORTS, "-confidence")
    with transaction() as db:
        ways = ways_proposed(db, branch_id)
        found = proposals(db, branch_id, way=way, cut=cut, total=ways.get(way, 0) if way else sum(ways.values()))
        here = {"page": Leaf.of(found, "finance.matching"), "sort": Heads(cut.sort, "finance.matching")}
        facts = {"rows": found.rows, "ways": ways, "way": way, "refusal": refusal, "every": branch_id is None}
        page = render_template("finance/matching.html", **facts, **here, **WORDS)
    return (page, refusal.status) if refusal else page


@pages.post("/finance/matching")
@may("money.confirm")
def decide_matches() -> Answer:
    """Accept what is checked, or decline it."""
    ids = {number for number in map(number_in, request.form.getlist("ids")) if number is not None}
    wrong = request.form.get("then") == "decline"
    try:
        with transaction() as db:
            if wrong:
                decline(db, ids, by=current(), at=now())
            else:
                accept(db, ids, by=current(), at=now())
    except Refusal as refusal:
        return _proposals(refusal)
    told = ngettext("%(num)d was declined.", "%(num)d were declined.", len(ids))
    flash(told if wrong else ngettext("%(num)d was matched.", "%(num)d were matched.", len(ids)), "success")
    return redirect(address_with("finance.matching"))


@pages.post("/finance/matching/again")
@may("money.confirm")
def match_again() -> Response:
    """Match what is open anew."""
    with transaction() as db:
        tell_matched(match_soon(db, current().branch_id or 0, by=current(), at=now()))
    return redirect(url_for("finance.matching"))


# --- the work list


@pages.get("/finance/matching/work-list")
@may("money.see")
def match_work_list() -> str:
    """What nothing fits: lines that are missing here, money of ours that is missing there."""
    finding, branch_id = request.args.get("finding", ""), chosen_branch()
    sorts, items = (ITEM_SORTS, True) if finding in ITEM_FINDINGS else (LINE_SORTS, False)
    cut = cut_asked(sorts, "time")
    with transaction() as db:
        told, late = last_told(db, branch_id), now() - timedelta(days=settings().match_late_days)
        counts = findings_counted(db, branch_id)
        found: Any
        if items:
            found = unshown_items(db, branch_id, told, late, finding=finding, cut=cut)
            missing = {finding: found.total}
        else:
            known = finding if finding in FINDINGS else None
            total = counts.get(known, 0) if known else sum(counts.values())
            found = unknown_lines(db, branch_id, finding=known, cut=cut, total=total)
            missing = {}
        facts = {"rows": found.rows, "counts": counts | missing, "finding": finding, "items": items, "told": told}
        here = {"page": Leaf.of(found), "sort": Heads(cut.sort), "every": branch_id is None}
        return render_template("finance/match_work_list.html", **facts, **here, **WORDS)


@pages.get("/finance/matching/explained")
@may("money.see")
def match_explained() -> str:
    """What somebody explained, the newest first; what somebody still answers for by `?why=owed`."""
    asked, branch_id = request.args.get("why", ""), chosen_branch()
    why, cut = asked if asked in REASONS else None, cut_asked(PROPOSAL_SORTS, "-time")
    with transaction() as db:
        found = explained(db, branch_id, why=why, cut=cut)
        here = {"page": Leaf.of(found), "sort": Heads(cut.sort), "every": branch_id is None}
        return render_template("finance/match_explained.html", rows=found.rows, why=why, **here, **WORDS)


# --- one line, one money of ours


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
            ticked=set(request.form.getlist("parts")),
            made=db.get(Statement, of.statement_id) if isinstance(of, StatementLine) else None,
            people=_people(db, of.branch_id),
            heirs=people_to_name(db, of.branch_id) if of.state == "open" and current().may("difference.assign") else [],
            reasons=_reasons(),
            **WORDS,
        )
    return (page, refusal.status) if refusal else page


def _reasons() -> list[tuple[str, Any]]:
    mine = [("", "—")]
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
    parts = {(side, id_)} | {_part(text) for text in request.form.getlist("parts")}
    said = Explained(
        lines=frozenset(number for kind, number in parts if kind == "line"),
        items=frozenset(number for kind, number in parts if kind == "item"),
        why=form.text("why"),
        words=form.text("words"),
        owner_id=number_in(form.text("owner")),
        payout_channel=form.text("payout_channel"),
    )
    try:
        with transaction() as db:
            explain(db, said, by=current(), at=now())
    except NotFound:
        raise
    except Refusal as refusal:
        return one_page(side, id_, form.refused(refusal), refusal, "explain")
    flash(_("Booked."), "success")
    return redirect(_back(side, id_))


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
            undo(db, match_id, reason=form.text("reason"), by=current(), at=now())
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
