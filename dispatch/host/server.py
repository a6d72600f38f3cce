"""One PostgreSQL server process on one data folder: make the data, start, ask, stop."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from dispatch.host.binaries import ENVIRONMENT, Binaries
from dispatch.host.errors import CannotStart
from dispatch.host.place import Place, make_private, socket_folder

SUPERUSER = "dispatch"
PORT = "5432"
LOCALES = ("C.UTF-8", "C")
LOG_LIMIT = 10_000_000
RECOVERY_SECONDS = 600

# A server may outlive the object that started it; its process is remembered here, so that its remains can be taken away.
_started: list[subprocess.Popen[bytes]] = []


@dataclass
class Server:
    """The server of a place. `process` is known if this process started it."""

    place: Place
    binaries: Binaries
    sockets: Path
    options: tuple[str, ...] = ()
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def make(self, *, durable: bool = True) -> None:
        """Make empty data. A killed attempt leaves a folder of another name, which the next one clears away."""
        data = self.place.data
        fresh = data.with_name("postgres.new")
        data.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(fresh, ignore_errors=True)
        make_private(fresh, self.place.account)
        errors = [error for locale in LOCALES if (error := self._initdb(fresh, locale, durable=durable))]
        if len(errors) == len(LOCALES):
            raise CannotStart(f"PostgreSQL could not make its data in {data}: {errors[-1]}")
        fresh.rename(data)

    def answers(self) -> bool:
        """True if it takes connections. Only asking tells: a pid may be a zombie's or somebody else's."""
        command = [self.binaries.program("pg_isready"), "-q", "-h", str(self.sockets), "-p", PORT, "-d", "postgres", "-t", "2"]
        return subprocess.run(command, cwd="/", env=ENVIRONMENT, capture_output=True, check=False).returncode == 0

    def start(self, *, before_exec: Callable[[], None] | None = None) -> None:
        """Start it and wait until it answers, after a crash until it has recovered. Raises CannotStart with its own reason."""
        command = [self.binaries.program("postgres"), "-D", str(self.place.data), "-k", str(self.sockets), *self._settings()]
        with _log(self.place.log) as log:
            said_before = log.tell()
            self.process = subprocess.Popen(
                command,
                cwd="/",
                env=ENVIRONMENT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=before_exec,
                **self.place.account.process_arguments,
            )
        _started.append(self.process)
        try:
            answers = self._wait_for_answer()
        except BaseException:  # Ctrl-C while it starts
            self.stop()
            raise
        if not answers:
            raise CannotStart(
                f"PostgreSQL did not start: {_last_words(self.place.log, said_before)} (all of it: {self.place.log})"
            )

    def stop(self, seconds: float = 8) -> None:
        """End it: connections are closed, data are written. After `seconds` without that, at once."""
        for how, patience in ((signal.SIGINT, seconds), (signal.SIGQUIT, 3.0)):
            if postmaster := self.postmaster():
                os.kill(postmaster, how)
            if self._wait_until(lambda: not self.processes(), patience):
                break
        if self.process:
            self.process.wait(timeout=5)

    def postmaster(self) -> int | None:
        """Process id of the running server on these data, if there is one."""
        noted = _postmaster_note(self.place.data)
        return int(noted[0]) if noted and int(noted[0]) in self.processes() else None

    def processes(self) -> list[int]:
        """Living PostgreSQL processes that work in this data folder. Zombies have no working folder and do not count."""
        for process in _started:
            process.poll()
        data = self.place.data.resolve()
        return [int(pid.name) for pid in Path("/proc").glob("[0-9]*") if _works_in(pid, data)]

    def clear_leftover(self, *, alone: bool) -> None:
        """Wait for dying processes of a killed server, then remove its note if its pid is no server of ours any more.

        PostgreSQL refuses to start when the noted pid exists: in a container that may be a zombie or an unrelated process.
        The note stays unless we are alone: a server in another container, on the same folder, is invisible here.
        """
        if not self._wait_until(lambda: not self.processes(), 20):
            raise CannotStart(
                f"A PostgreSQL server works in {self.place.data} and does not answer (process {self.processes()[0]}); end it."
            )
        if alone:
            (self.place.data / "postmaster.pid").unlink(missing_ok=True)

    def _initdb(self, folder: Path, locale: str, *, durable: bool) -> str:
        """Empty text if it went well, else the last line that it said."""
        choices = [f"--username={SUPERUSER}", "--auth=trust", "--encoding=UTF8", f"--locale={locale}", "--data-checksums"]
        command = [self.binaries.program("initdb"), "-D", str(folder), *choices, *([] if durable else ["--no-sync"])]
        done = subprocess.run(
            command, cwd="/", env=ENVIRONMENT, capture_output=True, text=True, check=False, **self.place.account.process_arguments
        )
        return (done.stderr.strip().splitlines() or ["it gave no reason"])[-1] if done.returncode else ""

    def _settings(self) -> list[str]:
        always = (
            "listen_addresses=",
            f"port={PORT}",
            "unix_socket_permissions=0700",
            "log_timezone=UTC",
            "timezone=UTC",
            "cluster_name=gps-dispatch",
        )
        return [part for setting in (*always, *self.options) for part in ("-c", setting)]

    def _wait_for_answer(self) -> bool:
        def settled() -> bool:
            return self.answers() or self.process is None or self.process.poll() is not None

        return self._wait_until(settled, RECOVERY_SECONDS) and self.answers()

    def _wait_until(self, condition: Callable[[], bool], seconds: float) -> bool:
        until = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > until:
                return False
            time.sleep(0.03)
        return True


def present_sockets(place: Place) -> Path:
    """The socket folder: the one that a running server noted, else the one for a new server."""
    noted = _postmaster_note(place.data)
    if noted and len(noted) > 4 and noted[4] and Path(noted[4]).is_dir():
        return Path(noted[4])
    return socket_folder(place.data, place.account)


def _postmaster_note(data: Path) -> list[str] | None:
    """Lines of postmaster.pid: pid, data folder, start, port, socket folder, ...; None without a usable one."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
    except OSError:
        return None
    return lines if lines and lines[0].strip().isdigit() else None


def _works_in(process: Path, data: Path) -> bool:
    try:
        return (process / "cwd").readlink() == data and (process / "comm").read_text().startswith("postgres")
    except OSError:
        return False


def _log(file: Path) -> BinaryIO:
    """The log, opened to add to; a big one is put aside first."""
    if file.exists() and file.stat().st_size > LOG_LIMIT:
        file.replace(file.with_suffix(".log.1"))
    return os.fdopen(os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "ab")


def _last_words(log: Path, since: int) -> str:
    said = log.read_bytes()[since:].decode(errors="replace").splitlines()
    grave = [
        line
        for line in said
        if re.search(r"\b(FATAL|PANIC|ERROR|LOG):.*(error|invalid|unrecognized|cannot|could not|already|lock)", line)
    ]
    return (grave or said or ["it gave no reason"])[0].strip()
