"""The table of who approves what: to be read by all who decide, changed by the director."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from dispatch.approvals.forms import read_rule
from dispatch.approvals.operations.table import add_rule, end_rule
from dispatch.approvals.queries import all_rules, fixed_rules
from dispatch.approvals.rules import BUSINESS, LADDER_KINDS, LevelRule, ladder, level_word
from dispatch.clock import now
from dispatch.db import transaction
from dispatch.errors import NotFound, Refusal
from dispatch.orders.pages.blueprint import pages
from dispatch.permissions import ROLES
from dispatch.staff.queries import branch, branches
from dispatch.typed import key_in
from dispatch.web.access import current, may
from dispatch.web.forms import Form
from dispatch.words import Text


@pages.get("/approvals/rules")
@may("approval.rules_see")
def approvals_rules() -> str:
    """Who approves what."""
    return _page(None)


def _page(form: Form | None, refused: Text | None = None) -> str:
    with transaction() as db:
        rules, ended = all_rules(db)
        shown: dict[str, Any] = {"rules": rules, "ended": ended, "fixed": fixed_rules(), "branch_choice": branches(db)}
        shown["ruled"] = {rule.kind for rule in fixed_rules()} | {row.kind for row in rules}
        words = {"kinds": LADDER_KINDS, "business": BUSINESS, "roles": ROLES, "turn_of": _turn}
        return render_template("orders/ladder.html", **shown, **words, form=form, refused=refused, new_key=uuid.uuid4())


def _turn(kind: str, roles: Sequence[str]) -> list[Text]:
    """Who decides in turn where only a rule with these roles fits."""
    rule = LevelRule(kind, tuple(roles), Decimal(0))
    return [level_word(permission) for permission in ladder(kind, None, 0, [rule])]


@pages.post("/approvals/rules")
@may("approval.rules")
def approvals_add_rule() -> Response | tuple[str, int]:
    """Add a rule; what was sent in before keeps its levels."""
    form = Form.sent()
    key = key_in(form.text("request_key"))
    if key is None:
        raise NotFound
    try:
        rule = read_rule(form.values)
        with transaction() as db:
            if rule.branch_id is not None:
                branch(db, rule.branch_id, current())
            add_rule(db, rule, key=key, by=current(), at=now())
    except NotFound:
        raise
    except Refusal as refusal:
        return _page(form.refused(refusal)), refusal.status
    flash(_("The rule holds for everything that is sent in from now on."), "success")
    return redirect(url_for("orders.approvals_rules"))


@pages.post("/approvals/rules/<int:rule_id>/end")
@may("approval.rules")
def approvals_end_rule(rule_id: int) -> Response | tuple[str, int]:
    """Take a rule away; what was sent in before keeps its levels."""
    try:
        with transaction() as db:
            end_rule(db, rule_id, by=current(), at=now())
    except NotFound:
        raise
    except Refusal as refusal:
        return _page(None, refusal.text), refusal.status
    flash(_("The rule is taken away. What waits already keeps its levels."), "success")
    return redirect(url_for("orders.approvals_rules"))
