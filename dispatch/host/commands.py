"""The commands of whoever looks after the machine: `check`, `backup`, `restore`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from dispatch.config import Settings, demonstration
from dispatch.host.errors import CannotStart
from dispatch.words import Text, say

LANGUAGE = ["LC_ALL", "LC_MESSAGES", "LANG"]
UNREADABLE = say("%(file)s cannot be read: %(reason)s")


def _common(command: click.Command) -> click.Command:
    command.params += [
        click.Option(["--demo"], is_flag=True, help="Of the demonstration company, which has a data folder of its own."),
        click.Option(["--lang"], envvar=LANGUAGE, default="zh", help="zh or en; else as LANG says."),
    ]
    return command


@contextmanager
def _speaking(locale: str) -> Iterator[Callable[[Text | str], None]]:
    """Prints sentences in a language; refusals that leave the block are in that language too."""
    from dispatch.web.locale import tr_in

    try:
        yield lambda said: click.echo(tr_in(locale, said))
    except CannotStart as reason:
        raise CannotStart(tr_in(locale, reason.args[0])) from None


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of sentences.")
@click.option("--quick", is_flag=True, help="Leave out the signatures of the PDFs, which take the longest.")
@click.pass_context
def check(ctx: click.Context, as_json: bool, quick: bool, lang: str, demo: bool) -> None:
    """Tell whether trail, custody, money, files and sheets are whole.

    Ends with 0 if they are, with 1 if something is wrong, and with 2 if it cannot be looked at. Changes nothing.
    """
    from dispatch.host.cluster import database_of
    from dispatch.host.report import report
    from dispatch.web.locale import locale_for

    locale = locale_for(lang)
    with _speaking(locale):
        settings = _settings(ctx, demo)
        must_have_database(settings)
        with database_of(settings) as reachable:
            ctx.exit(report(reachable, locale=locale, as_json=as_json, quick=quick, out=click.echo))


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--without-keys", is_flag=True, help="Leave the keys out, for those who keep them elsewhere.")
@click.pass_context
def backup(ctx: click.Context, folder: Path, without_keys: bool, lang: str, demo: bool) -> None:
    """Put database, files and keys into a new folder in DIR. The product may run meanwhile.

    Ends with 1 if files were missing in the store: the backup is whole but for them.
    """
    from dispatch.host.backing_up import back_up
    from dispatch.host.cluster import database_of
    from dispatch.web.locale import locale_for

    with _speaking(locale_for(lang)) as out:
        settings = _settings(ctx, demo)
        must_have_database(settings)
        with database_of(settings) as reachable:
            made = back_up(reachable, folder, with_keys=not without_keys, out=out)
    ctx.exit(1 if made.missing else 0)


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.pass_context
def restore(ctx: click.Context, folder: Path, lang: str, demo: bool) -> None:
    """Bring a backup back into an empty DATA_DIR and database, then check it. Overwrites nothing.

    DIR is one backup, or a folder of several: then the newest is taken. Ends as `check` does.
    """
    from dispatch.host.report import report
    from dispatch.host.restoring import restored
    from dispatch.web.locale import locale_for

    locale = locale_for(lang)
    with _speaking(locale) as out, restored(_settings(ctx, demo), folder, out=out) as reachable:
        ctx.exit(report(reachable, locale=locale, as_json=False, quick=False, out=click.echo))


def _settings(ctx: click.Context, demo: bool) -> Settings:
    settings: Settings = ctx.obj
    return demonstration(settings) if demo else settings


def bytes_of(file: Path) -> bytes:
    """What is in a file that somebody named. Raises CannotStart where it cannot be read."""
    try:
        return file.read_bytes()
    except OSError as reason:
        told = {"file": str(file), "reason": reason.strerror or str(reason)}
        raise CannotStart(Text(UNREADABLE.msgid, told)) from None


def must_have_database(settings: Settings) -> None:
    """A look must not make a database."""
    from dispatch.host.place import choose

    if not settings.database_url and (not settings.data_dir.is_dir() or choose(settings.data_dir).major() is None):
        told = say("There is no database in %(folder)s; set DATA_DIR or DATABASE_URL to where it is.", folder=settings.data_dir)
        raise CannotStart(told)


commands = [_common(command) for command in (check, backup, restore)]
