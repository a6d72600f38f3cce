"""`./run backup`: database, files and keys in a folder of their own, while the product runs.

The database is dumped first, as one snapshot, and the files are copied after it. A file is on disk before the row that names it,
is never changed and never removed, so every file that the dump names is there when the copying begins. What came since is copied
too, and has no row: a harmless leftover. The folder gets its name when everything is in it and on disk.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import sqlalchemy as sa

from dispatch import clock
from dispatch.config import Settings
from dispatch.files.gateway import Store
from dispatch.host import clients, keeping
from dispatch.host.errors import CannotStart
from dispatch.host.keeping import DUMP, FILES, KEYS, Manifest
from dispatch.host.locks import FileLock
from dispatch.host.place import choose
from dispatch.host.schema import revision_of
from dispatch.words import Text, say

UNFINISHED = ".unfinished-"


@dataclass(frozen=True)
class Made:
    """A backup: where it is, what is in it, and the files that the database names and the store does not have."""

    folder: Path
    manifest: Manifest

    @property
    def missing(self) -> list[str]:
        """The sha256 of files that could not be copied, since they are not there."""
        return self.manifest.missing


def back_up(settings: Settings, into: Path, *, with_keys: bool, out: Callable[[Text], None]) -> Made:
    """Make a backup below `into`; `settings` reach a running database. Raises CannotStart, and leaves nothing half made."""
    into = into.expanduser().absolute()
    _must_be_outside(settings, into)
    name = clock.now().strftime("%Y-%m-%dT%H%M%SZ")
    try:
        with _own_turn(into), _unfinished(into, name) as fresh:
            manifest = _fill(settings, fresh, with_keys=with_keys)
            keeping.sync_folders(fresh)
            fresh.rename(into / name)
            keeping.sync(into)
    except OSError as reason:
        raise CannotStart(say("No backup was made: %(reason)s.", reason=keeping.told(reason, into))) from None
    _tell(into / name, manifest, out)
    return Made(into / name, manifest)


def _must_be_outside(settings: Settings, into: Path) -> None:
    """A backup inside of what it copies would grow by itself, and be lost with it."""
    inner = [
        settings.data_dir / FILES,
        *([] if settings.database_url and not settings.data_dir.is_dir() else [choose(settings.data_dir).data]),
    ]
    for folder in inner:
        if into.resolve().is_relative_to(folder.resolve()):
            raise CannotStart(
                say(
                    "%(into)s lies in %(folder)s, which is backed up itself; name a folder elsewhere, best on another disk.",
                    into=into,
                    folder=folder,
                )
            )


@contextmanager
def _own_turn(into: Path) -> Iterator[None]:
    into.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = FileLock(into / ".lock")
    try:
        if not lock.try_alone():
            raise CannotStart(say("Another backup into %(into)s is under way.", into=into))
        for left in into.glob(f"{UNFINISHED}*"):
            shutil.rmtree(left, ignore_errors=True)
        yield
    finally:
        lock.close()


@contextmanager
def _unfinished(into: Path, name: str) -> Iterator[Path]:
    """A folder of another name while it is filled; gone if that does not end well."""
    if (into / name).exists():
        raise CannotStart(say("%(folder)s was made within this second; try again.", folder=into / name))
    fresh = into / f"{UNFINISHED}{name}"
    fresh.mkdir(mode=0o700)
    try:
        yield fresh
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _fill(settings: Settings, fresh: Path, *, with_keys: bool) -> Manifest:
    manifest, named = _dump(settings, fresh, with_keys=with_keys)
    manifest.content[DUMP] = keeping.sha256_of(fresh / DUMP)
    manifest.missing = sorted(named - _copy_files(settings, fresh, manifest.content))
    _copy_kept(settings, fresh, manifest.content, with_keys=with_keys)
    manifest.write(fresh)
    return manifest


def _dump(settings: Settings, fresh: Path, *, with_keys: bool) -> tuple[Manifest, set[str]]:
    """Dump one snapshot; gives what it counts, and the sha256 of the files it names."""
    engine = sa.create_engine(settings.database_url, poolclass=sa.NullPool, isolation_level="REPEATABLE READ")
    try:
        with engine.connect() as connection:
            shared = str(connection.scalar(sa.text("SELECT pg_export_snapshot()")))
            manifest = _manifest(settings, connection, with_keys=with_keys)
            dump = clients.program("pg_dump", settings, manifest.postgres)
            (fresh / DUMP).touch(mode=0o600)
            choices = [
                "--format=custom",
                "--no-owner",
                "--no-acl",
                "--no-comments",
                f"--snapshot={shared}",
                f"--file={fresh / DUMP}",
            ]
            clients.run([dump, *choices], settings.database_url, say("Copying the database"))
            keeping.sync(fresh / DUMP)
            return manifest, set(connection.scalars(sa.text("SELECT sha256 FROM stored_file")))
    except sa.exc.SQLAlchemyError as reason:
        raise CannotStart(say("The database cannot be read: %(reason)s", reason=clients.first_line(reason))) from None
    finally:
        engine.dispose()


def _manifest(settings: Settings, connection: sa.Connection, *, with_keys: bool) -> Manifest:
    tables = revision_of(connection)
    if tables is None:
        raise CannotStart(say("There are no tables of this program in the database: there is nothing to back up."))
    return Manifest(
        made_at=clock.now().isoformat(timespec="seconds"),
        program=_program(),
        tables=tables,
        postgres=clients.server_major(connection),
        with_keys=with_keys,
        files_key_mark=keeping.key_mark(settings.files_key),
        rows=row_counts(connection),
    )


def row_counts(connection: sa.Connection) -> dict[str, int]:
    """How many rows each table has."""
    names = connection.scalars(sa.text("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename")).all()
    counting = (sa.select(sa.func.count()).select_from(sa.table(name, schema="public")) for name in names)
    return {name: connection.scalar(count) or 0 for name, count in zip(names, counting, strict=True)}


def _program() -> str:
    try:
        return version("gps-dispatch")
    except PackageNotFoundError:
        return "checkout"


def _copy_files(settings: Settings, fresh: Path, content: dict[str, str]) -> set[str]:
    """Copy the store as it lies there, encrypted; gives the names of what was copied."""
    top, copied = settings.data_dir / FILES, set()
    for name in Store(top, b"").names():
        place = Path(name[:2]) / name[2:4] / name
        content[f"{FILES}/{place}"] = keeping.copy(top / place, fresh / FILES / place)
        copied.add(name)
    return copied


def _copy_kept(settings: Settings, fresh: Path, content: dict[str, str], *, with_keys: bool) -> None:
    """The keys, if they are wanted, and what else DATA_DIR keeps."""
    folders = keeping.FOLDERS if with_keys else ()
    for source in _kept(settings.data_dir, (*keeping.ALWAYS, *folders)):
        name = f"{KEYS}/{source.relative_to(settings.data_dir)}"
        content[name] = keeping.copy(source, fresh / name)
    if with_keys:
        for name, key in zip(keeping.SECRETS, (settings.secret_key, settings.files_key), strict=True):
            content[f"{KEYS}/{name}"] = keeping.put(fresh / KEYS / name, key.encode())


def _kept(top: Path, names: tuple[str, ...]) -> set[Path]:
    found = (place for name in names for place in (top / name, *(top / name).rglob("*")))
    return {place for place in found if place.is_file() and not place.name.startswith(".")}


def _tell(folder: Path, manifest: Manifest, out: Callable[[Text], None]) -> None:
    files = sum(name.startswith(f"{FILES}/") for name in manifest.content)
    size = sum(place.stat().st_size for place in folder.rglob("*") if place.is_file())
    sums = {"rows": f"{sum(manifest.rows.values()):,}", "files": f"{files:,}", "size": f"{size / 1e6:,.1f}"}
    out(say("%(folder)s: %(rows)s rows, %(files)s files, %(size)s MB.", folder=folder, **sums))
    with_them, without = (
        say("With the keys: keep it where nobody else reads."),
        say("Without the keys: no file opens without them."),
    )
    out(with_them if manifest.with_keys else without)
    for sha256 in manifest.missing:
        out(say("Missing in the store, and so in the backup: file %(file)s", file=sha256))
