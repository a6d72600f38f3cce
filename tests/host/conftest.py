"""Folders that PostgreSQL's account can enter, and processes that do not outlive their test."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dispatch.config import Settings, load
from dispatch.host import place
from dispatch.host.accounts import database_account
from dispatch.host.server import Server

ROOT = os.geteuid() == 0
NOBODY = 65534


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that everybody may enter. Servers that work below it, or below `outside`, are ended afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="room-", dir="/tmp"))
    folder.chmod(0o755)
    monkeypatch.setattr(place, "OUTSIDE", folder / "outside")
    yield folder
    for data in (note.parent for note in folder.rglob("PG_VERSION") if (note.parent / "base").is_dir()):
        end_server(data)
    shutil.rmtree(folder)


def end_server(data: Path) -> None:
    """End whatever PostgreSQL works in `data`, and remove its socket's folder."""
    account = database_account(data)
    for pid in processes_in(data):
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not processes_in(data))
    shutil.rmtree(place.socket_folder(data, account), ignore_errors=True)


def processes_in(data: Path) -> list[int]:
    """PostgreSQL processes at work in `data`."""
    return Server(place.Place(data.parent, data, database_account(data)), None, Path("/nowhere")).processes()  # type: ignore[arg-type]


def settings_in(folder: Path, **more: str) -> Settings:
    """Settings whose data folder is `folder`."""
    return load({"DATA_DIR": str(folder), "SECRET_KEY": "test", **more})


def wait_until(condition: Callable[[], object], seconds: float = 20) -> None:
    """Fail if the condition does not come true in time."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.05)


def gone(pid: int) -> bool:
    """True if there is no such process, or only its remains."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def as_nobody(work: Callable[[], object]) -> int:
    """Run `work` in a child that has given up root for good; gives its exit code. Without root it runs as we are."""

    def body() -> None:
        if ROOT:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
        work()

    child = multiprocessing.get_context("fork").Process(target=body)
    child.start()
    child.join(60)
    assert child.exitcode is not None
    return child.exitcode
