"""The lists of matching statements: what is proposed, the work list, what was explained."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import ngettext
from werkzeug.wrappers import Response

from dispatch.clock import now
from dispatch.db import transaction
from dispatch.errors import Refusal
from dispatch.finance.match_acts import accept, decline
from dispatch.finance.match_list_queries import (
    ITEM_SORTS,
    LINE_SORTS,
    PROPOSAL_SORTS,
    explained,
    findings_counted,
    last_told,
    proposals,
    unknown_lines,
    unshown_items,
    ways_proposed,
)
from dispatch.finance.match_rules import (
    FINDINGS,
    ITEM_FINDINGS,
    REASONS,
    WAYS,
)
from dispatch.finance.matching_run import match_soon
from dispatch.finance.pages.blueprint import Answer, chosen_branch, pages
from dispatch.finance.pages.matching import WORDS
from dispatch.finance.pages.statements import tell_matched
from dispatch.typed import number_in
from dispatch.web.access import current, may
from dispatch.web.listing import Heads, Leaf, address_with, cut_asked
from dispatch.web.login import settings

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
