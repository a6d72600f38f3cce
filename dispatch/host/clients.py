"""PostgreSQL's own programs that copy a database out and back in: finding ones that fit the server, and running them."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from shutil import which
from typing import Any

import sqlalchemy as sa
from psycopg.conninfo import make_conninfo
from sqlalchemy.engine import make_url

from dispatch.config import Settings, surroundings
from dispatch.host.binaries import folders
from dispatch.host.errors import CannotStart
from dispatch.words import Text, listed, say


def server_major(connection: sa.Connection) -> int:
    """The server's major version."""
    return int(connection.scalar(sa.text("SHOW server_version_num")) or 0) // 10000


def program(name: str, settings: Settings, major: int) -> str:
    """Path of `pg_dump` or `pg_restore` for a server of this major version: as new or newer. Raises CannotStart."""
    found = {path: version for path in _places(name, settings.pg_bin) if (version := _version(path))}
    fitting = [path for path, version in found.items() if version >= major]
    if not fitting:
        raise CannotStart(
            say(
                "%(name)s for PostgreSQL %(major)s is missing (found: %(seen)s); "
                "install postgresql-client-%(major)s or set PG_BIN.",
                name=name,
                major=major,
                seen=listed([f"{path} ({version})" for path, version in found.items()]) or "0",
            )
        )
    return str(min(fitting, key=lambda path: found[path]))


def run(command: Sequence[str], url: str, doing: Text) -> None:
    """Run one of them on the database behind `url`; a password travels in the environment. Raises CannotStart with its words."""
    address, password = _address(url)
    environment = surroundings(LC_ALL="C", **({"PGPASSWORD": password} if password else {}))
    done = subprocess.run(
        [*command, "--no-password", "--dbname", address],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        errors="replace",
    )
    if done.returncode:
        said = [line for line in done.stderr.strip().splitlines() if "error" in line.lower()] or done.stderr.strip().splitlines()
        raise CannotStart(say("%(doing)s did not work: %(reason)s", doing=doing, reason=(said or [f"exit {done.returncode}"])[0]))


def first_line(reason: Exception) -> str:
    """What the database said, without the statement around it."""
    return str(reason.__cause__ or reason).strip().splitlines()[0]


def _address(url: str) -> tuple[str, str]:
    """libpq's words for an address, and the password apart."""
    parts = make_url(url)
    named: dict[str, Any] = parts.translate_connect_args(username="user", database="dbname")
    password = str(named.pop("password", "") or "")
    return make_conninfo("", **{**named, **parts.query}), password


def _places(name: str, pg_bin: str) -> Iterator[Path]:
    for folder in folders(pg_bin):
        yield folder / name
    on_path = which(name)
    if on_path and not pg_bin:
        yield Path(on_path)


def _version(path: Path) -> int | None:
    if not path.is_file():
        return None
    try:
        said = subprocess.run([str(path), "--version"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    version = re.search(r"\)\s+(\d+)", said)
    return int(version[1]) if version else None
