"""All quotations of a branch or of all: by state, by who made them, sorted and paged; those of mine that have expired."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from dispatch.clock import local_day, now
from dispatch.db import transaction
from dispatch.fees.operations import note_expired
from dispatch.fees.pages.blueprint import Answer, pages
from dispatch.fees.quote_queries import QUOTE_SORTS, QuoteFilter, quotations_page, quote_counts, quote_makers, untold_count
from dispatch.fees.quote_rules import STATE_WORDS
from dispatch.staff.queries import branches
from dispatch.typed import number_in
from dispatch.web.access import allowed, current, may
from dispatch.web.listing import Heads, Leaf, address_with, cut_asked
from dispatch.web.locale import tr

TOLD = "told"


@pages.get("/quotations")
@may("order.see")
def quotation_list() -> str:
    """Those that are asked for, the newest first."""
    asked, cut = _filter(), cut_asked(QUOTE_SORTS, "-at")
    day = local_day(now(), current().zone)
    with transaction() as db:
        found = quotations_page(db, asked, current(), day, cut=cut)
        counts = quote_counts(db, QuoteFilter("", asked.person_id, asked.branch_id, asked.words), current(), day)
        around = {"chips": _chips(asked, counts), "makers": _makers(db), "branches": _branches(db)}
        shown = {"rows": found.rows, "page": Leaf.of(found), "sort": Heads(cut.sort), "asked": asked, "today": day}
        told = db.scalar(sa.select(untold_count(current())))
        return render_template("fees/quote_list.html", **shown, **around, states=STATE_WORDS, told=told)


def _filter() -> QuoteFilter:
    state, words = request.args.get("state", ""), request.args.get("q", "").strip()[:60]
    person, branch = (number_in(request.args.get(name)) for name in ("person", "branch"))
    branch = branch if allowed("branches.all") else None
    return QuoteFilter(state if state in STATE_WORDS else "", person, branch, words, told=state == TOLD)


def _chips(asked: QuoteFilter, counts: Mapping[str, int]) -> list[dict[str, Any]]:
    """One for each state that there is, and for all."""
    whole = {"label": _("All"), "url": _of_state(None), "count": sum(counts.values()), "active": not (asked.state or asked.told)}
    one = [
        {"label": tr(word), "url": _of_state(state), "count": counts[state], "active": asked.state == state}
        for state, word in STATE_WORDS.items()
        if counts.get(state)
    ]
    mine = [{"label": _("Expired, told to me"), "url": _of_state(TOLD), "active": True}] if asked.told else []
    return [whole, *one, *mine]


def _of_state(state: str | None) -> str:
    return address_with(state=state, page=None)


def _makers(db: Session) -> list[tuple[str, str]]:
    return [("", _("Whoever made it")), *((str(id_), name) for id_, name in quote_makers(db, current()))]


def _branches(db: Session) -> list[tuple[str, str]]:
    """To choose from, for whoever sees all of them."""
    if not allowed("branches.all"):
        return []
    return [("", _("All branches")), *((str(one.id), one.name) for one in branches(db))]


@pages.post("/quotations/seen")
@may("quote.make")
def quotations_seen() -> Answer:
    """I know which of mine have expired."""
    with transaction() as db:
        note_expired(db, by=current(), at=now())
    flash(_("Noted."), "success")
    return redirect(url_for("fees.quotation_list"))
