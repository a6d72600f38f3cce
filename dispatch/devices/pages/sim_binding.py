"""The page on which everybody reads, and an administrator writes, which SIMs are bound to their terminals after a swap."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _

from dispatch.clock import now
from dispatch.db import transaction
from dispatch.devices.pages.blueprint import Answer, pages
from dispatch.devices.sim_binding_rules import MODES, USUAL
from dispatch.errors import NotFound, Refusal
from dispatch.field.binding_rules import end_rule, rules_written, write_rule
from dispatch.staff.queries import branches
from dispatch.typed import number_in
from dispatch.web.access import current, may
from dispatch.web.forms import Form


@pages.get("/stock/sims/binding")
@may("customer.see")
def binding_rules() -> str:
    """The rules that count, and what holds where none is written."""
    return _page(Form())


def _page(form: Form) -> str:
    with transaction() as db:
        shown = {"rules": rules_written(db), "modes": MODES, "usual": MODES[USUAL]}
        places = [(branch.id, branch.name) for branch in branches(db)]
        return render_template("devices/sim_binding.html", **shown, places=places, form=form)


@pages.post("/stock/sims/binding")
@may("binding.rules")
def write_binding_rule() -> Answer:
    """Write one."""
    form = Form.sent()
    branch, carrier, plan, mode = (form.text(name) for name in ("branch", "carrier", "plan", "mode"))
    try:
        with transaction() as db:
            scope = {"branch_id": number_in(branch) if branch else None, "carrier": carrier, "plan": plan}
            write_rule(db, **scope, mode=mode, by=current(), at=now())  # type: ignore[arg-type]
    except NotFound:
        raise
    except Refusal as refusal:
        return _page(form.refused(refusal)), refusal.status
    flash(_("The rule is written, and counts from now on."), "success")
    return redirect(url_for("devices.binding_rules"), 303)


@pages.post("/stock/sims/binding/<int:rule_id>/end")
@may("binding.rules")
def end_binding_rule(rule_id: int) -> Answer:
    """One no longer counts."""
    with transaction() as db:
        end_rule(db, rule_id, by=current(), at=now())
    flash(_("The rule no longer counts."), "success")
    return redirect(url_for("devices.binding_rules"), 303)
