"""`./run restore`: a backup back into an empty data folder and an empty database. Nothing that is there is ever overwritten.

A note in DATA_DIR says that it is under way; while it lies there, nothing else starts on that folder. Keys and files come first,
the database last and in one transaction, so what is interrupted can be gone on with: by the same backup, and by no other.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
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
from dispatch.words import Text, listed, say

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
def restored(settings: Settings, folder: Path, *, out: Callable[[Text], None]) -> Iterator[Settings]:
    """Bring a backup back; in the block its database can be reached by the settings given. Raises CannotStart."""
    backup = _whole(_chosen(folder.expanduser().absolute()))
    with _alone(settings):
        going_on = _note_of(settings, backup)
        if not going_on:
            _must_be_unused(settings, backup)
        _must_have_key(settings, backup)
        with _database(settings) as url:
            _bring(settings, backup, url, going_on=going_on)
            out(say("%(folder)s is back, in the state of %(at)s.", folder=backup.folder, at=backup.manifest.made_at))
            yield replace(with_secret(settings), database_url=url)


def _chosen(folder: Path) -> Path:
    """The backup itself, or the newest in a folder of backups."""
    if (folder / MANIFEST).is_file():
        return folder
    found = sorted(place.parent for place in folder.glob(f"[0-9]*/{MANIFEST}"))
    if not found:
        raise CannotStart(say("There is no whole backup in %(folder)s.", folder=folder))
    return found[-1]


def _whole(folder: Path) -> Backup:
    """The backup, if every file in it is what it was and this program knows its tables."""
    manifest = keeping.read_manifest(folder)
    if manifest.tables not in schema.known_versions():
        versions = {"tables": manifest.tables, "here": schema.newest_version()}
        raise CannotStart(
            say(
                "%(folder)s was made by a newer version of this program (tables %(tables)s, here %(here)s); "
                "bring it back with that version.",
                folder=folder,
                **versions,
            )
        )
    if bad := list(keeping.unsound(folder, manifest)):
        told = say(
            "%(folder)s is damaged: missing or changed are %(names)s. Nothing was touched.", folder=folder, names=_some(bad)
        )
        raise CannotStart(told)
    return Backup(folder, manifest, keeping.sha256_of(folder / MANIFEST))


def _some(names: Sequence[str]) -> Text | str:
    """The first names of a list that may be long."""
    few, more = listed(names[:NAMED_AT_MOST]), len(names) - NAMED_AT_MOST
    return say("%(names)s and %(n)s more", names=few, n=more) if more > 0 else few


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """Hold the product's own lock, so that it neither runs nor starts on this folder meanwhile."""
    lock = FileLock(settings.data_dir / (f"serve-{settings.port}.lock" if settings.database_url else "serve.lock"))
    try:
        if not lock.try_alone():
            raise CannotStart(say("The product runs on %(folder)s; end it first. Nothing was touched.", folder=settings.data_dir))
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
        same, name = False, "DIR"
    if not same:
        raise CannotStart(
            say(
                "Bringing back %(name)s into %(folder)s was interrupted. Go on with `./run restore %(name)s`, "
                "or empty that folder and the database and begin anew.",
                name=name,
                folder=settings.data_dir,
            )
        )
    return True


def _must_be_unused(settings: Settings, backup: Backup) -> None:
    """Keys that lie there are welcome only if the backup has none."""
    names = [FILES, *((*keeping.SECRETS, "sheets/seal.pem", "demo-logins.json") if backup.manifest.with_keys else ())]
    present = [name for name in names if _is_there(settings.data_dir / name)]
    if present:
        raise CannotStart(
            say(
                "%(folder)s is in use: %(names)s would be overwritten. Set DATA_DIR to an empty folder. Nothing was touched.",
                folder=settings.data_dir,
                names=listed(present),
            )
        )


def _is_there(place: Path) -> bool:
    return place.is_file() or (place.is_dir() and any(place.iterdir()))


def _must_have_key(settings: Settings, backup: Backup) -> None:
    """The files must open afterwards: with FILES_KEY, with the key in the backup, or with the one put into DATA_DIR."""
    lying = settings.data_dir / "files_key"
    key = settings.files_key or (lying.read_text().strip() if lying.is_file() and not backup.manifest.with_keys else "")
    if not key and not backup.manifest.with_keys:
        raise CannotStart(
            say(
                "%(backup)s was made without keys; set FILES_KEY, or put files_key into %(folder)s.",
                backup=backup.folder,
                folder=settings.data_dir,
            )
        )
    if key and keeping.key_mark(key) != backup.manifest.files_key_mark:
        raise CannotStart(
            say("The files of this backup were encrypted with another FILES_KEY than the one given. Nothing was touched.")
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
        raise CannotStart(_interrupted(backup, keeping.told(reason, settings.data_dir))) from None
    except sa.exc.SQLAlchemyError as reason:
        raise CannotStart(_interrupted(backup, clients.first_line(reason))) from None
    finally:
        engine.dispose()


def _interrupted(backup: Backup, reason: Text | str) -> Text:
    return say(
        "The backup is not back yet; mend what is in the way and call `./run restore %(folder)s` again: %(reason)s",
        folder=backup.folder,
        reason=reason,
    )


def _has_come_back(engine: sa.Engine, settings: Settings, backup: Backup, *, going_on: bool) -> bool:
    """True if the rows are back already. Raises CannotStart if there are others, or the server is too old."""
    with engine.connect() as connection:
        major, counts = clients.server_major(connection), row_counts(connection)
    if major < backup.manifest.postgres:
        versions = {"backup": backup.manifest.postgres, "server": major}
        raise CannotStart(
            say("The backup is of PostgreSQL %(backup)s, and the server is %(server)s. Nothing was touched.", **versions)
        )
    if going_on and (_noted_database(settings) or counts == backup.manifest.rows):
        return True
    used = [f"{name} ({number})" for name, number in counts.items() if number and name not in NOT_MISSED]
    if used:
        told = say("The database is in use, with rows in %(names)s. Give an empty one. Nothing was touched.", names=_some(used))
        raise CannotStart(told)
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
    clients.run([program, *choices, str(backup.folder / DUMP)], url, say("Bringing back the database"))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("ANALYZE"))
        counts = row_counts(connection)
    if counts != backup.manifest.rows:
        differing = sorted(name for name, number in backup.manifest.rows.items() if counts.get(name) != number)
        raise CannotStart(_interrupted(backup, say("other numbers of rows came back in %(names)s.", names=listed(differing))))
