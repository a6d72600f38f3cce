"""The store: files under the sha256 of what they say, each encrypted with a key of its own (Q16).

A file on disk is: mark, its data key wrapped by the master key (RFC 3394), a nonce, and AES-256-GCM of the content. It is whole
in itself, so two writers of the same content can only replace like by like. `put` returns when the bytes are on disk for good:
written beside, synced, renamed, and the folder synced. Only then may a row name it.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Iterator
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

MARK = b"GPSF1\n"
WRAPPED, NONCE = 40, 12
_NAME = re.compile("[0-9a-f]{64}")


class MissingFile(Exception):
    """The store has no file of this content, though a row names it."""


class AlteredFile(Exception):
    """The file on disk is not what it was when it was stored, or was stored under another master key."""


class Store:
    """Files in a folder. `master_key` has 32 bytes; whoever loses it loses the files."""

    def __init__(self, root: Path, master_key: bytes) -> None:
        self._root, self._master_key = root, master_key

    def put(self, content: bytes) -> str:
        """Keep a content for good; returns its sha256 in hex. The same content again costs a look."""
        sha256 = hashlib.sha256(content).hexdigest()
        place = self._place(sha256)
        if not place.exists():
            _write_durably(place, self._sealed(content, sha256))
        return sha256

    def get(self, sha256: str) -> bytes:
        """The content. Raises MissingFile or AlteredFile."""
        try:
            sealed = self._place(sha256).read_bytes()
        except OSError:
            raise MissingFile(sha256) from None
        content = self._opened(sealed, sha256)
        if hashlib.sha256(content).hexdigest() != sha256:
            raise AlteredFile(sha256)
        return content

    def names(self) -> Iterator[str]:
        """The sha256 of everything that lies here, in no order. What is still being written is left out."""
        for place in self._root.glob("??/??/*"):
            if _NAME.fullmatch(place.name):
                yield place.name

    def _place(self, sha256: str) -> Path:
        return self._root / sha256[:2] / sha256[2:4] / sha256

    def _sealed(self, content: bytes, sha256: str) -> bytes:
        key, nonce = secrets.token_bytes(32), secrets.token_bytes(NONCE)
        return MARK + aes_key_wrap(self._master_key, key) + nonce + AESGCM(key).encrypt(nonce, content, sha256.encode())

    def _opened(self, sealed: bytes, sha256: str) -> bytes:
        if not sealed.startswith(MARK):
            raise AlteredFile(sha256)
        wrapped, rest = sealed[len(MARK) : len(MARK) + WRAPPED], sealed[len(MARK) + WRAPPED :]
        try:
            key = aes_key_unwrap(self._master_key, wrapped)
            return AESGCM(key).decrypt(rest[:NONCE], rest[NONCE:], sha256.encode())
        except (InvalidTag, InvalidUnwrap, ValueError):
            raise AlteredFile(sha256) from None


def _write_durably(place: Path, content: bytes) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    beside = place.with_name(f".{place.name}-{secrets.token_hex(6)}")
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    beside.replace(place)
    for folder in (place.parent, place.parent.parent, place.parent.parent.parent):
        _sync_folder(folder)


def _sync_folder(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


_store: Store | None = None


def configure(data_dir: Path, key_text: str) -> None:
    """Open this process's store below `data_dir`; the master key is made from `key_text`, any long secret."""
    global _store
    _store = Store(data_dir / "files", hashlib.sha256(b"files:" + key_text.encode()).digest())


def store() -> Store:
    """This process's store."""
    assert _store is not None, "no store is open: call configure() first"
    return _store
