"""`serve` over small stand-in programs: what it says when it cannot start, and that nothing outlives it."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dispatch.host.child import Child, how_it_ended
from tests.host.conftest import free_port, gone, processes_in, wait_until

HERE = Path(__file__).parent
CHECKOUT = HERE.parent.parent
ELSEWHERE = "postgresql://nobody@127.0.0.1:1/none"

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(room: Path) -> Iterator[Start]:
    """Starts supervisors; ends them and all that they left."""
    running: list[subprocess.Popen[str]] = []

    def start(*, port: int, web: str = "web.py", **environment: str) -> subprocess.Popen[str]:
        names = {"PATH": os.environ["PATH"], "PYTHONPATH": str(CHECKOUT), "DATA_DIR": str(room), "PORT": str(port)}
        supervisor = subprocess.Popen(
            [sys.executable, str(HERE / "stand_ins" / "supervise.py"), web],
            env={**names, **environment},
            cwd="/",
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        running.append(supervisor)
        return supervisor

    yield start
    for supervisor in running:
        supervisor.kill()
        supervisor.communicate()


def serving(supervisor: subprocess.Popen[str]) -> bool:
    """Wait until it says that it serves."""
    assert supervisor.stdout
    return supervisor.stdout.readline() == "serving\n"


def children(supervisor: subprocess.Popen[str]) -> list[int]:
    """Its direct children."""
    return [int(pid) for pid in Path(f"/proc/{supervisor.pid}/task/{supervisor.pid}/children").read_text().split()]


def last_words(supervisor: subprocess.Popen[str]) -> str:
    """What it said when it refused."""
    _, said = supervisor.communicate(timeout=30)
    return said


def asked(port: int, path: str = "/") -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().read().decode()
    finally:
        connection.close()


def test_it_serves_with_a_private_database_and_ctrl_c_leaves_nothing(room: Path, start: Start) -> None:
    port = free_port()
    supervisor = start(port=port)
    assert serving(supervisor)
    wait_until((room / "worker.note").exists)
    mine = children(supervisor)
    assert int(asked(port)) in mine
    assert "host=/" in (room / "worker.note").read_text()
    supervisor.send_signal(signal.SIGINT)
    assert supervisor.wait(10) == 0
    assert all(gone(pid) for pid in mine)
    assert not processes_in(room / "postgres")


def test_a_second_start_says_where_the_first_one_is(start: Start) -> None:
    port = free_port()
    assert serving(start(port=port, DATABASE_URL=ELSEWHERE))
    assert f"already running at http://localhost:{port} (process " in last_words(start(port=port, DATABASE_URL=ELSEWHERE))


def test_two_beside_each_other_on_a_shared_database(start: Start) -> None:
    assert serving(start(port=free_port(), DATABASE_URL=ELSEWHERE))
    assert serving(start(port=free_port(), DATABASE_URL=ELSEWHERE))


def test_a_taken_port_is_named_before_anything_is_started(room: Path, start: Start) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = last_words(start(port=port))
    assert f"Port {port} is taken" in said
    assert "PORT=" in said
    assert not (room / "postgres").exists()


def test_a_foreign_address_is_named(start: Start) -> None:
    assert "HOST is '192.0.2.7'" in last_words(start(port=free_port(), HOST="192.0.2.7", DATABASE_URL=ELSEWHERE))


def test_with_a_port_for_terminals_their_listener_stands_beside_the_others(room: Path, start: Start) -> None:
    port, theirs = free_port(), free_port()
    supervisor = start(port=port, DATABASE_URL=ELSEWHERE, JT808_PORT=str(theirs))
    assert serving(supervisor)
    wait_until((room / "terminals.note").exists)
    wait_until(lambda: len((room / "terminals.note").read_text().split()) == 2)
    pid, told = (room / "terminals.note").read_text().split()
    assert int(pid) in children(supervisor) and int(told) == theirs
    supervisor.send_signal(signal.SIGTERM)
    supervisor.wait(10)
    assert gone(int(pid))


def test_without_a_port_for_terminals_nobody_listens_for_them(room: Path, start: Start) -> None:
    supervisor = start(port=free_port(), DATABASE_URL=ELSEWHERE)
    assert serving(supervisor)
    wait_until((room / "worker.note").exists)
    assert len(children(supervisor)) == 2 and not (room / "terminals.note").exists()


def test_a_port_for_terminals_that_is_taken_is_named(start: Start) -> None:
    port = free_port()
    assert f"PORT and JT808_PORT are both {port}" in last_words(start(port=port, DATABASE_URL=ELSEWHERE, JT808_PORT=str(port)))
    with socket.socket() as taken:
        taken.bind(("0.0.0.0", 0))
        taken.listen()
        theirs = taken.getsockname()[1]
        said = last_words(start(port=port, DATABASE_URL=ELSEWHERE, JT808_PORT=str(theirs)))
    assert f"Port {theirs} is taken" in said and f"JT808_PORT={theirs + 1}" in said


def test_a_web_server_that_cannot_start_ends_the_start(start: Start) -> None:
    assert "exit code 3" in last_words(start(port=free_port(), web="broken.py", DATABASE_URL=ELSEWHERE))


def test_killed_outright_its_children_end_and_the_next_start_works(room: Path, start: Start) -> None:
    port = free_port()
    first = start(port=port)
    assert serving(first)
    mine = children(first)
    assert len(mine) == 3
    database = processes_in(room / "postgres")
    first.kill()
    first.wait()
    wait_until(lambda: all(gone(pid) for pid in mine if pid not in database))
    assert processes_in(room / "postgres")
    second = start(port=port)
    assert serving(second)
    second.send_signal(signal.SIGTERM)
    second.wait(10)
    assert not processes_in(room / "postgres")


def test_a_child_that_dies_is_started_again(start: Start) -> None:
    port = free_port()
    supervisor = start(port=port, DATABASE_URL=ELSEWHERE)
    assert serving(supervisor)
    before = asked(port)
    with pytest.raises((http.client.HTTPException, OSError)):
        asked(port, "/die")

    def another() -> bool:
        try:
            return asked(port) != before
        except OSError:
            return False

    wait_until(another)


def test_a_killed_database_is_started_again(room: Path, start: Start) -> None:
    supervisor = start(port=free_port())
    assert serving(supervisor)
    postmaster = int((room / "postgres" / "postmaster.pid").read_text().split()[0])
    os.kill(postmaster, signal.SIGKILL)
    wait_until(lambda: postmaster not in (now := processes_in(room / "postgres")) and len(now) > 3)
    supervisor.send_signal(signal.SIGINT)
    assert supervisor.wait(10) == 0


def test_the_pause_before_a_new_start_grows(monkeypatch: pytest.MonkeyPatch) -> None:
    starts: list[int] = []
    child = Child("It", ["/bin/false"], {})
    monkeypatch.setattr(Child, "start", lambda self: starts.append(1))
    child.look_after(0.0)
    pauses = []
    for moment in (10.0, 20.0, 30.0):
        child._note_death(moment, 1)
        pauses.append(child.due - moment)
    assert starts == [1]
    assert pauses == [1.0, 2.0, 4.0]


def test_endings_read_well() -> None:
    assert how_it_ended(3) == "exit code 3"
    assert how_it_ended(-9) == "killed by SIGKILL"
