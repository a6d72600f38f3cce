"""Where a private cluster lives: its data, its socket, its log and its locks."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from dispatch.host.accounts import Account, database_account
from dispatch.host.errors import CannotStart

OUTSIDE = Path("/var/lib/gps-dispatch")
# A socket's address has room for 107 bytes, so it cannot lie under a checkout with a long path.
SOCKET_PARENTS = (Path("/tmp"), Path("/var/tmp"))  # noqa: S108


@dataclass(frozen=True)
class Place:
    """Folders of one cluster. `keep` holds locks and log and belongs to us; `data` belongs to `account`."""

    keep: Path
    data: Path
    account: Account

    @property
    def log(self) -> Path:
        """What the server says."""
        return self.keep / "postgres.log"

    @property
    def starting(self) -> Path:
        """Lock held while a server is made, started or stopped."""
        return self.keep / "postgres.lock"

    @property
    def users(self) -> Path:
        """Lock shared by everybody who uses the server."""
        return self.keep / "postgres.users"

    def major(self) -> int | None:
        """PostgreSQL's major version that made the data; None if there are none yet."""
        try:
            return int((self.data / "PG_VERSION").read_text().split(".")[0])
        except FileNotFoundError:
            return None
        except PermissionError:
            owner = database_owner(self.data)
            raise CannotStart(
                f"The database in {self.data} belongs to {owner}; start as root or as {owner}, or set DATA_DIR."
            ) from None


def choose(data_dir: Path) -> Place:
    """The place for the cluster of a data folder.

    It is `postgres` in that folder. If PostgreSQL's account cannot enter there (root, in a closed folder), it is below /var/lib.
    Data that exist already are always found again, whichever of the two they are in.
    """
    near = data_dir / "postgres"
    far = OUTSIDE / _short_hash(data_dir.resolve()) / "postgres"
    data = far if _exists(far) and not _exists(near) else near
    account = database_account(data)
    if account.switch and data == near and not _reachable(near, account):
        if _exists(near):
            raise CannotStart(
                f"The database in {near} belongs to {account.name}, who cannot enter there any more; open its parent folders."
            )
        data = far
        _make_passable(OUTSIDE, far.parent)
    return Place(data_dir, data, account)


def socket_folder(data: Path, account: Account) -> Path:
    """A short folder for the socket that nobody but the account can enter; made if it is not there."""
    name = f"gps-dispatch-{_short_hash(f'{data.resolve()}:{account.uid}')}"
    for parent in SOCKET_PARENTS:
        for attempt in ("", "-1", "-2", "-3"):
            if _private(folder := parent / f"{name}{attempt}", account):
                return folder
    raise CannotStart(f"No private folder for the database's socket could be made in {' or '.join(map(str, SOCKET_PARENTS))}.")


def make_private(folder: Path, account: Account) -> None:
    """Make a folder that only the account can enter. Raises FileExistsError."""
    folder.mkdir(mode=0o700)
    account.own(folder)


def database_owner(data: Path) -> str:
    """Name of the user to whom the data belong."""
    try:
        return data.owner()
    except (KeyError, OSError):
        return "another user"


def _private(folder: Path, account: Account) -> bool:
    """True if the folder is this account's alone; made if it is missing. A foreign one or a link is refused."""
    try:
        make_private(folder, account)
    except FileExistsError:
        pass
    except OSError:
        return False
    found = os.lstat(folder)
    return stat.S_ISDIR(found.st_mode) and found.st_uid == account.uid and stat.S_IMODE(found.st_mode) == 0o700


def _reachable(data: Path, account: Account) -> bool:
    nearest = next(folder for folder in (data, *data.parents) if folder.is_dir())
    return account.can_enter(nearest)


def _make_passable(*folders: Path) -> None:
    """Folders that everybody can walk through but not look into, whatever the umask."""
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o711)


def _exists(data: Path) -> bool:
    try:
        return data.is_dir()
    except PermissionError:
        return False


def _short_hash(of: object) -> str:
    return hashlib.sha256(str(of).encode()).hexdigest()[:12]
