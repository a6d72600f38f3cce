"""The command line: `./run COMMAND`, `python -m dispatch.cli COMMAND`, or `dispatch COMMAND` once installed."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterable, Iterator

import click

from dispatch import config, garbage
from dispatch.config import Settings
from dispatch.config_values import SettingError
from dispatch.errors import Refusal
from dispatch.features import edges
from dispatch.host import commands as machine
from dispatch.host.errors import CannotStart

DEFAULT = "serve"
ALONE = {"route": "dispatch.board.commands"}
"""Commands that only read and write files: found without the other features, since whoever names seconds waits for them."""


class _Sentence(click.ClickException):
    exit_code = 2


class Commands(click.Group):
    """Turns what went wrong in a known way into one sentence and exit code 2.

    The features' commands are looked for when one is not known here: loading all features takes longer than most commands.
    """

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """A command by its name."""
        if cmd_name in ALONE:
            self._add(importlib.import_module(ALONE[cmd_name]).commands)
        elif cmd_name not in self.commands:
            self._add_features()
        return super().get_command(ctx, cmd_name)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands."""
        self._add_features()
        return super().list_commands(ctx)

    def _add_features(self) -> None:
        self._add(feature_commands())

    def _add(self, commands: Iterable[click.Command]) -> None:
        for command in commands:
            self.add_command(command)

    def invoke(self, ctx: click.Context) -> object:
        """Run the command that was named."""
        try:
            return super().invoke(ctx)
        except (SettingError, CannotStart, Refusal) as reason:
            raise _Sentence(str(reason)) from None


@click.group(cls=Commands)
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Field-service dispatch: without a command it serves."""
    ctx.obj = config.given()


def _serving(command: click.Command) -> click.Command:
    command.params += [
        click.Option(
            ["--tls"], is_flag=True, help="Serve https with an own certificate, so that phones can use camera and position."
        ),
        click.Option(["--host"], help="Address to listen on (before HOST)."),
        click.Option(["--port"], help="Port to listen on (before PORT)."),
    ]
    return command


@cli.command()
def serve(tls: bool, host: str | None, port: str | None) -> None:
    """Set up the database, start web server and workers, stay until Ctrl-C."""
    from dispatch.host import opening

    opening.serve(_overlaid(tls, host, port))


@cli.command()
def demo(tls: bool, host: str | None, port: str | None) -> None:
    """The same with a demonstration company, in a data folder of its own."""
    from dispatch.host import opening

    opening.serve(config.demonstration(_overlaid(tls, host, port)))


@cli.command()
@click.pass_obj
def migrate(settings: Settings) -> None:
    """Bring the database's tables up to this version."""
    from dispatch.host import schema
    from dispatch.host.cluster import database_of

    with database_of(settings) as reachable:
        schema.upgrade(reachable.database_url)
    click.echo("The tables are up to date.")


@cli.command()
@click.pass_obj
def worker(settings: Settings) -> None:
    """Carry out background work until ended; `serve` starts these by itself."""
    from dispatch.host.cluster import database_of
    from dispatch.worker import main as work

    with database_of(settings) as reachable:
        work(reachable)


@cli.command()
@click.pass_obj
def jt808(settings: Settings) -> None:
    """Listen for terminals on JT808_PORT until ended; `serve` starts this by itself when that is set."""
    from dispatch.host.cluster import database_of
    from dispatch.host.ports import demand_free_port_for_terminals
    from dispatch.terminals import main as listen

    demand_free_port_for_terminals(settings)
    with database_of(settings) as reachable:
        listen(reachable)


@cli.command("config")
@click.pass_obj
def show_config(settings: Settings) -> None:
    """Print every setting with its present value; passwords and keys are masked."""
    for name, value, line in config.table(settings):
        click.echo(f"{name + '=' + value:<44} # {line}")


def feature_commands() -> Iterator[click.Command]:
    """The commands of `dispatch/<feature>/commands.py` and `dispatch/host/commands.py`: each has a list `commands`."""
    for module in (*edges("commands"), machine):
        yield from module.commands


def with_default(arguments: list[str]) -> list[str]:
    """`serve` goes in front if no command is named: `--tls` alone means `serve --tls`."""
    if arguments and (not arguments[0].startswith("-") or arguments[0] in ("--help", "-h")):
        return arguments
    return [DEFAULT, *arguments]


def _overlaid(tls: bool, host: str | None, port: str | None) -> Settings:
    instead = {"TLS": "on" if tls else None, "HOST": host, "PORT": port}
    return config.given(**{name: value for name, value in instead.items() if value is not None})


def main() -> None:
    """Entry point."""
    garbage.seldom()
    cli.main(with_default(sys.argv[1:]), prog_name="run")


_serving(serve)
_serving(demo)

if __name__ == "__main__":
    main()
