"""Where the day starts, which branch it is about, and the one search."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Response, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response as Answer

from dispatch.db import transaction
from dispatch.staff.queries import branches
from dispatch.web import finding
from dispatch.web.access import current, signed_in
from dispatch.web.pages.beginning import no_order_yet
from dispatch.web.pages.blueprint import pages


@pages.get("/")
@signed_in
def home() -> Answer:
    """To the page where this person's day starts."""
    actor = current()
    if actor.may("staff.change") and _nothing_yet():
        return redirect(url_for("web.first_steps"))
    if "finance" in actor.roles and not actor.may("order.take"):
        return redirect(url_for("finance.index"))
    if actor.may("order.decide") and "manager" in actor.roles:
        return redirect(url_for("orders.approvals"))
    if actor.may("order.see"):
        return redirect(url_for("orders.index"))
    return redirect(url_for("field.today"))


def _nothing_yet() -> bool:
    with transaction() as db:
        return no_order_yet(db)


@pages.get("/waiting")
@signed_in
def waiting() -> Answer:
    """What waits for my decision."""
    return redirect(url_for("orders.approvals" if current().may("order.decide") else "web.home"))


@pages.post("/branch")
@signed_in
def branch() -> Answer:
    """Work for another branch; for people who see them all."""
    chosen = request.form.get("branch_id", type=int)
    with transaction() as db:
        known = {branch.id for branch in branches(db)}
    if current().may("branches.all") and chosen in known:
        session["branch_id"] = chosen
    return redirect(url_for("web.home"))


@pages.get("/search")
@signed_in
def search() -> str | Response:
    """One search for everything the reader may see."""
    words = request.args.get("q", "").strip()[:60]
    alone = "HX-Request" in request.headers
    if not words and alone:
        return Response("")
    groups: Sequence[object] = finding.everything(words, current()) if len(words) > 1 or not words.isascii() else []
    return render_template("web/search_found.html" if alone else "web/search.html", q=words, groups=groups)
