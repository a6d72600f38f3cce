"""Files are kept by their content: on disk for good, unreadable without the key, and never silently changed."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.config import SettingError, Settings, load, with_secret
from dispatch.files.gateway import AlteredFile, MissingFile, Store, configure, store
from dispatch.files.models import StoredFile
from dispatch.files.operations import keep
from tests.conftest import AT

KEY = b"k" * 32
PAPER = "派工单".encode() * 400


@pytest.fixture
def kept(tmp_path: Path) -> Store:
    return Store(tmp_path / "files", KEY)


def _only_file(root: Path) -> Path:
    [file] = [path for path in root.rglob("*") if path.is_file()]
    return file


def test_a_content_comes_back_as_it_was(kept: Store) -> None:
    assert kept.get(kept.put(PAPER)) == PAPER


def test_the_same_content_is_kept_once(kept: Store, tmp_path: Path) -> None:
    assert kept.put(PAPER) == kept.put(PAPER)
    assert _only_file(tmp_path).name == kept.put(PAPER)


def test_the_disk_shows_nothing_of_it(kept: Store, tmp_path: Path) -> None:
    kept.put(PAPER)
    file = _only_file(tmp_path)
    assert PAPER[:12] not in file.read_bytes()
    assert file.stat().st_mode & 0o077 == 0


def test_another_key_opens_nothing(kept: Store, tmp_path: Path) -> None:
    name = kept.put(PAPER)
    with pytest.raises(AlteredFile):
        Store(tmp_path / "files", b"x" * 32).get(name)


@pytest.mark.parametrize("place", [0, 10, 50, 70, -1])
def test_one_changed_byte_is_noticed(kept: Store, tmp_path: Path, place: int) -> None:
    name = kept.put(PAPER)
    file = _only_file(tmp_path)
    sealed = bytearray(file.read_bytes())
    sealed[place] ^= 1
    file.write_bytes(sealed)
    with pytest.raises(AlteredFile):
        kept.get(name)


def test_a_file_cut_short_is_noticed(kept: Store, tmp_path: Path) -> None:
    name = kept.put(PAPER)
    os.truncate(_only_file(tmp_path), 30)
    with pytest.raises(AlteredFile):
        kept.get(name)


def test_a_file_put_in_anothers_place_is_noticed(kept: Store, tmp_path: Path) -> None:
    name, other = kept.put(PAPER), kept.put(b"another")
    files = {path.name: path for path in (tmp_path / "files").rglob("*") if path.is_file()}
    files[name].write_bytes(files[other].read_bytes())
    with pytest.raises(AlteredFile):
        kept.get(name)


def test_a_file_that_is_gone_is_missing(kept: Store) -> None:
    with pytest.raises(MissingFile):
        kept.get("0" * 64)


def test_many_at_once_put_the_same(kept: Store) -> None:
    threads = [threading.Thread(target=kept.put, args=(PAPER,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert kept.get(kept.put(PAPER)) == PAPER


def test_the_row_follows_the_file(db: Session, tmp_path: Path) -> None:
    configure(tmp_path, "a long secret")
    first, again = (keep(db, PAPER, "text/plain", at=AT) for _ in range(2))
    assert first is again
    assert store().get(first.sha256) == PAPER
    assert db.scalar(sa.select(sa.func.count()).select_from(StoredFile)) == 1
    assert (first.size, first.media_type) == (len(PAPER), "text/plain")


def _settings(data_dir: Path) -> Settings:
    return load({"DATA_DIR": str(data_dir)})


def test_a_key_is_made_at_the_first_start_and_kept(tmp_path: Path) -> None:
    first = with_secret(_settings(tmp_path)).files_key
    assert first and with_secret(_settings(tmp_path)).files_key == first
    assert (tmp_path / "files_key").stat().st_mode & 0o077 == 0


def test_the_start_says_so_when_the_key_of_the_files_is_gone(tmp_path: Path) -> None:
    with_secret(_settings(tmp_path))
    Store(tmp_path / "files", KEY).put(PAPER)
    (tmp_path / "files_key").unlink()
    with pytest.raises(SettingError, match="FILES_KEY"):
        with_secret(_settings(tmp_path))
