"""The papers on a person's page."""

from __future__ import annotations

from datetime import date

from flask import flash, redirect, url_for
from flask_babel import gettext as _

from dispatch.clock import now
from dispatch.db import transaction
from dispatch.errors import Invalid
from dispatch.staff import person_papers
from dispatch.staff.pages.blueprint import Answer, pages
from dispatch.staff.pages.people import person_page
from dispatch.tabular.cells import read_date
from dispatch.typed import Typed
from dispatch.web.access import current, may
from dispatch.web.forms import Form


@pages.post("/people/<int:person_id>/papers")
@may("staff.change")
def keep_paper(person_id: int) -> Answer:
    """He has a paper, or has it renewed."""
    form = Form.sent()
    typed = Typed(form.values)
    name, until = typed.needed("paper"), typed.need("valid_until", read_date, date.max)
    try:
        typed.check()
    except Invalid as refusal:
        with transaction() as db:
            return person_page(db, person_id, paper=form.refused(refusal)), refusal.status
    with transaction() as db:
        person_papers.keep_paper(db, person_id, person_papers.Paper(name, until), by=current(), at=now())
    flash(_("%(paper)s: good until %(day)s.", paper=name, day=until.isoformat()), "success")
    return redirect(url_for("staff.show", person_id=person_id))


@pages.post("/people/<int:person_id>/papers/<int:paper_id>/away")
@may("staff.change")
def put_paper_away(person_id: int, paper_id: int) -> Answer:
    """He needs it no longer."""
    with transaction() as db:
        name = person_papers.put_away(db, person_id, paper_id, by=current(), at=now())
    flash(_("%(paper)s is no longer asked for.", paper=name), "success")
    return redirect(url_for("staff.show", person_id=person_id))
