"""What was asked of others for the orders of a branch, what waits for somebody first."""

from __future__ import annotations

from flask import render_template, request

from dispatch.clock import now
from dispatch.db import transaction
from dispatch.outside.list_queries import ASKED_SORTS, asked_page
from dispatch.outside.pages.blueprint import pages
from dispatch.outside.presenting import LOOKS, asked_of
from dispatch.outside.rules import STAGES
from dispatch.web.access import current, may
from dispatch.web.listing import Heads, Leaf, cut_asked


@pages.get("/outside")
@may("outside.see")
def index() -> str:
    """All that was asked, by how far it is."""
    asked, cut = request.args.get("stage", ""), cut_asked(ASKED_SORTS, "stage")
    stage = asked if asked in STAGES else ""
    with transaction() as db:
        page = asked_page(db, current(), at=now(), stage=stage, cut=cut)
        shown = {"rows": [asked_of(one, now()) for one in page.part.rows], "page": Leaf.of(page.part), "sort": Heads(cut.sort)}
        counts = {name: page.counts.get(name, 0) for name in STAGES}
        return render_template("outside/index.html", **shown, counts=counts, stage=stage, looks=LOOKS, total=sum(counts.values()))
