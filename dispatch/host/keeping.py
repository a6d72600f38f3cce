"""What a backup consists of: its manifest, and copying files so that they are whole and on disk, or not there."""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from dispatch.host.errors import CannotStart
from dispatch.words import Text, say

FORMAT = "gps-dispatch/backup/1"
MANIFEST, DUMP, KEYS, FILES = "MANIFEST.json", "database.dump", "keys", "files"
# Names in DATA_DIR. Certificates are public, and without them old sheets are strangers: they are no keys.
SECRETS = ("secret_key", "files_key")
ALWAYS = ("demo-logins.json", "sheets/certificates")
FOLDERS = ("sheets", "tls")
PIECE = 1 << 20


@dataclass
class Manifest:
    """What is in a backup. `content` names every file of it with its sha256; `rows` counts the tables as they were dumped."""

    made_at: str
    program: str
    tables: str
    postgres: int
    with_keys: bool
    files_key_mark: str
    rows: dict[str, int]
    missing: list[str] = field(default_factory=list)
    content: dict[str, str] = field(default_factory=dict)
    format: str = FORMAT

    def write(self, folder: Path) -> None:
        """Put it into the backup, as the last of its files."""
        put(folder / MANIFEST, json.dumps(asdict(self), ensure_ascii=False, indent=1).encode())


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a backup. Raises CannotStart when it is none, or of a later program."""
    try:
        written: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        if written.get("format") != FORMAT:
            form = {"folder": folder, "form": written.get("format")}
            raise CannotStart(say("%(folder)s is a backup in the form %(form)s, which this program does not know.", **form))
        return Manifest(**written)
    except OSError as reason:
        told = {"file": folder / MANIFEST, "reason": reason.strerror}
        raise CannotStart(say("%(file)s cannot be read (%(reason)s): this is no whole backup.", **told)) from None
    except (ValueError, TypeError, AttributeError):
        raise CannotStart(say("%(file)s is damaged: this is no whole backup.", file=folder / MANIFEST)) from None


def unsound(folder: Path, manifest: Manifest) -> Iterator[str]:
    """The names of files that are missing in a backup or not what they were."""
    for name, sha256 in manifest.content.items():
        place = folder / name
        if not place.resolve().is_relative_to(folder.resolve()) or not place.is_file() or sha256_of(place) != sha256:
            yield name


def key_mark(files_key: str) -> str:
    """By which the key of the files is known again, without telling it."""
    return hashlib.sha256(b"mark of files_key:" + files_key.encode()).hexdigest()[:32]


def sha256_of(file: Path) -> str:
    """The sha256 of a file's bytes."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def copy(source: Path, target: Path) -> str:
    """Copy a file for the owner's eyes only; on disk for good when this returns its sha256. The target appears whole."""
    whole = hashlib.sha256()
    with source.open("rb") as opened, _fresh(target) as out:
        while piece := opened.read(PIECE):
            whole.update(piece)
            out.write(piece)
    return whole.hexdigest()


def put(target: Path, content: bytes) -> str:
    """The same with bytes at hand."""
    with _fresh(target) as out:
        out.write(content)
    return hashlib.sha256(content).hexdigest()


@contextmanager
def _fresh(target: Path) -> Iterator[BinaryIO]:
    _make_folders(target.parent)
    beside = target.with_name(f".{target.name}.part")
    beside.unlink(missing_ok=True)
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        yield out
        out.flush()
        os.fsync(out.fileno())
    beside.replace(target)


def _make_folders(folder: Path) -> None:
    """A folder and those above it that are missing, all for the owner alone."""
    for missing in reversed([place for place in (folder, *folder.parents) if not place.exists()]):
        missing.mkdir(mode=0o700, exist_ok=True)


def sync_folders(top: Path) -> None:
    """See that the names below a folder are on disk, and its own."""
    for folder, _, _ in os.walk(top):
        sync(Path(folder))
    sync(top.parent)


def sync(file: Path) -> None:
    """See that a file's content, or a folder's names, are on disk."""
    opened = os.open(file, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def told(reason: OSError, place: Path) -> Text | str:
    """Why something could not be written, as half a sentence."""
    if reason.errno in (errno.ENOSPC, errno.EDQUOT):
        return say("there is no room left in %(folder)s", folder=place)
    return f"{reason.filename or place}: {reason.strerror or reason}"
