"""The private cluster: as root, as an ordinary user, in closed folders, and after every kind of death."""

from __future__ import annotations

import os
import signal
import tempfile
from pathlib import Path

import psycopg
import pytest

from dispatch.host import binaries, cluster, place
from dispatch.host.accounts import database_account
from dispatch.host.cluster import Cluster, ensure, start_throwaway, stop_throwaway
from dispatch.host.errors import CannotStart
from tests.host.conftest import ROOT, as_nobody, gone, processes_in, settings_in, wait_until

root_only = pytest.mark.skipif(not ROOT, reason="needs root, to become somebody else")


def ask(url: str, question: str) -> object:
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        row = connection.execute(question).fetchone()
        return row[0] if row else None


def write(running: Cluster, value: int) -> None:
    with psycopg.connect(running.url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (value int)")
        connection.execute("INSERT INTO kept VALUES (%s)", [value])


def test_it_starts_private_durable_and_in_the_right_tongue(room: Path) -> None:
    running = ensure(settings_in(room))
    assert running.started
    assert ask(running.url, "SHOW fsync") == "on"
    assert ask(running.url, "SHOW data_checksums") == "on"
    assert ask(running.url, "SHOW listen_addresses") == ""
    assert ask(running.url, "SHOW server_encoding") == "UTF8"
    assert ask(running.url, "SELECT upper('ä')") == "Ä"
    sockets = running.server.sockets
    assert len(str(sockets)) < 90
    assert sockets.stat().st_mode & 0o777 == 0o700
    assert running.server.place.log.stat().st_mode & 0o777 == 0o600
    assert running.stop()
    assert not processes_in(room / "postgres")


def test_the_second_joins_and_the_last_one_stops_it(room: Path) -> None:
    first = ensure(settings_in(room))
    second = ensure(settings_in(room))
    assert (first.started, second.started) == (True, False)
    assert not first.stop()
    assert ask(second.url, "SELECT 1") == 1
    assert second.stop()
    assert not processes_in(room / "postgres")


def test_a_server_left_by_a_killed_program_is_joined_and_keeps_what_was_written(room: Path) -> None:
    first = ensure(settings_in(room))
    write(first, 7)
    assert first.users
    first.users.close()  # what the kernel does when a program is killed
    second = ensure(settings_in(room))
    assert not second.started
    assert ask(second.url, "SELECT sum(value) FROM kept") == 7
    assert second.stop()


def test_after_the_servers_own_death_it_starts_again_with_all_that_was_committed(room: Path) -> None:
    first = ensure(settings_in(room))
    write(first, 7)
    postmaster = first.server.postmaster()
    assert postmaster
    os.kill(postmaster, signal.SIGKILL)  # its remains stay as our zombie, and its note names a pid that exists
    assert first.users
    first.users.close()
    second = ensure(settings_in(room))
    assert second.started
    assert ask(second.url, "SELECT sum(value) FROM kept") == 7
    assert second.stop()


def test_it_is_revived_under_its_users(room: Path) -> None:
    running = ensure(settings_in(room))
    postmaster = running.server.postmaster()
    assert postmaster
    os.kill(postmaster, signal.SIGKILL)
    wait_until(lambda: gone(postmaster))
    running.revive()
    assert ask(running.url, "SELECT 1") == 1
    assert running.stop()


def test_a_note_with_a_strangers_pid_does_not_stop_the_start(room: Path) -> None:
    ensure(settings_in(room)).stop()
    (room / "postgres" / "postmaster.pid").write_text(f"{os.getpid()}\n{room}/postgres\n1\n5432\n/nowhere\n\n\n")
    again = ensure(settings_in(room))
    assert again.started
    assert again.stop()


def test_killed_while_the_data_were_made_they_are_made_again(room: Path) -> None:
    (room / "postgres.new").mkdir()
    (room / "postgres.new" / "half").write_text("made")
    assert ensure(settings_in(room)).stop()
    assert not (room / "postgres.new").exists()


def test_a_long_path_with_spaces_and_chinese(room: Path) -> None:
    running = ensure(settings_in(room / ("派工 data " + "x" * 120) / ("y" * 120)))
    assert ask(running.url, "SELECT 1") == 1
    assert running.stop()


@root_only
def test_root_drops_to_an_ordinary_user_without_its_groups(room: Path) -> None:
    running = ensure(settings_in(room))
    postmaster = running.server.postmaster()
    status = Path(f"/proc/{postmaster}/status").read_text()
    uid = running.server.place.account.uid
    assert uid != 0
    assert f"Uid:\t{uid}\t{uid}\t{uid}\t{uid}" in status
    assert "Groups:\t \n" in status or "Groups:\t\n" in status
    assert (room / "postgres").stat().st_uid == uid
    assert running.stop()


@root_only
def test_root_in_a_closed_folder_keeps_the_data_outside_and_finds_them_again(room: Path) -> None:
    closed = room / "closed"
    closed.mkdir(mode=0o700)
    before = os.umask(0o077)
    try:
        running = ensure(settings_in(closed / "var"))
        write(running, 1)
        assert running.stop()
    finally:
        os.umask(before)
    assert running.server.place.data.is_relative_to(place.OUTSIDE)
    closed.chmod(0o755)
    (closed / "var").chmod(0o755)
    again = ensure(settings_in(closed / "var"))
    assert ask(again.url, "SELECT sum(value) FROM kept") == 1
    assert again.stop()


@root_only
def test_a_folder_closed_later_is_said_in_one_sentence(room: Path) -> None:
    ensure(settings_in(room / "var")).stop()
    (room / "var").chmod(0o700)
    with pytest.raises(CannotStart, match="open its parent folders"):
        ensure(settings_in(room / "var"))


@root_only
def test_root_runs_an_ordinary_users_cluster_as_that_user(room: Path) -> None:
    mine = room / "mine"
    mine.mkdir()
    os.chown(mine, 65534, 65534)
    assert as_nobody(lambda: ensure(settings_in(mine)).stop()) == 0
    running = ensure(settings_in(mine))
    assert running.server.place.account.uid == 65534
    assert running.stop()


def test_an_ordinary_user_below_a_closed_folder(room: Path) -> None:
    closed = room / "closed"
    closed.mkdir(mode=0o700)
    if ROOT:
        os.chown(closed, 65534, 65534)

    def work() -> None:
        running = ensure(settings_in(closed / "var"))
        assert running.server.place.data == closed / "var" / "postgres"
        assert ask(running.url, "SELECT 1") == 1
        assert running.stop()

    assert as_nobody(work) == 0


@root_only
def test_an_ordinary_user_cannot_take_roots_cluster(room: Path) -> None:
    ensure(settings_in(room / "var")).stop()
    (room / "var").chmod(0o777)
    for lock in ("postgres.lock", "postgres.users"):
        (room / "var" / lock).chmod(0o666)

    def work() -> None:
        with pytest.raises(CannotStart, match="belongs to"):
            ensure(settings_in(room / "var"))

    assert as_nobody(work) == 0


def test_an_unwritable_data_folder_is_named(room: Path) -> None:
    def work() -> None:
        with pytest.raises(CannotStart, match="DATA_DIR"):
            ensure(settings_in(Path("/proc/nowhere")))

    assert as_nobody(work) == 0


@root_only
def test_a_foreign_socket_folder_is_not_used(room: Path) -> None:
    account = database_account(room / "postgres")
    first = place.socket_folder(room / "postgres", account)
    os.chown(first, 12345, 12345)
    second = place.socket_folder(room / "postgres", account)
    assert second != first
    assert second.stat().st_uid == account.uid
    first.rmdir()
    second.rmdir()


def test_data_of_another_version_are_not_touched(room: Path) -> None:
    ensure(settings_in(room)).stop()
    (room / "postgres" / "PG_VERSION").write_text("11\n")
    with pytest.raises(CannotStart, match="PostgreSQL 11"):
        ensure(settings_in(room))


def test_a_wrong_pg_bin_is_named(room: Path) -> None:
    with pytest.raises(CannotStart, match="PG_BIN names /nowhere"):
        ensure(settings_in(room, PG_BIN="/nowhere"))


def test_the_servers_own_reason_reaches_the_terminal(room: Path) -> None:
    ensure(settings_in(room)).stop()
    with (room / "postgres" / "postgresql.conf").open("a") as file:
        file.write("no_such_setting = 1\n")
    with pytest.raises(CannotStart, match="no_such_setting"):
        ensure(settings_in(room))


def test_programs_are_taken_by_version(room: Path) -> None:
    account = database_account(room / "postgres")
    known = binaries.find("", account, None)
    assert binaries.find(str(known.folder), account, known.major) == known
    with pytest.raises(CannotStart, match="PostgreSQL 99"):
        binaries.find("", account, 99)


def test_a_command_has_the_database_for_its_own_duration(room: Path) -> None:
    with cluster.database_of(settings_in(room)) as settings:
        assert ask(settings.database_url, "SELECT 1") == 1
    assert not processes_in(room / "postgres")


def test_throwaway_clusters_make_and_drop_databases(room: Path) -> None:
    running = start_throwaway(room / "brief")
    url = running.create_database("one")
    assert ask(url, "SHOW fsync") == "off"
    running.drop_database("one")
    running.drop_database("one")
    stop_throwaway(running)
    assert not (room / "brief").exists()


def test_a_throwaway_cluster_ends_with_its_maker(room: Path) -> None:
    mine = room / "mine"  # other tests make clusters in the usual place at the same time
    mine.mkdir()
    mine.chmod(0o777)

    def make_and_die() -> None:
        tempfile.tempdir = str(mine)
        start_throwaway()
        os.kill(os.getpid(), signal.SIGKILL)

    assert as_nobody(make_and_die) == -signal.SIGKILL
    assert list(mine.glob("gps-dispatch-*"))
    wait_until(lambda: not any(_works_below(process, str(mine)) for process in Path("/proc").glob("[0-9]*")))


def _works_below(process: Path, start: str) -> bool:
    try:
        return str((process / "cwd").readlink()).startswith(start)
    except OSError:
        return False
