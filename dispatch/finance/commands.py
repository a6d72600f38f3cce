"""`statement read`: what a statement of a channel or bank says, without keeping it."""

from __future__ import annotations

import json
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from dispatch.config import Settings
from dispatch.errors import Refusal
from dispatch.finance.statements.lines import CHANNELS, KINDS, Line, Statement
from dispatch.finance.statements.reading import read_statement
from dispatch.host.commands import LANGUAGE, bytes_of
from dispatch.host.errors import CannotStart
from dispatch.web.locale import locale_for, tr_in


@click.group()
def statement() -> None:
    """Statements of WeChat Pay, Alipay and banks."""


@statement.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of lines.")
@click.option("--lang", envvar=LANGUAGE, default="zh", help="zh or en; else as LANG says.")
@click.pass_obj
def read(settings: Settings, file: Path, as_json: bool, lang: str) -> None:
    """Read FILE and print what it says; nothing is kept. Ends with 2 where it cannot be read."""
    locale = locale_for(lang)
    try:
        found = read_statement(file.name, bytes_of(file), ZoneInfo(settings.default_zone))
    except Refusal as refusal:
        raise CannotStart(tr_in(locale, refusal.text)) from None
    except CannotStart as reason:
        raise CannotStart(tr_in(locale, reason.args[0])) from None
    _print(found, locale, as_json=as_json)


def _print(found: Statement, locale: str, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(found.as_json(), ensure_ascii=False, indent=1))
        return
    click.echo(f"{tr_in(locale, CHANNELS[found.channel])} {found.bank} {found.account}".strip())
    for line in found.lines:
        click.echo(_told(line, locale))
    click.echo(" · ".join(f"{name} {value}" for name, value in found.totals.items()))


def _told(line: Line, locale: str) -> str:
    about = (line.receipt, line.reference, line.party, line.note)
    kind = tr_in(locale, KINDS[line.kind])
    return "  ".join((f"{line.time:%Y-%m-%d %H:%M:%S}", kind, f"{line.amount:>12}", *filter(None, about)))


commands = [statement]
