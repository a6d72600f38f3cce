"""A person says which column of a waiting file is what, of whatever kind the file is."""

from __future__ import annotations

import re
from collections.abc import Mapping

from flask import flash, redirect, request
from flask_babel import gettext as _

from dispatch.db import transaction
from dispatch.errors import NotFound, Refusal
from dispatch.intake.operations import Columns, choose_columns, forget_columns
from dispatch.intake.operations.filing import FORGET, asked_columns
from dispatch.intake.pages.blueprint import Answer, pages
from dispatch.intake.pages.working import FOR_ALL, is_busy, left_to_worker, own_upload, preview_url
from dispatch.intake.reading import layouts_in
from dispatch.tabular.layouts import Layout
from dispatch.typed import number_in
from dispatch.web.access import current, may
from dispatch.web.locale import tr

MOST_COLUMNS = 200


# --- which column is what


@pages.post("/files/<int:upload_id>/columns")
@may(*FOR_ALL)
def columns(upload_id: int) -> Answer:
    """Read a file anew with its columns as chosen, or without what was remembered."""
    if is_busy(upload_id):
        with transaction() as db:
            return redirect(preview_url(own_upload(db, upload_id)))
    version, forget = number_in(request.form.get("version", "")), request.form.get("then") == "forget"
    try:
        with transaction() as db:
            seen = own_upload(db, upload_id)
            chosen = _chosen(layouts_in(seen.content), request.form)
            if left_to_worker(db, seen, FORGET if forget else asked_columns(chosen), version):
                return redirect(preview_url(seen))
            if forget:
                forget_columns(db, upload_id, seen.purpose, version=version, by=current())
            else:
                choose_columns(db, upload_id, seen.purpose, chosen, version=version, by=current())
    except NotFound:
        raise
    except Refusal as refusal:
        return _told(upload_id, refusal)
    flash(_("Forgotten. The file was read anew.") if forget else _("The file was read anew."), "success")
    return redirect(preview_url(seen) + "#columns")


def _told(upload_id: int, refusal: Refusal) -> Answer:
    flash(tr(refusal.text), "danger")
    with transaction() as db:
        return redirect(preview_url(own_upload(db, upload_id)))


def _chosen(layouts: list[Layout], form: Mapping[str, str]) -> Columns:
    """`head-0` is the row of headings of the first sheet, `column-0-3` what its fourth column is."""
    heads = {sheet.sheet: head for i, sheet in enumerate(layouts) if (head := number_in(form.get(f"head-{i}", ""))) is not None}
    chosen: dict[tuple[str, int], str] = {}
    for name, key in form.items():
        place = re.fullmatch(r"column-(\d{1,2})-(\d{1,3})", name)
        if place and int(place[1]) < len(layouts) and int(place[2]) < MOST_COLUMNS:
            chosen[layouts[int(place[1])].sheet, int(place[2])] = key
    return Columns(heads, chosen)
