"""The very first start."""

from __future__ import annotations

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Answer

from dispatch.clock import now
from dispatch.db import transaction
from dispatch.errors import Invalid, Refusal
from dispatch.staff.operations import (
    NewPerson,
    found_company,
)
from dispatch.staff.page_forms import read_branch_code
from dispatch.staff.passwords import hash_password
from dispatch.staff.queries import nobody_yet
from dispatch.typed import FILL_IN
from dispatch.web.access import public
from dispatch.web.first_start import setup_token_fits
from dispatch.web.forms import Form
from dispatch.web.login import settings
from dispatch.web.pages.blueprint import pages, password_errors, secret

PROPOSED = "HQ"
"""The code of the first branch unless another is typed: it stands in numbers of receipts and papers for ever."""


@pages.route("/setup", methods=["GET", "POST"])
@public
def setup() -> str | Answer | tuple[str, int]:
    """The first start: the first branch and its administrator. Only with the token that the start printed."""
    token = request.values.get("token", "")
    with transaction() as db:
        if not nobody_yet(db) or not setup_token_fits(settings(), token):
            abort(404)
    form = Form.sent() if request.method == "POST" else Form.of({"code": PROPOSED})
    if request.method == "GET":
        return render_template("web/setup.html", form=form, token=token)
    try:
        _found(form)
    except Refusal as refusal:
        return render_template("web/setup.html", form=form.refused(refusal), token=token), refusal.status
    flash(_("The company is set up. Sign in with the name and password you chose."), "success")
    return redirect(url_for("web.signin"))


def _found(form: Form) -> None:
    wanted = {name: form.text(name) for name in ("company", "branch", "name", "username")}
    errors = {name: FILL_IN for name, text in wanted.items() if not text}
    code = read_branch_code(form.text("code") or PROPOSED)
    if not isinstance(code, str):
        errors["code"] = code
    errors |= password_errors()
    if errors or not isinstance(code, str):
        raise Invalid(errors)
    administrator = NewPerson(
        staff_no="A001",
        name=wanted["name"],
        roles=frozenset(("administrator", "manager")),
        username=wanted["username"],
        password_hash=hash_password(secret("password")),
    )
    with transaction() as db:
        found_company(
            db,
            name=wanted["company"],
            branch_code=code,
            branch_name=wanted["branch"],
            zone=settings().default_zone,
            administrator=administrator,
            at=now(),
        )
