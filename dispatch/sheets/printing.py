"""A sheet as HTML for the PDF engine: facts in, one page of text and its pictures out. No database, no request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import jinja2

from dispatch import paths
from dispatch.sheets import wording
from dispatch.sheets.drawing import Stroke, qr_svg, seal_svg, signature_svg
from dispatch.sheets.rules import TITLES
from dispatch.words import say

MOST_PHOTOS = 6
PHOTO_ORDER = ("refusal", "condition", "plate", "unit", "imei", "iccid", "work", "wiring", "place", "paper")
SERVICE_POINT = say("%(branch)s service branch")
SEAL_LINE = say("Service seal")


@dataclass(frozen=True)
class Print:
    """What a sheet shows beside its facts: which version it is, the address its QR code leads to, the signatures' strokes."""

    version: int
    made_at: datetime
    address: str
    points: Mapping[str, Sequence[Stroke]]


def sheet_html(facts: dict[str, Any], shown: Print) -> str:
    """The whole document. Its photos are named `file:SHA256.jpg` (see `printed_photos`)."""
    template = templates().get_template(f"sheets/{facts['kind']}.html")
    return template.render(
        **facts,
        print=shown,
        title=title_of(facts),
        qr=qr_svg(shown.address),
        seal=seal_svg(_whose_seal(facts["branch"]), wording.in_chinese(SEAL_LINE)),
        shown_photos=printed_photos(facts),
        strokes=shown.points,
        plates={line["position"]: wording.plate_words(line) for line in facts["lines"]},
    )


def _whose_seal(branch: dict[str, str]) -> str:
    return branch.get("company") or wording.in_chinese(say(SERVICE_POINT.msgid, branch=branch["name"]))


def title_of(facts: dict[str, Any]) -> str:
    """The document's own name, as viewers show it: 维修服务单 WX-20261202-0001."""
    return f"{wording.in_chinese(TITLES[facts['kind']])} {facts['number']}"


def printed_photos(facts: dict[str, Any]) -> list[dict[str, Any]]:
    """The photos that have room on paper, the most telling kinds first, each kind in the order of time."""
    ranked = sorted(facts["photos"], key=lambda photo: (PHOTO_ORDER.index(photo["kind"]), photo["at"]))
    refusals = [photo for photo in ranked if photo["kind"] == "refusal"]
    rest = [photo for photo in ranked if photo["kind"] != "refusal"]
    chosen = refusals[:2] + _fair(rest, MOST_PHOTOS - len(refusals[:2]))
    return sorted(chosen, key=lambda photo: photo["at"])


def _fair(photos: list[dict[str, Any]], room: int) -> list[dict[str, Any]]:
    """As many as there is room for, one of each kind before a second of any."""
    seen: dict[str, int] = {}
    turns = []
    for photo in photos:
        turns.append(seen.setdefault(photo["kind"], 0))
        seen[photo["kind"]] += 1
    return [photo for _, photo in sorted(zip(turns, photos, strict=True), key=lambda pair: pair[0])][:room]


@cache
def templates() -> jinja2.Environment:
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(paths.TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    made.globals.update(_=wording.two, pgettext=wording.two_in_context, word=wording.word, told=wording.told)
    made.globals.update(signature_svg=signature_svg)
    for filter_ in (
        wording.moment,
        wording.clock,
        wording.distance,
        wording.money,
        wording.on_account,
        wording.ending,
        wording.plate,
    ):
        made.filters[filter_.__name__] = filter_
    return made
