"""The real product as a subprocess: supervisor, web server and worker, as `./run` starts them."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from dispatch import db, paths
from dispatch.staff.models import Person

PASSWORD = "correct horse"


@dataclass(frozen=True)
class Served:
    """The real product, running: supervisor, web server and worker as they are started by `./run`."""

    url: str
    process: subprocess.Popen[bytes]
    folder: Path

    @property
    def supervisor(self) -> int:
        """Its process id."""
        return self.process.pid

    def end(self) -> None:
        """As Ctrl-C does; it may have ended before."""
        self.process.terminate()
        self.process.wait(20)

    @property
    def log(self) -> str:
        """What it has written so far."""
        return (self.folder / "served.log").read_text()

    def processes(self, role: str) -> list[int]:
        """Process ids of the children that are "web" (the server's master first) or "worker"."""
        word = {"web": "gunicorn", "worker": "worker"}[role]
        return [pid for pid in _descendants(self.supervisor) if word in _command(pid)]


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def _descendants(pid: int) -> list[int]:
    try:
        children = [int(c) for c in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
    return children + [d for child in children for d in _descendants(child)]


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/livez", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def open_doors() -> None:
    """From now on everybody's password is PASSWORD."""
    from dispatch.staff.passwords import configure, hash_password

    configure(memory_kib=64, time_cost=1)
    with db.transaction() as opened:
        opened.execute(sa.update(Person).values(password_hash=hash_password(PASSWORD)))


@contextmanager
def serving(database: str, folder: Path) -> Iterator[Served]:
    """Web server and worker on this database, their data in `folder`."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    own = {
        "DATABASE_URL": database,
        "DATA_DIR": str(folder),
        "PORT": str(port),
        "LOG_LEVEL": "warning",
        "WORKER_STALLED_SECONDS": "2",
    }
    cheap = {"ARGON2_MEMORY_KIB": "64", "ARGON2_TIME_COST": "1", "PLAN_SECONDS": "5"}
    command = [sys.executable, "-m", "dispatch.cli", "serve"]
    environ, folder_of_code = {**os.environ, **own, **cheap}, paths.PACKAGE.parent
    with (folder / "served.log").open("w") as output:
        process = subprocess.Popen(command, env=environ, stdout=output, stderr=output, cwd=folder_of_code)
        served = Served(f"http://127.0.0.1:{port}", process, folder)
        try:
            _wait_for(served)
            yield served
        finally:
            served.end()


def _wait_for(served: Served) -> None:
    until = time.monotonic() + 60
    while not _answers(served.url):
        assert served.process.poll() is None and time.monotonic() < until, served.log
        time.sleep(0.1)
