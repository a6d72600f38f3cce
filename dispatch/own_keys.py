"""Keys that are made on first use and kept in a file, for the eyes of its owner only."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def kept_secret(file: Path) -> str:
    """The secret in `file`, made on first use, for the owner's eyes only. Two processes at once end with the same one."""
    file.parent.mkdir(parents=True, exist_ok=True)
    if not file.exists():
        put_new(file, secrets.token_urlsafe(48).encode())
    return file.read_text().strip()


def put_new(file: Path, content: bytes) -> None:
    """Write a new file, whole, for the owner's eyes only; one that somebody else put there meanwhile stays."""
    fresh = file.with_name(f".{file.name}-{secrets.token_hex(6)}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    try:
        os.link(fresh, file)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
