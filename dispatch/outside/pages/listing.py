"""What was asked of others for the orders of a branch, what waits for somebody first."""

from __future__ import annotations

from flask import render_template, request

from dispatch.clock import now
from dispatch.db import transaction
from dispatch.outside.pages.blueprint import pages
from dispatch.outside.presenting import LOOKS, asked_of, in_order
from dispatch.outside.queries import visible_requests
from dispatch.web.access import current, may


@pages.get("/outside")
@may("outside.see")
def index() -> str:
    """All that is not over, and lately was."""
    stage = request.args.get("stage", "")
    with transaction() as db:
        asked = [asked_of(one, now()) for one in visible_requests(db, current())]
        counts = {name: sum(one.stage == name for one in asked) for name in LOOKS}
        shown = [one for one in in_order(asked) if stage in ("", one.stage)]
        return render_template("outside/index.html", rows=shown, counts=counts, stage=stage, looks=LOOKS, total=len(asked))
