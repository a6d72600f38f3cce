"""`import`: a file is read, and taken in, by the same reading and rules as on the pages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from dispatch.config import Settings, demonstration
from dispatch.errors import Refusal
from dispatch.host.commands import LANGUAGE, bytes_of, must_have_database
from dispatch.host.errors import CannotStart
from dispatch.intake.errands import HEADER, LIST_FIELDS, Errand, Outcome, looked_at, looked_at_alone, taken_in
from dispatch.web.locale import locale_for, tr_in
from dispatch.words import Text, say

KINDS = ("vehicles", "calls", "technicians", "terminals", "sims", "prices", "parts")
FINE, NOT_FINE = 0, 1
WHO = say("Say who takes the file in: --by USERNAME. With --dry-run nobody is needed; then only the file itself is looked at.")
BAD_SETTING = say("“%(text)s” is none of %(names)s, or lacks its “=”.")
STATUS = {"ok": say("ok"), "attention": say("needs attention"), "rejected": say("rejected")}
SUMMARY = say("%(lines)s lines: %(ok)s ok, %(attention)s need attention, %(rejected)s rejected.")
ALONE = say("Only the file was looked at. With --by USERNAME the record is asked, too.")


@click.command("import")
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only tell what the file gives; nothing is kept.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of sentences.")
@click.option("--by", "username", help="User name of the person who brings the file in, as on the page.")
@click.option(
    "--set", "settings", multiple=True, metavar="NAME=VALUE", help="A field of the page: customer=…, address=…, store=…"
)
@click.option("--leave-out", is_flag=True, help="Take the rest if some lines cannot be taken; otherwise none is.")
@click.option("--change", is_flag=True, help="Technicians: change people on record.")
@click.option("--again", is_flag=True, help="The very same file was taken in before, and this is another delivery or request.")
@click.option("--demo", is_flag=True, help="Of the demonstration company, which has a data folder of its own.")
@click.option("--lang", envvar=LANGUAGE, default="zh", help="zh or en; else as LANG says.")
@click.pass_context
def import_file(
    ctx: click.Context,
    kind: str,
    file: Path,
    dry_run: bool,
    as_json: bool,
    username: str | None,
    settings: tuple[str, ...],
    leave_out: bool,
    change: bool,
    again: bool,
    demo: bool,
    lang: str,
) -> None:
    """Read FILE as a list of KIND and take it in, all of it or nothing; the same file again does nothing twice.

    Ends with 0 if every line is taken, or with --dry-run could be; with 1 if some cannot be, or it was refused; with 2 if the
    file cannot be read or the database not be reached.
    """
    locale = locale_for(lang)
    with _speaking(locale):
        fields = _fields(kind, settings)
        errand = Errand(kind, file.name, bytes_of(file), fields, leave_out=leave_out, change=change, again=again)
        house: Settings = demonstration(ctx.obj) if demo else ctx.obj
        outcome = _carried_out(house, errand, username, dry_run)
    _print(outcome, locale, as_json=as_json, alone=dry_run and not username)
    ctx.exit(NOT_FINE if outcome.refused or (dry_run and outcome.rejected) else FINE)


@contextmanager
def _speaking(locale: str) -> Iterator[None]:
    """Refusals that leave the block are in a language, and end with 2."""
    try:
        yield
    except (CannotStart, Refusal) as reason:
        said = reason.text if isinstance(reason, Refusal) else reason.args[0]
        raise CannotStart(tr_in(locale, said)) from None


def _fields(kind: str, settings: tuple[str, ...]) -> dict[str, str]:
    """`customer=X` -> {"customer": "X"}, of the fields that the page has."""
    known = HEADER if kind == "vehicles" else LIST_FIELDS
    found = {name.strip(): value for name, equals, value in (text.partition("=") for text in settings) if equals}
    wrong = [text for text in settings if text.partition("=")[0].strip() not in known or "=" not in text]
    if wrong:
        raise CannotStart(Text(BAD_SETTING.msgid, {"text": wrong[0], "names": ", ".join(known)}))
    return found


def _carried_out(settings: Settings, errand: Errand, username: str | None, dry_run: bool) -> Outcome:
    if username is None:
        if not dry_run:
            raise CannotStart(WHO)
        return looked_at_alone(errand)
    from dispatch.binding import bind
    from dispatch.host.cluster import database_of

    must_have_database(settings)
    with database_of(settings) as reachable:
        bind(reachable, pool_size=reachable.web_pool_size)
        return (looked_at if dry_run else taken_in)(errand, username)


def _print(outcome: Outcome, locale: str, *, as_json: bool, alone: bool) -> None:
    if as_json:
        click.echo(json.dumps(outcome.as_json(lambda text: tr_in(locale, text)), ensure_ascii=False, indent=1))
        return
    for line in _lines(outcome, alone):
        click.echo(tr_in(locale, line) if isinstance(line, Text) else " ".join(tr_in(locale, part) for part in line))


def _lines(outcome: Outcome, alone: bool) -> Iterator[Text | list[Text | str]]:
    yield from outcome.notes
    for line in outcome.lines:
        if line.status != "ok":
            why: list[Text | str] = [part for reason in line.reasons for part in (reason.text, ";")][:-1]
            yield [f"{line.row}:", STATUS[line.status], "–", *why]
    yield Text(SUMMARY.msgid, outcome.counts)
    yield from outcome.refused
    if outcome.done is not None:
        yield outcome.done
    if alone:
        yield ALONE


commands = [import_file]
