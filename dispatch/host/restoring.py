"""`./run restore`: a backup back into an empty data folder and an empty database. Nothing that is there is ever overwritten.

A note in DATA_DIR says that it is under way; while it lies there, nothing else starts on that folder. Keys and files come first,
the database last and in one transaction, so what is interrupted can be gone on with: by the same backup, and by no other.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import sqlalchemy as sa

from dispatch.config import RESTORING, Settings, with_secret
from dispatch.host import clients, cluster, keeping, schema
from dispatch.host.backing_up import row_counts
from dispatch.host.errors import CannotStart
from dispatch.host.keeping import DUMP, FILES, KEYS, MANIFEST, Manifest
from dispatch.host.locks import FileLock

NAMED_AT_MOST = 10
# A database that was only set up has these, and nothing that anybody would miss.
NOT_MISSED = ("alembic_version", "procrastinate_workers", "procrastinate_periodic_defers")


@dataclass(frozen=True)
class Backup:
    """A backup that was found whole. `mark` is the sha256 of its manifest, and so speaks for everything in it."""

    folder: Path
    manifest: Manifest
    mark: str


@contextmanager
def restored(settings: Settings, folder: Path, *, out: Callable[[str], None]) -> Iterator[Settings]:
    """Bring a backup back; in the block its database can be reached by the settings given. Raises CannotStart."""
    backup = _whole(_chosen(folder.expanduser().absolute()))
    with _alone(settings):
        going_on = _note_of(settings, backup)
        if not going_on:
            _must_be_unused(settings, backup)
        _must_have_key(settings, backup)
        with _database(settings) as url:
            _bring(settings, backup, url, going_on=going_on)
            out(f"{backup.folder} is back, in the state of {backup.manifest.made_at}.")
            yield replace(with_secret(settings), database_url=url)


def _chosen(folder: Path) -> Path:
    """The backup itself, or the newest in a folder of backups."""
    if (folder / MANIFEST).is_file():
        return folder
    found = sorted(place.parent for place in folder.glob(f"[0-9]*/{MANIFEST}"))
    if not found:
        raise CannotStart(f"There is no whole backup in {folder}.")
    return found[-1]


def _whole(folder: Path) -> Backup:
    """The backup, if every file in it is what it was and this program knows its tables."""
    manifest = keeping.read_manifest(folder)
    if manifest.tables not in schema.known_versions():
        raise CannotStart(
            f"{folder} was made by a newer version of this program (tables {manifest.tables}, here {schema.newest_version()}); "
            "bring it back with that version."
        )
    if bad := list(keeping.unsound(folder, manifest)):
        more = f" and {len(bad) - NAMED_AT_MOST} more" if len(bad) > NAMED_AT_MOST else ""
        raise CannotStart(
            f"{folder} is damaged: missing or changed are {', '.join(bad[:NAMED_AT_MOST])}{more}. Nothing was touched."
        )
    return Backup(folder, manifest, keeping.sha256_of(folder / MANIFEST))


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """Hold the product's own lock, so that it neither runs nor starts on this folder meanwhile."""
    lock = FileLock(settings.data_dir / (f"serve-{settings.port}.lock" if settings.database_url else "serve.lock"))
    try:
        if not lock.try_alone():
            raise CannotStart(f"The product runs on {settings.data_dir}; end it first. Nothing was touched.")
        yield
    finally:
        lock.close()


def _note_of(settings: Settings, backup: Backup) -> bool:
    """True if this very backup was on its way back before. Raises CannotStart if it was another one."""
    note = settings.data_dir / RESTORING
    if not note.exists():
        return False
    try:
        noted = json.loads(note.read_text(encoding="utf-8"))
        same, name = noted["mark"] == backup.mark, str(noted["backup"])
    except (ValueError, KeyError, TypeError):
        same, name = False, "a backup"
    if not same:
        raise CannotStart(
            f"Bringing back {name} into {settings.data_dir} was interrupted. Go on with `./run restore {name}`, "
            "or empty that folder and the database and begin anew."
        )
    return True


def _must_be_unused(settings: Settings, backup: Backup) -> None:
    """Keys that lie there are welcome only if the backup has none."""
    names = [FILES, *((*keeping.SECRETS, "sheets/seal.pem", "demo-logins.json") if backup.manifest.with_keys else ())]
    present = [name for name in names if _is_there(settings.data_dir / name)]
    if present:
        raise CannotStart(
            f"{settings.data_dir} is in use: {', '.join(present)} would be overwritten. Set DATA_DIR to an empty folder. "
            "Nothing was touched."
        )


def _is_there(place: Path) -> bool:
    return place.is_file() or (place.is_dir() and any(place.iterdir()))


def _must_have_key(settings: Settings, backup: Backup) -> None:
    """The files must open afterwards: with FILES_KEY, with the key in the backup, or with the one put into DATA_DIR."""
    lying = settings.data_dir / "files_key"
    key = settings.files_key or (lying.read_text().strip() if lying.is_file() and not backup.manifest.with_keys else "")
    if not key and not backup.manifest.with_keys:
        raise CannotStart(f"{backup.folder} was made without keys; set FILES_KEY, or put files_key into {settings.data_dir}.")
    if key and keeping.key_mark(key) != backup.manifest.files_key_mark:
        raise CannotStart(
            "The files of this backup were encrypted with another FILES_KEY than the one given. Nothing was touched."
        )


@contextmanager
def _database(settings: Settings) -> Iterator[str]:
    """The address of the database, which runs meanwhile."""
    if settings.database_url:
        yield settings.database_url
        return
    private = cluster.ensure(settings)
    try:
        yield private.url
    finally:
        private.stop()


def _bring(settings: Settings, backup: Backup, url: str, *, going_on: bool) -> None:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    try:
        has_rows = _has_come_back(engine, settings, backup, going_on=going_on)
        _write_note(settings, backup, database=has_rows)
        _copy_back(settings, backup)
        if not has_rows:
            _load(engine, settings, backup, url)
            _write_note(settings, backup, database=True)
        schema.upgrade(url)
        (settings.data_dir / RESTORING).unlink()
        keeping.sync(settings.data_dir)
    except OSError as reason:
        raise CannotStart(f"{_interrupted(backup)}: {keeping.told(reason, settings.data_dir)}.") from None
    except sa.exc.SQLAlchemyError as reason:
        raise CannotStart(f"{_interrupted(backup)}: {str(reason.__cause__ or reason).strip().splitlines()[0]}") from None
    finally:
        engine.dispose()


def _interrupted(backup: Backup) -> str:
    return f"The backup is not back yet; mend what is in the way and call `./run restore {backup.folder}` again"


def _has_come_back(engine: sa.Engine, settings: Settings, backup: Backup, *, going_on: bool) -> bool:
    """True if the rows are back already. Raises CannotStart if there are others, or the server is too old."""
    with engine.connect() as connection:
        major, counts = clients.server_major(connection), row_counts(connection)
    if major < backup.manifest.postgres:
        raise CannotStart(
            f"The backup is of PostgreSQL {backup.manifest.postgres}, and the server is {major}. Nothing was touched."
        )
    if going_on and (_noted_database(settings) or counts == backup.manifest.rows):
        return True
    used = [f"{name} ({number})" for name, number in counts.items() if number and name not in NOT_MISSED]
    if used:
        more = f" and {len(used) - NAMED_AT_MOST} more" if len(used) > NAMED_AT_MOST else ""
        names = ", ".join(used[:NAMED_AT_MOST]) + more
        raise CannotStart(f"The database is in use, with rows in {names}. Give an empty one. Nothing was touched.")
    return False


def _noted_database(settings: Settings) -> bool:
    return bool(json.loads((settings.data_dir / RESTORING).read_text(encoding="utf-8"))["database"])


def _write_note(settings: Settings, backup: Backup, *, database: bool) -> None:
    note = {"backup": str(backup.folder), "mark": backup.mark, "database": database}
    keeping.put(settings.data_dir / RESTORING, json.dumps(note, ensure_ascii=False).encode())
    keeping.sync(settings.data_dir)


def _copy_back(settings: Settings, backup: Backup) -> None:
    """Keys and files to where they were; what an interrupted attempt has brought stays."""
    for name, sha256 in backup.manifest.content.items():
        if name == DUMP:
            continue
        target = settings.data_dir / (name.removeprefix(f"{KEYS}/") if name.startswith(f"{KEYS}/") else name)
        if not target.is_file() or keeping.sha256_of(target) != sha256:
            keeping.copy(backup.folder / name, target)
    for folder in (FILES, *keeping.FOLDERS):
        if (settings.data_dir / folder).is_dir():
            keeping.sync_folders(settings.data_dir / folder)


def _load(engine: sa.Engine, settings: Settings, backup: Backup, url: str) -> None:
    """The rows, in one transaction, as many as were dumped."""
    program = clients.program("pg_restore", settings, backup.manifest.postgres)
    choices = ["--single-transaction", "--exit-on-error", "--clean", "--if-exists", "--no-owner", "--no-acl"]
    clients.run([program, *choices, str(backup.folder / DUMP)], url, "Bringing back the database")
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("ANALYZE"))
        counts = row_counts(connection)
    if counts != backup.manifest.rows:
        differing = sorted(name for name, number in backup.manifest.rows.items() if counts.get(name) != number)
        raise CannotStart(f"{_interrupted(backup)}: other numbers of rows came back in {', '.join(differing)}.")
