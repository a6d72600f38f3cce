"""`kill -9` in the middle of a backup: what is left never passes for a whole one, and the next backup is not in its way."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dispatch.config import Settings, surroundings
from dispatch.host import checking, keeping
from dispatch.host.backing_up import UNFINISHED, back_up
from dispatch.host.errors import CannotStart
from dispatch.host.restoring import restored
from dispatch.words import Text
from tests.conftest import Cast
from tests.databases import database
from tests.host.conftest import wait_until
from tests.host.house import Company, build, elsewhere, settings_for

SLOW_DUMP = """#!/bin/sh
case "$1" in --version) exec {real} --version ;; esac
{real} "$@"
echo $$ > {note}
exec sleep 600
"""
"""A pg_dump that has written everything, and does not end."""


def quiet(_: Text | str) -> None:
    """Nobody listens."""


@pytest.fixture(scope="module")
def company(cluster_url: str, template: tuple[str, Cast], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """A small company."""
    with database(cluster_url, f"killed_{os.getpid()}", template[0]) as url:
        yield build(settings_for(url, tmp_path_factory.mktemp("killed")), template[1]).opened()


@pytest.fixture
def empty(cluster_url: str) -> Iterator[str]:
    """The address of an empty database."""
    with database(cluster_url, f"killed_back_{os.getpid()}") as url:
        yield url


@contextmanager
def while_dumping(settings: Settings, room: Path) -> Iterator[tuple[str, Callable[[Path], object]]]:
    """PG_BIN for a backup that stays at the dump, and what tells that it has come there."""
    room.mkdir()
    slow, note = room / "pg_dump", room / "note"
    slow.write_text(SLOW_DUMP.format(real=real_pg_dump(), note=note))
    slow.chmod(0o755)
    try:
        yield str(room), lambda _: note.is_file() and note.read_text().strip()
    finally:
        os.kill(int(note.read_text()), signal.SIGKILL)


@contextmanager
def while_copying(settings: Settings, room: Path) -> Iterator[tuple[str, Callable[[Path], object]]]:
    """The same for one that stays at a file: it is a pipe, and nobody writes into it."""
    endless = settings.data_dir / "files" / "ff" / "ff" / ("f" * 64)
    endless.parent.mkdir(parents=True, exist_ok=True)
    os.mkfifo(endless)
    try:
        yield str(Path(real_pg_dump()).parent), lambda into: list(into.glob(f"{UNFINISHED}*/files"))
    finally:
        endless.unlink()


def real_pg_dump() -> str:
    """The one that this machine has."""
    found = shutil.which("pg_dump") or next(map(str, sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_dump"), reverse=True)), "")
    return str(Path(found).resolve()) if found.endswith("/bin/pg_dump") and "postgresql" in found else found


@pytest.mark.parametrize("where", [while_dumping, while_copying])
def test_a_killed_backup_is_none_and_the_next_one_is_whole(
    company: Company, empty: str, tmp_path: Path, where: Callable[..., object]
) -> None:
    into = tmp_path / "kept"
    with where(company.settings, tmp_path / "room") as (pg_bin, is_there):  # type: ignore[attr-defined]
        kill_when(lambda: is_there(into), begin(company.settings, into, pg_bin))
    [left] = into.glob(f"{UNFINISHED}*")
    there = elsewhere(company, empty, tmp_path / "new")
    for folder in (into, left):
        with pytest.raises(CannotStart, match="no whole backup"), restored(there, folder, out=quiet):
            pass
    made = back_up(company.settings, into, with_keys=True, out=quiet)
    assert not left.exists() and made.missing == [] and list(keeping.unsound(made.folder, made.manifest)) == []
    with restored(there, into, out=quiet) as back, checking.snapshot(back) as session:
        assert [str(problem.said) for problem in checking.problems(session, quick=True)] == []


def begin(settings: Settings, into: Path, pg_bin: str) -> subprocess.Popen[bytes]:
    """`./run backup` as a process of its own."""
    environment = surroundings(DATABASE_URL=settings.database_url, DATA_DIR=str(settings.data_dir), PG_BIN=pg_bin)
    command = [sys.executable, "-m", "dispatch.cli", "backup", "--lang", "en", str(into)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def kill_when(condition: Callable[[], object], backup: subprocess.Popen[bytes]) -> None:
    """`kill -9` once the condition is so, which must be before the backup ends."""
    try:
        wait_until(condition, seconds=60)
        assert backup.poll() is None, "it ended too early"
    finally:
        backup.kill()
        assert backup.wait() == -signal.SIGKILL
