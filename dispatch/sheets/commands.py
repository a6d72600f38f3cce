"""`sheet verify`: whether a PDF is one of our sheets, as it was issued."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import click
import sqlalchemy as sa

from dispatch import db
from dispatch.config import Settings, demonstration
from dispatch.host.cluster import database_of
from dispatch.host.commands import LANGUAGE, UNREADABLE
from dispatch.host.errors import CannotStart
from dispatch.host.place import choose
from dispatch.sheets import signing
from dispatch.sheets.queries import release_of
from dispatch.sheets.verifying import LARGEST, Verdict, verify
from dispatch.web.locale import locale_for, tr_in
from dispatch.words import Text, say

EXIT_CODES = {"valid": 0, "altered": 1, "unknown": 1, "not_a_pdf": 2}
NO_RECORD = say(
    "The record of issued sheets in %(folder)s cannot be read, so no file can be known as issued. "
    "A sheet of the demonstration company needs --demo."
)
INTACT, BROKEN = say("intact"), say("not intact")
OURS, STRANGE = say("ours"), say("not ours")


@click.group()
def sheet() -> None:
    """Service sheets."""


@sheet.command("verify")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of sentences.")
@click.option("--lang", envvar=LANGUAGE, default="zh", help="zh or en; else as LANG says.")
@click.option("--demo", is_flag=True, help="A sheet of the demonstration company, which has a data folder of its own.")
@click.pass_context
def verify_file(ctx: click.Context, file: Path, as_json: bool, lang: str, demo: bool) -> None:
    """Tell whether FILE is a sheet of ours, as it was issued.

    Ends with 0 only if it is valid, with 1 if it is altered or unknown, and with 2 if it is no PDF or cannot be read.
    """
    locale = locale_for(lang)
    settings = demonstration(ctx.obj) if demo else ctx.obj
    signing.configure_from(settings)
    try:
        with file.open("rb") as opened:
            pdf = opened.read(LARGEST + 1)
    except OSError as reason:
        _note(tr_in(locale, say(UNREADABLE.msgid, file=str(file), reason=reason.strerror or str(reason))))
        ctx.exit(2)
    issued = _is_issued(settings, pdf)
    if issued is None:
        _note(tr_in(locale, say(NO_RECORD.msgid, folder=str(settings.data_dir))))
    verdict = verify(pdf, issued=bool(issued))
    click.echo(json.dumps(verdict.as_json(), ensure_ascii=False) if as_json else "\n".join(_lines(verdict, locale)))
    ctx.exit(EXIT_CODES[verdict.verdict])


def _is_issued(settings: Settings, pdf: bytes) -> bool | None:
    """Whether this very file was released; None where no record can be asked. It never makes a database."""
    try:
        if not settings.database_url and not _has_database(settings.data_dir):
            return None
        with database_of(settings) as reachable:
            db.connect(reachable.database_url, pool_size=1)
            try:
                with db.transaction() as session:
                    return release_of(session, hashlib.sha256(pdf).hexdigest()) is not None
            finally:
                db.disconnect()
    except (CannotStart, OSError, sa.exc.SQLAlchemyError):
        return None


def _has_database(data_dir: Path) -> bool:
    return data_dir.is_dir() and choose(data_dir).major() is not None


def _lines(verdict: Verdict, locale: str) -> list[str]:
    def words(text: Text) -> str:
        return tr_in(locale, text)

    lines = [words(verdict.said)]
    for one in verdict.signatures:
        parts = [one["field"], one["signer"], one["at"] or ""]
        parts += [words(OURS if one["ours"] else STRANGE), words(INTACT if one["intact"] else BROKEN)]
        lines.append("  " + " · ".join(part for part in parts if part))
    return lines


def _note(sentence: str) -> None:
    click.echo(sentence, err=True)


commands = [sheet]
