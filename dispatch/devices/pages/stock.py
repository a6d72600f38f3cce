"""Stock: stores and bags, what each holds, and handing over."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from dispatch.board.queries import team
from dispatch.clock import now
from dispatch.db import transaction
from dispatch.devices.bench_queries import debts, owed_by_people
from dispatch.devices.counts import under_way
from dispatch.devices.issuing import hand_over
from dispatch.devices.models import Holder
from dispatch.devices.operations import bag_of, describe
from dispatch.devices.ownership_queries import not_ours
from dispatch.devices.page_forms import read_ids, read_key
from dispatch.devices.pages.blueprint import Answer, pages
from dispatch.devices.pages.papers import overdue
from dispatch.devices.pages.supply import supplies
from dispatch.devices.queries import holder, stores, units_found, units_held
from dispatch.devices.shelves import Shelf, shelf, shelves
from dispatch.errors import Invalid, Refusal
from dispatch.staff.models import Person
from dispatch.staff.queries import technicians
from dispatch.typed import number_in
from dispatch.web.access import current, may
from dispatch.web.forms import Form
from dispatch.web.locale import tr
from dispatch.words import Text, say

PAGE_SIZE = 100
FILTERS = ("kind", "model", "whose")
WHOSE: dict[str, Text] = {
    "ours": say("Our own"),
    "customer": say("Customers' own"),
    "third_party": say("Third parties' own"),
}
MOST_PAGES = 10_000


@dataclass(frozen=True)
class Pager:
    """Where in a long list we are, for the macro that draws it."""

    number: int
    total: int
    args: Mapping[str, Any]
    endpoint: str | None = None

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return max(1, -(-self.total // PAGE_SIZE))

    def url(self, number: int) -> str:
        """The address of another page of the same list."""
        return url_for(self.endpoint or request.endpoint or "", **{**self.args, "page": number})


def own_branch() -> int:
    """The reader's branch."""
    branch_id = current().branch_id
    assert branch_id is not None
    return branch_id


@pages.get("/stock")
@may("stock.see")
def index() -> Answer:
    """Stores and bags of the branch with what they hold; a technician is led to his own bag."""
    words = request.args.get("q", "").strip()[:60]
    with transaction() as db:
        if not current().may("order.see"):
            return redirect(url_for("devices.my_bag"))
        found = units_found(db, words, current(), limit=50) if words else []
        if len(found) == 1:
            return redirect(url_for("devices.unit", unit_id=found[0].id))
        rows = shelves(db, current(), branch_id=own_branch())
        rooms = [row for row in rows if row.holder.kind == "store"]
        owed = owed_by_people(db, own_branch(), now())
        return render_template(
            "devices/index.html",
            q=words,
            found=found,
            describe=describe,
            stores=rooms,
            supplies=supplies(db, own_branch(), rooms) if not words else None,
            bags=_bags(db, rows),
            owed=owed,
            unanswered=sum(row.waiting for row in rows),
            oldest=min((row.oldest for row in rows if row.oldest), default=None),
            late=now() - overdue(),
        )


def _bags(db: Session, rows: Sequence[Shelf]) -> list[tuple[Person, Shelf | None]]:
    """Every technician of the branch with his bag, and whoever else still carries something."""
    carried = {row.holder.person_id: row for row in rows if row.holder.kind == "bag"}
    bags = [(person, carried.pop(person.id, None)) for person in team(db, own_branch())]
    return bags + [(row.holder.person, row) for row in carried.values() if row.holder.person and row.units]


@pages.get("/stock/<int:holder_id>", endpoint="holder")
@may("stock.see")
def show_holder(holder_id: int) -> Answer:
    """The units of one store or bag, with boxes to check for handing over."""
    with transaction() as db:
        return _holder_page(db, holder(db, holder_id, current()))


def _holder_page(db: Session, place: Holder, *, error: Refusal | None = None) -> Answer:
    content = shelf(db, place)
    asked = {name: request.args.get(name) for name in FILTERS} | {"q": request.args.get("q", "").strip()[:60]}
    number = min(max(1, request.args.get("page", 1, type=int)), MOST_PAGES)
    where = {**{name: asked[name] for name in FILTERS}, "words": asked["q"] or ""}
    others = not_ours(db, place.id)
    units = units_held(db, place.id, limit=PAGE_SIZE, offset=(number - 1) * PAGE_SIZE, **where)  # type: ignore[arg-type]
    pager = Pager(
        number, _total(content, others, asked, len(units)), {"holder_id": place.id, **{k: v for k, v in asked.items() if v}}
    )
    page = render_template(
        "devices/holder.html",
        place=place,
        shelf=content,
        units=units,
        debts=debts(db, place.person_id) if place.person_id else [],
        at=now(),
        q=asked["q"],
        chips=_chips(place, content, others, asked),
        pager=pager,
        targets=_targets(db, place) if current().may("stock.change") else [],
        key=uuid.uuid4(),
        counted=under_way(db, place.id) if current().may("order.see") else None,
        error=error,
    )
    return (page, error.status) if error else page


def _total(content: Shelf, others: Mapping[str, int], asked: Mapping[str, str | None], shown: int) -> int:
    """How many units a filter leaves; a search, or several filters at once, are not counted beyond the page they fill."""
    if asked["q"] or sum(asked[name] is not None for name in FILTERS) > 1:
        return shown
    if asked["whose"]:
        return {"ours": content.units - sum(others.values()), **others}.get(asked["whose"] or "", 0)
    if asked["model"]:
        return content.models.get(asked["model"], 0)
    counts = {"terminal": content.terminals, "sim": content.sims, "tool": content.tools}
    return counts.get(asked["kind"] or "", content.units)


def _chips(place: Holder, content: Shelf, others: Mapping[str, int], asked: Mapping[str, str | None]) -> list[dict[str, Any]]:
    def chip(label: str, count: int, **where: Any) -> dict[str, Any]:
        on = {name: asked[name] for name in FILTERS if asked[name]} == where
        return {"label": label, "count": count, "active": on, "url": url_for("devices.holder", holder_id=place.id, **where)}

    first = [chip(_("All"), content.units), chip(_("SIMs"), content.sims, kind="sim")]
    if content.tools:
        first.append(chip(_("Tools"), content.tools, kind="tool"))
    models = [chip(model, count, model=model) for model, count in content.models.items()]
    return [*first, *models, *(chip(tr(WHOSE[owner]), count, whose=owner) for owner, count in _by_owner(content, others))]


def _by_owner(content: Shelf, others: Mapping[str, int]) -> list[tuple[str, int]]:
    """Whose the content is, where it is not all ours: owner and how many."""
    if not others:
        return []
    counted = {"ours": content.units - sum(others.values()), **others}
    return [(owner, counted[owner]) for owner in WHOSE if counted.get(owner)]


def _targets(db: Session, place: Holder) -> list[tuple[int, str]]:
    """Where checked units can go: from a store to technicians, from a bag to the branch's stores."""
    if place.kind == "store":
        return [(person.id, person.name) for person in technicians(db, place.branch_id)]
    return [(store.id, store.name or "") for store in stores(db, current()) if store.branch_id == place.branch_id]


@pages.post("/stock/<int:holder_id>")
@may("stock.change")
def move(holder_id: int) -> Answer:
    """The checked units go out of a store into a bag, or out of a bag into a store, once the technician has said yes, too."""
    with transaction() as db:
        place = holder(db, holder_id, current())
    form = Form.sent()
    try:
        with transaction() as db:
            to = _target(db, place, number_in(form.text("to")))
            key = read_key(form.text("key"))
            count = hand_over(db, read_ids(form.texts("ids")), source=place, to=to, key=key, by=current(), at=now())
            words, person_id = moved_words(count, to), to.person_id or place.person_id
    except Refusal as refusal:
        with transaction() as db:
            return _holder_page(db, holder(db, holder_id, current()), error=refusal)
    flash(words, "success")
    return redirect(url_for("devices.counter", person_id=person_id))


def _target(db: Session, place: Holder, wanted: int | None) -> Holder:
    if wanted not in [number for number, _name in _targets(db, place)]:
        raise Invalid({"": say("Choose where the units should go.")})
    assert wanted is not None
    if place.kind == "bag":
        return holder(db, wanted, current())
    return bag_of(db, person_id=wanted, branch_id=place.branch_id)


def moved_words(count: int, to: Holder) -> str:
    """What was promised to whom, in words."""
    if not count:
        return str(_("This was done already; nothing was moved twice."))
    if to.kind == "store":
        words = ngettext(
            "%(num)d unit goes back to %(place)s once he has said yes.",
            "%(num)d units go back to %(place)s once he has said yes.",
            count,
            place=to.name,
        )
        return str(words)
    words = ngettext(
        "%(num)d unit issued to %(name)s: it is his once he has said yes.",
        "%(num)d units issued to %(name)s: they are his once he has said yes.",
        count,
        name=to.person.name if to.person else "",
    )
    return str(words)


def chosen_store(db: Session, store_id: int) -> Holder:
    """A store of the reader's branch. Raises Invalid for anything else."""
    found = next((store for store in branch_stores(db) if store.id == store_id), None)
    if found is None:
        raise Invalid({"store": say("Choose a store.")})
    return found


def branch_stores(db: Session) -> list[Holder]:
    """The stores of the reader's branch."""
    return [store for store in stores(db, current()) if store.branch_id == own_branch()]
