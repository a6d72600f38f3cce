"""Payment codes as finance sees them: what is odd first, money that belongs to none, what goes back, what was forged."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from dispatch.clock import now
from dispatch.db import transaction
from dispatch.errors import NotFound, Refusal
from dispatch.fees.rules import CHANNEL_WORDS
from dispatch.finance.pages.blueprint import Answer, chosen_branch, pages
from dispatch.paycodes.gateway import connected
from dispatch.paycodes.operations import ask_again, look_at_code, look_at_stray
from dispatch.paycodes.queries import CODE_SORTS, FILTERS, code_counts, code_refunds, codes, forged, strays
from dispatch.paycodes.rules import CODE_STATES, ODD, REFUND_STATES
from dispatch.web.access import current, may
from dispatch.web.forms import Form
from dispatch.web.listing import Heads, Leaf, cut_asked
from dispatch.words import Text, say

FORGED_DAYS = 30
FILTER_WORDS: dict[str, Text] = {
    "odd": say("To look at"),
    "open": say("Wait to be paid"),
    "paid": say("Paid"),
    "expired": say("Came to nothing"),
    "all": say("All"),
}
WORDS = {"CHANNELS": CHANNEL_WORDS, "STATES": CODE_STATES, "ODD": ODD, "REFUNDS": REFUND_STATES, "FILTERS": FILTER_WORDS}


@pages.get("/finance/codes")
@may("money.see")
def code_list() -> str:
    """The codes, those that somebody has to look at first."""
    return _page()


def _page(form: Form | None = None, about: str = "") -> str:
    cut, branch_id, endpoint = cut_asked(CODE_SORTS, "-made"), chosen_branch(), "finance.code_list"
    with transaction() as db:
        counts = code_counts(db, current(), branch_id)
        asked = request.args.get("show", "odd" if counts["odd"] else "all")
        show = asked if asked in FILTERS else "all"
        found = codes(db, current(), show=show, branch_id=branch_id, cut=cut)
        shown = {
            "rows": found.rows,
            "counts": counts,
            "show": show,
            "strays": strays(db),
            "refunds": code_refunds(db, current(), branch_id),
            "forged": forged(db, now() - timedelta(days=FORGED_DAYS)),
            "forged_days": FORGED_DAYS,
        }
        lists: dict[str, Any] = {"page": Leaf.of(found, endpoint, show=show), "sort": Heads(cut.sort, endpoint)}
        more = {"form": form, "about": about, "every": branch_id is None, "connected": connected()}
        return render_template("finance/codes.html", **shown, **lists, **more, **WORDS)


@pages.post("/finance/codes/<int:code_id>/looked")
@may("money.confirm")
def look(code_id: int) -> Answer:
    """What came of an odd payment."""
    return _noted(f"code-{code_id}", lambda db, note: look_at_code(db, code_id, note, by=current(), at=now()))


@pages.post("/finance/stray-payments/<int:stray_id>/looked")
@may("money.confirm")
def look_stray(stray_id: int) -> Answer:
    """What came of a payment that belongs to no code."""
    return _noted(f"stray-{stray_id}", lambda db, note: look_at_stray(db, stray_id, note, by=current(), at=now()))


@pages.post("/finance/code-refunds/<int:refund_id>/again")
@may("money.confirm")
def refund_again(refund_id: int) -> Answer:
    """Have the channel try a refund once more that it has refused."""
    return _noted(f"refund-{refund_id}", lambda db, note: ask_again(db, refund_id, by=current(), at=now()))


def _noted(about: str, act: Callable[[Session, str], object]) -> Answer:
    form = Form.sent()
    try:
        with transaction() as db:
            act(db, form.line("note"))
    except NotFound:
        raise
    except Refusal as refusal:
        return _page(form.refused(refusal), about), refusal.status
    flash(_("It will be tried again.") if about.startswith("refund") else _("Noted."), "success")
    return redirect(url_for("finance.code_list"))
