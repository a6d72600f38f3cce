"""Papers on which something goes from one person to another: what waits for a yes, one of them, and the counter of a store."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask import current_app, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from dispatch.clock import now
from dispatch.db import transaction
from dispatch.devices import handing_over
from dispatch.devices.hand_overs import PAPER_SORTS, offers, paper, papers
from dispatch.devices.models import HandOver
from dispatch.devices.page_forms import read_ids, read_numbers, read_parts
from dispatch.devices.pages.acting import carry_out
from dispatch.devices.pages.blueprint import Answer, pages
from dispatch.devices.part_moves import field_of
from dispatch.devices.promising import speaks_for, witnesses
from dispatch.devices.queries import bag
from dispatch.devices.scanning import units_scanned
from dispatch.errors import NotFound, Refusal
from dispatch.files.strokes import read_strokes
from dispatch.sheets.drawing import signature_svg
from dispatch.web.access import current, may
from dispatch.web.forms import Form
from dispatch.web.listing import Heads, Leaf, cut_asked

SHOWS = ("wait", "left", "all")


def overdue() -> timedelta:
    """After so long a paper that nobody has answered is told."""
    return timedelta(minutes=current_app.extensions["settings"].yes_overdue_minutes)


@pages.get("/stock/papers", endpoint="papers")
@may("order.see")
def paper_list() -> str:
    """Issues, returns and hand-overs of the branch: those that wait for a yes unless the address asks for others."""
    show = request.args.get("show", "wait")
    show = show if show in SHOWS else "wait"
    with transaction() as db:
        cut = cut_asked(PAPER_SORTS, "offered" if show == "wait" else "-offered")
        found = papers(db, current().branch_id or 0, show, cut=cut)
        words = {"wait": _("Wait for a yes"), "left": _("Not all came over"), "all": _("All")}
        chips = [{"label": words[each], "active": each == show, "url": url_for("devices.papers", show=each)} for each in SHOWS]
        late = now() - overdue()
        around = {"chips": chips, "page": Leaf.of(found), "sort": Heads(cut.sort)}
        return render_template("devices/papers.html", papers=found.rows, show=show, late=late, **around)


@pages.get("/stock/papers/<int:paper_id>", endpoint="paper")
@may("order.see")
def one_paper(paper_id: int) -> Answer:
    """One of them: what is on it, and who has said yes to it when and how."""
    return _paper_page(paper_id, Form())


def _paper_page(paper_id: int, form: Form, refusal: Refusal | None = None) -> Answer:
    with transaction() as db:
        found, me = paper(db, paper_id, current()), current()
        waits = found.status == "offered"
        page = render_template(
            "devices/paper.html",
            paper=found,
            form=form,
            refusal=refusal,
            field_of=field_of,
            mine=waits and speaks_for(me, found.second) and me.id != found.offered_by_id,
            takes_back=waits and speaks_for(me, found.from_holder if found.first == "giver" else found.to_holder),
            counter=waits and found.second.kind == "bag" and witnesses(me, found),
            decides=waits and me.may("stock.decide") and me.id != found.offered_by_id,
            signature=signature_svg(found.signature, 320, 120) if found.signature else None,
        )
    return (page, refusal.status) if refusal else page


@pages.post("/stock/papers/<int:paper_id>/<any(accept, decline, withdraw, overrule):how>", endpoint="answer_paper")
@may("stock.change", "stock.decide", "bench.work")
def answer(paper_id: int, how: str) -> Answer:
    """The store's yes, its no, taking its own paper back, or a manager's yes in somebody's place."""

    def act(db: Session, form: Form) -> str:
        return ANSWERS[how](db, paper(db, paper_id, current()), form)

    return carry_out(
        act, to=url_for("devices.paper", paper_id=paper_id), again=lambda form, refusal: _paper_page(paper_id, form, refusal)
    )


def accepted(db: Session, found: HandOver, form: Form) -> int:
    """Say yes to what was ticked or scanned, and to so many of each part; to all where a page shows nothing to tick."""
    facts: dict[str, Any] = {"by": current(), "at": now()}
    if form.text("chosen"):
        numbers = read_numbers(form.text("numbers"))
        ticked = units_scanned([line.unit for line in found.units], numbers) if numbers else set(read_ids(form.texts("units")))
        facts |= {"without": {line.unit_id for line in found.units} - ticked, "how": "scan" if numbers else "account"}
        facts["parts"] = read_parts({name: form.text(name) for name in form.values}, least=0)
    return handing_over.accept(db, found.id, **facts)


def _accept(db: Session, found: HandOver, form: Form) -> str:
    accepted(db, found, form)
    return str(_("Both have said yes: it has gone over."))


def _decline(db: Session, found: HandOver, form: Form) -> str:
    handing_over.decline(db, found.id, reason=form.text("reason"), by=current(), at=now())
    return str(_("Noted: it stays where it was."))


def _withdraw(db: Session, found: HandOver, _form: Form) -> str:
    handing_over.withdraw(db, found.id, by=current(), at=now())
    return str(_("Taken back: it stays where it was."))


def _overrule(db: Session, found: HandOver, form: Form) -> str:
    handing_over.overrule(db, found.id, reason=form.text("instead"), by=current(), at=now())
    return str(_("It has gone over on your word. The paper says so."))


ANSWERS: dict[str, Callable[[Session, HandOver, Form], str]] = {
    "accept": _accept,
    "decline": _decline,
    "withdraw": _withdraw,
    "overrule": _overrule,
}


# --- at the counter


@pages.route("/stock/counter/<int:person_id>", methods=["GET", "POST"], endpoint="counter")
@may("stock.change", "bench.work")
def counter(person_id: int) -> Answer:
    """All that waits between the store, or the bench, and one technician; one signature of his for what waits for his yes."""
    if request.method == "GET":
        return _counter_page(person_id, Form())

    def sign(db: Session, form: Form) -> str:
        papers = read_ids(form.texts("papers"))
        count = handing_over.sign(db, papers, points=read_strokes(form.text("points") or "[]"), by=current(), at=now())
        if not count:
            return str(_("This was signed already; nothing was moved twice."))
        name = _technician_name(db, person_id)
        return str(ngettext("%(num)d unit signed for by %(name)s.", "%(num)d units signed for by %(name)s.", count, name=name))

    return carry_out(
        sign,
        to=url_for("devices.counter", person_id=person_id),
        again=lambda form, refusal: _counter_page(person_id, form, refusal),
    )


def _technician_name(db: Session, person_id: int) -> str:
    his = bag(db, person_id)
    if his is None or his.person is None or not current().sees_branch(his.branch_id):
        raise NotFound
    return his.person.name


def _counter_page(person_id: int, form: Form, refusal: Refusal | None = None) -> Answer:
    with transaction() as db:
        name = _technician_name(db, person_id)
        for_him, by_him = offers(db, person_id)
        page = render_template(
            "devices/counter.html",
            name=name,
            person_id=person_id,
            for_him=[each for each in for_him if witnesses(current(), each)],
            for_us=[each for each in by_him if each.second.kind == "store" and speaks_for(current(), each.second)],
            form=form,
            refusal=refusal,
            field_of=field_of,
        )
    return (page, refusal.status) if refusal else page
