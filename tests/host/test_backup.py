"""Backup and restore: what comes back equals what was there, nothing is overwritten, and nothing half done passes for whole."""

from __future__ import annotations

import errno
import json
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from dispatch import cli, config, db
from dispatch.config_values import SettingError
from dispatch.files.operations import keep
from dispatch.host import checking, commands, keeping
from dispatch.host.backing_up import back_up, row_counts
from dispatch.host.errors import CannotStart
from dispatch.host.restoring import restored
from dispatch.host.schema import upgrade
from dispatch.words import Text
from tests.building import repair_order
from tests.conftest import AT, Cast
from tests.databases import database, engine
from tests.host.conftest import processes_in
from tests.host.house import Company, build, elsewhere, settings_for


def quiet(_: Text | str) -> None:
    """Nobody listens."""


@pytest.fixture(scope="module")
def company(cluster_url: str, template: tuple[str, Cast], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """A small company, the same for all tests of this file."""
    with database(cluster_url, f"kept_{os.getpid()}", template[0]) as url:
        yield build(settings_for(url, tmp_path_factory.mktemp("kept")), template[1]).opened()


@pytest.fixture
def kept(company: Company, tmp_path: Path) -> Path:
    """A backup of it."""
    return back_up(company.settings, tmp_path / "kept", with_keys=True, out=quiet).folder


@pytest.fixture
def empty(cluster_url: str) -> Iterator[str]:
    """The address of an empty database."""
    with database(cluster_url, f"back_{os.getpid()}") as url:
        yield url


def counts(url: str) -> dict[str, int]:
    with engine(url).connect() as connection:
        return row_counts(connection)


def wrong_in(settings: config.Settings) -> list[str]:
    with checking.snapshot(settings) as session:
        return [str(problem.said) for problem in checking.problems(session)]


def test_what_comes_back_equals_what_was_there(company: Company, kept: Path, empty: str, tmp_path: Path) -> None:
    with restored(elsewhere(company, empty, tmp_path / "new"), kept, out=quiet) as there:
        assert counts(empty) == counts(company.settings.database_url)
        assert wrong_in(there) == []
        assert (there.files_key, there.secret_key) == (company.settings.files_key, company.settings.secret_key)
    for name in ("files_key", "secret_key", "sheets/seal.pem"):
        assert (tmp_path / "new" / name).stat().st_mode & 0o777 == 0o600
    assert not (tmp_path / "new" / config.RESTORING).exists()


def test_a_backup_is_for_its_owner_alone_and_names_everything(kept: Path) -> None:
    manifest = keeping.read_manifest(kept)
    files = {str(place.relative_to(kept)) for place in kept.rglob("*") if place.is_file()}
    assert files == {*manifest.content, "MANIFEST.json"}
    assert all(place.stat().st_mode & 0o077 == 0 for place in (kept, *kept.rglob("*")))
    assert list(keeping.unsound(kept, manifest)) == []


def test_without_keys_it_needs_the_key_from_elsewhere(company: Company, empty: str, tmp_path: Path) -> None:
    made = back_up(company.settings, tmp_path / "bare", with_keys=False, out=quiet).folder
    held = {name for name in keeping.read_manifest(made).content if name.startswith("keys/")}
    assert held and all(name.startswith("keys/sheets/certificates/") for name in held)
    there = elsewhere(company, empty, tmp_path / "new")
    with pytest.raises(CannotStart, match="without keys"), restored(there, made, out=quiet):
        pass
    with pytest.raises(CannotStart, match="another FILES_KEY"), restored(replace(there, files_key="x" * 40), made, out=quiet):
        pass
    with restored(replace(there, files_key=company.settings.files_key), made, out=quiet) as reachable:
        assert wrong_in(reachable) == []


def test_a_used_database_and_a_used_folder_stay_as_they_are(company: Company, kept: Path, empty: str, tmp_path: Path) -> None:
    before = counts(company.settings.database_url)
    used = elsewhere(company, company.settings.database_url, tmp_path / "new")
    with pytest.raises(CannotStart, match=r"in use, with rows in .*account"), restored(used, kept, out=quiet):
        pass
    assert counts(company.settings.database_url) == before
    assert not list((tmp_path / "new").glob("*key*")) and not (tmp_path / "new" / config.RESTORING).exists()
    mine = replace(company.settings, database_url=empty, files_key="", secret_key="")
    with pytest.raises(CannotStart, match="files, secret_key, files_key"), restored(mine, kept, out=quiet):
        pass
    assert counts(empty) == {}


@pytest.mark.parametrize("harm", ["changed", "missing", "manifest"])
def test_a_damaged_backup_is_refused_by_name(company: Company, kept: Path, empty: str, tmp_path: Path, harm: str) -> None:
    victim = next(place for place in sorted((kept / "files").rglob("*")) if place.is_file())
    if harm == "changed":
        victim.write_bytes(victim.read_bytes() + b"!")
    elif harm == "missing":
        victim.unlink()
    else:
        (kept / "MANIFEST.json").write_bytes((kept / "MANIFEST.json").read_bytes()[:-40])
    words = "MANIFEST.json is damaged" if harm == "manifest" else victim.name
    with pytest.raises(CannotStart, match=words), restored(elsewhere(company, empty, tmp_path / "new"), kept, out=quiet):
        pass
    assert counts(empty) == {}


def test_a_backup_of_a_newer_program_is_refused(company: Company, kept: Path, empty: str, tmp_path: Path) -> None:
    manifest = json.loads((kept / "MANIFEST.json").read_text())
    (kept / "MANIFEST.json").write_text(json.dumps({**manifest, "tables": "9999"}))
    with (
        pytest.raises(CannotStart, match="newer version"),
        restored(elsewhere(company, empty, tmp_path / "new"), kept, out=quiet),
    ):
        pass


def test_an_interrupted_one_holds_everything_up_until_it_is_seen_through(
    company: Company, kept: Path, empty: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = elsewhere(company, empty, tmp_path / "new")

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    for where in ("_load", "schema.upgrade"):
        with monkeypatch.context() as patch:
            patch.setattr(f"dispatch.host.restoring.{where}", die)
            with pytest.raises(KeyboardInterrupt), restored(there, kept, out=quiet):
                pass
        with pytest.raises(SettingError, match="run restore"):
            config.with_secret(there)
    other = kept.parent / "2000-01-01T000000Z"
    shutil.copytree(kept, other)
    manifest = json.loads((other / "MANIFEST.json").read_text())
    (other / "MANIFEST.json").write_text(json.dumps({**manifest, "made_at": "2000"}))
    with pytest.raises(CannotStart, match="Go on with"), restored(there, other, out=quiet):
        pass
    with restored(there, kept, out=quiet) as reachable:
        assert wrong_in(reachable) == []


def test_a_full_disk_is_a_sentence_and_leaves_nothing(
    company: Company, empty: str, kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> str:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(keeping, "copy", full)
    with pytest.raises(CannotStart, match="no room left"):
        back_up(company.settings, tmp_path / "full", with_keys=True, out=quiet)
    assert [place.name for place in (tmp_path / "full").iterdir()] == [".lock"]
    with pytest.raises(CannotStart, match="not back yet"), restored(elsewhere(company, empty, tmp_path / "new"), kept, out=quiet):
        pass
    assert (tmp_path / "new" / config.RESTORING).exists()


def test_it_is_not_made_inside_of_what_it_copies(company: Company) -> None:
    with pytest.raises(CannotStart, match="elsewhere"):
        back_up(company.settings, company.settings.data_dir / "files" / "backup", with_keys=True, out=quiet)


def test_what_a_killed_backup_left_is_cleared_away(company: Company, tmp_path: Path) -> None:
    (tmp_path / ".unfinished-2026-01-01T000000Z" / "files").mkdir(parents=True)
    made = back_up(company.settings, tmp_path, with_keys=True, out=quiet)
    assert {place.name for place in tmp_path.iterdir()} == {".lock", made.folder.name}


def test_without_postgresqls_client_it_says_what_to_install(company: Company, tmp_path: Path) -> None:
    settings = replace(company.settings, pg_bin=str(tmp_path))
    with pytest.raises(CannotStart, match=r"pg_dump for PostgreSQL \d+ is missing .* install postgresql-client"):
        back_up(settings, tmp_path / "kept", with_keys=True, out=quiet)


def test_an_older_backup_is_brought_up_to_date(company: Company, cluster_url: str, empty: str, tmp_path: Path) -> None:
    with database(cluster_url, f"old_{os.getpid()}") as old:
        upgrade(old, "0002")
        with engine(old).begin() as connection:
            connection.exec_driver_sql("INSERT INTO branch (code, name, zone) VALUES ('SZ', '深圳', 'Asia/Shanghai')")
        settings = config.with_secret(settings_for(old, tmp_path / "old"))
        made = back_up(settings, tmp_path / "kept", with_keys=True, out=quiet)
    assert made.manifest.tables == "0002"
    with restored(elsewhere(company, empty, tmp_path / "new"), made.folder, out=quiet) as there:
        assert wrong_in(there) == [] and counts(empty)["branch"] == 1


def test_the_commands_bring_it_into_a_private_database_and_stop_that_again(kept: Path, room: Path) -> None:
    environment = {"DATABASE_URL": "", "DATA_DIR": str(room), "FILES_KEY": "", "SECRET_KEY": ""}
    for command in commands.commands:
        cli.cli.add_command(command)
    for line, code, says in (
        (["check", "--lang", "en"], 2, "no database"),
        (["restore", "--lang", "en", str(kept.parent)], 0, "is back"),
        (["check", "--lang", "en"], 0, "All is well."),
        (["backup", "--lang", "en", str(room / "again")], 0, "rows"),
        (["backup", "--lang", "zh_CN.UTF-8", str(room / "once more")], 0, "行数据"),
        (["restore", "--lang", "en", str(kept)], 2, "in use"),
        (["restore", "--lang", "zh", str(kept)], 2, "已被使用"),
    ):
        done = CliRunner().invoke(cli.cli, line, env=environment)
        assert (done.exit_code, says in done.output) == (code, True), done.output
    assert not processes_in(room / "postgres")


def test_a_file_that_is_gone_is_told(company: Company, tmp_path: Path) -> None:
    sha256 = str(company.ask("SELECT sha256 FROM photo LIMIT 1"))
    place = company.settings.data_dir / "files" / sha256[:2] / sha256[2:4] / sha256
    place.rename(tmp_path / "aside")
    said: list[str] = []
    try:
        made = back_up(company.settings, tmp_path / "kept", with_keys=True, out=lambda line: said.append(str(line)))
    finally:
        (tmp_path / "aside").rename(place)
    assert made.missing == [sha256] and sha256 in said[-1]


def test_the_newest_of_several_is_taken(company: Company, kept: Path, empty: str, tmp_path: Path) -> None:
    old = kept.parent / "2000-01-01T000000Z"
    old.mkdir()
    (old / "MANIFEST.json").write_text("{}")
    with restored(elsewhere(company, empty, tmp_path / "new"), kept.parent, out=quiet):
        pass
    with (
        pytest.raises(CannotStart, match="no whole backup"),
        restored(elsewhere(company, empty, tmp_path / "n"), tmp_path, out=quiet),
    ):
        pass


@contextmanager
def writing(company: Company) -> Iterator[list[int]]:
    """Somebody takes orders and keeps files all the time; the list grows with each."""
    ended, written = threading.Event(), []

    def go_on() -> None:
        while not ended.is_set():
            with db.transaction() as session:
                order = repair_order(session, company.cast)
                kept = keep(session, f"photo of {order.id}".encode(), "image/jpeg", at=AT)
            written.append(len(kept.sha256))

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield written
    finally:
        ended.set()
        thread.join()


def test_made_while_people_work_it_is_one_moment_of_their_work(company: Company, empty: str, tmp_path: Path) -> None:
    company.opened()
    with writing(company) as written:
        while len(written) < 5:
            pass
        made = back_up(company.settings, tmp_path / "kept", with_keys=True, out=quiet)
        at_the_end = len(written)
        while len(written) < at_the_end + 3:
            pass
    assert made.missing == []
    with restored(elsewhere(company, empty, tmp_path / "new"), made.folder, out=quiet) as there:
        assert wrong_in(there) == []
        assert counts(empty)["work_order"] < counts(company.settings.database_url)["work_order"]
