"""`outbox`: what a phone wrote out is brought in by whoever looks after the machine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import click

from dispatch.clock import now
from dispatch.config import Settings, demonstration
from dispatch.errors import Refusal
from dispatch.field.bringing_in import Arrived, BroughtIn, bring_in
from dispatch.field.exported import Exported, read_export
from dispatch.host.commands import LANGUAGE, bytes_of, must_have_database
from dispatch.host.errors import CannotStart
from dispatch.web.locale import locale_for, tr_in
from dispatch.words import Text, say

FINE, NOT_FINE = 0, 1
SUMMARY = say(
    "Of %(name)s: %(records)s records, %(photos)s photos. Entered: %(applied)s, for the dispatcher: %(disputed)s, waiting for "
    "their photo: %(waiting)s."
)
MISSING = say("Not taken yet: %(count)s. One before them is missing: it is still on the phone, or in another file.")
DAMAGED = say("Damaged lines of the file, passed over: %(count)s.")


@click.command("outbox")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of sentences.")
@click.option("--demo", is_flag=True, help="Of the demonstration company, which has a data folder of its own.")
@click.option("--lang", envvar=LANGUAGE, default="zh", help="zh or en; else as LANG says.")
@click.pass_context
def outbox(ctx: click.Context, file: Path, as_json: bool, demo: bool, lang: str) -> None:
    """Bring in FILE, which a technician's phone wrote out, as if the phone had sent it; the same file again does nothing twice.

    Ends with 0 if all of it is in, with 1 if some of it is damaged or missing, and with 2 if it cannot be read or taken.
    """
    locale = locale_for(lang)
    settings: Settings = demonstration(ctx.obj) if demo else ctx.obj
    try:
        brought = _carried_out(settings, read_export(bytes_of(file)))
    except (CannotStart, Refusal) as reason:
        said = reason.text if isinstance(reason, Refusal) else reason.args[0]
        raise CannotStart(tr_in(locale, said)) from None
    lines = _as_json(brought, locale) if as_json else "\n".join(tr_in(locale, line) for line in _lines(brought))
    click.echo(lines)
    ctx.exit(NOT_FINE if brought.damaged or brought.refused or brought.count(None) else FINE)


def _carried_out(settings: Settings, export: Exported) -> BroughtIn:
    from dispatch.binding import bind
    from dispatch.host.cluster import database_of

    must_have_database(settings)
    with database_of(settings) as reachable:
        bind(reachable, pool_size=reachable.web_pool_size)
        return bring_in(export, most=reachable.max_upload_mb * 2**20, now=now)


def _lines(brought: BroughtIn) -> Iterator[Text]:
    counts = {state: brought.count(state) for state in ("applied", "disputed", "waiting")}
    yield Text(SUMMARY.msgid, {"name": brought.person, "records": len(brought.records), "photos": brought.photos, **counts})
    if brought.count(None):
        yield Text(MISSING.msgid, {"count": brought.count(None)})
    if brought.damaged:
        yield Text(DAMAGED.msgid, {"count": brought.damaged})
    yield from brought.refused
    yield from (one.told for one in brought.records if one.told is not None)


def _as_json(brought: BroughtIn, locale: str) -> str:
    told = {
        "person": brought.person,
        "photos": brought.photos,
        "refused": [tr_in(locale, why) for why in brought.refused],
        "damaged": brought.damaged,
        "records": [_record(one, locale) for one in brought.records],
    }
    return json.dumps(told, ensure_ascii=False)


def _record(one: Arrived, locale: str) -> dict[str, object]:
    told = tr_in(locale, one.told) if one.told else None
    return {"seq": one.seq, "kind": one.kind, "before": one.before, "state": one.state, "told": told}


commands = [outbox]
