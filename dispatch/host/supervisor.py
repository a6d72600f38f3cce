"""`serve`: the database, web server, workers and the listener for terminals, started in order, watched, ended together."""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from dispatch.config import Settings, to_environment, with_secret
from dispatch.host import cluster, tls
from dispatch.host.addresses import outer_address, reachable_names
from dispatch.host.child import Child, how_it_ended
from dispatch.host.cluster import Cluster
from dispatch.host.errors import CannotStart
from dispatch.host.locks import FileLock
from dispatch.host.ports import demand_free_port, demand_free_port_for_terminals, is_alive
from dispatch.paths import PACKAGE

log = logging.getLogger(__name__)

START_SECONDS = 90
END_SECONDS = 6
DATABASE_LOOK_SECONDS = 5

WEB = ("-m", "gunicorn", "-c", "python:dispatch.host.web_server", "dispatch.app:from_environment()")
WORKER = ("-m", "dispatch.cli", "worker")
TERMINALS = ("-m", "dispatch.cli", "jt808")


@dataclass
class Programs:
    """What is started, as arguments to this Python. Tests put tiny ones in their place."""

    web: Sequence[str] = WEB
    worker: Sequence[str] = WORKER
    terminals: Sequence[str] = TERMINALS


@dataclass
class Supervisor:
    """One running product."""

    settings: Settings
    programs: Programs = field(default_factory=Programs)
    prepare: Callable[[Settings], None] = lambda settings: None
    announce: Callable[[Settings], None] = lambda settings: None
    cluster: Cluster | None = None
    children: list[Child] = field(default_factory=list)
    signals: int = 0

    def run(self) -> None:
        """Start everything, stay until a signal, end everything.

        `prepare` runs once the database answers, `announce` once the web server does.
        """
        with self._only_one(), self._signals():
            try:
                self._start()
                self._watch()
            except KeyboardInterrupt:
                print("Ending ...", flush=True)
            finally:
                self._end()

    def _start(self) -> None:
        demand_free_port(self.settings)
        if self.settings.jt808_port:
            demand_free_port_for_terminals(self.settings)
        self.settings = completed(self.settings)
        if not self.settings.database_url:
            self.cluster = cluster.ensure(self.settings)
            self.settings = replace(self.settings, database_url=self.cluster.url)
        if self.settings.tls:
            tls.ensure(self.settings)
        self.prepare(self.settings)
        self._start_children()
        self._wait_until_alive()
        self.announce(self.settings)

    def _start_children(self) -> None:
        # The package is found from wherever we are started, as this process found it.
        path = os.pathsep.join([str(PACKAGE.parent), *filter(None, [to_environment(self.settings).get("PYTHONPATH")])])
        environment = {**to_environment(self.settings), "PYTHONPATH": path, "PUBLIC_URL": outer_address(self.settings)}
        named = [("The web server", self.programs.web)]
        named += [(f"Worker {number}", self.programs.worker) for number in range(1, self.settings.worker_processes + 1)]
        if self.settings.jt808_port:
            named.append(("The listener for terminals", self.programs.terminals))
        for name, arguments in named:
            child = Child(name, [sys.executable, *arguments], environment)
            self.children.append(child)
            child.start()

    def _wait_until_alive(self) -> None:
        web = self.children[0]
        until = time.monotonic() + START_SECONDS
        while not is_alive(self.settings):
            if web.process and not web.running():
                raise CannotStart(
                    f"The web server did not start ({how_it_ended(web.process.returncode)}); its own words are above."
                )
            if time.monotonic() > until:
                raise CannotStart(f"The web server did not answer at {self.settings.base_url} within {START_SECONDS} seconds.")
            time.sleep(0.1)

    def _watch(self) -> None:
        looked = time.monotonic()
        while True:
            time.sleep(0.25)
            now = time.monotonic()
            for child in self.children:
                child.look_after(now)
            if self.cluster and now - looked > DATABASE_LOOK_SECONDS:
                looked = now
                self._look_after_database(self.cluster)

    def _look_after_database(self, private: Cluster) -> None:
        if private.answers():
            return
        log.error("The database ended unexpectedly; starting it again")
        try:
            private.revive()
        except CannotStart as reason:
            log.error("%s", reason)

    def _end(self) -> None:
        """Children first, so that no transaction is cut off; then the database, if we are its last user."""
        self.signals = max(self.signals, 1)
        for child in self.children:
            child.ask_to_end()
        until = time.monotonic() + END_SECONDS
        while any(child.running() for child in self.children) and time.monotonic() < until and self.signals < 2:
            time.sleep(0.05)
        for child in self.children:
            child.kill()
        if self.cluster:
            self.cluster.stop()

    @contextmanager
    def _only_one(self) -> Iterator[None]:
        """One product per data folder; beside a shared database, one per data folder and port."""
        name = f"serve-{self.settings.port}.lock" if self.settings.database_url else "serve.lock"
        lock = FileLock(self.settings.data_dir / name)
        if not lock.try_alone():
            raise CannotStart(
                f"It is already running at {lock.read()}. To run another beside it, give that one its own DATA_DIR and PORT."
            )
        try:
            lock.write(f"{self.settings.base_url} (process {os.getpid()})")
            yield
        finally:
            lock.close()

    @contextmanager
    def _signals(self) -> Iterator[None]:
        """The first signal ends the product in good order, a second one makes it hurry."""
        watched = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        before = {one: signal.signal(one, self._on_signal) for one in watched}
        try:
            yield
        finally:
            for one, handler in before.items():
                signal.signal(one, handler)

    def _on_signal(self, number: int, frame: object) -> None:
        self.signals += 1
        if self.signals == 1:
            raise KeyboardInterrupt


def completed(settings: Settings) -> Settings:
    """With the secret key, and, when it listens on all addresses, with this machine's names among the trusted ones."""
    settings = with_secret(settings)
    if settings.host in ("0.0.0.0", "::") and settings.trusted_hosts == ("localhost", "127.0.0.1"):  # noqa: S104
        return replace(settings, trusted_hosts=tuple(reachable_names()))
    return settings
