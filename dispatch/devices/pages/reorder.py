"""Reorder points: setting them, and the list of what is to be ordered."""

from __future__ import annotations

from flask import flash, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session
from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from dispatch.approvals.rules import state_word
from dispatch.clock import local_day, now
from dispatch.db import transaction
from dispatch.devices.models import Holder
from dispatch.devices.pages.blueprint import Answer, pages
from dispatch.devices.pages.stock import branch_stores
from dispatch.devices.part_queries import parts_held
from dispatch.devices.purchases import under_way
from dispatch.devices.queries import holder, stores
from dispatch.devices.reorder_rules import Level, read_level, ware_key
from dispatch.devices.reordering import set_levels
from dispatch.devices.reorders import Ware, known_wares, part_name, wares
from dispatch.errors import Invalid, NotFound, Refusal
from dispatch.tabular.writing import Table
from dispatch.web.access import current, may
from dispatch.web.downloads import spreadsheet
from dispatch.web.forms import Form
from dispatch.web.locale import tr
from dispatch.words import Text

LEAST, FILL = "min-", "fill-"


@pages.get("/stock/reorder")
@may("order.see")
def reorder() -> str:
    """What the branch's stores are short of, or everything that has a reorder point."""
    whole = request.args.get("all") == "1"
    with transaction() as db:
        rooms = branch_stores(db)
        levelled = [ware for ware in wares(db, rooms) if ware.level]
        asked = under_way(db, rooms[0].branch_id) if rooms else {}
    short = [ware for ware in levelled if ware.to_order]
    shown = levelled if whole else short
    return render_template(
        "devices/reorder.html",
        rows=shown,
        whole=whole,
        short=len(short),
        levelled=len(levelled),
        stores=rooms,
        asked=asked,
        state_word=state_word,
    )


@pages.get("/stock/reorder.xlsx")
@may("order.see")
def reorder_export() -> Response:
    """What is to be ordered, as a spreadsheet."""
    with transaction() as db:
        rows = [ware for ware in wares(db, branch_stores(db)) if ware.to_order]
        lines = [_line(ware) for ware in rows]
    heads = [_("Store"), _("What"), _("In the store"), _("On the way"), _("Minimum"), _("Fill up to"), _("To order")]
    table = Table(_("To order"), heads, lines, counts=range(2, len(heads)))
    return spreadsheet(f"{_('To order')}-{local_day(now(), current().zone)}.xlsx", table)


def _line(ware: Ware) -> list[str | int]:
    assert ware.level is not None
    level = ware.level
    return [ware.store.name or "", tr(ware.word), ware.stored, ware.on_way, level.minimum, level.target, ware.to_order]


@pages.route("/stock/<int:holder_id>/reorder-points", methods=["GET", "POST"], endpoint="reorder_points")
@may("stock.change")
def points(holder_id: int) -> Answer:
    """The minimum and the filling of each thing in one store, set in one form."""
    if request.method == "GET":
        return _points_page(holder_id, None)
    form = Form.sent()
    try:
        with transaction() as db:
            place = _store(db, holder_id)
            changed = set_levels(db, place, _levels(form, list(_listed(db, place))), by=current(), at=now())
    except NotFound:
        raise
    except Refusal as refusal:
        return _points_page(holder_id, form.refused(refusal), refusal)
    told = ngettext("%(num)d reorder point changed.", "%(num)d reorder points changed.", changed)
    flash(told if changed else _("Nothing was changed."), "success" if changed else "info")
    return redirect(url_for("devices.reorder_points", holder_id=holder_id), 303)


def _store(db: Session, holder_id: int) -> Holder:
    place = holder(db, holder_id, current())
    if place.kind != "store":
        raise NotFound
    return place


def _points_page(holder_id: int, form: Form | None, refusal: Refusal | None = None) -> Answer:
    with transaction() as db:
        place = _store(db, holder_id)
        rooms = [room for room in stores(db, current()) if room.branch_id == place.branch_id]
        there = {ware.key: ware for ware in wares(db, rooms) if ware.store.id == place.id}
        rows = [there.get(key) or bare for key, bare in _listed(db, place).items()]
        filled = form or Form.of({name: number for ware in rows if ware.level for name, number in _fields(ware)})
        labels = {f"{start}{ware.key}": tr(ware.word) for ware in rows for start in (LEAST, FILL)}
        page = render_template("devices/reorder_points.html", place=place, rows=rows, form=filled, labels=labels)
    return (page, refusal.status) if refusal else page


def _listed(db: Session, place: Holder) -> dict[str, Ware]:
    """Everything that a reorder point of a store can be about, as it is without one."""
    units = {key: Ware(place, key, 0, 0, None) for key in known_wares(db)}
    parts = {ware_key("part", row.part.code): row for row in parts_held(db, place.id, every=True)}
    return units | {key: Ware(place, key, row.quantity, 0, None, name=part_name(row.part)) for key, row in parts.items()}


def _fields(ware: Ware) -> list[tuple[str, int]]:
    assert ware.level is not None
    return [(f"{LEAST}{ware.key}", ware.level.minimum), (f"{FILL}{ware.key}", ware.level.target)]


def _levels(form: Form, known: list[str]) -> dict[str, Level | None]:
    """What was typed for the things on the form. Raises Invalid beside each field that cannot be."""
    levels: dict[str, Level | None] = {}
    errors: dict[str, Text] = {}
    for ware in known:
        if f"{LEAST}{ware}" not in form.values:
            continue
        read = read_level(form.text(f"{LEAST}{ware}"), form.text(f"{FILL}{ware}"))
        if isinstance(read, dict):
            errors |= {f"{LEAST if name == 'minimum' else FILL}{ware}": text for name, text in read.items()}
        else:
            levels[ware] = read
    if errors:
        raise Invalid(errors)
    return levels
