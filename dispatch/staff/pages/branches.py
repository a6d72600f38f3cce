"""The company's branches: which there are, a new one, another name or zone for one (Q20)."""

from __future__ import annotations

from zoneinfo import available_timezones

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from dispatch.clock import now
from dispatch.db import transaction
from dispatch.errors import Refusal
from dispatch.staff import operations
from dispatch.staff.operations import add_branch, change_branch
from dispatch.staff.page_forms import read_branch
from dispatch.staff.pages.blueprint import Answer, pages
from dispatch.staff.queries import branch, branches, company_name, headcounts
from dispatch.typed import Typed
from dispatch.web.access import current, may
from dispatch.web.forms import Form
from dispatch.web.login import settings


@pages.get("/branches")
@may("branch.change")
def branch_list() -> Answer:
    """Every branch, and the form for a new one."""
    return _page(Form.of({"zone": settings().default_zone}))


@pages.post("/branches")
@may("branch.change")
def open_branch() -> Answer:
    """Add a branch."""
    form = Form.sent()
    try:
        typed = read_branch({name: form.text(name) for name in ("code", "name", "zone", "phone")})
        with transaction() as db:
            add_branch(db, code=typed.code, name=typed.name, zone=typed.zone, phone=typed.phone, by=current(), at=now())
    except Refusal as refusal:
        return _page(form.refused(refusal)), refusal.status
    flash(_("%(name)s is there. Its people can be added now.", name=typed.name), "success")
    return redirect(url_for("staff.branch_list"))


@pages.post("/branches/company")
@may("branch.change")
def name_company() -> Answer:
    """The company's own name."""
    form = Form.sent()
    typed = Typed(form.values)
    name = typed.needed("company")
    try:
        typed.check()
        with transaction() as db:
            operations.name_company(db, name, by=current(), at=now())
    except Refusal as refusal:
        return _page(Form.of({"zone": settings().default_zone}), form.refused(refusal)), refusal.status
    flash(_("Saved."), "success")
    return redirect(url_for("staff.branch_list"))


@pages.route("/branches/<int:branch_id>", methods=["GET", "POST"])
@may("branch.change")
def one_branch(branch_id: int) -> Answer:
    """Its name and zone; the code stays, it is part of receipt numbers."""
    with transaction() as db:
        found = branch(db, branch_id, current())
        begun = Form.of({"code": found.code, "name": found.name, "zone": found.zone, "phone": found.phone or ""})
    if request.method == "GET":
        return _one(begun, branch_id)
    form = Form.sent()
    try:
        typed = read_branch({"code": found.code, **{name: form.text(name) for name in ("name", "zone", "phone")}})
        with transaction() as db:
            of = branch(db, branch_id, current())
            change_branch(db, of, name=typed.name, zone=typed.zone, phone=typed.phone, by=current(), at=now())
    except Refusal as refusal:
        return _one(form.refused(refusal), branch_id), refusal.status
    flash(_("Saved."), "success")
    return redirect(url_for("staff.branch_list"))


def _one(form: Form, branch_id: int) -> str:
    with transaction() as db:
        found = branch(db, branch_id, current())
        return render_template("staff/branch.html", form=form, branch=found, zones=sorted(available_timezones()))


def _page(form: Form, named: Form | None = None) -> str:
    with transaction() as db:
        company = named or Form.of({"company": company_name(db) or ""})
        zones = sorted(available_timezones())
        return render_template("staff/branches.html", form=form, company=company, rows=_rows(db), zones=zones)


def _rows(db: Session) -> list[tuple[object, int]]:
    counts = headcounts(db)
    return [(each, counts.get(each.id, 0)) for each in branches(db)]
