"""Printing the lifecycle tables as they stand in the README."""

from __future__ import annotations

from collections.abc import Iterator

import click

from dispatch.orders.lifecycle import TABLES, Transition
from dispatch.orders.status_words import WORDS
from dispatch.permissions import PERMISSIONS


def as_markdown(table: str) -> Iterator[str]:
    """The lines of one table: action, from, to, who may, what must be there."""
    yield f"| {table}: action | from | to | who | needs |"
    yield "| --- | --- | --- | --- | --- |"
    for row in TABLES[table]:
        yield "| " + " | ".join(_cells(table, row)) + " |"


def _cells(table: str, row: Transition) -> tuple[str, ...]:
    words = WORDS[table]
    who = ", ".join(PERMISSIONS[row.permission]) if row.permission else "the system"
    needs = [check.__name__.replace("_", " ") for check in row.needs] + (["a reason"] if row.reason else [])
    sources = ", ".join(str(words[source]) for source in row.sources)
    target = str(words[row.target]) if row.target else "as lines and visits say"
    return row.action.replace("_", " "), sources, target, who, ", ".join(needs)


@click.command()
def lifecycle() -> None:
    """Print the lifecycle tables of order, line and visit."""
    for table in TABLES:
        click.echo("\n".join(as_markdown(table)) + "\n")


commands = [lifecycle]
