"""Whom PostgreSQL runs as. It refuses to run as root; then an unprivileged account takes it."""

from __future__ import annotations

import os
import pwd
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dispatch.host.errors import CannotStart

UNPRIVILEGED = ("postgres", "nobody")


@dataclass(frozen=True)
class Account:
    """A user of the machine. `switch` is False when we already are that user."""

    name: str
    uid: int
    gid: int
    switch: bool

    @property
    def process_arguments(self) -> dict[str, Any]:
        """For subprocess: user, group and no other groups."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.switch else {}

    def own(self, path: Path) -> None:
        """Give a file or folder to this account."""
        if self.switch:
            os.chown(path, self.uid, self.gid)

    def can_enter(self, folder: Path) -> bool:
        """True if this account may walk through all parents into the folder."""
        return self.runs(["/bin/sh", "-c", 'cd "$1"', "sh", str(folder)])

    def runs(self, command: Sequence[str]) -> bool:
        """True if the command ends well under this account."""
        done = subprocess.run(command, cwd="/", capture_output=True, check=False, **self.process_arguments)
        return done.returncode == 0


def database_account(data: Path) -> Account:
    """The account for a cluster in `data`: ourselves; for root the owner of what is there already, or an unprivileged account."""
    if os.geteuid() != 0:
        return _account(os.geteuid(), os.getegid(), switch=False)
    if data.is_dir() and (owner := data.stat()).st_uid != 0:
        return _account(owner.st_uid, owner.st_gid, switch=True)
    for name in UNPRIVILEGED:
        try:
            known = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, known.pw_uid, known.pw_gid, switch=True)
    raise CannotStart(
        "PostgreSQL does not run as root, and there is neither a user postgres nor a user nobody; start as an ordinary user."
    )


def _account(uid: int, gid: int, *, switch: bool) -> Account:
    try:
        name = pwd.getpwuid(uid).pw_name
    except KeyError:
        name = str(uid)
    return Account(name, uid, gid, switch)
