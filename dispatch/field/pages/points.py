"""Which points of the test-run and which photos are asked for after which work: read by the office, decided by who may."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from dispatch.clock import now
from dispatch.db import transaction
from dispatch.errors import NotFound, Refusal
from dispatch.field.pages.blueprint import pages
from dispatch.field.point_rules import ITEMS, NEEDS, PHOTO_ITEMS, PHOTO_NEEDS, REMOVAL, WORKS, items_of
from dispatch.field.points import decide_points, point_lists
from dispatch.field.presenting.points import decisions, needs_now
from dispatch.typed import number_in
from dispatch.web.access import current, may
from dispatch.web.forms import Form


@pages.get("/test-points")
@may("order.see")
def points() -> str:
    """A table of checks and kinds of work, and who decided what."""
    return _page(None)


def _page(form: Form | None) -> str:
    with transaction() as db:
        lists = point_lists(db)
        return render_template(
            "field/points.html",
            form=form or Form.of(needs_now(lists)),
            now=needs_now(lists),
            seen=max((one.id for one in lists), default=0),
            decisions=decisions(lists),
            works=WORKS,
            untested=REMOVAL,
            items=ITEMS,
            photos=PHOTO_ITEMS,
            needs=NEEDS,
            photo_needs=PHOTO_NEEDS,
        )


@pages.post("/test-points")
@may("points.decide")
def decide() -> str | Response | tuple[str, int]:
    """Ask for other points and photos from now on."""
    form = Form.sent()
    chosen = {work: {item: form.text(f"{work}-{item}") for item in items_of(work)} for work in WORKS}
    try:
        with transaction() as db:
            changed = decide_points(db, chosen, seen=number_in(form.text("seen")) or 0, by=current(), at=now())
    except NotFound:
        raise
    except Refusal as refusal:
        return _page(form.refused(refusal)), refusal.status
    flash(_("Kept. It counts for work that begins from now on.") if changed else _("It was so already."), "success")
    return redirect(url_for("field.points"), 303)
