"""Photos from a phone: in pieces, by what was sent; the facts that name them wait for them."""

from __future__ import annotations

import hashlib
import io
from datetime import timedelta

import pytest
import sqlalchemy as sa
from PIL import Image
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from dispatch.field import runs
from dispatch.field.jobs import apply_before
from dispatch.field.models import PhoneBlob, PhoneBlobPiece, Photo, Signature
from dispatch.files.gateway import store
from tests.conftest import Cast, SignIn
from tests.field.building import fresh
from tests.field.sync.conftest import Wall
from tests.field.sync.pocket import KEPT, Pocket

WAITING = ("kept", "waiting")


def picture(colour: str = "navy", kind: str = "JPEG", size: tuple[int, int] = (64, 48)) -> tuple[bytes, str]:
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, kind)
    return out.getvalue(), hashlib.sha256(out.getvalue()).hexdigest()


def put(pocket: Pocket, sha256: str, content: bytes, *, start: int = 0, size: int | None = None) -> TestResponse:
    headers = dict(pocket.headers)
    if size is not None:
        headers["Content-Range"] = f"bytes {start}-{start + len(content) - 1}/{size}"
    return pocket.client.put(f"/api/field/blobs/{sha256}", data=content, headers=headers)


def come(answer: TestResponse) -> tuple[int, bool]:
    assert answer.status_code == 200, answer.text
    return answer.get_json()["received"], answer.get_json()["done"]


def test_a_photo_in_pieces_is_kept_once_and_what_waited_for_it_is_applied(db: Session, pocket: Pocket, wall: Wall) -> None:
    content, sha256 = picture()
    half = len(content) // 2
    for kind in ("visit.depart", "visit.arrive"):
        pocket.does(kind)
    wall.after(minutes=2)
    pocket.does("photo", kind="condition", sha256=sha256)
    wall.after(minutes=2)
    evidence = pocket.does("photo", kind="refusal", sha256=sha256)
    pocket.does("sign.refuse", signer="张超敏", reason="不肯签", photo=evidence["id"], summary={}, summary_hash="")
    pocket.does("visit.finish", not_done=[])
    assert pocket.states() == [KEPT, KEPT, WAITING, WAITING, WAITING, KEPT]
    assert come(pocket.client.get(f"/api/field/blobs/{sha256}")) == (0, False)
    assert come(put(pocket, sha256, content[:half], size=len(content))) == (half, False)
    assert come(put(pocket, sha256, content[half + 1 :], start=half + 1, size=len(content))) == (half, False)
    assert come(put(pocket, sha256, content[: half + 9], size=len(content))) == (half + 9, False)
    assert come(pocket.client.get(f"/api/field/blobs/{sha256}")) == (half + 9, False)
    wall.after(hours=3)
    for _ in range(2):
        assert come(put(pocket, sha256, content[half:], start=half, size=len(content))) == (len(content), True)
    photos = list(fresh(db).scalars(sa.select(Photo).order_by(Photo.at)))
    assert [photo.kind for photo in photos] == ["condition", "refusal"]
    assert photos[0].at == wall.now - timedelta(hours=3, minutes=2) and photos[0].width == 64
    assert photos[0].sha256 != sha256 and store().get(photos[0].sha256)
    assert [state for _, state in pocket.states()] == ["applied"] * 4 + ["disputed", "applied"]
    assert db.scalar(sa.select(sa.func.count()).select_from(PhoneBlobPiece)) == 0


def test_what_is_altered_too_large_or_no_photo_is_told_and_nothing_is_lost(
    db: Session, pocket: Pocket, cast: Cast, as_person: SignIn
) -> None:
    content, sha256 = picture("red")
    assert come(put(pocket, sha256, b"x" * len(content))) == (0, False)
    assert come(put(pocket, sha256, b"xx", size=7)) == (2, False)
    assert come(put(pocket, sha256, content)) == (len(content), True)
    text = b"no photo at all"
    junk = hashlib.sha256(text).hexdigest()
    assert come(put(pocket, junk, text)) == (len(text), True)
    for kind in ("visit.depart", "visit.arrive"):
        pocket.does(kind)
    pocket.does("photo", kind="condition", sha256=junk)
    assert "no photo that can be read" in pocket.sync()["facts"][2]["told"]
    kept = fresh(db).get_one(PhoneBlob, (cast.su.id, junk)).stored_sha256
    assert kept is not None and store().get(kept) == text
    assert put(pocket, junk, b"x", size=10**9).status_code == put(pocket, sha256[:-1] + "0", b"").status_code == 422
    assert put(pocket, "ABC", content).status_code == 404
    assert pocket.client.put(f"/api/field/blobs/{junk}", headers={**pocket.headers, "Content-Range": "half"}).status_code == 400
    wei = Pocket(as_person(cast.wei), None, pocket.wall)
    assert come(wei.client.get(f"/api/field/blobs/{sha256}")) == (0, False)


def test_a_heic_photo_is_taken_and_a_server_killed_over_it_goes_on(
    db: Session, pocket: Pocket, wall: Wall, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(_: bytes) -> None:
        raise ConnectionError

    content, sha256 = picture("green", "HEIF")
    for kind in ("visit.depart", "visit.arrive"):
        pocket.does(kind)
    pocket.does("photo", kind="condition", sha256=sha256)
    pocket.sync()
    with monkeypatch.context() as broken:
        broken.setattr(runs, "made_of", killed)
        assert put(pocket, sha256, content).status_code == 500
    assert come(pocket.client.get(f"/api/field/blobs/{sha256}")) == (len(content), False)
    assert apply_before(wall.after(minutes=1)) == 0
    assert pocket.states()[2] == ("before", "applied")
    assert fresh(db).scalar(sa.select(sa.func.count()).select_from(Photo)) == 1
    assert db.scalar(sa.select(Signature.id)) is None
